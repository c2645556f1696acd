/* gateway/cli/check.c - `encompass check`: what a start would refuse, and what it would regret. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/findings.h"
#include "cli/json.h"
#include "cli/online.h"
#include "cli/table.h"

enum {
    TEXT_SIZE = 600,
    LISTED = 3, /* findings alike that are listed one by one */
};

static void add(struct findings *f, enum severity severity, const char *alike, const char *subject,
                const char *todo, const char *what)
{
    cJSON *o = json_push_object(f->list);

    json_text(o, "severity", severity == SEVERITY_ERROR ? "error" : "warning");
    json_text(o, "subject", subject);
    json_text(o, "what", what);
    json_text(o, "todo", todo);
    json_text(o, "alike", alike);
    if (severity == SEVERITY_ERROR)
        f->errors++;
    else
        f->warnings++;
}

void finding(struct findings *f, enum severity severity, const char *subject, const char *todo,
             const char *what, ...)
{
    char text[TEXT_SIZE];
    va_list ap;

    va_start(ap, what);
    vsnprintf(text, sizeof text, what, ap);
    va_end(ap);
    add(f, severity, NULL, subject, todo, text);
}

void finding_of_many(struct findings *f, const char *alike, const char *subject, const char *todo,
                     const char *what, ...)
{
    char text[TEXT_SIZE];
    va_list ap;

    va_start(ap, what);
    vsnprintf(text, sizeof text, what, ap);
    va_end(ap);
    add(f, SEVERITY_WARNING, alike, subject, todo, text);
}

/* How many findings are of this one's kind; *first: the first of them. */
static int count_alike(const struct findings *f, const cJSON *one, const cJSON **first)
{
    const char *alike = json_get_text(one, "alike");
    const cJSON *o;
    int n = 0;

    *first = one;
    if (!alike[0])
        return 1;
    cJSON_ArrayForEach(o, f->list)
    {
        if (strcmp(json_get_text(o, "alike"), alike) != 0)
            continue;
        if (n++ == 0)
            *first = o;
    }
    return n;
}

static void print_row(struct table *t, const cJSON *o, const char *subject, const char *what)
{
    const char *severity = json_get_text(o, "severity");

    table_cell(t, strcmp(severity, "error") == 0 ? COLOUR_RED : COLOUR_YELLOW, "%s", severity);
    table_cell(t, COLOUR_PLAIN, "%s", subject);
    table_cell(t, COLOUR_PLAIN, "%s", what);
    table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "todo"));
}

/* Those of that severity. An authority can have hundreds of schools that want the same: one line
 * then. */
static bool print_rows(const struct findings *f, const char *severity, struct table *t,
                       bool one_by_one)
{
    bool gathered = false;
    const cJSON *o, *first;

    cJSON_ArrayForEach(o, f->list)
    {
        int alike = count_alike(f, o, &first);
        char many[64], what[512];

        if (strcmp(json_get_text(o, "severity"), severity) != 0)
            continue;
        if (one_by_one || alike <= LISTED) {
            print_row(t, o, json_get_text(o, "subject"), json_get_text(o, "what"));
        } else if (o == first) {
            snprintf(many, sizeof many, "%d establishments", alike);
            snprintf(what, sizeof what, "%s, such as %s", json_get_text(o, "alike"),
                     json_get_text(o, "subject"));
            print_row(t, o, many, what);
            gathered = true;
        }
    }
    return gathered;
}

static void print_findings(const struct findings *f, bool one_by_one)
{
    static const char *const headings[] = {"SEVERITY", "~SUBJECT", "~WHAT", "~WHAT TO DO", NULL};
    struct table *t = table_new(headings);
    bool gathered;

    table_keep_whole(t);
    gathered = print_rows(f, "error", t, one_by_one);
    gathered |= print_rows(f, "warning", t, one_by_one);

    if (table_rows(t) > 0)
        table_print(t, stdout);
    table_free(t);
    if (f->errors + f->warnings == 0)
        colour_print(stdout, COLOUR_GREEN, "Nothing to object to.");
    else
        printf("\n%d error%s, %d warning%s.%s", f->errors, f->errors == 1 ? "" : "s", f->warnings,
               f->warnings == 1 ? "" : "s",
               f->errors > 0 ? " encompassd would not start, or not do its work." : "");
    puts(gathered ? "\nencompass check --all lists each establishment." : "");
}

/* An error of the configuration or the store is a finding, for finding it is what was asked. */
static int gather(struct cli *cli, bool online, cJSON *root, struct findings *f, struct err *err)
{
    const struct config *config = NULL;
    struct db *db = NULL;
    struct err why;

    if (cli_config(cli, &config, &why) < 0)
        finding(f, SEVERITY_ERROR, "configuration", "mend the file", "%s", why.text);
    if (config || cli->store_path) {
        if (cli_store(cli, &db, &why) < 0)
            finding(f, SEVERITY_ERROR, "store", "encompass init, or [store] path", "%s", why.text);
    }
    if (config)
        check_configuration(cli, config, f);
    if (config && online && check_online(cli, config, db, root, f, err) < 0)
        return -1;
    return db ? check_registers(cli, db, config, f, err) : 0;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'}, {"online", no_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
    cJSON *root;
    struct findings f = {.errors = 0};
    bool one_by_one = false, online = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'a' && option != 'o')
            return cli_usage_option(err, argc, argv);
        one_by_one |= option == 'a';
        online |= option == 'o';
    }
    if (optind < argc)
        return cli_usage(err, argv[0], "it takes no arguments");
    root = json_object();
    f.list = json_add_list(root, "findings");
    if (gather(cli, online, root, &f, err) < 0) {
        json_free(root);
        return -1;
    }
    if (cli->json) {
        json_number(root, "errors", f.errors);
        json_number(root, "warnings", f.warnings);
        if (json_print(root, err) < 0)
            return -1;
    } else {
        if (cJSON_HasObjectItem(root, "online"))
            online_print(root);
        print_findings(&f, one_by_one);
        json_free(root);
    }
    return f.errors > 0;
}

const struct command command_check = {
    .name = "check",
    .summary = "what a start would refuse, and what the morning would regret",
    .usage =
        "[--all] [--online]\n\n"
        "Errors are what encompassd would not start with, or could not work with: the\n"
        "configuration, secrets, certificates, templates, the store. Warnings are what the\n"
        "morning would regret: establishments with pupils and no verified contact, or only\n"
        "one; authorities without a desk; no school days on file for the coming 60 days; rolls\n"
        "older than policy roll_days; certificates near their end; refused messages that nobody has\n"
        "dealt with. The exit status is 1 when there are errors; warnings alone are 0.\n"
        "Run it as the user that encompassd runs as. No names are shown.\n\n"
        "  --all     list each establishment, where many want the same\n"
        "  --online  connect to all that encompassd connects to, as it would, and send nothing: the\n"
        "            broker (TLS, login, the subscription), mail servers (TLS, login), the web\n"
        "            servers of verified contacts (TLS, our certificate; no post), token servers (a\n"
        "            token is fetched) and GOV.UK Notify (the key). Half a minute at most for one,\n"
        "            sixteen at a time; the daemon may run meanwhile. A receiver with a section and\n"
        "            no contact yet is tried at port 443, and warned of alone.\n\n"
        "JSON: errors, warnings; findings, a list of severity subject what todo, and alike where\n"
        "many establishments can want the same; with --online also online, a list of result (fine\n"
        "warning error) subject at ms what todo.\n\n"
        "Examples:\n"
        "  encompass check\n"
        "  encompass check --online\n"
        "  encompass check --config drill.conf --json",
    .run = run,
};
