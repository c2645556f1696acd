#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/personal.h"

struct cell {
    char *text;
    enum colour colour;
};

struct table {
    const char *const *headings;
    size_t columns;
    struct cell *cells; /* row by row */
    size_t count, capacity;
    bool failed; /* out of memory: said when it is printed */
    bool whole;
};

size_t screen_wide(void)
{
    enum { LEAST = 80, MOST = 160 };
    const char *said = getenv("COLUMNS");
    struct winsize size = {.ws_col = 0};
    size_t wide = 0;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        wide = size.ws_col;
    if (wide == 0 && said)
        wide = strtoul(said, NULL, 10);
    return wide == 0 ? 0 : wide < LEAST ? LEAST : wide > MOST ? MOST : wide;
}

bool colour_wanted(FILE *to)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (no_color && no_color[0] != '\0')
        return false;
    return isatty(fileno(to)) && !(term && strcmp(term, "dumb") == 0);
}

static const char *colour_code(enum colour colour)
{
    static const char *const codes[] = {"",         "\033[1m",  "\033[32m",
                                        "\033[33m", "\033[31m", "\033[2m"};

    return codes[colour];
}

/* Characters that would steer a terminal become '?': what is shown can come from outside. */
static void disarm(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = *c == '\n' ? ' ' : '?';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            c[0] = c[1] = '?';
    }
}

/* Code points: our columns hold European letters, one cell each. */
static size_t width(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void print_coloured(FILE *to, enum colour colour, const char *text)
{
    if (colour != COLOUR_PLAIN && colour_wanted(to))
        fprintf(to, "%s%s\033[0m", colour_code(colour), text);
    else
        fputs(text, to);
}

struct table *table_new(const char *const *headings)
{
    struct table *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->headings = headings;
    while (headings[t->columns] && t->columns < TABLE_COLUMNS)
        t->columns++;
    return t;
}

void table_keep_whole(struct table *t)
{
    if (t)
        t->whole = screen_wide() == 0;
}

void table_cell(struct table *t, enum colour colour, const char *fmt, ...)
{
    struct cell cell = {NULL, colour};
    va_list ap;

    if (!t || t->failed)
        return;
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 64;
        struct cell *cells = reallocarray(t->cells, capacity, sizeof *cells);

        if (!cells) {
            t->failed = true;
            return;
        }
        t->cells = cells;
        t->capacity = capacity;
    }
    va_start(ap, fmt);
    if (vasprintf(&cell.text, fmt, ap) < 0)
        t->failed = true;
    va_end(ap);
    if (t->failed)
        return;
    disarm(cell.text);
    t->cells[t->count++] = cell;
}

size_t table_rows(const struct table *t)
{
    return t ? t->count / t->columns : 0;
}

enum { GAP = 2, LEAST_WIDE = 12 };

static bool is_sign(char c)
{
    return c == '>' || c == '~';
}

/* How many bytes of text the first so many characters take. */
static size_t bytes_of(const char *text, size_t characters)
{
    size_t i = 0;

    for (; text[i]; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80 && characters-- == 0)
            break;
    }
    return i;
}

/* How many bytes of text stand on a line of that width, to the end of a word where there is one. */
static size_t line_of(const char *text, size_t wide)
{
    size_t most = bytes_of(text, wide), end = most;

    if (text[most] == '\0')
        return most;
    while (end > 0 && text[end] != ' ')
        end--;
    return end > 0 ? end : most;
}

/* The next line of a cell, taken from the front of *rest. */
static void print_cell(FILE *to, const char **rest, enum colour colour, size_t wide, char sign,
                       bool last)
{
    size_t bytes = line_of(*rest, wide);
    char *line = strndup(*rest, bytes);
    int gap;

    if (!line)
        return;
    gap = (int)(wide - width(line));
    if (sign == '>')
        fprintf(to, "%*s", gap, "");
    print_coloured(to, colour, line);
    if (sign != '>' && !last)
        fprintf(to, "%*s", gap, "");
    fputs(last ? "" : "  ", to);
    personal_wipe(line, bytes);
    free(line);
    *rest += bytes;
    *rest += **rest == ' ';
}

static size_t longest_word(const char *text)
{
    size_t longest = 0, n = 0;

    for (; *text; text++) {
        n = *text == ' ' ? 0 : n + (((unsigned char)*text & 0xc0) != 0x80);
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* Columns that may be are made narrower, the widest first, until the table has that width or each is
 * at its least. The width that is reached. */
static size_t narrow(const struct table *t, size_t *wide, const size_t *least, size_t most)
{
    size_t all = 0;

    for (size_t c = 0; c < t->columns; c++)
        all += wide[c] + (c > 0 ? GAP : 0);
    for (; all > most; all--) {
        size_t widest = t->columns;

        for (size_t c = 0; c < t->columns; c++) {
            if (t->headings[c][0] == '~' && wide[c] > least[c] &&
                (widest == t->columns || wide[c] > wide[widest]))
                widest = c;
        }
        if (widest == t->columns)
            return all;
        wide[widest]--;
    }
    return all;
}

/* Words are parted only where it would not fit otherwise. */
static void fit(const struct table *t, size_t *wide)
{
    size_t least[TABLE_COLUMNS] = {0}, screen = screen_wide(),
           most = screen > 0 ? screen : TABLE_WIDE;

    if (t->whole)
        return;
    for (size_t c = 0; c < t->columns; c++) {
        least[c] = LEAST_WIDE;
        for (size_t i = c; i < t->count; i += t->columns) {
            size_t word = longest_word(t->cells[i].text);

            least[c] = word > least[c] ? word : least[c];
        }
    }
    if (narrow(t, wide, least, most) <= most)
        return;
    for (size_t c = 0; c < t->columns; c++)
        least[c] = LEAST_WIDE;
    narrow(t, wide, least, most);
}

static void print_row(FILE *to, const struct table *t, const struct cell *cells, const size_t *wide)
{
    const char *rest[TABLE_COLUMNS];
    bool more = true;

    for (size_t c = 0; c < t->columns; c++)
        rest[c] = cells[c].text;
    while (more) {
        size_t last = 0;

        more = false;
        for (size_t c = 0; c < t->columns; c++) {
            if (rest[c][0])
                last = c;
        }
        for (size_t c = 0; c <= last; c++) {
            print_cell(to, &rest[c], cells[c].colour, wide[c], t->headings[c][0], c == last);
            more = more || rest[c][0];
        }
        fputs("\n", to);
    }
}

void table_print(const struct table *t, FILE *to)
{
    struct cell headings[TABLE_COLUMNS];
    size_t wide[TABLE_COLUMNS];

    if (!t || t->failed) {
        fputs("(out of memory: the table is not shown)\n", stderr);
        return;
    }
    assert(t->columns > 0);
    for (size_t c = 0; c < t->columns; c++) {
        const char *heading = t->headings[c] + is_sign(t->headings[c][0]);

        headings[c] = (struct cell){(char *)(uintptr_t)heading, COLOUR_BOLD};
        wide[c] = width(heading);
        for (size_t i = c; i < t->count; i += t->columns) {
            size_t w = width(t->cells[i].text);

            wide[c] = w > wide[c] ? w : wide[c];
        }
    }
    fit(t, wide);
    print_row(to, t, headings, wide);
    for (size_t i = 0; i + t->columns <= t->count; i += t->columns)
        print_row(to, t, &t->cells[i], wide);
}

void table_free(struct table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        personal_wipe(t->cells[i].text, strlen(t->cells[i].text)); /* names, at times */
        free(t->cells[i].text);
    }
    free(t->cells);
    free(t);
}

void colour_print(FILE *to, enum colour colour, const char *fmt, ...)
{
    static char text[8192];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    print_coloured(to, colour, text);
    personal_wipe(text, sizeof text);
}

/* 43210 as "43,210". */
static void grouped(size_t number, char out[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%zu", number);
    int n = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = '\0';
}

static bool progress_is_shown;

void progress_show(const char *what, size_t done, size_t total)
{
    static int64_t shown_at;
    int64_t now = clock_monotonic_ms();
    char so_far[32], all[32];

    if (!isatty(STDERR_FILENO) || (progress_is_shown && done != total && now - shown_at < 100))
        return;
    grouped(done, so_far);
    grouped(total, all);
    if (total > 0)
        fprintf(stderr, "\r\033[K%s  %s of %s", what, so_far, all);
    else
        fprintf(stderr, "\r\033[K%s  %s", what, so_far);
    fflush(stderr);
    shown_at = now;
    progress_is_shown = true;
}

void progress_end(void)
{
    if (progress_is_shown)
        fputs("\r\033[K", stderr);
    progress_is_shown = false;
}

static void print_within(size_t wide, int indent, const char *text)
{
    for (int in = indent; *text; in = indent + 2) {
        size_t bytes = wide == 0 ? strlen(text) : line_of(text, wide - (size_t)in);

        if (text[bytes] != ' ') /* a word that is wider than a line */
            bytes += strcspn(text + bytes, " ");
        printf("%*s%.*s\n", in, "", (int)bytes, text);
        text += bytes;
        text += strspn(text, " ");
    }
}

void print_folded(int indent, const char *fmt, ...)
{
    char *text;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    if (!text) {
        fputs("(out of memory: a line is not shown)\n", stderr);
        return;
    }
    disarm(text);
    print_within(screen_wide(), indent, text);
    personal_wipe(text, strlen(text)); /* names, at times */
    free(text);
}

void print_parts(const char *text, int indent)
{
    size_t screen = screen_wide();

    while (*text) {
        const char *end = strstr(text, "; ");
        size_t length = end ? (size_t)(end - text) : strlen(text);
        char *part = strndup(text, length);

        if (part)
            print_within(screen > 0 ? screen : TABLE_WIDE, indent, part);
        free(part);
        text += length + (end ? 2 : 0);
    }
}
