/* Notices as signed HTTPS posts (Standard Webhooks, standardwebhooks.com).
 *
 *   start ──no token yet──▶ token ──there it is──▶ post ──▶ judge
 *     └──────────────────────────────────────────▲  │
 *                              token ◀─401, once────┘
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/reply.h"
#include "adapters/transfer.h"
#include "adapters/webhook_way.h"
#include "base/buf.h"
#include "base/clock.h"

enum { SIGNATURE_SIZE = 64 };

/* One message under way. */
struct post {
    const struct webhook *webhook;
    const struct message *message;
    struct webhook_way way;
    int64_t until_ms;
    struct curl_slist *headers;
    struct transfer_body body;
    struct buf answer;
    bool fetching;       /* the transfer is for a token */
    unsigned token;      /* number of the one that was sent along */
    bool refreshed;      /* 401 has been answered by a token of this message's own */
    bool failed_between; /* the next transfer could not be made */
};

static const struct config_key keys[] = {
    {.name = "secret_file",
     .kind = CONFIG_SECRET,
     .help = "whsec_ and 24 to 64 bytes in Base64: what posts are signed with"},
    {.name = "ca_file",
     .kind = CONFIG_PATH,
     .help = "who may vouch for receivers; the system's authorities unless given"},
    {.name = "allow_loopback",
     .kind = CONFIG_BOOL,
     .otherwise = "no",
     .help = "receivers on this machine are allowed, by http too"},
    {.name = "allow_hosts",
     .kind = CONFIG_TEXT,
     .help = "host names, commas between, that may have addresses inside our own network"},
    {.name = "per_host",
     .kind = CONFIG_INT,
     .least = 1,
     .most = 64,
     .help =
         "most transfers to one web server at a time; three quarters of concurrency unless given"},
    ADAPTER_KEYS("16", "30s"),
    {.name = NULL},
};

static void webhook_close(void *self)
{
    struct webhook *w = self;

    receivers_close(&w->receivers);
    sodium_memzero(w, sizeof *w);
    free(w);
}

static int webhook_open(const struct config *conf, void **self, struct err *err)
{
    struct webhook *w = calloc(1, sizeof *w);
    int rc;

    if (!w || sodium_init() < 0) {
        free(w);
        return err_memory(err);
    }
    w->ca_file = config_text(conf, webhook_adapter.section, "ca_file");
    w->allow_loopback = config_bool(conf, webhook_adapter.section, "allow_loopback");
    w->allow_hosts = config_text(conf, webhook_adapter.section, "allow_hosts");
    w->timeout = (long)config_int(conf, webhook_adapter.section, "timeout");
    rc = signing_secret_read(conf, webhook_adapter.section, "secret_file", &w->secret, err);
    if (rc == 0)
        rc = config_wrong(conf, webhook_adapter.section, "secret_file", "is missing", err);
    if (rc < 0 || receivers_open(&w->receivers, conf, w->ca_file, err) < 0) {
        webhook_close(w);
        return -1;
    }
    *self = w;
    return 0;
}

/* Of id.timestamp.body. */
static void sign(const struct signing_secret *secret, const struct message *m,
                 char out[SIGNATURE_SIZE])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char head[sizeof m->key + 32];
    int length = snprintf(head, sizeof head, "%s.%lld.", m->key, (long long)m->at);

    crypto_auth_hmacsha256_init(&state, secret->bytes, secret->length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (unsigned long long)length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)personal_reveal(&m->json),
                                  m->json.length);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(out, SIGNATURE_SIZE, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

static int add_headers(struct post *post, const char *token, struct err *err)
{
    static const char *const fixed[] = {"Content-Type: application/json",
                                        "Accept: application/json", "Expect:"};
    const struct message *m = post->message;
    char signature[SIGNATURE_SIZE];

    curl_slist_free_all(post->headers);
    post->headers = NULL;
    sign(post->way.receiver && post->way.receiver->secret.length > 0 ? &post->way.receiver->secret
                                                                     : &post->webhook->secret,
         m, signature);
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
        if (transfer_add_header(&post->headers, err, "%s", fixed[i]) < 0)
            return -1;
    }
    if (transfer_add_header(&post->headers, err, "webhook-id: %s", m->key) < 0 ||
        transfer_add_header(&post->headers, err, "webhook-timestamp: %lld", (long long)m->at) < 0 ||
        transfer_add_header(&post->headers, err, "webhook-signature: v1,%s", signature) < 0)
        return -1;
    return token ? transfer_add_header(&post->headers, err, "Authorization: Bearer %s", token) : 0;
}

static CURL *make_post(struct post *post, const char *token, long timeout_ms, struct err *err)
{
    const struct message *m = post->message;
    CURL *c;

    if (add_headers(post, token, err) < 0)
        return NULL;
    c = webhook_connect(post->webhook, &post->way, personal_reveal(&m->to_address), timeout_ms,
                        &post->answer, err);
    if (!c)
        return NULL;
    post->body = (struct transfer_body){personal_reveal(&m->json), m->json.length, 0};
    transfer_post(c, &post->body);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, post->headers);
    return c;
}

/* The post, or what has to come before it. */
static CURL *next_transfer(struct post *post, struct err *err)
{
    struct oauth *oauth = post->way.receiver ? post->way.receiver->oauth : NULL;
    const char *token = oauth ? oauth_token(oauth, &post->token) : NULL;
    long left_ms = (long)(post->until_ms - clock_monotonic_ms());

    buf_clear(&post->answer);
    post->fetching = oauth && !token;
    return post->fetching ? oauth_fetch(oauth, &post->answer, left_ms, err)
                          : make_post(post, token, left_ms, err);
}

static void post_free(struct post *post)
{
    curl_slist_free_all(post->headers);
    buf_release(&post->answer);
    free(post);
}

static int webhook_start(void *self, const struct message *message, CURL **transfer, void **work,
                         struct err *err)
{
    struct webhook *w = self;
    struct post *post = calloc(1, sizeof *post);

    if (!post)
        return err_memory(err);
    post->webhook = w;
    post->message = message;
    post->until_ms = clock_monotonic_ms() + w->timeout * 1000;
    buf_init(&post->answer, WEBHOOK_ANSWER_MAX);
    if (webhook_way_find(w, personal_reveal(&message->to_address), &post->way, err) < 0 ||
        !(*transfer = next_transfer(post, err))) {
        post_free(post);
        return -1;
    }
    *work = post;
    return 0;
}

/* Whether the token has come, or the one that was sent along is no longer good. */
static bool has_more(struct post *post, CURL *transfer, CURLcode how)
{
    struct oauth *oauth = post->way.receiver ? post->way.receiver->oauth : NULL;
    long status = 0;

    if (!oauth)
        return false;
    if (post->fetching)
        return oauth_take(oauth, transfer, how, &post->answer);
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    if (status != 401 || post->refreshed)
        return false;
    post->refreshed = true;
    oauth_refused(oauth, post->token);
    return true;
}

static CURL *webhook_go_on(void *self, CURL *transfer, void *work, CURLcode how)
{
    struct post *post = work;
    struct err ignored;
    CURL *next;

    (void)self;
    if (how == CURLE_ABORTED_BY_CALLBACK || !has_more(post, transfer, how))
        return NULL;
    next = next_transfer(post, &ignored);
    if (next)
        curl_easy_cleanup(transfer);
    else
        post->failed_between = true;
    return next;
}

static enum verdict judge_status(CURL *transfer, const struct post *post, long status,
                                 struct outcome *outcome)
{
    snprintf(outcome->detail, sizeof outcome->detail, "status %ld", status);
    if (status / 100 == 2) {
        reply_answer(buf_text(&post->answer), post->answer.length, outcome);
        return VERDICT_SENT;
    }
    if (status == 409)
        return VERDICT_SENT;
    if (status == 410)
        outcome->contact_ends = true;
    if (status == 429 || status / 100 == 5) {
        outcome->retry_after = transfer_retry_after(transfer);
        return VERDICT_LATER;
    }
    return VERDICT_NEVER;
}

/* A certificate that is wrong is one receiver's trouble; a file of ours that is, everyone's, unless it
 * is for that receiver alone. */
static enum verdict judge_connection(const struct post *post, CURLcode how, struct outcome *outcome)
{
    const struct receiver *r = post->way.receiver;

    if (transfer_is_inside_only(&post->way.guard)) {
        snprintf(outcome->detail, sizeof outcome->detail, "an address inside our network");
        return VERDICT_NEVER;
    }
    snprintf(outcome->detail, sizeof outcome->detail, "connection: %s", curl_easy_strerror(how));
    outcome->alone = how == CURLE_SSL_CERTPROBLEM || (r && r->ca_file);
    return how == CURLE_SSL_CACERT_BADFILE || how == CURLE_SSL_CERTPROBLEM ? VERDICT_BROKEN
                                                                           : VERDICT_LATER;
}

static enum verdict judge(CURL *transfer, const struct post *post, CURLcode how,
                          struct outcome *outcome)
{
    long status = 0;

    if (post->failed_between) {
        snprintf(outcome->detail, sizeof outcome->detail, "no memory for the next transfer");
        return VERDICT_LATER;
    }
    if (post->fetching) {
        outcome->alone = true; /* a login is one receiver's */
        return oauth_judge(transfer, how, &post->answer, outcome);
    }
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    outcome->code = (int)status;
    return status >= 200 ? judge_status(transfer, post, status, outcome)
                         : judge_connection(post, how, outcome);
}

static enum verdict webhook_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                  struct outcome *outcome)
{
    enum verdict verdict = judge(transfer, work, how, outcome);

    (void)self;
    curl_easy_cleanup(transfer);
    post_free(work);
    return verdict;
}

const struct adapter webhook_adapter = {
    .name = "webhook",
    .section = "adapter \"webhook\"",
    .keys = keys,
    .reads = MESSAGE_JSON,
    .open = webhook_open,
    .start = webhook_start,
    .judge = webhook_judge,
    .go_on = webhook_go_on,
    .place = webhook_place,
    .probe = webhook_probe,
    .close = webhook_close,
};
