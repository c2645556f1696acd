#include "adapters/notify_settings.h"

#include <stdio.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/transfer.h"
#include "base/personal.h"

#define TEMPLATE_KEYS(channel, what)                                                               \
    {.name = channel "_template",                                                                  \
     .kind = CONFIG_TEXT,                                                                          \
     .help = "id of the template of " what "; none is sent without it"},                           \
        {.name = channel "_template_cy",                                                           \
         .kind = CONFIG_TEXT,                                                                      \
         .help = "the same for those who read Welsh, of any kind"},                                \
        {.name = channel "_template_notice", .kind = CONFIG_TEXT, .help = "one kind's own"},       \
        {.name = channel "_template_desk", .kind = CONFIG_TEXT, .help = "one kind's own"},         \
        {.name = channel "_template_correction", .kind = CONFIG_TEXT, .help = "one kind's own"},   \
        {.name = channel "_template_withdrawal", .kind = CONFIG_TEXT, .help = "one kind's own"},   \
        {.name = channel "_template_reminder", .kind = CONFIG_TEXT, .help = "one kind's own"},     \
        {.name = channel "_template_warning", .kind = CONFIG_TEXT, .help = "one kind's own"},      \
    {                                                                                              \
        .name = channel "_template_exercise", .kind = CONFIG_TEXT, .help = "one kind's own"        \
    }

const struct config_key notify_keys[] = {
    {.name = "api_key_file",
     .kind = CONFIG_SECRET,
     .help = "its first line is the API key: name, service and secret, hyphens between"},
    {.name = "url",
     .kind = CONFIG_TEXT,
     .otherwise = "https://api.notifications.service.gov.uk",
     .help = "another only for drills"},
    {.name = "ca_file",
     .kind = CONFIG_PATH,
     .help = "who may vouch for it; the system's authorities unless given"},
    TEMPLATE_KEYS("email", "e-mails"),
    TEMPLATE_KEYS("sms", "text messages"),
    {.name = "email_reply_to_id",
     .kind = CONFIG_TEXT,
     .help = "where replies go; the service's default unless given"},
    {.name = "sms_sender_id",
     .kind = CONFIG_TEXT,
     .help = "who a text message is from; the service's default unless given"},
    {.name = "desk_number",
     .kind = CONFIG_TEXT,
     .help = "the telephone number that a text message says; needed with sms_template"},
    {.name = "abroad",
     .kind = CONFIG_BOOL,
     .otherwise = "no",
     .help = "mobile numbers of other countries are allowed, as the service must allow them too"},
    ADAPTER_KEYS("16", "30s"),
    {.name = NULL},
};

static int wrong(const struct config *conf, const char *key, const char *what, struct err *err)
{
    return config_wrong(conf, notify_adapter.section, key, what, err);
}

static int read_key(struct notify_settings *n, const struct config *conf, struct err *err)
{
    struct personal line = {0};
    int rc = config_secret(conf, notify_adapter.section, "api_key_file", &line, err);

    if (rc == 0)
        return wrong(conf, "api_key_file", "is missing", err);
    if (rc == 1 && !notify_key_parse(personal_reveal(&line), &n->key))
        rc = wrong(conf, "api_key_file",
                   "does not hold an API key: a name and two UUIDs, hyphens between", err);
    personal_release(&line);
    return rc < 0 ? -1 : 0;
}

static int read_url(struct notify_settings *n, const struct config *conf, struct err *err)
{
    const char *url = config_text(conf, notify_adapter.section, "url");
    size_t length = strlen(url);

    n->protocol = transfer_protocol_of(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    if (!n->protocol || length > NOTIFY_URL_MAX - 128 || strpbrk(url, "?#"))
        return wrong(conf, "url", "is no https URL", err);
    snprintf(n->url, sizeof n->url, "%.*s", (int)length, url);
    return 0;
}

static int read_senders(struct notify_settings *n, const struct config *conf, struct err *err)
{
    static const char *const names[NOTIFY_CHANNELS] = {"email_reply_to_id", "sms_sender_id"};

    for (size_t i = 0; i < NOTIFY_CHANNELS; i++) {
        n->sender[i] = config_text(conf, notify_adapter.section, names[i]);
        if (n->sender[i] && !notify_is_uuid(n->sender[i]))
            return wrong(conf, names[i], "is no UUID", err);
    }
    n->desk_number = config_text(conf, notify_adapter.section, "desk_number");
    if (n->templates.general[NOTIFY_SMS] && !n->desk_number)
        return wrong(conf, "desk_number", "is missing beside sms_template", err);
    if (n->desk_number && n->desk_number[strspn(n->desk_number, "0123456789 +()-")] != '\0')
        return wrong(conf, "desk_number", "is no telephone number", err);
    return 0;
}

int notify_settings_read(struct notify_settings *n, const struct config *conf, struct err *err)
{
    n->ca_file = config_text(conf, notify_adapter.section, "ca_file");
    n->abroad = config_bool(conf, notify_adapter.section, "abroad");
    n->timeout = (long)config_int(conf, notify_adapter.section, "timeout");
    return read_key(n, conf, err) < 0 || read_url(n, conf, err) < 0 ||
                   notify_templates_read(&n->templates, conf, notify_adapter.section, err) < 0 ||
                   read_senders(n, conf, err) < 0
               ? -1
               : 0;
}
