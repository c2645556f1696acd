/* gateway/registers/reading_cells.c - cells as texts that may stand in the store, or mistakes. */
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "registers/reading.h"

const char *reading_scratch(struct reading *r, const char *fmt, ...)
{
    char *out = r->scratch[r->scratch_used++];
    va_list ap;

    assert(r->scratch_used <= READING_SCRATCH);
    va_start(ap, fmt);
    vsnprintf(out, READING_SCRATCH_SIZE, fmt, ap);
    va_end(ap);
    return out;
}

/* Bytes that are no text: C0 controls, DEL, and C1 (0xc2 0x80..0x9f). */
static bool has_control(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
            return true;
    }
    return false;
}

const char *reading_text(struct reading *r, size_t column, size_t longest)
{
    const char *text = csv_file_cell(r->csv, column);

    if (text[0] == '\0')
        return NULL;
    if (strlen(text) > longest) {
        reading_mistake(r, column, "is longer than %zu bytes", longest);
        return NULL;
    }
    if (has_control(text)) {
        reading_mistake(r, column, "has a line break or control character");
        return NULL;
    }
    return text;
}

/* text itself; none because the cell is empty is a mistake. */
static const char *needed(struct reading *r, size_t column, const char *text)
{
    if (!text && csv_file_cell(r->csv, column)[0] == '\0')
        reading_mistake(r, column, "is empty");
    return text;
}

const char *reading_needed(struct reading *r, size_t column, size_t longest)
{
    return needed(r, column, reading_text(r, column, longest));
}

bool is_digits(const char *text, size_t least, size_t most)
{
    size_t length = strspn(text, "0123456789");

    return text[length] == '\0' && length >= least && length <= most;
}

int number_of(const char *digits)
{
    return digits ? (int)strtol(digits, NULL, 10) : 0;
}

const char *reading_number(struct reading *r, size_t column, int least, int most)
{
    const char *text = csv_file_cell(r->csv, column);
    long number;

    if (text[0] == '\0')
        return NULL;
    number = is_digits(text, 1, 9) ? strtol(text, NULL, 10) : -1;
    if (number < least || number > most) {
        reading_mistake(r, column, "is no number from %d to %d", least, most);
        return NULL;
    }
    return reading_scratch(r, "%ld", number);
}

const char *reading_day(struct reading *r, size_t column)
{
    const char *text = csv_file_cell(r->csv, column);
    char iso[DATE_TEXT_SIZE];
    day_t day;

    if (text[0] == '\0')
        return NULL;
    day = day_parse(text);
    if (day == DAY_NONE)
        day = day_parse_british(text);
    if (day == DAY_NONE) {
        reading_mistake(r, column, "is no date (yyyy-mm-dd or dd/mm/yyyy)");
        return NULL;
    }
    return reading_scratch(r, "%s", day_format(day, iso));
}

const char *reading_word(struct reading *r, size_t column, const char *words)
{
    const char *text = csv_file_cell(r->csv, column);
    size_t length = strlen(text);

    if (length == 0)
        return NULL;
    for (const char *word = words;; word++) {
        size_t end = strcspn(word, "|");

        if (end == length && strncasecmp(word, text, end) == 0)
            return reading_scratch(r, "%.*s", (int)end, word);
        word += end;
        if (*word == '\0')
            break;
    }
    reading_mistake(r, column, "is none of %s", words);
    return NULL;
}

const char *reading_urn(struct reading *r, size_t column)
{
    const char *text = csv_file_cell(r->csv, column);

    if (text[0] == '\0')
        return NULL;
    if (!is_digits(text, 3, 8)) {
        reading_mistake(r, column, "is no URN (3 to 8 digits)");
        return NULL;
    }
    return text;
}

const char *reading_la(struct reading *r, size_t column)
{
    const char *text = csv_file_cell(r->csv, column);

    if (text[0] == '\0')
        return r->options->la;
    if (!is_digits(text, 3, 3)) {
        reading_mistake(r, column, "is no code of an authority (three digits)");
        return NULL;
    }
    return text;
}

const char *reading_postcode(struct reading *r, size_t column)
{
    const char *text = reading_text(r, column, 20);
    char folded[8];
    size_t length = 0;

    for (const char *p = text; p && *p; p++) {
        if (*p == ' ')
            continue;
        if (!isalnum((unsigned char)*p) || length == sizeof folded - 1)
            return text;
        folded[length++] = (char)toupper((unsigned char)*p);
    }
    if (length < 5)
        return text;
    return reading_scratch(r, "%.*s %.3s", (int)length - 3, folded, folded + length - 3);
}

const char *reading_needed_urn(struct reading *r, size_t column)
{
    return needed(r, column, reading_urn(r, column));
}

const char *reading_needed_number(struct reading *r, size_t column, int least, int most)
{
    return needed(r, column, reading_number(r, column, least, most));
}

const char *reading_needed_day(struct reading *r, size_t column)
{
    return needed(r, column, reading_day(r, column));
}

const char *reading_needed_word(struct reading *r, size_t column, const char *words)
{
    return needed(r, column, reading_word(r, column, words));
}

const char *reading_weekdays(struct reading *r, size_t column)
{
    const char *cell = csv_file_cell(r->csv, column);
    char out[WEEKDAYS_TEXT_SIZE];
    unsigned days = weekdays_parse(cell);

    if (days)
        return reading_scratch(r, "%s", weekdays_format(days, out));
    if (cell[strspn(cell, " ,;|/")])
        reading_mistake(r, column, "are no days such as mon tue wed");
    return NULL;
}
