/* gateway/cli/close.c - `encompass close`: an establishment, or an authority's, is closed at short
 * notice, or open after all. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/doors.h"
#include "cli/effects.h"
#include "cli/json.h"
#include "follow/words.h"
#include "registers/encoding.h"
#include "store/closures.h"
#include "store/registers.h"
#include "store/report.h"

enum { TITLE_MAX = 100, DAYS_MOST = 370 };

struct asked {
    struct closure closure;
    bool reopen;
};

static int wrong(struct err *err, const char *what)
{
    return cli_usage(err, "close", what);
}

static int take_day(struct cli *cli, const char *text, day_t *out, struct err *err)
{
    day_t today = london_day(clock_now(&cli->clock));

    *out = strcmp(text, "today") == 0      ? today
           : strcmp(text, "tomorrow") == 0 ? today + 1
                                           : day_parse(text);
    return *out == DAY_NONE ? wrong(err, "a day is yyyy-mm-dd, today or tomorrow") : 0;
}

/* What may stand in a terminal and in a page. */
static bool is_title(const char *text)
{
    if (strlen(text) > TITLE_MAX || encoding_utf8_valid(text, strlen(text)) != strlen(text))
        return false;
    for (const char *p = text; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return false;
    }
    return true;
}

static int take_options(struct cli *cli, int argc, char **argv, struct asked *out, struct err *err)
{
    static const struct option options[] = {{"la", required_argument, NULL, 'l'},
                                            {"title", required_argument, NULL, 't'},
                                            {"reopen", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    struct closure *c = &out->closure;
    int option;

    c->title = "";
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l') {
            if (door_of_la("close", optarg, &c->door, err) < 0)
                return -1;
        } else if (option == 't') {
            c->title = optarg;
        } else if (option == 'r') {
            out->reopen = true;
        } else {
            return cli_usage_option(err, argc, argv);
        }
    }
    if (c->door.urn[0] == '\0') {
        if (optind == argc)
            return wrong(err, "which establishment, or which --la?");
        if (door_of_urn("close", argv[optind++], &c->door, err) < 0)
            return -1;
    }
    if (optind == argc)
        return wrong(err, "from which day?");
    if (take_day(cli, argv[optind++], &c->from, err) < 0)
        return -1;
    c->to = c->from;
    if (optind < argc && take_day(cli, argv[optind++], &c->to, err) < 0)
        return -1;
    if (optind < argc)
        return wrong(err, "it takes a first day and a last one");
    if (c->to < c->from || c->to - c->from > DAYS_MOST)
        return wrong(err, "the last day is before the first, or more than a year after it");
    if (!is_title(c->title))
        return wrong(err, "a title is plain text of up to 100 bytes");
    if (!out->reopen && c->title[0] == '\0')
        return wrong(err, "--title says why, such as Snow");
    return 0;
}

/* A number that nobody has is a slip of the pen. */
static int check_door(struct db *db, const struct door *door, char name[REPORT_NAME_SIZE],
                      struct err *err)
{
    struct establishment e;
    int rc;

    if (strcmp(door->namespace, "la") == 0)
        rc = registers_authority_name(db, door->urn, name, REPORT_NAME_SIZE, err);
    else
        rc = registers_establishment(db, door, &e, err);
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s %s is not in the register", door->namespace,
                       door->urn);
    return rc < 0 ? -1 : report_door_name(db, door, name, err);
}

static int change(struct db *db, const struct asked *asked, time_t now, struct err *err)
{
    const struct closure *c = &asked->closure;
    int rc;

    if (db_begin(db, err) < 0)
        return -1;
    rc = asked->reopen ? closures_remove(db, c, cli_who(), now, err)
                       : closures_add(db, c, cli_who(), now, err);
    if (rc < 0 || db_commit(db, err) < 0) {
        db_rollback(db);
        return -1;
    }
    if (rc == 0 && asked->reopen)
        return err_set(err, ERR_NONE_SUCH,
                       "%s %s has no closure of its own on those days (an INSET day, a holiday and "
                       "an authority's closure are not its own)",
                       c->door.namespace, c->door.urn);
    return 0;
}

static void say(const struct asked *asked, const char *name)
{
    const struct closure *c = &asked->closure;
    bool all = strcmp(c->door.namespace, "la") == 0;
    char from[WORDS_MOMENT_SIZE], to[WORDS_MOMENT_SIZE];

    if (all)
        printf("All establishments of authority %s, %s,", c->door.urn, name);
    else
        printf("%s %s, %s,", words_namespace(c->door.namespace), c->door.urn, name);
    printf(" %s %s ", all ? "are" : "is", asked->reopen ? "open again" : "closed");
    if (c->to != c->from)
        printf("from %s to %s", words_day(c->from, from), words_day(c->to, to));
    else
        printf("on %s", words_day(c->from, from));
    if (asked->reopen)
        printf(", unless something else closes %s", all ? "them" : "it");
    printf("%s%s.\n", c->title[0] ? ": " : "", c->title);
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct asked asked = {.reopen = false};
    struct effects effects = {.count = 0};
    char name[REPORT_NAME_SIZE], day[DATE_TEXT_SIZE];
    cJSON *root, *list;
    struct db *db;
    int rc;

    if (take_options(cli, argc, argv, &asked, err) < 0 || cli_store(cli, &db, err) < 0 ||
        check_door(db, &asked.closure.door, name, err) < 0 || effects_before(db, &effects, err) < 0)
        return -1;
    root = json_object();
    json_text(root, "namespace", asked.closure.door.namespace);
    json_text(root, "urn", asked.closure.door.urn);
    json_text(root, "name", name);
    json_text(root, "from", day_format(asked.closure.from, day));
    json_text(root, "to", day_format(asked.closure.to, day));
    json_text(root, "title", asked.closure.title);
    json_bool(root, "closed", !asked.reopen);
    list = json_add_list(root, "notices");
    rc = change(db, &asked, clock_now(&cli->clock), err);
    if (rc == 0)
        rc = effects_after(cli, db, &effects, list, err);
    effects_release(&effects);
    if (rc == 0 && cli->json)
        return json_print(root, err);
    if (rc == 0) {
        say(&asked, name);
        effects_print(list);
    }
    json_free(root);
    return rc;
}

const struct command command_close = {
    .name = "close",
    .summary = "a school is closed at short notice, or open after all",
    .usage =
        "NAMESPACE/URN FROM [TO] --title TEXT\n"
        "       encompass close --la CODE FROM [TO] --title TEXT\n"
        "       encompass close NAMESPACE/URN|--la CODE FROM [TO] --reopen\n\n"
        "Snow, a burst boiler, an election: those days are no school days there. Notices that\n"
        "are not sent yet move to the next school morning; what was sent stays sent. They are\n"
        "shown, and `encompass explain` says so of each. The audit keeps your login.\n\n"
        "  NAMESPACE/URN  school/100001 or centre/20001; a number alone is a school's\n"
        "  FROM, TO       yyyy-mm-dd, today, tomorrow; TO is included\n"
        "  --la CODE      all establishments of this authority\n"
        "  --title TEXT   why: it is shown, so nothing about people\n"
        "  --reopen       takes these days out of its own closures again\n\n"
        "JSON: namespace urn name from to title closed; notices (what reference namespace urn\n"
        "establishment was_due_at due_at), what being moved, cancelled or new.\n\n"
        "Examples:\n"
        "  encompass close school/113292 today --title Snow\n"
        "  encompass close --la 879 2026-01-12 2026-01-13 --title Snow\n"
        "  encompass close school/113292 today --reopen",
    .run = run,
};
