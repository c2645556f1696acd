/* gateway/store/parsed.h - messages that were parsed a moment ago, for incidents.c.
 *
 * An incident is matched, planned and told to each of its doors, one soon after the other, and each
 * step reads its message. The last PARSED_MOST are kept with the bytes that they were made of; only for
 * the same bytes, received at the same moment, is the same incident given out again. So nothing here
 * has to know what has become of the store meanwhile.
 */
#ifndef STORE_PARSED_H
#define STORE_PARSED_H

#include "intake/incident.h"
#include "store/db.h"

enum { PARSED_MOST = 64 };

/* As incident_parse of a stored message; the problems of one that is refused stand in *problems. number
 * is the message's. */
int parsed_incident(struct db *db, int64_t number, const char *body, size_t length,
                    time_t received_at, struct incident **out, struct problems *problems,
                    struct err *err) MUST_CHECK;

struct parsed;
void parsed_free(struct parsed *parsed); /* wipes; NULL is allowed */

#endif
