#include "adapters/notify_request.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[NOTIFY_KINDS] = {"notice",   "desk",    "correction", "withdrawal",
                                                "reminder", "warning", "exercise"};

const char *notify_channel_word(enum notify_channel channel)
{
    static const char *const words[] = {"email", "sms"};

    return words[channel];
}

bool notify_is_uuid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;

    for (; shape[i]; i++) {
        if (shape[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return text[i] == '\0';
}

static int read_template(const struct config *conf, const char *section, const char *key,
                         const char **out, struct err *err)
{
    *out = config_text(conf, section, key);
    return !*out || notify_is_uuid(*out)
               ? 0
               : config_wrong(conf, section, key, "is no id of a template (a UUID)", err);
}

static int read_channel(struct notify_templates *t, enum notify_channel c,
                        const struct config *conf, const char *section, struct err *err)
{
    char key[48];

    snprintf(key, sizeof key, "%s_template", notify_channel_word(c));
    if (read_template(conf, section, key, &t->general[c], err) < 0)
        return -1;
    snprintf(key, sizeof key, "%s_template_cy", notify_channel_word(c));
    if (read_template(conf, section, key, &t->welsh[c], err) < 0)
        return -1;
    if (t->welsh[c] && !t->general[c])
        return config_wrong(conf, section, key, "needs the one that it stands in for", err);
    for (size_t i = 0; i < NOTIFY_KINDS; i++) {
        snprintf(key, sizeof key, "%s_template_%s", notify_channel_word(c), kinds[i]);
        if (read_template(conf, section, key, &t->of_kind[c][i], err) < 0)
            return -1;
        if (t->of_kind[c][i] && !t->general[c])
            return config_wrong(conf, section, key, "needs the one that it stands in for", err);
    }
    return 0;
}

int notify_templates_read(struct notify_templates *t, const struct config *conf,
                          const char *section, struct err *err)
{
    if (read_channel(t, NOTIFY_EMAIL, conf, section, err) < 0 ||
        read_channel(t, NOTIFY_SMS, conf, section, err) < 0)
        return -1;
    if (!t->general[NOTIFY_EMAIL] && !t->general[NOTIFY_SMS])
        return config_wrong(conf, section, "email_template", "is missing, and so is sms_template",
                            err);
    return 0;
}

const char *notify_template(const struct notify_templates *t, enum notify_channel channel,
                            const char *kind, const char *language)
{
    if (t->welsh[channel] && strcmp(language, "cy") == 0)
        return t->welsh[channel];
    for (size_t i = 0; i < NOTIFY_KINDS; i++) {
        if (t->of_kind[channel][i] && strcmp(kinds[i], kind) == 0)
            return t->of_kind[channel][i];
    }
    return t->general[channel];
}

bool notify_key_parse(const char *text, struct notify_key *out)
{
    size_t length = strlen(text), uuid = NOTIFY_UUID_SIZE - 1;
    const char *secret, *service;

    if (length < 2 * uuid + 3) /* a name of one letter at least */
        return false;
    secret = text + length - uuid;
    service = secret - 1 - uuid;
    snprintf(out->service, sizeof out->service, "%.*s", (int)uuid, service);
    snprintf(out->secret, sizeof out->secret, "%s", secret);
    return secret[-1] == '-' && service[-1] == '-' && notify_is_uuid(out->service) &&
           notify_is_uuid(out->secret);
}

static void add_part(struct buf *out, const void *bytes, size_t length)
{
    char text[256];

    sodium_bin2base64(text, sizeof text, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_add_text(out, text);
}

int notify_token(const struct notify_key *key, time_t now, char out[NOTIFY_TOKEN_SIZE],
                 struct err *err)
{
    static const char head[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char claims[128];
    struct buf token;
    int rc;

    buf_init(&token, NOTIFY_TOKEN_SIZE - 1);
    snprintf(claims, sizeof claims, "{\"iss\":\"%s\",\"iat\":%lld}", key->service, (long long)now);
    add_part(&token, head, sizeof head - 1);
    buf_add_char(&token, '.');
    add_part(&token, claims, strlen(claims));
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key->secret, strlen(key->secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)buf_text(&token), token.length);
    crypto_auth_hmacsha256_final(&state, mac);
    buf_add_char(&token, '.');
    add_part(&token, mac, sizeof mac);
    rc = buf_check(&token, err);
    if (rc == 0)
        memcpy(out, buf_text(&token), token.length + 1);
    buf_release(&token);
    return rc;
}

/* Ofcom's mobile ranges begin 07; 070 is for numbers that are passed on, at another price. */
static bool is_uk_mobile(const char *digits)
{
    return strlen(digits) == 10 && digits[0] == '7' && digits[1] != '0';
}

bool notify_phone(const char *text, bool abroad, char out[NOTIFY_PHONE_SIZE])
{
    char digits[16] = "";
    const char *national = digits;
    size_t n = 0;
    bool plus = false;

    for (; *text; text++) {
        if (strchr(" -().", *text))
            continue;
        if (*text == '+' && n == 0 && !plus)
            plus = true;
        else if (isdigit((unsigned char)*text) && n < 15)
            digits[n++] = *text;
        else
            return false;
    }
    digits[n] = '\0';
    if (!plus && strncmp(digits, "00", 2) == 0) {
        national += 2;
        plus = true;
    }
    if (strncmp(national, "44", 2) == 0) {
        national += 2;
        national += *national == '0'; /* +44 (0)7… */
    } else if (plus) {
        snprintf(out, NOTIFY_PHONE_SIZE, "+%s", national);
        return abroad && strlen(national) >= 8 && national[0] != '0';
    } else {
        national += *national == '0';
    }
    snprintf(out, NOTIFY_PHONE_SIZE, "+44%s", national);
    return is_uk_mobile(national);
}

const char *notify_kind(const struct message *m)
{
    cJSON *json = cJSON_ParseWithLength(personal_reveal(&m->json), m->json.length);
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "kind"));
    const char *found = kinds[0];

    for (size_t i = 0; word && i < NOTIFY_KINDS; i++) {
        if (strcmp(kinds[i], word) == 0)
            found = kinds[i];
    }
    cJSON_Delete(json);
    return found;
}

static bool put(cJSON *object, const char *key, const char *text)
{
    return !text || cJSON_AddStringToObject(object, key, text);
}

static bool put_personalisation(cJSON *json, const struct notify_sending *s,
                                const struct message *m)
{
    cJSON *values = cJSON_AddObjectToObject(json, "personalisation"), *untrusted, *name;

    if (!values || !put(values, "reference", m->reference) || !put(values, "kind", s->kind) ||
        !put(values, "subject", m->subject))
        return false;
    if (s->channel == NOTIFY_SMS)
        return put(values, "desk_number", s->desk_number);
    untrusted = cJSON_AddArrayToObject(json, "sanitise_content_for");
    name = cJSON_CreateStringReference("text");
    if (!untrusted || !name || !cJSON_AddItemToArray(untrusted, name)) {
        cJSON_Delete(name);
        return false;
    }
    return put(values, "text", personal_reveal(&m->text));
}

static void wipe(cJSON *json)
{
    for (cJSON *item = json; item; item = item->next) {
        wipe(item->child);
        if (item->valuestring && !(item->type & cJSON_IsReference))
            personal_wipe(item->valuestring, strlen(item->valuestring));
    }
}

int notify_body(const struct notify_sending *s, const struct message *m, struct buf *out,
                struct err *err)
{
    bool sms = s->channel == NOTIFY_SMS;
    cJSON *json = cJSON_CreateObject();
    char *text = NULL;

    if (json && put(json, sms ? "phone_number" : "email_address", s->to) &&
        put(json, "template_id", s->template_id) && put(json, "reference", m->key) &&
        put(json, sms ? "sms_sender_id" : "email_reply_to_id", s->sender_id) &&
        put_personalisation(json, s, m))
        text = cJSON_PrintUnformatted(json);
    wipe(json);
    cJSON_Delete(json);
    if (!text)
        return err_memory(err);
    buf_add_text(out, text);
    personal_wipe(text, strlen(text));
    cJSON_free(text);
    return buf_check(out, err);
}
