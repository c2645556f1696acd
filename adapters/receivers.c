#include "adapters/receivers.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

const struct config_key receiver_keys[] = {
    {.name = "host", .kind = CONFIG_TEXT, .help = "the host of its address, without the port"},
    {.name = "secret_file",
     .kind = CONFIG_SECRET,
     .help = "what posts to it are signed with; the adapter's unless given"},
    {.name = "ca_file",
     .kind = CONFIG_PATH,
     .help = "who may vouch for it and its token server; the adapter's unless given"},
    {.name = "certificate_file",
     .kind = CONFIG_PATH,
     .help = "a certificate of our own (PEM), where it asks for one"},
    {.name = "key_file", .kind = CONFIG_SECRET, .help = "its key (PEM)"},
    {.name = "inside",
     .kind = CONFIG_BOOL,
     .otherwise = "no",
     .help = "it may have an address inside our own network"},
    OAUTH_KEYS,
    {.name = NULL},
};

int signing_secret_read(const struct config *conf, const char *section, const char *key,
                        struct signing_secret *out, struct err *err)
{
    static const char prefix[] = "whsec_";
    struct personal line = {0};
    const char *text;
    int rc = config_secret(conf, section, key, &line, err);

    if (rc <= 0)
        return rc;
    text = personal_reveal(&line);
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 ||
        sodium_base642bin(out->bytes, sizeof out->bytes, text + sizeof prefix - 1,
                          strlen(text + sizeof prefix - 1), NULL, &out->length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        out->length < SECRET_LEAST)
        rc = config_wrong(conf, section, key, "does not hold whsec_ and 24 to 64 bytes in Base64",
                          err);
    personal_release(&line);
    return rc;
}

/* Read here as well as by each transfer, so that a wrong name stops the start and no notice. */
static int read_path(const struct config *conf, const char *section, const char *key,
                     const char **out, struct err *err)
{
    char what[128];

    *out = config_text(conf, section, key);
    if (!*out || access(*out, R_OK) == 0)
        return 0;
    snprintf(what, sizeof what, "cannot be read: %s", strerror(errno));
    return config_wrong(conf, section, key, what, err);
}

static bool is_host(const char *text)
{
    size_t length = strlen(text);

    if (text[0] == '[')
        return length > 3 && length < 64 && text[length - 1] == ']' &&
               strspn(text + 1, "0123456789abcdefABCDEF:.") == length - 2;
    return length > 0 && length <= 253 && text[0] != '.' && text[length - 1] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
               length;
}

static int read_receiver(struct receivers *all, const struct config *conf, const char *section,
                         const char *ca_file, struct err *err)
{
    struct receiver *r = &all->list[all->count];
    const char *host = config_text(conf, section, "host");

    if (!host || !is_host(host))
        return config_wrong(conf, section, "host", "is missing or is no host name", err);
    if (receivers_find(all, host))
        return config_wrong(conf, section, "host", "has a section already", err);
    r->section = section;
    r->host = host;
    all->count++; /* what it opens is closed with it */
    r->inside = config_bool(conf, section, "inside");
    if (read_path(conf, section, "ca_file", &r->ca_file, err) < 0 ||
        read_path(conf, section, "certificate_file", &r->certificate_file, err) < 0 ||
        read_path(conf, section, "key_file", &r->key_file, err) < 0 ||
        signing_secret_read(conf, section, "secret_file", &r->secret, err) < 0)
        return -1;
    if ((r->certificate_file != NULL) != (r->key_file != NULL))
        return config_wrong(conf, section, r->key_file ? "key_file" : "certificate_file",
                            "needs the other: certificate_file and key_file go together", err);
    return oauth_new(conf, section, r->ca_file ? r->ca_file : ca_file, &r->oauth, err);
}

int receivers_open(struct receivers *r, const struct config *conf, const char *ca_file,
                   struct err *err)
{
    const char *section;
    size_t n = 0;

    *r = (struct receivers){.list = NULL};
    while (config_nth(conf, RECEIVER_FAMILY, n))
        n++;
    r->list = calloc(n + 1, sizeof *r->list);
    if (!r->list)
        return err_memory(err);
    for (size_t i = 0; (section = config_nth(conf, RECEIVER_FAMILY, i)); i++) {
        if (read_receiver(r, conf, section, ca_file, err) < 0)
            return -1;
    }
    return 0;
}

void receivers_close(struct receivers *r)
{
    for (size_t i = 0; i < r->count; i++) {
        oauth_free(r->list[i].oauth);
        sodium_memzero(&r->list[i].secret, sizeof r->list[i].secret);
    }
    free(r->list);
    *r = (struct receivers){.list = NULL};
}

const struct receiver *receivers_find(const struct receivers *r, const char *host)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].host && strcasecmp(r->list[i].host, host) == 0)
            return &r->list[i];
    }
    return NULL;
}
