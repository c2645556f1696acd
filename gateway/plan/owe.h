/* gateway/plan/owe.h - the notices of a plan as they are gathered: one a door, which siblings share.
 * Pure. */
#ifndef PLAN_OWE_H
#define PLAN_OWE_H

#include "plan/plan.h"

/* What would be told at a door: to whom, and when. */
struct offer {
    const struct contact *contact; /* NULL nobody can be told */
    struct due due;
};

/* The child is among those of whom that door is told: with the earliest time, and the worst reason,
 * of all of them. Twice is once. */
int owe(const struct plan_input *in, struct plan *out, const struct plan_child *child,
        enum notice_kind kind, size_t door, enum desk_reason reason, const struct offer *offer,
        struct err *err) MUST_CHECK;

/* The worse of two reasons; DESK_NONE is none. */
enum desk_reason owe_worse(enum desk_reason a, enum desk_reason b);

/* In order of due time, then door. */
void owe_sort(const struct plan_input *in, struct plan *out);

#endif
