/* gateway/registers/reading.h - one import under way, as each kind's reader sees it: rows, cells
 * that are checked, mistakes, and rows put into the register. */
#ifndef REGISTERS_READING_H
#define REGISTERS_READING_H

#include <stdio.h>

#include "base/buf.h"
#include "base/date.h"
#include "registers/csv_file.h"
#include "registers/import.h"
#include "store/registers_write.h"

enum { READING_SCRATCH = 24, READING_SCRATCH_SIZE = 32 };

struct reading {
    struct db *db;
    const struct import_kind *kind;
    const char *file;
    const struct import_options *options;
    struct import_result *result;
    int64_t import_id;
    struct csv_file *csv;             /* of CSV kinds */
    const struct csv_column *columns; /* their columns */
    size_t sure_cells;                /* of a row with more cells than the header; 0: none are */
    bool row_refused;                 /* this row has a mistake */
    char scratch[READING_SCRATCH][READING_SCRATCH_SIZE]; /* texts made for this row */
    size_t scratch_used;
};

int lines_add(struct import_lines *lines, const char *text);

/* Opens the CSV file and notes the columns that are ignored. */
int reading_open(struct reading *r, const struct csv_column *columns, size_t count,
                 struct err *err) MUST_CHECK;

/* The next row whose number of cells is right. 1; 0 at the end, or when there are so many mistakes
 * that it is enough; -1. */
int reading_next(struct reading *r, struct err *err) MUST_CHECK;

/* The file is refused: what is wrong in that column of this row, without the value. column may be
 * CSV_ROW. */
void reading_mistake(struct reading *r, size_t column, const char *fmt, ...) PRINTF(3, 4);
void reading_mistake_at(struct reading *r, size_t line, const char *fmt, ...) PRINTF(3, 4);
/* Worth a look, and no reason to refuse. */
void reading_warning(struct reading *r, size_t column, const char *fmt, ...) PRINTF(3, 4);
void reading_warning_at(struct reading *r, size_t line, const char *fmt, ...) PRINTF(3, 4);

/* Cells, NULL when empty. A value that is not as it must be is a mistake and comes out as NULL. */
const char *reading_text(struct reading *r, size_t column, size_t longest);
const char *reading_needed(struct reading *r, size_t column, size_t longest);
const char *reading_number(struct reading *r, size_t column, int least, int most); /* decimal */
const char *reading_day(struct reading *r, size_t column);                         /* yyyy-mm-dd */
/* One of words, '|' between, without regard to case; as it stands in words. */
const char *reading_word(struct reading *r, size_t column, const char *words);
const char *reading_urn(struct reading *r, size_t column); /* digits */
const char *reading_needed_urn(struct reading *r, size_t column);
const char *reading_needed_number(struct reading *r, size_t column, int least, int most);
const char *reading_needed_day(struct reading *r, size_t column);
const char *reading_needed_word(struct reading *r, size_t column, const char *words);
const char *reading_weekdays(struct reading *r,
                             size_t column);              /* "mon tue", whatever parted them */
const char *reading_la(struct reading *r, size_t column); /* three digits, or --la's */
const char *reading_postcode(struct reading *r, size_t column); /* "PL4 8AA"; others are left */

const char *reading_scratch(struct reading *r, const char *fmt, ...) PRINTF(2, 3);

/* Puts a row, counts it, and in a dry run shows "+ KEY" or "~ KEY: what differs": with values where
 * the register is public, else the columns' names. key NULL: the row's key columns. */
int reading_put(struct reading *r, enum register_kind kind, const char *const *values,
                const char *key, enum change *out, int64_t *id, struct err *err) MUST_CHECK;

/* The parts of reading_put, for rows that are written otherwise: note collects what differs. */
struct reading_differences {
    struct buf text;
    bool values;
};
struct register_watch reading_watch(struct reading *r, struct reading_differences *d, bool values);
void reading_count(struct reading *r, enum change what, const char *key,
                   struct reading_differences *d);

/* "- KEY" in a dry run. */
void reading_show_end(struct reading *r, const char *fmt, ...) PRINTF(2, 3);

/* Ends what was not seen, within the bounds; refuses when that is too much and `guarded`. */
int reading_end_absent(struct reading *r, enum register_absence which, const char *const *args,
                       bool guarded, struct err *err) MUST_CHECK;

/* A row of the file by its code. */
int reading_tally(struct reading *r, const char *what, int code, const char *name,
                  struct err *err) MUST_CHECK;

/* A warning when the register has no such school or centre. 0, -1. */
int reading_known_door(struct reading *r, size_t column, const char *namespace, const char *urn,
                       struct err *err) MUST_CHECK;

/* The number that reading_number gave, or digits; 0 for NULL. */
int number_of(const char *digits);

/* Digits only, of that many at least and at most. */
bool is_digits(const char *text, size_t least, size_t most);

/* The readers: one a file. */
int read_establishments(struct reading *r, struct err *err);
int read_links(struct reading *r, struct err *err);
int read_roll(struct reading *r, struct err *err);
int read_contacts(struct reading *r, struct err *err);
int read_reach(struct reading *r, struct err *err);
int read_terms(struct reading *r, struct err *err);
int read_terms_ical(struct reading *r, struct err *err); /* called by read_terms */
int read_bank_holidays(struct reading *r, struct err *err);
int read_policies(struct reading *r, struct err *err);

#endif
