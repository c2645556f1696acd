/* adapters/transfer.h - what all curl transfers of ours have in common. */
#ifndef ADAPTERS_TRANSFER_H
#define ADAPTERS_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"

/* A handle with TLS 1.2 or later checked against ca_file (NULL: the system's), a limit on the whole
 * and on connecting, no proxy from the environment, no signals, one protocol ("smtp", "https", …)
 * and nothing written to standard output. NULL: out of memory. */
CURL *transfer_new(const char *url, const char *protocol, const char *ca_file, long timeout_seconds,
                   struct err *err) MUST_CHECK;

/* The same with a handle that was used before, and the connections that it keeps; NULL: a new one. It
 * is gone on failure. */
CURL *transfer_again(CURL *kept, const char *url, const char *protocol, const char *ca_file,
                     long timeout_seconds, struct err *err) MUST_CHECK;

/* The same for HTTP, with a limit in milliseconds: the body goes to answer and no further than its
 * ceiling, the head is bounded too, and where one is longer the transfer ends and its status counts;
 * redirects are not followed. */
CURL *transfer_new_http(const char *url, const char *protocol, const char *ca_file, long timeout_ms,
                        struct buf *answer, struct err *err) MUST_CHECK;

/* Makes it a POST of a body that lasts as long. curl itself sends a request anew when a connection that
 * it had kept ends without an answer, though the request may have been taken: a body that it cannot
 * wind back it does not send twice (CURLE_SEND_FAIL_REWIND). */
struct transfer_body {
    const char *data;
    size_t length, given;
};
void transfer_post(CURL *transfer, struct transfer_body *body);

/* A certificate of our own and its key; NULL for both: none. */
int transfer_set_certificate(CURL *transfer, const char *certificate_file, const char *key_file,
                             struct err *err) MUST_CHECK;

/* Adds a line to the headers that a transfer sends. */
int transfer_add_header(struct curl_slist **headers, struct err *err, const char *fmt,
                        ...) MUST_CHECK PRINTF(3, 4);

/* What Retry-After asks for, at most a day; -1 nothing. */
int transfer_retry_after(CURL *transfer);

/* "https"; "http" where the host is this machine; NULL for what is neither, or has a login in it. */
const char *transfer_protocol_of(const char *url);

/* localhost, 127.0.0.0/8 or ::1, as a name or in numbers; a name is not resolved. */
bool transfer_host_is_loopback(const char *host);

/* Addresses that lie inside somebody's network, or nowhere: not those of a school on the internet
 * (IANA's special-purpose registries, RFC 6890). What is neither IPv4 nor IPv6 is inside. */
bool transfer_address_is_inside(const struct sockaddr *address);

/* Which of a host's addresses a transfer may connect to: those inside only where it is said so. A name
 * can have both, and one outside that does not answer today may answer tomorrow. */
struct transfer_guard { /* all zero: none inside */
    bool may_be_inside;
    bool refused, tried; /* one inside; one that it may connect to */
};
void transfer_set_guard(CURL *transfer, struct transfer_guard *guard); /* which lasts as long */
/* curl_opensocket_callback; guard: a transfer_guard. */
curl_socket_t transfer_open_socket(void *guard, curlsocktype purpose,
                                   struct curl_sockaddr *address);
/* It had addresses inside, and no other. */
bool transfer_is_inside_only(const struct transfer_guard *guard);

#endif
