/* gateway/plan/told.h - what an incident's readers were told, and whether it still holds. */
#ifndef PLAN_TOLD_H
#define PLAN_TOLD_H

#include "plan/amend.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/roster.h"

struct gathered;

/* One child of one notice that was told and not taken back. */
struct told {
    size_t notice; /* index into gathered.notices */
    size_t door;   /* index into plan_input.doors */
    int64_t child_id;
    struct amendment owed;
    bool at_door; /* the child is that door's still */
};

/* Judges the tellings of one child, adds them to g->told, and fills child->told with the doors that
 * need not be told again. decision: in force, outcome MATCH_NONE and pupil_key -1 when there is
 * none. The child's other doors have been gathered. */
int told_gather(struct db *db, struct gathered *g, const struct child_row *row,
                const struct decision_row *decision, struct plan_child *child,
                struct err *err) MUST_CHECK;

#endif
