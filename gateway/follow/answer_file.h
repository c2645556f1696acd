/* gateway/follow/answer_file.h - an answer as a file of a school's own system: what a webhook's caller
 * would post, signed as Standard Webhooks are (config/answer-file.md). Pure.
 *
 *   webhook-id: 2026-03-16-0001
 *   webhook-timestamp: 1773648000
 *   webhook-signature: v1,<base64 of HMAC-SHA-256 of id.timestamp.body>
 *   <an empty line>
 *   {"reference": "OE-7F3K-2Q9M", "answered_by": "deputy"}
 */
#ifndef FOLLOW_ANSWER_FILE_H
#define FOLLOW_ANSWER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "follow/reference.h"
#include "intake/incident.h"

enum {
    ANSWER_FILE_BYTES_MAX = 16 * 1024,
    ANSWER_FILE_OLDEST = 7 * 86400, /* seconds: it may wait for a gateway that is down */
    ANSWER_FILE_AHEAD = 300,
};

struct answer_file {
    char reference[REFERENCE_SIZE];
    time_t at; /* when it was signed */
    bool taken;
    bool not_ours; /* of these children, none: of all */
    char not_ours_of[INCIDENT_CHILDREN_MAX][CHILD_REF_SIZE];
    size_t not_ours_count;
};

/* NULL: *out is written; else why it is refused, in words that are ours alone. */
const char *answer_file_read(const char *text, size_t length, const unsigned char *secret,
                             size_t secret_length, time_t now, struct answer_file *out);

#endif
