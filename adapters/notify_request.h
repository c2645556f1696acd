/* adapters/notify_request.h - what GOV.UK Notify is sent: login, recipient, template, body. Pure, after
 * docs.notifications.service.gov.uk/rest-api.html.
 *
 * An e-mail's placeholders are reference, kind, subject and text: our words whole, in the contact's
 * language, which Notify is asked to sanitise, for what the police wrote is among them. A text
 * message's are reference, kind, subject and desk_number, none of which can name a child.
 */
#ifndef ADAPTERS_NOTIFY_REQUEST_H
#define ADAPTERS_NOTIFY_REQUEST_H

#include "base/buf.h"
#include "base/config.h"
#include "deliver/message.h"

enum {
    NOTIFY_UUID_SIZE = 37,
    NOTIFY_PHONE_SIZE = 20,
    NOTIFY_TOKEN_SIZE = 512,
    NOTIFY_BODY_MAX = 4 * 1024 * 1024,
};

enum notify_channel { NOTIFY_EMAIL, NOTIFY_SMS, NOTIFY_CHANNELS };
const char *notify_channel_word(enum notify_channel channel); /* email, sms */

/* The configuration's keys of templates, and what they hold. */
#define NOTIFY_KINDS 7 /* notice, desk, correction, withdrawal, reminder, warning, exercise */

struct notify_templates {
    const char *general[NOTIFY_CHANNELS], *welsh[NOTIFY_CHANNELS];
    const char *of_kind[NOTIFY_CHANNELS][NOTIFY_KINDS];
};

/* Every id is a UUID, and there is a general one for at least one channel. */
int notify_templates_read(struct notify_templates *t, const struct config *conf,
                          const char *section, struct err *err) MUST_CHECK;

/* In Welsh the Welsh one, else the kind's own, else the general one; NULL: that channel has none. */
const char *notify_template(const struct notify_templates *t, enum notify_channel channel,
                            const char *kind, const char *language);

bool notify_is_uuid(const char *text);

/* An API key is its name, the service's id and the secret, with hyphens between. */
struct notify_key {
    char service[NOTIFY_UUID_SIZE];
    char secret[NOTIFY_UUID_SIZE];
};
bool notify_key_parse(const char *text, struct notify_key *out);

/* A JSON Web Token, HS256, issued at that moment of the machine's clock; Notify takes it for 30
 * seconds. */
int notify_token(const struct notify_key *key, time_t now, char out[NOTIFY_TOKEN_SIZE],
                 struct err *err) MUST_CHECK;

/* A mobile number as Notify has it, +447…: blanks, hyphens, brackets and full stops are taken out.
 * false: it is none; one of another country only with `abroad`. */
bool notify_phone(const char *text, bool abroad, char out[NOTIFY_PHONE_SIZE]);

/* The body of the request. to: as notify_phone has it, or a mail address. */
struct notify_sending {
    enum notify_channel channel;
    const char *to, *template_id, *kind;
    const char *sender_id;   /* sms_sender_id or email_reply_to_id; NULL the service's own */
    const char *desk_number; /* a text message's */
};
int notify_body(const struct notify_sending *s, const struct message *m, struct buf *out,
                struct err *err) MUST_CHECK;

/* The kind that the message's JSON says; "notice" for none. */
const char *notify_kind(const struct message *m);

#endif
