/* gateway/store/work.h - pieces of work, many to a commit, none in another's way.
 *
 * A commit costs a sync of the disk, whatever it holds. So pieces share one, each as a part of it
 * that can be undone (db_part_begin): one that fails leaves the others as they are. The store's
 * lock is held meanwhile, so it is time that bounds a transaction: a command that writes gets its
 * turn, and what waits for another step does not wait for long.
 */
#ifndef STORE_WORK_H
#define STORE_WORK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "store/db.h"

/* How much is done in one go: no piece is begun beyond either, but for the first, that there is some
 * progress however slow the machine is. The time for which another has held the lock is not counted.
 * after: the piece at which a turn ended for want of time, for the next to go on there; else 0. Pieces
 * that fail each time take their time in turns of all, not from the others. */
struct work_turn {
    int pieces;
    int ms;
    int64_t after;
};
#define WORK_ALL (&(struct work_turn){INT_MAX, INT_MAX, 0})

/* One piece, within the transaction: 1 done, 0 not yet, -1; what it changed stays on 1 alone. user is
 * what the pieces of a turn share. */
typedef int work_fn(struct db *db, int64_t id, time_t now, void *user, struct err *err);

struct work {
    struct db *db;
    int most;
    int64_t until_ms;
    bool begun; /* a piece */
    bool ours;  /* the transaction; else the caller's, who commits */
    int done, failed;
    struct err why; /* of the last that failed */
    bool broken;    /* the transaction cannot be kept */
};

/* Begins a transaction, unless the caller has one open. */
int work_begin(struct work *w, struct db *db, const struct work_turn *turn,
               struct err *err) MUST_CHECK;

/* Whether another piece may be begun. */
bool work_goes_on(const struct work *w);
/* Whether what was done can still be kept: neither the store nor the machine has failed. */
bool work_is_sound(const struct work *w);

/* Does a piece: what it returned. A failure of the piece itself is counted and kept in w->why; after
 * one of the store or the machine (err_may_pass) nothing more goes on. */
int work_piece(struct work *w, work_fn *one, int64_t id, time_t now, void *user);

/* Commits what was done. Returns how many pieces; -1 when the store failed, or when nothing could be
 * done for failures: then *err is that of the last. */
int work_end(struct work *w, struct err *err) MUST_CHECK;

#endif
