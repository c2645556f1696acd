/* gateway/store/review.h - what a person decides: which pupil a child is, and that a refused message
 * has been dealt with. Each in the caller's transaction, with its audit. */
#ifndef STORE_REVIEW_H
#define STORE_REVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "store/db.h"

/* Instead of a pupil: none of those who were shown is it; it was found to be on no roll. */
enum { REVIEW_NONE_OF_THEM = -1, REVIEW_NOT_ON_ROLL = -2 };

/* The child is that pupil, or one of the above. A decision by roster_decide, with the
 * evidence that the matcher had for that pupil; the child goes to planning. 1; 0 a person had decided
 * so already, and nothing changes; -1: ERR_NONE_SUCH: no such child; ERR_INVALID: an establishment has
 * been told of it, or the police withheld or withdrew it, or, while `again` is not set, a person has
 * decided otherwise (two who look at the same list must not undo each other's work unawares) or
 * another child of the call-out is that pupil already. A desk
 * that has been told, or is about to be, does not stand in the way: deciding is its task. Nor does a
 * filter of the force's, which lets go again what it keeps back, by the decision that is in force then. */
int review_decide(struct db *db, int64_t child_id, int64_t pupil_key, bool again, const char *who,
                  time_t now, struct err *err) MUST_CHECK;

/* Takes back what a person decided, until an establishment has been told: what was kept for it
 * (remember.h) ends, and the child is looked for anew as if nobody had decided. Nothing of what was
 * planned leaves meanwhile. 1; 0 no person's decision is in force; -1 as above, `again` too: it is needed
 * to take back what another has decided; and ERR_INVALID while a filter keeps the child back. */
int review_undo(struct db *db, int64_t child_id, bool again, const char *who, time_t now,
                struct err *err) MUST_CHECK;

/* A refused message has been dealt with. 1; 0 it had been; -1, with ERR_NONE_SUCH. */
int review_message_handled(struct db *db, int64_t message_id, const char *who, time_t now,
                           struct err *err) MUST_CHECK;

/* A revision that was accepted puts right what was refused before of the same police_ref on the same
 * topic: of that revision, a lower one, or none that can be read. Nobody has to look at it any more.
 * In the caller's transaction. */
int review_messages_put_right(struct db *db, const char *topic, const char *police_ref,
                              int64_t revision, time_t now, struct err *err) MUST_CHECK;

#endif
