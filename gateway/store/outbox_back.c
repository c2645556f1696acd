/* What was taken over and then came back: a bounce, or a service that could not deliver. */
#include <stdlib.h>

#include "store/audit.h"
#include "store/bulletins.h"
#include "store/notices.h"
#include "store/outbox.h"
#include "store/sql.h"
#include "store/warnings.h"

struct come_back {
    int64_t item_id, notice_id, contact_id, incident_id;
    bool is_reminder;
    int code;
    const char *detail;
    time_t again_at; /* -1: not again */
    bool over;       /* the notice is answered, taken back, or no longer to be told */
    time_t now;
};

/* 1, 0 no such item has been sent, -1. */
static int find(struct db *db, const char *key, struct come_back *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT o.item_id, o.notice_id, o.contact_id, n.incident_id,"
                  " o.kind = 'reminder', n.state NOT IN ('owed','told') OR (n.amends IS NULL"
                  "  AND NOT EXISTS (SELECT 1 FROM notice_stands s"
                  "   WHERE s.notice_id = n.notice_id))"
                  " FROM outbox o JOIN notice n USING (notice_id)"
                  " WHERE o.key = ? AND o.state = 'sent'",
                  "t", key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        out->item_id = sqlite3_column_int64(stmt, 0);
        out->notice_id = sqlite3_column_int64(stmt, 1);
        out->contact_id = sqlite3_column_int64(stmt, 2);
        out->incident_id = sqlite3_column_int64(stmt, 3);
        out->is_reminder = sqlite3_column_int(stmt, 4) != 0;
        out->over = sqlite3_column_int(stmt, 5) != 0;
    }
    sql_done(stmt);
    return rc;
}

static int end_item(struct db *db, const struct come_back *b, struct err *err)
{
    const struct audit_about about = {b->incident_id, -1, b->notice_id, b->item_id};
    const char *verdict = b->again_at >= 0 ? "later" : "never";
    const char *state = b->again_at < 0 ? "failed" : b->over ? "cancelled" : "due";

    if (sql_run(db, err,
                "UPDATE outbox SET state = ?, due_at = CASE WHEN ?2 >= 0 THEN ?2 ELSE due_at END,"
                " sent_at = NULL, tries = tries + 1, verdict = ?, detail = ? WHERE item_id = ?",
                "titti", state, (int64_t)b->again_at, verdict, b->detail, b->item_id) < 0 ||
        sql_run(db, err,
                "INSERT INTO attempt(item_id, try, at, verdict, code, detail, ms)"
                " SELECT item_id, tries, ?, ?, ?, ?, 0 FROM outbox WHERE item_id = ?",
                "ititi", (int64_t)b->now, verdict, (int64_t)b->code, b->detail, b->item_id) < 0 ||
        (b->again_at < 0 && warnings_failed(db, b->contact_id, true, b->now, err) < 0))
        return -1;
    return audit_add(db, b->now, "dispatcher", "item.returned", &about, err,
                     "contact=%lld code=%d %s", (long long)b->contact_id, b->code,
                     b->detail ? b->detail : "");
}

static int replan(struct db *db, int64_t notice_id, time_t now, struct err *err)
{
    int64_t *children = NULL;
    size_t count = 0;
    int rc = notices_children(db, notice_id, &children, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = notices_restate(db, children[i], "dispatcher", now, err);
    free(children);
    if (rc < 0)
        return -1;
    return sql_run(db, err,
                   "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                   " (SELECT child_id FROM notice_child WHERE notice_id = ?)",
                   "i", notice_id);
}

/* Who was told beside that one, first; 1, 0 nobody, -1. */
static int find_other(struct db *db, int64_t notice_id, int64_t *contact_id, int64_t *at,
                      struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT contact_id, sent_at FROM outbox WHERE notice_id = ? AND kind = 'notice'"
                  " AND state = 'sent' AND sent_at IS NOT NULL ORDER BY sent_at, item_id LIMIT 1",
                  "i", notice_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *contact_id = sqlite3_column_int64(stmt, 0);
        *at = sqlite3_column_int64(stmt, 1);
    }
    sql_done(stmt);
    return rc;
}

/* The notice is owed as before it was told; where another is owed to the same door meanwhile, for a
 * sibling, that one is planned anew with its children. A withdrawal that nobody had takes nothing back. */
static int owe_again(struct db *db, const struct come_back *b, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE notice SET told_at = NULL, told_contact = NULL, follow_at = NULL,"
                " state = CASE WHEN EXISTS (SELECT 1 FROM notice o WHERE o.state = 'owed'"
                "  AND o.notice_id <> notice.notice_id AND"
                "  (o.incident_id = notice.incident_id AND o.kind = notice.kind"
                "   AND o.namespace = notice.namespace AND o.urn = notice.urn"
                "   AND notice.kind IN ('notice','desk')"
                "   OR o.amends = notice.amends AND o.kind = notice.kind"
                "   AND ifnull(o.reason,'') = ifnull(notice.reason,'')))"
                " THEN CASE WHEN amends IS NULL THEN 'failed' ELSE 'cancelled' END"
                " ELSE 'owed' END WHERE notice_id = ?",
                "i", b->notice_id) < 0)
        return -1;
    /* What waits for the answer to what nobody has got: a reminder, the next person. And what is told by
     * the other one. */
    if (sql_run(db, err,
                "UPDATE outbox SET state = 'cancelled' WHERE notice_id = ?1 AND state = 'due'"
                " AND (item_id <> ?2 OR (SELECT state FROM notice WHERE notice_id = ?1) <> 'owed')",
                "ii", b->notice_id, b->item_id) < 0)
        return -1;
    return replan(db, b->notice_id, b->now, err);
}

/* Answered is answered. While the desk has it for want of an answer, nobody else is looked for. */
static int take_back(struct db *db, const struct come_back *b, struct err *err)
{
    struct notice_row notice;
    int64_t contact_id = -1, at = -1;
    int rc = notices_get(db, b->notice_id, &notice, err);

    if (rc <= 0 || notice.state != NOTICE_TOLD)
        return rc < 0 ? -1 : 0;
    rc = b->is_reminder ? 1 : find_other(db, b->notice_id, &contact_id, &at, err);
    if (rc < 0)
        return -1;
    if (rc == 0 && notice.desk_at < 0)
        return owe_again(db, b, err);
    if (contact_id >= 0 && notice.told_contact == b->contact_id &&
        sql_run(db, err, "UPDATE notice SET told_at = ?, told_contact = ? WHERE notice_id = ?",
                "iii", at, contact_id, b->notice_id) < 0)
        return -1;
    if (sql_run(db, err,
                "UPDATE notice SET follow_at = ? WHERE notice_id = ? AND follow_at IS NOT NULL",
                "ii", (int64_t)b->now, b->notice_id) < 0)
        return -1;
    /* Somebody else is reminded, or has the correction; or it is looked at whether it may go again. */
    return b->is_reminder || b->over || b->again_at >= 0 || notice.amends >= 0
               ? replan(db, b->notice_id, b->now, err)
               : 0;
}

int outbox_undelivered(struct db *db, const char *key, int code, const char *detail,
                       time_t again_at, time_t now, struct err *err)
{
    struct come_back b = {.code = code, .detail = detail, .again_at = again_at, .now = now};
    int rc = find(db, key, &b, err);

    if (rc == 0)
        return bulletins_undelivered(db, key, code, detail, again_at, now, err);
    if (rc < 0 || end_item(db, &b, err) < 0)
        return -1;
    return take_back(db, &b, err) < 0 ? -1 : 1;
}

enum outbox_standing outbox_standing(struct db *db, const char *key, struct err *err)
{
    int64_t standing = OUTBOX_NONE;
    int rc = sql_int(db, &standing, err,
                     "SELECT CASE WHEN state IN ('stored','due','leased') THEN 2"
                     " WHEN state = 'sent' THEN 3 ELSE 4 END"
                     " FROM (SELECT state FROM outbox WHERE key = ?1"
                     "  UNION ALL SELECT state FROM bulletin WHERE key = ?1)",
                     "t", key);

    return rc < 0 ? OUTBOX_UNKNOWN : (enum outbox_standing)standing;
}

int outbox_delayed(struct db *db, const char *key, const char *detail, time_t now, struct err *err)
{
    struct come_back b = {.item_id = -1};
    struct audit_about about;
    int rc = find(db, key, &b, err);

    if (rc <= 0)
        return rc;
    about = (struct audit_about){b.incident_id, -1, b.notice_id, b.item_id};
    return audit_add(db, now, "bounces", "item.delayed", &about, err, "contact=%lld %s",
                     (long long)b.contact_id, detail);
}
