/* gateway/plan/whom.h - who at a door is told, of those who may be: dsl, then deputy; a centre's health
 * visitor where that is agreed; at a desk its own contact. Pure. plan_whom and plan_may_tell, which
 * others ask too, stand in plan.h.
 */
#ifndef PLAN_WHOM_H
#define PLAN_WHOM_H

#include "plan/plan.h"

bool door_is_desk(const struct plan_door *door); /* an authority's or a force's */
bool door_is_centre(const struct plan_door *door);

/* The first of that role who may be told; NULL nobody. One whose time is up gives way to another whom
 * a way leads to that works. */
const struct contact *whom_with_role(const struct plan_input *in, const struct plan_door *door,
                                     enum contact_role role);

/* Who can be told at once: neither late nor behind a way that is down. NULL is none. */
bool whom_is_within_reach(const struct contact *contact);
/* The first at a door who can; NULL nobody. */
const struct contact *whom_within_reach(const struct plan_input *in, const struct plan_door *door);
/* The first at a door who was passed over, best one who can; NULL nobody. For want of anybody else. */
const struct contact *whom_passed_over(const struct plan_input *in, const struct plan_door *door);

#endif
