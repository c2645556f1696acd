#include "store/bulletins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "follow/reference.h"
#include "store/audit.h"
#include "store/sql.h"
#include "store/token.h"

enum { KEY_CHARACTERS = 26, GIVE_UP_SECONDS = 24 * 3600 };

static int audit(struct db *db, time_t now, const char *who, const char *event, int64_t id,
                 const char *more, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT reference, contact_id, adapter FROM bulletin WHERE bulletin_id = ?", "i",
                  id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = audit_add(db, now, who, event, &AUDIT_ABOUT_NOTHING, err,
                       "reference=%s contact=%lld adapter=%s %s", sql_text(stmt, 0),
                       (long long)sqlite3_column_int64(stmt, 1), sql_text(stmt, 2), more);
    sql_done(stmt);
    return rc;
}

/* EW-XXXX-XXXX or EX-XXXX-XXXX, one that no other has; the caller holds the write lock. */
static int new_reference(struct db *db, bool drill, char out[NOTICE_REFERENCE_SIZE],
                         struct err *err)
{
    char token[9];
    int64_t taken;
    int rc;

    do {
        if (token_make(token, 8, err) < 0)
            return -1;
        snprintf(out, NOTICE_REFERENCE_SIZE, "%s-%.4s-%.4s", drill ? "EX" : "EW", token, token + 4);
        rc = sql_int(db, &taken, err, "SELECT 1 FROM bulletin WHERE reference = ?", "t", out);
    } while (rc == 1);
    return rc;
}

static int add(struct db *db, int64_t warning_id, int64_t drill_id, int64_t contact_id,
               const char *adapter, time_t now, struct err *err)
{
    bool drill = drill_id >= 0;
    char reference[NOTICE_REFERENCE_SIZE], key[KEY_CHARACTERS + 1];

    if (new_reference(db, drill, reference, err) < 0 || token_make(key, KEY_CHARACTERS, err) < 0 ||
        sql_run(db, err,
                "INSERT INTO bulletin(reference, warning_id, drill_id, contact_id, adapter, key,"
                " state, stored_at, planned_at, due_at, give_up_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                "tmmitttimii", reference, warning_id, drill_id, contact_id, adapter, key,
                drill ? "stored" : "due", (int64_t)now, drill ? (int64_t)-1 : (int64_t)now,
                (int64_t)now, (int64_t)now + GIVE_UP_SECONDS) < 0)
        return -1;
    return audit(db, now, "gateway", drill ? "exercise.stored" : "warning.planned", sql_last_id(db),
                 "", err);
}

int bulletins_warn(struct db *db, int64_t warning_id, int64_t contact_id, const char *adapter,
                   time_t now, struct err *err)
{
    return add(db, warning_id, -1, contact_id, adapter, now, err);
}

int drills_add(struct db *db, const char *force, const char *la_code,
               const struct drill_contact *contacts, size_t count, const char *who, time_t now,
               int64_t *drill_id, struct err *err)
{
    int rc;

    if (db_begin(db, err) < 0)
        return -1;
    rc = sql_run(db, err, "INSERT INTO drill(force, la_code, who, stored_at) VALUES (?,?,?,?)",
                 "ttti", force, la_code, who, (int64_t)now);
    if (rc == 0) {
        *drill_id = sql_last_id(db);
        rc = audit_add(db, now, who, "drill.begun", &AUDIT_ABOUT_NOTHING, err,
                       "drill=%lld force=%s la=%s contacts=%zu", (long long)*drill_id,
                       force ? force : "-", la_code ? la_code : "-", count);
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add(db, -1, *drill_id, contacts[i].contact_id, contacts[i].adapter, now, err);
    if (rc == 0)
        return db_commit(db, err);
    db_rollback(db);
    return -1;
}

/* The next that is stored: 1, 0, -1. */
static int next_stored(struct db *db, int64_t *id, bool *may_go, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT bulletin_id, k.verified_at IS NOT NULL AND k.ended_at IS NULL"
                  " FROM bulletin JOIN contact k USING (contact_id)"
                  " WHERE state = 'stored' LIMIT 1",
                  "") < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *id = sqlite3_column_int64(stmt, 0);
        *may_go = sqlite3_column_int(stmt, 1) != 0;
    }
    sql_done(stmt);
    return rc;
}

int drills_plan(struct db *db, time_t now, struct err *err)
{
    int64_t id;
    bool may_go;
    int n = 0, rc = next_stored(db, &id, &may_go, err);

    if (rc <= 0)
        return rc;
    if (db_begin(db, err) < 0)
        return -1;
    while ((rc = next_stored(db, &id, &may_go, err)) == 1) {
        if (sql_run(db, err,
                    "UPDATE bulletin SET state = ?, planned_at = ?, due_at = ? WHERE bulletin_id ="
                    " ?",
                    "tiii", may_go ? "due" : "cancelled", (int64_t)now, (int64_t)now, id) < 0 ||
            audit(db, now, "gateway", may_go ? "exercise.planned" : "exercise.cancelled", id, "",
                  err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    if (rc == 0 && db_commit(db, err) == 0)
        return n;
    db_rollback(db);
    return -1;
}

#define COLUMNS                                                                                    \
    "SELECT bulletin_id, warning_id, drill_id, contact_id, reference, force, state, sent_at,"      \
    " answered_at FROM bulletin LEFT JOIN drill USING (drill_id) "

static int read_one(struct db *db, int rc, sqlite3_stmt *stmt, struct bulletin *out,
                    struct err *err)
{
    if (rc < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        memset(out, 0, sizeof *out);
        out->bulletin_id = sqlite3_column_int64(stmt, 0);
        out->warning_id = sql_moment(stmt, 1);
        out->drill_id = sql_moment(stmt, 2);
        out->contact_id = sqlite3_column_int64(stmt, 3);
        out->sent_at = sql_moment(stmt, 7);
        out->answered_at = sql_moment(stmt, 8);
        if (sql_copy(stmt, 4, out->reference, sizeof out->reference, err) < 0 ||
            sql_copy(stmt, 5, out->force, sizeof out->force, err) < 0 ||
            sql_copy(stmt, 6, out->state, sizeof out->state, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}

int bulletins_get(struct db *db, int64_t bulletin_id, struct bulletin *out, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sql_query(db, &stmt, err, COLUMNS "WHERE bulletin_id = ?", "i", bulletin_id);

    return read_one(db, rc, stmt, out, err);
}

int bulletins_by_reference(struct db *db, const char *reference, struct bulletin *out,
                           struct err *err)
{
    char meant[REFERENCE_SIZE];
    sqlite3_stmt *stmt = NULL;
    int rc;

    if (!reference_read(reference, meant))
        return 0;
    rc = sql_query(db, &stmt, err, COLUMNS "WHERE reference = ?", "t", meant);
    return read_one(db, rc, stmt, out, err);
}

int bulletins_answer(struct db *db, int64_t bulletin_id, const char *who, time_t now,
                     struct err *err)
{
    if (sql_run(db, err,
                "UPDATE bulletin SET answered_at = ?, answered_by = ? WHERE bulletin_id = ?"
                " AND drill_id IS NOT NULL AND sent_at IS NOT NULL AND answered_at IS NULL",
                "iti", (int64_t)now, who, bulletin_id) < 0)
        return -1;
    if (sql_changes(db) == 0) {
        int64_t answered;
        int rc =
            sql_int(db, &answered, err, "SELECT answered_at FROM bulletin WHERE bulletin_id = ?",
                    "i", bulletin_id);

        if (rc == 0)
            return err_set(err, ERR_INVALID, "it has not been sent, or is no exercise");
        return rc < 0 ? -1 : 0;
    }
    return audit(db, now, who, "exercise.answered", bulletin_id, "", err) < 0 ? -1 : 1;
}

int drills_report(struct db *db, int64_t drill_id, struct drill_line **out, size_t *count,
                  struct err *err)
{
    struct drill_line *lines = NULL;
    size_t n = 0;
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT d.drill_id, b.contact_id, d.force, d.la_code, d.who, b.reference,"
                  " k.namespace, k.urn, k.role, b.adapter, b.state, b.verdict, b.detail, b.tries,"
                  " b.stored_at, b.planned_at, b.sent_at, b.answered_at, b.answered_by"
                  " FROM bulletin b JOIN drill d USING (drill_id) JOIN contact k USING (contact_id)"
                  " WHERE CASE WHEN ?1 < 0 THEN d.drill_id > (SELECT max(drill_id) - 50 FROM drill)"
                  "  ELSE d.drill_id = ?1 END ORDER BY d.drill_id DESC, b.bulletin_id",
                  "i", drill_id) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct drill_line *more = reallocarray(lines, n + 1, sizeof *lines), *l;

        if (!more) {
            rc = err_memory(err);
            break;
        }
        lines = more;
        l = &lines[n++];
        memset(l, 0, sizeof *l);
        l->drill_id = sqlite3_column_int64(stmt, 0);
        l->contact_id = sqlite3_column_int64(stmt, 1);
        l->tries = sqlite3_column_int64(stmt, 13);
        l->stored_at = sql_moment(stmt, 14);
        l->planned_at = sql_moment(stmt, 15);
        l->sent_at = sql_moment(stmt, 16);
        l->answered_at = sql_moment(stmt, 17);
        if (sql_copy(stmt, 2, l->force, sizeof l->force, err) < 0 ||
            sql_copy(stmt, 3, l->la_code, sizeof l->la_code, err) < 0 ||
            sql_copy(stmt, 4, l->who, sizeof l->who, err) < 0 ||
            sql_copy(stmt, 5, l->reference, sizeof l->reference, err) < 0 ||
            sql_copy(stmt, 6, l->door.namespace, sizeof l->door.namespace, err) < 0 ||
            sql_copy(stmt, 7, l->door.urn, sizeof l->door.urn, err) < 0 ||
            sql_copy(stmt, 8, l->role, sizeof l->role, err) < 0 ||
            sql_copy(stmt, 9, l->adapter, sizeof l->adapter, err) < 0 ||
            sql_copy(stmt, 10, l->state, sizeof l->state, err) < 0 ||
            sql_copy(stmt, 11, l->verdict, sizeof l->verdict, err) < 0 ||
            sql_copy(stmt, 12, l->detail, sizeof l->detail, err) < 0 ||
            sql_copy(stmt, 18, l->answered_by, sizeof l->answered_by, err) < 0) {
            rc = -1;
            break;
        }
    }
    sql_done(stmt);
    if (rc < 0) {
        free(lines);
        return -1;
    }
    *out = lines;
    *count = n;
    return 0;
}
