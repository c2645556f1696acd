#include "registers/reading.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "registers/encoding.h"

enum { ENDS_FREELY = 5 }; /* so few rows may end even where they are much of what there is */

/* Without memory the line is lost and still counted, which is all that a refusal rests on. */
int lines_add(struct import_lines *lines, const char *text)
{
    char **more;

    lines->count++;
    if (lines->kept >= lines->most)
        return 0;
    more = reallocarray(lines->line, lines->kept + 1, sizeof *more);
    if (!more)
        return -1;
    lines->line = more;
    more[lines->kept] = strdup(text);
    if (!more[lines->kept])
        return -1;
    lines->kept++;
    return 0;
}

int reading_open(struct reading *r, const struct csv_column *columns, size_t count, struct err *err)
{
    const char *const *names;
    size_t unknown;

    if (csv_file_open(r->file, columns, count, &r->csv, err) < 0)
        return -1;
    r->columns = columns;
    r->result->encoding = csv_file_encoding(r->csv);
    unknown = csv_file_unknown(r->csv, &names);
    for (size_t i = 0; i < unknown; i++) {
        if (lines_add(&r->result->ignored, names[i]) < 0)
            return err_memory(err);
    }
    return 0;
}

/* Cells beyond the header that hold something. */
static bool has_stray_cells(const struct reading *r)
{
    size_t header = csv_file_header_cells(r->csv);

    for (size_t i = header; i < csv_file_cells(r->csv); i++) {
        if (csv_file_cell_at(r->csv, i)[0] != '\0')
            return true;
    }
    return false;
}

static bool cells_fit(struct reading *r)
{
    size_t cells = csv_file_cells(r->csv), header = csv_file_header_cells(r->csv);

    if (cells == header)
        return true;
    if (cells > header) {
        if (!has_stray_cells(r)) /* commas that a spreadsheet left behind */
            return true;
        if (r->sure_cells > 0) {
            reading_warning(r, CSV_ROW,
                            "has %zu cells and the header %zu: only the first %zu are taken", cells,
                            header, r->sure_cells);
            csv_file_keep_first(r->csv, r->sure_cells);
            return true;
        }
    }
    reading_mistake(r, CSV_ROW, "has %zu cells and the header %zu", cells, header);
    return false;
}

int reading_next(struct reading *r, struct err *err)
{
    int rc;

    do {
        if (r->result->mistakes.count >= IMPORT_MISTAKES)
            return 0;
        rc = csv_file_next(r->csv, err);
        if (rc <= 0)
            return rc;
        r->result->read++;
        r->row_refused = false;
        r->scratch_used = 0;
        if (r->options->progress && r->result->read % 256 == 0)
            r->options->progress(r->kind->name, (size_t)r->result->read,
                                 csv_file_lines(r->csv) - 1);
    } while (!cells_fit(r));
    return 1;
}

static void add_line(const struct reading *r, struct import_lines *lines, size_t line,
                     const char *column, const char *fmt, va_list ap) PRINTF(5, 0);
static void add_line(const struct reading *r, struct import_lines *lines, size_t line,
                     const char *column, const char *fmt, va_list ap)
{
    char what[256], text[512];

    vsnprintf(what, sizeof what, fmt, ap);
    if (column)
        snprintf(text, sizeof text, "%s:%zu: %s: %s", r->file, line, column, what);
    else if (line > 0)
        snprintf(text, sizeof text, "%s:%zu: %s", r->file, line, what);
    else
        snprintf(text, sizeof text, "%s: %s", r->file, what);
    (void)lines_add(lines, text);
}

static const char *column_name(const struct reading *r, size_t column)
{
    return column == CSV_ROW ? NULL : r->columns[column].name;
}

void reading_mistake(struct reading *r, size_t column, const char *fmt, ...)
{
    va_list ap;

    r->row_refused = true;
    va_start(ap, fmt);
    add_line(r, &r->result->mistakes, csv_file_line(r->csv, column), column_name(r, column), fmt,
             ap);
    va_end(ap);
}

void reading_mistake_at(struct reading *r, size_t line, const char *fmt, ...)
{
    va_list ap;

    r->row_refused = true;
    va_start(ap, fmt);
    add_line(r, &r->result->mistakes, line, NULL, fmt, ap);
    va_end(ap);
}

void reading_warning(struct reading *r, size_t column, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_line(r, &r->result->warnings, csv_file_line(r->csv, column), column_name(r, column), fmt,
             ap);
    va_end(ap);
}

void reading_warning_at(struct reading *r, size_t line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_line(r, &r->result->warnings, line, NULL, fmt, ap);
    va_end(ap);
}

/* Registers whose values anybody may see, and how many of their key columns say which row it is:
 * a contact's last is an address. */
static const struct {
    bool public;
    size_t shown;
} showing[REGISTERS] = {
    [REGISTER_ESTABLISHMENT] = {true, 2}, [REGISTER_LINK] = {true, 4},
    [REGISTER_CONTACT] = {false, 4},      [REGISTER_REACH] = {true, 3},
    [REGISTER_TERM] = {true, 6},          [REGISTER_BANK_HOLIDAY] = {true, 2},
    [REGISTER_POLICY] = {true, 3},
};

/* The beginning of a value, cut between characters. */
static void add_beginning(struct buf *out, const char *value)
{
    char start[61];

    snprintf(start, sizeof start, "%s", value);
    buf_add(out, start, encoding_utf8_valid(start, strlen(start)));
}

static void note_difference(void *self, const char *column, const char *before, const char *after)
{
    struct reading_differences *d = self;

    if (d->text.length > 0)
        buf_add_text(&d->text, ", ");
    buf_add_text(&d->text, column);
    if (!d->values)
        return;
    buf_add_text(&d->text, " \"");
    add_beginning(&d->text, before);
    buf_add_text(&d->text, "\" to \"");
    add_beginning(&d->text, after);
    buf_add_char(&d->text, '"');
}

struct register_watch reading_watch(struct reading *r, struct reading_differences *d, bool values)
{
    struct register_watch watch = {.differs = note_difference, .self = d};

    (void)r;
    buf_init(&d->text, 4096);
    d->values = values;
    return watch;
}

void reading_count(struct reading *r, enum change what, const char *key,
                   struct reading_differences *d)
{
    struct import_result *result = r->result;
    struct buf line;

    result->added += what == CHANGE_ADDED;
    result->changed += what == CHANGE_CHANGED;
    result->unchanged += what == CHANGE_NONE;
    if (what != CHANGE_NONE && r->options->dry_run) {
        buf_init(&line, 8192);
        buf_addf(&line, "%c %s", what == CHANGE_ADDED ? '+' : '~', key);
        if (d->text.length > 0)
            buf_addf(&line, ": %s", buf_text(&d->text));
        (void)lines_add(&result->changes, buf_text(&line));
        buf_release(&line);
    }
    buf_release(&d->text);
}

static void key_of(enum register_kind kind, const char *const *values, struct buf *out)
{
    for (size_t i = 0; i < showing[kind].shown; i++) {
        if (values[i] && values[i][0])
            buf_addf(out, "%s%s", out->length > 0 ? " " : "", values[i]);
    }
}

int reading_put(struct reading *r, enum register_kind kind, const char *const *values,
                const char *key, enum change *out, int64_t *id, struct err *err)
{
    struct reading_differences d;
    struct register_watch watch = reading_watch(r, &d, showing[kind].public);
    struct buf made;

    if (registers_put(r->db, kind, values, r->import_id, r->options->dry_run ? &watch : NULL, out,
                      id, err) < 0) {
        buf_release(&d.text);
        return -1;
    }
    buf_init(&made, 1024);
    if (!key)
        key_of(kind, values, &made);
    reading_count(r, *out, key ? key : buf_text(&made), &d);
    buf_release(&made);
    return 0;
}

void reading_show_end(struct reading *r, const char *fmt, ...)
{
    char line[256] = "- ";
    va_list ap;

    if (!r->options->dry_run)
        return;
    va_start(ap, fmt);
    vsnprintf(line + 2, sizeof line - 2, fmt, ap);
    va_end(ap);
    (void)lines_add(&r->result->changes, line);
}

static void show_end(void *self, const char *text)
{
    reading_show_end(self, "%s", text);
}

int reading_end_absent(struct reading *r, enum register_absence which, const char *const *args,
                       bool guarded, struct err *err)
{
    struct register_absent n;

    if (registers_absent(r->db, which, args, show_end, r, &n, err) < 0)
        return -1;
    if (n.absent == 0)
        return 0;
    if (guarded && !r->options->force && (n.absent > ENDS_FREELY || n.absent == n.running) &&
        n.absent * 100 > n.running * IMPORT_ENDS_PERCENT) {
        reading_mistake_at(r, 0,
                           "this would end %lld of %lld rows of authority %s, more than %d %%: is"
                           " the file whole? If it is, say --force-complete",
                           (long long)n.absent, (long long)n.running, args[0], IMPORT_ENDS_PERCENT);
        return 0;
    }
    r->result->ended += n.absent;
    return registers_end_absent(r->db, which, args, r->options->now, err);
}

int reading_tally(struct reading *r, const char *what, int code, const char *name, struct err *err)
{
    struct import_result *result = r->result;
    struct import_tally *t;

    for (size_t i = 0; i < result->tallies_count; i++) {
        t = &result->tallies[i];
        if (t->code == code && strcmp(t->what, what) == 0 && strcmp(t->name, name) == 0) {
            t->rows++;
            return 0;
        }
    }
    t = reallocarray(result->tallies, result->tallies_count + 1, sizeof *t);
    if (!t)
        return err_memory(err);
    result->tallies = t;
    t += result->tallies_count++;
    *t = (struct import_tally){.what = what, .code = code, .rows = 1};
    snprintf(t->name, sizeof t->name, "%s", name);
    return 0;
}

int reading_known_door(struct reading *r, size_t column, const char *namespace, const char *urn,
                       struct err *err)
{
    int rc;

    if (strcmp(namespace, "school") != 0 && strcmp(namespace, "centre") != 0)
        return 0;
    rc = registers_has_establishment(r->db, namespace, urn, err);
    if (rc == 0)
        reading_warning(r, column, "no %s with this URN is in the register",
                        namespace[0] == 's' ? "school" : "children's centre");
    return rc < 0 ? -1 : 0;
}
