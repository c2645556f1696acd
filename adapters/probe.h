/* adapters/probe.h - a place that an adapter connects to, tried as a message would go there, and without
 * sending one: name, connection, TLS, certificates, login. For `encompass check --online`.
 *
 * What it says is words of ours, codes, and what curl says of TLS: nothing of the far side's free text,
 * and of an address its host and port alone.
 */
#ifndef ADAPTERS_PROBE_H
#define ADAPTERS_PROBE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum { PROBE_SUBJECT_SIZE = 128, PROBE_AT_SIZE = 300, PROBE_WHAT_SIZE = 320 };

enum probed {
    PROBED_FINE,
    PROBED_BEARABLE, /* not as it should be, and yet whoever is to be told is told */
    PROBED_WRONG,
};

struct probe {
    char subject[PROBE_SUBJECT_SIZE]; /* the setting: [mail "academies"] server */
    char at[PROBE_AT_SIZE];           /* host:port */
    const void *place;                /* the adapter's own */
    const char *address;              /* a contact's, borrowed; NULL: the configuration's place */
    long most_seconds;

    bool connected; /* probe_perform's own */

    /* Once it has been tried. */
    enum probed how;
    char what[PROBE_WHAT_SIZE]; /* what went well, or what did not */
    const char *todo;           /* a literal; "" nothing */
    int64_t ms;
};

/* host:port of a URL whose own port may be its protocol's; "" when it is none. */
void probe_at(const char *url, char out[PROBE_AT_SIZE]);

/* Performs it within most_seconds. p and error last as long as the transfer. */
CURLcode probe_perform(struct probe *p, CURL *transfer, char error[CURL_ERROR_SIZE]);

/* A connection that failed, in words, and what to do about it. prefix: "" or "token: ". */
void probe_connection(struct probe *p, CURL *transfer, CURLcode how, const char *error,
                      const char *prefix);

void probe_says(struct probe *p, enum probed how, const char *todo, const char *fmt, ...)
    PRINTF(4, 5);

#endif
