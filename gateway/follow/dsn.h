/* gateway/follow/dsn.h - a mail system's report of what became of a message of ours: RFC 3464 inside
 * multipart/report (RFC 6522). Pure; the cases are tests/cases/dsn.
 *
 * Which message it is about: its key, by the address that the report was sent to (bounces+KEY@…,
 * adapters/email.c) or, where that has no tag, by the Message-ID of what is returned with it. Two
 * that differ are a report about nothing of ours. A key is 130 random bits that only those have seen
 * who have handled the message, so who does not know it can forge no report of it; a recipient who
 * does, can only have somebody else told.
 *
 * Of several recipients the gravest word counts, for a message of ours has one: failed before
 * delayed before the rest. What a system gave up on has failed, be it for a full mailbox: it is the
 * next contact's turn. `delayed` is news, no more: it goes on trying.
 *
 * Own code, and no library: GMime 3.2, the one in Debian that is kept up, brings glib, whose
 * allocations end the process when they fail, and by gpgme the whole of GnuPG into a daemon that has
 * a network on one side and names of children on the other; and it hands on a delivery-status part as
 * bytes, so that the fields that matter here were ours to read all the same. What is needed of MIME is
 * little: one level of parts, header fields, no decoding. This reads in place, allocates nothing, and
 * is fuzzed (tests/fuzz/fuzz_dsn.c).
 */
#ifndef FOLLOW_DSN_H
#define FOLLOW_DSN_H

#include <stddef.h>

enum dsn_verdict {
    DSN_OTHER,   /* no report of delivery, or none that can be read: an answer, a receipt */
    DSN_FOREIGN, /* a report that names no message by a key, or two different ones */
    DSN_ARRIVED, /* delivered, relayed or expanded */
    DSN_DELAYED,
    DSN_FAILED,
};

enum { DSN_KEY_SIZE = 27, DSN_STATUS_SIZE = 12 };

struct dsn {
    enum dsn_verdict verdict;
    char key[DSN_KEY_SIZE];       /* "" with DSN_OTHER and DSN_FOREIGN */
    char status[DSN_STATUS_SIZE]; /* "5.1.1" (RFC 3463); "" it says none that can be read */
    int code;                     /* the SMTP reply that the status comes from; 0 it does not say */
};

/* Reads a mail, or as much of it as there is; lines end in LF or CRLF. */
void dsn_read(const char *mail, size_t length, struct dsn *out);

#endif
