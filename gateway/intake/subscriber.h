/* gateway/intake/subscriber.h - the MQTT connection of the daemon: batches of read, commit,
 * acknowledge, so that the broker forgets a message only when it is on disk (P1).
 *
 *   wait      the daemon's loop polls subscriber_socket beside everything else
 *   read      mosquitto_loop_read while there is something, within the batch's bounds
 *   commit    one transaction for the batch; failed: roll back and drop the connection, so the
 *             broker sends it again
 *   write     mosquitto_loop_write: the only place where acknowledgements leave
 *
 * libmosquitto queues PUBACK before on_message; with mosquitto_threaded_set nothing but loop_write
 * sends it. QoS 1 only: at QoS 2 PUBREC leaves first.
 */
#ifndef INTAKE_SUBSCRIBER_H
#define INTAKE_SUBSCRIBER_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/config.h"
#include "store/db.h"

#define SUBSCRIBER_INCIDENTS "encompass/v1/+/incident"
enum { SUBSCRIBER_QOS = 1 }; /* at 2, PUBREC would leave before the commit */

struct subscriber;

/* Checks its configuration (broker_check); connects only in subscriber_run. conf, db and clock are
 * borrowed. */
int subscriber_new(const struct config *conf, struct db *db, const struct clock *clock,
                   struct subscriber **out, struct err *err) MUST_CHECK;

/* Unsubscribes nothing (the session is persistent): writes the acknowledgements of what is
 * committed, for a second or two, disconnects, frees. */
void subscriber_free(struct subscriber *s);

/* What to poll: a descriptor, -1 when there is none; whether writing is wanted too; and how many
 * milliseconds from now it wants subscriber_run in any case (0: at once, there is more to read). */
int subscriber_socket(const struct subscriber *s, bool *want_write, int *wait_ms);

/* One round: connects when the back-off allows, reads a batch, commits it, publishes due receipts,
 * writes. Returns how many messages were committed, or -1 when the store failed: nothing was
 * acknowledged that it does not hold. Trouble with the broker is no failure: it is logged and tried
 * again. */
int subscriber_run(struct subscriber *s, struct err *err) MUST_CHECK;

/* The store has failed and has not been tried since: a run that returns 0 meanwhile is no recovery. */
bool subscriber_store_failed(const struct subscriber *s);

/* Messages come faster than now and then: more were left for the next round, or the last one took so
 * many that more are surely on their way. */
bool subscriber_is_busy(const struct subscriber *s);
bool subscriber_connected(const struct subscriber *s);

#endif
