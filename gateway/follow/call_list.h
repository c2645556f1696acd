/* gateway/follow/call_list.h - whom to ring before the bell, for what no message has brought about.
 * Pure.
 *
 *   nobody to send to                                  at once, before the send time too
 *   owed, and its time has gone by                     tried in vain: at once; else after five minutes
 *   told, and not answered by its time                 then
 *   a correction or withdrawal that one of them refused   at once
 *
 * Rung are verified contacts whom the police have not barred, the key adult first; one whose mailbox
 * refuses can still be rung. Without a number of their own, by way of the switchboard of the
 * register; where nobody there is verified, the switchboard alone. Where all of them are barred there
 * is nobody to ring: a person has to settle that with the police.
 */
#ifndef FOLLOW_CALL_LIST_H
#define FOLLOW_CALL_LIST_H

#include "plan/plan.h"

/* Why it is on the list, the worst first: down to CALL_UNDELIVERED nobody there has heard of it. */
enum call_why {
    CALL_NO_CONTACT,   /* nobody is on file there */
    CALL_NOT_VERIFIED, /* somebody is, whom nobody has checked */
    CALL_REFUSED,      /* every way to those there has refused it */
    CALL_NO_CALENDAR,  /* no school days on file: the desk has it */
    CALL_UNDELIVERED,  /* it should have gone, and has not */
    CALL_UNANSWERED,   /* it has, and nobody has answered */
    CALL_AMENDMENT,    /* one of those who were told refused what puts it right or takes it back */
    CALL_BARRED,       /* those who would be told there must not be: nobody to ring */
};

/* One notice at one door. */
struct call_case {
    const struct plan_input *in; /* do_not_tell, now, risk */
    const struct plan_door *door;
    enum notice_kind kind;
    bool desks;    /* the desk has it instead: the establishment has not been told of it */
    bool told;     /* else it is owed */
    bool waits;    /* an item of it is due or being sent */
    int64_t tries; /* of that item, in vain */
    bool refused;  /* a correction's or withdrawal's: one refused it, nobody stands in */
    time_t due_at, told_at, answer_by;
};

struct call {
    enum call_why why;
    time_t by;                     /* that day's bell; where it came later, the time to answer */
    const struct contact *contact; /* NULL: whoever the switchboard finds; CALL_BARRED: nobody */
    bool guarded;                  /* somebody there must not be told: speak to nobody else */
};

/* false: nobody is to be rung for it now. */
bool call_judge(const struct call_case *c, struct call *out);

/* Best first: what can still be in time, by its time; then what is past, the last first. Of one time,
 * where nobody has heard of it, then the higher risk. As qsort's. */
struct call_rank {
    enum call_why why;
    time_t by;
    enum incident_risk risk;
};
int call_compare(const struct call_rank *a, const struct call_rank *b, time_t now);

const char *call_why_word(enum call_why why); /* no-contact, not-verified, … */

#endif
