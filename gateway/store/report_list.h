/* gateway/store/report_list.h - a query's rows as an array of structs, for the report files. */
#ifndef STORE_REPORT_LIST_H
#define STORE_REPORT_LIST_H

#include "store/sql.h"

struct report_list {
    void *items;
    size_t count, capacity;
    size_t size; /* of one */
    sqlite3_stmt *stmt;
    /* Fills one, zeroed before, from the row. */
    int (*read)(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err);
};
#define REPORT_LIST(type, reader)                                                                  \
    {                                                                                              \
        .size = sizeof(type), .read = (reader)                                                     \
    }

/* Reads the rows of list->stmt, which sql_query has started with result rc. After a failure the
 * list holds what was read, the row that failed among it. */
int report_rows(struct db *db, struct report_list *list, int rc, struct err *err) MUST_CHECK;

/* Hands the items to the pointer that out points to, or frees them when rc is -1. Returns rc. */
int report_list_out(struct report_list *list, int rc, void *out, size_t *count);

#endif
