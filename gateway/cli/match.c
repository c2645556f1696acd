/* gateway/cli/match.c - `encompass match`: a file of call-outs against a roll, for evaluation. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/table.h"
#include "match/knowledge.h"
#include "match/names.h"
#include "match/queries.h"
#include "match/weights.h"
#include "registers/import.h"

/* A store of its own for a roll that is not to be kept. It holds personal data, so it goes whatever
 * ends the command, a signal among them. */
static struct {
    char folder[256], files[4][288];
    struct db *db;
} temporary;

static void remove_temporary(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(temporary.files); i++)
        unlink(temporary.files[i]);
    rmdir(temporary.folder);
}

static void on_signal(int signal_number)
{
    remove_temporary();   /* unlink and rmdir may be called here (signal-safety(7)) */
    raise(signal_number); /* SA_RESETHAND: by default now */
}

static void close_temporary(void)
{
    if (!temporary.folder[0])
        return;
    db_close(temporary.db);
    remove_temporary();
    memset(&temporary, 0, sizeof temporary);
}

static int make_temporary(struct err *err)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    const char *where = getenv("TMPDIR");
    char folder[sizeof temporary.folder];
    int n;

    n = snprintf(folder, sizeof folder, "%s/encompass-match-XXXXXX",
                 where && *where ? where : "/tmp");
    if (n < 0 || (size_t)n >= sizeof folder)
        return err_set(err, ERR_SYSTEM, "match: TMPDIR is too long");
    if (!mkdtemp(folder))
        return err_errno(err, "match: a temporary folder");
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
        snprintf(temporary.files[i], sizeof temporary.files[i], "%s/store.db%s", folder,
                 suffixes[i]);
    memcpy(temporary.folder, folder, sizeof folder);
    if (db_create(temporary.files[0], err) < 0)
        return -1;
    return db_open(temporary.files[0], &temporary.db, err);
}

/* Signals wait while the store is made, which puts a file of another name there for a moment. */
static int open_temporary(struct err *err)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigset_t held, before;
    int rc;

    sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaddset(&held, signals[i]);
    sigprocmask(SIG_BLOCK, &held, &before);
    rc = make_temporary(err);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaction(signals[i], &action, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static int import_roll(struct cli *cli, const char *roll, struct err *err)
{
    const struct import_options options = {
        .who = cli_who(), .now = clock_now(&cli->clock), .progress = progress_show};
    struct import_result result;
    int rc;

    if (open_temporary(err) < 0)
        return -1;
    rc = import_run(temporary.db, import_kind_find("roll"), roll, &options, &result, err);
    progress_end();
    for (size_t i = 0; i < result.mistakes.kept; i++)
        fprintf(stderr, "%s\n", result.mistakes.line[i]);
    import_result_release(&result);
    return rc;
}

static void print_result(const struct cli *cli, const struct queries_result *r, FILE *to)
{
    const size_t *n = r->by_outcome;
    double each = r->count ? (double)r->total_us / (double)r->count / 1000 : 0;

    if (cli->json) {
        fprintf(to,
                "{\"queries\": %zu, \"match\": %zu, \"review\": %zu, \"none\": %zu,"
                " \"ms\": {\"mean\": %.3f, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f}}\n",
                r->count, n[MATCH_MATCH], n[MATCH_REVIEW], n[MATCH_NONE], each,
                (double)r->p50_us / 1000, (double)r->p95_us / 1000, (double)r->p99_us / 1000);
        return;
    }
    fprintf(to, "%zu call-outs: %zu match, %zu review, %zu none\n", r->count, n[MATCH_MATCH],
            n[MATCH_REVIEW], n[MATCH_NONE]);
    fprintf(to, "a call-out took %.3f ms (median %.3f, 95 of 100 within %.3f, 99 within %.3f)\n",
            each, (double)r->p50_us / 1000, (double)r->p95_us / 1000, (double)r->p99_us / 1000);
}

/* Decisions go to a file beside, which takes the name once it is whole. */
static int match_into(struct cli *cli, struct db *db, const struct weights *weights,
                      const char *queries, const char *out, struct err *err)
{
    bool to_stdout = strcmp(out, "-") == 0;
    struct queries_result result;
    char part[4096];
    FILE *f = stdout;
    int rc;

    snprintf(part, sizeof part, "%.4000s.part", out);
    if (!to_stdout && !(f = fopen(part, "w"))) {
        err_errno(err, part);
        return -1;
    }
    rc = queries_run(db, weights, queries, f, progress_show, &result, err);
    progress_end();
    if (fflush(f) != 0 || ferror(f))
        rc = rc < 0 ? rc : err_errno(err, to_stdout ? "stdout" : part);
    if (!to_stdout) {
        if (fclose(f) != 0 && rc == 0)
            rc = err_errno(err, part);
        if (rc == 0 && rename(part, out) != 0)
            rc = err_errno(err, out);
        if (rc < 0)
            unlink(part);
    }
    for (size_t i = 0; i < result.unknown_count; i++)
        fprintf(stderr, "%s: column %s is ignored\n", queries, result.unknown[i]);
    if (rc == 0)
        print_result(cli, &result, to_stdout ? stderr : stdout);
    queries_release(&result);
    return rc;
}

/* Names as the configuration has them, or, where there is none, as they came. */
static int open_knowledge(struct cli *cli, struct err *err)
{
    const struct config *config = NULL;

    if (access(cli->config_path, F_OK) == 0 && cli_config(cli, &config, err) < 0)
        return -1;
    return knowledge_open(config, err);
}

static int learn_into(struct db *db, const char *queries, const char *truth,
                      struct weights *weights, const char *out, struct err *err)
{
    struct buf text;
    FILE *f = NULL;
    int rc;

    buf_init(&text, 65536);
    rc = queries_learn(db, queries, truth, weights, progress_show, err);
    progress_end();
    if (rc == 0) {
        weights_write(weights, &text);
        rc = buf_check(&text, err);
    }
    if (rc == 0 && !(f = strcmp(out, "-") == 0 ? stdout : fopen(out, "w")))
        rc = err_errno(err, out);
    if (f) {
        fputs(buf_text(&text), f);
        if (f == stdout ? fflush(f) != 0 : fclose(f) != 0)
            rc = err_errno(err, out);
    }
    buf_release(&text);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"queries", required_argument, NULL, 'q'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"roll", required_argument, NULL, 'r'},
                                            {"weights", required_argument, NULL, 'w'},
                                            {"learn", no_argument, NULL, 'l'},
                                            {"truth", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    const char *queries = NULL, *out = NULL, *roll = NULL, *file = NULL, *truth = NULL;
    bool learns = false;
    struct weights weights;
    struct db *db = NULL;
    int option, rc;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'q')
            queries = optarg;
        else if (option == 'o')
            out = optarg;
        else if (option == 'r')
            roll = optarg;
        else if (option == 'w')
            file = optarg;
        else if (option == 'l')
            learns = true;
        else if (option == 't')
            truth = optarg;
        else
            return cli_usage_option(err, argc, argv);
    }
    if (optind < argc)
        return cli_usage(err, argv[0], "it takes no arguments besides options");
    if (!queries || !out)
        return cli_usage(err, argv[0], "--queries FILE and --out FILE are needed");
    if (truth && !learns)
        return cli_usage(err, argv[0], "--truth is for --learn");
    if (roll && cli->store_path)
        return cli_usage(err, argv[0], "--roll and --store exclude each other");
    if (open_knowledge(cli, err) < 0)
        return -1;
    weights = *weights_in_use();
    if (file && weights_load(file, &weights, err) < 0)
        return -1;
    rc = roll ? import_roll(cli, roll, err) : cli_store(cli, &db, err);
    if (rc == 0 && learns)
        rc = learn_into(roll ? temporary.db : db, queries, truth, &weights, out, err);
    else if (rc == 0)
        rc = match_into(cli, roll ? temporary.db : db, &weights, queries, out, err);
    close_temporary();
    names_unload();
    return rc;
}

const struct command command_match = {
    .name = "match",
    .summary = "decide a file of call-outs, for evaluation and drills",
    .usage =
        "--queries FILE --out FILE|- [--roll FILE | --store FILE] [--weights FILE]\n"
        "                       [--learn [--truth FILE]]\n\n"
        "Finds the pupil of each call-out as the gateway would, and records nothing. With\n"
        "--roll the pupils come from that file, by way of a temporary store that only this\n"
        "user can read and that is removed; else from the store.\n"
        "FILE of --queries has the columns query_id, call_date, forename, middle_names,\n"
        "surname, dob, age, gender, address, postcode, school_said, and where known upn.\n"
        "FILE of --out gets query_id, decision, pupil_id, score, margin, candidates, where\n"
        "decision is match (sure), review (a person decides) or none.\n"
        "--weights is what each agreement counts for, instead of [match] weights. With --learn\n"
        "the call-outs are not decided: FILE of --out gets the weights that follow from them, by\n"
        "the columns query_id and true_pupil_ids ('|' between; none: on no roll) in FILE of\n"
        "--truth, or without any label from what the roll itself makes likely.\n\n"
        "Examples:\n"
        "  encompass match --queries queries.csv --roll roll.csv --out decisions.csv\n"
        "  encompass match --queries drill.csv --out - --json\n"
        "  encompass match --learn --queries last-year.csv --out match-weights.conf",
    .run = run,
};
