#include "store/report.h"

#include <stdlib.h>
#include <string.h>

#include "store/report_list.h"

static int read_message(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_message *m = into;
    const char *problems = sql_text(stmt, 4);

    (void)db;
    m->message_id = sqlite3_column_int64(stmt, 0);
    m->received_at = sqlite3_column_int64(stmt, 1);
    m->revision = sql_moment(stmt, 2);
    m->handled_at = sql_moment(stmt, 5);
    if (sql_copy(stmt, 3, m->topic, sizeof m->topic, err) < 0 ||
        sql_copy(stmt, 6, m->handled_by, sizeof m->handled_by, err) < 0)
        return -1;
    m->problems = strdup(problems ? problems : "[]");
    return m->problems ? 0 : err_memory(err);
}

void report_messages_free(struct report_message *messages, size_t count)
{
    for (size_t i = 0; messages && i < count; i++)
        free(messages[i].problems);
    free(messages);
}

static int messages_out(struct report_list *list, int rc, struct report_message **out,
                        size_t *count)
{
    if (rc < 0) {
        report_messages_free(list->items, list->count);
        return -1;
    }
    return report_list_out(list, rc, out, count);
}

int report_revisions(struct db *db, int64_t incident_id, struct report_message **out, size_t *count,
                     struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_message, read_message);
    int rc = report_rows(
        db, &list,
        sql_query(db, &list.stmt, err,
                  "SELECT m.message_id, m.received_at, r.revision, substr(m.topic, 1, 127),"
                  " m.problems, m.handled_at, m.handled_by"
                  " FROM incident_revision r JOIN message m ON m.message_id = r.message_id"
                  " WHERE r.incident_id = ? ORDER BY r.revision",
                  "i", incident_id),
        err);

    return messages_out(&list, rc, out, count);
}

#define REFUSED                                                                                    \
    "SELECT message_id, received_at, NULL, substr(topic, 1, 127), problems, handled_at,"           \
    " handled_by FROM message WHERE outcome = 'refused'"

int report_refused(struct db *db, const char *force, const char *police_ref, bool handled,
                   struct report_message **out, size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_message, read_message);
    int rc;

    if (police_ref)
        rc = report_rows(
            db, &list,
            sql_query(db, &list.stmt, err,
                      REFUSED " AND CASE WHEN json_valid(CAST(body AS TEXT))"
                              " THEN json_extract(CAST(body AS TEXT), '$.police_ref') END = ?1"
                              " AND (?2 IS NULL OR topic = 'encompass/v1/' || ?2 || '/incident')"
                              " ORDER BY message_id",
                      "tt", police_ref, force),
            err);
    else
        rc = report_rows(
            db, &list,
            sql_query(db, &list.stmt, err,
                      REFUSED " AND (?1 OR handled_at IS NULL) ORDER BY received_at, message_id",
                      "i", (int64_t)handled),
            err);
    return messages_out(&list, rc, out, count);
}

static enum match_outcome outcome_parse(const char *word)
{
    if (strcmp(word, "match") == 0)
        return MATCH_MATCH;
    return strcmp(word, "review") == 0 ? MATCH_REVIEW : MATCH_NONE;
}

static int read_decision(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_decision *d = into;

    (void)db;
    d->decision_id = sqlite3_column_int64(stmt, 0);
    d->made_at = sqlite3_column_int64(stmt, 1);
    d->outcome = outcome_parse(sql_text(stmt, 3));
    d->pupil_key = sql_moment(stmt, 6);
    d->score = sqlite3_column_double(stmt, 7);
    d->margin = sqlite3_column_double(stmt, 8);
    if (sql_copy(stmt, 2, d->made_by, sizeof d->made_by, err) < 0 ||
        sql_copy(stmt, 4, d->la_code, sizeof d->la_code, err) < 0 ||
        sql_copy(stmt, 5, d->pupil_id, sizeof d->pupil_id, err) < 0 ||
        sql_copy(stmt, 9, d->rule, sizeof d->rule, err) < 0)
        return -1;
    return 0;
}

int report_decisions(struct db *db, int64_t child_id, struct report_decision **out, size_t *count,
                     struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_decision, read_decision);
    int rc =
        report_rows(db, &list,
                    sql_query(db, &list.stmt, err,
                              "SELECT d.decision_id, d.made_at, d.made_by, d.outcome, p.la_code,"
                              " p.pupil_id, d.pupil_key, d.score, d.margin, d.rule"
                              " FROM decision d LEFT JOIN pupil p ON p.pupil_key = d.pupil_key"
                              " WHERE d.child_id = ? ORDER BY d.decision_id",
                              "i", child_id),
                    err);

    return report_list_out(&list, rc, out, count);
}

static int read_candidate(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_candidate *c = into;

    (void)db;
    c->rank = sqlite3_column_int64(stmt, 0);
    c->pupil_key = sqlite3_column_int64(stmt, 1);
    c->score = sqlite3_column_double(stmt, 4);
    if (sql_copy(stmt, 2, c->la_code, sizeof c->la_code, err) < 0 ||
        sql_copy(stmt, 3, c->pupil_id, sizeof c->pupil_id, err) < 0 ||
        sql_copy(stmt, 5, c->evidence, sizeof c->evidence, err) < 0)
        return -1;
    return 0;
}

int report_candidates(struct db *db, int64_t decision_id, struct report_candidate **out,
                      size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_candidate, read_candidate);
    int rc = report_rows(
        db, &list,
        sql_query(db, &list.stmt, err,
                  "SELECT c.rank, c.pupil_key, p.la_code, p.pupil_id, c.score, c.evidence"
                  " FROM candidate c JOIN pupil p ON p.pupil_key = c.pupil_key"
                  " WHERE c.decision_id = ? ORDER BY c.rank",
                  "i", decision_id),
        err);

    return report_list_out(&list, rc, out, count);
}

static int read_review(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_review *r = into;

    (void)db;
    r->child_id = sqlite3_column_int64(stmt, 0);
    r->incident_id = sqlite3_column_int64(stmt, 1);
    r->candidates = sqlite3_column_int64(stmt, 6);
    r->since = sqlite3_column_int64(stmt, 8);
    r->deadline = sql_moment(stmt, 9);
    if (!child_state_parse(sql_text(stmt, 5), &r->state))
        return err_set(err, ERR_STORE, "a child's state is none that is known");
    if (sql_copy(stmt, 2, r->force, sizeof r->force, err) < 0 ||
        sql_copy(stmt, 3, r->police_ref, sizeof r->police_ref, err) < 0 ||
        sql_copy(stmt, 4, r->child_ref, sizeof r->child_ref, err) < 0 ||
        sql_copy(stmt, 7, r->rule, sizeof r->rule, err) < 0)
        return -1;
    return 0;
}

int report_reviews(struct db *db, int64_t child_id, struct report_review **out, size_t *count,
                   struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_review, read_review);
    int rc = sql_query(
        db, &list.stmt, err,
        "SELECT c.child_id, c.incident_id, i.force, i.police_ref, c.child_ref, c.state,"
        " (SELECT count(*) FROM candidate k WHERE k.decision_id = d.decision_id), d.rule,"
        " d.made_at,"
        " (SELECT min(n.due_at) FROM notice_child nc JOIN notice n ON n.notice_id = nc.notice_id"
        "  WHERE nc.child_id = c.child_id AND n.state IN ('owed','told')) AS deadline"
        " FROM child c JOIN incident i ON i.incident_id = c.incident_id"
        " JOIN decision d ON d.decision_id = c.decision_id"
        " WHERE d.outcome = 'review' AND (?1 IS NULL OR c.child_id = ?1)"
        " AND (c.state IN ('open','review') OR (c.state = 'with_la_desk' AND NOT EXISTS ("
        "  SELECT 1 FROM notice_stands nc JOIN notice n ON n.notice_id = nc.notice_id"
        "  WHERE nc.child_id = c.child_id AND n.state = 'answered')))"
        " ORDER BY deadline IS NULL, deadline, c.child_id",
        "m", child_id);

    rc = report_rows(db, &list, rc, err);
    return report_list_out(&list, rc, out, count);
}

int report_pupil(struct db *db, const char *la_code, const char *pupil_id, int64_t *pupil_key,
                 struct err *err)
{
    sqlite3_stmt *stmt;
    int found = 0;
    int rc = sql_query(db, &stmt, err,
                       "SELECT pupil_key FROM pupil WHERE pupil_id = ?1"
                       " AND (?2 IS NULL OR la_code = ?2) LIMIT 2",
                       "tt", pupil_id, la_code);

    if (rc < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        *pupil_key = sqlite3_column_int64(stmt, 0);
        found++;
    }
    sql_done(stmt);
    if (rc < 0)
        return -1;
    if (found > 1)
        return err_set(err, ERR_INVALID,
                       "several authorities have a pupil of that number: say "
                       "which one's with --la");
    return found;
}

int report_door_name(struct db *db, const struct door *door, char out[REPORT_NAME_SIZE],
                     struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err,
                       "SELECT name FROM establishment WHERE namespace = ?1 AND urn = ?2"
                       " UNION ALL SELECT name FROM authority WHERE ?1 = 'la' AND la_code = ?2"
                       " UNION ALL SELECT ?2 WHERE ?1 = 'force'",
                       "tt", door->namespace, door->urn);

    if (rc < 0)
        return -1;
    out[0] = '\0';
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = sql_copy(stmt, 0, out, REPORT_NAME_SIZE, err);
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}
