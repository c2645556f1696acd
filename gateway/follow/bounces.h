/* gateway/follow/bounces.h - reports of failed delivery, read from the maildir that the mail system
 * delivers bounce_address to ([adapter "email"] bounce_maildir).
 *
 *   new/ ──read──▶ what they say, in one transaction ──commit──▶ cur/, marked as seen
 *
 * A failed delivery is taken back (store/outbox.h, outbox_undelivered): the next contact is told. One
 * that is delayed is noted and no more. A report of what is not ours, or that says twice what is known
 * already, changes nothing and is counted; what is no report at all (a person's answer, an
 * out-of-office note) goes to cur/ unseen, for a person to read. A report that comes before its message is
 * recorded as sent waits in new/.
 *
 * A crash before the commit reads the same files again; one after it too, and finds them known. Names
 * of files and words of mails are in no log: they are the far side's.
 */
#ifndef FOLLOW_BOUNCES_H
#define FOLLOW_BOUNCES_H

#include <stdbool.h>
#include <time.h>

#include "store/db.h"

/* All zero but folder before the first look. */
struct bounces {
    const char *folder; /* the maildir, borrowed; NULL: none */
    time_t look_at;
    bool shut; /* it, or something in it, could not be read or moved, which has been said */
};

/* What one look has found. */
struct bounces_count {
    int failed, delayed, repeated, foreign, other;
};

/* Looks when it is time to, every few seconds. *more: there are others left for another look at once;
 * *next is brought forward to the next look. Returns 0; -1: the store failed, and the reports that it
 * did not take stay in new/. */
int bounces_run(struct bounces *b, struct db *db, time_t now, time_t *next, bool *more,
                struct bounces_count *count, struct err *err) MUST_CHECK;

/* Whether the maildir can be read and moved about in: 0, or -1 with ERR_CONFIG. */
int bounces_check(const char *folder, struct err *err) MUST_CHECK;

#endif
