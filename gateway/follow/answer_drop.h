/* gateway/follow/answer_drop.h - the folder in which a school's own system puts its answers as signed
 * files (answer_file.h; [answers] folder and secret_file).
 *
 *   NAME.answer ──read──▶ taken, in a transaction ──commit──▶ the file is removed
 *        │                  └ nobody has been told yet: it waits, for ten minutes
 *        └─ it cannot be taken ──▶ refused/NAME.answer, and why in refused/NAME.answer.reason
 *
 * Whoever writes gives it its name when it is whole, by a rename: other names, and those that begin
 * with a dot, are not looked at. A crash before the removal takes the same answer twice, which changes
 * nothing. Names of files and what stands in them are in no log and no reason.
 */
#ifndef FOLLOW_ANSWER_DROP_H
#define FOLLOW_ANSWER_DROP_H

#include <stdbool.h>
#include <time.h>

#include "base/config.h"
#include "store/db.h"

struct answer_drop; /* opaque */

/* *out NULL: none is configured. ERR_CONFIG: the folder or the secret is not to be had. Makes refused/
 * in the folder. */
int answer_drop_open(const struct config *conf, struct answer_drop **out,
                     struct err *err) MUST_CHECK;
void answer_drop_close(struct answer_drop *d); /* NULL is allowed */

/* Looks when it is time to, for a quarter of a second at most. *next is brought forward to the next
 * look. 0; -1: the store failed, and the files that it did not take stay. d may be NULL. */
int answer_drop_run(struct answer_drop *d, struct db *db, time_t now, time_t *next,
                    struct err *err) MUST_CHECK;

#endif
