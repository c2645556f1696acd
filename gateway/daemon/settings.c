#include "daemon/settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "adapters/adapter.h"
#include "adapters/mail_domains.h"
#include "adapters/receivers.h"
#include "deliver/answers.h"
#include "intake/broker.h"
#include "match/knowledge.h"

static const struct config_key store_keys[] = {
    {.name = "path",
     .kind = CONFIG_PATH,
     .otherwise = "/var/lib/encompass/store.db",
     .help = "the SQLite file that encompass init makes"},
    {.name = NULL},
};

static const struct config_key intake_keys[] = {
    {.name = "batch_messages",
     .kind = CONFIG_INT,
     .otherwise = "1000",
     .least = 1,
     .most = 10000,
     .help = "most messages that one commit keeps"},
    {.name = NULL},
};

static const struct config_key morning_keys[] = {
    {.name = "templates",
     .kind = CONFIG_PATH,
     .otherwise = "/usr/share/encompass/templates",
     .help = "the folder of the notices' wordings"},
    {.name = NULL},
};

static const struct config_key log_keys[] = {
    {.name = "level",
     .kind = CONFIG_CHOICE,
     .otherwise = "info",
     .choices = "error|warning|info|debug",
     .help = "how much is logged, to standard error"},
    {.name = NULL},
};

static const struct config_key metrics_keys[] = {
    {.name = "file",
     .kind = CONFIG_PATH,
     .help = "where figures for Prometheus are written, for node_exporter's textfile collector: "
             "a name that ends in .prom; none are unless given"},
    {.name = "every",
     .kind = CONFIG_SECONDS,
     .otherwise = "30s",
     .least = 5,
     .most = 3600,
     .help = "how often"},
    {.name = NULL},
};

enum { SECTIONS_MAX = 32 };

const struct config_section *settings_sections(void)
{
    static struct config_section sections[SECTIONS_MAX] = {
        {"store", store_keys},
        {"mqtt", mqtt_keys},
        {"intake", intake_keys},
        {"morning", morning_keys},
        {"log", log_keys},
        {"match", match_keys},
        {RECEIVER_FAMILY, receiver_keys},
        {"answers", answers_keys},
        {MAIL_FAMILY, mail_domain_keys},
        {"metrics", metrics_keys},
    };
    size_t n = 10;

    for (size_t i = 0; adapters[i] && n < SECTIONS_MAX - 1; i++)
        sections[n++] = (struct config_section){adapters[i]->section, adapters[i]->keys};
    return sections;
}

int settings_load(const char *path, struct config **out, struct err *err)
{
    if (access(path, F_OK) < 0)
        return err_set(err, ERR_CONFIG,
                       "%s: %s (--config names another; config/encompass.conf is an example)", path,
                       strerror(errno));
    return config_load(path, settings_sections(), out, err);
}
