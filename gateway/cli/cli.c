#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"

int cli_store_path(struct cli *cli, const char **out, struct err *err)
{
    if (!cli->store_path)
        return err_set(err, ERR_CONFIG, "no store given: --store FILE");
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
