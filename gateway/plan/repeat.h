/* gateway/plan/repeat.h - how often a child has been told about: call-outs of its own in a week, in
 * three months and in twelve, the present one counted. Pure.
 *
 * A window is reckoned by London's dates and begins on the same date so long ago (the last of a
 * month that is too short for it): what was attended on Monday a week ago is within a week. Call-outs
 * that were attended later are not before this one, however late it came in.
 *
 * Which call-outs there are to count: store/repeats.h.
 */
#ifndef PLAN_REPEAT_H
#define PLAN_REPEAT_H

#include "plan/policy.h"

struct repeat {
    int week, quarter, year; /* 1: this is the only one */
    bool often;              /* as many in a week or in three months as the policy names */
};

/* The first moment that counts. */
time_t repeat_since(time_t attended_at);

/* others: when each other call-out of the child was attended, in any order. */
struct repeat repeat_count(const struct policy *policy, time_t attended_at, const time_t *others,
                           size_t count);

#endif
