/* gateway/store/wrong_door.h - "not our pupil": what an establishment that was told by mistake says,
 * of a notice's children or of one of them.
 *
 * Each child of whom it is said goes to a person for review, with that door ruled out for it: the
 * planner takes the notice back for that child (amend.h) and tells the desk, and neither matching
 * nor planning leads to that door again. A notice of which no child is left is answered by it; for
 * the others it stands, and still wants its answer.
 */
#ifndef STORE_WRONG_DOOR_H
#define STORE_WRONG_DOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "plan/establishment.h"
#include "store/db.h"

/* In the caller's transaction. child_id: of this one of the notice's children; -1 all of them. who as
 * of notices_answer. 1; 0 it had said so; -1, with ERR_INVALID when it was not told, or is a desk's
 * task. */
int wrong_door_say(struct db *db, int64_t notice_id, int64_t child_id, const char *who, time_t now,
                   struct err *err) MUST_CHECK;

/* Whether a door is ruled out for a child. 1, 0, -1. */
int wrong_door_is(struct db *db, int64_t child_id, const struct door *door,
                  struct err *err) MUST_CHECK;
/* Whether that door is, or one that has followed it, or that one. */
int wrong_door_leads(struct db *db, int64_t child_id, const struct door *door,
                     struct err *err) MUST_CHECK;
/* Whether any is, so, that has the pupil on roll by any row of it (roster_rows). */
int wrong_door_of_pupil(struct db *db, int64_t child_id, int64_t pupil_key,
                        struct err *err) MUST_CHECK;

/* When a door was last ruled out for a child: 1, 0 none, -1. */
int wrong_door_at(struct db *db, int64_t child_id, time_t *at, struct err *err) MUST_CHECK;

#endif
