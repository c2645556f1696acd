/* gateway/daemon/steps.h - what the gateway does over and over, in its order.
 *
 *   match ─▶ plan ─▶ watch ─▶ deliver ─▶ bounces ─▶ answers ─▶ follow   each finds its own work, does a
 *     ▲                                              │       bounded piece of it and returns, so
 *     └──────────────────────────────────────────────┘       that none starves another
 *
 * The daemon's loop runs this list beside intake; a test with a clock of its own runs the same one,
 * so a step that is added here is missing in neither.
 */
#ifndef DAEMON_STEPS_H
#define DAEMON_STEPS_H

#include "base/clock.h"
#include "deliver/dispatch.h"
#include "follow/answer_drop.h"
#include "follow/bounces.h"
#include "follow/watch.h"
#include "store/work.h"

/* What the steps work with, all borrowed, and what they leave word of. */
struct steps {
    struct db *db;
    const struct clock *clock;
    struct dispatch *dispatch;
    struct watch watch; /* told of the broker before a round */
    struct work_turn matched, planned, followed;
    bool messages_wait; /* told of intake before a round: what is not on disk yet comes first */
    struct answer_drop *answers; /* NULL: no folder is configured */
    struct bounces bounces;

    bool more;   /* set by a step: there is work for another round at once */
    time_t next; /* brought forward by a step to when it wants to be run again, by the clock */
};

struct step {
    const char *name;
    int (*run)(struct steps *s, struct err *err); /* -1: the store failed */
};

enum { STEPS = 7 };
extern const struct step all_steps[STEPS];

#endif
