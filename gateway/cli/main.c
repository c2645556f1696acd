/* gateway/cli/main.c - `encompass`: the table of commands, and the options that all of them have. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/personal.h"
#include "cli/command.h"
#include "cli/manual.h"

extern const struct command command_answer;
extern const struct command command_check;
extern const struct command command_close;
extern const struct command command_drill;
extern const struct command command_explain;
extern const struct command command_hold;
extern const struct command command_import;
extern const struct command command_init;
extern const struct command command_match;
extern const struct command command_plan;
extern const struct command command_policy;
extern const struct command command_preview;
extern const struct command command_publish;
extern const struct command command_release;
extern const struct command command_retry;
extern const struct command command_review;
extern const struct command command_status;

/* In the order of the help: setting up, the night, afterwards. One a line. */
/* clang-format off */
static const struct command *const commands[] = {
    &command_init,
    &command_check,
    &command_import,
    &command_policy,
    &command_close,
    &command_preview,
    &command_drill,
    &command_publish,
    &command_status,
    &command_plan,
    &command_explain,
    &command_review,
    &command_answer,
    &command_hold,
    &command_release,
    &command_retry,
    &command_match,
    NULL,
};
/* clang-format on */

static const char common_options[] =
    "Options of every command:\n"
    "  --config FILE   the configuration (default /etc/encompass/encompass.conf)\n"
    "  --store FILE    the store, in place of the one that the configuration names\n"
    "  --now TIME      pretend that it is TIME in London, such as 2026-03-16T07:29:50 (drills)\n"
    "  --json          print JSON in place of columns\n"
    "  --help          this, or a command's own help\n"
    "  --version       the program's version\n";

struct asked {
    bool help, version;
    const char *now;
};

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static void print_help(FILE *to)
{
    fputs("usage: encompass COMMAND [ARGUMENTS] [OPTIONS]\n\n"
          "Operation Encompass: schools are told before a child who lived through domestic abuse\n"
          "arrives the next morning. This command looks after the gateway that tells them.\n\n",
          to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to,
            "\n%s\n"
            "Exit status: 0 done, 1 it found something wrong, 2 wrong use, 3 could not.\n"
            "`encompass COMMAND --help` has examples.\n",
            common_options);
}

static void print_command_help(const struct command *command)
{
    printf("usage: encompass %s %s\n\n%s", command->name, command->usage, common_options);
}

/* The value of a global option that takes one: `--name VALUE` or `--name=VALUE`. 1 taken (*i stands
 * on its last word), 0 it is another word, -1 the value is missing. */
static int option_value(int argc, char **argv, int *i, const char *name, const char **out,
                        struct err *err)
{
    size_t length = strlen(name);

    if (strncmp(argv[*i], name, length) != 0)
        return 0;
    if (argv[*i][length] == '=') {
        *out = argv[*i] + length + 1;
        return 1;
    }
    if (argv[*i][length] != '\0')
        return 0;
    if (*i + 1 >= argc)
        return err_set(err, ERR_USAGE, "%s needs a value, see encompass --help", name);
    *out = argv[++*i];
    return 1;
}

/* One word of the command line, if it is an option that all commands have: 1, 0, -1. */
static int take_option(struct cli *cli, struct asked *asked, int argc, char **argv, int *i,
                       struct err *err)
{
    int rc;

    if (strcmp(argv[*i], "--json") == 0)
        return cli->json = true, 1;
    if (strcmp(argv[*i], "--help") == 0 || strcmp(argv[*i], "-h") == 0)
        return asked->help = true, 1;
    if (strcmp(argv[*i], "--version") == 0)
        return asked->version = true, 1;
    rc = option_value(argc, argv, i, "--config", &cli->config_path, err);
    if (rc == 0)
        rc = option_value(argc, argv, i, "--store", &cli->store_path, err);
    if (rc == 0)
        rc = option_value(argc, argv, i, "--now", &asked->now, err);
    return rc;
}

/* Takes the common options out of argv, wherever they stand before a `--`; *argc becomes the number
 * of words left. */
static int take_options(struct cli *cli, struct asked *asked, int *argc, char **argv,
                        struct err *err)
{
    int kept = 1;
    bool ours = true;

    for (int i = 1; i < *argc; i++) {
        int rc = 0;

        if (ours && strcmp(argv[i], "--") == 0)
            ours = false;
        if (ours)
            rc = take_option(cli, asked, *argc, argv, &i, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            argv[kept++] = argv[i];
    }
    argv[kept] = NULL;
    *argc = kept;
    return 0;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct asked asked = {.help = false};
    const struct command *command;

    if (take_options(cli, &asked, &argc, argv, err) < 0)
        return -1;
    if (asked.version)
        return puts("encompass " ENCOMPASS_VERSION) < 0 ? 1 : 0;
    if (argc > 1 && strcmp(argv[1], "help") == 0) {
        asked.help = true;
        argv++;
        argc--;
    }
    if (argc < 2) {
        if (!asked.help)
            return err_set(err, ERR_USAGE, "no command given, see encompass --help");
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "manual") == 0 && argc == 3)
        return manual_print(argv[2], commands, common_options, stdout, err);
    command = command_find(argv[1]);
    if (!command)
        return err_set(err, ERR_USAGE, "%s is no command, see encompass --help", argv[1]);
    if (asked.help) {
        print_command_help(command);
        return 0;
    }
    if (asked.now && clock_pretend(&cli->clock, asked.now, err) < 0)
        return -1;
    log_open(stderr, &cli->clock, LOG_LEVEL_WARNING);
    optind = 1;
    opterr = 0;
    return command->run(cli, argc - 1, argv + 1, err);
}

int main(int argc, char **argv)
{
    struct cli cli = {.config_path = "/etc/encompass/encompass.conf"};
    struct err err = {.code = ERR_NONE};
    int rc;

    personal_keep_from_dumps();
    rc = run(&cli, argc, argv, &err);
    if ((fflush(stdout) != 0 || ferror(stdout)) && rc >= 0)
        rc = err_errno(&err, "writing the result");
    if (rc < 0) {
        fprintf(stderr, "encompass: %s\n", err.text);
        rc = err_exit_status(&err);
    }
    cli_release(&cli);
    return rc;
}
