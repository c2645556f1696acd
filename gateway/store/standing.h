/* gateway/store/standing.h - how an incident stands, as the police are told: its receipts.
 *
 *   accepted, repeat   the answer to a message (accept_message)
 *   progress           a child's state has changed
 *   closed             nothing more will come of it: every child is answered, with_la_desk, withheld
 *                      or withdrawn, and no notice of a child that is still concerned waits for its
 *                      sending or its answer. told alone is progress: the answer is followed up, and
 *                      so is the desk's. A later revision can open it again.
 */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "base/buf.h"
#include "store/incidents.h"

/* The receipt's JSON, with each child's state. revision: that of the message which it answers, so
 * that the sender finds it; -1 the one in force. */
int standing_json(struct db *db, int64_t incident_id, int64_t revision, const char *status,
                  time_t now, struct buf *out, struct err *err) MUST_CHECK;

/* A child's state or a notice has changed: queues `progress` when was_change, or `closed` when this
 * settled the incident; nothing when neither. */
int standing_changed(struct db *db, int64_t incident_id, bool was_change, time_t now,
                     struct err *err) MUST_CHECK;

#endif
