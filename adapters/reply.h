/* adapters/reply.h - the bodies of HTTP answers, read with bounds. Pure.
 *
 * A body that is longer or deeper than it may be, or is no JSON of the shape that is looked for, says
 * nothing: it is not a failure, and never more than the status said. What was read is wiped.
 */
#ifndef ADAPTERS_REPLY_H
#define ADAPTERS_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "adapters/adapter.h"

enum {
    REPLY_DEPTH_MAX = 16,
    REPLY_NAME_MAX = 200,       /* of who has answered, in bytes */
    REPLY_TOKEN_MAX = 8 * 1024, /* bytes of an access token */
    REPLY_TOKEN_SECONDS_MAX = 86400,
    REPLY_ID_SIZE = 37, /* a UUID in text */
};

/* A webhook's 2xx: answered_by, absent for nobody; and not_our_pupil, of which children in
 * not_ours. */
void reply_answer(const char *text, size_t length, struct outcome *outcome);

/* RFC 6749 5.1, a Bearer token: false when there is none that could stand in a header. seconds: how
 * long it is good for, -1 not said. */
bool reply_token(const char *text, size_t length, struct personal *token, int *seconds);

/* RFC 6749 5.2: its error as one of the words that the RFC has, a literal; NULL for another. */
const char *reply_token_error(const char *text, size_t length);

/* GOV.UK Notify: the kind of an error as a literal of those that are told apart; NULL for another. The
 * messages beside it are for people and change (docs.notifications.service.gov.uk, Errors). */
const char *reply_notify_error(const char *text, size_t length);

enum notify_status {
    NOTIFY_NONE,      /* no notification, or a status unknown to us */
    NOTIFY_UNDER_WAY, /* created, sending, pending */
    NOTIFY_DELIVERED, /* delivered; sent, to a country whose networks say no more */
    NOTIFY_PERMANENT, /* no such address or number */
    NOTIFY_TEMPORARY, /* full, off, or taken for spam, until the provider gave up */
    NOTIFY_TECHNICAL, /* it never left */
};

/* What was created: its id. false: none that is one. */
bool reply_notify_id(const char *text, size_t length, char id[REPLY_ID_SIZE]);

/* One notification by its id. */
enum notify_status reply_notify_status(const char *text, size_t length);

/* Those that bear a reference. Of several, one that has left comes before one that never did. false:
 * it is no list, and says nothing; with NOTIFY_NONE there is none by that reference. */
bool reply_notify_list(const char *text, size_t length, const char *reference,
                       char id[REPLY_ID_SIZE], enum notify_status *status);

#endif
