/* gateway/intake/accept.h - one message becomes rows: stored, judged, receipted.
 *
 * Runs inside the caller's transaction (a batch of messages), which commits before any
 * acknowledgement leaves. A message's own faults never fail the batch: it is stored as refused.
 *
 *   message ─▶ parse ─▶ problems ──────────────▶ refused: kept for a person, receipt `refused`
 *                  └─▶ revision not higher ───▶ repeat: kept, receipt `repeat`, nothing changes;
 *                  │                            refused where it is equal and says something else
 *                  └─▶ new or higher revision ▶ accepted: incident, children to be matched
 *
 * The receipt carries the message's own revision, by which its sender knows it, and, unless refused,
 * each child's state as it stands. It goes to encompass/v1/<force>/receipt and, with the
 * correlation, to the response topic when that is another one below encompass/v1/<force>/ that can
 * be published to. A message on a topic that names no usable force is kept, and nobody is told.
 * Progress follows to the receipt topic alone (store/standing.h).
 */
#ifndef INTAKE_ACCEPT_H
#define INTAKE_ACCEPT_H

#include <stddef.h>
#include <time.h>

#include "base/err.h"
#include "store/db.h"

struct inbound {
    const char *topic; /* encompass/v1/<force>/incident */
    const void *payload;
    size_t length;
    const char *response_topic; /* MQTT 5; NULL: none. Used only below encompass/v1/<force>/ */
    const void *correlation;    /* echoed; bounded to 256 bytes, a longer one is left out */
    size_t correlation_length;
};

enum accepted { ACCEPTED, ACCEPTED_REPEAT, ACCEPTED_REFUSED };

int accept_message(struct db *db, const struct inbound *in, time_t now, enum accepted *out,
                   struct err *err) MUST_CHECK;

#endif
