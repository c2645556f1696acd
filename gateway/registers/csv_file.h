/* gateway/registers/csv_file.h - rows of a CSV file, their cells found by the header's names.
 *
 * libcsv in strict mode reads it (RFC 4180; CR LF, LF or CR). Lines are physical ones, as an editor
 * counts them, also after cells that hold line breaks. Blank lines are passed over.
 */
#ifndef REGISTERS_CSV_FILE_H
#define REGISTERS_CSV_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum {
    CSV_FILE_MAX = 1 << 30,  /* bytes of a file */
    CSV_ROW_MAX = 256 << 10, /* bytes of a row: more is a quotation mark that nobody closed */
    CSV_COLUMNS_MAX = 512,
};

struct csv_column {
    const char *name; /* compared without regard to case */
    bool required;    /* the file is refused without it */
};

struct csv_file;

/* Reads the file and its header. columns is borrowed for the life of *out, which is for
 * csv_file_free. ERR_INVALID names the columns that are missing, or given twice. */
int csv_file_open(const char *path, const struct csv_column *columns, size_t count,
                  struct csv_file **out, struct err *err) MUST_CHECK;
/* The same from memory, for tests; name stands in errors. */
int csv_file_open_text(const char *name, const char *text, size_t length,
                       const struct csv_column *columns, size_t count, struct csv_file **out,
                       struct err *err) MUST_CHECK;
void csv_file_free(struct csv_file *f); /* wipes; NULL is allowed */

/* The next row: 1; 0 at the end; -1: ERR_INVALID for quotation marks that do not pair. */
int csv_file_next(struct csv_file *f, struct err *err) MUST_CHECK;

/* The row's cell of columns[column], "" when the file or the row has none. Borrowed until the next
 * row; outer blanks of an unquoted cell are gone. */
const char *csv_file_cell(const struct csv_file *f, size_t column);
const char *csv_file_cell_at(const struct csv_file *f, size_t place); /* the row's nth cell */
bool csv_file_has(const struct csv_file *f, size_t column); /* whether the header has it */

/* The line on which that cell begins; CSV_ROW: on which the row does. */
#define CSV_ROW ((size_t)-1)
size_t csv_file_line(const struct csv_file *f, size_t column);

/* From here to the next row, cells from the nth on read as "". */
void csv_file_keep_first(struct csv_file *f, size_t n);

size_t csv_file_cells(const struct csv_file *f);        /* of the row, as it came */
size_t csv_file_header_cells(const struct csv_file *f); /* of the header */

/* Header names that are in no column of ours, in their order. */
size_t csv_file_unknown(const struct csv_file *f, const char *const **names);

const char *csv_file_encoding(const struct csv_file *f); /* "UTF-8", "Windows-1252" */
size_t csv_file_size(const struct csv_file *f);          /* bytes */
size_t csv_file_done(const struct csv_file *f);          /* bytes read so far */
size_t csv_file_lines(const struct csv_file *f);         /* of the whole file */

#endif
