#include "store/review.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/audit.h"
#include "store/incidents.h"
#include "store/remember.h"
#include "store/roster.h"
#include "store/sql.h"

/* Whether a notice of the child to an establishment has an item in that state, or is told. */
#define TO_AN_ESTABLISHMENT                                                                        \
    " FROM notice_stands nc JOIN notice n ON n.notice_id = nc.notice_id"                           \
    " WHERE nc.child_id = ? AND n.namespace IN ('school','centre')"

static int check_untold(struct db *db, int64_t child_id, struct err *err)
{
    int64_t told = 0, sending = 0;

    if (sql_int(db, &told, err,
                "SELECT count(*)" TO_AN_ESTABLISHMENT " AND n.state IN ('told','answered')", "i",
                child_id) < 0 ||
        sql_int(db, &sending, err,
                "SELECT count(*)" TO_AN_ESTABLISHMENT
                " AND EXISTS (SELECT 1 FROM outbox o WHERE o.notice_id = n.notice_id"
                "  AND o.state = 'leased')",
                "i", child_id) < 0)
        return -1;
    if (told > 0)
        return err_set(err, ERR_INVALID,
                       "child %" PRId64 ": an establishment has been told already", child_id);
    if (sending > 0)
        return err_set(err, ERR_BUSY,
                       "child %" PRId64 ": an establishment is being told at this moment",
                       child_id);
    return 0;
}

/* *filtered: a filter of the force's keeps it back, and so not the police. */
static int check_state(struct db *db, int64_t child_id, int64_t *incident_id, bool *filtered,
                       struct err *err)
{
    sqlite3_stmt *stmt;
    enum child_state state = CHILD_OPEN;
    int rc = sql_query(db, &stmt, err,
                       "SELECT incident_id, state, state = 'withheld' AND withheld_reason"
                       " GLOB 'filter:*' FROM child WHERE child_id = ?",
                       "i", child_id);

    *filtered = false;

    if (rc < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *incident_id = sqlite3_column_int64(stmt, 0);
        if (!child_state_parse(sql_text(stmt, 1), &state))
            rc = err_set(err, ERR_STORE, "a child's state is none that is known");
        *filtered = sqlite3_column_int(stmt, 2) != 0;
    }
    sql_done(stmt);
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "there is no child %" PRId64, child_id);
    if (rc == 1 && !*filtered && (state == CHILD_WITHHELD || state == CHILD_WITHDRAWN))
        return err_set(err, ERR_INVALID, "child %" PRId64 " is %s by the police", child_id,
                       child_state_word(state));
    return rc < 0 ? -1 : check_untold(db, child_id, err);
}

/* The score that the matcher gave the pupil for this child; 0 when it was no candidate. */
static int earlier_score(struct db *db, int64_t child_id, int64_t pupil_key, double *out,
                         struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err,
                       "SELECT k.score FROM candidate k"
                       " JOIN decision d ON d.decision_id = k.decision_id"
                       " WHERE d.child_id = ? AND k.pupil_key = ?"
                       " ORDER BY d.decision_id DESC LIMIT 1",
                       "ii", child_id, pupil_key);

    if (rc < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    *out = rc == 1 ? sqlite3_column_double(stmt, 0) : 0;
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

/* What the matcher found about that pupil is the new decision's evidence too. */
static int keep_evidence(struct db *db, int64_t child_id, int64_t pupil_key, struct err *err)
{
    return sql_run(db, err,
                   "UPDATE candidate SET evidence = coalesce((SELECT k.evidence FROM candidate k"
                   "  JOIN decision d ON d.decision_id = k.decision_id"
                   "  WHERE d.child_id = ?1 AND k.pupil_key = ?2"
                   "  AND k.decision_id <> candidate.decision_id"
                   "  ORDER BY d.decision_id DESC LIMIT 1), evidence)"
                   " WHERE pupil_key = ?2"
                   " AND decision_id = (SELECT decision_id FROM child WHERE child_id = ?1)",
                   "ii", child_id, pupil_key);
}

/* 1: a person has decided just so; 0: nobody has, or is to be overruled; -1. */
static int check_others(struct db *db, int64_t child_id, int64_t pupil_key, bool again,
                        struct err *err)
{
    struct decision_row before;
    int rc = roster_decision(db, child_id, &before, err);

    if (rc <= 0 || before.outcome == MATCH_REVIEW || strcmp(before.made_by, "matcher") == 0)
        return rc < 0 ? -1 : 0;
    if (before.pupil_key == (pupil_key < 0 ? -1 : pupil_key))
        return 1;
    return again ? 0
                 : err_set(err, ERR_INVALID,
                           "child %" PRId64 ": %s has decided otherwise already (encompass explain"
                           " says what); to decide anew, say --again",
                           child_id, before.made_by);
}

/* The children of a call-out are different children. */
static int check_siblings(struct db *db, int64_t child_id, int64_t pupil_key, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err,
                       "SELECT c.child_id, d.pupil_key FROM child c JOIN decision d"
                       " USING (decision_id) WHERE d.outcome = 'match' AND c.child_id <> ?1"
                       " AND c.state NOT IN ('withheld','withdrawn') AND c.incident_id ="
                       " (SELECT incident_id FROM child WHERE child_id = ?1)",
                       "i", child_id),
        same = 0;

    if (rc < 0)
        return -1;
    while (same == 0 && (rc = sql_row(db, stmt, err)) == 1) {
        int64_t other = sqlite3_column_int64(stmt, 0);

        same = roster_is_one_child(db, pupil_key, sqlite3_column_int64(stmt, 1), err);
        if (same == 1)
            same = err_set(err, ERR_INVALID,
                           "child %" PRId64 ": child %" PRId64 " of the same call-out is taken for"
                           " that pupil already; if the police name one child twice, say --again",
                           child_id, other);
    }
    sql_done(stmt);
    return same < 0 || rc < 0 ? -1 : 0;
}

int review_decide(struct db *db, int64_t child_id, int64_t pupil_key, bool again, const char *who,
                  time_t now, struct err *err)
{
    struct decision decision = {.outcome = MATCH_NONE, .rule = "a person found no pupil to be it"};
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    bool filtered;
    int same;

    if (check_state(db, child_id, &about.incident_id, &filtered, err) < 0)
        return -1;
    same = check_others(db, child_id, pupil_key, again, err);
    if (same != 0)
        return same < 0 ? -1 : 0;
    if (pupil_key >= 0 && !again && check_siblings(db, child_id, pupil_key, err) < 0)
        return -1;
    if (remember_end(db, child_id, who, now, err) < 0)
        return -1;
    if (pupil_key == REVIEW_NOT_ON_ROLL)
        decision.rule = "a person found it to be on no roll";
    if (pupil_key >= 0) {
        decision.outcome = MATCH_MATCH;
        decision.rule = "a person chose this pupil";
        decision.candidates_count = 1;
        decision.candidates[0].pupil_key = pupil_key;
        if (earlier_score(db, child_id, pupil_key, &decision.score, err) < 0)
            return -1;
        decision.candidates[0].score = decision.score;
    }
    if (roster_decide(db, child_id, &decision, who, now, err) < 0)
        return -1;
    if (pupil_key >= 0 && keep_evidence(db, child_id, pupil_key, err) < 0)
        return -1;
    about.child_id = child_id;
    return audit_add(db, now, who, "child.reviewed", &about, err, "outcome=%s",
                     pupil_key >= 0 ? "match" : "none") < 0
               ? -1
               : 1;
}

int review_undo(struct db *db, int64_t child_id, bool again, const char *who, time_t now,
                struct err *err)
{
    struct audit_about about = {-1, child_id, -1, -1};
    struct decision_row before;
    bool filtered;
    int rc = check_state(db, child_id, &about.incident_id, &filtered, err);

    if (rc == 0 && filtered)
        return err_set(err, ERR_INVALID,
                       "child %" PRId64 ": a filter keeps it back, and nobody looks for it"
                       " meanwhile; decide otherwise with --again",
                       child_id);
    if (rc == 0)
        rc = roster_decision(db, child_id, &before, err);
    if (rc <= 0 || before.outcome == MATCH_REVIEW || strcmp(before.made_by, "matcher") == 0)
        return rc < 0 ? -1 : 0;
    if (!again && strcmp(before.made_by, who) != 0)
        return err_set(err, ERR_INVALID,
                       "child %" PRId64 ": %s has decided that; to take it back, say --again",
                       child_id, before.made_by);
    if (remember_end(db, child_id, who, now, err) < 0 ||
        sql_run(db, err, "UPDATE child SET decision_id = NULL WHERE child_id = ?", "i", child_id) <
            0 ||
        incidents_set_state(db, child_id, CHILD_OPEN, who, now, err) < 0 ||
        incidents_set_stage(db, child_id, STAGE_MATCH, err) < 0)
        return -1;
    return audit_add(db, now, who, "child.undone", &about, err, "decision=%" PRId64,
                     before.decision_id) < 0
               ? -1
               : 1;
}

int review_message_handled(struct db *db, int64_t message_id, const char *who, time_t now,
                           struct err *err)
{
    int64_t refused = 0;

    if (sql_int(db, &refused, err,
                "SELECT 1 FROM message WHERE message_id = ? AND outcome = 'refused'", "i",
                message_id) < 0)
        return -1;
    if (!refused)
        return err_set(err, ERR_NONE_SUCH, "there is no refused message %" PRId64, message_id);
    if (sql_run(db, err,
                "UPDATE message SET handled_at = ?, handled_by = ?"
                " WHERE message_id = ? AND handled_at IS NULL",
                "iti", (int64_t)now, who, message_id) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    return audit_add(db, now, who, "message.handled", &AUDIT_ABOUT_NOTHING, err, "message=%" PRId64,
                     message_id) < 0
               ? -1
               : 1;
}

int review_messages_put_right(struct db *db, const char *topic, const char *police_ref,
                              int64_t revision, time_t now, struct err *err)
{
    char by[32];

    snprintf(by, sizeof by, "revision %" PRId64, revision);
    if (sql_run(db, err,
                "UPDATE message SET handled_at = ?1, handled_by = ?2"
                " WHERE outcome = 'refused' AND handled_at IS NULL AND topic = ?4"
                " AND gives_ref = ?3"
                " AND CASE WHEN NOT json_valid(CAST(body AS TEXT)) THEN 0"
                "  WHEN json_type(CAST(body AS TEXT), '$.revision') = 'integer'"
                "  THEN json_extract(CAST(body AS TEXT), '$.revision') <= ?5 ELSE 1 END",
                "ittti", (int64_t)now, by, police_ref, topic, revision) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    return audit_add(db, now, "gateway", "message.handled", &AUDIT_ABOUT_NOTHING, err,
                     "messages=%d revision=%" PRId64, sql_changes(db), revision);
}
