/* What follows from notices: the states of their children, and their answers. */
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/notices.h"
#include "store/sql.h"
#include "store/standing.h"

int notices_child_state(struct db *db, int64_t child_id, enum child_state *out, struct err *err)
{
    int64_t reviewed, owed, told, answered, desks, stood_in;
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT (SELECT d.outcome = 'review' FROM child c JOIN decision d"
                  "  USING (decision_id) WHERE c.child_id = ?1),"
                  " total(n.state = 'owed' AND ifnull(n.reason,'') NOT IN ('no-answer','marac')),"
                  " total(n.state = 'told' AND n.kind = 'notice'),"
                  " total(n.state = 'answered' AND n.kind = 'notice'),"
                  " total(n.state IN ('told','answered') AND n.kind = 'desk'),"
                  " total(n.state = 'answered' AND n.reason = 'no-answer')"
                  " FROM notice_stands nc JOIN notice n USING (notice_id)"
                  " WHERE nc.child_id = ?1",
                  "i", child_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        reviewed = sqlite3_column_int64(stmt, 0);
        owed = sqlite3_column_int64(stmt, 1);
        told = sqlite3_column_int64(stmt, 2);
        answered = sqlite3_column_int64(stmt, 3);
        desks = sqlite3_column_int64(stmt, 4);
        stood_in = sqlite3_column_int64(stmt, 5);
        if (owed > 0 || told + answered + desks == 0)
            *out = reviewed ? CHILD_REVIEW : CHILD_OPEN;
        else if (told > 0)
            *out = stood_in > 0 ? CHILD_WITH_LA_DESK : CHILD_TOLD;
        else
            *out = answered > 0 ? CHILD_ANSWERED : CHILD_WITH_LA_DESK;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

int notices_restate(struct db *db, int64_t child_id, const char *who, time_t now, struct err *err)
{
    enum child_state state = CHILD_OPEN;
    int64_t incident_id;
    int rc = sql_int(db, &incident_id, err,
                     "SELECT incident_id FROM child WHERE child_id = ?"
                     " AND state NOT IN ('withheld','withdrawn')",
                     "i", child_id);

    if (rc <= 0)
        return rc;
    if (notices_child_state(db, child_id, &state, err) < 0)
        return -1;
    rc = sql_int(db, &incident_id, err,
                 "SELECT incident_id FROM child WHERE child_id = ? AND state = ?", "it", child_id,
                 child_state_word(state));
    if (rc == 0)
        return incidents_set_state(db, child_id, state, who, now, err);
    /* The state is as it was, but what kept the incident from closing may be gone. */
    return rc < 0 ? -1 : standing_changed(db, incident_id, false, now, err);
}

/* Tasks of a desk for want of an answer that has come. */
static int answer_for_desk(struct db *db, const struct notice_row *notice, const char *who,
                           time_t now, struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};

    if (notice->desk_at < 0)
        return 0;
    if (sql_run(db, err,
                "UPDATE notice SET state = 'answered', answered_at = ?, answered_by = ?,"
                " follow_at = NULL WHERE incident_id = ? AND state = 'told'"
                " AND reason = 'no-answer' AND NOT EXISTS (SELECT 1 FROM notice_child dc"
                "  JOIN notice_stands s ON s.child_id = dc.child_id"
                "  JOIN notice n ON n.notice_id = s.notice_id"
                "  WHERE dc.notice_id = notice.notice_id AND n.state = 'told'"
                "  AND n.desk_at IS NOT NULL)",
                "iti", (int64_t)now, who, notice->incident_id) < 0 ||
        (sql_changes(db) > 0 &&
         audit_add(db, now, who, "notice.answered", &about, err, "the desk's task with it") < 0))
        return -1;
    return sql_run(db, err,
                   "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                   " (SELECT child_id FROM notice_child WHERE notice_id = ?)",
                   "i", notice->notice_id);
}

int notices_answer(struct db *db, int64_t notice_id, const char *who, time_t now, struct err *err)
{
    struct audit_about about = {-1, -1, notice_id, -1};
    struct notice_row notice;
    int64_t *children = NULL;
    size_t count = 0;
    int rc = notices_get(db, notice_id, &notice, err);

    if (rc < 0)
        return -1;
    if (rc == 1 && notice.state == NOTICE_ANSWERED)
        return 0;
    if (rc == 0 || notice.state != NOTICE_TOLD)
        return err_set(err, ERR_INVALID, "notice %lld was not told", (long long)notice_id);
    about.incident_id = notice.incident_id;
    if (sql_run(db, err,
                "UPDATE notice SET state = 'answered', answered_at = ?, answered_by = ?,"
                " follow_at = NULL WHERE notice_id = ?",
                "iti", (int64_t)now, who, notice_id) < 0 ||
        sql_run(db, err,
                "UPDATE outbox SET state = 'cancelled', lease_until = NULL WHERE notice_id = ?"
                " AND state IN ('due','leased') AND kind = 'notice'",
                "i", notice_id) < 0 ||
        answer_for_desk(db, &notice, who, now, err) < 0 ||
        audit_add(db, now, who, "notice.answered", &about, err, "reference=%s", notice.reference) <
            0 ||
        notices_remind(db, &notice, NULL, -1, -1, now, err) < 0 ||
        notices_children(db, notice_id, &children, &count, err) < 0)
        return -1;
    rc = 1;
    for (size_t i = 0; rc == 1 && i < count; i++) {
        if (notices_restate(db, children[i], who, now, err) < 0)
            rc = -1;
    }
    free(children);
    return rc;
}

int notices_rung(struct db *db, const struct notice_row *notice, const char *who, time_t now,
                 struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};

    if (sql_run(db, err,
                "UPDATE notice SET state = 'told', told_at = ?, follow_at = NULL"
                " WHERE notice_id = ?",
                "ii", (int64_t)now, notice->notice_id) < 0 ||
        sql_run(db, err,
                "UPDATE outbox SET state = 'cancelled', lease_until = NULL WHERE notice_id = ?"
                " AND state IN ('due','leased')",
                "i", notice->notice_id) < 0 ||
        sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                " (SELECT child_id FROM notice_child WHERE notice_id = ?)",
                "i", notice->notice_id) < 0)
        return -1;
    return audit_add(db, now, who, "notice.rung", &about, err, "reference=%s", notice->reference);
}

int notices_stood_in(struct db *db, int64_t notice_id, struct err *err)
{
    int64_t one;
    int rc = sql_int(db, &one, err,
                     "SELECT 1 FROM notice n WHERE n.notice_id = ?1 AND n.desk_at IS NOT NULL"
                     " AND NOT EXISTS (SELECT 1 FROM notice_stands s WHERE s.notice_id = ?1"
                     "  AND NOT EXISTS (SELECT 1 FROM notice_stands ds JOIN notice d"
                     "   ON d.notice_id = ds.notice_id WHERE ds.child_id = s.child_id"
                     "   AND d.reason = 'no-answer' AND d.state = 'answered'))",
                     "i", notice_id);

    return rc < 0 ? -1 : rc == 1;
}

int notices_refused(struct db *db, int64_t notice_id, struct err *err)
{
    int64_t one;
    int rc = sql_int(db, &one, err,
                     "SELECT 1 FROM outbox f WHERE f.notice_id = ?1 AND f.state = 'failed'"
                     " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.notice_id = ?1"
                     "  AND o.item_id > f.item_id AND o.created_at > f.created_at"
                     "  AND o.state NOT IN ('failed','cancelled')) LIMIT 1",
                     "i", notice_id);

    return rc < 0 ? -1 : rc == 1;
}

int notices_at_door(struct db *db, int64_t child_id, const struct door *door, struct err *err)
{
    int64_t one;
    int rc = sql_int(db, &one, err,
                     "SELECT 1 FROM notice_stands s JOIN notice n ON n.notice_id = s.notice_id"
                     " WHERE s.child_id = ? AND n.namespace = ? AND n.urn = ?"
                     " AND n.state IN ('owed','told','answered') LIMIT 1",
                     "itt", child_id, door->namespace, door->urn);

    return rc < 0 ? -1 : rc == 1;
}
