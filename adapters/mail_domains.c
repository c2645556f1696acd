#include "adapters/mail_domains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORSE_MS = 3600 * 1000, DOMAIN_SIZE = 256 };

const struct config_key mail_domain_keys[] = {
    {.name = "domains",
     .kind = CONFIG_TEXT,
     .help = "recipients' domains, commas between; *.example for those below, * for all others"},
    {.name = "tls",
     .kind = CONFIG_CHOICE,
     .otherwise = "relay",
     .choices = "relay|require|require-verified|minimal",
     .help = "what is asked of the way there"},
    {.name = "server",
     .kind = CONFIG_TEXT,
     .help = "their mail server, to hand over to without the relay"},
    {.name = "port",
     .kind = CONFIG_INT,
     .otherwise = "25",
     .least = 1,
     .most = 65535,
     .help = "the server's port"},
    {.name = "ca_file",
     .kind = CONFIG_PATH,
     .help = "who may vouch for the server; the system's authorities unless given"},
    {.name = NULL},
};

bool mail_host_is_plain(const char *text)
{
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789.-:[]")] == '\0';
}

/* The next of a list; *rest is what follows. false: no more. An empty one is "". */
static bool next_domain(const char **rest, char out[DOMAIN_SIZE])
{
    size_t n;

    if (!*rest)
        return false;
    *rest += strspn(*rest, " \t");
    n = strcspn(*rest, ",");
    snprintf(out, DOMAIN_SIZE, "%.*s", (int)n, *rest);
    *rest = (*rest)[n] == ',' ? *rest + n + 1 : NULL;
    for (n = strlen(out); n > 0 && strchr(" \t", out[n - 1]); n--)
        out[n - 1] = '\0';
    return true;
}

static bool is_pattern(const char *text)
{
    const char *name = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

    return strcmp(text, "*") == 0 ||
           (*name && name[0] != '.' && name[strlen(name) - 1] != '.' &&
            name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789.-")] == '\0');
}

/* How much of the domain a pattern names, and one more where it is all; 0: it does not fit. */
static size_t fits(const char *pattern, const char *domain)
{
    size_t n = strlen(domain), tail;

    if (strcmp(pattern, "*") == 0)
        return 1;
    if (strcasecmp(pattern, domain) == 0)
        return n + 2;
    if (strncmp(pattern, "*.", 2) != 0)
        return 0;
    tail = strlen(pattern) - 1; /* with its dot */
    return n > tail && strcasecmp(domain + n - tail, pattern + 1) == 0 ? tail + 1 : 0;
}

struct mail_domain *mail_domains_find(const struct mail_domains *d, const char *domain)
{
    struct mail_domain *found = NULL;
    size_t best = 0;

    for (size_t i = 0; i < d->count; i++) {
        const char *rest = d->list[i].domains;
        char pattern[DOMAIN_SIZE];

        while (next_domain(&rest, pattern)) {
            size_t fit = fits(pattern, domain);

            if (fit > best) {
                best = fit;
                found = &d->list[i];
            }
        }
    }
    return found;
}

static bool has_pattern(const struct mail_domains *d, size_t sections, const char *wanted)
{
    for (size_t i = 0; i < sections; i++) {
        const char *rest = d->list[i].domains;
        char pattern[DOMAIN_SIZE];

        while (next_domain(&rest, pattern)) {
            if (strcasecmp(pattern, wanted) == 0)
                return true;
        }
    }
    return false;
}

static int check_domains(const struct mail_domains *all, const struct config *conf,
                         const struct mail_domain *d, struct err *err)
{
    const char *rest = d->domains;
    char pattern[DOMAIN_SIZE];

    if (!rest)
        return config_wrong(conf, d->section, "domains", "is missing", err);
    while (next_domain(&rest, pattern)) {
        if (!is_pattern(pattern))
            return config_wrong(conf, d->section, "domains",
                                "holds what is neither a domain, *.domain nor *", err);
        if (has_pattern(all, (size_t)(d - all->list), pattern))
            return config_wrong(conf, d->section, "domains",
                                "holds a domain that another section has", err);
    }
    return 0;
}

/* Connections to one server are kept for all that goes there, so it is held to one policy. */
static int check_server(const struct mail_domains *all, const struct config *conf,
                        const struct mail_domain *d, struct err *err)
{
    if (!mail_host_is_plain(d->server))
        return config_wrong(conf, d->section, "server", "is no host name", err);
    if (d->tls == MAIL_TLS_RELAY)
        return config_wrong(conf, d->section, "server",
                            "needs tls = require, require-verified or minimal", err);
    for (const struct mail_domain *other = all->list; other < d; other++) {
        if (other->server && strcasecmp(other->server, d->server) == 0 && other->port == d->port)
            return config_wrong(conf, d->section, "server",
                                "has a section already: give it these domains too", err);
    }
    return 0;
}

static int read_domain(struct mail_domains *all, const struct config *conf, const char *section,
                       enum mail_tls relay_tls, const char *minimal_link, struct err *err)
{
    static const char *const words[] = {"relay", "require", "require-verified", "minimal"};
    struct mail_domain *d = &all->list[all->count];
    const char *tls = config_text(conf, section, "tls");

    *d = (struct mail_domain){.section = section,
                              .domains = config_text(conf, section, "domains"),
                              .server = config_text(conf, section, "server"),
                              .port = config_int(conf, section, "port"),
                              .ca_file = config_text(conf, section, "ca_file")};
    while (strcmp(words[d->tls], tls) != 0)
        d->tls++;
    if (check_domains(all, conf, d, err) < 0 || (d->server && check_server(all, conf, d, err) < 0))
        return -1;
    if (!d->server && (d->tls == MAIL_TLS_REQUIRE || d->tls == MAIL_TLS_VERIFIED) &&
        relay_tls < d->tls)
        return config_wrong(conf, section, "tls",
                            "is more than the relay is known to keep ([adapter \"email\"] "
                            "relay_tls): give a server, or minimal",
                            err);
    if (d->tls == MAIL_TLS_MINIMAL && !minimal_link)
        return config_wrong(conf, section, "tls", "needs [adapter \"email\"] minimal_link", err);
    all->count++;
    return 0;
}

int mail_domains_open(struct mail_domains *d, const struct config *conf, enum mail_tls relay_tls,
                      const char *minimal_link, struct err *err)
{
    const char *section;
    size_t n = 0;

    *d = (struct mail_domains){.list = NULL};
    while (config_nth(conf, MAIL_FAMILY, n))
        n++;
    d->list = calloc(n + 1, sizeof *d->list);
    if (!d->list)
        return err_memory(err);
    for (size_t i = 0; (section = config_nth(conf, MAIL_FAMILY, i)); i++) {
        if (read_domain(d, conf, section, relay_tls, minimal_link, err) < 0)
            return -1;
    }
    return 0;
}

void mail_domains_close(struct mail_domains *d)
{
    free(d->list);
    *d = (struct mail_domains){.list = NULL};
}

bool mail_domain_is_minimal(const struct mail_domain *d, enum mail_tls relay_tls, int64_t now_ms)
{
    if (!d || d->tls != MAIL_TLS_MINIMAL)
        return false;
    return d->server ? d->worse != MAIL_FINE && now_ms < d->until_ms
                     : relay_tls != MAIL_TLS_VERIFIED;
}

void mail_domain_tls_failed(struct mail_domain *d, bool handshake, int64_t now_ms)
{
    d->worse =
        handshake && d->worse != MAIL_FINE && now_ms < d->until_ms ? MAIL_CLEAR : MAIL_UNVERIFIED;
    d->until_ms = now_ms + WORSE_MS;
}
