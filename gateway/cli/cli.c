#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/date.h"
#include "cli/command.h"
#include "daemon/settings.h"

int cli_config(struct cli *cli, const struct config **out, struct err *err)
{
    if (!cli->config && settings_load(cli->config_path, &cli->config, err) < 0)
        return -1;
    *out = cli->config;
    return 0;
}

int cli_store_path(struct cli *cli, const char **out, struct err *err)
{
    const struct config *config;

    if (!cli->store_path) {
        if (cli_config(cli, &config, err) < 0)
            return -1;
        cli->store_path = config_text(config, "store", "path");
    }
    *out = cli->store_path;
    return 0;
}

int cli_store(struct cli *cli, struct db **out, struct err *err)
{
    const char *path;

    if (!cli->db && (cli_store_path(cli, &path, err) < 0 || db_open(path, &cli->db, err) < 0))
        return -1;
    *out = cli->db;
    return 0;
}

void cli_release(struct cli *cli)
{
    db_close(cli->db);
    cli->db = NULL;
    config_free(cli->config);
    cli->config = NULL;
}

/* Under sudo the real user is root, and sudo says who asked; only root could have forged that. */
const char *cli_who(void)
{
    static char who[65];
    uid_t uid = getuid();
    const char *sudo_user = uid == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = NULL;

    if (who[0] != '\0')
        return who;
    if (sudo_user)
        entry = getpwnam(sudo_user);
    if (!entry)
        entry = getpwuid(uid);
    if (entry)
        snprintf(who, sizeof who, "%s", entry->pw_name);
    else
        snprintf(who, sizeof who, "uid %ld", (long)uid);
    return who;
}

int cli_usage(struct err *err, const char *command, const char *what)
{
    return err_set(err, ERR_USAGE, "%s: %s, see encompass %s --help", command, what, command);
}

int cli_usage_option(struct err *err, int argc, char **argv)
{
    const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "an option";

    return err_set(err, ERR_USAGE,
                   "%s: %s is not understood, or its value is missing, see "
                   "encompass %s --help",
                   argv[0], word, argv[0]);
}

int cli_moment(struct cli *cli, const char *command, const char *text, time_t *out, struct err *err)
{
    time_t now = clock_now(&cli->clock);
    int second = time_of_day_parse(text);
    day_t day = day_parse(text);
    struct clock moment = {.shift = 0};
    struct err ignored;

    if (second >= 0) {
        *out = london_moment(london_day(now), second);
        if (*out <= now)
            *out = london_moment(london_day(now) + 1, second);
        return 0;
    }
    if (day != DAY_NONE) {
        *out = london_moment(day, 0);
        return 0;
    }
    if (clock_pretend(&moment, text, &ignored) < 0)
        return cli_usage(err, command, "that is no time such as 07:30 or 2026-03-16T07:30:00");
    *out = clock_now(&moment);
    return 0;
}
