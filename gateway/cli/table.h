/* gateway/cli/table.h - columns on a terminal, colour only there and not with NO_COLOR
 * (no-color.org); text in lines; and a line of progress on stderr. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"

enum { TABLE_COLUMNS = 12, TABLE_WIDE = 120 };
enum colour { COLOUR_PLAIN, COLOUR_BOLD, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED, COLOUR_DIM };

/* Rows are kept and printed at the end, each column as wide as its widest cell (characters, not
 * bytes). */
struct table;

/* headings: NULL-terminated; a heading that begins with '>' is right-aligned. One that begins with
 * '~' is of a column whose cells may go on below, word by word, where the table would be wider than
 * screen_wide(), or TABLE_WIDE where that is 0. */
struct table *table_new(const char *const *headings);
/* Where screen_wide() is 0 no cell is parted: lines of it are searched for. */
void table_keep_whole(struct table *t);
/* The next cell of the row; a row ends by itself after its last column. */
void table_cell(struct table *t, enum colour colour, const char *fmt, ...) PRINTF(3, 4);
size_t table_rows(const struct table *t);
void table_print(const struct table *t, FILE *to);
void table_free(struct table *t);

/* How wide it is read: the terminal, or where there is none $COLUMNS, held to 80 to 160; 0: it goes
 * to a file or a program. */
size_t screen_wide(void);

bool colour_wanted(FILE *to);
/* Text in a colour, when wanted; a static buffer. */
void colour_print(FILE *to, enum colour colour, const char *fmt, ...) PRINTF(3, 4);

/* A line, so many spaces in, that goes on below, two further in, where it would be wider than
 * screen_wide() and has a space to break at. */
void print_folded(int indent, const char *fmt, ...) PRINTF(2, 3);
/* Text whose parts have "; " between them, each such a line, of TABLE_WIDE where that is 0. */
void print_parts(const char *text, int indent);

/* "importing roll  43,210 of 100,000" rewritten in place, at most ten times a second; nothing when
 * stderr is no terminal. total 0: unknown. */
void progress_show(const char *what, size_t done, size_t total);
void progress_end(void);

#endif
