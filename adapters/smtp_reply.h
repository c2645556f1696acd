/* adapters/smtp_reply.h - what a mail server's refusal means for the message, for its recipient and
 * for the way. Pure; the cases are tests/cases/mail/replies.case.
 *
 * Sources: RFC 5321 4.2 (codes), RFC 3463 and IANA's list of enhanced codes (RFC 5248), RFC 4954 6
 * (login), RFC 3207 4 (TLS), RFC 7504 (521, 556), RFC 7505 (null MX), RFC 8689 5 (REQUIRETLS).
 * Where servers and the texts differ, the servers: Exchange Online says 550 5.4.1 of a user whom it
 * does not know.
 *
 *   sent    never judged here
 *   later   what passes: a full mailbox (4.2.2, 5.2.2), a busy server, a list of blocked senders
 *   never   what is about this address or this message: an unknown user (5.1.1), too large
 *   broken  what would be said to everybody: a refused login (535), our sender's address (5.1.8)
 *
 * A wrong `never` tells the next contact too early; a wrong `later` tells the first too late and
 * then the next; a wrong `broken` holds up everybody. So `broken` is only what cannot be about one
 * recipient.
 */
#ifndef ADAPTERS_SMTP_REPLY_H
#define ADAPTERS_SMTP_REPLY_H

#include <stddef.h>

#include "adapters/adapter.h"

/* What was being said when the reply came; content is the mail itself, after DATA's 354. */
enum smtp_step {
    SMTP_GREETING,
    SMTP_EHLO,
    SMTP_STARTTLS,
    SMTP_LOGIN,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_CONTENT,
    SMTP_STEPS
};
const char *smtp_step_word(enum smtp_step step);

enum { SMTP_ENHANCED_SIZE = 12 };

/* The enhanced code that a reply's line begins with after its code (RFC 2034 4): "5.1.1"; "" none.
 * The text behind it is the far side's own and can hold the address: it is not kept. */
void smtp_enhanced(const char *line, size_t length, char out[SMTP_ENHANCED_SIZE]);

/* code: 400 to 599. */
enum verdict smtp_judge(enum smtp_step step, int code, const char *enhanced);

#endif
