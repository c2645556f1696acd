/* Any bytes are rows or are refused: never a crash, and what comes out is UTF-8 without NUL, on
 * lines that the file has. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registers/csv_file.h"
#include "registers/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct csv_column columns[] = {{"name", true}, {"urn", false}, {"dob", false}};
    struct csv_file *file;
    struct err err = {.code = ERR_NONE};
    size_t line = 1, rows = 0;
    int rc;

    if (csv_file_open_text("file", (const char *)data, size, columns, ARRAY_SIZE(columns), &file,
                           &err) < 0) {
        must(err.code == ERR_INVALID);
        return 0;
    }
    while ((rc = csv_file_next(file, &err)) == 1) {
        must(csv_file_line(file, CSV_ROW) > line);
        line = csv_file_line(file, CSV_ROW);
        must(line <= csv_file_lines(file));
        for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
            const char *cell = csv_file_cell(file, i);

            must(encoding_utf8_valid(cell, strlen(cell)) == strlen(cell));
            must(csv_file_line(file, i) >= line && csv_file_line(file, i) <= csv_file_lines(file));
        }
        must(++rows <= size);
    }
    must(rc == 0 || err.code == ERR_INVALID || err.code == ERR_LIMIT);
    csv_file_free(file);
    return 0;
}
