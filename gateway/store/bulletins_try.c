/* Bulletins on their way: leased, and how a try ended. */
#include <stdio.h>
#include <string.h>

#include "store/audit.h"
#include "store/bulletins.h"
#include "store/sql.h"
#include "store/warnings.h"

int bulletins_next_due(struct db *db, const char *adapter, time_t *out, struct err *err)
{
    int64_t due;
    int rc = sql_int(db, &due, err,
                     "SELECT min(t) FROM (SELECT min(due_at) AS t FROM bulletin"
                     "  WHERE state = 'due' AND adapter = ?1"
                     " UNION ALL SELECT min(lease_until) FROM bulletin"
                     "  WHERE state = 'leased' AND adapter = ?1)",
                     "t", adapter);

    if (rc == 1)
        *out = due;
    return rc;
}

int bulletins_adapters_due(struct db *db, time_t now, char (*out)[OUTBOX_ADAPTER_SIZE], int limit,
                           struct err *err)
{
    sqlite3_stmt *stmt;
    int rc, n = 0;

    if (sql_query(db, &stmt, err,
                  "SELECT DISTINCT adapter FROM bulletin WHERE state = 'due' AND due_at <= ?"
                  " LIMIT ?",
                  "ii", (int64_t)now, (int64_t)limit) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        if (sql_copy(stmt, 0, out[n], OUTBOX_ADAPTER_SIZE, err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int bulletins_release_leases(struct db *db, struct err *err)
{
    return sql_run(db, err,
                   "UPDATE bulletin SET state = 'due', lease_until = NULL WHERE state = 'leased'",
                   "");
}

/* 1: *out is leased, 0: none is due, -1. One whose contact has ended or is verified no longer is
 * told to nobody. */
static int claim_one(struct db *db, const char *adapter, time_t now, time_t until,
                     struct outbox_item *out, struct err *err)
{
    sqlite3_stmt *stmt;
    bool may_go = false;
    int rc;

    do {
        if (sql_query(db, &stmt, err,
                      "SELECT b.bulletin_id, b.contact_id, b.key, b.adapter, b.tries, b.due_at,"
                      " b.give_up_at, k.verified_at IS NOT NULL AND k.ended_at IS NULL"
                      " FROM bulletin b JOIN contact k USING (contact_id)"
                      " WHERE b.state = 'due' AND b.adapter = ? AND b.due_at <= ?"
                      " ORDER BY b.due_at LIMIT 1",
                      "ti", adapter, (int64_t)now) < 0)
            return -1;
        rc = sql_row(db, stmt, err);
        if (rc == 1) {
            memset(out, 0, sizeof *out);
            out->bulletin = true;
            out->item_id = sqlite3_column_int64(stmt, 0);
            out->notice_id = -1;
            out->contact_id = sqlite3_column_int64(stmt, 1);
            out->tries = sqlite3_column_int(stmt, 4);
            out->due_at = sqlite3_column_int64(stmt, 5);
            out->give_up_at = sqlite3_column_int64(stmt, 6);
            may_go = sqlite3_column_int(stmt, 7) != 0;
            if (sql_copy(stmt, 2, out->key, sizeof out->key, err) < 0 ||
                sql_copy(stmt, 3, out->adapter, sizeof out->adapter, err) < 0)
                rc = -1;
        }
        sql_done(stmt);
        if (rc == 1 &&
            sql_run(db, err, "UPDATE bulletin SET state = ?, lease_until = ? WHERE bulletin_id = ?",
                    "tmi", may_go ? "leased" : "cancelled", may_go ? (int64_t)until : (int64_t)-1,
                    out->item_id) < 0)
            rc = -1;
    } while (rc == 1 && !may_go);
    return rc;
}

int bulletins_claim(struct db *db, const char *adapter, time_t now, int lease_seconds,
                    struct outbox_item *out, int limit, struct err *err)
{
    time_t due = 0;
    int n = 0, rc = bulletins_next_due(db, adapter, &due, err);

    if (rc <= 0 || due > now || limit <= 0)
        return rc < 0 ? -1 : 0;
    if (db_begin(db, err) < 0)
        return -1;
    rc = sql_run(db, err,
                 "UPDATE bulletin SET state = 'due', lease_until = NULL"
                 " WHERE state = 'leased' AND adapter = ? AND lease_until <= ?",
                 "ti", adapter, (int64_t)now);
    while (rc == 0 && n < limit) {
        rc = claim_one(db, adapter, now, now + lease_seconds, &out[n], err);
        if (rc <= 0)
            break;
        n++;
        rc = 0;
    }
    if (rc == 0 && db_commit(db, err) == 0)
        return n;
    db_rollback(db);
    return -1;
}

static int audit_try(struct db *db, const struct outbox_item *item, const char *how, int code,
                     const char *detail, int ms, time_t now, struct err *err)
{
    struct bulletin b;
    char event[32];

    if (bulletins_get(db, item->item_id, &b, err) < 0)
        return -1;
    snprintf(event, sizeof event, "%s.%s", b.drill_id >= 0 ? "exercise" : "warning", how);
    return audit_add(db, now, "dispatcher", event, &AUDIT_ABOUT_NOTHING, err,
                     "reference=%s contact=%lld adapter=%s code=%d ms=%d %s", b.reference,
                     (long long)item->contact_id, item->adapter, code, ms, detail ? detail : "");
}

int bulletins_sent(struct db *db, const struct outbox_item *item, int code, const char *detail,
                   int ms, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE bulletin SET state = 'sent', lease_until = NULL, tries = tries + 1,"
                " verdict = 'sent', detail = ?, sent_at = ifnull(sent_at, ?) WHERE bulletin_id = ?",
                "tii", detail, (int64_t)now, item->item_id) < 0 ||
        warnings_worked(db, item->contact_id, err) < 0)
        return -1;
    return audit_try(db, item, "sent", code, detail, ms, now, err);
}

int bulletins_later(struct db *db, const struct outbox_item *item, const char *verdict, int code,
                    const char *detail, int ms, time_t next_at, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE bulletin SET tries = tries + 1, verdict = ?, detail = ?,"
                " lease_until = NULL, due_at = ?,"
                " state = CASE WHEN state <> 'leased' THEN state"
                "  WHEN ? > give_up_at THEN 'failed' ELSE 'due' END WHERE bulletin_id = ?",
                "ttiii", verdict, detail, (int64_t)next_at, (int64_t)next_at, item->item_id) < 0)
        return -1;
    return audit_try(db, item, "later", code, detail, ms, now, err);
}

int bulletins_never(struct db *db, const struct outbox_item *item, int code, const char *detail,
                    int ms, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE bulletin SET tries = tries + 1, verdict = 'never', detail = ?,"
                " lease_until = NULL, state = CASE WHEN state IN ('leased','due') THEN 'failed'"
                " ELSE state END WHERE bulletin_id = ?",
                "ti", detail, item->item_id) < 0)
        return -1;
    return audit_try(db, item, "never", code, detail, ms, now, err);
}

/* 1, 0, -1. */
static int find_sent(struct db *db, const char *key, struct outbox_item *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    if (sql_query(db, &stmt, err,
                  "SELECT bulletin_id, contact_id, adapter FROM bulletin"
                  " WHERE key = ? AND state = 'sent' AND answered_at IS NULL",
                  "t", key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        out->item_id = sqlite3_column_int64(stmt, 0);
        out->contact_id = sqlite3_column_int64(stmt, 1);
        if (sql_copy(stmt, 2, out->adapter, sizeof out->adapter, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}

int bulletins_undelivered(struct db *db, const char *key, int code, const char *detail,
                          time_t again_at, time_t now, struct err *err)
{
    struct outbox_item item;
    int rc = find_sent(db, key, &item, err);

    if (rc <= 0)
        return rc;
    if (sql_run(db, err,
                "UPDATE bulletin SET state = CASE WHEN ?1 >= 0 THEN 'due' ELSE 'failed' END,"
                " due_at = CASE WHEN ?1 >= 0 THEN ?1 ELSE due_at END, sent_at = NULL,"
                " tries = tries + 1, verdict = CASE WHEN ?1 >= 0 THEN 'later' ELSE 'never' END,"
                " detail = ?2 WHERE bulletin_id = ?3",
                "iti", (int64_t)again_at, detail, item.item_id) < 0 ||
        audit_try(db, &item, "returned", code, detail, 0, now, err) < 0)
        return -1;
    return 1;
}
