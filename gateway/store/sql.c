#include "store/sql.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

sqlite3 *sql_handle(struct db *db)
{
    return db->handle;
}

int sql_failure(struct db *db, struct err *err)
{
    int code = sqlite3_errcode(db->handle);
    enum err_code ours = ERR_STORE;

    /* SQLite's messages name tables, columns and files, never values. */
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        ours = ERR_BUSY;
    else if (code == SQLITE_NOMEM)
        ours = ERR_MEMORY;
    else if (code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_CANTOPEN)
        ours = ERR_SYSTEM;
    return err_set(err, ours, "store %s: %s", db->path, sqlite3_errmsg(db->handle));
}

static int prepared(struct db *db, const char *sql, sqlite3_stmt **out, struct err *err)
{
    size_t slot = ((uintptr_t)sql >> 3) % STATEMENTS;

    while (db->statements[slot].sql && db->statements[slot].sql != sql)
        slot = (slot + 1) % STATEMENTS;
    if (!db->statements[slot].sql) {
        assert(db->count < STATEMENTS - 1);
        if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[slot].stmt, NULL) != SQLITE_OK)
            return sql_failure(db, err);
        db->statements[slot].sql = sql;
        db->count++;
    }
    *out = db->statements[slot].stmt;
    assert(!sqlite3_stmt_busy(*out));
    return 0;
}

static int bind(struct db *db, sqlite3_stmt *stmt, const char *types, va_list ap, struct err *err)
{
    int rc = SQLITE_OK;
    char date[DATE_TEXT_SIZE];

    for (int i = 1; *types && rc == SQLITE_OK; types++, i++) {
        switch (*types) {
        case 'i':
            rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
            break;
        case 'm': {
            int64_t m = va_arg(ap, int64_t);

            rc = m < 0 ? sqlite3_bind_null(stmt, i) : sqlite3_bind_int64(stmt, i, m);
            break;
        }
        case 't':
            rc = sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'p': {
            const struct personal *p = va_arg(ap, const struct personal *);

            rc = p && p->hidden ? sqlite3_bind_text(stmt, i, personal_reveal(p), (int)p->length,
                                                    SQLITE_TRANSIENT)
                                : sqlite3_bind_null(stmt, i);
            break;
        }
        case 'b': {
            const void *bytes = va_arg(ap, const void *);
            size_t length = va_arg(ap, size_t);

            rc = length == 0 ? sqlite3_bind_zeroblob(stmt, i, 0)
                             : sqlite3_bind_blob64(stmt, i, bytes, length, SQLITE_TRANSIENT);
            break;
        }
        case 'd': {
            day_t d = va_arg(ap, day_t);

            rc = d == DAY_NONE
                     ? sqlite3_bind_null(stmt, i)
                     : sqlite3_bind_text(stmt, i, day_format(d, date), -1, SQLITE_TRANSIENT);
            break;
        }
        case 'r':
            rc = sqlite3_bind_double(stmt, i, va_arg(ap, double));
            break;
        case 'n':
            rc = sqlite3_bind_null(stmt, i);
            break;
        default:
            assert(!"a letter that sql.h does not name");
        }
    }
    return rc == SQLITE_OK ? 0 : sql_failure(db, err);
}

static int start(struct db *db, sqlite3_stmt **out, struct err *err, const char *sql,
                 const char *types, va_list ap)
{
    if (prepared(db, sql, out, err) < 0)
        return -1;
    assert(sqlite3_bind_parameter_count(*out) == (int)strlen(types));
    if (bind(db, *out, types, ap, err) < 0) {
        sql_done(*out);
        return -1;
    }
    return 0;
}

int sql_row(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : sql_failure(db, err);
}

void sql_done(sqlite3_stmt *stmt)
{
    if (!stmt)
        return;
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

int sql_query(struct db *db, sqlite3_stmt **out, struct err *err, const char *sql,
              const char *types, ...)
{
    va_list ap;
    int rc;

    *out = NULL;
    va_start(ap, types);
    rc = start(db, out, err, sql, types, ap);
    va_end(ap);
    return rc;
}

int sql_query_texts(struct db *db, sqlite3_stmt **out, struct err *err, const char *sql,
                    const char *const *texts, size_t count)
{
    *out = NULL;
    if (prepared(db, sql, out, err) < 0)
        return -1;
    assert(sqlite3_bind_parameter_count(*out) == (int)count);
    for (size_t i = 0; i < count; i++) {
        if (sqlite3_bind_text(*out, (int)i + 1, texts[i], -1, SQLITE_STATIC) != SQLITE_OK) {
            sql_failure(db, err); /* before the reset, which clears SQLite's own */
            sql_done(*out);
            *out = NULL;
            return -1;
        }
    }
    return 0;
}

void *sql_rows(struct db *db, sqlite3_stmt *stmt, const struct sql_rows *rows, size_t *count,
               struct err *err)
{
    size_t n = 0, room = 8;
    char *list = calloc(room, rows->size);
    int rc = list ? 1 : err_memory(err);

    while (rc == 1 && (rc = sql_row(db, stmt, err)) == 1) {
        if (n == room) {
            char *more = reallocarray(list, room * 2, rows->size);

            if (!more) {
                rc = err_memory(err);
                break;
            }
            memset(more + room * rows->size, 0, room * rows->size);
            list = more;
            room *= 2;
        }
        if (rows->read(stmt, list + n++ * rows->size, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    if (rc == 0) {
        *count = n;
        return list;
    }
    for (size_t i = 0; i < n && rows->release; i++)
        rows->release(list + i * rows->size);
    free(list);
    return NULL;
}

int sql_run(struct db *db, struct err *err, const char *sql, const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list ap;
    int rc;

    va_start(ap, types);
    rc = start(db, &stmt, err, sql, types, ap);
    va_end(ap);
    if (rc < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    assert(rc != 1);
    sql_done(stmt);
    return rc;
}

int sql_int(struct db *db, int64_t *out, struct err *err, const char *sql, const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list ap;
    int rc;

    va_start(ap, types);
    rc = start(db, &stmt, err, sql, types, ap);
    va_end(ap);
    if (rc < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        if (sqlite3_column_type(stmt, 0) == SQLITE_NULL)
            rc = 0;
        else
            *out = sqlite3_column_int64(stmt, 0);
    }
    sql_done(stmt);
    return rc;
}

const char *sql_text(sqlite3_stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt, column);
}

day_t sql_day(sqlite3_stmt *stmt, int column)
{
    const char *text = sql_text(stmt, column);

    return text ? day_parse(text) : DAY_NONE;
}

int64_t sql_moment(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? -1
                                                            : sqlite3_column_int64(stmt, column);
}

int sql_personal(sqlite3_stmt *stmt, int column, struct personal *out, struct err *err)
{
    const char *text = sql_text(stmt, column);

    if (!text)
        return personal_set_text(out, NULL, err);
    return personal_set(out, text, (size_t)sqlite3_column_bytes(stmt, column), err);
}

int sql_copy(sqlite3_stmt *stmt, int column, char *out, size_t size, struct err *err)
{
    const char *text = sql_text(stmt, column);
    size_t length = text ? strlen(text) : 0;

    if (length >= size)
        return err_set(err, ERR_STORE, "column %s is longer than %zu bytes",
                       sqlite3_column_name(stmt, column), size - 1);
    if (length > 0)
        memcpy(out, text, length);
    out[length] = '\0';
    return 0;
}

int64_t sql_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int sql_changes(struct db *db)
{
    return sqlite3_changes(db->handle);
}

int sql_script(struct db *db, const char *script, struct err *err)
{
    return sqlite3_exec(db->handle, script, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                           : sql_failure(db, err);
}
