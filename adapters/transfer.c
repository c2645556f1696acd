#include "adapters/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/personal.h"

enum {
    CONNECT_SECONDS = 15,
    IDLE_SECONDS = 60,
    HEAD_BYTES_MAX = 64 * 1024, /* of one answer: after that what comes is no answer */
    HEADER_BYTES_MAX = 16 * 1024,
    WAIT_SECONDS_MAX = 86400,
};

static size_t swallow(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

CURL *transfer_new(const char *url, const char *protocol, const char *ca_file, long timeout_seconds,
                   struct err *err)
{
    return transfer_again(NULL, url, protocol, ca_file, timeout_seconds, err);
}

CURL *transfer_again(CURL *kept, const char *url, const char *protocol, const char *ca_file,
                     long timeout_seconds, struct err *err)
{
    CURL *c = kept ? kept : curl_easy_init();
    long connecting = timeout_seconds < CONNECT_SECONDS ? timeout_seconds : CONNECT_SECONDS;
    bool ok;

    if (!c) {
        err_memory(err);
        return NULL;
    }
    curl_easy_reset(c);
    ok = curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
         curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocol) == CURLE_OK &&
         curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
         (!ca_file || (curl_easy_setopt(c, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
                       curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK));
    if (!ok) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    /* A transfer that ends while its name is looked up does not wait for the resolver's thread. */
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, timeout_seconds);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, connecting);
    /* Servers shut idle connections; one that may be shut already is not tried again. */
    curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, swallow);
    return c;
}

/* What is longer than an answer can be ends the transfer. */
static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct buf *answer = user;

    buf_add(answer, data, size * count);
    return answer->failed ? 0 : size * count;
}

/* The head's bytes are counted by curl. */
static size_t take_head(char *data, size_t size, size_t count, void *user)
{
    long bytes = 0;

    (void)data;
    curl_easy_getinfo(user, CURLINFO_HEADER_SIZE, &bytes);
    return bytes > HEAD_BYTES_MAX ? 0 : size * count;
}

CURL *transfer_new_http(const char *url, const char *protocol, const char *ca_file, long timeout_ms,
                        struct buf *answer, struct err *err)
{
    CURL *c = transfer_new(url, protocol, ca_file, timeout_ms / 1000 + 1, err);

    if (!c)
        return NULL;
    if (curl_easy_setopt(c, CURLOPT_USERAGENT, "encompass/" ENCOMPASS_VERSION) != CURLE_OK) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms > 0 ? timeout_ms : 1L);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, c);
    return c;
}

static size_t give_body(char *data, size_t size, size_t count, void *user)
{
    struct transfer_body *body = user;
    size_t left = body->length - body->given;
    size_t n = size * count < left ? size * count : left;

    memcpy(data, body->data + body->given, n);
    body->given += n;
    return n;
}

void transfer_post(CURL *transfer, struct transfer_body *body)
{
    body->given = 0;
    curl_easy_setopt(transfer, CURLOPT_POST, 1L);
    curl_easy_setopt(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->length);
    curl_easy_setopt(transfer, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(transfer, CURLOPT_READDATA, body);
}

int transfer_set_certificate(CURL *transfer, const char *certificate_file, const char *key_file,
                             struct err *err)
{
    if (!certificate_file)
        return 0;
    return curl_easy_setopt(transfer, CURLOPT_SSLCERT, certificate_file) == CURLE_OK &&
                   curl_easy_setopt(transfer, CURLOPT_SSLKEY, key_file) == CURLE_OK
               ? 0
               : err_memory(err);
}

int transfer_add_header(struct curl_slist **headers, struct err *err, const char *fmt, ...)
{
    struct curl_slist *longer = NULL;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n >= 0 && n < HEADER_BYTES_MAX) {
        char *text = malloc((size_t)n + 1);

        va_start(args, fmt);
        if (text && vsnprintf(text, (size_t)n + 1, fmt, args) == n)
            longer = curl_slist_append(*headers, text);
        va_end(args);
        if (text)
            personal_wipe(text, (size_t)n);
        free(text);
    }
    if (!longer)
        return err_memory(err);
    *headers = longer;
    return 0;
}

int transfer_retry_after(CURL *transfer)
{
    curl_off_t wait = 0;

    curl_easy_getinfo(transfer, CURLINFO_RETRY_AFTER, &wait);
    if (wait <= 0)
        return -1;
    return wait > WAIT_SECONDS_MAX ? WAIT_SECONDS_MAX : (int)wait;
}

static const char *protocol_of(CURLU *parts)
{
    char *scheme = NULL, *host = NULL, *user = NULL;
    const char *protocol = NULL;

    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER)
        protocol = strcmp(scheme, "https") == 0                                     ? "https"
                   : strcmp(scheme, "http") == 0 && transfer_host_is_loopback(host) ? "http"
                                                                                    : NULL;
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return protocol;
}

const char *transfer_protocol_of(const char *url)
{
    CURLU *parts = curl_url();
    const char *protocol = NULL;

    if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
        protocol = protocol_of(parts);
    curl_url_cleanup(parts);
    return protocol;
}

static bool in4(uint32_t address, uint32_t net, int bits)
{
    return ((address ^ net) >> (32 - bits)) == 0;
}

static bool is_inside4(uint32_t a)
{
    static const struct {
        uint32_t net;
        int bits;
    } inside[] = {
        {0x00000000, 8},  /* this network */
        {0x0a000000, 8},  /* private */
        {0x64400000, 10}, /* shared, behind a carrier's NAT */
        {0x7f000000, 8},  /* loopback */
        {0xa9fe0000, 16}, /* link-local: a cloud's own services */
        {0xac100000, 12}, /* private */
        {0xc0000000, 24}, /* protocol assignments */
        {0xc0000200, 24}, /* documentation */
        {0xc0586300, 24}, /* relays of 6to4, no longer in use */
        {0xc0a80000, 16}, /* private */
        {0xc6120000, 15}, /* benchmarks */
        {0xc6336400, 24}, /* documentation */
        {0xcb007100, 24}, /* documentation */
        {0xe0000000, 3},  /* multicast, reserved, broadcast */
    };

    for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
        if (in4(a, inside[i].net, inside[i].bits))
            return true;
    }
    return false;
}

static uint32_t last_word(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Outside is 2000::/3 alone, without its tunnels (6to4, Teredo: an IPv4 address inside) and
 * documentation; a mapped or translated IPv4 address is what that address is. */
static bool is_inside6(const uint8_t *b)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

    if (memcmp(b, mapped, sizeof mapped) == 0 || memcmp(b, nat64, sizeof nat64) == 0)
        return is_inside4(last_word(b + 12));
    if ((b[0] & 0xe0) != 0x20)
        return true;
    if (b[0] == 0x20 && b[1] == 0x02)
        return true;
    if (b[0] == 0x3f && b[1] == 0xff && b[2] < 0x10) /* 3fff::/20, documentation (RFC 9637) */
        return true;
    return b[0] == 0x20 && b[1] == 0x01 &&
           (b[2] < 0x02 || (b[2] == 0x0d && b[3] == 0xb8)); /* 2001::/23, 2001:db8::/32 */
}

bool transfer_address_is_inside(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof in);
        return is_inside4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, address, sizeof in);
        return is_inside6(in.sin6_addr.s6_addr);
    }
    return true;
}

curl_socket_t transfer_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer_guard *guard = user;

    (void)purpose;
    if (!guard->may_be_inside && transfer_address_is_inside(&address->addr)) {
        guard->refused = true;
        return CURL_SOCKET_BAD;
    }
    guard->tried = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void transfer_set_guard(CURL *transfer, struct transfer_guard *guard)
{
    curl_easy_setopt(transfer, CURLOPT_OPENSOCKETFUNCTION, transfer_open_socket);
    curl_easy_setopt(transfer, CURLOPT_OPENSOCKETDATA, guard);
}

bool transfer_is_inside_only(const struct transfer_guard *guard)
{
    return guard->refused && !guard->tried;
}

bool transfer_host_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char bare[64];
    size_t length = strlen(host);

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return in4(ntohl(four.s_addr), 0x7f000000, 8);
    if (host[0] == '[' && length >= 2 && length < sizeof bare) {
        memcpy(bare, host + 1, length - 2);
        bare[length - 2] = '\0';
        host = bare;
    }
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}
