/* gateway/store/sql.h - statements, for the files of this folder alone.
 *
 * SQL is a string literal, prepared once per store and kept by its address. Values go in by
 * binding, one letter each:
 *   i int64_t   t const char * (NULL is NULL)   p const struct personal * (absent is NULL)
 *   b const void *, size_t   d day_t (DAY_NONE is NULL)   r double   n NULL, no argument
 *   m int64_t that is NULL when negative (an absent moment or id)
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/date.h"
#include "base/personal.h"
#include "store/db.h"

/* Runs a statement that returns no row. */
int sql_run(struct db *db, struct err *err, const char *sql, const char *types, ...) MUST_CHECK;

/* The first row's first column. 1, 0 when there is no row (or it is NULL), -1. */
int sql_int(struct db *db, int64_t *out, struct err *err, const char *sql, const char *types,
            ...) MUST_CHECK;

/* Starts a query: then sql_row until it is not 1, and sql_done in any case. A statement under way
 * must not be started again (assert): nested use of one query is a bug. */
int sql_query(struct db *db, sqlite3_stmt **out, struct err *err, const char *sql,
              const char *types, ...) MUST_CHECK;
/* The same with count texts, NULL for NULL, that last until sql_done: rows whose columns are told by
 * a table. A number in decimal fits an INTEGER column, which STRICT tables see to. */
int sql_query_texts(struct db *db, sqlite3_stmt **out, struct err *err, const char *sql,
                    const char *const *texts, size_t count) MUST_CHECK;
int sql_row(struct db *db, sqlite3_stmt *stmt, struct err *err) MUST_CHECK; /* 1, 0, -1 */
void sql_done(sqlite3_stmt *stmt);                                          /* NULL is allowed */

/* The rest of a query that has begun, as an array for free(), never NULL but on failure; the query is
 * done in any case. */
struct sql_rows {
    size_t size;                                                 /* of an element */
    int (*read)(sqlite3_stmt *stmt, void *row, struct err *err); /* row is all zero */
    void (*release)(void *row); /* of what read has filled, where it owns something; else NULL */
};
void *sql_rows(struct db *db, sqlite3_stmt *stmt, const struct sql_rows *rows, size_t *count,
               struct err *err) MUST_CHECK;

/* Columns of the row. Text is borrowed until the next row; NULL comes out as NULL, DAY_NONE, -1
 * (sql_moment), absent. */
const char *sql_text(sqlite3_stmt *stmt, int column);
day_t sql_day(sqlite3_stmt *stmt, int column);
int64_t sql_moment(sqlite3_stmt *stmt, int column);
int sql_personal(sqlite3_stmt *stmt, int column, struct personal *out, struct err *err) MUST_CHECK;
/* Copies into a fixed array; a value that is too long is ERR_STORE. NULL becomes "". */
int sql_copy(sqlite3_stmt *stmt, int column, char *out, size_t size, struct err *err) MUST_CHECK;

int64_t sql_last_id(struct db *db); /* of the row inserted last */
int sql_changes(struct db *db);     /* rows that the last statement changed */

/* Several statements of ours without values: schema steps, pragmas. */
int sql_script(struct db *db, const char *script, struct err *err) MUST_CHECK;

/* -1 with the code that SQLite's state means: ERR_BUSY, ERR_SYSTEM for a full disk, ERR_STORE. */
int sql_failure(struct db *db, struct err *err);

sqlite3 *sql_handle(struct db *db);

#endif
