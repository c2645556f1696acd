/* Following up what was told: the columns follow_at and desk_at. */
#include <stdlib.h>

#include "store/audit.h"
#include "store/notices.h"
#include "store/sql.h"

int notices_to_follow(struct db *db, time_t now, int64_t *notice_ids, int limit, struct err *err)
{
    sqlite3_stmt *stmt;
    int n = 0, rc;

    if (sql_query(db, &stmt, err,
                  "SELECT notice_id FROM notice n WHERE follow_at <= ? AND state = 'told'"
                  " AND NOT EXISTS (SELECT 1 FROM notice_child nc JOIN child c USING (child_id)"
                  "  WHERE nc.notice_id = n.notice_id AND c.stage <> 'done')"
                  " ORDER BY follow_at LIMIT ?",
                  "ii", (int64_t)now, (int64_t)limit) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1)
        notice_ids[n++] = sqlite3_column_int64(stmt, 0);
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int notices_follow_at(struct db *db, int64_t notice_id, time_t at, struct err *err)
{
    return sql_run(db, err, "UPDATE notice SET follow_at = ? WHERE notice_id = ?", "mi",
                   (int64_t)at, notice_id);
}

int notices_items(struct db *db, int64_t notice_id, struct notice_item **out, size_t *count,
                  struct err *err)
{
    struct notice_item *items = NULL;
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT contact_id, created_at, state = 'failed',"
                  " (SELECT max(at) FROM attempt a WHERE a.item_id = o.item_id) FROM outbox o"
                  " WHERE notice_id = ? AND kind = 'notice' AND state <> 'cancelled'"
                  " ORDER BY item_id",
                  "i", notice_id) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct notice_item *more = reallocarray(items, n + 1, sizeof *items);

        if (!more) {
            rc = err_memory(err);
            break;
        }
        items = more;
        items[n++] = (struct notice_item){sqlite3_column_int64(stmt, 0), sql_moment(stmt, 1),
                                          sqlite3_column_int(stmt, 2) != 0, sql_moment(stmt, 3)};
    }
    sql_done(stmt);
    if (rc < 0) {
        free(items);
        return -1;
    }
    *out = items;
    *count = n;
    return 0;
}

static int audit(struct db *db, const struct notice_row *notice, const char *to, time_t now,
                 struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};

    return audit_add(db, now, "gateway", "notice.escalated", &about, err, "reference=%s to=%s",
                     notice->reference, to);
}

int notices_escalate(struct db *db, const struct notice_row *notice, const struct contact *contact,
                     time_t answer_by, time_t now, struct err *err)
{
    if (notices_add_item(db, notice->notice_id, contact->contact_id, contact->adapter, now,
                         answer_by, now, err) < 0 ||
        audit(db, notice, contact_role_word(contact->role), now, err) < 0)
        return -1;
    return notices_follow_at(db, notice->notice_id, answer_by, err);
}

int notices_escalate_to_desk(struct db *db, const struct notice_row *notice, time_t now,
                             struct err *err)
{
    if (sql_run(db, err, "UPDATE notice SET desk_at = ?, follow_at = NULL WHERE notice_id = ?",
                "ii", (int64_t)now, notice->notice_id) < 0 ||
        sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                " (SELECT child_id FROM notice_stands WHERE notice_id = ?)",
                "i", notice->notice_id) < 0)
        return -1;
    return audit(db, notice, "desk", now, err);
}
