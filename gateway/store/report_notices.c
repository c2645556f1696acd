#include "store/report.h"

#include <stdlib.h>
#include <string.h>

#include "store/report_list.h"

/* Every column of a report_notice; the item is one under way, else the last that there was. */
#define NOTICE_COLUMNS                                                                             \
    "SELECT n.notice_id, n.reference, i.force, i.police_ref, n.namespace, n.urn,"                  \
    " coalesce(e.name, a.name, CASE WHEN n.namespace IN ('la','force') THEN n.urn ELSE '' END),"   \
    " coalesce(e.la_code, CASE n.namespace WHEN 'la' THEN n.urn ELSE '' END),"                     \
    " (SELECT count(*) FROM notice_child nc WHERE nc.notice_id = n.notice_id),"                    \
    " n.answered_by, o.item_id, o.contact_id, c.role, o.adapter, o.state, o.verdict, o.tries,"     \
    " o.due_at, n.planned_at,"                                                                     \
    " (SELECT min(c.tell_from) FROM notice_child nc JOIN child c USING (child_id)"                 \
    "  WHERE nc.notice_id = n.notice_id)"                                                          \
    " FROM notice n JOIN incident i ON i.incident_id = n.incident_id"                              \
    " LEFT JOIN establishment e ON e.namespace = n.namespace AND e.urn = n.urn"                    \
    " LEFT JOIN authority a ON n.namespace = 'la' AND a.la_code = n.urn"                           \
    " LEFT JOIN outbox o ON o.item_id = (SELECT w.item_id FROM outbox w"                           \
    "  WHERE w.notice_id = n.notice_id AND w.kind = 'notice'"                                      \
    "  ORDER BY w.state IN ('due','leased') DESC, w.state = 'sent' DESC, w.item_id DESC LIMIT 1)"  \
    " LEFT JOIN contact c ON c.contact_id = o.contact_id"

static int read_notice(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_notice *n = into;

    (void)db;
    n->notice.notice_id = sqlite3_column_int64(stmt, 0);
    n->children = sqlite3_column_int64(stmt, 8);
    n->item_id = sql_moment(stmt, 10);
    n->contact_id = sql_moment(stmt, 11);
    n->tries = sqlite3_column_int64(stmt, 16);
    n->next_try = sql_moment(stmt, 17);
    n->planned_at = sqlite3_column_int64(stmt, 18);
    n->tell_from = sql_moment(stmt, 19);
    if (sql_copy(stmt, 2, n->force, sizeof n->force, err) < 0 ||
        sql_copy(stmt, 3, n->police_ref, sizeof n->police_ref, err) < 0 ||
        sql_copy(stmt, 6, n->establishment, sizeof n->establishment, err) < 0 ||
        sql_copy(stmt, 7, n->la_code, sizeof n->la_code, err) < 0 ||
        sql_copy(stmt, 9, n->answered_by, sizeof n->answered_by, err) < 0 ||
        sql_copy(stmt, 12, n->role, sizeof n->role, err) < 0 ||
        sql_copy(stmt, 13, n->adapter, sizeof n->adapter, err) < 0 ||
        sql_copy(stmt, 14, n->item_state, sizeof n->item_state, err) < 0 ||
        sql_copy(stmt, 15, n->verdict, sizeof n->verdict, err) < 0)
        return -1;
    return 0;
}

/* The notice itself is read by the file that knows notices. */
static int complete(struct db *db, struct report_notice *list, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int64_t id = list[i].notice.notice_id;
        int rc = notices_get(db, id, &list[i].notice, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            return err_set(err, ERR_STORE, "notice %lld is gone", (long long)id);
    }
    return 0;
}

int report_notices(struct db *db, const struct report_filter *filter, struct report_notice **out,
                   size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_notice, read_notice);
    int rc;

    if (filter->incident_id >= 0)
        rc = report_rows(db, &list,
                         sql_query(db, &list.stmt, err,
                                   NOTICE_COLUMNS " WHERE n.incident_id = ? ORDER BY n.notice_id",
                                   "i", filter->incident_id),
                         err);
    else
        rc = report_rows(
            db, &list,
            sql_query(db, &list.stmt, err,
                      NOTICE_COLUMNS " WHERE (n.state = 'owed' OR (?1 AND n.state <> 'cancelled')"
                                     "  OR (?6 AND n.state = 'told'))"
                                     " AND (?2 IS NULL OR ?2 = coalesce(e.la_code, n.urn))"
                                     " AND (?3 IS NULL OR ?3 = n.urn)"
                                     " AND (?7 IS NULL OR ?7 = n.namespace)"
                                     " AND (?4 IS NULL OR ?4 = i.force)"
                                     " AND (?5 IS NULL OR n.due_at < ?5)"
                                     " ORDER BY n.due_at, n.namespace, n.urn, n.notice_id",
                      "itttmit", (int64_t)filter->all, filter->la_code, filter->urn, filter->force,
                      (int64_t)filter->due_before, (int64_t)filter->unanswered, filter->namespace),
            err);
    if (rc == 0)
        rc = complete(db, list.items, list.count, err);
    return report_list_out(&list, rc, out, count);
}

int report_undecided(struct db *db, int64_t *out, struct err *err)
{
    return sql_int(db, out, err, "SELECT count(*) FROM child WHERE stage <> 'done'", "") < 0 ? -1
                                                                                             : 0;
}

static int read_item(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_item *item = into;

    (void)db;
    item->item_id = sqlite3_column_int64(stmt, 0);
    item->contact_id = sqlite3_column_int64(stmt, 1);
    item->created_at = sqlite3_column_int64(stmt, 5);
    item->due_at = sqlite3_column_int64(stmt, 6);
    item->sent_at = sql_moment(stmt, 7);
    item->is_reminder = sqlite3_column_int(stmt, 8) != 0;
    if (sql_copy(stmt, 2, item->role, sizeof item->role, err) < 0 ||
        sql_copy(stmt, 3, item->adapter, sizeof item->adapter, err) < 0 ||
        sql_copy(stmt, 4, item->state, sizeof item->state, err) < 0)
        return -1;
    return 0;
}

int report_items(struct db *db, int64_t notice_id, struct report_item **out, size_t *count,
                 struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_item, read_item);
    int rc = report_rows(db, &list,
                         sql_query(db, &list.stmt, err,
                                   "SELECT o.item_id, o.contact_id, c.role, o.adapter, o.state,"
                                   " o.created_at, o.due_at, o.sent_at, o.kind = 'reminder'"
                                   " FROM outbox o JOIN contact c ON c.contact_id = o.contact_id"
                                   " WHERE o.notice_id = ? ORDER BY o.item_id",
                                   "i", notice_id),
                         err);

    return report_list_out(&list, rc, out, count);
}

static int read_attempt(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_attempt *attempt = into;

    (void)db;
    attempt->number = sqlite3_column_int64(stmt, 0);
    attempt->at = sqlite3_column_int64(stmt, 1);
    attempt->code = sqlite3_column_int64(stmt, 3);
    attempt->ms = sqlite3_column_int64(stmt, 5);
    if (sql_copy(stmt, 2, attempt->verdict, sizeof attempt->verdict, err) < 0 ||
        sql_copy(stmt, 4, attempt->detail, sizeof attempt->detail, err) < 0)
        return -1;
    return 0;
}

int report_attempts(struct db *db, int64_t item_id, struct report_attempt **out, size_t *count,
                    struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_attempt, read_attempt);
    int rc = report_rows(db, &list,
                         sql_query(db, &list.stmt, err,
                                   "SELECT try, at, verdict, code, detail, ms FROM attempt"
                                   " WHERE item_id = ? ORDER BY try",
                                   "i", item_id),
                         err);

    return report_list_out(&list, rc, out, count);
}

static int read_event(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_event *event = into;

    (void)db;
    event->at = sqlite3_column_int64(stmt, 0);
    event->child_id = sql_moment(stmt, 3);
    event->notice_id = sql_moment(stmt, 4);
    event->item_id = sql_moment(stmt, 5);
    if (sql_copy(stmt, 1, event->who, sizeof event->who, err) < 0 ||
        sql_copy(stmt, 2, event->event, sizeof event->event, err) < 0 ||
        sql_copy(stmt, 6, event->detail, sizeof event->detail, err) < 0)
        return -1;
    return 0;
}

int report_audit(struct db *db, int64_t incident_id, struct report_event **out, size_t *count,
                 struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_event, read_event);
    int rc = report_rows(
        db, &list,
        sql_query(db, &list.stmt, err,
                  "SELECT at, who, event, child_id, notice_id, item_id, detail FROM audit"
                  " WHERE incident_id = ? ORDER BY audit_id",
                  "i", incident_id),
        err);

    return report_list_out(&list, rc, out, count);
}
