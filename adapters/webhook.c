/* Notices as signed HTTPS posts (Standard Webhooks, standardwebhooks.com).
 *
 *   start ──no token yet──▶ token ──there it is──▶ post ──▶ judge
 *     └──────────────────────────────────────────▲  │
 *                              token ◀─401, once────┘
 *
 * An address comes from an import, so it may point anywhere: not at us, nor into the network that
 * we stand in, unless the configuration says so; asked of the address that is connected to, whatever
 * a name resolved to before. Redirects are not followed for the same reason. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "adapters/adapter.h"
#include "adapters/receivers.h"
#include "adapters/reply.h"
#include "adapters/transfer.h"
#include "base/buf.h"
#include "base/clock.h"

enum {
    ANSWER_BYTES_MAX = 16 * 1024,
    SIGNATURE_SIZE = 64,
};

struct webhook {
    struct signing_secret secret;
    struct receivers receivers;
    const char *ca_file;
    bool allow_loopback;
    const char *allow_hosts;
    long timeout;
};

/* One message under way. */
struct post {
    const struct webhook *webhook;
    const struct message *message;
    const struct receiver *receiver; /* NULL: it has no section of its own */
    const char *protocol;
    int64_t until_ms;
    struct curl_slist *headers;
    struct transfer_body body;
    struct buf answer;
    bool may_be_inside;  /* the host is one that may have an address inside */
    bool refused;        /* it had one, and may not */
    bool fetching;       /* the transfer is for a token */
    unsigned token;      /* number of the one that was sent along */
    bool refreshed;      /* 401 has been answered by a token of this message's own */
    bool failed_between; /* the next transfer could not be made */
};

static const struct config_key keys[] = {
    {.name = "secret_file",
     .kind = CONFIG_PATH,
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

static bool is_listed(const char *list, const char *host)
{
    size_t length = strlen(host);

    while (list && *list) {
        list += strspn(list, ", ");
        if (strncasecmp(list, host, length) == 0 && strcspn(list, ", ") == length)
            return true;
        list += strcspn(list, ", ");
    }
    return false;
}

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* Whom it goes to and by which protocol; -1: this address is none that we post to. */
static int check_parts(struct post *post, CURLU *url, struct err *err)
{
    const struct webhook *w = post->webhook;
    char *scheme = part_of(url, CURLUPART_SCHEME);
    char *host = part_of(url, CURLUPART_HOST);
    char *user = part_of(url, CURLUPART_USER);
    bool loopback = host && transfer_host_is_loopback(host);
    int rc = 0;

    post->receiver = host ? receivers_find(&w->receivers, host) : NULL;
    post->may_be_inside =
        host && ((loopback && w->allow_loopback) || is_listed(w->allow_hosts, host) ||
                 (post->receiver && post->receiver->inside));
    if (!scheme || !host || user)
        rc = err_set(err, ERR_INVALID, "the webhook's address is no plain URL");
    else if (strcmp(scheme, "https") == 0)
        post->protocol = "https";
    else if (strcmp(scheme, "http") == 0 && loopback && w->allow_loopback)
        post->protocol = "http";
    else
        rc = err_set(err, ERR_INVALID, "the webhook's address is no https");
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return rc;
}

static int check_url(struct post *post, struct err *err)
{
    CURLU *url = curl_url();
    int rc;

    if (!url)
        return err_memory(err);
    if (curl_url_set(url, CURLUPART_URL, personal_reveal(&post->message->to_address), 0) !=
        CURLUE_OK)
        rc = err_set(err, ERR_INVALID, "the webhook's address is no URL");
    else
        rc = check_parts(post, url, err);
    curl_url_cleanup(url);
    return rc;
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
    sign(post->receiver && post->receiver->secret.length > 0 ? &post->receiver->secret
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

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct post *post = user;

    (void)purpose;
    if (!post->may_be_inside && transfer_address_is_inside(&address->addr)) {
        post->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURL *make_post(struct post *post, const char *token, long timeout_ms, struct err *err)
{
    const struct receiver *r = post->receiver;
    const struct message *m = post->message;
    CURL *c;

    if (add_headers(post, token, err) < 0)
        return NULL;
    c = transfer_new_http(personal_reveal(&m->to_address), post->protocol,
                          r && r->ca_file ? r->ca_file : post->webhook->ca_file, timeout_ms,
                          &post->answer, err);
    if (!c)
        return NULL;
    if (r && transfer_set_certificate(c, r->certificate_file, r->key_file, err) < 0) {
        curl_easy_cleanup(c);
        return NULL;
    }
    post->body = (struct transfer_body){personal_reveal(&m->json), m->json.length, 0};
    transfer_post(c, &post->body);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, post);
    return c;
}

/* The post, or what has to come before it. */
static CURL *next_transfer(struct post *post, struct err *err)
{
    struct oauth *oauth = post->receiver ? post->receiver->oauth : NULL;
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
    buf_init(&post->answer, ANSWER_BYTES_MAX);
    if (check_url(post, err) < 0 || !(*transfer = next_transfer(post, err))) {
        post_free(post);
        return -1;
    }
    *work = post;
    return 0;
}

/* Whether the token has come, or the one that was sent along is no longer good. */
static bool has_more(struct post *post, CURL *transfer, CURLcode how)
{
    struct oauth *oauth = post->receiver ? post->receiver->oauth : NULL;
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
    const struct receiver *r = post->receiver;

    if (post->refused) {
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
    .open = webhook_open,
    .start = webhook_start,
    .judge = webhook_judge,
    .go_on = webhook_go_on,
    .close = webhook_close,
};
