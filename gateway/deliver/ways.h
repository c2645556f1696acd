/* gateway/deliver/ways.h - the adapters as dispatch uses them: open, with so much under way, or held.
 *
 *    open ──broken──▶ held ──after a while──▶ tried with one item ──it got through──▶ open
 *                      ▲────── broken again: held twice as long ──┘
 */
#ifndef DELIVER_WAYS_H
#define DELIVER_WAYS_H

#include <stdbool.h>
#include <time.h>

#include "adapters/adapter.h"
#include "store/outbox.h"

enum { WAYS_MAX = 16 };

struct way {
    const struct adapter *adapter;
    void *self; /* NULL: not configured, or an adapter that there is not */
    int most, in_flight;
    int lease_seconds;
    int holds; /* in a row; 0: it is open */
    time_t held_until;
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

/* A contact can name an adapter that this program has not, and nobody would ever claim its items:
 * each such name becomes a way that is not configured. Looks once a minute. */
int ways_find_strays(struct ways *ways, struct db *db, time_t now, struct err *err) MUST_CHECK;

/* A clock that was set back: a hold, or a look for strays, that lies further ahead than it can have been
 * meant ends now. */
void ways_mind_the_clock(struct ways *ways, time_t now);

/* How many items may be begun. */
int way_room(const struct way *w, time_t now);

/* Shut; said in the log once an episode. */
void way_hold(struct way *w, const struct outcome *why, time_t now);
void way_unhold(struct way *w);

#endif
