/* gateway/follow/calls.h - the call list: what of the store is to be told by telephone, best first. */
#ifndef FOLLOW_CALLS_H
#define FOLLOW_CALLS_H

#include "follow/call_list.h"
#include "store/report.h"

/* One call: a notice at a door. Of a task that a desk has because nobody at a school can be told, the
 * door is the school's, and the reference the task's. */
struct call_line {
    struct report_notice about; /* its reference, its times, its item */
    struct door door;
    char establishment[REPORT_NAME_SIZE], la_code[LA_CODE_SIZE];
    enum call_why why;
    bool instead; /* a desk has the task, since nobody there can be told by a message */
    time_t by;
    enum incident_risk risk; /* RISK_UNKNOWN where the policy of fields does not say it */
    struct call_rank rank;
    bool guarded;
    struct personal telephone; /* absent: none is known, or nobody may be rung */
    bool switchboard;          /* it is the establishment's own of the register */
    struct personal contact;   /* the name to ask for; absent: whoever is the key adult there */
    char role[16];             /* of the contact; "" */
    struct personal children; /* "Forename Surname, born 9 March 2017; …", as the policy of fields
                                  allows */
    size_t children_count;
};

/* filter: la_code, urn, force; due_before: to be rung before then. undecided: children for whom
 * nothing is planned yet. *out is for calls_free. In the caller's view of the store. */
int calls_read(struct db *db, const struct report_filter *filter, time_t now,
               struct call_line **out, size_t *count, int64_t *undecided,
               struct err *err) MUST_CHECK;
void calls_free(struct call_line *lines, size_t count);

/* Why, as a sentence for whoever rings. */
void calls_say_why(const struct call_line *line, struct buf *out);

#endif
