/* adapters/webhook_way.h - what the webhook adapter is told in encompass.conf, and whom an address leads to.
 *
 * An address comes from an import, so it may point anywhere: not at us, nor into the network that
 * we stand in, unless the configuration says so; asked of the address that is connected to, whatever
 * a name resolved to before. Redirects are not followed for the same reason.
 */
#ifndef ADAPTERS_WEBHOOK_WAY_H
#define ADAPTERS_WEBHOOK_WAY_H

#include <curl/curl.h>

#include "adapters/probe.h"
#include "adapters/receivers.h"
#include "adapters/transfer.h"
#include "base/buf.h"

enum { WEBHOOK_ANSWER_MAX = 16 * 1024 };

struct webhook {
    struct signing_secret secret;
    struct receivers receivers;
    const char *ca_file;
    bool allow_loopback;
    const char *allow_hosts;
    long timeout;
};

struct webhook_way {
    const struct receiver *receiver; /* NULL: it has no section of its own */
    const char *protocol;
    struct transfer_guard guard;
};

/* -1 with ERR_INVALID: this address is none that we post to. */
int webhook_way_find(const struct webhook *w, const char *address, struct webhook_way *out,
                     struct err *err) MUST_CHECK;

/* A transfer to it; way and answer last as long. NULL: see err. */
CURL *webhook_connect(const struct webhook *w, struct webhook_way *way, const char *address,
                      long timeout_ms, struct buf *answer, struct err *err) MUST_CHECK;

/* For struct adapter; self is a struct webhook. Each receiver's token server is a place of the
 * configuration; where it is posted to, contacts say. */
int webhook_place(void *self, size_t n, struct probe *out);
void webhook_probe(void *self, struct probe *p);

#endif
