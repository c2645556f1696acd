/* gateway/plan/desk.h - which desk has a child of whom no establishment can be told: the home
 * authority's, else that of the force in whose area the home is, else the incident's force's. Pure. */
#ifndef PLAN_DESK_H
#define PLAN_DESK_H

#include "plan/plan.h"

/* The desk that has somebody, the nearest to the child's home first, and who is told there; where
 * nobody is left, one who was passed over, best one who can be told. The home's own, and NULL, when
 * none has. */
size_t desk_of(const struct plan_input *in, const struct plan_child *child, time_t from,
               const struct contact **contact);

/* The desk behind the home authority's own, and who is told there; false: nobody is behind it. */
bool desk_behind(const struct plan_input *in, const struct plan_child *child, size_t *desk,
                 const struct contact **contact);

/* Whether one has been told of the child. */
bool desk_is_told(const struct plan_child *child);
/* Whether one can be told now in the place of those whose time is up. */
bool desk_can_take(const struct plan_input *in, const struct plan_child *child);
/* Whether one has the child, or there is one that may be told and was not passed over. */
bool desk_has(const struct plan_input *in, const struct plan_child *child);

#endif
