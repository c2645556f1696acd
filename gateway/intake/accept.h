/* gateway/intake/accept.h - one message becomes rows: stored, judged, receipted.
 *
 * Runs inside the caller's transaction (a batch of messages), which commits before any
 * acknowledgement leaves. A message's own faults never fail the batch: it is stored as refused.
 *
 *   message ─▶ parse ─▶ problems ──────────────▶ refused: kept for a person, receipt `refused`
 *                  └─▶ revision not higher ───▶ repeat: kept, receipt `repeat`, nothing changes
 *                  └─▶ new or higher revision ▶ accepted: incident, children to be matched
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
