/* Decisions about children, with what they rested on. */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "store/audit.h"
#include "store/incidents.h"
#include "store/roster.h"
#include "store/sql.h"

static const char *const outcome_words[] = {
    [MATCH_NONE] = "none", [MATCH_REVIEW] = "review", [MATCH_MATCH] = "match"};

static int64_t chosen(const struct decision *d)
{
    assert(d->outcome != MATCH_MATCH || d->candidates_count > 0);
    return d->outcome == MATCH_MATCH ? d->candidates[0].pupil_key : -1;
}

int roster_decision(struct db *db, int64_t child_id, struct decision_row *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    if (sql_query(db, &stmt, err,
                  "SELECT d.decision_id, d.outcome, d.pupil_key, d.score, d.made_at, d.made_by,"
                  " d.rule FROM child c JOIN decision d USING (decision_id) WHERE c.child_id = ?",
                  "i", child_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        const char *outcome = sql_text(stmt, 1);

        out->decision_id = sqlite3_column_int64(stmt, 0);
        for (size_t i = 0; i < ARRAY_SIZE(outcome_words); i++) {
            if (strcmp(outcome_words[i], outcome) == 0)
                out->outcome = (enum match_outcome)i;
        }
        out->pupil_key = sql_moment(stmt, 2);
        out->score = sqlite3_column_double(stmt, 3);
        out->made_at = (time_t)sql_moment(stmt, 4);
        if (sql_copy(stmt, 5, out->made_by, sizeof out->made_by, err) < 0 ||
            sql_copy(stmt, 6, out->rule, sizeof out->rule, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}

/* Whether the decision's candidates are those of d, in their order and with their scores: 1, 0, -1. */
static int same_candidates(struct db *db, int64_t decision_id, const struct decision *d,
                           struct err *err)
{
    sqlite3_stmt *stmt;
    size_t n = 0;
    bool same = true;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT pupil_key, score FROM candidate WHERE decision_id = ? ORDER BY rank", "i",
                  decision_id) < 0)
        return -1;
    while (same && (rc = sql_row(db, stmt, err)) == 1) {
        same = n < d->candidates_count &&
               d->candidates[n].pupil_key == sqlite3_column_int64(stmt, 0) &&
               d->candidates[n].score == sqlite3_column_double(stmt, 1);
        n++;
    }
    sql_done(stmt);
    if (same && rc < 0)
        return -1;
    return same && n == d->candidates_count;
}

/* Whether the decision in force says the same: 1, 0, -1. */
static int is_unchanged(struct db *db, int64_t child_id, const struct decision *d,
                        const char *made_by, struct err *err)
{
    struct decision_row row;
    int rc = roster_decision(db, child_id, &row, err);

    if (rc != 1)
        return rc;
    if (row.outcome != d->outcome || row.pupil_key != chosen(d) ||
        strcmp(row.made_by, made_by) != 0 || strcmp(row.rule, d->rule) != 0)
        return 0;
    return same_candidates(db, row.decision_id, d, err);
}

/* Levels, not values: field and level are words of ours, so nothing needs escaping. */
static void add_evidence(struct buf *json, const struct weighed *w)
{
    buf_add_char(json, '[');
    for (size_t i = 0; i < w->evidence_count; i++) {
        const struct evidence *e = &w->evidence[i];

        buf_addf(json, "%s{\"field\":\"%s\",\"level\":\"%s\",\"weight\":%g}", i > 0 ? "," : "",
                 e->field, e->level, e->weight);
    }
    buf_add_char(json, ']');
}

static int add_candidate(struct db *db, int64_t decision_id, size_t rank, const struct weighed *w,
                         struct err *err)
{
    struct buf json;
    int rc;

    buf_init(&json, 4096);
    add_evidence(&json, w);
    rc = buf_check(&json, err);
    if (rc == 0)
        rc = sql_run(db, err,
                     "INSERT INTO candidate(decision_id, rank, pupil_key, score, evidence)"
                     " VALUES (?,?,?,?,?)",
                     "iiirt", decision_id, (int64_t)rank, w->pupil_key, w->score, buf_text(&json));
    buf_release(&json);
    return rc;
}

/* One that a filter keeps back stays so, whoever it is. */
static int set_state(struct db *db, int64_t child_id, const struct decision *d, const char *made_by,
                     time_t now, struct err *err)
{
    int64_t one;
    int rc = sql_int(db, &one, err, "SELECT 1 FROM child WHERE child_id = ? AND state = 'withheld'",
                     "i", child_id);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return incidents_set_state(db, child_id, d->outcome == MATCH_REVIEW ? CHILD_REVIEW : CHILD_OPEN,
                               made_by, now, err);
}

static int record(struct db *db, int64_t child_id, const struct decision *d, const char *made_by,
                  time_t now, struct err *err)
{
    struct audit_about about = {-1, child_id, -1, -1};
    int64_t decision_id;

    if (sql_run(db, err,
                "INSERT INTO decision(child_id, made_at, made_by, outcome, pupil_key, score,"
                " margin, rule) VALUES (?,?,?,?,?,?,?,?)",
                "iittmrrt", child_id, (int64_t)now, made_by, outcome_words[d->outcome], chosen(d),
                d->score, d->margin, d->rule) < 0)
        return -1;
    decision_id = sql_last_id(db);
    for (size_t i = 0; i < d->candidates_count; i++) {
        if (add_candidate(db, decision_id, i + 1, &d->candidates[i], err) < 0)
            return -1;
    }
    if (sql_run(db, err, "UPDATE child SET decision_id = ? WHERE child_id = ?", "ii", decision_id,
                child_id) < 0 ||
        sql_int(db, &about.incident_id, err, "SELECT incident_id FROM child WHERE child_id = ?",
                "i", child_id) < 0)
        return -1;
    if (audit_add(db, now, made_by, "child.decided", &about, err,
                  "decision=%lld outcome=%s rule=%s", (long long)decision_id,
                  outcome_words[d->outcome], d->rule) < 0)
        return -1;
    return set_state(db, child_id, d, made_by, now, err);
}

int roster_decide(struct db *db, int64_t child_id, const struct decision *decision,
                  const char *made_by, time_t now, struct err *err)
{
    int unchanged = is_unchanged(db, child_id, decision, made_by, err);

    if (unchanged < 0)
        return -1;
    if (!unchanged && record(db, child_id, decision, made_by, now, err) < 0)
        return -1;
    return incidents_set_stage(db, child_id, STAGE_PLAN, err);
}
