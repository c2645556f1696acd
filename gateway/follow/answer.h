/* gateway/follow/answer.h - somebody has taken a notice over. One way in for the command, the
 * webhook's body and, later, the console. */
#ifndef FOLLOW_ANSWER_H
#define FOLLOW_ANSWER_H

#include <time.h>

#include "store/db.h"

/* In a transaction of its own. who: a login or 'webhook', never a person's name from outside. 1;
 * 0 it was answered already; -1 with ERR_NONE_SUCH when no notice has that reference, ERR_INVALID
 * when it has not been told yet or was cancelled. */
int answer_notice(struct db *db, const char *reference, const char *who, time_t now,
                  struct err *err) MUST_CHECK;

#endif
