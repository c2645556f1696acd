/* gateway/daemon/parts.h - what of the daemon a configuration makes, and how a new one takes over.
 *
 *   replaced ── the new parts are made first: one that cannot be leaves everything as it was
 *      ├─ dispatcher: the old one begins nothing more, and what it has under way ends as it would
 *      │              have, beside the new one; no lease is lost, nothing is sent again for it
 *      └─ subscriber: stays, with its connection, while [mqtt] and [intake] say the same; else it
 *                     takes leave of the broker, which keeps the session for the new one
 */
#ifndef DAEMON_PARTS_H
#define DAEMON_PARTS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/config.h"
#include "daemon/exporter.h"
#include "deliver/dispatch.h"
#include "follow/answer_drop.h"
#include "intake/subscriber.h"
#include "store/db.h"

struct leaving;

/* Made by parts_open; the first three are borrowed. */
struct parts {
    struct db *db;
    const struct clock *clock;
    CURLM *multi;
    struct config *conf;
    struct config *broker_conf;    /* what the subscriber was made by */
    struct subscriber *subscriber; /* NULL: no broker is configured */
    struct dispatch *dispatch;
    struct answer_drop *answers; /* NULL: no folder is configured */
    struct exporter *exporter;   /* NULL: no file is configured */
    struct leaving *leaving;     /* old dispatchers */
};

/* db, clock and multi are set; conf is shared. On failure the parts are as they were: none. */
int parts_open(struct parts *parts, struct config *conf, struct err *err) MUST_CHECK;

/* The same with parts that are open: -1, and they go on as before. */
int parts_replace(struct parts *parts, struct config *conf, struct err *err) MUST_CHECK;

/* Lets old dispatchers go on; after every poll. *next and -1 as dispatch_run. */
int parts_run_leaving(struct parts *parts, time_t *next, struct err *err) MUST_CHECK;

/* Takes leave of broker and servers: about until_ms (clock_monotonic_ms) at the latest. */
void parts_close(struct parts *parts, int64_t until_ms);

#endif
