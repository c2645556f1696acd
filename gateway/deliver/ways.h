/* gateway/deliver/ways.h - the adapters as dispatch uses them: with so much under way, what waits in
 * line, and shut when their verdict is `broken` (circuit.h). That one is shut is said in the log once
 * an episode and stands in the store for status (store/shut.h). */
#ifndef DELIVER_WAYS_H
#define DELIVER_WAYS_H

#include <stdbool.h>
#include <time.h>

#include "adapters/adapter.h"
#include "deliver/circuit.h"
#include "deliver/line.h"
#include "store/shut.h"

enum { WAYS_MAX = 16, WAY_LATE_SECONDS = 5 /* between two looks for what is late */ };

struct way {
    const struct adapter *adapter;
    void *self; /* NULL: not configured, or an adapter that there is not */
    int most, in_flight;
    int lease_seconds;
    struct circuit circuit;
    int silent; /* tries in a row that nobody answered; of an adapter that has but one host */
    time_t silent_since;
    struct shut shut; /* as it is to stand in the store */
    bool changed;     /* and does not yet */
    time_t late_at;   /* when what waits for it past its time is looked for, if it is down then; */
    time_t held_at;   /* and what is held past its time */
    struct line line;
    struct hosts hosts;
};

struct ways {
    struct way list[WAYS_MAX];
    size_t count;
    struct adapter strays[WAYS_MAX]; /* names without anything behind them */
    char stray_names[WAYS_MAX][OUTBOX_ADAPTER_SIZE];
    size_t strays_count;
    time_t strays_at; /* when to look for more */
};

/* Every adapter of the table, opened when the configuration has its section. On failure what was
 * opened is for ways_close. */
int ways_open(struct ways *ways, const struct config *conf, struct err *err) MUST_CHECK;
void ways_close(struct ways *ways);

/* What was shut when the last daemon ended is tried. What was silent was tried all the while, and is
 * silent until somebody answers, for which there are some seconds before what is late is looked for. In
 * the caller's transaction. */
int ways_take_over(struct ways *ways, struct db *db, time_t now, struct err *err) MUST_CHECK;

/* A contact can name an adapter that this program has not, and nobody would ever claim its items:
 * each such name becomes a way that is not configured. Looks once a minute. */
int ways_find_strays(struct ways *ways, struct db *db, time_t now, struct err *err) MUST_CHECK;

/* A clock that was set back: what is shut, or a look for strays, that lies further ahead than it can
 * have been meant ends now. */
void ways_mind_the_clock(struct ways *ways, time_t now);

/* How many items may be begun. */
int way_room(const struct way *w, time_t now);

/* By an item's end. */
void way_hold(struct way *w, const struct outcome *why, time_t now);
/* Nobody has answered. After some such in a row, over some time, it is down: it is said, and stands in
 * the store as what is shut does, and goes on being tried. */
void way_silent(struct way *w, const struct outcome *why, time_t now);
void way_unhold(struct way *w);

/* What has changed goes into the store, in the caller's transaction; way_written when that stands. */
int way_write(const struct way *w, struct db *db, struct err *err) MUST_CHECK;
void way_written(struct way *w);
/* An operator has asked for a shut one to be tried (encompass retry). */
int way_heed(struct way *w, struct db *db, struct err *err) MUST_CHECK;

#endif
