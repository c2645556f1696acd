/* gateway/follow/answer.h - what those who were told answer: we have it, or: not our pupil. One way in
 * for the command, the webhook's body, answer files, answer links and, later, the console. */
#ifndef FOLLOW_ANSWER_H
#define FOLLOW_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "store/db.h"

enum answer {
    ANSWER_TAKEN,    /* somebody has taken it over */
    ANSWER_NOT_OURS, /* not a pupil of theirs: wrong_door.h */
};

struct answer_said {
    const char *child_ref; /* of a notice about several: this one alone is not theirs; NULL all */
    const char *who;       /* a login, 'webhook', 'link' or 'file', never a name from outside */
    enum answer what;
    bool by_telephone; /* whoever says so has told them just now: what is owed is told with it */
};
#define SAID(what, who) (&(const struct answer_said){NULL, (who), (what), false})

/* In a transaction of its own. The reference is a notice's or its correction's, which is answered
 * with it. 1; 0 it was answered so already; -1 with ERR_NONE_SUCH when no notice has that reference,
 * ERR_INVALID when it has not been told yet or was cancelled, or cannot be answered so. */
int answer_notice(struct db *db, const char *reference, const struct answer_said *said, time_t now,
                  struct err *err) MUST_CHECK;

/* Several things of one notice, such as of some children: all of them, or none. */
int answer_notice_all(struct db *db, const char *reference, const struct answer_said *said,
                      size_t count, time_t now, struct err *err) MUST_CHECK;

/* By the token of a link (store/answer_links.h), in a transaction of its own: as answer_notice, and
 * *notice_id is written. ERR_NONE_SUCH: it is none, or is no longer good. */
int answer_by_link(struct db *db, const char *token, const struct answer_said *said, time_t now,
                   int64_t *notice_id, struct err *err) MUST_CHECK;

/* The same in the caller's transaction, by the notice's number. */
int answer_take(struct db *db, int64_t notice_id, const struct answer_said *said, time_t now,
                struct err *err) MUST_CHECK;

#endif
