/* gateway/follow/answer.h - what those who were told answer: we have it, or: not our pupil. One way in
 * for the command, the webhook's body, answer files and, later, the console. */
#ifndef FOLLOW_ANSWER_H
#define FOLLOW_ANSWER_H

#include <stdint.h>
#include <time.h>

#include "store/db.h"

enum answer {
    ANSWER_TAKEN,    /* somebody has taken it over */
    ANSWER_NOT_OURS, /* not a pupil of theirs: wrong_door.h */
};

/* In a transaction of its own. The reference is a notice's or its correction's, which is answered
 * with it. who: a login, 'webhook' or 'file', never a person's name from outside. 1; 0 it was
 * answered so already; -1 with ERR_NONE_SUCH when no notice has that reference, ERR_INVALID when it
 * has not been told yet or was cancelled, or cannot be answered so. */
int answer_notice(struct db *db, const char *reference, enum answer answer, const char *who,
                  time_t now, struct err *err) MUST_CHECK;

/* The same in the caller's transaction, by the notice's number. */
int answer_take(struct db *db, int64_t notice_id, enum answer answer, const char *who, time_t now,
                struct err *err) MUST_CHECK;

#endif
