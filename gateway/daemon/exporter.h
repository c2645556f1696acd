/* gateway/daemon/exporter.h - the metrics' file, for node_exporter's textfile collector: written anew
 * every so often beside its place and renamed into it, so a reader has all of it or the one before.
 *
 * Counting a large store takes a moment: a thread does it, with a connection of its own that only
 * reads, and the loop goes on. A file that cannot be written is said once and stops nothing.
 */
#ifndef DAEMON_EXPORTER_H
#define DAEMON_EXPORTER_H

#include "base/clock.h"
#include "base/config.h"
#include "follow/metrics.h"

struct exporter;

/* 0 with *out NULL when no file is configured. conf and clock are borrowed, store is copied. */
int exporter_new(const struct config *conf, const char *store, const struct clock *clock,
                 struct exporter **out, struct err *err) MUST_CHECK;

/* Once a turn of the loop: begins a round when it is time, says what became of the last. Never waits. */
void exporter_turn(struct exporter *e, const struct metrics_daemon *daemon);

/* Breaks a round off and waits for its end; the file stays as it is. NULL is allowed. */
void exporter_free(struct exporter *e);

#endif
