/* Notices as signed HTTPS posts (Standard Webhooks, standardwebhooks.com).
 *
 * An address comes from an import, so it may point anywhere: not at us, nor into the network that
 * we stand in, unless the configuration says so. Redirects are not followed for the same reason. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "adapters/adapter.h"
#include "adapters/transfer.h"
#include "base/buf.h"

enum {
    ANSWER_BYTES_MAX = 16 * 1024,
    ANSWERED_BY_MAX = 200,
    SECRET_LEAST = 24,
    SECRET_MOST = 64,
    SIGNATURE_SIZE = 64,
    HEADER_SIZE = 160,
};

struct webhook {
    unsigned char secret[SECRET_MOST];
    size_t secret_length;
    const char *ca_file;
    bool allow_loopback;
    const char *allow_hosts;
    long timeout;
};

/* One transfer under way. */
struct post {
    struct curl_slist *headers;
    struct buf answer;
    bool may_be_inside; /* the host is one that may have an address inside */
    bool refused;       /* it had one, and may not */
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
    ADAPTER_KEYS("16", "30s"),
    {.name = NULL},
};

static int wrong(struct err *err, const char *what)
{
    return err_set(err, ERR_CONFIG, "[%s] %s", webhook_adapter.section, what);
}

static int read_secret(struct webhook *w, const struct config *conf, struct err *err)
{
    static const char prefix[] = "whsec_";
    struct personal line = {0};
    const char *text;
    int rc = config_secret(conf, webhook_adapter.section, "secret_file", &line, err);

    if (rc == 0)
        return wrong(err, "secret_file is missing");
    if (rc < 0)
        return -1;
    text = personal_reveal(&line);
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 ||
        sodium_base642bin(w->secret, sizeof w->secret, text + sizeof prefix - 1,
                          strlen(text + sizeof prefix - 1), NULL, &w->secret_length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        w->secret_length < SECRET_LEAST)
        rc = wrong(err, "secret_file does not hold whsec_ and 24 to 64 bytes in Base64");
    personal_release(&line);
    return rc < 0 ? -1 : 0;
}

static void webhook_close(void *self)
{
    struct webhook *w = self;

    sodium_memzero(w, sizeof *w);
    free(w);
}

static int webhook_open(const struct config *conf, void **self, struct err *err)
{
    struct webhook *w = calloc(1, sizeof *w);

    if (!w || sodium_init() < 0) {
        free(w);
        return err_memory(err);
    }
    w->ca_file = config_text(conf, webhook_adapter.section, "ca_file");
    w->allow_loopback = config_bool(conf, webhook_adapter.section, "allow_loopback");
    w->allow_hosts = config_text(conf, webhook_adapter.section, "allow_hosts");
    w->timeout = (long)config_int(conf, webhook_adapter.section, "timeout");
    if (read_secret(w, conf, err) < 0) {
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

/* 0 and the protocol to speak, or -1: this address is none that we post to. */
static int check_parts(const struct webhook *w, CURLU *url, const char **protocol,
                       bool *may_be_inside, struct err *err)
{
    char *scheme = part_of(url, CURLUPART_SCHEME);
    char *host = part_of(url, CURLUPART_HOST);
    char *user = part_of(url, CURLUPART_USER);
    bool loopback = host && transfer_host_is_loopback(host);
    int rc = 0;

    *may_be_inside = host && ((loopback && w->allow_loopback) || is_listed(w->allow_hosts, host));
    if (!scheme || !host || user)
        rc = err_set(err, ERR_INVALID, "the webhook's address is no plain URL");
    else if (strcmp(scheme, "https") == 0)
        *protocol = "https";
    else if (strcmp(scheme, "http") == 0 && loopback && w->allow_loopback)
        *protocol = "http";
    else
        rc = err_set(err, ERR_INVALID, "the webhook's address is no https");
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return rc;
}

static int check_url(const struct webhook *w, const char *text, const char **protocol,
                     bool *may_be_inside, struct err *err)
{
    CURLU *url = curl_url();
    int rc;

    if (!url)
        return err_memory(err);
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        rc = err_set(err, ERR_INVALID, "the webhook's address is no URL");
    else
        rc = check_parts(w, url, protocol, may_be_inside, err);
    curl_url_cleanup(url);
    return rc;
}

/* Of id.timestamp.body. */
static void sign(const struct webhook *w, const struct message *m, char out[SIGNATURE_SIZE])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char head[sizeof m->key + 32];
    int length = snprintf(head, sizeof head, "%s.%lld.", m->key, (long long)m->at);

    crypto_auth_hmacsha256_init(&state, w->secret, w->secret_length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (unsigned long long)length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)personal_reveal(&m->json),
                                  m->json.length);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(out, SIGNATURE_SIZE, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

static int add_headers(const struct webhook *w, const struct message *m, struct post *post,
                       struct err *err)
{
    char signature[SIGNATURE_SIZE];
    char lines[3][HEADER_SIZE];
    const char *const all[] = {
        lines[0], lines[1], lines[2], "Content-Type: application/json", "Accept: application/json",
        "Expect:"};

    sign(w, m, signature);
    snprintf(lines[0], sizeof lines[0], "webhook-id: %s", m->key);
    snprintf(lines[1], sizeof lines[1], "webhook-timestamp: %lld", (long long)m->at);
    snprintf(lines[2], sizeof lines[2], "webhook-signature: v1,%s", signature);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        struct curl_slist *longer = curl_slist_append(post->headers, all[i]);

        if (!longer)
            return err_memory(err);
        post->headers = longer;
    }
    return 0;
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

/* What is longer than an answer can be ends the transfer; its status counts. */
static size_t take_answer(char *data, size_t size, size_t count, void *user)
{
    struct post *post = user;

    buf_add(&post->answer, data, size * count);
    return post->answer.failed ? 0 : size * count;
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
    const char *url = personal_reveal(&message->to_address);
    const char *protocol = NULL;
    struct post *post = calloc(1, sizeof *post);
    CURL *c = NULL;

    if (!post)
        return err_memory(err);
    buf_init(&post->answer, ANSWER_BYTES_MAX);
    if (check_url(w, url, &protocol, &post->may_be_inside, err) < 0 ||
        add_headers(w, message, post, err) < 0)
        goto fail;
    c = transfer_new(url, protocol, w->ca_file, w->timeout, err);
    if (!c)
        goto fail;
    if (curl_easy_setopt(c, CURLOPT_USERAGENT, "encompass/" ENCOMPASS_VERSION) != CURLE_OK) {
        curl_easy_cleanup(c);
        err_memory(err);
        goto fail;
    }
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, personal_reveal(&message->json));
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->json.length);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, post);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, post);
    *transfer = c;
    *work = post;
    return 0;
fail:
    post_free(post);
    return -1;
}

/* An answer that cannot be read is none: the notice is taken over all the same. */
static void read_answer(const struct post *post, struct outcome *outcome)
{
    cJSON *json = cJSON_ParseWithLength(buf_text(&post->answer), post->answer.length);
    const cJSON *by = cJSON_GetObjectItemCaseSensitive(json, "answered_by");
    struct err ignored;

    if (cJSON_IsString(by) && *by->valuestring && strlen(by->valuestring) <= ANSWERED_BY_MAX &&
        personal_set_text(&outcome->answered_by, by->valuestring, &ignored) < 0)
        personal_release(&outcome->answered_by);
    outcome->not_our_pupil = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "not_our_pupil"));
    cJSON_Delete(json);
}

static enum verdict judge_status(CURL *transfer, const struct post *post, long status,
                                 struct outcome *outcome)
{
    curl_off_t wait = 0;

    if (status / 100 == 2) {
        read_answer(post, outcome);
        return VERDICT_SENT;
    }
    if (status == 409)
        return VERDICT_SENT;
    if (status == 410)
        outcome->contact_ends = true;
    if (status == 429 || status / 100 == 5) {
        curl_easy_getinfo(transfer, CURLINFO_RETRY_AFTER, &wait);
        if (wait > 0)
            outcome->retry_after = wait > 86400 ? 86400 : (int)wait;
        return VERDICT_LATER;
    }
    return VERDICT_NEVER;
}

static enum verdict webhook_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                  struct outcome *outcome)
{
    struct post *post = work;
    enum verdict verdict;
    long status = 0;

    (void)self;
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    outcome->code = (int)status;
    if (status >= 200) {
        verdict = judge_status(transfer, post, status, outcome);
        snprintf(outcome->detail, sizeof outcome->detail, "status %ld", status);
    } else if (post->refused) {
        verdict = VERDICT_NEVER;
        snprintf(outcome->detail, sizeof outcome->detail, "an address inside our network");
    } else {
        /* A certificate that is wrong is one receiver's trouble; a file of ours that is, everyone's. */
        verdict = how == CURLE_SSL_CACERT_BADFILE ? VERDICT_BROKEN : VERDICT_LATER;
        snprintf(outcome->detail, sizeof outcome->detail, "connection: %s",
                 curl_easy_strerror(how));
    }
    curl_easy_cleanup(transfer);
    post_free(post);
    return verdict;
}

const struct adapter webhook_adapter = {
    .name = "webhook",
    .section = "adapter \"webhook\"",
    .keys = keys,
    .open = webhook_open,
    .start = webhook_start,
    .judge = webhook_judge,
    .close = webhook_close,
};
