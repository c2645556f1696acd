/* GOV.UK Notify: e-mail where the contact's address has an @, else a text message
 * (docs.notifications.service.gov.uk/rest-api.html).
 *
 *   start ──may have been sent before──▶ look up ──not there, or never left──▶ send ──▶ judge
 *     └──────────────────────────────────────────────────────────────────────▲
 *
 * Notify takes the same message as often as it is sent, so a message whose first try ended unclear is
 * looked up by its key, which it bears as reference, before it is sent again (P4). What it has taken
 * over is asked about until it is delivered or has failed, for as long as Notify keeps it.
 *
 * Errors are told apart by status and kind; their messages change, says Notify. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/adapter.h"
#include "adapters/mime.h"
#include "adapters/notify_request.h"
#include "adapters/notify_settings.h"
#include "adapters/reply.h"
#include "adapters/transfer.h"
#include "base/clock.h"
#include "base/personal.h"

enum {
    ANSWER_BYTES_MAX = 4 * 1024 * 1024, /* it has our message in it */
    HEAD_BYTES_MAX = 64 * 1024,
    TEXT_MAX = 1900 * 1000,    /* Notify takes e-mails of 2,000,000 bytes */
    SETTLE_SECONDS = 20,       /* what is under way there after we have gone shows by then */
    RATE_SECONDS = 5,          /* 3,000 a minute, on a rolling basis */
    SKEW_SECONDS = 20,         /* of our clock, at which Notify's 30 are near */
    RETENTION = 7 * 24 * 3600, /* Notify's default */
};

/* One message, or one question, under way. */
struct note {
    const struct notify_settings *notify;
    const struct message *message; /* NULL: a question */
    enum notify_channel channel;
    char to[NOTIFY_PHONE_SIZE];
    const char *template_id, *kind;
    int64_t until_ms;
    struct curl_slist *headers;
    struct buf body, answer;
    struct transfer_body posted;
    bool looking;        /* whether it is there already */
    bool failed_between; /* the next transfer could not be made */
    char handle[40];     /* a question's */
    time_t their_time;   /* by their Date; 0 not said */
    size_t head;         /* bytes of it so far */
};

static void notify_close(void *self)
{
    struct notify_settings *n = self;

    sodium_memzero(n, sizeof *n);
    free(n);
}

static int notify_open(const struct config *conf, void **self, struct err *err)
{
    struct notify_settings *n = calloc(1, sizeof *n);

    if (!n || sodium_init() < 0) {
        free(n);
        return err_memory(err);
    }
    if (notify_settings_read(n, conf, err) < 0) {
        notify_close(n);
        return -1;
    }
    *self = n;
    return 0;
}

static void note_free(struct note *note)
{
    curl_slist_free_all(note->headers);
    buf_release(&note->body);
    buf_release(&note->answer);
    personal_wipe(note, sizeof *note); /* whom it went to */
    free(note);
}

static struct note *note_new(const struct notify_settings *n, struct err *err)
{
    struct note *note = calloc(1, sizeof *note);

    if (!note) {
        err_memory(err);
        return NULL;
    }
    note->notify = n;
    note->until_ms = clock_monotonic_ms() + n->timeout * 1000;
    buf_init(&note->body, NOTIFY_BODY_MAX);
    buf_init(&note->answer, ANSWER_BYTES_MAX);
    return note;
}

/* Notify looks at our clock, so their Date tells whether it is that. */
static size_t read_head(char *line, size_t size, size_t count, void *user)
{
    struct note *note = user;
    size_t length = size * count;
    char date[64];

    note->head += length;
    if (note->head > HEAD_BYTES_MAX)
        return 0;
    if (length > 5 && length - 5 < sizeof date && strncasecmp(line, "Date:", 5) == 0) {
        memcpy(date, line + 5, length - 5);
        date[length - 5] = '\0';
        note->their_time = curl_getdate(date, NULL);
    }
    return length;
}

/* body: that of a post; NULL: nothing is posted. The login is good for half a minute. */
static CURL *make_transfer(struct note *note, const char *path, const struct buf *body,
                           struct err *err)
{
    const struct clock machine = {.shift = 0}; /* what a login is held to, in a drill too */
    const struct notify_settings *n = note->notify;
    char url[NOTIFY_URL_MAX], token[NOTIFY_TOKEN_SIZE];
    CURL *c;

    snprintf(url, sizeof url, "%s%s", n->url, path);
    buf_clear(&note->answer);
    curl_slist_free_all(note->headers);
    note->headers = NULL;
    note->their_time = 0;
    note->head = 0;
    if (notify_token(&n->key, clock_now(&machine), token, err) < 0 ||
        transfer_add_header(&note->headers, err, "Authorization: Bearer %s", token) < 0 ||
        transfer_add_header(&note->headers, err, "Content-Type: application/json") < 0 ||
        transfer_add_header(&note->headers, err, "Expect:") < 0)
        return NULL;
    c = transfer_new_http(url, n->protocol, n->ca_file,
                          (long)(note->until_ms - clock_monotonic_ms()), &note->answer, err);
    if (!c)
        return NULL;
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, note->headers);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, read_head);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, note);
    if (body) {
        note->posted = (struct transfer_body){buf_text(body), body->length, 0};
        transfer_post(c, &note->posted);
    }
    return c;
}

/* Keys are letters and digits, so they stand in a URL as they are. */
static CURL *look_up(struct note *note, const char *reference, struct err *err)
{
    char path[128];

    snprintf(path, sizeof path, "/v2/notifications?reference=%s", reference);
    return make_transfer(note, path, NULL, err);
}

static CURL *send_it(struct note *note, struct err *err)
{
    const struct message *m = note->message;
    const struct notify_sending sending = {
        .channel = note->channel,
        .to = note->channel == NOTIFY_SMS ? note->to : personal_reveal(&m->to_address),
        .template_id = note->template_id,
        .kind = note->kind,
        .sender_id = note->notify->sender[note->channel],
        .desk_number = note->notify->desk_number,
    };

    note->looking = false;
    buf_clear(&note->body);
    if (notify_body(&sending, m, &note->body, err) < 0)
        return NULL;
    return make_transfer(
        note, note->channel == NOTIFY_SMS ? "/v2/notifications/sms" : "/v2/notifications/email",
        &note->body, err);
}

/* Which of the two it is, and whether it can go. */
static int address_it(struct note *note, struct err *err)
{
    const struct message *m = note->message;
    const char *address = personal_reveal(&m->to_address);

    if (m->key[0] == '\0' ||
        m->key[strspn(m->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789-")] != '\0')
        return err_set(err, ERR_INVALID, "a key that is no reference");
    note->channel = strchr(address, '@') ? NOTIFY_EMAIL : NOTIFY_SMS;
    if (note->channel == NOTIFY_EMAIL ? !mime_address_is_plain(address)
                                      : !notify_phone(address, note->notify->abroad, note->to))
        return err_set(err, ERR_INVALID, "the address is no mailbox and no mobile number");
    if (m->text.length > TEXT_MAX)
        return err_set(err, ERR_INVALID, "the message is longer than Notify takes");
    note->kind = notify_kind(m);
    note->template_id =
        notify_template(&note->notify->templates, note->channel, note->kind, m->language);
    if (!note->template_id)
        return err_set(err, ERR_INVALID, "no template is configured for %s",
                       notify_channel_word(note->channel));
    return 0;
}

static int notify_start(void *self, const struct message *message, CURL **transfer, void **work,
                        struct err *err)
{
    struct note *note = note_new(self, err);

    if (!note)
        return -1;
    note->message = message;
    note->looking = message->repeat;
    if (address_it(note, err) < 0)
        goto fail;
    *transfer = note->looking ? look_up(note, message->key, err) : send_it(note, err);
    if (!*transfer)
        goto fail;
    *work = note;
    return 0;
fail:
    note_free(note);
    return -1;
}

static long status_of(CURL *transfer)
{
    long status = 0;

    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Whether it is known not to have left before. */
static bool may_be_sent(const struct note *note, CURL *transfer, CURLcode how)
{
    enum notify_status status;
    char id[REPLY_ID_SIZE];

    return how == CURLE_OK && status_of(transfer) == 200 &&
           reply_notify_list(buf_text(&note->answer), note->answer.length, note->message->key, id,
                             &status) &&
           (status == NOTIFY_NONE || status == NOTIFY_TECHNICAL);
}

static CURL *notify_go_on(void *self, CURL *transfer, void *work, CURLcode how)
{
    struct note *note = work;
    struct err ignored;
    CURL *next;

    (void)self;
    if (how == CURLE_ABORTED_BY_CALLBACK || !note->looking || !may_be_sent(note, transfer, how))
        return NULL;
    next = send_it(note, &ignored);
    if (next)
        curl_easy_cleanup(transfer);
    else
        note->failed_between = true;
    return next;
}

/* Taken over: what it will be asked about is its id, or where that was not readable our key. */
static enum verdict judge_sent(const struct note *note, struct outcome *outcome)
{
    char id[REPLY_ID_SIZE];
    bool known = reply_notify_id(buf_text(&note->answer), note->answer.length, id);

    snprintf(outcome->handle, sizeof outcome->handle, "%s", known ? id : note->message->key);
    return VERDICT_SENT;
}

/* What was found by its key has been sent before. */
static enum verdict judge_found(const struct note *note, struct outcome *outcome)
{
    enum notify_status status;
    char id[REPLY_ID_SIZE];

    if (!reply_notify_list(buf_text(&note->answer), note->answer.length, note->message->key, id,
                           &status)) {
        snprintf(outcome->detail, sizeof outcome->detail, "look-up: status 200 and no list");
        return VERDICT_LATER;
    }
    snprintf(outcome->detail, sizeof outcome->detail, "look-up: it had been taken over");
    if (status == NOTIFY_PERMANENT || status == NOTIFY_TEMPORARY) {
        snprintf(outcome->detail, sizeof outcome->detail, "look-up: it could not be delivered");
        return VERDICT_NEVER;
    }
    snprintf(outcome->handle, sizeof outcome->handle, "%s", id[0] ? id : note->message->key);
    return VERDICT_SENT;
}

/* What everything that Notify is asked has in common. 400 is about the recipient where the request did
 * not hold, else about what we have set up: a template that is gone, a service on trial. */
static enum verdict judge_refusal(const struct note *note, CURL *transfer, long status,
                                  struct outcome *outcome)
{
    const char *error = reply_notify_error(buf_text(&note->answer), note->answer.length);
    const struct clock machine = {.shift = 0};
    time_t skew = note->their_time > 0 ? clock_now(&machine) - note->their_time : 0;

    snprintf(outcome->detail, sizeof outcome->detail, "%sstatus %ld%s%s",
             note->looking ? "look-up: " : "", status, error ? " " : "", error ? error : "");
    if (status == 429) {
        outcome->retry_after = transfer_retry_after(transfer);
        if (error && strcmp(error, "TooManyRequestsError") == 0)
            return VERDICT_BROKEN; /* the day's limit: nothing goes before midnight UTC */
        if (outcome->retry_after < 0)
            outcome->retry_after = RATE_SECONDS;
        return VERDICT_LATER;
    }
    if (status / 100 == 5 || status == 408) {
        outcome->retry_after = transfer_retry_after(transfer);
        if (outcome->retry_after < SETTLE_SECONDS)
            outcome->retry_after = SETTLE_SECONDS;
        return VERDICT_LATER;
    }
    if (status == 401 || status == 403) {
        if (skew > SKEW_SECONDS || skew < -SKEW_SECONDS)
            snprintf(outcome->detail, sizeof outcome->detail,
                     "status %ld: this machine's clock is %lld s away from Notify's", status,
                     (long long)skew);
        return VERDICT_BROKEN;
    }
    if (status == 404 || status / 100 == 3)
        return VERDICT_BROKEN; /* not Notify */
    return status == 400 && error && strcmp(error, "BadRequestError") == 0 ? VERDICT_BROKEN
                                                                           : VERDICT_NEVER;
}

static enum verdict judge(CURL *transfer, const struct note *note, CURLcode how,
                          struct outcome *outcome)
{
    long status = status_of(transfer);

    if (note->failed_between) {
        snprintf(outcome->detail, sizeof outcome->detail, "no memory for the next transfer");
        return VERDICT_LATER;
    }
    outcome->code = (int)status;
    if (status < 200) {
        snprintf(outcome->detail, sizeof outcome->detail, "%sconnection: %s",
                 note->looking ? "look-up: " : "", curl_easy_strerror(how));
        outcome->retry_after =
            how == CURLE_COULDNT_CONNECT || how == CURLE_COULDNT_RESOLVE_HOST ? -1 : SETTLE_SECONDS;
        return how == CURLE_SSL_CACERT_BADFILE ? VERDICT_BROKEN : VERDICT_LATER;
    }
    snprintf(outcome->detail, sizeof outcome->detail, "status %ld", status);
    if (status / 100 != 2)
        return judge_refusal(note, transfer, status, outcome);
    return note->looking ? judge_found(note, outcome) : judge_sent(note, outcome);
}

static enum verdict notify_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                 struct outcome *outcome)
{
    enum verdict verdict = judge(transfer, work, how, outcome);

    (void)self;
    curl_easy_cleanup(transfer);
    note_free(work);
    return verdict;
}

static int notify_ask(void *self, const char *handle, CURL **transfer, void **work, struct err *err)
{
    struct note *note = note_new(self, err);
    char path[128];

    if (!note)
        return -1;
    snprintf(note->handle, sizeof note->handle, "%s", handle);
    snprintf(path, sizeof path, "/v2/notifications/%s", handle);
    *transfer =
        notify_is_uuid(handle) ? make_transfer(note, path, NULL, err) : look_up(note, handle, err);
    if (!*transfer) {
        note_free(note);
        return -1;
    }
    *work = note;
    return 0;
}

static enum delivery heard(CURL *transfer, const struct note *note, struct outcome *outcome)
{
    static const char *const words[] = {"no status",         "under way",
                                        "delivered",         "permanent-failure",
                                        "temporary-failure", "technical-failure"};
    static const enum delivery means[] = {DELIVERY_UNHEARD, DELIVERY_UNDER_WAY, DELIVERY_DONE,
                                          DELIVERY_FAILED,  DELIVERY_FAILED,    DELIVERY_AGAIN};
    enum notify_status status;
    char id[REPLY_ID_SIZE];

    outcome->code = (int)status_of(transfer);
    if (outcome->code != 200) {
        snprintf(outcome->detail, sizeof outcome->detail, "status %d", outcome->code);
        return DELIVERY_UNHEARD;
    }
    if (notify_is_uuid(note->handle))
        status = reply_notify_status(buf_text(&note->answer), note->answer.length);
    else if (!reply_notify_list(buf_text(&note->answer), note->answer.length, note->handle, id,
                                &status))
        status = NOTIFY_NONE;
    snprintf(outcome->detail, sizeof outcome->detail, "%s", words[status]);
    return means[status];
}

static enum delivery notify_hear(void *self, CURL *transfer, void *work, CURLcode how,
                                 struct outcome *outcome)
{
    enum delivery delivery = DELIVERY_UNHEARD;

    (void)self;
    if (how == CURLE_OK)
        delivery = heard(transfer, work, outcome);
    else
        snprintf(outcome->detail, sizeof outcome->detail, "connection: %s",
                 curl_easy_strerror(how));
    curl_easy_cleanup(transfer);
    note_free(work);
    return delivery;
}

/* ---- tried, and nothing sent: a look-up of a reference that no message has ---- */

static int notify_place(void *self, size_t n, struct probe *out)
{
    const struct notify_settings *set = self;

    if (n > 0)
        return 0;
    snprintf(out->subject, sizeof out->subject, "[%s] api_key_file", notify_adapter.section);
    probe_at(set->url, out->at);
    return 1;
}

static void notify_probe(void *self, struct probe *p)
{
    const struct message none = {.key = "encompass-check-online"};
    struct note *note;
    struct outcome outcome = {.retry_after = -1};
    char error[CURL_ERROR_SIZE];
    struct err err;
    CURLcode how;
    CURL *c;

    note = note_new(self, &err);
    c = note ? look_up(note, none.key, &err) : NULL;
    if (!c) {
        probe_says(p, PROBED_WRONG, "try again", "%s", err.text);
        goto out;
    }
    note->looking = true;
    note->message = &none;
    how = probe_perform(p, c, error);
    if (status_of(c) < 200)
        probe_connection(p, c, how, error, "");
    else if (judge(c, note, how, &outcome) == VERDICT_SENT)
        probe_says(p, PROBED_FINE, "", "TLS verified, the key is good");
    else
        probe_says(
            p, PROBED_WRONG,
            outcome.code == 401 || outcome.code == 403
                ? "mend this machine's clock, or give a key of the service that is not revoked"
                : "look at status.notifications.service.gov.uk, or mend url",
            "%s", outcome.detail);
    curl_easy_cleanup(c);
out:
    if (note)
        note_free(note);
}

const struct adapter notify_adapter = {
    .name = "notify",
    .section = "adapter \"notify\"",
    .keys = notify_keys,
    .reads = MESSAGE_TEXT | MESSAGE_JSON,
    .open = notify_open,
    .start = notify_start,
    .judge = notify_judge,
    .go_on = notify_go_on,
    .ask = notify_ask,
    .hear = notify_hear,
    .place = notify_place,
    .probe = notify_probe,
    .heard_of_for = RETENTION,
    .close = notify_close,
};
