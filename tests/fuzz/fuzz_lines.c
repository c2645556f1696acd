/* What one line can be to us: a mail server's reply, a reference that somebody said, a key of GOV.UK
 * Notify's, a pupil's number, a contact's address. Whatever comes of it fits where it goes and has its
 * form. */
#include "adapters/mime.h"
#include "adapters/notify_request.h"
#include "adapters/smtp_reply.h"
#include "follow/reference.h"
#include "fuzz.h"
#include "match/upn.h"
#include "registers/address.h"

static void reply(const char *line, size_t length)
{
    char enhanced[SMTP_ENHANCED_SIZE];
    int code = length >= 3 ? atoi((char[4]){line[0], line[1], line[2], '\0'}) : 0;

    smtp_enhanced(line, length, enhanced);
    must(strlen(enhanced) < sizeof enhanced && enhanced[strspn(enhanced, "0123456789.")] == '\0');
    must(enhanced[0] == '\0' || enhanced[0] == line[0]);
    for (int step = 0; code >= 400 && code < 600 && step < SMTP_STEPS; step++) {
        enum verdict verdict = smtp_judge((enum smtp_step)step, code, enhanced);

        must(verdict != VERDICT_SENT);
        must(code >= 500 || verdict != VERDICT_NEVER); /* what passes ends no contact */
    }
}

static void reference(const char *text)
{
    char once[REFERENCE_SIZE], twice[REFERENCE_SIZE];

    if (!reference_read(text, once))
        return;
    must(strlen(once) == 12 && once[2] == '-' && once[7] == '-');
    must(reference_read(once, twice) && strcmp(once, twice) == 0);
}

static void key(const char *text)
{
    struct notify_key key;
    char token[NOTIFY_TOKEN_SIZE];

    if (!notify_key_parse(text, &key))
        return;
    must(notify_is_uuid(key.service) && notify_is_uuid(key.secret));
    must(notify_token(&key, 1763623800, token, NULL) == 0);
    must(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
         strlen(token));
}

static void number(const char *text)
{
    char upn[UPN_SIZE], again[UPN_SIZE];

    if (upn_fold(text, upn)) {
        must(strlen(upn) == 13 && upn_fold(upn, again) && strcmp(upn, again) == 0);
        (void)upn_is_temporary(upn);
    } else {
        must(upn[0] == '\0');
    }
}

static void address(const char *text)
{
    static const char *const names[] = {"email", "webhook", "notify", "spool"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *problem = address_problem(names[i], text);

        must(problem || !strpbrk(text, "\r\n"));
    }
    /* What an import lets in as a mailbox can be written to. */
    must(address_problem("email", text) || strlen(text) > ADDRESS_LONGEST ||
         mime_address_is_plain(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    must(line != NULL);
    memcpy(line, data, size);
    line[size] = '\0';
    reply(line, size);
    reference(line);
    key(line);
    number(line);
    address(line);
    free(line);
    return 0;
}
