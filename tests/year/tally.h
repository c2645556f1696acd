/* tests/year/tally.h - what is counted in a simulated year. */
#ifndef YEAR_TALLY_H
#define YEAR_TALLY_H

enum late {
    LATE_OURS,     /* the mail server was down, or the clock was wrong */
    LATE_DECIDED,  /* a person decided who it is, later */
    LATE_REFUSED,  /* a mailbox put it off or refused it */
    LATE_REGISTER, /* the roll or a contact came later */
    LATE_CLOSED,   /* school days changed at short notice */
    LATE_REVISED,  /* the police put it right later */
    LATE_SETTLED,  /* a policy had kept it back */
    LATE_HELD,     /* somebody held it, and let it go */
    LATE_ANSWERED, /* an answer or a brother's decision came, and by then the school could be told */
    LATE_FOR_NOTHING,
    LATES,
};

struct tally {
    long messages, refused_ones, repeats, receipts, answers, reviews, imports, closings, not_ours;
    long sent_twice, wrong_contact;
    long notices, desk_tasks, reminders, corrections, warnings;
    long filtered, maracs, repeats_said, protected_ones, drills, holds, undone, killed_imports;
    long taken; /* notices that an adapter took over, each time */
    long late[LATES];
};
extern struct tally tally;

#endif
