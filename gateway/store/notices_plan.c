/* What the planner makes agree with a new plan. */
#include <stdlib.h>

#include "store/audit.h"
#include "store/holds.h"
#include "store/notices.h"
#include "store/outbox.h"
#include "store/sql.h"

int notices_waits_for(struct db *db, int64_t notice_id, int64_t *contact_id, bool *leased,
                      struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT contact_id, state = 'leased' FROM outbox"
                  " WHERE notice_id = ? AND kind = 'notice' AND state IN ('due','leased')"
                  " ORDER BY state DESC LIMIT 1",
                  "i", notice_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *contact_id = sqlite3_column_int64(stmt, 0);
        *leased = sqlite3_column_int(stmt, 1) != 0;
    }
    sql_done(stmt);
    return rc;
}

static int read_ids(struct db *db, sqlite3_stmt *stmt, int64_t **out, size_t *count,
                    struct err *err)
{
    int64_t *ids = NULL;
    size_t n = 0;
    int rc;

    while ((rc = sql_row(db, stmt, err)) == 1) {
        int64_t *more = reallocarray(ids, n + 1, sizeof *ids);

        if (!more) {
            rc = err_memory(err);
            break;
        }
        ids = more;
        ids[n++] = sqlite3_column_int64(stmt, 0);
    }
    sql_done(stmt);
    if (rc < 0) {
        free(ids);
        return -1;
    }
    *out = ids;
    *count = n;
    return 0;
}

int notices_contacts_failed(struct db *db, int64_t incident_id, const struct door *door,
                            struct notice_failed **out, size_t *count, struct err *err)
{
    struct notice_failed *list = NULL;
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT o.contact_id, min(" OUTBOX_PASSED
                  ") FROM notice n JOIN outbox o USING (notice_id)"
                  " WHERE n.incident_id = ?1 AND n.namespace = ?2 AND n.urn = ?3"
                  " AND o.state = 'failed' AND NOT (" OUTBOX_PASSED " AND EXISTS"
                  "  (SELECT 1 FROM notice l JOIN outbox x USING (notice_id)"
                  "   WHERE l.incident_id = ?1 AND l.namespace = ?2 AND l.urn = ?3"
                  "   AND x.contact_id = o.contact_id AND x.item_id > o.item_id"
                  "   AND x.state IN ('due','leased','sent')))"
                  " GROUP BY o.contact_id",
                  "itt", incident_id, door->namespace, door->urn) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct notice_failed *more = reallocarray(list, n + 1, sizeof *list);

        if (!more) {
            rc = err_memory(err);
            break;
        }
        list = more;
        list[n++] =
            (struct notice_failed){sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1) != 0};
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

int notices_contacts_late(struct db *db, int64_t incident_id, const struct door *door, time_t now,
                          int64_t **contact_ids, size_t *count, struct err *err)
{
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT DISTINCT o.contact_id FROM notice n JOIN outbox o USING (notice_id)"
                  " WHERE n.incident_id = ? AND n.namespace = ? AND n.urn = ? AND n.state = 'owed'"
                  " AND o.state = 'due' AND o.late_at <= ? AND" HOLDS_LET_GO,
                  "itti", incident_id, door->namespace, door->urn, (int64_t)now) < 0)
        return -1;
    return read_ids(db, stmt, contact_ids, count, err);
}

int notices_pass_on(struct db *db, const struct notice_row *notice, time_t now, struct err *err)
{
    struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};
    sqlite3_stmt *stmt;
    int64_t contact_id = -1;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT item_id, contact_id FROM outbox WHERE notice_id = ? AND state = 'due'"
                  " AND late_at <= ? LIMIT 1",
                  "ii", notice->notice_id, (int64_t)now) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        about.item_id = sqlite3_column_int64(stmt, 0);
        contact_id = sqlite3_column_int64(stmt, 1);
    }
    sql_done(stmt);
    if (rc <= 0)
        return rc;
    if (sql_run(db, err,
                "UPDATE outbox SET state = 'failed', detail = 'not delivered by its time'"
                " WHERE item_id = ?",
                "i", about.item_id) < 0)
        return -1;
    return audit_add(db, now, "planner", "item.late", &about, err,
                     "contact=%lld not delivered by its time, so the next is told",
                     (long long)contact_id) < 0
               ? -1
               : 1;
}

int notices_last_told(struct db *db, const struct notice_row *notice, int64_t child_id,
                      int64_t *revision, bool *over, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT max(n.revision), total(n.kind = 'withdrawal') > 0,"
                  " total(n.notice_id = ?1) > 0"
                  " FROM notice n JOIN notice_child nc USING (notice_id)"
                  " WHERE (n.notice_id = ?1 OR (n.amends = ?1 AND n.told_at IS NOT NULL))"
                  " AND nc.child_id = ?2",
                  "ii", notice->notice_id, child_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *revision = sqlite3_column_int64(stmt, 0);
        *over = sqlite3_column_int(stmt, 1) != 0;
        rc = sqlite3_column_int(stmt, 2) != 0;
    }
    sql_done(stmt);
    return rc;
}

int notices_contacts_told(struct db *db, int64_t notice_id, int64_t **contact_ids, size_t *count,
                          struct err *err)
{
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT contact_id FROM outbox WHERE notice_id = ? AND state = 'sent'"
                  " ORDER BY item_id",
                  "i", notice_id) < 0)
        return -1;
    return read_ids(db, stmt, contact_ids, count, err);
}

static int audit(struct db *db, const struct notice_row *notice, const char *event, int64_t due_at,
                 const char *rule, time_t now, struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};

    return audit_add(db, now, "planner", event, &about, err,
                     "reference=%s rule=%s due_at=%lld was_due_at=%lld", notice->reference, rule,
                     (long long)due_at, (long long)notice->due_at);
}

int notices_change(struct db *db, const struct notice_row *notice, int64_t revision,
                   const struct plan_notice *planned, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE notice SET revision = ?, basis = ?, reason = ?, rule = ?, due_at = ?,"
                " answer_by = ?, remind_at = ? WHERE notice_id = ?",
                "itttiimi", revision, basis_word(planned->basis),
                planned->reason == DESK_NONE ? NULL : desk_reason_word(planned->reason),
                planned->due.rule, (int64_t)planned->due.at, (int64_t)planned->due.answer_by,
                (int64_t)planned->due.remind_at, notice->notice_id) < 0)
        return -1;
    /* One that is backing off keeps its turn unless the due time itself has moved. */
    if (planned->due.at != notice->due_at &&
        sql_run(db, err,
                "UPDATE outbox SET due_at = ?, give_up_at = ?, late_at = NULL"
                " WHERE notice_id = ? AND state = 'due'",
                "iii", (int64_t)planned->due.at, (int64_t)planned->due.answer_by,
                notice->notice_id) < 0)
        return -1;
    return audit(db, notice, "notice.changed", planned->due.at, planned->due.rule, now, err);
}

int notices_rest_anew(struct db *db, int64_t notice_id, struct err *err)
{
    return sql_run(db, err,
                   "UPDATE notice_child SET decision_id ="
                   " (SELECT c.decision_id FROM child c WHERE c.child_id = notice_child.child_id)"
                   " WHERE notice_id = ? AND decision_id IS NOT"
                   " (SELECT c.decision_id FROM child c WHERE c.child_id = notice_child.child_id)",
                   "i", notice_id);
}

int notices_pupil(struct db *db, int64_t notice_id, int64_t child_id, int64_t *pupil_key,
                  struct err *err)
{
    *pupil_key = -1;
    return sql_int(db, pupil_key, err,
                   "SELECT d.pupil_key FROM notice_child nc JOIN decision d USING (decision_id)"
                   " WHERE nc.notice_id = ? AND nc.child_id = ?",
                   "ii", notice_id, child_id) < 0
               ? -1
               : 0;
}

int notices_recall(struct db *db, const struct notice_row *notice, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE outbox SET state = 'cancelled' WHERE notice_id = ? AND state = 'due'", "i",
                notice->notice_id) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    return audit(db, notice, "notice.recalled", notice->due_at, notice->rule, now, err);
}

int notices_keep_items(struct db *db, const struct notice_row *notice, const int64_t *contact_ids,
                       size_t count, time_t now, struct err *err)
{
    sqlite3_stmt *stmt;
    int64_t *due = NULL;
    size_t n = 0;
    int rc = 0;

    if (sql_query(db, &stmt, err,
                  "SELECT contact_id FROM outbox WHERE notice_id = ? AND state = 'due'", "i",
                  notice->notice_id) < 0 ||
        read_ids(db, stmt, &due, &n, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        size_t j = 0;

        while (j < count && contact_ids[j] != due[i])
            j++;
        if (j < count)
            continue;
        rc = sql_run(db, err,
                     "UPDATE outbox SET state = 'cancelled'"
                     " WHERE notice_id = ? AND contact_id = ? AND state = 'due'",
                     "ii", notice->notice_id, due[i]);
        if (rc == 0)
            rc = audit(db, notice, "notice.recalled", notice->due_at, notice->rule, now, err);
    }
    free(due);
    return rc;
}
