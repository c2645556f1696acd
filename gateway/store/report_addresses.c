#include "store/report_addresses.h"

#include <stdlib.h>

#include "store/report_list.h"

static int read_address(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    (void)db;
    return sql_personal(stmt, 0, into, err);
}

int report_addresses(struct db *db, const char *adapter, struct personal **out, size_t *count,
                     struct err *err)
{
    struct report_list list = REPORT_LIST(struct personal, read_address);
    int rc = sql_query(db, &list.stmt, err,
                       "SELECT DISTINCT address FROM contact WHERE adapter = ?1"
                       " AND verified_at IS NOT NULL AND ended_at IS NULL ORDER BY address",
                       "t", adapter);

    rc = report_rows(db, &list, rc, err);
    *out = list.items;
    *count = list.count;
    return rc;
}

void report_addresses_free(struct personal *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        personal_release(&list[i]);
    free(list);
}
