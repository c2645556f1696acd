/* gateway/follow/metrics.h - the gateway's figures for Prometheus: one text, for status --metrics and
 * for the file that the daemon writes.
 *
 * Moments are exported as such, not as ages, so that a file that nobody renews grows old by itself:
 * time() - encompass_feed_last_message_timestamp_seconds is a feed's age. Labels have few values: states,
 * verdicts, adapters of the program, forces and authorities that sent or keep something here. Nothing
 * of a person, a school or a call-out is in it.
 */
#ifndef FOLLOW_METRICS_H
#define FOLLOW_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "store/db.h"

enum { METRICS_BYTES_MAX = 256 * 1024, METRICS_FEEDS_MAX = 64, METRICS_ROLLS_MAX = 256 };

/* What the daemon alone knows. */
struct metrics_daemon {
    bool running;
    bool known; /* what follows is: it is the daemon that asks */
    bool connected;
    int under_way;
};

/* Reads the store (store/report_metrics.h: how long that takes) at now. */
int metrics_text(struct db *db, time_t now, const struct metrics_daemon *daemon, struct buf *out,
                 struct err *err) MUST_CHECK;

/* When the next figures are taken, after those that took from began_ms to ended_ms: every so often, and
 * with a store so large that counting takes a while no more than a twentieth of the time. */
int64_t metrics_next_ms(int64_t began_ms, int64_t ended_ms, int64_t every_ms);

#endif
