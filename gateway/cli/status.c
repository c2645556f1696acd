/* gateway/cli/status.c - `encompass status`: the night at a glance, and what needs a person. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/held.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/warnings.h"
#include "cli/withheld.h"
#include "follow/metrics.h"
#include "follow/words.h"
#include "store/report.h"

enum { WATCH_SECONDS = 2 };

static bool adds_up(const struct report_counts *c)
{
    int64_t children = 0;

    for (size_t i = 0; i < CHILD_STATES; i++)
        children += c->account.by_state[i];
    return children == c->account.children &&
           c->matched + c->in_review + c->no_match + c->undecided == c->account.children;
}

static bool is_right(const struct report_status *s)
{
    return adds_up(&s->all) && adds_up(&s->since) && s->all.account.forgotten == 0 &&
           s->all.account.unproved == 0;
}

static void counts_json(cJSON *root, const char *name, const struct report_counts *c)
{
    cJSON *o = json_add_object(root, name);
    cJSON *messages = json_add_object(o, "messages");
    cJSON *children, *decisions;

    json_number(messages, "received", c->messages);
    json_number(messages, "accepted", c->accepted);
    json_number(messages, "repeated", c->repeated);
    json_number(messages, "refused", c->refused);
    json_number(o, "incidents", c->account.incidents);
    children = json_add_object(o, "children");
    json_number(children, "all", c->account.children);
    for (enum child_state s = CHILD_OPEN; s <= CHILD_WITHDRAWN; s++)
        json_number(children, child_state_word(s), c->account.by_state[s]);
    decisions = json_add_object(o, "decisions");
    json_number(decisions, "match", c->matched);
    json_number(decisions, "review", c->in_review);
    json_number(decisions, "none", c->no_match);
    json_number(decisions, "undecided", c->undecided);
}

static void notices_json(cJSON *root, const struct report_status *s)
{
    cJSON *notices = json_add_object(root, "notices");
    int64_t all = 0;

    for (enum notice_state state = NOTICE_OWED; state <= NOTICE_CANCELLED; state++) {
        json_number(notices, notice_state_word(state), s->notices[state]);
        all += s->notices[state];
    }
    json_number(notices, "all", all);
    json_number(notices, "to_desks", s->desk_notices);
    json_number(notices, "late", s->late);
    json_number(notices, "told_late", s->told_late);
    json_number(notices, "unanswered", s->unanswered);
    json_number(notices, "wrong_doors", s->wrong_doors);
    json_moment(notices, "next_due", s->next_due);
    json_moment(notices, "next_answer_by", s->next_answer_by);
}

static int print_json(struct db *db, const struct report_status *s, int64_t daemon, time_t since,
                      time_t now, struct err *err)
{
    cJSON *root = json_object(), *o;

    json_moment(root, "at", now);
    json_moment(root, "since", since);
    json_id(root, "daemon_pid", daemon > 0 ? daemon : -1);
    counts_json(root, "tonight", &s->since);
    counts_json(root, "all", &s->all);
    json_bool(root, "adds_up", is_right(s));
    notices_json(root, s);
    o = json_add_object(root, "attention");
    json_number(o, "stuck", s->all.account.stuck);
    json_number(o, "forgotten", s->all.account.forgotten);
    json_number(o, "unproved", s->all.account.unproved);
    json_number(o, "refused_waiting", s->refused_waiting);
    json_moment(o, "refused_oldest", s->refused_oldest);
    o = json_add_object(root, "work");
    json_number(o, "to_match", s->to_match);
    json_number(o, "to_plan", s->to_plan);
    json_number(o, "receipts_waiting", s->receipts_waiting);
    json_moment(o, "receipts_oldest", s->receipts_oldest);
    json_moment(root, "last_message_at", s->last_message_at);
    o = json_add_list(root, "troubles");
    for (size_t i = 0; i < s->troubles_count; i++) {
        const struct report_trouble *t = &s->troubles[i];
        cJSON *trouble = json_push_object(o);

        json_text(trouble, "adapter", t->adapter);
        json_text(trouble, "verdict", t->verdict);
        json_number(trouble, "items", t->items);
        json_number(trouble, "most_tries", t->most_tries);
        json_moment(trouble, "next_try", t->next_try);
        json_text(trouble, "detail", t->detail);
    }
    if (warnings_json(db, root, err) < 0 || withheld_json(db, root, err) < 0 ||
        held_json(db, root, err) < 0) {
        json_free(root);
        return -1;
    }
    return json_print(root, err);
}

static void row(struct table *t, enum colour colour, const char *what, int64_t since, int64_t all)
{
    table_cell(t, COLOUR_PLAIN, "%s", what);
    table_cell(t, since ? colour : COLOUR_DIM, "%" PRId64, since);
    table_cell(t, all ? colour : COLOUR_DIM, "%" PRId64, all);
}

static void print_counts(const struct report_status *s)
{
    static const char *const headings[] = {"", ">tonight", ">in all", NULL};
    static const char *const states[] = {
        [CHILD_OPEN] = "  open, nobody told yet",
        [CHILD_REVIEW] = "  open, a person has to decide",
        [CHILD_TOLD] = "  told",
        [CHILD_ANSWERED] = "  told and answered",
        [CHILD_WITH_LA_DESK] = "  with an authority's desk",
        [CHILD_WITHHELD] = "  withheld",
        [CHILD_WITHDRAWN] = "  withdrawn",
    };
    struct table *t = table_new(headings);

    row(t, COLOUR_PLAIN, "Messages received", s->since.messages, s->all.messages);
    row(t, COLOUR_PLAIN, "  accepted", s->since.accepted, s->all.accepted);
    row(t, COLOUR_PLAIN, "  repeats", s->since.repeated, s->all.repeated);
    row(t, COLOUR_YELLOW, "  refused", s->since.refused, s->all.refused);
    row(t, COLOUR_PLAIN, "Incidents", s->since.account.incidents, s->all.account.incidents);
    row(t, COLOUR_BOLD, "Children", s->since.account.children, s->all.account.children);
    for (enum child_state i = CHILD_OPEN; i <= CHILD_WITHDRAWN; i++)
        row(t,
            i == CHILD_OPEN || i == CHILD_REVIEW                                ? COLOUR_YELLOW
            : i == CHILD_TOLD || i == CHILD_ANSWERED || i == CHILD_WITH_LA_DESK ? COLOUR_GREEN
                                                                                : COLOUR_PLAIN,
            states[i], s->since.account.by_state[i], s->all.account.by_state[i]);
    row(t, COLOUR_PLAIN, "Found on a roll", s->since.matched, s->all.matched);
    row(t, COLOUR_PLAIN, "  unsure, for a person", s->since.in_review, s->all.in_review);
    row(t, COLOUR_PLAIN, "  on no roll", s->since.no_match, s->all.no_match);
    row(t, COLOUR_PLAIN, "  not looked for: withheld, or just in", s->since.undecided,
        s->all.undecided);
    table_print(t, stdout);
    table_free(t);
}

static void print_notices(const struct report_status *s)
{
    char due[WORDS_MOMENT_SIZE], answer[WORDS_MOMENT_SIZE], last[WORDS_MOMENT_SIZE];

    printf("\nNotices           %" PRId64 " owed, %" PRId64 " told, %" PRId64 " answered, %" PRId64
           " failed; %" PRId64 " of them to desks\n",
           s->notices[NOTICE_OWED], s->notices[NOTICE_TOLD], s->notices[NOTICE_ANSWERED],
           s->notices[NOTICE_FAILED], s->desk_notices);
    if (s->wrong_doors > 0)
        printf("Wrong doors       %" PRId64 " told of at an establishment that is not theirs\n",
               s->wrong_doors);
    printf("Next due          %s\n", s->next_due < 0 ? "nothing" : words_moment(s->next_due, due));
    printf("Next answer by    %s\n",
           s->next_answer_by < 0 ? "nothing" : words_moment(s->next_answer_by, answer));
    printf("Last message      %s\n", words_moment(s->last_message_at, last));
    printf("In work           %" PRId64 " %s to match, %" PRId64 " to plan, %" PRId64
           " receipt%s to send\n\n",
           s->to_match, s->to_match == 1 ? "child" : "children", s->to_plan, s->receipts_waiting,
           s->receipts_waiting == 1 ? "" : "s");
}

static int attention(int64_t n, enum colour colour, const char *one, const char *many,
                     const char *look)
{
    if (n == 0)
        return 0;
    colour_print(stdout, colour, "! %" PRId64 " %s", n, n == 1 ? one : many);
    printf("  (%s)\n", look);
    return 1;
}

static int print_attention(struct db *db, const struct report_status *s, int64_t daemon,
                           struct err *err)
{
    int n = 0, warnings;
    char when[WORDS_MOMENT_SIZE];

    if (daemon == 0) {
        colour_print(stdout, COLOUR_RED, "! encompassd is not running on this store");
        puts("  (nothing comes in and nothing is sent)");
        n++;
    }
    n += attention(s->all.account.forgotten, COLOUR_RED, "child is forgotten",
                   "children are forgotten", "a fault of the gateway: report it");
    n += attention(s->all.account.unproved, COLOUR_RED, "child is told without a notice",
                   "children are told without a notice", "a fault of the gateway: report it");
    n += attention(s->late, COLOUR_RED, "notice is late", "notices are late", "encompass plan");
    n += attention(s->all.account.stuck, COLOUR_RED, "child has nobody who can be told",
                   "children have nobody who can be told", "encompass plan; give a contact");
    n += attention(s->unanswered, COLOUR_YELLOW, "notice is not answered in time",
                   "notices are not answered in time", "whom to ring: encompass plan --call-list");
    n += attention(s->all.account.by_state[CHILD_REVIEW], COLOUR_YELLOW,
                   "child waits for a decision", "children wait for a decision",
                   "encompass review list");
    n += attention(s->refused_waiting, COLOUR_YELLOW, "refused message waits for a person",
                   "refused messages wait for a person", "encompass review list");
    for (size_t i = 0; i < s->troubles_count; i++, n++) {
        const struct report_trouble *t = &s->troubles[i];

        colour_print(stdout, COLOUR_YELLOW, "! %s: %" PRId64 " to be tried again", t->adapter,
                     t->items);
        printf("  (%s, tries up to %" PRId64 "; %s; next %s)\n", words_verdict(t->verdict),
               t->most_tries, t->detail, words_moment_short(t->next_try, when));
    }
    warnings = held_print(db, err);
    if (warnings < 0)
        return -1;
    n += warnings;
    warnings = warnings_print(db, err);
    if (warnings < 0)
        return -1;
    n += warnings;
    warnings = withheld_print(db, err);
    if (warnings < 0)
        return -1;
    n += warnings;
    if (!is_right(s) && s->all.account.forgotten == 0 && s->all.account.unproved == 0)
        colour_print(stdout, COLOUR_RED, "! the account does not add up\n");
    else if (n == 0)
        colour_print(stdout, COLOUR_GREEN,
                     "Every child is accounted for; nothing waits for a person.\n");
    return 0;
}

static int show(struct cli *cli, bool clear, struct err *err)
{
    struct report_status s;
    struct db *db;
    time_t now = clock_now(&cli->clock);
    time_t since = report_night_began(now);
    int64_t daemon;
    char at[WORDS_MOMENT_SIZE], began[WORDS_MOMENT_SIZE];

    if (cli_store(cli, &db, err) < 0 || report_status(db, since, now, &s, err) < 0)
        return -1;
    daemon = report_daemon(db);
    if (cli->json)
        return print_json(db, &s, daemon, since, now, err) < 0 ? -1 : !is_right(&s);
    if (clear)
        fputs("\033[H\033[2J", stdout);
    printf("%s; tonight is since %s\n\n", words_moment(now, at), words_moment(since, began));
    print_counts(&s);
    print_notices(&s);
    if (print_attention(db, &s, daemon, err) < 0)
        return -1;
    return !is_right(&s);
}

static int print_metrics(struct cli *cli, struct err *err)
{
    struct metrics_daemon daemon = {.running = false};
    struct buf text;
    struct db *db;
    int rc;

    if (cli_store(cli, &db, err) < 0)
        return -1;
    daemon.running = report_daemon(db) > 0;
    buf_init(&text, METRICS_BYTES_MAX);
    rc = metrics_text(db, clock_now(&cli->clock), &daemon, &text, err);
    if (rc == 0)
        fputs(buf_text(&text), stdout);
    buf_release(&text);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"watch", no_argument, NULL, 'w'}, {"metrics", no_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
    bool watch = false, metrics = false;
    int rc;

    while ((rc = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (rc != 'w' && rc != 'm')
            return cli_usage_option(err, argc, argv);
        watch |= rc == 'w';
        metrics |= rc == 'm';
    }
    if (optind < argc)
        return cli_usage(err, argv[0], "it takes no arguments");
    if (metrics && (watch || cli->json))
        return cli_usage(err, argv[0], "--metrics goes with neither --watch nor --json");
    if (metrics)
        return print_metrics(cli, err);
    if (watch && (cli->json || !isatty(STDOUT_FILENO)))
        return cli_usage(err, argv[0], "--watch is for a terminal");
    while ((rc = show(cli, watch, err)) >= 0 && watch) {
        fflush(stdout);
        sleep(WATCH_SECONDS);
    }
    return rc;
}

const struct command command_status = {
    .name = "status",
    .summary = "the night at a glance, and what needs a person",
    .usage =
        "[--watch|--metrics]\n\n"
        "Counts messages, incidents, children and notices: tonight (since noon in London) and\n"
        "in all, then lists what waits for a person. Every child is in exactly one state; if\n"
        "they do not add up, or one is forgotten, the exit status is 1. No names are shown.\n\n"
        "  --watch     show it again every two seconds, until interrupted\n"
        "  --metrics   figures in Prometheus' text format, as [metrics] file has them\n\n"
        "JSON: at, since, daemon_pid; tonight and all, each with messages (received accepted repeated\n"
        "refused), incidents, children (all open review told answered with_la_desk withheld\n"
        "withdrawn) and decisions (match review none undecided); adds_up; notices (all owed\n"
        "told answered failed cancelled to_desks late told_late unanswered wrong_doors next_due\n"
        "next_answer_by); attention (stuck forgotten unproved refused_waiting\n"
        "refused_oldest); work (to_match to_plan receipts_waiting receipts_oldest);\n"
        "last_message_at; troubles: a list of adapter verdict items most_tries next_try "
        "detail;\n"
        "warnings: a list of kind (feed-quiet broker-lost contact-failing roll-old adapter-shut)\n"
        "namespace urn name since raised_at told: each was told to its desk once, and clears\n"
        "itself; withheld: a list of force reason filter listed children; filters that are on:\n"
        "force key value; holds and shut: see `encompass hold --help`.\n\n"
        "Examples:\n"
        "  encompass status\n"
        "  encompass status --json | jq .notices.late",
    .run = run,
};
