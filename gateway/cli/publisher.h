/* gateway/cli/publisher.h - publishes messages at QoS 1 and waits for their receipts.
 *
 * A PUBACK says that the broker has a message, a receipt that the gateway has it. Each message asks
 * for its receipt on a topic of this run's own, with its number as correlation; the force's receipt
 * topic is heard too. What has no receipt when the connection comes back is published again, which
 * (force, police_ref, revision) makes harmless.
 */
#ifndef CLI_PUBLISHER_H
#define CLI_PUBLISHER_H

#include "base/config.h"
#include "cli/outgoing.h"

/* Returns once every message has its fate, or when for `patience` seconds none has got its own: 0,
 * the file tells. -1: it could not even begin. *trouble, of size bytes, is what stood in the way
 * last, "" nothing. */
int publisher_run(const struct config *conf, struct outgoing_file *file, int patience,
                  char *trouble, size_t size, struct err *err) MUST_CHECK;

#endif
