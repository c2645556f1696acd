/* How a try ended. */
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/notices.h"
#include "store/outbox.h"
#include "store/sql.h"
#include "store/warnings.h"

/* A try's end as it is recorded. */
struct ending {
    const char *verdict; /* sent, later, broken, never: of an attempt and of the audit's event */
    int code;
    const char *detail;
    int ms;
    time_t now;
};

/* A mail server of ours that does not answer is nobody's failing, nor is a service that all messages
 * go by; a webhook's is its own. */
static bool is_ours(const char *adapter, int code)
{
    return (code <= 0 && strcmp(adapter, "email") == 0) || strcmp(adapter, "notify") == 0;
}

/* How it stands with the contact. */
static int note_contact(struct db *db, const struct outbox_item *item, const struct ending *end,
                        struct err *err)
{
    bool refused = strcmp(end->verdict, "never") == 0;

    if (strcmp(end->verdict, "sent") == 0)
        return warnings_worked(db, item->contact_id, err);
    if (!refused && (strcmp(end->verdict, "later") != 0 || is_ours(item->adapter, end->code)))
        return 0;
    return warnings_failed(db, item->contact_id, refused, end->now, err);
}

/* The attempt and the audit, for notices. The number of the try is the store's: an item can have
 * been sent twice under one lease's end. */
static int record(struct db *db, const struct outbox_item *item, const struct ending *end,
                  const char *event, int64_t incident_id, struct err *err)
{
    const struct audit_about about = {incident_id, -1, item->notice_id, item->item_id};

    if (sql_run(db, err,
                "INSERT INTO attempt(item_id, try, at, verdict, code, detail, ms)"
                " SELECT item_id, tries, ?, ?, ?, ?, ? FROM outbox WHERE item_id = ?",
                "ititii", (int64_t)end->now, end->verdict, (int64_t)end->code, end->detail,
                (int64_t)end->ms, item->item_id) < 0 ||
        note_contact(db, item, end, err) < 0)
        return -1;
    return audit_add(db, end->now, "dispatcher", event, &about, err,
                     "contact=%lld adapter=%s code=%d ms=%d %s", (long long)item->contact_id,
                     item->adapter, end->code, end->ms, end->detail ? end->detail : "");
}

static int restate_children(struct db *db, int64_t notice_id, time_t now, struct err *err)
{
    int64_t *children = NULL;
    size_t count = 0;
    int rc = notices_children(db, notice_id, &children, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = notices_restate(db, children[i], "dispatcher", now, err);
    free(children);
    return rc;
}

/* Children of a notice that are planning's once more: what was made of an older revision than one that
 * changed a child while it was on its way has to be looked at again; and of what was told in a holiday
 * (?2; NULL: it was not told) a reminder is owed. */
#define TO_PLAN_ANEW                                                                               \
    " FROM notice n JOIN notice_child nc USING (notice_id) JOIN child c USING (child_id)"          \
    " WHERE n.notice_id = ?1 AND c.stage = 'done'"                                                 \
    " AND (c.changed_revision > n.revision OR (n.kind = 'notice' AND n.remind_at > ?2))"

/* told_at: -1 it was not. Nearly always there are none, and to ask for one costs the least. */
static int replan(struct db *db, int64_t notice_id, time_t told_at, struct err *err)
{
    int64_t any;
    int rc = sql_int(db, &any, err, "SELECT 1" TO_PLAN_ANEW " LIMIT 1", "im", notice_id,
                     (int64_t)told_at);

    if (rc <= 0)
        return rc;
    return sql_run(db, err,
                   "UPDATE child SET stage = 'plan' WHERE child_id IN"
                   " (SELECT c.child_id" TO_PLAN_ANEW ")",
                   "im", notice_id, (int64_t)told_at);
}

/* A notice that was cancelled or failed while its send was under way has been told all the same. */
static int tell(struct db *db, const struct outbox_item *item, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE notice SET state = 'told', told_at = ?1, told_contact = ?2, follow_at ="
                " CASE WHEN kind IN ('notice','desk') THEN max(answer_by, ?1) END"
                " WHERE notice_id = ?3 AND told_at IS NULL",
                "iii", (int64_t)now, item->contact_id, item->notice_id) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    return restate_children(db, item->notice_id, now, err) < 0
               ? -1
               : replan(db, item->notice_id, now, err);
}

static int incident_of(struct db *db, const struct outbox_item *item, int64_t *out, struct err *err)
{
    return sql_int(db, out, err, "SELECT incident_id FROM notice WHERE notice_id = ?", "i",
                   item->notice_id) == 1
               ? 0
               : err_set(err, ERR_STORE, "item %lld has no notice", (long long)item->item_id);
}

int outbox_sent(struct db *db, const struct outbox_item *item, int code, const char *detail, int ms,
                time_t now, struct err *err)
{
    const struct ending end = {"sent", code, detail, ms, now};
    int64_t incident_id;

    if (sql_run(db, err,
                "UPDATE outbox SET state = 'sent', lease_until = NULL, tries = tries + 1,"
                " verdict = 'sent', detail = ?, sent_at = ifnull(sent_at, ?) WHERE item_id = ?",
                "tii", detail, (int64_t)now, item->item_id) < 0)
        return -1;
    if (item->notice_id < 0)
        return 0;
    if (incident_of(db, item, &incident_id, err) < 0 ||
        record(db, item, &end, "item.sent", incident_id, err) < 0)
        return -1;
    return tell(db, item, now, err);
}

int outbox_late(struct db *db, int64_t item_id, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE outbox SET late_at = ?1 WHERE item_id = ?2 AND state = 'due'"
                " AND kind = 'notice'"
                " AND (late_at IS NULL OR late_at <= ?1 - ?3 OR late_at > ?1)"
                " AND EXISTS (SELECT 1 FROM notice n WHERE n.notice_id = outbox.notice_id"
                "  AND n.kind IN ('notice','desk') AND n.state = 'owed')",
                "iii", (int64_t)now, item_id, (int64_t)OUTBOX_LATE_AGAIN) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    return sql_run(db, err,
                   "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                   " (SELECT child_id FROM notice_child WHERE notice_id ="
                   "  (SELECT notice_id FROM outbox WHERE item_id = ?))",
                   "i", item_id) < 0
               ? -1
               : 1;
}

int outbox_later(struct db *db, const struct outbox_item *item, const char *verdict, int code,
                 const char *detail, int ms, time_t next_at, bool is_late, time_t now,
                 struct err *err)
{
    const struct ending end = {verdict, code, detail, ms, now};
    int64_t incident_id;

    if (sql_run(db, err,
                "UPDATE outbox SET tries = tries + 1, verdict = ?, detail = ?, lease_until = NULL,"
                " state = CASE state WHEN 'leased' THEN 'due' ELSE state END,"
                " due_at = CASE state WHEN 'leased' THEN ? ELSE due_at END WHERE item_id = ?",
                "ttii", verdict, detail, (int64_t)next_at, item->item_id) < 0)
        return -1;
    if (item->notice_id < 0)
        return 0;
    if (incident_of(db, item, &incident_id, err) < 0 ||
        record(db, item, &end, "item.later", incident_id, err) < 0 ||
        (is_late && !item->is_reminder && next_at >= item->give_up_at &&
         outbox_late(db, item->item_id, now, err) < 0))
        return -1;
    return replan(db, item->notice_id, -1, err);
}

int outbox_never(struct db *db, const struct outbox_item *item, int code, const char *detail,
                 int ms, time_t now, struct err *err)
{
    const struct ending end = {"never", code, detail, ms, now};
    int64_t incident_id;

    if (sql_run(db, err,
                "UPDATE outbox SET tries = tries + 1, verdict = 'never', detail = ?,"
                " lease_until = NULL,"
                " state = CASE WHEN state IN ('leased','due') THEN 'failed' ELSE state END"
                " WHERE item_id = ?",
                "ti", detail, item->item_id) < 0)
        return -1;
    if (item->notice_id < 0)
        return 0;
    if (incident_of(db, item, &incident_id, err) < 0 ||
        record(db, item, &end, "item.never", incident_id, err) < 0)
        return -1;
    /* One that was told for want of an answer is not waited for. */
    if (sql_run(db, err,
                "UPDATE notice SET follow_at = ? WHERE notice_id = ? AND state = 'told'"
                " AND follow_at IS NOT NULL",
                "ii", (int64_t)now, item->notice_id) < 0)
        return -1;
    return sql_run(db, err,
                   "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                   " (SELECT nc.child_id FROM notice_child nc JOIN notice n USING (notice_id)"
                   "  WHERE n.notice_id = ? AND (n.state = 'owed' OR n.amends IS NOT NULL OR ?))",
                   "ii", item->notice_id, (int64_t)item->is_reminder);
}
