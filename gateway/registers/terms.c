/* gateway/registers/terms.c - school terms, closures and inset days, of an authority or of one
 * establishment; CSV here, iCalendar in terms_ical.c. */
#include "registers/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LA, NAMESPACE, URN, KIND, FROM, TO, TITLE, DAYS, COLUMNS };

static const struct csv_column columns[COLUMNS] = {
    [LA] = {"la", true},       [NAMESPACE] = {"namespace", true}, [URN] = {"urn", true},
    [KIND] = {"kind", true},   [FROM] = {"from", true},           [TO] = {"to", true},
    [TITLE] = {"title", true}, [DAYS] = {"days", false},
};

enum { DAYS_MOST = 370 };

/* Widens the days that the file speaks of for this door. */
static int note_door(struct terms *t, const struct term *term, struct err *err)
{
    struct terms_door *d;

    for (size_t i = t->doors_count; i > 0; i--) {
        d = &t->doors[i - 1];
        if (strcmp(d->la, term->la ? term->la : "") != 0 ||
            strcmp(d->namespace, term->namespace ? term->namespace : "") != 0 ||
            strcmp(d->urn, term->urn ? term->urn : "") != 0)
            continue;
        if (strcmp(term->from, d->first) < 0)
            snprintf(d->first, sizeof d->first, "%s", term->from);
        if (strcmp(term->to, d->last) > 0)
            snprintf(d->last, sizeof d->last, "%s", term->to);
        return 0;
    }
    d = reallocarray(t->doors, t->doors_count + 1, sizeof *d);
    if (!d)
        return err_memory(err);
    t->doors = d;
    d += t->doors_count++;
    snprintf(d->la, sizeof d->la, "%s", term->la ? term->la : "");
    snprintf(d->namespace, sizeof d->namespace, "%s", term->namespace ? term->namespace : "");
    snprintf(d->urn, sizeof d->urn, "%s", term->urn ? term->urn : "");
    snprintf(d->first, sizeof d->first, "%s", term->from);
    snprintf(d->last, sizeof d->last, "%s", term->to);
    return 0;
}

static int warn_of_overlap(struct terms *t, const struct term *term, size_t line, struct err *err)
{
    int64_t n;

    if (strcmp(term->kind, "term") != 0)
        return 0;
    n = registers_terms_overlapping(t->r->db, term->la, term->namespace, term->urn, term->from,
                                    term->to, err);
    if (n > 0)
        reading_warning_at(t->r, line,
                           "overlaps another term of %s%s from %s to %s: --complete takes away what"
                           " this file does not have",
                           term->la ? "authority " : "establishment ",
                           term->la ? term->la : term->urn, term->from, term->to);
    return n < 0 ? -1 : 0;
}

int terms_put(struct terms *t, const struct term *term, size_t line, struct err *err)
{
    struct reading *r = t->r;
    /* In the order of REGISTER_TERM. */
    const char *const values[] = {term->la,   term->namespace, term->urn,   term->kind,
                                  term->from, term->to,        term->title, term->days};
    enum change change;
    int64_t id = -1;
    int fresh;

    if (strcmp(term->from, term->to) > 0) {
        reading_mistake_at(r, line, "to: is before from");
        return 0;
    }
    if (day_parse(term->to) - day_parse(term->from) > DAYS_MOST) {
        reading_mistake_at(r, line, "to: is more than a year after from");
        return 0;
    }
    if (reading_put(r, REGISTER_TERM, values, NULL, &change, &id, err) < 0)
        return -1;
    fresh = registers_seen(r->db, id, err);
    if (fresh < 0 || note_door(t, term, err) < 0)
        return -1;
    if (fresh == 0) {
        reading_warning_at(r, line, "stands in the file already");
        return 0;
    }
    return change == CHANGE_ADDED && !r->options->complete ? warn_of_overlap(t, term, line, err)
                                                           : 0;
}

/* Terms of those doors, within the days that the file speaks of, that it does not have. */
static int end_absent(struct terms *t, struct err *err)
{
    for (size_t i = 0; i < t->doors_count; i++) {
        const struct terms_door *d = &t->doors[i];
        const char *args[] = {d->la, d->namespace, d->urn, d->first, d->last};

        if (reading_end_absent(t->r, ABSENT_TERMS, args, false, err) < 0)
            return -1;
    }
    return 0;
}

/* Whose row it is: the authority's or one establishment's. */
static void take_door(struct reading *r, struct term *term)
{
    const struct import_options *o = r->options;
    bool given = csv_file_cell(r->csv, LA)[0] || csv_file_cell(r->csv, URN)[0];

    if (csv_file_cell(r->csv, LA)[0] && csv_file_cell(r->csv, URN)[0]) {
        reading_mistake(r, URN, "and la: a row is of an authority or of an establishment");
        return;
    }
    term->urn = given ? reading_urn(r, URN) : o->urn;
    if (csv_file_cell(r->csv, URN)[0] == '\0')
        term->la = term->urn ? NULL : reading_la(r, LA);
    if (term->urn) {
        term->namespace = reading_word(r, NAMESPACE, "school|centre");
        if (!term->namespace)
            term->namespace = o->namespace ? o->namespace : "school";
    }
    if (!term->urn && !term->la && !r->row_refused)
        reading_mistake(r, LA, "and urn are empty: whose days are these?");
}

static int read_csv(struct terms *t, struct err *err)
{
    struct reading *r = t->r;
    int rc;

    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    while ((rc = reading_next(r, err)) == 1) {
        struct term term = {.kind = reading_needed_word(r, KIND, "term|closure|inset"),
                            .from = reading_needed_day(r, FROM),
                            .to = reading_needed_day(r, TO),
                            .title = reading_text(r, TITLE, 100),
                            .days = reading_weekdays(r, DAYS)};

        if (!term.title)
            term.title = "";
        if (term.days && term.kind && strcmp(term.kind, "term") != 0)
            reading_mistake(r, DAYS, "are for a term: a day that is closed is closed");
        take_door(r, &term);
        if (r->row_refused || !term.kind)
            continue;
        if (term.urn && reading_known_door(r, URN, term.namespace, term.urn, err) < 0)
            return -1;
        if (terms_put(t, &term, csv_file_line(r->csv, FROM), err) < 0)
            return -1;
    }
    return rc;
}

static int is_ical(const char *path, bool *out, struct err *err)
{
    char start[64] = "";
    FILE *file = fopen(path, "re");
    size_t length;
    const char *p = start;

    if (!file)
        return err_errno(err, path);
    length = fread(start, 1, sizeof start - 1, file);
    fclose(file);
    start[length] = '\0';
    if (strncmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    p += strspn(p, " \t\r\n");
    *out = strncasecmp(p, "BEGIN:VCALENDAR", strlen("BEGIN:VCALENDAR")) == 0;
    return 0;
}

int read_terms(struct reading *r, struct err *err)
{
    struct terms t = {.r = r};
    bool ical;
    int rc;

    if (r->options->la && r->options->urn)
        return err_set(err, ERR_USAGE, "import terms: --la or --urn, not both");
    if (is_ical(r->file, &ical, err) < 0)
        return -1;
    rc = ical ? terms_read_ical(&t, err) : read_csv(&t, err);
    if (rc == 0 && r->options->complete && r->result->mistakes.count == 0)
        rc = end_absent(&t, err);
    free(t.doors);
    return rc;
}
