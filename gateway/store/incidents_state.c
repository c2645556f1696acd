/* States of children: moving one, doing again what registers change, and the account of all. */
#include <string.h>

#include "plan/plan.h"
#include "store/audit.h"
#include "store/incidents.h"
#include "store/sql.h"
#include "store/standing.h"

int incidents_set_state(struct db *db, int64_t child_id, enum child_state state, const char *who,
                        time_t now, struct err *err)
{
    struct audit_about about = {-1, child_id, -1, -1};
    enum child_state from = CHILD_OPEN;
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err, "SELECT incident_id, state FROM child WHERE child_id = ?", "i",
                  child_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        about.incident_id = sqlite3_column_int64(stmt, 0);
        if (!child_state_parse(sql_text(stmt, 1), &from))
            rc = err_set(err, ERR_STORE, "child %lld has no known state", (long long)child_id);
    } else if (rc == 0) {
        rc = err_set(err, ERR_NONE_SUCH, "no child has number %lld", (long long)child_id);
    }
    sql_done(stmt);
    if (rc < 0)
        return -1;
    if (from == state)
        return 0;
    if (sql_run(db, err, "UPDATE child SET state = ? WHERE child_id = ?", "ti",
                child_state_word(state), child_id) < 0 ||
        audit_add(db, now, who, "child.state", &about, err, "from=%s to=%s", child_state_word(from),
                  child_state_word(state)) < 0)
        return -1;
    return standing_changed(db, about.incident_id, true, now, err);
}

int incidents_filter(struct db *db, const struct child_row *child, const char *reason, time_t now,
                     struct err *err)
{
    const struct audit_about about = {child->incident_id, child->child_id, -1, -1};

    if ((reason != NULL) == child->filtered)
        return 0;
    if (sql_run(db, err, "UPDATE child SET withheld_reason = ? WHERE child_id = ?", "ti", reason,
                child->child_id) < 0 ||
        audit_add(db, now, "planner", reason ? "child.filtered" : "child.unfiltered", &about, err,
                  "%s", reason ? reason : "") < 0)
        return -1;
    return incidents_set_state(db, child->child_id, reason ? CHILD_WITHHELD : CHILD_OPEN, "planner",
                               now, err);
}

/* A desk has not answered for the child, and may hear yet that an establishment is told. */
#define WAITS_WITH_DESK                                                                            \
    " (state = 'with_la_desk' AND tell_from > ?1 AND EXISTS (SELECT 1 FROM notice_stands s"        \
    "  JOIN notice n ON n.notice_id = s.notice_id WHERE s.child_id = child.child_id"               \
    "  AND n.kind = 'desk' AND n.state = 'told'))"

static int64_t since(time_t now)
{
    return (int64_t)now - (int64_t)PLAN_DESK_DAYS * 24 * 3600;
}

int incidents_rematch_undecided(struct db *db, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE child SET stage = 'match'"
                " WHERE stage <> 'match' AND (state IN ('open','review')"
                "  OR (" WAITS_WITH_DESK
                "   AND EXISTS (SELECT 1 FROM decision d WHERE d.decision_id = child.decision_id"
                "    AND d.outcome <> 'match')))"
                " AND NOT EXISTS (SELECT 1 FROM decision d"
                "  WHERE d.decision_id = child.decision_id AND d.made_by <> 'matcher')",
                "i", since(now)) < 0)
        return -1;
    return sql_changes(db);
}

int incidents_replan_unsent(struct db *db, time_t now, struct err *err)
{
    if (sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done'"
                " AND (state IN ('open','review') OR withheld_reason LIKE 'filter:%'"
                "  OR" WAITS_WITH_DESK "  OR child_id IN (SELECT nc.child_id"
                "   FROM notice n JOIN notice_child nc USING (notice_id)"
                "   WHERE n.state = 'owed')"
                "  OR child_id IN (SELECT nc.child_id"
                "   FROM outbox o JOIN notice_child nc USING (notice_id)"
                "   WHERE o.kind = 'reminder' AND o.state = 'due'))",
                "i", since(now)) < 0)
        return -1;
    return sql_changes(db);
}

static int count_states(struct db *db, time_t since, struct incidents_account *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT c.state, count(*) FROM child c JOIN incident i USING (incident_id)"
                  " WHERE i.revised_at >= ? GROUP BY c.state",
                  "i", (int64_t)since) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        enum child_state state;

        if (!child_state_parse(sql_text(stmt, 0), &state)) {
            rc = err_set(err, ERR_STORE, "a child has no known state");
            break;
        }
        out->by_state[state] = sqlite3_column_int64(stmt, 1);
        out->children += out->by_state[state];
    }
    sql_done(stmt);
    return rc;
}

int incidents_account(struct db *db, time_t since, struct incidents_account *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (count_states(db, since, out, err) < 0 ||
        sql_int(db, &out->incidents, err, "SELECT count(*) FROM incident WHERE revised_at >= ?",
                "i", (int64_t)since) < 0 ||
        sql_int(db, &out->stuck, err,
                "SELECT count(DISTINCT c.child_id) FROM notice n"
                " JOIN notice_child nc USING (notice_id) JOIN child c USING (child_id)"
                " JOIN incident i ON i.incident_id = n.incident_id"
                " WHERE n.state = 'owed'"
                " AND i.revised_at >= ? AND c.stage = 'done' AND NOT EXISTS"
                "  (SELECT 1 FROM outbox o WHERE o.notice_id = n.notice_id"
                "   AND o.state IN ('due','leased'))",
                "i", (int64_t)since) < 0 ||
        sql_int(db, &out->forgotten, err,
                "SELECT count(*) FROM child c JOIN incident i USING (incident_id)"
                " WHERE i.revised_at >= ? AND c.stage = 'done' AND c.state IN ('open','review')"
                " AND NOT EXISTS (SELECT 1 FROM notice_stands nc JOIN notice n USING (notice_id)"
                "  WHERE nc.child_id = c.child_id AND n.state = 'owed')",
                "i", (int64_t)since) < 0 ||
        sql_int(db, &out->unproved, err,
                "SELECT count(*) FROM child c JOIN incident i USING (incident_id)"
                " WHERE i.revised_at >= ? AND c.state IN ('told','answered','with_la_desk')"
                " AND NOT EXISTS (SELECT 1 FROM notice_stands nc JOIN notice n USING (notice_id)"
                "  WHERE nc.child_id = c.child_id AND n.state IN ('told','answered'))",
                "i", (int64_t)since) < 0)
        return -1;
    return 0;
}
