/* gateway/deliver/dispatch.h - the deliver step: due items are leased, rendered, handed to their
 * adapters as curl transfers, judged, recorded.
 *
 * It never blocks: the loop polls the multi handle. At most `concurrency` transfers an adapter at a
 * time. An adapter whose verdict is `broken` is held for a while (its items stay due) and the
 * operator is told by the log and by status.
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
void dispatch_free(struct dispatch *d); /* transfers under way are dropped; their leases run out */

/* Starts what is due, finishes what has ended. Call after every poll. *next is set to when it wants
 * to be called again at the latest (a due time, in our clock), or left alone. -1: the store failed;
 * items stay leased or due. */
int dispatch_run(struct dispatch *d, time_t *next, struct err *err) MUST_CHECK;

int dispatch_in_flight(const struct dispatch *d);

#endif
