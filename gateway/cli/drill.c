/* gateway/cli/drill.c - `encompass drill`: an exercise through the whole way, to named contacts, and
 * what came of it. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/doors.h"
#include "cli/json.h"
#include "cli/table.h"
#include "follow/words.h"
#include "store/bulletins.h"
#include "store/registers.h"
#include "store/report.h"

enum { WHOM_MAX = 200, DOORS_MAX = 50 };

/* A contact that an exercise goes to; its name and address are left in the store. */
struct one {
    struct drill_contact to;
    struct door door;
    enum contact_role role;
    char language[3];
};

struct asked {
    const char *force, *la, *adapter;
    bool dry_run;
    struct door doors[DOORS_MAX];
    size_t doors_count;
    int64_t contacts[WHOM_MAX];
    size_t contacts_count;
    struct one whom[WHOM_MAX];
    size_t count;
};

static int wrong(struct err *err, const char *what)
{
    return cli_usage(err, "drill", what);
}

static int take_number(const char *text, int64_t *out, struct err *err)
{
    if (strspn(text, "0123456789") != strlen(text) || text[0] == '\0' || strlen(text) > 15)
        return wrong(err, "a contact and a drill are numbers");
    *out = strtoll(text, NULL, 10);
    return 0;
}

static int take_option(int option, struct asked *a, struct err *err)
{
    struct door door;

    switch (option) {
    case 'f':
        a->force = optarg;
        return door_of_force("drill", optarg, &door, err);
    case 'l':
        a->la = optarg;
        return door_of_la("drill", optarg, &door, err);
    case 'a':
        a->adapter = optarg;
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case 'u':
        if (a->doors_count == DOORS_MAX)
            return wrong(err, "at most 50 establishments");
        return door_of_urn("drill", optarg, &a->doors[a->doors_count++], err);
    default:
        if (a->contacts_count == WHOM_MAX)
            return wrong(err, "at most 200 contacts");
        return take_number(optarg, &a->contacts[a->contacts_count++], err);
    }
}

static int take_options(int argc, char **argv, struct asked *a, struct err *err)
{
    static const struct option options[] = {{"force", required_argument, NULL, 'f'},
                                            {"la", required_argument, NULL, 'l'},
                                            {"contact", required_argument, NULL, 'c'},
                                            {"urn", required_argument, NULL, 'u'},
                                            {"adapter", required_argument, NULL, 'a'},
                                            {"dry-run", no_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return cli_usage_option(err, argc, argv);
        if (take_option(option, a, err) < 0)
            return -1;
    }
    if (!a->force && !a->la)
        return wrong(err, "--force or --la says in whose name");
    return 0;
}

static bool is_taken(const struct asked *a, int64_t contact_id)
{
    for (size_t i = 0; i < a->count; i++) {
        if (a->whom[i].to.contact_id == contact_id)
            return true;
    }
    return false;
}

/* contact_id -1: all there. Returns how many were taken, or -1. */
static int take_contacts(struct db *db, struct asked *a, const struct door *door,
                         int64_t contact_id, struct err *err)
{
    struct contact *list = NULL;
    size_t count = 0;
    int n = 0;

    if (registers_contacts(db, door, &list, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct one *one = &a->whom[a->count];

        if (!list[i].verified || (contact_id >= 0 && list[i].contact_id != contact_id) ||
            (a->adapter && strcmp(a->adapter, list[i].adapter) != 0) ||
            is_taken(a, list[i].contact_id))
            continue;
        if (a->count == WHOM_MAX) {
            n = wrong(err, "at most 200 contacts");
            break;
        }
        one->to.contact_id = list[i].contact_id;
        memcpy(one->to.adapter, list[i].adapter, sizeof one->to.adapter);
        one->door = *door;
        one->role = list[i].role;
        memcpy(one->language, list[i].language, sizeof one->language);
        a->count++;
        n++;
    }
    contacts_free(list, count);
    return n;
}

/* With --la an exercise stays within the authority. */
static int check_within(struct db *db, const struct asked *a, const struct door *door,
                        struct err *err)
{
    struct establishment e;
    int rc = registers_establishment(db, door, &e, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s %s is not in the register", door->namespace,
                       door->urn);
    if (a->la && strcmp(e.la_code, a->la) != 0 && strcmp(door->namespace, "force") != 0)
        return err_set(err, ERR_INVALID, "%s %s is not authority %s's", door->namespace, door->urn,
                       a->la);
    return 0;
}

static int take_contact(struct db *db, struct asked *a, int64_t contact_id, struct err *err)
{
    struct contact contact;
    struct door door;
    int rc = registers_contact(db, contact_id, &contact, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "contact %lld: there is none", (long long)contact_id);
    door = contact.door;
    contact_release(&contact);
    if (check_within(db, a, &door, err) < 0)
        return -1;
    rc = is_taken(a, contact_id) ? 1 : take_contacts(db, a, &door, contact_id, err);
    if (rc == 0)
        return err_set(err, ERR_INVALID,
                       "contact %lld has ended, is not verified or has another adapter",
                       (long long)contact_id);
    return rc < 0 ? -1 : 0;
}

static int choose(struct db *db, struct asked *a, struct err *err)
{
    int rc = 0;

    if (a->doors_count + a->contacts_count == 0) {
        rc = a->la ? door_of_la("drill", a->la, &a->doors[0], err)
                   : door_of_force("drill", a->force, &a->doors[0], err);
        a->doors_count = 1;
    }
    for (size_t i = 0; i < a->doors_count && rc == 0; i++) {
        int n = check_within(db, a, &a->doors[i], err) < 0
                    ? -1
                    : take_contacts(db, a, &a->doors[i], -1, err);

        if (n == 0)
            return err_set(err, ERR_NONE_SUCH, "%s %s has no verified contact to exercise with",
                           a->doors[i].namespace, a->doors[i].urn);
        rc = n < 0 ? -1 : 0;
    }
    for (size_t i = 0; i < a->contacts_count && rc == 0; i++)
        rc = take_contact(db, a, a->contacts[i], err);
    return rc;
}

static int print_begun(struct cli *cli, struct db *db, const struct asked *a, int64_t drill_id,
                       struct err *err)
{
    static const char *const headings[] = {">CONTACT", "ROLE", "OF", "ADAPTER", "LANGUAGE", NULL};
    struct table *t;

    if (cli->json) {
        cJSON *root = json_object(), *list;

        json_id(root, "drill", drill_id);
        list = json_add_list(root, "contacts");
        for (size_t i = 0; i < a->count; i++) {
            cJSON *o = json_push_object(list);

            json_id(o, "contact", a->whom[i].to.contact_id);
            json_text(o, "role", contact_role_word(a->whom[i].role));
            json_text(o, "namespace", a->whom[i].door.namespace);
            json_text(o, "urn", a->whom[i].door.urn);
            json_text(o, "adapter", a->whom[i].to.adapter);
            json_text(o, "language", a->whom[i].language);
        }
        return json_print(root, err);
    }
    t = table_new(headings);
    for (size_t i = 0; i < a->count; i++) {
        const struct one *one = &a->whom[i];

        table_cell(t, COLOUR_PLAIN, "%" PRId64, one->to.contact_id);
        table_cell(t, COLOUR_PLAIN, "%s", words_role(contact_role_word(one->role)));
        table_cell(t, COLOUR_PLAIN, "%s %s", words_namespace(one->door.namespace), one->door.urn);
        table_cell(t, COLOUR_PLAIN, "%s", one->to.adapter);
        table_cell(t, COLOUR_PLAIN, "%s", one->language);
    }
    table_print(t, stdout);
    table_free(t);
    if (drill_id < 0)
        printf("\nA dry run: nothing is stored, nobody is sent anything.\n");
    else
        printf("\nExercise %" PRId64 ": %zu message%s, each marked EXERCISE.%s\n"
               "`encompass drill report %" PRId64 "` says what came of %s.\n",
               drill_id, a->count, a->count == 1 ? "" : "s",
               report_daemon(db) == 0 ? " encompassd is not running: they leave when it is." : "",
               drill_id, a->count == 1 ? "it" : "them");
    return 0;
}

static int begin(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct asked *a = calloc(1, sizeof *a);
    struct drill_contact to[WHOM_MAX];
    struct db *db;
    int64_t drill_id = -1;
    int rc = -1;

    if (!a)
        return err_memory(err);
    if (take_options(argc, argv, a, err) < 0)
        goto out;
    if (optind < argc) {
        wrong(err, "it takes options alone, or `report`");
        goto out;
    }
    if (cli_store(cli, &db, err) < 0 || choose(db, a, err) < 0)
        goto out;
    for (size_t i = 0; i < a->count; i++)
        to[i] = a->whom[i].to;
    if (!a->dry_run && drills_add(db, a->force, a->la, to, a->count, cli_who(),
                                  clock_now(&cli->clock), &drill_id, err) < 0)
        goto out;
    rc = print_begun(cli, db, a, drill_id, err);
out:
    free(a);
    return rc;
}

static void after(struct table *t, time_t from, time_t to)
{
    if (to < 0)
        table_cell(t, COLOUR_DIM, "-");
    else
        table_cell(t, COLOUR_PLAIN, "%lld s", (long long)(to - from));
}

static void report_table(const struct drill_line *lines, size_t count)
{
    static const char *const headings[] = {">DRILL", "STORED",    ">CONTACT",  "~ROLE",
                                           "OF",     "ADAPTER",   "REFERENCE", ">PLANNED",
                                           ">SENT",  ">ANSWERED", "~STATE",    NULL};
    struct table *t = table_new(headings);
    char when[WORDS_MOMENT_SIZE];

    for (size_t i = 0; i < count; i++) {
        const struct drill_line *l = &lines[i];

        table_cell(t, COLOUR_PLAIN, "%" PRId64, l->drill_id);
        table_cell(t, COLOUR_PLAIN, "%s", words_moment_short(l->stored_at, when));
        table_cell(t, COLOUR_PLAIN, "%" PRId64, l->contact_id);
        table_cell(t, COLOUR_PLAIN, "%s", l->role);
        table_cell(t, COLOUR_PLAIN, "%s %s", l->door.namespace, l->door.urn);
        table_cell(t, COLOUR_PLAIN, "%s", l->adapter);
        table_cell(t, COLOUR_PLAIN, "%s", l->reference);
        after(t, l->stored_at, l->planned_at);
        after(t, l->stored_at, l->sent_at);
        after(t, l->stored_at, l->answered_at);
        table_cell(t, l->sent_at >= 0 ? COLOUR_GREEN : COLOUR_YELLOW, "%s%s%s%s",
                   l->answered_at >= 0 ? "answered" : l->state,
                   l->sent_at < 0 && l->detail[0] ? " (" : "", l->sent_at < 0 ? l->detail : "",
                   l->sent_at < 0 && l->detail[0] ? ")" : "");
    }
    table_print(t, stdout);
    table_free(t);
    puts("\nSeconds are from when the command stored it. No count of call-outs holds any of it.");
}

static int report_json(const struct drill_line *lines, size_t count, struct err *err)
{
    cJSON *root = json_object(), *list = json_add_list(root, "messages");

    for (size_t i = 0; i < count; i++) {
        const struct drill_line *l = &lines[i];
        cJSON *o = json_push_object(list);

        json_id(o, "drill", l->drill_id);
        json_text(o, "force", l->force);
        json_text(o, "la", l->la_code);
        json_text(o, "who", l->who);
        json_id(o, "contact", l->contact_id);
        json_text(o, "role", l->role);
        json_text(o, "namespace", l->door.namespace);
        json_text(o, "urn", l->door.urn);
        json_text(o, "adapter", l->adapter);
        json_text(o, "reference", l->reference);
        json_text(o, "state", l->state);
        json_text(o, "verdict", l->verdict);
        json_text(o, "detail", l->detail);
        json_number(o, "tries", l->tries);
        json_moment(o, "stored_at", l->stored_at);
        json_moment(o, "planned_at", l->planned_at);
        json_moment(o, "sent_at", l->sent_at);
        json_moment(o, "answered_at", l->answered_at);
        json_text(o, "answered_by", l->answered_by);
    }
    return json_print(root, err);
}

static int report(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    struct drill_line *lines = NULL;
    int64_t drill_id = -1;
    size_t count = 0;
    struct db *db;
    int rc = 0;

    if (getopt_long(argc, argv, ":", options, NULL) != -1)
        return cli_usage_option(err, argc, argv);
    if (argc - optind > 1)
        return wrong(err, "report takes one drill's number, or none for the last 50");
    if (optind < argc && take_number(argv[optind], &drill_id, err) < 0)
        return -1;
    if (cli_store(cli, &db, err) < 0 || drills_report(db, drill_id, &lines, &count, err) < 0)
        return -1;
    if (drill_id >= 0 && count == 0)
        rc = err_set(err, ERR_NONE_SUCH, "drill %lld: there is none", (long long)drill_id);
    else if (cli->json)
        rc = report_json(lines, count, err);
    else if (count == 0)
        puts("No exercise has been held yet.");
    else
        report_table(lines, count);
    free(lines);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 1 && strcmp(argv[1], "report") == 0) {
        argv[1] = argv[0];
        return report(cli, argc - 1, argv + 1, err);
    }
    return begin(cli, argc, argv, err);
}

const struct command command_drill = {
    .name = "drill",
    .summary = "an exercise to named contacts, and what came of it",
    .usage =
        "(--force FORCE | --la CODE) [--urn URN ...] [--contact ID ...]\n"
        "       encompass drill report [DRILL]\n\n"
        "Sends a marked exercise with an invented child through the daemon and the real\n"
        "adapters, at once: to every verified contact of the establishments, to the contacts\n"
        "named, or with neither to the desk of the authority or force. Its subject and text\n"
        "begin with EXERCISE (YMARFER to who reads Welsh), its reference is EX-..., a webhook\n"
        "gets kind exercise. It is kept apart from call-outs and counted as none. The audit\n"
        "keeps your login.\n\n"
        "  --force FORCE   in that force's name: its fields and wording\n"
        "  --la CODE       in that authority's name: only contacts of its own are taken\n"
        "  --urn URN       an establishment, school/100001 or centre/20001; may be repeated\n"
        "  --contact ID    a contact by its number, which --dry-run shows; may be repeated\n"
        "  --adapter NAME  only contacts that are told by it\n"
        "  --dry-run       show who would be sent one, and send nothing\n\n"
        "report: for each message when it was stored, planned, sent and answered. An answer is\n"
        "what a webhook says, or `encompass answer EX-...`.\n\n"
        "JSON: drill; contacts, a list of contact role namespace urn adapter language. report:\n"
        "messages, a list of drill force la who contact role namespace urn adapter reference\n"
        "state verdict detail tries stored_at planned_at sent_at answered_at answered_by.\n\n"
        "Examples:\n"
        "  encompass drill --la 886 --urn 118444 --dry-run\n"
        "  encompass drill --force kent --la 886\n"
        "  encompass drill report 3",
    .run = run,
};
