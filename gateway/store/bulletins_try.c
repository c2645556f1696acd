/* Bulletins on their way: how a try ended. */
#include <stdio.h>
#include <string.h>

#include "store/audit.h"
#include "store/bulletins.h"
#include "store/sql.h"
#include "store/warnings.h"

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
        (again_at < 0 && warnings_failed(db, item.contact_id, true, now, err) < 0) ||
        audit_try(db, &item, "returned", code, detail, 0, now, err) < 0)
        return -1;
    return 1;
}
