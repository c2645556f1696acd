/* gateway/cli/review.c - `encompass review`: what the gateway leaves to a person. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/review_show.h"
#include "cli/table.h"
#include "follow/words.h"
#include "store/remember.h"
#include "store/report.h"
#include "store/review.h"

static int parse_id(const char *text, const char *what, int64_t *out, struct err *err)
{
    char *end;
    char said[64];

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && *out >= 0)
        return 0;
    snprintf(said, sizeof said, "%s is a number that review list shows", what);
    return cli_usage(err, "review", said);
}

/* review list */

static void reviews_json(cJSON *root, const struct report_review *reviews, size_t count)
{
    cJSON *list = json_add_list(root, "children");

    for (size_t i = 0; i < count; i++) {
        const struct report_review *r = &reviews[i];
        cJSON *o = json_push_object(list);

        json_number(o, "child_id", r->child_id);
        json_text(o, "force", r->force);
        json_text(o, "police_ref", r->police_ref);
        json_text(o, "child_ref", r->child_ref);
        json_text(o, "state", child_state_word(r->state));
        json_number(o, "candidates", r->candidates);
        json_text(o, "rule", r->rule);
        json_moment(o, "since", r->since);
        json_moment(o, "deadline", r->deadline);
    }
}

static void messages_json(cJSON *root, const struct report_message *messages, size_t count)
{
    cJSON *list = json_add_list(root, "messages");

    for (size_t i = 0; i < count; i++) {
        const struct report_message *m = &messages[i];
        cJSON *o = json_push_object(list);

        json_number(o, "message_id", m->message_id);
        json_moment(o, "received_at", m->received_at);
        json_text(o, "topic", m->topic);
        json_parsed(o, "problems", m->problems);
        json_moment(o, "handled_at", m->handled_at);
        json_text(o, "handled_by", m->handled_by);
    }
}

static void print_reviews(const struct report_review *reviews, size_t count, time_t now)
{
    static const char *const headings[] = {">CHILD",      "DEADLINE", "FORCE", "POLICE REF",
                                           ">CANDIDATES", "STATE",    "WHY",   NULL};
    char when[WORDS_MOMENT_SIZE];
    struct table *t;

    if (count == 0) {
        puts("No child waits for a decision.");
        return;
    }
    t = table_new(headings);
    for (size_t i = 0; i < count; i++) {
        const struct report_review *r = &reviews[i];
        bool late = r->deadline >= 0 && r->deadline < now;

        table_cell(t, COLOUR_BOLD, "%" PRId64, r->child_id);
        table_cell(t, late ? COLOUR_RED : COLOUR_PLAIN, "%s",
                   words_moment_short(r->deadline, when));
        table_cell(t, COLOUR_PLAIN, "%s", r->force);
        table_cell(t, COLOUR_PLAIN, "%s child %s", r->police_ref, r->child_ref);
        table_cell(t, COLOUR_PLAIN, "%" PRId64, r->candidates);
        table_cell(t, COLOUR_PLAIN, "%s", child_state_word(r->state));
        table_cell(t, COLOUR_DIM, "%s", r->rule);
    }
    table_print(t, stdout);
    table_free(t);
}

/* The problems of a refused message, in a cell: "/children/0/date_of_birth is not a date; …". */
static void problems_cell(struct table *t, const char *problems)
{
    cJSON *list = cJSON_Parse(problems);
    const cJSON *entry;
    struct buf text;
    size_t n = 0;

    buf_init(&text, 32768);
    cJSON_ArrayForEach(entry, list)
    {
        const char *at = json_get_text(entry, "at");

        if (++n <= 3)
            buf_addf(&text, "%s%s %s", n > 1 ? "; " : "", at[0] ? at : "the message",
                     json_get_text(entry, "problem"));
    }
    if (n > 3)
        buf_addf(&text, "; and %zu more", n - 3);
    table_cell(t, COLOUR_PLAIN, "%s", buf_text(&text));
    buf_release(&text);
    cJSON_Delete(list);
}

static void print_messages(const struct report_message *messages, size_t count)
{
    static const char *const headings[] = {">MESSAGE", "RECEIVED", "TOPIC", "PROBLEMS", NULL};
    char when[WORDS_MOMENT_SIZE];
    struct table *t;

    if (count == 0) {
        puts("\nNo refused message waits for a person.");
        return;
    }
    puts("");
    t = table_new(headings);
    for (size_t i = 0; i < count; i++) {
        table_cell(t, COLOUR_BOLD, "%" PRId64, messages[i].message_id);
        table_cell(t, COLOUR_PLAIN, "%s", words_moment_short(messages[i].received_at, when));
        table_cell(t, COLOUR_PLAIN, "%s", messages[i].topic);
        problems_cell(t, messages[i].problems);
    }
    table_print(t, stdout);
    table_free(t);
}

static int list(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct report_review *reviews = NULL;
    struct report_message *messages = NULL;
    size_t reviews_count = 0, messages_count = 0;
    struct db *db;
    int rc = -1;

    (void)argc;
    (void)argv;
    if (cli_store(cli, &db, err) < 0 || report_reviews(db, -1, &reviews, &reviews_count, err) < 0 ||
        report_refused(db, NULL, NULL, false, &messages, &messages_count, err) < 0)
        goto out;
    rc = 0;
    if (cli->json) {
        cJSON *root = json_object();

        reviews_json(root, reviews, reviews_count);
        messages_json(root, messages, messages_count);
        rc = json_print(root, err);
    } else {
        print_reviews(reviews, reviews_count, clock_now(&cli->clock));
        print_messages(messages, messages_count);
    }
out:
    free(reviews);
    report_messages_free(messages, messages_count);
    return rc;
}

/* review accept, reject, handled */

static int print_done(struct cli *cli, const char *name, int64_t id, const char *did, bool already,
                      const char *next, struct err *err)
{
    if (cli->json) {
        cJSON *root = json_object();

        json_number(root, name, id);
        json_text(root, "done", did);
        json_bool(root, "already", already);
        return json_print(root, err);
    }
    printf("%s\n", next);
    return 0;
}

static const char *la_code; /* --la */
static bool again;          /* --again */
static bool remember;       /* --remember */

/* 1, 0 it had been decided so, -1. kept: what is remembered of the pupil from now on. */
static int decide(struct cli *cli, int64_t child_id, int64_t pupil_key, bool kept[REMEMBERED_KINDS],
                  struct err *err)
{
    time_t now = clock_now(&cli->clock);
    struct db *db;
    int rc;

    memset(kept, 0, REMEMBERED_KINDS * sizeof *kept);
    if (cli_store(cli, &db, err) < 0 || db_begin(db, err) < 0)
        return -1;
    rc = review_decide(db, child_id, pupil_key, again, cli_who(), now, err);
    if (rc >= 0 && remember && remember_keep(db, child_id, cli_who(), now, kept, err) < 0)
        rc = -1;
    if (rc < 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err) < 0 ? -1 : rc;
}

/* Kinds alone: what was said is not for a screen that no audit knows of. */
static int print_accepted(struct cli *cli, int64_t child_id, bool already,
                          const bool kept[REMEMBERED_KINDS], struct err *err)
{
    size_t n = 0;

    if (cli->json) {
        cJSON *root = json_object(), *list;

        json_number(root, "child_id", child_id);
        json_text(root, "done", "match");
        json_bool(root, "already", already);
        list = json_add_list(root, "remembered");
        for (size_t i = 0; i < REMEMBERED_KINDS; i++) {
            if (kept[i])
                json_push_text(list, remembered_word((enum remembered_kind)i));
        }
        return json_print(root, err);
    }
    puts(already ? "It had been decided so already."
                 : "Decided. The gateway plans who is told: see encompass plan.");
    for (size_t i = 0; i < REMEMBERED_KINDS; i++) {
        if (kept[i])
            printf("%s%s", n++ == 0 ? "Kept for the pupil's next call-out: " : ", ",
                   remembered_word((enum remembered_kind)i));
    }
    if (n > 0)
        puts(".");
    else if (remember)
        puts("There was nothing to keep: the roll has it all, or the address is protected.");
    return 0;
}

static int accept(struct cli *cli, int argc, char **argv, struct err *err)
{
    bool kept[REMEMBERED_KINDS];
    int64_t child_id, pupil_key = -1;
    struct db *db;
    int rc;

    (void)argc;
    if (parse_id(argv[0], "CHILD", &child_id, err) < 0 || cli_store(cli, &db, err) < 0)
        return -1;
    rc = report_pupil(db, la_code, argv[1], &pupil_key, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no roll has a pupil of that number%s",
                       la_code ? " in that authority" : "");
    rc = decide(cli, child_id, pupil_key, kept, err);
    return rc < 0 ? -1 : print_accepted(cli, child_id, rc == 0, kept, err);
}

static int decide_none(struct cli *cli, char **argv, int64_t none, const char *next,
                       struct err *err)
{
    bool kept[REMEMBERED_KINDS];
    int64_t child_id;
    int rc;

    if (remember)
        return cli_usage(err, "review", "--remember is for accept");
    if (parse_id(argv[0], "CHILD", &child_id, err) < 0)
        return -1;
    rc = decide(cli, child_id, none, kept, err);
    if (rc < 0)
        return -1;
    return print_done(cli, "child_id", child_id, "none", rc == 0,
                      rc == 0 ? "It had been decided so already." : next, err);
}

static int reject(struct cli *cli, int argc, char **argv, struct err *err)
{
    (void)argc;
    return decide_none(cli, argv, REVIEW_NONE_OF_THEM,
                       "Decided: none of them. The authority's desk is told.", err);
}

static int not_on_roll(struct cli *cli, int argc, char **argv, struct err *err)
{
    (void)argc;
    return decide_none(cli, argv, REVIEW_NOT_ON_ROLL,
                       "Decided: on no roll. The authority's desk is told.", err);
}

static int undo(struct cli *cli, int argc, char **argv, struct err *err)
{
    int64_t child_id;
    struct db *db;
    int rc;

    (void)argc;
    if (parse_id(argv[0], "CHILD", &child_id, err) < 0 || cli_store(cli, &db, err) < 0 ||
        db_begin(db, err) < 0)
        return -1;
    rc = review_undo(db, child_id, again, cli_who(), clock_now(&cli->clock), err);
    if (rc < 0) {
        db_rollback(db);
        return -1;
    }
    if (db_commit(db, err) < 0)
        return -1;
    return print_done(cli, "child_id", child_id, "undone", rc == 0,
                      rc == 0 ? "No person's decision is in force."
                              : "Taken back. The gateway looks for the child anew.",
                      err);
}

static int handled(struct cli *cli, int argc, char **argv, struct err *err)
{
    int64_t message_id;
    struct db *db;
    int rc;

    (void)argc;
    if (parse_id(argv[0], "MESSAGE", &message_id, err) < 0 || cli_store(cli, &db, err) < 0 ||
        db_begin(db, err) < 0)
        return -1;
    rc = review_message_handled(db, message_id, cli_who(), clock_now(&cli->clock), err);
    if (rc < 0) {
        db_rollback(db);
        return -1;
    }
    if (db_commit(db, err) < 0)
        return -1;
    return print_done(cli, "message_id", message_id, "handled", rc == 0,
                      rc == 0 ? "It had been dealt with already." : "Noted as dealt with.", err);
}

static int show(struct cli *cli, int argc, char **argv, struct err *err)
{
    int64_t child_id;

    (void)argc;
    if (parse_id(argv[0], "CHILD", &child_id, err) < 0)
        return -1;
    return review_show(cli, child_id, err);
}

static const struct action {
    const char *name;
    int arguments;
    int (*run)(struct cli *cli, int argc, char **argv, struct err *err);
} actions[] = {
    {"list", 0, list},
    {"show", 1, show},
    {"accept", 2, accept},
    {"reject", 1, reject},
    {"not-on-roll", 1, not_on_roll},
    {"undo", 1, undo},
    {"handled", 1, handled},
};

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"la", required_argument, NULL, 'l'},
                                            {"again", no_argument, NULL, 'a'},
                                            {"remember", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            la_code = optarg;
        else if (option == 'a')
            again = true;
        else if (option == 'r')
            remember = true;
        else
            return cli_usage_option(err, argc, argv);
    }
    if (optind == argc)
        return cli_usage(err, argv[0], "list, show, accept, reject, not-on-roll, undo or handled?");
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (strcmp(actions[i].name, argv[optind]) != 0)
            continue;
        if (argc - optind - 1 != actions[i].arguments)
            return cli_usage(err, argv[0], "that is not the number of arguments it takes");
        return actions[i].run(cli, argc - optind - 1, argv + optind + 1, err);
    }
    return cli_usage(err, argv[0], "list, show, accept, reject, not-on-roll, undo or handled?");
}

const struct command command_review = {
    .name = "review",
    .summary = "decide what the gateway leaves to a person",
    .usage =
        "list | show CHILD |\n"
        "                        accept CHILD PUPIL_ID [--la CODE] [--remember] [--again] |\n"
        "                        reject|not-on-roll|undo CHILD [--again] | handled MESSAGE\n\n"
        "When more than one pupil could be the child of a call-out, or one fits almost, no\n"
        "school is told: a person decides. Until then the authority's desk stands ready.\n\n"
        "  list         children that wait, by deadline, and refused messages; no names\n"
        "  show         what the police said beside each candidate; names and addresses are\n"
        "               shown, and the audit says that you saw them\n"
        "  accept       the child is this pupil, by the authority's pupil number; --la says whose\n"
        "               number it is when several authorities use it\n"
        "  reject       it is none of them: the authority's desk is told\n"
        "  not-on-roll  it was found to be on no roll: the authority's desk is told\n"
        "  undo         take back what was decided: the gateway looks for the child anew\n"
        "  handled      a refused message has been dealt with\n\n"
        "With --remember the name that the police said and the address that the child has moved to\n"
        "are kept beside the roll's, and the pupil's next call-out is found by them, too. Nothing of\n"
        "a protected address is kept. It ends when the decision is taken back or changed, or when\n"
        "the school says that the child is not its pupil.\n\n"
        "What another person has decided otherwise is decided anew, or taken back, only with\n"
        "--again; so is a child taken for the pupil whom another child of the call-out is. A\n"
        "child of whom an establishment has been told cannot be decided again.\n\n"
        "JSON: list has children (child_id force police_ref child_ref state candidates rule\n"
        "since deadline) and messages (message_id received_at topic problems handled_at\n"
        "handled_by); show has child, the police's particulars, and candidates, each with\n"
        "pupil_id la score sure evidence and the roll's particulars; the others have child_id or\n"
        "message_id, done, already; accept also remembered, in words.\n\n"
        "Examples:\n"
        "  encompass review list\n"
        "  encompass review show 41\n"
        "  encompass review accept 41 P000123 --la 879 --remember",
    .run = run,
};
