/* gateway/deliver/dispatch.h - the deliver step: due items are leased, rendered, handed to their
 * adapters as curl transfers, judged, recorded.
 *
 * It never blocks: the loop polls the multi handle. At most `concurrency` transfers an adapter at a
 * time, whose turn it is by turns.h. An adapter whose verdict is `broken` is held for a while, longer
 * each time (its items stay due), then tried with one item; the operator is told by the log, once, and
 * by status. Items of an adapter that is not configured fail at once, so that the next contact or the
 * desk is told.
 */
#ifndef DELIVER_DISPATCH_H
#define DELIVER_DISPATCH_H

#include <curl/curl.h>

#include "base/clock.h"
#include "base/config.h"
#include "store/db.h"

struct dispatch;

/* Opens every adapter that the configuration has a section for. Templates are read here, once, from
 * [morning] templates; a bad one refuses the start. db, clock and multi are borrowed. */
int dispatch_new(const struct config *conf, struct db *db, const struct clock *clock, CURLM *multi,
                 struct dispatch **out, struct err *err) MUST_CHECK;
/* dispatch_drain for three seconds, first, unless that has been called. */
void dispatch_free(struct dispatch *d); /* NULL is allowed */

/* What the store says of shut and silent adapters is this one's from now on (ways_take_over). At a
 * start, before anybody plans by it; else the first dispatch_run does it: one that is never run leaves
 * what another has said as it is. */
int dispatch_take_over(struct dispatch *d, struct err *err) MUST_CHECK;

/* Begins nothing more: what is under way ends in dispatch_run as ever. So one can leave while
 * another, on the same multi handle, has taken over with another configuration. */
void dispatch_retire(struct dispatch *d);
/* Retired, and all that it had begun has ended and is recorded. */
bool dispatch_is_done(const struct dispatch *d);

/* Blocks until what is under way has ended and is recorded, at most until that moment
 * (clock_monotonic_ms). What lasts longer is dropped, recorded as a try and due again at once, under
 * the same key; a mail that turns out to have been taken over is recorded as sent. What the store does
 * not take keeps its lease, which the next start ends. */
void dispatch_drain(struct dispatch *d, int64_t until_ms);

/* Starts what is due, finishes what has ended. Call after every poll. *next is brought forward to
 * when it wants to be called again (a due time, in our clock) if that is sooner. -1: the store
 * failed; what has ended meanwhile is kept and recorded by a later call, nothing new is begun. An end
 * that the store does not take by itself is kept too, said once in the log, and holds up no other. */
int dispatch_run(struct dispatch *d, time_t *next, struct err *err) MUST_CHECK;

int dispatch_in_flight(const struct dispatch *d);

#endif
