/* gateway/deliver/message.h - one rendered notice for one recipient: all that an adapter sees.
 *
 * Subject, reference and key hold nothing personal (P5); bodies and recipient do.
 */
#ifndef DELIVER_MESSAGE_H
#define DELIVER_MESSAGE_H

#include <stdbool.h>
#include <time.h>

#include "base/personal.h"

/* Its content. What reads only some of it is spared the rest, which is not made; the subject goes
 * with text and HTML. */
enum { MESSAGE_TEXT = 1, MESSAGE_HTML = 2, MESSAGE_JSON = 4, MESSAGE_WHOLE = 7 };

struct message {
    char key[40];       /* the same on every try: local part of Message-ID, webhook-id */
    char reference[16]; /* OE-7F3K-2Q9M */
    char language[3];   /* en, cy: Content-Language */
    bool repeat;        /* it may have been sent before, or begun to be */
    time_t at;          /* the try's moment: Date, webhook-timestamp */
    bool nameless;      /* it names no child, and may travel unprotected */
    bool urgent;        /* Importance: high; see prepare.h */
    struct personal to_name;
    struct personal to_address; /* mail address, URL or folder: one recipient */
    struct personal reply_to; /* the mail address of the force's desk; absent: the adapter's own */
    const char *subject;      /* UTF-8, borrowed */
    struct personal text;     /* text/plain, UTF-8, LF */
    struct personal html;     /* text/html */
    struct personal json;     /* the webhook's body */
};

void message_release(struct message *message);

#endif
