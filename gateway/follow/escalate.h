/* gateway/follow/escalate.h - who is told next when nobody answers. Pure.
 *
 *   told ──no answer by answer_by──▶ the next person: another key adult, then the deputy
 *        ──a third of answer_within──▶ ... and so on, each person once
 *        ──────────────────────────▶ those who have had it, by their other adapters, each once
 *        ──────────────────────────▶ the authority's desk; of a desk, the force's
 *
 * A delivery that failed for good is not waited for. Nobody is told when nobody is there to read it:
 * at an establishment from the send time to the day's end, at a desk to the desk's, on working days;
 * whoever is told at any hour is told so of this too. An answer ends it.
 */
#ifndef FOLLOW_ESCALATE_H
#define FOLLOW_ESCALATE_H

#include "plan/plan.h"

/* Somebody who has been told, or was to be. */
struct escalate_try {
    int64_t contact_id;
    time_t at;
    bool failed;   /* refused it for good */
    bool followed; /* was told for want of an answer, not first */
};

struct escalate_input {
    const struct plan_input *in; /* do_not_tell, now */
    const struct plan_door *door;
    bool is_task; /* a desk's: its people are la_desk, and behind it is the force's desk */
    time_t told_at, answer_by;
    const struct escalate_try *tries; /* in their order */
    size_t tries_count;
};

enum escalate_step {
    ESCALATE_WAIT,    /* until at */
    ESCALATE_CONTACT, /* contact is told now, and has until answer_by */
    ESCALATE_DESK,    /* the desk is told now */
    ESCALATE_END,     /* nobody is left: it is the force's desk that does not answer */
};

struct escalation {
    enum escalate_step step;
    time_t at, answer_by;
    const struct contact *contact;
};

struct escalation escalate(const struct escalate_input *in);

#endif
