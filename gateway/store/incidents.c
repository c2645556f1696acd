#include "store/incidents.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/parsed.h"
#include "store/sql.h"

enum { WORK_AT_ONCE = 64 };

static const char *const state_words[CHILD_STATES] = {
    "open", "review", "told", "answered", "with_la_desk", "withheld", "withdrawn"};
static const char *const stage_words[] = {"match", "plan", "done"};

const char *child_state_word(enum child_state state)
{
    return state_words[state];
}

bool child_state_parse(const char *word, enum child_state *out)
{
    for (int i = 0; i < CHILD_STATES; i++) {
        if (word && strcmp(word, state_words[i]) == 0) {
            *out = (enum child_state)i;
            return true;
        }
    }
    return false;
}

/* One more message of a force's feed; other topics are none's. */
static int count_feed(struct db *db, const char *topic, time_t now, struct err *err)
{
    return sql_run(db, err,
                   "INSERT INTO feed(force, hour, messages, last_at)"
                   " SELECT substr(?1, 14, length(?1) - 22), ?2 / 3600, 1, ?2"
                   " WHERE ?1 GLOB 'encompass/v1/?*/incident' AND length(?1) <= 86"
                   " ON CONFLICT(force, hour) DO UPDATE SET messages = messages + 1,"
                   " last_at = max(last_at, excluded.last_at)",
                   "ti", topic, (int64_t)now);
}

int incidents_keep_message(struct db *db, const char *topic, const void *body, size_t length,
                           const char *outcome, const struct problems *problems, time_t now,
                           int64_t *message_id, struct err *err)
{
    struct buf json;
    int rc;

    buf_init(&json, 64 * 1024);
    if (problems && problems->count > 0)
        problems_json(problems, &json);
    else
        buf_add_text(&json, "[]");
    rc = buf_check(&json, err);
    if (rc == 0)
        rc = sql_run(db, err,
                     "INSERT INTO message(received_at, topic, body, outcome, problems, gives_ref)"
                     " VALUES (?1,?2,?3,?4,?5, CASE WHEN ?4 <> 'refused' THEN NULL"
                     "  WHEN NOT json_valid(CAST(?3 AS TEXT)) THEN NULL"
                     "  WHEN json_type(CAST(?3 AS TEXT), '$.police_ref') = 'text'"
                     "  THEN json_extract(CAST(?3 AS TEXT), '$.police_ref') END)",
                     "itbtt", (int64_t)now, topic, body, length, outcome, buf_text(&json));
    if (rc == 0) {
        *message_id = sql_last_id(db);
        rc = count_feed(db, topic, now, err);
    }
    buf_release(&json);
    return rc;
}

int incidents_revision(struct db *db, const char *force, const char *police_ref,
                       int64_t *incident_id, int64_t *revision, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT incident_id, revision FROM incident WHERE force = ? AND police_ref = ?",
                  "tt", force, police_ref) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *incident_id = sqlite3_column_int64(stmt, 0);
        *revision = sqlite3_column_int64(stmt, 1);
    }
    sql_done(stmt);
    return rc;
}

static int row_of(sqlite3_stmt *stmt, struct incident_row *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    out->incident_id = sqlite3_column_int64(stmt, 0);
    out->revision = sqlite3_column_int64(stmt, 1);
    out->message_id = sqlite3_column_int64(stmt, 2);
    out->accepted_at = sqlite3_column_int64(stmt, 3);
    out->revised_at = sqlite3_column_int64(stmt, 4);
    if (sql_copy(stmt, 5, out->force, sizeof out->force, err) < 0 ||
        sql_copy(stmt, 6, out->police_ref, sizeof out->police_ref, err) < 0)
        return -1;
    return 1;
}

int incidents_get(struct db *db, int64_t incident_id, struct incident_row *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT incident_id, revision, message_id, accepted_at, revised_at, force,"
                  " police_ref FROM incident WHERE incident_id = ?",
                  "i", incident_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = row_of(stmt, out, err);
    sql_done(stmt);
    return rc;
}

int incidents_find(struct db *db, const char *force, const char *police_ref,
                   struct incident_row *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT incident_id, revision, message_id, accepted_at, revised_at, force,"
                  " police_ref FROM incident WHERE police_ref = ?1 AND (?2 IS NULL OR force = ?2)"
                  " LIMIT 2",
                  "tt", police_ref, force) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = row_of(stmt, out, err);
    if (rc == 1) {
        int more = sql_row(db, stmt, err);

        if (more == 1)
            rc =
                err_set(err, ERR_INVALID, "more than one force has that reference: name the force");
        else if (more < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}

int incidents_load_revision(struct db *db, int64_t incident_id, int64_t revision,
                            struct incident **out, struct err *err)
{
    struct problems problems;
    char words[PROBLEM_WORDS_SIZE];
    sqlite3_stmt *stmt;
    int rc;

    problems_init(&problems);
    *out = NULL;
    if (sql_query(db, &stmt, err,
                  "SELECT m.body, m.received_at, m.message_id FROM incident_revision r"
                  " JOIN message m USING (message_id)"
                  " WHERE r.incident_id = ? AND r.revision = ?",
                  "ii", incident_id, revision) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = parsed_incident(db, sqlite3_column_int64(stmt, 2), sqlite3_column_blob(stmt, 0),
                             (size_t)sqlite3_column_bytes(stmt, 0), sqlite3_column_int64(stmt, 1),
                             out, &problems, err);
    else if (rc == 0)
        rc = err_set(err, ERR_NONE_SUCH, "incident %lld has no revision %lld",
                     (long long)incident_id, (long long)revision);
    sql_done(stmt);
    /* It was accepted once: by a program that knew another contract. */
    if (rc == 0 && !*out)
        rc = err_set(err, ERR_INVALID,
                     "the message of incident %lld, revision %lld, is no longer acceptable: %s %s",
                     (long long)incident_id, (long long)revision, problems.list[0].at,
                     problem_words(&problems.list[0], words));
    problems_release(&problems);
    return rc;
}

int incidents_load(struct db *db, int64_t incident_id, struct incident **out, struct err *err)
{
    int64_t revision = 0;
    int rc = sql_int(db, &revision, err, "SELECT revision FROM incident WHERE incident_id = ?", "i",
                     incident_id);

    *out = NULL;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no incident has number %lld", (long long)incident_id);
    return rc < 0 ? -1 : incidents_load_revision(db, incident_id, revision, out, err);
}

static int child_of(sqlite3_stmt *stmt, struct child_row *out, struct err *err)
{
    const char *stage = sql_text(stmt, 4);

    memset(out, 0, sizeof *out);
    out->child_id = sqlite3_column_int64(stmt, 0);
    out->incident_id = sqlite3_column_int64(stmt, 1);
    out->decision_id = sql_moment(stmt, 2);
    if (sql_copy(stmt, 3, out->child_ref, sizeof out->child_ref, err) < 0)
        return -1;
    while (out->stage < STAGE_DONE && strcmp(stage, stage_words[out->stage]) != 0)
        out->stage++;
    if (!child_state_parse(sql_text(stmt, 5), &out->state))
        return err_set(err, ERR_STORE, "child %lld has no known state", (long long)out->child_id);
    out->removed = sqlite3_column_int(stmt, 6) != 0;
    out->changed_revision = sqlite3_column_int64(stmt, 7);
    out->filtered = sqlite3_column_int(stmt, 8) != 0;
    out->tell_from = sqlite3_column_int64(stmt, 9);
    return 0;
}

int incidents_children(struct db *db, int64_t incident_id, struct child_row **out, size_t *count,
                       struct err *err)
{
    struct child_row *rows = NULL;
    size_t n = 0;
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT child_id, incident_id, decision_id, child_ref, stage, state, removed,"
                  " changed_revision, ifnull(withheld_reason LIKE 'filter:%', 0), tell_from"
                  " FROM child WHERE incident_id = ?"
                  " ORDER BY removed, position, child_id",
                  "i", incident_id) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct child_row *more = realloc(rows, (n + 1) * sizeof *rows);

        if (!more) {
            rc = err_memory(err);
            break;
        }
        rows = more;
        if (child_of(stmt, &rows[n], err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    sql_done(stmt);
    if (rc < 0) {
        free(rows);
        return -1;
    }
    *out = rows;
    *count = n;
    return 0;
}

int incidents_with_work(struct db *db, enum child_stage stage, int64_t after, int64_t *incident_ids,
                        int limit, struct err *err)
{
    sqlite3_stmt *stmt;
    int n = 0, rc;

    assert(stage != STAGE_DONE);
    /* The second condition says to the partial index what the first one's value cannot. */
    if (sql_query(db, &stmt, err,
                  "SELECT DISTINCT incident_id FROM child WHERE stage = ? AND stage <> 'done'"
                  " AND incident_id > ? ORDER BY incident_id LIMIT ?",
                  "tii", stage_words[stage], after, (int64_t)limit) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1)
        incident_ids[n++] = sqlite3_column_int64(stmt, 0);
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int incidents_work_off(struct db *db, enum child_stage stage, struct work_turn *turn, work_fn *one,
                       time_t now, void *user, struct err *err)
{
    int64_t ids[WORK_AT_ONCE];
    struct work work;
    int n = incidents_with_work(db, stage, turn->after, ids, WORK_AT_ONCE, err);

    if (n == 0 && turn->after > 0) {
        turn->after = 0;
        n = incidents_with_work(db, stage, 0, ids, WORK_AT_ONCE, err);
    }
    if (n <= 0)
        return n;
    if (work_begin(&work, db, turn, err) < 0)
        return -1;
    do {
        for (int i = 0; i < n && work_goes_on(&work); i++) {
            work_piece(&work, one, ids[i], now, user);
            turn->after = ids[i];
        }
        if (!work_goes_on(&work))
            return work_end(&work, err);
        n = incidents_with_work(db, stage, turn->after, ids, WORK_AT_ONCE, err);
    } while (n > 0);
    turn->after = 0;
    return work_end(&work, err);
}

int incidents_set_stage(struct db *db, int64_t child_id, enum child_stage stage, struct err *err)
{
    return sql_run(db, err, "UPDATE child SET stage = ? WHERE child_id = ?", "ti",
                   stage_words[stage], child_id);
}
