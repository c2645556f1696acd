#include "registers/csv_file.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "registers/encoding.h"

struct csv_file {
    char *name;
    const struct csv_column *columns;
    size_t columns_count;
    size_t *place; /* of each column: the header's cell, or CSV_ROW for none */

    struct buf text;
    const char *encoding;
    size_t at;   /* bytes given to libcsv */
    size_t line; /* of the next byte */
    size_t lines;

    struct csv_parser parser;
    struct buf cells; /* of the row, each with its NUL */
    size_t starts[CSV_COLUMNS_MAX];
    size_t count; /* cells of the row; may exceed what starts holds */
    size_t row_line;
    bool row_open, row_done;

    size_t header_cells;
    char **unknown;
    size_t unknown_count;
};

static void cell_ends(void *bytes, size_t length, void *self)
{
    struct csv_file *f = self;

    if (f->count < CSV_COLUMNS_MAX) {
        f->starts[f->count] = f->cells.length;
        buf_add(&f->cells, bytes, length);
        buf_add_char(&f->cells, '\0');
    }
    f->count++;
}

static void row_ends(int c, void *self)
{
    struct csv_file *f = self;

    (void)c;
    f->row_done = true;
}

/* The physical line at p with its end, bounded by left. */
static size_t line_length(const char *p, size_t left)
{
    for (size_t i = 0; i < left; i++) {
        if (p[i] == '\n')
            return i + 1;
        if (p[i] == '\r')
            return i + 1 < left && p[i + 1] == '\n' ? i + 2 : i + 1;
    }
    return left;
}

static bool blank(const char *p, size_t length)
{
    return strspn(p, " \t\r\n") >= length;
}

static int refuse_row(const struct csv_file *f, const char *why, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s:%zu: %s", f->name, f->row_line, why);
}

static int end_of_file(struct csv_file *f, struct err *err)
{
    if (!f->row_open)
        return 0;
    if (csv_fini(&f->parser, cell_ends, row_ends, f) != 0)
        return refuse_row(f, "a quotation mark is opened here and never closed", err);
    f->row_open = false;
    return f->row_done ? 1 : 0;
}

int csv_file_next(struct csv_file *f, struct err *err)
{
    size_t row_at = f->at;

    /* Not buf_clear, which would give the memory back each time. */
    f->cells.length = 0;
    f->count = 0;
    f->row_done = false;
    while (!f->row_done) {
        const char *p = buf_text(&f->text) + f->at;
        size_t left = f->text.length - f->at, length;
        int rc;

        if (left == 0) {
            rc = end_of_file(f, err);
            if (rc <= 0)
                return rc;
            break;
        }
        length = line_length(p, left);
        if (!f->row_open && blank(p, length)) {
            f->at += length;
            f->line++;
            row_at = f->at;
            continue;
        }
        if (!f->row_open) {
            f->row_open = true;
            f->row_line = f->line;
        }
        if (f->at + length - row_at > CSV_ROW_MAX)
            return refuse_row(f, "a row of more than 256 KiB: is a quotation mark never closed?",
                              err);
        if (csv_parse(&f->parser, p, length, cell_ends, row_ends, f) != length) {
            if (csv_error(&f->parser) != CSV_EPARSE)
                return err_memory(err);
            return refuse_row(f, "a quotation mark inside a cell is neither doubled nor its end",
                              err);
        }
        f->at += length;
        f->line++;
        f->row_open = !f->row_done;
    }
    if (buf_check(&f->cells, err) < 0)
        return err_context(err, "%s:%zu", f->name, f->row_line);
    if (f->count > CSV_COLUMNS_MAX)
        return refuse_row(f, "a row of more than 512 cells", err);
    return 1;
}

const char *csv_file_cell_at(const struct csv_file *f, size_t place)
{
    return place < f->count ? f->cells.data + f->starts[place] : "";
}

const char *csv_file_cell(const struct csv_file *f, size_t column)
{
    return csv_file_cell_at(f, f->place[column]);
}

bool csv_file_has(const struct csv_file *f, size_t column)
{
    return f->place[column] != CSV_ROW;
}

size_t csv_file_line(const struct csv_file *f, size_t column)
{
    size_t line = f->row_line;
    size_t place = column == CSV_ROW ? 0 : f->place[column];

    if (place != CSV_ROW) {
        for (size_t i = 0; i < place && i < f->count; i++)
            line += encoding_lines(csv_file_cell_at(f, i), strlen(csv_file_cell_at(f, i)));
    }
    return line;
}

void csv_file_keep_first(struct csv_file *f, size_t n)
{
    if (f->count > n)
        f->count = n;
}

size_t csv_file_cells(const struct csv_file *f)
{
    return f->count;
}

size_t csv_file_header_cells(const struct csv_file *f)
{
    return f->header_cells;
}

size_t csv_file_unknown(const struct csv_file *f, const char *const **names)
{
    *names = (const char *const *)f->unknown;
    return f->unknown_count;
}

const char *csv_file_encoding(const struct csv_file *f)
{
    return f->encoding;
}

size_t csv_file_size(const struct csv_file *f)
{
    return f->text.length;
}

size_t csv_file_done(const struct csv_file *f)
{
    return f->at;
}

size_t csv_file_lines(const struct csv_file *f)
{
    return f->lines;
}

/* Places one cell of the header: 0, or -1. */
static int place_header(struct csv_file *f, size_t cell, struct err *err)
{
    const char *name = csv_file_cell_at(f, cell);

    for (size_t i = 0; i < f->columns_count; i++) {
        if (strcasecmp(name, f->columns[i].name) != 0)
            continue;
        if (f->place[i] != CSV_ROW)
            return err_set(err, ERR_INVALID, "%s:%zu: the column %s stands there twice", f->name,
                           f->row_line, f->columns[i].name);
        f->place[i] = cell;
        return 0;
    }
    if (name[0] == '\0')
        return 0;
    f->unknown[f->unknown_count] = strdup(name);
    if (!f->unknown[f->unknown_count])
        return err_memory(err);
    f->unknown_count++;
    return 0;
}

static int read_header(struct csv_file *f, struct err *err)
{
    struct buf missing;
    int rc = csv_file_next(f, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_INVALID, "%s:1: is empty: a header row is needed", f->name);
    f->header_cells = f->count;
    f->unknown = calloc(f->count, sizeof *f->unknown);
    if (!f->unknown)
        return err_memory(err);
    for (size_t i = 0; i < f->count; i++) {
        if (place_header(f, i, err) < 0)
            return -1;
    }
    buf_init(&missing, 400);
    for (size_t i = 0; i < f->columns_count; i++) {
        if (f->columns[i].required && f->place[i] == CSV_ROW)
            buf_addf(&missing, "%s%s", missing.length > 0 ? ", " : "", f->columns[i].name);
    }
    if (missing.length > 0)
        rc = err_set(err, ERR_INVALID, "%s:%zu: the header lacks %s%s", f->name, f->row_line,
                     buf_text(&missing),
                     f->count == 1 && strpbrk(csv_file_cell_at(f, 0), ";\t|")
                         ? " (cells must be parted by commas)"
                         : "");
    else
        rc = buf_check(&missing, err);
    buf_release(&missing);
    return rc < 0 ? -1 : 0;
}

/* Takes *text in any case. */
static int open_taking(const char *name, struct buf *text, const struct csv_column *columns,
                       size_t count, struct csv_file **out, struct err *err)
{
    struct csv_file *f = calloc(1, sizeof *f);
    int rc = -1;

    if (!f) {
        buf_release(text);
        return err_memory(err);
    }
    f->text = *text;
    f->line = 1;
    f->columns = columns;
    f->columns_count = count;
    buf_init(&f->cells, 2 * (size_t)CSV_ROW_MAX);
    if (csv_init(&f->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        err_memory(err);
        goto out;
    }
    f->name = strdup(name);
    f->place = malloc(count * sizeof *f->place);
    if (!f->name || !f->place) {
        err_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        f->place[i] = CSV_ROW;
    if (encoding_to_utf8(name, &f->text, &f->encoding, err) < 0 || read_header(f, err) < 0)
        goto out;
    f->lines = encoding_lines(f->text.data, f->text.length) +
               !strchr("\r\n", f->text.data[f->text.length - 1]);
    *out = f;
    f = NULL;
    rc = 0;
out:
    csv_file_free(f);
    return rc;
}

int csv_file_open(const char *path, const struct csv_column *columns, size_t count,
                  struct csv_file **out, struct err *err)
{
    struct buf text;

    if (encoding_read_file(path, CSV_FILE_MAX, &text, err) < 0)
        return -1;
    return open_taking(path, &text, columns, count, out, err);
}

int csv_file_open_text(const char *name, const char *text, size_t length,
                       const struct csv_column *columns, size_t count, struct csv_file **out,
                       struct err *err)
{
    struct buf copy;

    buf_init(&copy, CSV_FILE_MAX);
    buf_add(&copy, text, length);
    if (buf_check(&copy, err) < 0)
        return -1;
    return open_taking(name, &copy, columns, count, out, err);
}

void csv_file_free(struct csv_file *f)
{
    if (!f)
        return;
    if (f->parser.entry_buf)
        explicit_bzero(f->parser.entry_buf, f->parser.entry_size);
    csv_free(&f->parser);
    buf_release(&f->text);
    buf_release(&f->cells);
    for (size_t i = 0; i < f->unknown_count; i++)
        free(f->unknown[i]);
    free(f->unknown);
    free(f->place);
    free(f->name);
    free(f);
}
