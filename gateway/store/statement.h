/* gateway/store/statement.h - what an open store consists of, for db.c and sql.c alone. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATEMENTS = 512 };

struct statement {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct db {
    sqlite3 *handle;
    char *path;
    int patience_ms;           /* for another writer */
    int64_t waiting_since;     /* in milliseconds; of the wait under way */
    int daemon_lock;           /* -1: not held */
    bool (*go_on)(void *user); /* asked while it waits; NULL: nobody is */
    void *go_on_user;
    struct statement statements[STATEMENTS]; /* open addressing by the literal's address */
    size_t count;
    struct parsed *parsed;           /* NULL: nothing yet */
    struct name_counts *name_counts; /* NULL: none remembered yet */
    sqlite3_stmt *rollback;          /* ready when there is no memory left to prepare one */
};

#endif
