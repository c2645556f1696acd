/* gateway/cli/init.c - `encompass init`: an empty store. */
#include <getopt.h>
#include <stdio.h>

#include "cli/command.h"
#include "store/audit.h"
#include "store/schema.h"

static int note_it(struct cli *cli, struct err *err)
{
    struct db *db;

    if (cli_store(cli, &db, err) < 0 || db_begin(db, err) < 0)
        return -1;
    if (audit_add(db, clock_now(&cli->clock), cli_who(), "store.made", &AUDIT_ABOUT_NOTHING, err,
                  "schema=%d", schema_newest()) < 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err);
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    const char *path;

    if (getopt_long(argc, argv, "", options, NULL) != -1)
        return cli_usage_option(err, argc, argv);
    if (optind < argc)
        return cli_usage(err, argv[0], "it takes no arguments");
    if (cli_store_path(cli, &path, err) < 0 || db_create(path, err) < 0 || note_it(cli, err) < 0)
        return -1;
    if (cli->json)
        printf("{\"schema\": %d}\n", schema_newest());
    else
        printf("%s is ready and empty. Next: encompass import establishments FILE\n", path);
    return 0;
}

const struct command command_init = {
    .name = "init",
    .summary = "make an empty store",
    .usage =
        "[--store FILE]\n\n"
        "Makes the store that encompassd and this command share: a SQLite file that only its\n"
        "owner can read. Run it as the user that encompassd runs as. A store that stands there\n"
        "already is left alone.\n\n"
        "Examples:\n"
        "  encompass init\n"
        "  encompass init --store /var/lib/encompass/drill.db",
    .run = run,
};
