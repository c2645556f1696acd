/* adapters/mime.h - a notice as a mail message: RFC 5322, text and HTML as alternatives. Pure.
 *
 * Lines end in CRLF and are at most 78 characters (RFC 5322 2.1.1); bodies are quoted-printable, so
 * nothing needs 8BITMIME; names that are not ASCII are encoded words (RFC 2047). No parameter ever
 * holds text that would need RFC 2231. The same message at the same moment is the same bytes.
 *
 * Auto-Submitted (RFC 3834) keeps well-behaved responders from answering; X-Priority, X-Mailer and
 * the like, which filters take for a sign of bulk, are left out: Outlook, Exchange and Gmail read
 * Importance (RFC 2156 5.3.4).
 */
#ifndef ADAPTERS_MIME_H
#define ADAPTERS_MIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "deliver/message.h"

struct mime_sender {
    const char *address;
    const char *name;     /* NULL: none */
    const char *reply_to; /* an address; NULL: the sender's own. A message's own comes first */
};

/* One plain mailbox, local@domain in ASCII: no quoting, no comments, no list, no way into a
 * header. */
bool mime_address_is_plain(const char *address);

/* -1 with ERR_INVALID when recipient, name or subject cannot stand in a header. */
int mime_build(const struct mime_sender *from, const struct message *message, struct buf *out,
               struct err *err) MUST_CHECK;

#endif
