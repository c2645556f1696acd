/* gateway/cli/publish.c - `encompass publish`: a control room's incidents to the gateway. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/outgoing.h"
#include "cli/publisher.h"
#include "cli/table.h"
#include "intake/broker.h"

enum { PATIENCE = 60, PATIENCE_MOST = 24 * 3600 };

struct request {
    const char *path;
    const char *force;
    bool check;
    int patience;
};

static int read_arguments(struct request *r, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"force", required_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'c'},
        {"timeout", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    char *end;
    int word;

    while ((word = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (word) {
        case 'f':
            if (!incident_force_is_valid(optarg))
                return cli_usage(err, argv[0], "--force is an id such as devon-and-cornwall");
            r->force = optarg;
            break;
        case 'c':
            r->check = true;
            break;
        case 't':
            r->patience = (int)strtol(optarg, &end, 10);
            if (*end != '\0' || r->patience < 1 || r->patience > PATIENCE_MOST)
                return cli_usage(err, argv[0], "--timeout is a number of seconds, 1 to 86400");
            break;
        default:
            return cli_usage_option(err, argc, argv);
        }
    }
    if (optind + 1 != argc)
        return cli_usage(err, argv[0], "it takes one file, or - for standard input");
    r->path = argv[optind];
    return 0;
}

/* What is wrong with one message, by JSON Pointer; the place says which message. */
static void print_errors(const cJSON *messages)
{
    static const char *const headings[] = {">MESSAGE", ">LINE", "POLICE REF",
                                           "WHERE",    "WHAT",  NULL};
    struct table *t = table_new(headings);
    const cJSON *m, *e;

    cJSON_ArrayForEach(m, messages)
    {
        const cJSON *errors = cJSON_GetObjectItemCaseSensitive(m, "errors");

        cJSON_ArrayForEach(e, errors)
        {
            const char *at = json_get_text(e, "at");

            table_cell(t, COLOUR_PLAIN, "%" PRId64, json_get_number(m, "message"));
            table_cell(t, COLOUR_PLAIN, "%" PRId64, json_get_number(m, "line"));
            table_cell(t, COLOUR_PLAIN, "%s", json_get_text(m, "police_ref"));
            table_cell(t, COLOUR_PLAIN, "%s", at[0] != '\0' ? at : "(the whole)");
            table_cell(t, COLOUR_RED, "%s", json_get_text(e, "problem"));
        }
    }
    if (table_rows(t) > 0) {
        table_print(t, stdout);
        puts("");
    }
    table_free(t);
}

static cJSON *describe(cJSON *messages, const struct outgoing *o, size_t number, const char *status)
{
    cJSON *m = json_push_object(messages);

    json_number(m, "message", (int64_t)number);
    json_number(m, "line", o->line);
    json_text(m, "force", o->force);
    json_text(m, "police_ref", o->police_ref);
    json_id(m, "revision", o->revision);
    json_text(m, "status", status);
    return m;
}

static int finish(const struct cli *cli, cJSON *root, const cJSON *messages, const char *summary,
                  struct err *err)
{
    if (cli->json)
        return json_print(root, err);
    print_errors(messages);
    puts(summary);
    json_free(root);
    return 0;
}

/* ---- --check ---- */

static int check_one(const struct request *r, const struct outgoing *o, time_t now,
                     struct problems *problems, struct err *err)
{
    struct incident *incident = NULL;
    struct incident_ident ident;
    int rc = incident_parse(o->json, o->length, r->force, now, &incident, &ident, problems, err);

    incident_free(incident);
    return rc;
}

static int check(struct cli *cli, const struct request *r, const struct outgoing_file *file,
                 struct err *err)
{
    cJSON *root = json_object();
    cJSON *messages = json_add_list(root, "messages");
    time_t now = clock_now(&cli->clock);
    char summary[100];
    size_t faulty = 0;

    for (size_t i = 0; i < file->count; i++) {
        struct problems problems;
        struct buf errors;
        cJSON *m;
        int rc;

        problems_init(&problems);
        rc = check_one(r, &file->list[i], now, &problems, err);
        if (rc == 0) {
            faulty += problems.count > 0;
            m = describe(messages, &file->list[i], i + 1, problems.count > 0 ? "faulty" : "good");
            buf_init(&errors, PROBLEMS_MAX * 1024);
            problems_json(&problems, &errors);
            json_parsed(m, "errors", buf_text(&errors));
            buf_release(&errors);
        }
        problems_release(&problems);
        if (rc < 0) {
            json_free(root);
            return -1;
        }
    }
    json_number(root, "checked", (int64_t)file->count);
    json_number(root, "faulty", (int64_t)faulty);
    snprintf(summary, sizeof summary, "%zu checked, %zu faulty; nothing was published", file->count,
             faulty);
    if (finish(cli, root, messages, summary, err) < 0)
        return -1;
    return faulty > 0;
}

/* ---- publishing ---- */

static void describe_fate(cJSON *messages, const struct outgoing *o, size_t number)
{
    cJSON *m = describe(messages, o, number, fate_word(o->fate));

    if (o->errors)
        json_parsed(m, "errors", o->errors);
    else if (o->fate == FATE_REJECTED) {
        cJSON *e = json_push_object(json_add_list(m, "errors"));

        json_text(e, "at", "");
        json_text(e, "problem", mosquitto_reason_string(o->code));
    } else {
        json_add_list(m, "errors");
    }
}

static int report(const struct cli *cli, const struct outgoing_file *file, const char *trouble,
                  struct err *err)
{
    cJSON *root = json_object();
    cJSON *messages = json_add_list(root, "messages");
    size_t n[FATE_COUNT];
    char summary[256];

    for (enum fate fate = FATE_WAITING; fate < FATE_COUNT; fate++) {
        n[fate] = outgoing_count(file, fate);
        json_number(root, fate_word(fate), (int64_t)n[fate]);
    }
    for (size_t i = 0; i < file->count; i++)
        describe_fate(messages, &file->list[i], i + 1);
    snprintf(summary, sizeof summary, "%zu messages: %zu accepted, %zu repeat, %zu refused%s",
             file->count, n[FATE_ACCEPTED], n[FATE_REPEAT], n[FATE_REFUSED],
             n[FATE_WAITING] + n[FATE_REJECTED] == 0 ? "" : ", and some that did not arrive");
    if (finish(cli, root, messages, summary, err) < 0)
        return -1;
    if (n[FATE_REJECTED] > 0)
        return err_set(err, ERR_NETWORK, "the broker rejected %zu of %zu messages",
                       n[FATE_REJECTED], file->count);
    if (n[FATE_WAITING] > 0)
        return err_set(err, ERR_NETWORK,
                       "%zu of %zu messages have no receipt%s%s; publish them again, a repeat does "
                       "no harm",
                       n[FATE_WAITING], file->count, trouble[0] ? ": " : "", trouble);
    return n[FATE_REFUSED] > 0;
}

static int publish(struct cli *cli, const struct request *r, struct outgoing_file *file,
                   const struct config *conf, struct err *err)
{
    char trouble[300];

    for (size_t i = 0; i < file->count; i++) {
        if (file->list[i].force[0] == '\0')
            return err_set(err, ERR_INVALID,
                           "%s:%d: message %zu names no force; give --force or [mqtt] username",
                           r->path, file->list[i].line, i + 1);
    }
    if (publisher_run(conf, file, r->patience, trouble, sizeof trouble, err) < 0)
        return -1;
    return report(cli, file, trouble, err);
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct request r = {.patience = PATIENCE};
    const struct config *conf = NULL;
    struct outgoing_file file;
    int rc;

    if (read_arguments(&r, argc, argv, err) < 0 || (!r.check && cli_config(cli, &conf, err) < 0))
        return -1;
    rc = outgoing_read(&file, r.path, r.force, conf ? config_text(conf, "mqtt", "username") : NULL,
                       err);
    if (rc == 0)
        rc = r.check ? check(cli, &r, &file, err) : publish(cli, &r, &file, conf, err);
    outgoing_release(&file);
    return rc;
}

const struct command command_publish = {
    .name = "publish",
    .summary = "publish incidents as a control room does, and wait for their receipts",
    .usage =
        "FILE|- [--force FORCE] [--check] [--timeout SECONDS]\n\n"
        "FILE holds one JSON incident, or JSON Lines: one a line; - is standard input.\n"
        "Publishes by [mqtt] of the configuration, the control room's own, and waits until the\n"
        "gateway has receipted each of them. What is refused is shown by JSON Pointer.\n\n"
        "  --force FORCE      the topic's force (default: each message's own)\n"
        "  --check            say what a gateway would refuse; publish nothing\n"
        "  --timeout SECONDS  give up when no receipt has come for so long (default 60)\n\n"
        "Exit status: 0 all accepted, or known already; 1 some refused; 3 some without a\n"
        "receipt. Publishing the same file again does no harm.\n\n"
        "JSON: unanswered accepted repeat refused rejected, numbers; messages, a list of\n"
        "message line force police_ref revision status, errors (at problem).\n\n"
        "Examples:\n"
        "  encompass publish night.ndjson\n"
        "  encompass publish --check incident.json",
    .run = run,
};
