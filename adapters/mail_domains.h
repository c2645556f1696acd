/* adapters/mail_domains.h - what is asked of the way to a recipient's domain.
 *
 *   [mail "academies"]
 *   domains = academy.example, *.academy.example     (* alone: every domain without a section)
 *   tls = require-verified
 *   server = mx.academy.example                      (absent: by [adapter "email"] host)
 *
 * Who reads a mail on its way depends on every hop. With `server` the hop to the domain is ours, and
 * so is the proof. By a relay it is the relay's: TLS to the relay says nothing of the hop after it, and
 * the one way to ask for more with the mail itself, REQUIRETLS (RFC 8689), is one that libcurl 7.88
 * cannot say and hardly a relay offers. So a relay keeps a policy only if whoever runs it has set it up
 * to (a transport rule, a TLS policy map, DANE after RFC 7672, MTA-STS after RFC 8461), which
 * [adapter "email"] relay_tls declares; what a relay is not known to keep is refused at the start.
 *
 *                     with a server of its own                  by the relay
 *   relay             (cannot be)                               as the relay does
 *   require           encrypted; whose server it is is not      whole if relay_tls is require or
 *                     proven: against listeners alone           require-verified; else refused
 *   require-verified  the certificate is for that server        whole if relay_tls is require-verified;
 *                                                               else refused
 *   minimal           whole when verified; else a message       whole if relay_tls is
 *                     without names, encrypted if it can be     require-verified; else without names
 *
 * What `require` and `require-verified` ask for and does not come waits, and by its deadline the next
 * contact is told. A server whose TLS has failed under `minimal` is not tried again for an hour.
 */
#ifndef ADAPTERS_MAIL_DOMAINS_H
#define ADAPTERS_MAIL_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

#define MAIL_FAMILY "mail \"*\""
extern const struct config_key mail_domain_keys[];

enum mail_tls { MAIL_TLS_RELAY, MAIL_TLS_REQUIRE, MAIL_TLS_VERIFIED, MAIL_TLS_MINIMAL };

/* How far a server's TLS failed, under minimal. */
enum mail_worse { MAIL_FINE, MAIL_UNVERIFIED, MAIL_CLEAR };

struct mail_domain {
    const char *section;
    const char *domains; /* commas between */
    enum mail_tls tls;
    const char *server; /* NULL: the relay */
    int64_t port;
    const char *ca_file;
    enum mail_worse worse;
    int64_t until_ms; /* of worse; clock_monotonic_ms */
};

struct mail_domains {
    struct mail_domain *list;
    size_t count;
};

/* conf is borrowed. What was opened is for mail_domains_close, on failure too. ERR_CONFIG names file
 * and line. relay_tls, minimal_link: of the adapter; minimal_link may be NULL. */
int mail_domains_open(struct mail_domains *d, const struct config *conf, enum mail_tls relay_tls,
                      const char *minimal_link, struct err *err) MUST_CHECK;
void mail_domains_close(struct mail_domains *d);

/* What the section with the longest pattern that fits says: a name before its "*.parent" before "*".
 * NULL: none. */
struct mail_domain *mail_domains_find(const struct mail_domains *d, const char *domain);

/* Whether names may not travel there at this moment. */
bool mail_domain_is_minimal(const struct mail_domain *d, enum mail_tls relay_tls, int64_t now_ms);

/* TLS was not to be had there: handshake says that even the attempt ended the connection. */
void mail_domain_tls_failed(struct mail_domain *d, bool handshake, int64_t now_ms);

bool mail_host_is_plain(const char *text);

#endif
