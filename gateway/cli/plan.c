/* gateway/cli/plan.c - `encompass plan`: who will be told what, and when. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/call_list.h"
#include "cli/command.h"
#include "cli/doors.h"
#include "cli/json.h"
#include "cli/people.h"
#include "cli/table.h"
#include "follow/words.h"
#include "plan/planner.h"
#include "store/registers.h"
#include "store/report.h"

/* A notice's line: with names, when they were asked for. */
struct line {
    const struct report_notice *n;
    struct personal children; /* "Forename Surname, Forename Surname" */
    struct personal contact;
};

static int read_children_names(struct db *db, const struct report_notice *n, struct buf *out,
                               struct err *err)
{
    struct people people;
    struct personal name = {NULL, 0};
    int64_t *ids = NULL;
    size_t count = 0;
    int rc = people_load(db, n->notice.incident_id, &people, err);

    if (rc == 0)
        rc = notices_children(db, n->notice.notice_id, &ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct child_row *row = people_row(&people, ids[i]);
        const struct incident_child *child = row ? people_child(&people, row) : NULL;

        if (!child)
            continue;
        rc = people_name(child, &name, err);
        buf_add_text(out, out->length > 0 ? ", " : "");
        buf_add_text(out, personal_reveal(&name));
    }
    personal_release(&name);
    free(ids);
    people_release(&people);
    return rc;
}

static int read_names(struct db *db, struct line *line, struct err *err)
{
    struct buf names;
    int rc;

    buf_init(&names, 16384);
    rc = read_children_names(db, line->n, &names, err);
    if (rc == 0)
        rc = buf_check(&names, err);
    if (rc == 0)
        rc = personal_set(&line->children, buf_text(&names), names.length, err);
    if (rc == 0 && line->n->contact_id >= 0)
        rc = people_contact_name(db, line->n->contact_id, &line->contact, err);
    buf_release(&names);
    return rc;
}

static bool is_late(const struct report_notice *n, time_t now)
{
    return n->notice.state == NOTICE_OWED && n->notice.due_at < now - 60;
}

static bool is_stuck(const struct report_notice *n)
{
    return n->notice.state == NOTICE_OWED && strcmp(n->item_state, "due") != 0 &&
           strcmp(n->item_state, "leased") != 0;
}

/* What --at asks for: whether it would have gone by then. */
static bool would_be_sent(const struct report_notice *n, time_t at)
{
    return n->notice.state == NOTICE_OWED && !is_stuck(n) && n->notice.due_at <= at;
}

static void line_json(cJSON *list, const struct line *line, bool names, time_t now, time_t at)
{
    const struct report_notice *n = line->n;
    cJSON *o = json_push_object(list);

    json_text(o, "reference", n->notice.reference);
    json_text(o, "force", n->force);
    json_text(o, "police_ref", n->police_ref);
    json_text(o, "kind", notice_kind_word(n->notice.kind));
    json_moment(o, "due_at", n->notice.due_at);
    json_moment(o, "answer_by", n->notice.answer_by);
    json_text(o, "namespace", n->notice.door.namespace);
    json_text(o, "urn", n->notice.door.urn);
    json_text(o, "la", n->la_code);
    json_text(o, "establishment", n->establishment);
    json_text(o, "role", is_stuck(n) ? NULL : n->role);
    json_text(o, "adapter", is_stuck(n) ? NULL : n->adapter);
    json_number(o, "children", n->children);
    json_text(o, "basis", basis_word(n->notice.basis));
    json_text(o, "rule", n->notice.rule);
    json_text(o, "rule_words", words_rule_short(n->notice.rule));
    json_text(o, "reason", n->notice.reason ? desk_reason_word(n->notice.reason) : NULL);
    json_text(o, "reason_words", words_desk_reason(n->notice.reason));
    json_text(o, "state", notice_state_word(n->notice.state));
    if (at >= 0)
        json_bool(o, "sent_by_then", would_be_sent(n, at));
    json_bool(o, "late", is_late(n, now));
    json_bool(o, "stuck", is_stuck(n));
    json_number(o, "tries", n->tries);
    json_moment(o, "told_at", n->notice.told_at);
    json_moment(o, "answered_at", n->notice.answered_at);
    if (names) {
        json_personal(o, "children_names", &line->children);
        json_personal(o, "contact_name", &line->contact);
    }
}

static void line_cells(struct table *t, const struct line *line, bool names, time_t now, time_t at)
{
    const struct report_notice *n = line->n;
    char due[WORDS_MOMENT_SIZE];
    bool stuck = is_stuck(n);
    enum colour colour = is_late(n, now) || stuck           ? COLOUR_RED
                         : n->notice.state == NOTICE_FAILED ? COLOUR_YELLOW
                         : n->notice.state == NOTICE_OWED   ? COLOUR_PLAIN
                                                            : COLOUR_GREEN;

    table_cell(t, colour, "%s", words_moment_short(n->notice.due_at, due));
    table_cell(t, COLOUR_PLAIN, "%s", n->notice.reference);
    table_cell(t, COLOUR_PLAIN, "%s (%s %s)", n->establishment, n->notice.door.namespace,
               n->notice.door.urn);
    if (stuck)
        table_cell(t, COLOUR_RED, "nobody can be told");
    else
        table_cell(t, COLOUR_PLAIN, "%s%s%s, %s", personal_reveal(&line->contact),
                   names ? ", " : "", n->role, words_adapter(n->adapter));
    if (names)
        table_cell(t, COLOUR_PLAIN, "%s", personal_reveal(&line->children));
    else
        table_cell(t, COLOUR_PLAIN, "%" PRId64, n->children);
    if (at >= 0 && n->notice.state == NOTICE_OWED)
        table_cell(t, colour, "%s", would_be_sent(n, at) ? "sent by then" : "not yet");
    else
        table_cell(t, colour, "%s%s", notice_state_word(n->notice.state),
                   is_late(n, now) ? ", late" : "");
    table_cell(t, COLOUR_DIM, "%s, %s%s%s", basis_word(n->notice.basis),
               words_rule_short(n->notice.rule), n->notice.reason ? "; " : "",
               words_desk_reason_short(n->notice.reason));
}

static int print_lines(struct cli *cli, const struct line *lines, size_t count, bool names,
                       time_t at, struct err *err)
{
    static const char *const plain[] = {"DUE",       "REFERENCE", "~ESTABLISHMENT", "~WHO",
                                        ">CHILDREN", "STATE",     "~WHY",           NULL};
    static const char *const named[] = {"DUE",       "REFERENCE", "~ESTABLISHMENT", "~WHO",
                                        "~CHILDREN", "STATE",     "~WHY",           NULL};
    time_t now = clock_now(&cli->clock);
    struct table *t;

    if (cli->json) {
        cJSON *root = json_object();
        cJSON *list;

        if (at >= 0)
            json_moment(root, "at", at);
        list = json_add_list(root, "notices");

        for (size_t i = 0; i < count; i++)
            line_json(list, &lines[i], names, now, at);
        return json_print(root, err);
    }
    if (count == 0) {
        puts("Nothing is owed that fits.");
        return 0;
    }
    t = table_new(names ? named : plain);
    for (size_t i = 0; i < count; i++)
        line_cells(t, &lines[i], names, now, at);
    table_print(t, stdout);
    table_free(t);
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The audit of names that are about to be shown: each incident once. */
static int note_names(struct cli *cli, const struct report_notice *notices, size_t count,
                      struct err *err)
{
    int64_t *ids = calloc(count + 1, sizeof *ids);
    size_t kept = 0;
    int rc;

    if (!ids)
        return err_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = notices[i].notice.incident_id;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || ids[kept - 1] != ids[i])
            ids[kept++] = ids[i];
    }
    rc = people_shown(cli, ids, kept, -1, "plan", err);
    free(ids);
    return rc;
}

/* One view of the store; with --at the plan of that moment, which report_end takes back. */
static int begin(struct db *db, time_t at, struct err *err)
{
    if (at < 0)
        return report_begin(db, err);
    if (db_begin(db, err) < 0)
        return -1;
    if (planner_pretend(db, at, err) == 0)
        return 0;
    db_rollback(db);
    return -1;
}

static int show(struct cli *cli, const struct report_filter *filter, bool names, time_t at,
                struct err *err)
{
    struct report_notice *notices = NULL;
    struct line *lines = NULL;
    struct db *db;
    size_t count = 0;
    int rc;

    if (cli_store(cli, &db, err) < 0)
        return -1;
    if (begin(db, at, err) < 0)
        return -1;
    rc = report_notices(db, filter, &notices, &count, err);
    if (rc == 0) {
        lines = calloc(count + 1, sizeof *lines);
        rc = lines ? 0 : err_memory(err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        lines[i].n = &notices[i];
        if (names)
            rc = read_names(db, &lines[i], err);
    }
    report_end(db);
    if (rc == 0 && names)
        rc = note_names(cli, notices, count, err);
    if (rc == 0)
        rc = print_lines(cli, lines, count, names, at, err);
    for (size_t i = 0; lines && i < count; i++) {
        personal_release(&lines[i].children);
        personal_release(&lines[i].contact);
    }
    free(lines);
    free(notices);
    return rc;
}

/* Whom the lines are of. A number alone can be a school's or a centre's. */
struct of {
    struct door establishment, authority, force;
};

/* What no register has is said, for nothing is owed to a slip of the pen either. */
static int warn_of_unknown(struct db *db, const struct report_filter *filter, struct err *err)
{
    static const char *const namespaces[] = {"school", "centre"};
    char name[REPORT_NAME_SIZE];
    int rc = 1;

    if (filter->la_code)
        rc = registers_authority_name(db, filter->la_code, name, sizeof name, err);
    if (rc == 0)
        fprintf(stderr, "encompass: authority %s is not in the register\n", filter->la_code);
    if (rc < 0 || !filter->urn)
        return rc < 0 ? -1 : 0;
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
        struct establishment e;
        struct door door = {.namespace = ""};

        if (filter->namespace && strcmp(filter->namespace, namespaces[i]) != 0)
            continue;
        snprintf(door.namespace, sizeof door.namespace, "%s", namespaces[i]);
        snprintf(door.urn, sizeof door.urn, "%s", filter->urn);
        rc = registers_establishment(db, &door, &e, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    fprintf(stderr, "encompass: %s %s is not in the register\n",
            filter->namespace ? filter->namespace : "establishment", filter->urn);
    return 0;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"la", required_argument, NULL, 'l'},
        {"urn", required_argument, NULL, 'u'},
        {"force", required_argument, NULL, 'f'},
        {"due-before", required_argument, NULL, 'd'},
        {"all", no_argument, NULL, 'a'},
        {"at", required_argument, NULL, 't'},
        {"names", no_argument, NULL, 'n'},
        {"call-list", no_argument, NULL, 'c'},
        {"csv", no_argument, NULL, 'C'},
        {"html", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    struct report_filter filter = REPORT_FILTER_NONE;
    enum call_list_form form = cli->json ? CALL_LIST_JSON : CALL_LIST_TEXT;
    bool names = false, calls = false;
    time_t at = -1;
    struct of of;
    struct db *db;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            if (door_of_la(argv[0], optarg, &of.authority, err) < 0)
                return -1;
            filter.la_code = of.authority.urn;
            break;
        case 'u':
            if (door_of_urn(argv[0], optarg, &of.establishment, err) < 0)
                return -1;
            filter.urn = of.establishment.urn;
            filter.namespace = strchr(optarg, '/') ? of.establishment.namespace : NULL;
            break;
        case 'f':
            if (door_of_force(argv[0], optarg, &of.force, err) < 0)
                return -1;
            filter.force = of.force.urn;
            break;
        case 'd':
            if (cli_moment(cli, argv[0], optarg, &filter.due_before, err) < 0)
                return -1;
            break;
        case 't':
            if (cli_moment(cli, argv[0], optarg, &at, err) < 0)
                return -1;
            break;
        case 'a':
            filter.all = true;
            break;
        case 'n':
            names = true;
            break;
        case 'c':
            calls = true;
            break;
        case 'C':
        case 'H':
            form = option == 'C' ? CALL_LIST_CSV : CALL_LIST_HTML;
            break;
        default:
            return cli_usage_option(err, argc, argv);
        }
    }
    if (optind < argc)
        return cli_usage(err, argv[0], "it takes options only");
    if (calls && (at >= 0 || filter.all))
        return cli_usage(err, argv[0], "--call-list is of this moment: without --at and --all");
    if (!calls && (form == CALL_LIST_CSV || form == CALL_LIST_HTML))
        return cli_usage(err, argv[0], "--csv and --html are of --call-list");
    if (at >= 0 && at < clock_now(&cli->clock))
        return cli_usage(err, argv[0], "--at is a moment that is still to come");
    if (cli_store(cli, &db, err) < 0 || warn_of_unknown(db, &filter, err) < 0)
        return -1;
    if (calls)
        return call_list_print(cli, &filter, form, err);
    return show(cli, &filter, names, at, err);
}

const struct command command_plan = {
    .name = "plan",
    .summary = "who will be told what, and when",
    .usage =
        "[--la CODE] [--urn URN] [--force FORCE] [--due-before TIME] [--at TIME]\n"
        "               [--all] [--names]\n"
        "       encompass plan --call-list [--csv | --html] [--la CODE] [--urn URN] [--force FORCE]\n"
        "               [--due-before TIME]\n\n"
        "One line a notice that is owed, by the time it is due (London). Each goes to one\n"
        "establishment, or to a desk where no establishment can be told.\n\n"
        "  --la CODE          only establishments and the desk of this authority\n"
        "  --urn URN          only this establishment, school/100001 or centre/20001\n"
        "  --force FORCE      only incidents of this force, such as devon-and-cornwall\n"
        "  --due-before TIME  only what is due before hh:mm (the next one) or a date and time\n"
        "  --at TIME          as if it were TIME, and nothing came in or changed until then: what\n"
        "                     would be sent by then and what not; nothing is changed by asking\n"
        "  --all              those told, answered and failed too\n"
        "  --names            show the children's and contacts' names; the audit says that\n"
        "                     you asked\n\n"
        "  --call-list        whom to ring before the bell, best first: what could not be sent in\n"
        "                     time, what nobody has answered, and where nobody can be told. The\n"
        "                     numbers are of verified contacts, else of the switchboard in the\n"
        "                     register. It names children, as the policy `fields` allows; the\n"
        "                     audit says that you asked. Record each call: encompass answer\n"
        "                     --by-telephone\n"
        "  --csv, --html      the call list for a spreadsheet, or as a page to print (A4)\n\n"
        "JSON: notices, a list of reference force police_ref kind due_at answer_by namespace\n"
        "urn la establishment role adapter children basis rule rule_words reason\n"
        "reason_words state late stuck tries told_at answered_at; with --at, at and of each\n"
        "sent_by_then; with --names children_names contact_name. With --call-list: calls, a\n"
        "list, and undecided, the children for whom nothing is planned yet.\n\n"
        "Examples:\n"
        "  encompass plan --due-before 08:00\n"
        "  encompass plan --la 879 --all --json\n"
        "  encompass plan --call-list\n"
        "  encompass plan --call-list --html > calls.html",
    .run = run,
};
