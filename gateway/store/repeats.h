/* gateway/store/repeats.h - the other call-outs about a child, from our own records.
 *
 * A child is known again by the pupil that it was matched to, as the decision in force has it: the
 * same row of the roll, or another of the same person (roster_rows). By name alone nobody is.
 * Call-outs of the same kind count, whatever their revisions, once each; not those that are
 * withdrawn or withheld, that name the child no longer, or that a filter keeps back, for of them
 * nobody may know; nor those of a force whose policy has `repeats` off. Exercises are no call-outs.
 */
#ifndef STORE_REPEATS_H
#define STORE_REPEATS_H

#include "plan/repeat.h"
#include "store/incidents.h"

struct repeats_other {
    int64_t incident_id;
    char force[FORCE_SIZE], police_ref[POLICE_REF_SIZE];
    time_t attended_at;
    enum child_state state; /* of the child there */
};

struct repeats {
    bool
        counted; /* false: not matched, a child that was found, or policy `repeats` is off: nothing is said */
    struct repeat count;
    struct repeats_other *others; /* within twelve months, oldest first */
    size_t others_count;
};

/* policy: in force for the incident's force. *out is for repeats_release. */
int repeats_find(struct db *db, int64_t child_id, const struct incident *incident,
                 const struct policy *policy, struct repeats *out, struct err *err) MUST_CHECK;
void repeats_release(struct repeats *repeats);

#endif
