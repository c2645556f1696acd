/* gateway/cli/import.c - `encompass import`: registers in, a file at a time. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/table.h"
#include "registers/import.h"

static const struct option long_options[] = {
    {"dry-run", no_argument, NULL, 'n'},
    {"la", required_argument, NULL, 'l'},
    {"urn", required_argument, NULL, 'u'},
    {"namespace", required_argument, NULL, 's'},
    {"complete", no_argument, NULL, 'c'},
    {"force-complete", no_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

static bool digits(const char *text, size_t least, size_t most)
{
    size_t length = strspn(text, "0123456789");

    return text[length] == '\0' && length >= least && length <= most;
}

static int check_options(const struct import_kind *kind, const struct import_options *o,
                         struct err *err)
{
    const char *wrong = NULL;

    if (o->la && !kind->la)
        wrong = "--la";
    else if (o->urn && !kind->urn)
        wrong = "--urn";
    else if (o->namespace && !kind->namespace)
        wrong = "--namespace";
    else if (o->complete && !kind->complete)
        wrong = "--complete";
    if (wrong)
        return err_set(err, ERR_USAGE, "import %s: %s means nothing here", kind->name, wrong);
    if (o->la && !digits(o->la, 3, 3))
        return err_set(err, ERR_USAGE, "import: --la is the three digits of an authority");
    if (o->urn && !digits(o->urn, 3, 8))
        return err_set(err, ERR_USAGE, "import: --urn is 3 to 8 digits");
    if (o->namespace && strcmp(o->namespace, "school") != 0 && strcmp(o->namespace, "centre") != 0)
        return err_set(err, ERR_USAGE, "import: --namespace is school or centre");
    return 0;
}

static int take_options(int argc, char **argv, struct import_options *o, struct err *err)
{
    int c;

    while ((c = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        switch (c) {
        case 'n':
            o->dry_run = true;
            break;
        case 'l':
            o->la = optarg;
            break;
        case 'u':
            o->urn = optarg;
            break;
        case 's':
            o->namespace = optarg;
            break;
        case 'f':
            o->force = true;
            o->complete = true;
            break;
        case 'c':
            o->complete = true;
            break;
        default:
            return cli_usage_option(err, argc, argv);
        }
    }
    return argc - optind == 2 ? 0 : cli_usage(err, argv[0], "it takes a KIND and a FILE");
}

/* What a file holds may not steer the terminal: control characters are shown as '?'. */
static void print_line(FILE *to, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

        putc(iscntrl(*p) || c1 ? '?' : *p, to);
        p += c1;
    }
}

static void print_lines(FILE *to, enum colour colour, const char *label,
                        const struct import_lines *lines)
{
    for (size_t i = 0; i < lines->kept; i++) {
        if (label)
            colour_print(to, colour, "%s", label);
        print_line(to, lines->line[i]);
        putc('\n', to);
    }
    if (lines->count > lines->kept)
        fprintf(to, "... and %zu more\n", lines->count - lines->kept);
}

static void print_tallies(const struct import_result *result)
{
    static const char *const headings[] = {"of", ">code", "name", ">rows", NULL};
    struct table *t;

    if (result->tallies_count == 0)
        return;
    t = table_new(headings);
    if (!t)
        return;
    for (size_t i = 0; i < result->tallies_count; i++) {
        const struct import_tally *tally = &result->tallies[i];

        table_cell(t, COLOUR_PLAIN, "%s", tally->what);
        table_cell(t, COLOUR_PLAIN, "%d", tally->code);
        table_cell(t, COLOUR_PLAIN, "%s", tally->name);
        table_cell(t, COLOUR_PLAIN, "%" PRId64, tally->rows);
    }
    putchar('\n');
    table_print(t, stdout);
    table_free(t);
}

static void print_ignored(const struct import_lines *ignored)
{
    if (ignored->count == 0)
        return;
    printf("%zu column%s ignored: ", ignored->count, ignored->count == 1 ? "" : "s");
    for (size_t i = 0; i < ignored->kept; i++) {
        print_line(stdout, ignored->line[i]);
        fputs(i + 1 < ignored->kept ? ", " : "\n", stdout);
    }
}

static void print_text(const struct import_kind *kind, const char *file,
                       const struct import_options *o, const struct import_result *result)
{
    printf("%s from %s (%s): %" PRId64 " row%s%s\n", kind->name, file, result->encoding,
           result->read, result->read == 1 ? "" : "s",
           o->dry_run ? ", a dry run: nothing is changed" : "");
    print_ignored(&result->ignored);
    print_lines(stdout, COLOUR_PLAIN, NULL, &result->changes);
    print_lines(stderr, COLOUR_YELLOW, "warning: ", &result->warnings);
    colour_print(stdout, COLOUR_BOLD,
                 "%s %" PRId64 ", changed %" PRId64 ", ended %" PRId64 ", unchanged %" PRId64 "\n",
                 o->dry_run ? "would be added" : "added", result->added, result->changed,
                 result->ended, result->unchanged);
    if (result->unverified > 0)
        printf("%" PRId64 " %s not verified: nothing is sent there\n", result->unverified,
               result->unverified == 1 ? "contact is" : "contacts are");
    if (result->rematched + result->replanned > 0)
        printf("matched anew: %" PRId64 ", planned anew: %" PRId64 " children\n", result->rematched,
               result->replanned);
    print_tallies(result);
}

static void add_lines(cJSON *to, const char *name, const struct import_lines *lines)
{
    cJSON *object = cJSON_AddObjectToObject(to, name);
    cJSON *shown = cJSON_AddArrayToObject(object, "shown");

    cJSON_AddNumberToObject(object, "count", (double)lines->count);
    for (size_t i = 0; i < lines->kept; i++)
        cJSON_AddItemToArray(shown, cJSON_CreateString(lines->line[i]));
}

static void add_tallies(cJSON *to, const struct import_result *result)
{
    cJSON *counts = cJSON_AddArrayToObject(to, "counts");

    for (size_t i = 0; i < result->tallies_count; i++) {
        cJSON *count = cJSON_CreateObject();

        cJSON_AddStringToObject(count, "of", result->tallies[i].what);
        cJSON_AddNumberToObject(count, "code", result->tallies[i].code);
        cJSON_AddStringToObject(count, "name", result->tallies[i].name);
        cJSON_AddNumberToObject(count, "rows", (double)result->tallies[i].rows);
        cJSON_AddItemToArray(counts, count);
    }
}

static int print_json(const struct import_kind *kind, const char *file,
                      const struct import_options *o, const struct import_result *result,
                      const struct err *refused, struct err *err)
{
    cJSON *root = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(root, "kind", kind->name);
    cJSON_AddStringToObject(root, "file", file);
    cJSON_AddStringToObject(root, "encoding", result->encoding);
    cJSON_AddBoolToObject(root, "dry_run", o->dry_run);
    cJSON_AddBoolToObject(root, "imported", !refused && !o->dry_run);
    if (refused)
        cJSON_AddStringToObject(root, "error", refused->text);
    cJSON_AddNumberToObject(root, "rows", (double)result->read);
    cJSON_AddNumberToObject(root, "added", (double)result->added);
    cJSON_AddNumberToObject(root, "changed", (double)result->changed);
    cJSON_AddNumberToObject(root, "ended", (double)result->ended);
    cJSON_AddNumberToObject(root, "unchanged", (double)result->unchanged);
    cJSON_AddNumberToObject(root, "unverified", (double)result->unverified);
    cJSON_AddNumberToObject(root, "rematched", (double)result->rematched);
    cJSON_AddNumberToObject(root, "replanned", (double)result->replanned);
    add_lines(root, "ignored_columns", &result->ignored);
    add_lines(root, "changes", &result->changes);
    add_lines(root, "warnings", &result->warnings);
    add_lines(root, "mistakes", &result->mistakes);
    add_tallies(root, result);
    text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return err_memory(err);
    puts(text);
    cJSON_free(text);
    return 0;
}

static int show(struct cli *cli, const struct import_kind *kind, const char *file,
                const struct import_options *o, const struct import_result *result, int rc,
                struct err *err)
{
    struct err printing;

    if (cli->json && (rc == 0 || err->code == ERR_INVALID)) {
        if (print_json(kind, file, o, result, rc < 0 ? err : NULL, &printing) < 0 && rc == 0) {
            *err = printing;
            return -1;
        }
    } else if (rc == 0) {
        print_text(kind, file, o, result);
    } else {
        print_lines(stderr, COLOUR_RED, NULL, &result->mistakes);
        print_lines(stderr, COLOUR_YELLOW, "warning: ", &result->warnings);
    }
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct import_options options = {.who = cli_who(), .progress = progress_show};
    struct import_result result;
    const struct import_kind *kind;
    const char *file;
    struct db *db;
    int rc;

    if (take_options(argc, argv, &options, err) < 0)
        return -1;
    kind = import_kind_find(argv[optind]);
    file = argv[optind + 1];
    if (!kind)
        return err_set(err, ERR_USAGE,
                       "import: %s is none of establishments, links, roll, contacts, reach, terms,"
                       " bank-holidays and policies, see encompass import --help",
                       argv[optind]);
    if (check_options(kind, &options, err) < 0 || cli_store(cli, &db, err) < 0)
        return -1;
    options.now = clock_now(&cli->clock);
    rc = import_run(db, kind, file, &options, &result, err);
    progress_end();
    rc = show(cli, kind, file, &options, &result, rc, err);
    import_result_release(&result);
    return rc;
}

const struct command command_import = {
    .name = "import",
    .summary = "take in a register: schools, rolls, contacts, term dates",
    .usage =
        "KIND FILE [--dry-run] [--la CODE] [--urn URN] [--namespace school|centre]\n"
        "                        [--complete | --force-complete]\n\n"
        "Takes the whole file in, or refuses it with every mistake's line and changes nothing.\n"
        "Columns are found by the header's names; those that are not known are ignored.\n\n"
        "  establishments  GIAS edubasealldata or edubaseallchildrencentre, as published\n"
        "  links           GIAS links_edubasealldata, as published\n"
        "  roll            pupil_id,upn,forename,middle_names,surname,preferred_forename,\n"
        "                  former_surname,gender,dob,house,street,town,postcode,urn,school,la_code,\n"
        "                  nc_year, where known namespace,enrolment,from,to,days\n"
        "  contacts        namespace,urn,role,name,adapter,address,language,verified_at;\n"
        "                  telephone, where somebody can be rung directly\n"
        "  reach           namespace,urn,postcode_prefix\n"
        "  terms           la,namespace,urn,kind,from,to,title with kind term, closure or inset;\n"
        "                  days, where lessons are on others than mon tue wed thu fri;\n"
        "                  or iCalendar (whole-day events) with --la or --urn\n"
        "  bank-holidays   gov.uk bank-holidays.json\n"
        "  policies        scope,id,key,value; an empty value goes back to the default\n\n"
        "A file of each to begin with is in /usr/share/encompass/config/examples. Dates are\n"
        "yyyy-mm-dd or dd/mm/yyyy. Of a contact, namespace school or centre goes with role dsl,\n"
        "deputy or health_visitor; la (urn: its code) and force (its id) with la_desk. adapter is\n"
        "email, webhook, notify or spool; verified_at is when somebody made sure that the address\n"
        "is theirs: without it nothing is sent there.\n\n"
        "  --dry-run         show what would change, and change nothing\n"
        "  --la CODE         the authority whose file it is\n"
        "  --urn URN         the establishment whose calendar it is\n"
        "  --namespace NAME  school (the default) or centre, where the file does not say\n"
        "  --complete        the file is all there is: enrolments (of --la, else of the authorities\n"
        "                    in it), contacts and reach (of --la), or terms (of those that it names,\n"
        "                    within its days) that it does not have end\n"
        "  --force-complete  the same, also when that ends more than a fifth of an authority's\n\n"
        "Examples:\n"
        "  encompass import establishments edubasealldata20261124.csv --dry-run\n"
        "  encompass import roll roll.csv --la 878 --complete\n"
        "  encompass import terms school.ics --urn 113292",
    .run = run,
};
