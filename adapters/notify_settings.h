/* adapters/notify_settings.h - what the Notify adapter is told in encompass.conf, checked.
 *
 * Texts are the configuration's, which outlives it. */
#ifndef ADAPTERS_NOTIFY_SETTINGS_H
#define ADAPTERS_NOTIFY_SETTINGS_H

#include <stdbool.h>

#include "adapters/notify_request.h"
#include "base/config.h"
#include "base/err.h"

enum { NOTIFY_URL_MAX = 512 };

struct notify_settings {
    char url[NOTIFY_URL_MAX];
    const char *protocol;
    const char *ca_file;
    struct notify_key key;
    struct notify_templates templates;
    const char *sender[NOTIFY_CHANNELS];
    const char *desk_number;
    bool abroad;
    long timeout; /* seconds */
};

extern const struct config_key notify_keys[];

/* Fills what was all zero; the key in it is the caller's to wipe, also on failure. */
int notify_settings_read(struct notify_settings *n, const struct config *conf,
                         struct err *err) MUST_CHECK;

#endif
