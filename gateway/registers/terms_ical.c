/* gateway/registers/terms_ical.c - term dates as an authority's or school's calendar publishes
 * them: all-day events, by libical (RFC 5545). What repeats is refused, for a repeated day at
 * school is a mistake of whoever made the file; what has an hour is an event at school, not a day
 * without it. libical keeps no lines, so they are counted here beforehand. */
#include <ctype.h>
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "registers/encoding.h"
#include "registers/terms.h"

enum { DEPTH_MAX = 8, START_SIZE = 40 };

/* Whether the text has a word that begins so, without regard to case. */
static bool has_word(const char *text, const char *word)
{
    for (const char *at = strcasestr(text, word); at; at = strcasestr(at + 1, word)) {
        if (at == text || !isalpha((unsigned char)at[-1]))
            return true;
    }
    return false;
}

const char *terms_kind_of(const char *summary)
{
    static const struct {
        const char *words[12];
        const char *kind;
    } rules[] = {
        {{"inset", "training day", "staff day", "non-pupil", "non pupil", "hms", NULL}, "inset"},
        {{"holiday", "half term", "half-term", "break", "closed", "closure", "gwyliau",
          "hanner tymor", "ar gau", NULL},
         "closure"},
        {{"start", "begin", "end", "first day", "last day", "return", "dechrau", "diwedd", NULL},
         NULL},
        {{"term", "tymor", NULL}, "term"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        for (const char *const *word = rules[i].words; *word; word++) {
            if (has_word(summary, *word))
                return rules[i].kind;
        }
    }
    return NULL;
}

/* Walks unfolded lines: how each begins, and the physical line that it begins on. */
struct walk {
    const char *at, *end;
    size_t line;
    size_t starts_on;
    char start[START_SIZE];
};

static bool walk_next(struct walk *w)
{
    size_t length = 0;

    if (w->at >= w->end)
        return false;
    w->starts_on = w->line;
    while (w->at < w->end) {
        if (*w->at == '\r' && w->at + 1 < w->end && w->at[1] == '\n')
            w->at++;
        if (*w->at == '\n' || *w->at == '\r') {
            w->at++;
            w->line++;
            if (w->at >= w->end || (*w->at != ' ' && *w->at != '\t'))
                break;
            w->at++; /* folded: it goes on */
            continue;
        }
        if (length < sizeof w->start - 1)
            w->start[length++] = *w->at;
        w->at++;
    }
    w->start[length] = '\0';
    return true;
}

static bool begins(const struct walk *w, const char *word)
{
    return strncasecmp(w->start, word, strlen(word)) == 0;
}

/* Notes the line of each event; mistakes for what repeats and for nesting that no calendar has. */
static void scan(struct reading *r, const char *text, size_t length, size_t *lines, size_t *count)
{
    struct walk w = {.at = text, .end = text + length, .line = 1};
    int depth = 0, event = 0;

    while (walk_next(&w)) {
        if (begins(&w, "BEGIN:")) {
            if (++depth > DEPTH_MAX) {
                reading_mistake_at(r, w.starts_on, "components nested more than %d deep",
                                   DEPTH_MAX);
                return;
            }
            if (begins(&w, "BEGIN:VEVENT") && event == 0) {
                event = depth;
                if (*count == ICAL_EVENTS_MAX) {
                    reading_mistake_at(r, w.starts_on, "more than %d events", ICAL_EVENTS_MAX);
                    return;
                }
                lines[(*count)++] = w.starts_on;
            }
        } else if (begins(&w, "END:")) {
            if (event == depth)
                event = 0;
            depth--;
        } else if (event != 0 && (begins(&w, "RRULE") || begins(&w, "RDATE"))) {
            reading_mistake_at(r, w.starts_on, "%.5s: a day that repeats is not taken", w.start);
        }
    }
    if (depth != 0)
        reading_mistake_at(r, w.line, "a component is not ended: is the file whole?");
}

static const char *day_text(struct reading *r, icaltimetype t, int shift)
{
    char iso[DATE_TEXT_SIZE];
    day_t day = day_from_civil(t.year, t.month, t.day);

    return day == DAY_NONE ? NULL : reading_scratch(r, "%s", day_format(day + shift, iso));
}

/* Text of the calendar that may go to the store and terminals: control characters become blanks. */
static void plain(const char *text, char *out, size_t size)
{
    snprintf(out, size, "%s", text ? text : "");
    /* What was cut may have been cut inside a character. */
    out[encoding_utf8_valid(out, strlen(out))] = '\0';
    for (char *p = out; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    }
}

static const char *kind_of(icalcomponent *event, const char *summary)
{
    icalproperty *p = icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY);
    const char *kind = terms_kind_of(summary);

    for (; !kind && p; p = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
        const char *words = icalproperty_get_categories(p);

        kind = words ? terms_kind_of(words) : NULL;
    }
    return kind;
}

static int take_event(struct terms *t, icalcomponent *event, size_t line, struct err *err)
{
    struct reading *r = t->r;
    const struct import_options *o = r->options;
    char title[101];
    struct icaltimetype from, to;
    struct term term = {.la = o->la, .urn = o->urn, .title = title};

    r->row_refused = false;
    r->scratch_used = 0;
    r->result->read++;
    if (o->urn)
        term.namespace = o->namespace ? o->namespace : "school";
    plain(icalcomponent_get_summary(event), title, sizeof title);
    term.kind = kind_of(event, title);
    if (!term.kind || icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED) {
        reading_warning_at(r, line, "ignored: says nothing of school days: %s", title);
        return 0;
    }
    from = icalcomponent_get_dtstart(event);
    if (icaltime_is_null_time(from)) {
        reading_mistake_at(r, line, "DTSTART: is missing or is no date");
        return 0;
    }
    if (!from.is_date) {
        reading_warning_at(r, line, "ignored: not a whole day: %s", title);
        return 0;
    }
    to = icalcomponent_get_dtend(event);
    term.from = day_text(r, from, 0);
    /* DTEND is the day after; without one it is the day itself. */
    term.to = icaltime_is_null_time(to) || icaltime_compare(to, from) == 0 ? term.from
                                                                           : day_text(r, to, -1);
    if (!term.from || !term.to) {
        reading_mistake_at(r, line, "%s: is no date", term.from ? "DTEND" : "DTSTART");
        return 0;
    }
    return terms_put(t, &term, line, err);
}

static int take_calendar(struct terms *t, icalcomponent *root, const size_t *lines, size_t count,
                         size_t *n, struct err *err)
{
    icalcomponent *c = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT);

    for (; c; c = icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT)) {
        int rc = 0;

        if (icalcomponent_isa(c) == ICAL_VCALENDAR_COMPONENT)
            rc = take_calendar(t, c, lines, count, n, err);
        else if (icalcomponent_isa(c) == ICAL_VEVENT_COMPONENT && *n < count)
            rc = take_event(t, c, lines[(*n)++], err);
        if (rc < 0)
            return -1;
        if (t->r->result->mistakes.count >= IMPORT_MISTAKES)
            return 0;
    }
    return 0;
}

int terms_read_ical_text(struct terms *t, const char *text, size_t length, struct err *err)
{
    size_t *lines = calloc(ICAL_EVENTS_MAX, sizeof *lines);
    size_t count = 0, n = 0;
    icalcomponent *root;
    int rc = 0;

    if (!lines)
        return err_memory(err);
    scan(t->r, text, length, lines, &count);
    if (t->r->result->mistakes.count > 0)
        goto out;
    icalerror_set_errors_are_fatal(false);
    root = icalparser_parse_string(text);
    if (!root) {
        reading_mistake_at(t->r, 1, "is no calendar that can be read");
        goto out;
    }
    rc = take_calendar(t, root, lines, count, &n, err);
    icalcomponent_free(root);
    icalmemory_free_ring();
    if (rc == 0 && n == 0)
        reading_mistake_at(t->r, 1, "has no events");
out:
    free(lines);
    return rc;
}

int terms_read_ical(struct terms *t, struct err *err)
{
    struct reading *r = t->r;
    struct buf text;
    int rc;

    if (!r->options->la && !r->options->urn)
        return err_set(err, ERR_USAGE,
                       "import terms: a calendar needs --la or --urn: whose is it?");
    if (encoding_read_file(r->file, ICAL_MAX, &text, err) < 0)
        return -1;
    rc = encoding_to_utf8(r->file, &text, &r->result->encoding, err);
    if (rc == 0)
        rc = terms_read_ical_text(t, buf_text(&text), text.length, err);
    buf_release(&text);
    return rc;
}
