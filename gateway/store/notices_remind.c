/* Reminders: a second message about a notice, under its reference, to somebody who was told in a
 * holiday and has not answered by the first school morning. */
#include "store/audit.h"
#include "store/notices.h"
#include "store/outbox.h"
#include "store/sql.h"

/* The one that stands; one that was refused does not. */
struct reminder {
    int64_t item_id, contact_id; /* -1 none */
    time_t due_at;
    bool waits;  /* due, and not tried yet */
    bool is_due; /* tried or not: it can be taken back */
};

static int find(struct db *db, int64_t notice_id, struct reminder *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    *out = (struct reminder){.item_id = -1};
    if (sql_query(
            db, &stmt, err,
            "SELECT item_id, contact_id, due_at, state = 'due', tries FROM outbox"
            " WHERE notice_id = ? AND kind = 'reminder' AND state NOT IN ('cancelled','failed')",
            "i", notice_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        out->item_id = sqlite3_column_int64(stmt, 0);
        out->contact_id = sqlite3_column_int64(stmt, 1);
        out->due_at = sqlite3_column_int64(stmt, 2);
        out->is_due = sqlite3_column_int(stmt, 3) != 0;
        out->waits = out->is_due && sqlite3_column_int(stmt, 4) == 0;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int note(struct db *db, const struct notice_row *notice, int64_t item_id, const char *event,
                time_t at, time_t now, struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, item_id};

    return audit_add(db, now, "planner", event, &about, err, "reference=%s due_at=%lld",
                     notice->reference, (long long)at);
}

int notices_remind(struct db *db, const struct notice_row *notice, const struct contact *contact,
                   time_t at, time_t answer_by, time_t now, struct err *err)
{
    struct reminder r;

    if (find(db, notice->notice_id, &r, err) < 0)
        return -1;
    if (r.item_id >= 0 && !r.is_due)
        return 0;
    if (r.item_id >= 0 && at >= 0 && contact->contact_id == r.contact_id) {
        if (!r.waits || r.due_at == at)
            return 0;
        if (sql_run(db, err, "UPDATE outbox SET due_at = ?, give_up_at = ? WHERE item_id = ?",
                    "iii", (int64_t)at, (int64_t)answer_by, r.item_id) < 0)
            return -1;
        return note(db, notice, r.item_id, "reminder.moved", at, now, err);
    }
    if (r.item_id >= 0 &&
        (sql_run(db, err, "UPDATE outbox SET state = 'cancelled' WHERE item_id = ?", "i",
                 r.item_id) < 0 ||
         note(db, notice, r.item_id, "reminder.cancelled", r.due_at, now, err) < 0))
        return -1;
    if (at < 0)
        return 0;
    return outbox_add_reminder(db, notice->notice_id, contact->contact_id, contact->adapter, at,
                               answer_by, now, err);
}
