#include "store/shut.h"

#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

int shut_put(struct db *db, const struct shut *s, struct err *err)
{
    if (s->tries == 0)
        return sql_run(db, err, "DELETE FROM shut WHERE adapter = ?", "t", s->adapter);
    return sql_run(db, err,
                   "INSERT INTO shut(adapter, since, until, tries, code, detail)"
                   " VALUES (?,?,?,?,?,?) ON CONFLICT (adapter) DO UPDATE SET"
                   " since = excluded.since, until = excluded.until, tries = excluded.tries,"
                   " code = excluded.code, detail = excluded.detail",
                   "tiiiit", s->adapter, (int64_t)s->since, (int64_t)s->until, (int64_t)s->tries,
                   (int64_t)s->code, s->detail);
}

int shut_until(struct db *db, const char *adapter, time_t *out, struct err *err)
{
    int64_t until;
    int rc = sql_int(db, &until, err, "SELECT until FROM shut WHERE adapter = ?", "t", adapter);

    if (rc == 1)
        *out = until;
    return rc;
}

int ways_down_read(struct db *db, struct ways_down *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    if (sql_query(db, &stmt, err,
                  "SELECT adapter FROM shut UNION SELECT id FROM hold"
                  " WHERE scope = 'adapter' AND released_at IS NULL LIMIT ?",
                  "i", (int64_t)WAYS_DOWN_MAX) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        rc = sql_copy(stmt, 0, out->adapters[out->count], OUTBOX_ADAPTER_SIZE, err);
        if (rc < 0)
            break;
        out->count++;
    }
    sql_done(stmt);
    return rc;
}

bool ways_down_has(const struct ways_down *down, const char *adapter)
{
    for (size_t i = 0; i < down->count; i++) {
        if (strcmp(down->adapters[i], adapter) == 0)
            return true;
    }
    return false;
}

int shut_list(struct db *db, struct shut **out, size_t *count, struct err *err)
{
    struct shut *list = NULL;
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT adapter, since, until, tries, code, detail FROM shut ORDER BY adapter",
                  "") < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct shut *more = reallocarray(list, n + 1, sizeof *more), *s;

        if (!more) {
            rc = err_memory(err);
            break;
        }
        list = more;
        s = &list[n++];
        memset(s, 0, sizeof *s);
        s->since = sqlite3_column_int64(stmt, 1);
        s->until = sqlite3_column_int64(stmt, 2);
        s->tries = sqlite3_column_int(stmt, 3);
        s->code = sqlite3_column_int(stmt, 4);
        if (sql_copy(stmt, 0, s->adapter, sizeof s->adapter, err) < 0 ||
            sql_copy(stmt, 5, s->detail, sizeof s->detail, err) < 0) {
            rc = -1;
            break;
        }
    }
    sql_done(stmt);
    if (rc < 0) {
        free(list);
        return -1;
    }
    *out = list;
    *count = n;
    return 0;
}
