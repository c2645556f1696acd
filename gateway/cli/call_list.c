#include "cli/call_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "deliver/mustache.h"
#include "follow/calls.h"
#include "follow/words.h"
#include "store/audit.h"
#include "store/roll_index.h"

enum {
    COLUMNS = 100,
    INDENT = 4,
    WHY_BYTES = 1024,
    SAID_BYTES = 32768,
    TEMPLATE_BYTES = 64 * 1024,
    PAGE_BYTES = 64 << 20
};

struct call_list {
    struct call_line *lines;
    size_t count;
    int64_t undecided;
    time_t now;
};

/* Each incident whose names are about to be shown, and the list itself. */
static int note(struct db *db, const struct call_list *list, const struct report_filter *filter,
                const char *form, struct err *err)
{
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    int64_t last = -1;
    int rc = db_begin(db, err);

    if (rc < 0)
        return -1;
    rc = audit_add(db, list->now, cli_who(), "call_list.printed", &about, err,
                   "form=%s calls=%zu la=%s force=%s", form, list->count,
                   filter->la_code ? filter->la_code : "-", filter->force ? filter->force : "-");
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        about.incident_id = list->lines[i].about.notice.incident_id;
        about.notice_id = list->lines[i].about.notice.notice_id;
        if (about.notice_id != last)
            rc = audit_add(db, list->now, cli_who(), "names.shown", &about, err,
                           "command=plan --call-list");
        last = about.notice_id;
    }
    if (rc == 0)
        return db_commit(db, err);
    db_rollback(db);
    return -1;
}

/* "by 08:45", of another day with its date; "late since …". */
static void say_by(const struct call_list *list, time_t by, struct buf *out)
{
    char when[WORDS_MOMENT_SIZE];

    words_moment_short(by, when);
    buf_addf(out, "%s %s", by < list->now ? "late since" : "by",
             london_day(by) == london_day(list->now) ? when + strlen(when) - strlen("08:45")
                                                     : when);
}

/* Whom to ask for, in words. */
static void say_whom(const struct call_line *line, struct buf *out)
{
    const char *namespace = line->door.namespace;
    bool desk = strcmp(namespace, "la") == 0 || strcmp(namespace, "force") == 0;

    if (line->why == CALL_BARRED) {
        buf_add_text(out, "settle first with the police who there may be told");
        return;
    }
    if (personal_is_set(&line->contact))
        buf_addf(out, "%s, %s", personal_reveal(&line->contact), words_role(line->role));
    else if (desk)
        buf_add_text(out, "nobody of it is on file");
    else
        buf_add_text(out, "ask for the designated safeguarding lead or the deputy");
    if (line->switchboard && !desk)
        buf_add_text(out, personal_is_set(&line->contact)
                              ? " (by the switchboard)"
                              : " (the switchboard: nobody is verified)");
}

static void say_number(const struct call_line *line, struct buf *out)
{
    if (line->why == CALL_BARRED)
        buf_add_text(out, "Do not ring");
    else
        buf_add_text(out, personal_is_set(&line->telephone) ? personal_reveal(&line->telephone)
                                                            : "no number known");
}

static const char guard[] = "SPEAK TO NOBODY ELSE THERE: somebody must not be told of this.";

/* Within COLUMNS, behind a lead and then an indent; words are not broken. Characters, not bytes. */
static void print_wrapped(const char *lead, const char *text)
{
    size_t column = (size_t)printf("%-*s", INDENT, lead), start = column;

    while (*text) {
        size_t bytes = strcspn(text, " "), width = 0;

        for (size_t i = 0; i < bytes; i++)
            width += ((unsigned char)text[i] & 0xc0) != 0x80;
        if (column > start && column + 1 + width > COLUMNS) {
            start = column = (size_t)printf("\n%*s", INDENT, "") - 1;
        } else if (column > start) {
            putchar(' ');
            column++;
        }
        fwrite(text, 1, bytes, stdout);
        column += width;
        text += bytes + strspn(text + bytes, " ");
    }
    putchar('\n');
}

static void print_line(const struct call_list *list, size_t i)
{
    const struct call_line *line = &list->lines[i];
    struct buf text;
    char number[24];

    snprintf(number, sizeof number, "%zu.", i + 1);
    buf_init(&text, SAID_BYTES);
    say_by(list, line->by, &text);
    buf_add_text(&text, " | ");
    say_number(line, &text);
    buf_add_text(&text, " | ");
    say_whom(line, &text);
    print_wrapped(number, buf_text(&text));
    buf_release(&text);

    buf_init(&text, SAID_BYTES);
    buf_addf(&text, "%s, %s %s",
             line->establishment[0] ? line->establishment : "(not in the register)",
             words_namespace(line->door.namespace), line->door.urn);
    print_wrapped("", buf_text(&text));
    buf_release(&text);

    buf_init(&text, SAID_BYTES);
    buf_addf(&text, "%s | ", line->about.notice.reference);
    calls_say_why(line, &text);
    print_wrapped("", buf_text(&text));
    buf_release(&text);

    buf_init(&text, SAID_BYTES);
    if (line->risk == RISK_HIGH)
        buf_add_text(&text, "HIGH RISK | ");
    buf_add_text(&text, personal_reveal(&line->children));
    print_wrapped("", buf_text(&text));
    buf_release(&text);
    if (line->guarded)
        print_wrapped("", guard);
    putchar('\n');
}

static void print_undecided(const struct call_list *list)
{
    if (list->undecided > 0)
        printf("%" PRId64 " children are not matched or planned yet, and may come to it: is "
               "encompassd running?\n",
               list->undecided);
}

static int print_text(const struct call_list *list)
{
    char when[WORDS_MOMENT_SIZE];

    words_moment(list->now, when);
    if (list->count == 0)
        printf("Nobody is to be rung: %s.\n", when);
    else
        printf(
            "OFFICIAL-SENSITIVE\n%s: %zu to ring, best first. Afterwards: encompass answer REFERENCE\n"
            "--by-telephone --by ROLE.\n\n",
            when, list->count);
    for (size_t i = 0; i < list->count; i++)
        print_line(list, i);
    print_undecided(list);
    return 0;
}

/* A spreadsheet takes what begins with these for a formula: an apostrophe keeps it a text. */
static void print_cell(const char *text, bool last)
{
    putchar('"');
    if (*text && strchr("=+-@\t\r", *text) && text[strspn(text, "0123456789 +()-")] != '\0')
        putchar('\'');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    fputs(last ? "\"\r\n" : "\",", stdout);
}

static const char *moment_or_none(time_t t, char out[MOMENT_TEXT_SIZE])
{
    return t < 0 ? "" : moment_format(t, out);
}

static int print_csv(const struct call_list *list)
{
    puts("by,late,telephone,switchboard,contact,role,namespace,urn,establishment,why,why_words,"
         "reference,force,police_ref,due_at,told_at,speak_to_nobody_else,children\r");
    for (size_t i = 0; i < list->count; i++) {
        const struct call_line *line = &list->lines[i];
        char by[MOMENT_TEXT_SIZE], due[MOMENT_TEXT_SIZE], told[MOMENT_TEXT_SIZE];
        struct buf why;
        const char *cells[] = {
            moment_format(line->by, by),
            line->by < list->now ? "yes" : "no",
            personal_reveal(&line->telephone),
            line->switchboard ? "yes" : "no",
            personal_reveal(&line->contact),
            line->role,
            line->door.namespace,
            line->door.urn,
            line->establishment,
            call_why_word(line->why),
            "",
            line->about.notice.reference,
            line->about.force,
            line->about.police_ref,
            moment_or_none(line->about.notice.due_at, due),
            moment_or_none(line->about.notice.told_at, told),
            line->guarded ? "yes" : "no",
            personal_reveal(&line->children),
        };

        buf_init(&why, SAID_BYTES);
        calls_say_why(line, &why);
        cells[10] = buf_text(&why);
        for (size_t j = 0; j < ARRAY_SIZE(cells); j++)
            print_cell(cells[j] ? cells[j] : "", j + 1 == ARRAY_SIZE(cells));
        buf_release(&why);
    }
    return 0;
}

typedef void say_fn(const struct call_line *line, struct buf *out);

static void json_said(cJSON *to, const char *name, say_fn *say, const struct call_line *line)
{
    struct buf text;

    buf_init(&text, SAID_BYTES);
    say(line, &text);
    json_text(to, name, buf_text(&text));
    buf_release(&text);
}

static void line_json(const struct call_list *list, cJSON *calls, const struct call_line *line)
{
    cJSON *o = json_push_object(calls);

    json_moment(o, "by", line->by);
    json_bool(o, "late", line->by < list->now);
    json_personal(o, "telephone", &line->telephone);
    json_bool(o, "switchboard", line->switchboard);
    json_personal(o, "contact", &line->contact);
    json_text(o, "role", line->role);
    json_text(o, "namespace", line->door.namespace);
    json_text(o, "urn", line->door.urn);
    json_text(o, "establishment", line->establishment);
    json_text(o, "la", line->la_code);
    json_text(o, "why", call_why_word(line->why));
    json_said(o, "why_words", calls_say_why, line);
    json_text(o, "reference", line->about.notice.reference);
    json_text(o, "kind", notice_kind_word(line->about.notice.kind));
    json_text(o, "force", line->about.force);
    json_text(o, "police_ref", line->about.police_ref);
    json_moment(o, "due_at", line->about.notice.due_at);
    json_moment(o, "told_at", line->about.notice.told_at);
    json_number(o, "tries", line->about.tries);
    json_bool(o, "speak_to_nobody_else", line->guarded);
    json_personal(o, "children", &line->children);
}

static int print_json(const struct call_list *list, struct err *err)
{
    cJSON *root = json_object(), *calls;

    json_moment(root, "at", list->now);
    json_number(root, "undecided", list->undecided);
    calls = json_add_list(root, "calls");
    for (size_t i = 0; i < list->count; i++)
        line_json(list, calls, &list->lines[i]);
    return json_print(root, err);
}

/* The template's values: templates/call-list.html has them all. A section opens on an object, a list
 * or true; a value that is absent is nothing. */
static cJSON *page_values(const struct call_list *list)
{
    cJSON *root = json_object(), *calls;
    char when[WORDS_MOMENT_SIZE];

    json_text(root, "at", words_moment(list->now, when));
    json_text(root, "who", cli_who());
    json_number(root, "count", (int64_t)list->count);
    if (list->count > 0)
        json_bool(root, "any", true);
    if (list->undecided > 0)
        json_number(root, "undecided", list->undecided);
    calls = json_add_list(root, "calls");
    for (size_t i = 0; i < list->count; i++) {
        const struct call_line *line = &list->lines[i];
        cJSON *o = json_push_object(calls);
        struct buf by;

        buf_init(&by, WHY_BYTES);
        say_by(list, line->by, &by);
        json_number(o, "number", (int64_t)i + 1);
        json_text(o, "by", buf_text(&by));
        buf_release(&by);
        json_said(o, "telephone", say_number, line);
        json_said(o, "whom", say_whom, line);
        json_text(o, "establishment", line->establishment);
        json_text(o, "namespace", words_namespace(line->door.namespace));
        json_text(o, "urn", line->door.urn);
        json_said(o, "why", calls_say_why, line);
        json_text(o, "reference", line->about.notice.reference);
        json_personal(o, "children", &line->children);
        if (line->by < list->now)
            json_bool(o, "late", true);
        if (line->guarded)
            json_bool(o, "guarded", true);
        if (line->risk == RISK_HIGH)
            json_bool(o, "high", true);
    }
    return root;
}

static int read_template(struct cli *cli, struct mustache **out, struct err *err)
{
    const struct config *conf;
    char path[4096], *text;
    size_t length;
    FILE *file;
    int rc;

    if (cli_config(cli, &conf, err) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/call-list.html", config_text(conf, "morning", "templates"));
    file = fopen(path, "re");
    if (!file)
        return err_errno(err, path);
    text = calloc(1, TEMPLATE_BYTES + 1);
    length = text ? fread(text, 1, TEMPLATE_BYTES, file) : 0;
    rc = !text          ? err_memory(err)
         : ferror(file) ? err_errno(err, path)
         : length == 0  ? err_set(err, ERR_CONFIG, "%s is empty", path)
                        : mustache_new(text, true, out, err);
    fclose(file);
    free(text);
    return rc < 0 ? err_context(err, "%s", path) : 0;
}

static int print_page(struct cli *cli, const struct call_list *list, struct err *err)
{
    struct mustache *template = NULL;
    struct mustache_values *values = NULL;
    struct buf page;
    cJSON *json;
    int rc = read_template(cli, &template, err);

    if (rc < 0)
        return -1;
    json = page_values(list);
    buf_init(&page, PAGE_BYTES);
    rc = mustache_values_new(json, &values, err);
    if (rc == 0)
        rc = mustache_render(template, values, &page, err);
    if (rc == 0)
        rc = buf_check(&page, err);
    if (rc == 0 && fwrite(page.data, 1, page.length, stdout) != page.length)
        rc = err_errno(err, "the page");
    buf_release(&page);
    mustache_values_free(values);
    json_free(json);
    mustache_free(template);
    return rc;
}

static int print(struct cli *cli, const struct call_list *list, enum call_list_form form,
                 struct err *err)
{
    switch (form) {
    case CALL_LIST_CSV:
        return print_csv(list);
    case CALL_LIST_HTML:
        return print_page(cli, list, err);
    case CALL_LIST_JSON:
        return print_json(list, err);
    case CALL_LIST_TEXT:
        break;
    }
    return print_text(list);
}

int call_list_print(struct cli *cli, const struct report_filter *filter, enum call_list_form form,
                    struct err *err)
{
    static const char *const forms[] = {"text", "csv", "html", "json"};
    struct call_list list = {.now = clock_now(&cli->clock)};
    struct db *db;
    int rc;

    /* An upgraded daemon that does not start has not made the roll's keys anew: the list is what is
     * left then. */
    if (cli_store(cli, &db, err) < 0 || roll_index_bring_up(db, err) < 0 ||
        report_begin(db, err) < 0)
        return -1;
    rc = calls_read(db, filter, list.now, &list.lines, &list.count, &list.undecided, err);
    report_end(db);
    if (rc == 0)
        rc = note(db, &list, filter, forms[form], err);
    if (rc == 0)
        rc = print(cli, &list, form, err);
    calls_free(list.lines, list.count);
    return rc;
}
