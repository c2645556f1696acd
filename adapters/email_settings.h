/* adapters/email_settings.h - what the mail adapter is told in encompass.conf, checked.
 *
 * Texts are the configuration's, which outlives it. */
#ifndef ADAPTERS_EMAIL_SETTINGS_H
#define ADAPTERS_EMAIL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "adapters/mail_domains.h"
#include "adapters/mime.h"
#include "base/config.h"
#include "base/err.h"
#include "base/personal.h"

enum { EMAIL_URL_SIZE = 640, EMAIL_ADDRESS_SIZE = 320 };

struct email_settings {
    char url[EMAIL_URL_SIZE];
    bool starttls, implicit;
    const char *ca_file;
    const char *username;
    struct personal password;
    struct mime_sender sender;
    const char *bounce_address;
    bool bounce_tag;
    long timeout; /* seconds */
    const char *helo;
    enum mail_tls relay_tls;
    const char *minimal_link;
    struct mail_domains domains;
};

extern const struct config_key email_keys[];

/* Fills what was all zero; released also on failure. */
int email_settings_read(struct email_settings *e, const struct config *conf,
                        struct err *err) MUST_CHECK;
void email_settings_release(struct email_settings *e);

void email_server_url(char url[EMAIL_URL_SIZE], const char *protocol, const char *host, int port,
                      const char *helo);

/* -1: the key cannot stand in an address. */
int email_envelope_sender(const struct email_settings *e, const char *key, char *out,
                          size_t size) MUST_CHECK;

#endif
