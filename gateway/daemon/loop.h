/* gateway/daemon/loop.h - the daemon's one loop, and the only place that blocks: a poll over the
 * broker's socket, the adapters' transfers, signals and the next due time.
 *
 *   intake ─▶ the steps (steps.h) ─▶ poll ─▶ and again, after a second at the most: what a command
 *   has changed is seen then
 *
 * A store that fails is waited for: nothing is acknowledged meanwhile, and nothing is sent.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "base/clock.h"
#include "base/config.h"
#include "store/db.h"

/* Runs until SIGTERM or SIGINT, and is gone five seconds later: what is under way ends or is given
 * back. SIGHUP reads the configuration again, from the file that conf was read from; SIGUSR1 and
 * SIGUSR2 log more and less. All of them must be blocked in the process. 0 stopped as asked, -1 it
 * could not start. */
int loop_run(struct config *conf, struct db *db, const struct clock *clock,
             struct err *err) MUST_CHECK;

#endif
