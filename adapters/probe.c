#include "adapters/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void probe_says(struct probe *p, enum probed how, const char *todo, const char *fmt, ...)
{
    va_list args;

    p->how = how;
    p->todo = todo;
    va_start(args, fmt);
    vsnprintf(p->what, sizeof p->what, fmt, args);
    va_end(args);
}

void probe_at(const char *url, char out[PROBE_AT_SIZE])
{
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;

    out[0] = '\0';
    if (parts && curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        snprintf(out, PROBE_AT_SIZE, "%s:%s", host, port);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
}

/* curl counts TLS to the connecting; whether there was a connection the socket knows. */
static int shut(void *user, curl_socket_t socket)
{
    struct probe *p = user;
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;

    if (getpeername(socket, (struct sockaddr *)&peer, &length) == 0)
        p->connected = true;
    return close(socket);
}

CURLcode probe_perform(struct probe *p, CURL *transfer, char error[CURL_ERROR_SIZE])
{
    p->connected = false;
    curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETFUNCTION, shut);
    curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETDATA, p);
    error[0] = '\0';
    curl_easy_setopt(transfer, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(transfer, CURLOPT_TIMEOUT_MS, p->most_seconds * 1000);
    curl_easy_setopt(transfer, CURLOPT_CONNECTTIMEOUT_MS, p->most_seconds * 1000);
    return curl_easy_perform(transfer);
}

static void say_certificate(struct probe *p, const char *error, const char *prefix)
{
    if (strstr(error, "expired"))
        probe_says(p, PROBED_WRONG, "have it renewed, or mend this machine's clock",
                   "%sTLS: its certificate has run out", prefix);
    else if (strstr(error, "not yet valid"))
        probe_says(p, PROBED_WRONG,
                   "mend this machine's clock, or have the certificate issued anew",
                   "%sTLS: its certificate is not valid yet", prefix);
    else if (strstr(error, "subject name") || strstr(error, "host name"))
        probe_says(p, PROBED_WRONG,
                   "give the name that the certificate bears, or have one issued for this name",
                   "%sTLS: its certificate is for another name", prefix);
    else
        probe_says(p, PROBED_WRONG, "give in ca_file the authority that issued its certificate",
                   "%sTLS: nobody known vouches for its certificate", prefix);
}

/* Where it was when time was up. */
static void silent(struct probe *p, CURL *transfer, const char *prefix)
{
    curl_off_t named = 0;

    curl_easy_getinfo(transfer, CURLINFO_NAMELOOKUP_TIME_T, &named);
    if (named == 0)
        probe_says(p, PROBED_WRONG, "mend this machine's name server",
                   "%sthe name was not looked up within %ld s", prefix, p->most_seconds);
    else if (!p->connected)
        probe_says(p, PROBED_WRONG, "let it through the firewall, or mend host and port",
                   "%sno connection within %ld s", prefix, p->most_seconds);
    else
        probe_says(p, PROBED_WRONG,
                   "ask whoever runs it: it takes the connection and does not answer",
                   "%sconnected, and no answer within %ld s", prefix, p->most_seconds);
}

void probe_connection(struct probe *p, CURL *transfer, CURLcode how, const char *error,
                      const char *prefix)
{
    const char *said = error[0] ? error : curl_easy_strerror(how);
    long code = 0;

    switch (how) {
    case CURLE_COULDNT_RESOLVE_HOST:
        probe_says(p, PROBED_WRONG, "mend the name, or this machine's name server",
                   "%sno such name", prefix);
        break;
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(transfer, CURLINFO_OS_ERRNO, &code);
        probe_says(p, PROBED_WRONG, "start it, let it through the firewall, or mend host and port",
                   "%sno connection: %s", prefix,
                   code > 0 ? strerror((int)code) : curl_easy_strerror(how));
        break;
    case CURLE_OPERATION_TIMEDOUT:
        silent(p, transfer, prefix);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        say_certificate(p, error, prefix);
        break;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        probe_says(p, PROBED_WRONG, "mend ca_file, certificate_file or key_file", "%sTLS: %s",
                   prefix, said);
        break;
    case CURLE_SSL_CONNECT_ERROR:
        probe_says(p, PROBED_WRONG,
                   "compare port and tls with what it offers; it may want a certificate of ours",
                   "%sTLS: %s", prefix, said);
        break;
    default:
        probe_says(p, PROBED_WRONG, "ask whoever runs it", "%sthe connection ended: %s", prefix,
                   curl_easy_strerror(how));
    }
}
