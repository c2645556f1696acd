/* adapters/transfer.h - what all curl transfers of ours have in common. */
#ifndef ADAPTERS_TRANSFER_H
#define ADAPTERS_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

/* A handle with TLS 1.2 or later checked against ca_file (NULL: the system's), a limit on the whole
 * and on connecting, no proxy from the environment, no signals, one protocol ("smtp", "https", …)
 * and nothing written to standard output. NULL: out of memory. */
CURL *transfer_new(const char *url, const char *protocol, const char *ca_file, long timeout_seconds,
                   struct err *err) MUST_CHECK;

/* localhost, 127.0.0.0/8 or ::1, as a name or in numbers; a name is not resolved. */
bool transfer_host_is_loopback(const char *host);

/* Addresses that lie inside somebody's network, or nowhere: not those of a school on the internet
 * (IANA's special-purpose registries, RFC 6890). What is neither IPv4 nor IPv6 is inside. */
bool transfer_address_is_inside(const struct sockaddr *address);

#endif
