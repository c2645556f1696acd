/* gateway/registers/terms.h - what the two formats of term dates share. */
#ifndef REGISTERS_TERMS_H
#define REGISTERS_TERMS_H

#include "plan/establishment.h"
#include "registers/reading.h"

/* Either la, or namespace and urn; the others are NULL. */
struct term {
    const char *la, *namespace, *urn;
    const char *kind; /* term, closure, inset */
    const char *from, *to;
    const char *title;
    const char *days; /* of a term: weekdays, NULL Monday to Friday */
};

struct terms_door {
    char la[LA_CODE_SIZE], namespace[NAMESPACE_SIZE], urn[17];
    char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
};

struct terms {
    struct reading *r;
    struct terms_door *doors; /* of the file, each with the days that it speaks of */
    size_t doors_count;
};

/* Checks the order of the days, puts the row, warns of overlaps. */
int terms_put(struct terms *t, const struct term *term, size_t line, struct err *err) MUST_CHECK;

int terms_read_ical(struct terms *t, struct err *err) MUST_CHECK;

/* What an event's summary or category says of the day; NULL: nothing about school days, or only
 * where a term begins or ends, which a range of days cannot be made of. Pure.
 *   inset, training day, staff day, non-pupil day, HMS                        inset
 *   holiday, half term, break, closed, closure, gwyliau, hanner tymor, ar gau   closure
 *   start, begin, end, first day, last day, return, dechrau, diwedd             NULL
 *   term, tymor                                                                 term
 * The first line that has a word beginning so decides.
 */
const char *terms_kind_of(const char *summary);

/* The same as terms_read_ical, from memory. */
enum { ICAL_MAX = 1 << 20, ICAL_EVENTS_MAX = 2000 };
int terms_read_ical_text(struct terms *t, const char *text, size_t length,
                         struct err *err) MUST_CHECK;

#endif
