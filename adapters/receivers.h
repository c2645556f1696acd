/* adapters/receivers.h - what the configuration says of single receivers of webhooks.
 *
 *   [receiver "plymouth"]
 *   host = mis.plymouth.example
 *
 * Whoever has no section of its own is posted to as [adapter "webhook"] says.
 */
#ifndef ADAPTERS_RECEIVERS_H
#define ADAPTERS_RECEIVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "adapters/oauth.h"
#include "base/config.h"

#define RECEIVER_FAMILY "receiver \"*\""
extern const struct config_key receiver_keys[];

enum { SECRET_LEAST = 24, SECRET_MOST = 64 };

/* What posts are signed with; length 0: none of its own. */
struct signing_secret {
    unsigned char bytes[SECRET_MOST];
    size_t length;
};

struct receiver {
    const char *section;
    const char *host; /* as URLs have it: an IPv6 address in brackets */
    struct signing_secret secret;
    const char *ca_file;          /* NULL: the adapter's */
    const char *certificate_file; /* ours for it, with key_file; NULL none */
    const char *key_file;
    bool inside;         /* it may have an address inside our own network */
    struct oauth *oauth; /* NULL: none */
};

struct receivers {
    struct receiver *list;
    size_t count;
};

/* conf is borrowed. ca_file: the adapter's, for those without their own. What was opened is for
 * receivers_close, on failure too. */
int receivers_open(struct receivers *r, const struct config *conf, const char *ca_file,
                   struct err *err) MUST_CHECK;
void receivers_close(struct receivers *r);

/* NULL: that host has no section. */
const struct receiver *receivers_find(const struct receivers *r, const char *host);

/* whsec_ and 24 to 64 bytes in Base64. 1; 0 the key is absent; -1. */
int signing_secret_read(const struct config *conf, const char *section, const char *key,
                        struct signing_secret *out, struct err *err) MUST_CHECK;

#endif
