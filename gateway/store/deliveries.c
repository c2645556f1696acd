#include "store/deliveries.h"

#include <string.h>

#include "store/audit.h"
#include "store/sql.h"

int deliveries_add(struct db *db, const char *key, const char *adapter, const char *handle,
                   time_t now, time_t ask_at, struct err *err)
{
    return sql_run(db, err,
                   "INSERT INTO delivery(key, adapter, handle, sent_at, ask_at)"
                   " VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                   " handle = excluded.handle, sent_at = excluded.sent_at,"
                   " ask_at = excluded.ask_at, ended_at = NULL, ended = NULL, sent = sent + 1",
                   "tttii", key, adapter, handle, (int64_t)now, (int64_t)ask_at);
}

int deliveries_to_ask(struct db *db, const char *adapter, time_t now, struct delivery_row *out,
                      int limit, struct err *err)
{
    sqlite3_stmt *stmt;
    int n = 0, rc;

    if (sql_query(db, &stmt, err,
                  "SELECT key, handle, sent_at, sent FROM delivery"
                  " WHERE adapter = ? AND ask_at <= ? ORDER BY ask_at LIMIT ?",
                  "tii", adapter, (int64_t)now, (int64_t)limit) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        if (sql_copy(stmt, 0, out[n].key, sizeof out[n].key, err) < 0 ||
            sql_copy(stmt, 1, out[n].handle, sizeof out[n].handle, err) < 0) {
            rc = -1;
            break;
        }
        out[n].sent_at = sqlite3_column_int64(stmt, 2);
        out[n].sent = sqlite3_column_int(stmt, 3);
        n++;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int deliveries_next(struct db *db, const char *adapter, time_t *out, struct err *err)
{
    int64_t at;
    int rc =
        sql_int(db, &at, err, "SELECT min(ask_at) FROM delivery WHERE adapter = ?", "t", adapter);

    if (rc == 1)
        *out = at;
    return rc;
}

int deliveries_ask_at(struct db *db, const char *key, time_t at, struct err *err)
{
    return sql_run(db, err, "UPDATE delivery SET ask_at = ? WHERE key = ?", "it", (int64_t)at, key);
}

/* A bulletin's has no item in the outbox, and its own report. */
static int audit(struct db *db, const char *key, const char *how, int code, const char *detail,
                 time_t now, struct err *err)
{
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT o.item_id, o.notice_id, n.incident_id FROM outbox o"
                  " JOIN notice n USING (notice_id) WHERE o.key = ?",
                  "t", key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        about.item_id = sqlite3_column_int64(stmt, 0);
        about.notice_id = sqlite3_column_int64(stmt, 1);
        about.incident_id = sqlite3_column_int64(stmt, 2);
    }
    sql_done(stmt);
    if (rc <= 0)
        return rc;
    return audit_add(db, now, "dispatcher",
                     strcmp(how, "delivered") == 0 ? "item.delivered" : "item.unheard", &about, err,
                     "code=%d %s", code, detail);
}

int deliveries_end(struct db *db, const char *key, const char *how, int code, const char *detail,
                   time_t now, struct err *err)
{
    if (sql_run(db, err, "UPDATE delivery SET ask_at = NULL, ended_at = ?, ended = ? WHERE key = ?",
                "itt", (int64_t)now, how, key) < 0)
        return -1;
    return strcmp(how, "delivered") == 0 || strcmp(how, "unknown") == 0
               ? audit(db, key, how, code, detail, now, err)
               : 0;
}
