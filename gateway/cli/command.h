/* gateway/cli/command.h - `encompass NAME …`: one row a command, each in a file of its own.
 *
 * A command prints its result to stdout (columns, or JSON with --json), its progress to stderr when
 * that is a terminal, and returns 0 done or 1 it found something wrong; -1 with err for wrong use
 * and for what it could not do: main prints that and chooses the exit status.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "store/db.h"

/* What every command is given. Options that all have: --config FILE, --store FILE, --now TIME,
 * --json, --help; main has taken them out of argv. */
struct cli {
    const char *config_path;
    const char *store_path; /* NULL: the configuration's */
    struct clock clock;
    bool json;
    struct config *config; /* by cli_config */
    struct db *db;         /* by cli_store */
};

struct command {
    const char *name;
    const char *summary; /* a line for `encompass --help` */
    /* For `encompass NAME --help`, printed behind "usage: encompass NAME ": the arguments on the
     * first line, then a blank line, what it does, its own options, examples; no newline at the
     * end. The options that all have are added. */
    const char *usage;
    /* argv[0] is the command's name, argv[argc] NULL; getopt_long is reset (optind = 1) and silent
     * (opterr = 0): '?' and ':' are for cli_usage_option. */
    int (*run)(struct cli *cli, int argc, char **argv, struct err *err);
};

/* Read and opened at first use, kept until the program ends. */
int cli_config(struct cli *cli, const struct config **out, struct err *err) MUST_CHECK;
int cli_store(struct cli *cli, struct db **out, struct err *err) MUST_CHECK;

/* The store's file: --store, else the configuration's. Borrowed. */
int cli_store_path(struct cli *cli, const char **out, struct err *err) MUST_CHECK;

/* Closes both; for main. */
void cli_release(struct cli *cli);

/* Who is at the keyboard, for the audit: the login of the real user. */
const char *cli_who(void);

/* -1 with ERR_USAGE: "encompass NAME: …, see encompass NAME --help". */
int cli_usage(struct err *err, const char *command, const char *what);

/* The same after getopt_long returned '?' or ':': says which option of argv was not understood. */
int cli_usage_option(struct err *err, int argc, char **argv);

/* An option's time, London's unless it says otherwise: hh:mm is the next one there is, else
 * 2026-03-16, 2026-03-16T07:30:00 or RFC 3339. -1 with ERR_USAGE. */
int cli_moment(struct cli *cli, const char *command, const char *text, time_t *out,
               struct err *err) MUST_CHECK;

#endif
