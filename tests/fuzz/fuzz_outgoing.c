/* Any bytes as a notice on its way out: its recipient, his name, its subject and its texts, NUL bytes
 * between. What is built is a mail of the fields that it should have and no other, in lines that end
 * in CRLF, or a request to GOV.UK Notify that is JSON; or it is refused. */
#include <cjson/cJSON.h>

#include "adapters/mime.h"
#include "adapters/notify_request.h"
#include "fuzz.h"

enum { TEXTS = 5, MAIL_MAX = 4 << 20, LINE_MAX_BYTES = 998 /* RFC 5322 2.1.1 */ };

static bool is_field(const char *line)
{
    static const char *const fields[] = {"Date: ",
                                         "From: ",
                                         "To: ",
                                         "Reply-To: ",
                                         "Subject: ",
                                         "Message-ID: ",
                                         "Importance: ",
                                         "MIME-Version: ",
                                         "Content-Type: ",
                                         "Auto-Submitted: ",
                                         "Content-Language: ",
                                         "Sensitivity: "};

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (strncmp(line, fields[i], strlen(fields[i])) == 0)
            return true;
    }
    return line[0] == ' ' || line[0] == '\t'; /* goes on from the line before */
}

static void check_mail(const struct buf *mail)
{
    const char *line = buf_text(mail), *end;
    bool head = true;
    int recipients = 0;

    must(strlen(line) == mail->length);
    for (; *line; line = end + 2) {
        end = strstr(line, "\r\n");
        must(end && end - line <= LINE_MAX_BYTES);
        must(!memchr(line, '\n', (size_t)(end - line)) &&
             !memchr(line, '\r', (size_t)(end - line)));
        head &= end != line;
        must(!head || is_field(line));
        recipients += head && strncmp(line, "To: ", 4) == 0;
        for (const char *p = line; p < end; p++)
            must((unsigned char)*p < 0x80);
    }
    must(!head && recipients == 1);
}

static void mail(const struct message *m)
{
    const struct mime_sender from = {"encompass@gateway.example", "Operation Encompass", NULL};
    struct err err = {.code = ERR_NONE};
    struct buf out;

    buf_init(&out, MAIL_MAX);
    if (mime_build(&from, m, &out, &err) == 0)
        check_mail(&out);
    else
        must(err.code == ERR_INVALID || err.code == ERR_LIMIT);
    buf_release(&out);
}

static void request(const struct message *m, enum notify_channel channel, const char *to)
{
    const struct notify_sending sending = {.channel = channel,
                                           .to = to,
                                           .template_id = "f33517ff-2a88-4f6e-b855-c550268ce08a",
                                           .kind = notify_kind(m),
                                           .desk_number = "01632 960001"};
    const char *field = channel == NOTIFY_SMS ? "phone_number" : "email_address";
    struct err err = {.code = ERR_NONE};
    struct buf out;
    cJSON *json;

    buf_init(&out, NOTIFY_BODY_MAX);
    if (notify_body(&sending, m, &out, &err) == 0) {
        json = cJSON_ParseWithLengthOpts(buf_text(&out), out.length + 1, NULL, true);
        must(cJSON_IsObject(json));
        must(strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, field)), to) == 0);
        cJSON_Delete(json);
    } else {
        must(err.code == ERR_INVALID || err.code == ERR_LIMIT);
    }
    buf_release(&out);
}

static void notify(const struct message *m)
{
    const char *address = personal_reveal(&m->to_address);
    char phone[NOTIFY_PHONE_SIZE];

    if (mime_address_is_plain(address))
        request(m, NOTIFY_EMAIL, address);
    if (notify_phone(address, true, phone)) {
        must(phone[0] == '+' && phone[1 + strspn(phone + 1, "0123456789")] == '\0');
        request(m, NOTIFY_SMS, phone);
    }
}

/* The next text, and *rest behind its NUL. */
static void take(const uint8_t **rest, size_t *left, struct personal *out)
{
    const uint8_t *end = memchr(*rest, 0, *left);
    size_t length = end ? (size_t)(end - *rest) : *left;

    must(personal_set(out, (const char *)*rest, length, NULL) == 0);
    *rest += length + (end != NULL);
    *left -= length + (end != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message m = {.key = "K3Y0000000000000000000000A",
                        .reference = "OE-7F3K-2Q9M",
                        .language = "cy",
                        .at = 1763623800,
                        .urgent = size % 2};
    struct personal subject = {0};
    struct personal *const texts[TEXTS] = {&m.to_address, &m.to_name, &subject, &m.text, &m.html};

    for (size_t i = 0; i < TEXTS; i++)
        take(&data, &size, texts[i]);
    m.subject = personal_reveal(&subject);
    must(personal_set_text(&m.json, "{\"kind\":\"notice\"}", NULL) == 0);
    mail(&m);
    notify(&m);
    personal_release(&subject);
    message_release(&m);
    return 0;
}
