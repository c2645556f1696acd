/* Web servers tried, and nothing posted: connection, TLS, our certificate; a token. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/webhook_way.h"

enum { REFUSAL_MS = 1000 }; /* a round trip and more */

int webhook_place(void *self, size_t n, struct probe *out)
{
    const struct webhook *w = self;

    for (size_t i = 0; i < w->receivers.count; i++) {
        const struct receiver *r = &w->receivers.list[i];

        if (!r->oauth || n-- > 0)
            continue;
        snprintf(out->subject, sizeof out->subject, "[%s] token_url", r->section);
        probe_at(oauth_url(r->oauth), out->at);
        out->place = r;
        return 1;
    }
    return 0;
}

static void probe_token(struct probe *p)
{
    struct oauth *oauth = ((const struct receiver *)p->place)->oauth;
    struct outcome outcome = {.code = 0};
    char error[CURL_ERROR_SIZE];
    struct buf answer;
    struct err err;
    CURL *c;
    CURLcode how;

    buf_init(&answer, WEBHOOK_ANSWER_MAX);
    c = oauth_fetch(oauth, &answer, p->most_seconds * 1000, &err);
    if (!c) {
        probe_says(p, PROBED_WRONG, "try again", "%s", err.text);
        return;
    }
    how = probe_perform(p, c, error);
    if (oauth_take(oauth, c, how, &answer)) {
        probe_says(p, PROBED_FINE, "", "a token was given");
    } else if (oauth_judge(c, how, &answer, &outcome), outcome.code >= 200) {
        probe_says(p, PROBED_WRONG, "mend token_url, client_id, client_secret_file or client_auth",
                   "%s", outcome.detail);
    } else {
        probe_connection(p, c, how, error, "token: ");
    }
    curl_easy_cleanup(c);
    buf_release(&answer);
}

/* TLS 1.3 ends its handshake before the server has looked at our certificate, or for one: a refusal is
 * what comes first, and else the tickets of a session. true: it was refused, or the server went. */
static bool is_refused_after(CURL *c)
{
    struct pollfd fd = {.events = POLLIN};
    curl_socket_t socket = CURL_SOCKET_BAD;
    char ignored[16];
    size_t n = 0;
    CURLcode how;

    curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &socket);
    fd.fd = socket;
    if (socket == CURL_SOCKET_BAD || poll(&fd, 1, REFUSAL_MS) <= 0)
        return false;
    how = curl_easy_recv(c, ignored, sizeof ignored, &n);
    return how != CURLE_AGAIN && !(how == CURLE_OK && n > 0);
}

static void probe_receiver(const struct webhook *w, struct probe *p)
{
    struct webhook_way way;
    struct buf answer;
    char error[CURL_ERROR_SIZE];
    bool certified;
    struct err err;
    CURLcode how;
    CURL *c = NULL;

    buf_init(&answer, WEBHOOK_ANSWER_MAX);
    snprintf(p->subject, sizeof p->subject, "[%s]", webhook_adapter.section);
    if (webhook_way_find(w, p->address, &way, &err) == 0)
        c = webhook_connect(w, &way, p->address, p->most_seconds * 1000, &answer, &err);
    if (!c) {
        probe_says(p, PROBED_WRONG, "mend the contact's address", "%s", err.text);
        goto out;
    }
    if (way.receiver)
        snprintf(p->subject, sizeof p->subject, "[%s] host", way.receiver->section);
    certified = way.receiver && way.receiver->certificate_file;
    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
    how = probe_perform(p, c, error);
    if (transfer_is_inside_only(&way.guard))
        probe_says(p, PROBED_WRONG,
                   "if that is meant: allow_hosts, or inside = yes in the receiver's section",
                   "it has an address inside our network");
    else if (how != CURLE_OK)
        probe_connection(p, c, how, error, "");
    else if (is_refused_after(c))
        probe_says(p, PROBED_WRONG,
                   certified ? "have certificate_file accepted there, or get the right one"
                             : "give the receiver's section certificate_file and key_file",
                   certified ? "TLS: our certificate was refused"
                             : "TLS: it wants a certificate of ours");
    else
        probe_says(p, PROBED_FINE, "", "%s%s",
                   strcmp(way.protocol, "https") == 0 ? "TLS verified" : "connected, unencrypted",
                   certified ? ", our certificate not refused" : "");
    curl_easy_cleanup(c);
out:
    buf_release(&answer);
}

void webhook_probe(void *self, struct probe *p)
{
    if (p->place)
        probe_token(p);
    else
        probe_receiver(self, p);
}
