/* gateway/cli/policy.c - `encompass policy`: what a force, an authority and an establishment have
 * settled, one policy at a time; import takes many. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/effects.h"
#include "cli/json.h"
#include "cli/table.h"
#include "follow/words.h"
#include "store/policies.h"
#include "store/registers.h"
#include "store/report.h"

static int wrong(struct err *err, const char *what)
{
    return cli_usage(err, "policy", what);
}

/* A word of a row; one that is too long is none that anybody has. */
static int take(const char *text, char *out, size_t size, struct err *err)
{
    if (strlen(text) >= size)
        return err_set(err, ERR_INVALID, "policy: %.20s... is longer than any such word", text);
    snprintf(out, size, "%s", text);
    return 0;
}

/* SCOPE [ID] KEY [VALUE]: scope `all` has no id. */
static int take_row(int argc, char **argv, bool value, struct policy_row *out, struct err *err)
{
    bool all = argc > 0 && strcmp(argv[0], "all") == 0;
    int wanted = 2 + !all + value, at = 0;

    memset(out, 0, sizeof *out);
    if (argc != wanted)
        return wrong(err, value ? "set takes SCOPE ID KEY VALUE, or all KEY VALUE"
                                : "unset takes SCOPE ID KEY, or all KEY");
    if (take(argv[at++], out->scope, sizeof out->scope, err) < 0 ||
        (!all && take(argv[at++], out->id, sizeof out->id, err) < 0) ||
        take(argv[at++], out->key, sizeof out->key, err) < 0)
        return -1;
    return value ? take(argv[at], out->value, sizeof out->value, err) : 0;
}

/* Whose policy it is must be somebody that the registers know. */
static int check_whose(struct db *db, const struct policy_row *row, struct err *err)
{
    struct establishment e;
    struct door door;
    char name[REPORT_NAME_SIZE];
    int rc = 1;

    memset(&door, 0, sizeof door);
    memcpy(door.namespace, row->scope, sizeof door.namespace);
    snprintf(door.urn, sizeof door.urn, "%s", row->id);
    if (strcmp(row->scope, "la") == 0)
        rc = registers_authority_name(db, row->id, name, sizeof name, err);
    else if (strcmp(row->scope, "school") == 0 || strcmp(row->scope, "centre") == 0)
        rc = registers_establishment(db, &door, &e, err);
    else if (strcmp(row->scope, "force") == 0 && !incident_force_is_valid(row->id))
        rc = 0;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s %s is not known here", row->scope, row->id);
    return rc < 0 ? -1 : 0;
}

static void row_json(cJSON *o, const struct policy_row *row, time_t at, const char *who)
{
    json_text(o, "scope", row->scope);
    json_text(o, "id", row->id);
    json_text(o, "key", row->key);
    json_text(o, "value", row->value);
    json_moment(o, "changed_at", at);
    json_text(o, "changed_by", who);
}

static int write(struct db *db, const struct policy_row *row, bool unset, time_t now,
                 struct err *err)
{
    int rc;

    if (db_begin(db, err) < 0)
        return -1;
    rc = unset ? policies_unset(db, row, cli_who(), now, err)
               : policies_set(db, row, cli_who(), now, err);
    if (rc == 1 && incidents_replan_unsent(db, now, err) < 0)
        rc = -1;
    if (rc < 0 || db_commit(db, err) < 0) {
        db_rollback(db);
        return -1;
    }
    return rc;
}

static void say(const struct policy_row *row, bool unset, bool changed)
{
    printf("%s%s%s: %s ", row->scope, row->id[0] ? " " : "", row->id, row->key);
    if (unset)
        puts(changed ? "is as it would be without it." : "was not set.");
    else
        printf("is %s%s.\n", row->value, changed ? "" : ", as it was");
    if (changed && (strstr(row->key, "fields") || strncmp(row->key, "repeats", 7) == 0 ||
                    strcmp(row->key, "wording") == 0))
        puts("Notices that are sent from now on are written by it.");
}

static int change(struct cli *cli, const struct policy_row *row, bool unset, struct err *err)
{
    time_t now = clock_now(&cli->clock);
    struct effects effects = {.count = 0};
    cJSON *root, *list;
    struct db *db;
    int rc;

    if ((!unset && policy_check(row, err) < 0) || cli_store(cli, &db, err) < 0 ||
        (!unset && check_whose(db, row, err) < 0) || effects_before(db, &effects, err) < 0)
        return -1;
    root = json_object();
    rc = write(db, row, unset, now, err);
    row_json(root, row, now, cli_who());
    json_bool(root, "changed", rc == 1);
    list = json_add_list(root, "notices");
    if (rc == 1 && effects_after(cli, db, &effects, list, err) < 0)
        rc = -1;
    effects_release(&effects);
    if (rc >= 0 && cli->json)
        return json_print(root, err);
    if (rc >= 0)
        say(row, unset, rc == 1);
    if (rc == 1)
        effects_print(list);
    json_free(root);
    return rc < 0 ? -1 : 0;
}

static void print_rows(const cJSON *list)
{
    static const char *const headings[] = {"WHOSE", "KEY", "~VALUE", "SINCE", "~BY", NULL};
    struct table *t = table_new(headings);
    char when[WORDS_MOMENT_SIZE];
    const cJSON *o;

    cJSON_ArrayForEach(o, list)
    {
        time_t at = -1;

        if (!moment_parse(json_get_text(o, "changed_at"), &at))
            at = -1;
        table_cell(t, COLOUR_PLAIN, "%s %s", json_get_text(o, "scope"), json_get_text(o, "id"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "key"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "value"));
        table_cell(t, COLOUR_DIM, "%s", words_moment_short(at, when));
        table_cell(t, COLOUR_DIM, "%s", json_get_text(o, "changed_by"));
    }
    if (table_rows(t) == 0)
        puts("Nothing is settled: the defaults hold for everybody (encompass policy show).");
    else
        table_print(t, stdout);
    table_free(t);
}

static int list(struct cli *cli, struct err *err)
{
    cJSON *root = json_object(), *policies = json_add_list(root, "policies");
    struct policy_row *rows = NULL;
    size_t count = 0;
    struct db *db;
    int rc = cli_store(cli, &db, err);

    if (rc == 0)
        rc = report_policies(db, &rows, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        char who[POLICY_WHO_SIZE] = "";
        time_t at = -1;

        rc = policies_changed(db, &rows[i], &at, who, err) < 0 ? -1 : 0;
        row_json(json_push_object(policies), &rows[i], at, who);
    }
    free(rows);
    if (rc == 0 && cli->json)
        return json_print(root, err);
    if (rc == 0)
        print_rows(policies);
    json_free(root);
    return rc;
}

/* Whose notices the policies that hold are asked for. */
struct subject {
    const char *force, *la;
    struct door door; /* urn "": none */
};

static int subject_of(struct db *db, int argc, char **argv, struct subject *out,
                      struct establishment *e, struct err *err)
{
    int at = 0, rc;

    memset(out, 0, sizeof *out);
    while (at + 1 < argc) {
        if (strcmp(argv[at], "force") == 0)
            out->force = argv[at + 1];
        else if (strcmp(argv[at], "la") == 0)
            out->la = argv[at + 1];
        else if (strcmp(argv[at], "school") == 0 || strcmp(argv[at], "centre") == 0) {
            snprintf(out->door.namespace, sizeof out->door.namespace, "%s", argv[at]);
            if (take(argv[at + 1], out->door.urn, sizeof out->door.urn, err) < 0)
                return -1;
        } else
            break;
        at += 2;
    }
    if (at < argc)
        return wrong(err, "show takes force ID, la CODE, school URN or centre URN");
    if (out->door.urn[0] == '\0')
        return 0;
    rc = registers_establishment(db, &out->door, e, err);
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s %s is not in the register", out->door.namespace,
                       out->door.urn);
    if (!out->la)
        out->la = e->la_code;
    return rc < 0 ? -1 : 0;
}

static void print_resolved(const cJSON *list)
{
    static const char *const headings[] = {"KEY", "~VALUE", "FROM", "~MEANING", NULL};
    struct table *t = table_new(headings);
    const cJSON *o;

    cJSON_ArrayForEach(o, list)
    {
        const char *scope = json_get_text(o, "scope"), *value = json_get_text(o, "value");

        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "key"));
        table_cell(t, scope[0] ? COLOUR_BOLD : COLOUR_PLAIN, "%s", value[0] ? value : "-");
        table_cell(t, COLOUR_DIM, "%s%s%s", scope[0] ? scope : "default",
                   json_get_text(o, "id")[0] ? " " : "", json_get_text(o, "id"));
        table_cell(t, COLOUR_DIM, "%s", json_get_text(o, "meaning"));
    }
    table_print(t, stdout);
    table_free(t);
}

static int show(struct cli *cli, int argc, char **argv, struct err *err)
{
    cJSON *root = json_object(), *resolved = json_add_list(root, "policies");
    struct policy_row *rows = NULL;
    struct establishment e = {.name = ""};
    struct subject whose;
    size_t count = 0;
    struct db *db;
    int rc = cli_store(cli, &db, err);

    if (rc == 0)
        rc = subject_of(db, argc, argv, &whose, &e, err);
    if (rc == 0)
        rc = registers_policies(db, whose.force, whose.la, whose.door.urn[0] ? &whose.door : NULL,
                                &rows, &count, err);
    for (const struct policy_key *key = policy_keys(); rc == 0 && key->name; key++) {
        const struct policy_row *row = policy_nearest(
            rows, count, whose.force, whose.la, whose.door.urn[0] ? &whose.door : NULL, key->name);
        cJSON *o = json_push_object(resolved);

        json_text(o, "key", key->name);
        json_text(o, "value", row ? row->value : key->fallback);
        json_text(o, "scope", row ? row->scope : NULL);
        json_text(o, "id", row ? row->id : NULL);
        json_text(o, "values", key->kind);
        json_text(o, "meaning", key->meaning);
    }
    free(rows);
    if (rc == 0 && cli->json)
        return json_print(root, err);
    if (rc == 0)
        print_resolved(resolved);
    json_free(root);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    struct policy_row row;
    const char *what;

    if (getopt_long(argc, argv, "", options, NULL) != -1)
        return cli_usage_option(err, argc, argv);
    what = optind < argc ? argv[optind++] : "";
    argc -= optind;
    argv += optind;
    if (strcmp(what, "list") == 0 && argc == 0)
        return list(cli, err);
    if (strcmp(what, "show") == 0)
        return show(cli, argc, argv, err);
    if (strcmp(what, "set") == 0)
        return take_row(argc, argv, true, &row, err) < 0 ? -1 : change(cli, &row, false, err);
    if (strcmp(what, "unset") == 0)
        return take_row(argc, argv, false, &row, err) < 0 ? -1 : change(cli, &row, true, err);
    return wrong(err, "list, show, set or unset");
}

const struct command command_policy = {
    .name = "policy",
    .summary = "what forces, authorities and establishments have settled",
    .usage = "list\n"
             "       encompass policy show [force ID] [la CODE] [school URN|centre URN]\n"
             "       encompass policy set SCOPE ID KEY VALUE    (or: set all KEY VALUE)\n"
             "       encompass policy unset SCOPE ID KEY        (or: unset all KEY)\n\n"
             "list is what is set, by whom and since when; show is what holds for somebody, key\n"
             "by key, and where it comes from: the nearest of establishment, authority, force,\n"
             "all, and the default. SCOPE is all, force, la, school or centre. A change is in the\n"
             "audit with your login; notices that are not sent yet are planned anew, and those\n"
             "that are otherwise now are shown. Keys and values: config/policies.md, and show.\n\n"
             "JSON: list has policies (scope id key value changed_at changed_by); show has\n"
             "policies (key value scope id values meaning); set and unset have scope id key value\n"
             "changed_at changed_by changed, and notices (what reference namespace urn\n"
             "establishment was_due_at due_at).\n\n"
             "Examples:\n"
             "  encompass policy set la 879 nurseries on\n"
             "  encompass policy show force devon-and-cornwall school 113292",
    .run = run,
};
