/* gateway/intake/receipts.h - receipts on their way to the police: rows of the outbox, published at
 * QoS 1, settled by the broker's PUBACK.
 *
 * A receipt that the broker takes is sent; one that it refuses is tried again later, less and less
 * often; one that it has not answered when the connection ends is due again. A receipt can come
 * twice, it is never forgotten.
 */
#ifndef INTAKE_RECEIPTS_H
#define INTAKE_RECEIPTS_H

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "base/clock.h"
#include "store/db.h"

struct receipts;

/* db and clock are borrowed. NULL: out of memory. */
struct receipts *receipts_new(struct db *db, const struct clock *clock);
void receipts_free(struct receipts *r); /* what is on its way stays leased; NULL is allowed */

/* Hands due receipts to libmosquitto, as many as may be on their way at once, outside of any
 * transaction; those of 50 ms together, that each does not cost a commit. How many, or -1: the store
 * failed, nothing was handed over. */
int receipts_publish(struct receipts *r, struct mosquitto *mosq, struct err *err) MUST_CHECK;

/* For the publish callback: the broker has answered. Unknown mids are ignored. */
void receipts_answered(struct receipts *r, int mid, int reason_code);

/* Worth recording: a transaction is open anyway, all are answered, or it has been gathered for long
 * enough. */
bool receipts_have_answers(const struct receipts *r);

/* How long to gather; 0: long enough, publish; -1: nothing is gathered. */
int receipts_wait_ms(const struct receipts *r);

/* Records the answers, in the caller's transaction; receipts_recorded once that has committed, which
 * forgets what was recorded and nothing else. */
int receipts_record(struct receipts *r, struct err *err) MUST_CHECK;
void receipts_recorded(struct receipts *r);

/* The connection has ended: what is on its way is due again, before what has waited behind it. -1: the
 * store failed, and they are due when their leases have run out. */
int receipts_abandon(struct receipts *r, struct err *err) MUST_CHECK;

int receipts_on_their_way(const struct receipts *r);

#endif
