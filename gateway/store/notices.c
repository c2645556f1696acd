#include "store/notices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "follow/reference.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/sql.h"
#include "store/token.h"

static const char *const state_words[] = {"owed", "told", "answered", "failed", "cancelled"};

const char *notice_state_word(enum notice_state state)
{
    return state_words[state];
}

static int audit(struct db *db, const struct notice_row *notice, const char *who, time_t now,
                 const char *event, const char *detail, struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};

    return audit_add(db, now, who, event, &about, err, "%s", detail);
}

/* OE-XXXX-XXXX, one that no notice has. The caller's transaction holds the write lock, so none can
 * take it in between. */
static int new_reference(struct db *db, char out[NOTICE_REFERENCE_SIZE], struct err *err)
{
    char token[9];
    int64_t taken;
    int rc;

    do {
        if (token_make(token, 8, err) < 0)
            return -1;
        snprintf(out, NOTICE_REFERENCE_SIZE, "OE-%.4s-%.4s", token, token + 4);
        rc = sql_int(db, &taken, err, "SELECT 1 FROM notice WHERE reference = ?", "t", out);
    } while (rc == 1);
    return rc;
}

int notices_add(struct db *db, int64_t incident_id, int64_t revision,
                const struct plan_notice *notice, const struct door *door, const char *adapter,
                time_t now, int64_t *notice_id, struct err *err)
{
    struct audit_about about = {incident_id, -1, -1, -1};
    char reference[NOTICE_REFERENCE_SIZE];
    int64_t id;

    if (new_reference(db, reference, err) < 0 ||
        sql_run(db, err,
                "INSERT INTO notice(reference, incident_id, revision, kind, namespace, urn, basis,"
                " reason, rule, due_at, answer_by, remind_at, amends, state, planned_at)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,'owed',?)",
                "tiittttttiimmi", reference, incident_id, revision, notice_kind_word(notice->kind),
                door->namespace, door->urn, basis_word(notice->basis),
                notice->reason == DESK_NONE ? NULL : desk_reason_word(notice->reason),
                notice->due.rule, (int64_t)notice->due.at, (int64_t)notice->due.answer_by,
                (int64_t)notice->due.remind_at, notice->amends > 0 ? notice->amends : (int64_t)-1,
                (int64_t)now) < 0)
        return -1;
    id = sql_last_id(db);
    for (size_t i = 0; i < notice->children_count; i++) {
        if (sql_run(db, err,
                    "INSERT INTO notice_child(notice_id, child_id, decision_id) VALUES (?1, ?2,"
                    " (SELECT decision_id FROM child WHERE child_id = ?2))",
                    "ii", id, notice->child_ids[i]) < 0)
            return -1;
    }
    about.notice_id = id;
    if (audit_add(db, now, "planner", "notice.planned", &about, err,
                  "reference=%s revision=%lld kind=%s door=%s/%s basis=%s reason=%s rule=%s"
                  " due_at=%lld children=%zu",
                  reference, (long long)revision, notice_kind_word(notice->kind), door->namespace,
                  door->urn, basis_word(notice->basis),
                  notice->reason == DESK_NONE ? "-" : desk_reason_word(notice->reason),
                  notice->due.rule, (long long)notice->due.at, notice->children_count) < 0)
        return -1;
    if (notice->contact_id >= 0 &&
        outbox_add_notice(db, id, notice->contact_id, adapter, notice->due.at,
                          notice->due.answer_by, now, err) < 0)
        return -1;
    *notice_id = id;
    return 0;
}

#define COLUMNS                                                                                    \
    "SELECT notice_id, incident_id, revision, reference, kind, namespace, urn, basis, reason,"     \
    " rule, due_at, answer_by, state, told_at, answered_at, told_contact, amends,"                 \
    " remind_at, desk_at FROM notice "

static int row_of(sqlite3_stmt *stmt, struct notice_row *out, struct err *err)
{
    const char *reason = sql_text(stmt, 8);

    memset(out, 0, sizeof *out);
    out->notice_id = sqlite3_column_int64(stmt, 0);
    out->incident_id = sqlite3_column_int64(stmt, 1);
    out->revision = sqlite3_column_int64(stmt, 2);
    out->due_at = sqlite3_column_int64(stmt, 10);
    out->answer_by = sqlite3_column_int64(stmt, 11);
    out->told_at = sql_moment(stmt, 13);
    out->answered_at = sql_moment(stmt, 14);
    out->told_contact = sql_moment(stmt, 15);
    out->amends = sql_moment(stmt, 16);
    out->remind_at = sql_moment(stmt, 17);
    out->desk_at = sql_moment(stmt, 18);
    if (sql_copy(stmt, 3, out->reference, sizeof out->reference, err) < 0 ||
        sql_copy(stmt, 5, out->door.namespace, sizeof out->door.namespace, err) < 0 ||
        sql_copy(stmt, 6, out->door.urn, sizeof out->door.urn, err) < 0 ||
        sql_copy(stmt, 9, out->rule, sizeof out->rule, err) < 0)
        return -1;
    while (out->kind < NOTICE_WITHDRAWAL &&
           strcmp(sql_text(stmt, 4), notice_kind_word(out->kind)) != 0)
        out->kind++;
    while (out->basis < BASIS_LOCAL && strcmp(sql_text(stmt, 7), basis_word(out->basis)) != 0)
        out->basis++;
    while (reason && out->reason < DESK_REASONS - 1 &&
           (out->reason == DESK_NONE || strcmp(reason, desk_reason_word(out->reason)) != 0))
        out->reason++;
    while (out->state < NOTICE_CANCELLED &&
           strcmp(sql_text(stmt, 12), state_words[out->state]) != 0)
        out->state++;
    return 1;
}

int notices_get(struct db *db, int64_t notice_id, struct notice_row *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err, COLUMNS "WHERE notice_id = ?", "i", notice_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = row_of(stmt, out, err);
    sql_done(stmt);
    return rc;
}

int notices_by_reference(struct db *db, const char *reference, struct notice_row *out,
                         struct err *err)
{
    char meant[REFERENCE_SIZE];
    sqlite3_stmt *stmt;
    int rc;

    if (!reference_read(reference, meant))
        return 0;
    if (sql_query(db, &stmt, err, COLUMNS "WHERE reference = ?", "t", meant) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = row_of(stmt, out, err);
    sql_done(stmt);
    return rc;
}

int notices_of_incident(struct db *db, int64_t incident_id, struct notice_row **out, size_t *count,
                        struct err *err)
{
    struct notice_row *rows = NULL;
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc;

    if (sql_query(db, &stmt, err, COLUMNS "WHERE incident_id = ? ORDER BY notice_id", "i",
                  incident_id) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct notice_row *more = realloc(rows, (n + 1) * sizeof *rows);

        if (more)
            rows = more;
        rc = more ? row_of(stmt, &rows[n++], err) : err_memory(err);
        if (rc < 0)
            break;
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

static int read_children(struct db *db, sqlite3_stmt *stmt, int64_t **child_ids, size_t *count,
                         struct err *err)
{
    int64_t *ids = NULL;
    size_t n = 0;
    int rc;

    while ((rc = sql_row(db, stmt, err)) == 1) {
        int64_t *more = realloc(ids, (n + 1) * sizeof *ids);

        if (!more) {
            rc = err_memory(err);
            break;
        }
        ids = more;
        ids[n++] = sqlite3_column_int64(stmt, 0);
    }
    sql_done(stmt);
    if (rc < 0) {
        free(ids);
        return -1;
    }
    *child_ids = ids;
    *count = n;
    return 0;
}

int notices_children(struct db *db, int64_t notice_id, int64_t **child_ids, size_t *count,
                     struct err *err)
{
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT child_id FROM notice_child WHERE notice_id = ? ORDER BY child_id", "i",
                  notice_id) < 0)
        return -1;
    return read_children(db, stmt, child_ids, count, err);
}

int notices_standing(struct db *db, int64_t notice_id, int64_t **child_ids, size_t *count,
                     struct err *err)
{
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT child_id FROM notice_stands WHERE notice_id = ? ORDER BY child_id", "i",
                  notice_id) < 0)
        return -1;
    return read_children(db, stmt, child_ids, count, err);
}

int notices_child(struct db *db, int64_t notice_id, const char *child_ref, int64_t *child_id,
                  struct err *err)
{
    return sql_int(db, child_id, err,
                   "SELECT c.child_id FROM notice_child nc JOIN child c ON c.child_id = nc.child_id"
                   " WHERE nc.notice_id = ? AND c.child_ref = ?",
                   "it", notice_id, child_ref);
}

/* Who was passed over has it after all: 1, 0 nobody was, -1. */
static int try_again(struct db *db, int64_t notice_id, int64_t contact_id, time_t due_at,
                     time_t give_up_at, time_t now, struct err *err)
{
    struct audit_about about = {-1, -1, notice_id, -1};
    int rc = sql_int(db, &about.item_id, err,
                     "SELECT o.item_id FROM outbox o WHERE o.notice_id = ? AND o.contact_id = ?"
                     " AND o.kind = 'notice' AND o.state = 'failed' AND" OUTBOX_PASSED,
                     "ii", notice_id, contact_id);

    if (rc <= 0)
        return rc;
    if (sql_run(db, err,
                "UPDATE outbox SET state = 'due', due_at = ?, give_up_at = ?, late_at = NULL"
                " WHERE item_id = ?",
                "iii", (int64_t)due_at, (int64_t)give_up_at, about.item_id) < 0 ||
        sql_int(db, &about.incident_id, err, "SELECT incident_id FROM notice WHERE notice_id = ?",
                "i", notice_id) < 0)
        return -1;
    return audit_add(db, now, "planner", "item.again", &about, err,
                     "contact=%lld nobody else is left", (long long)contact_id) < 0
               ? -1
               : 1;
}

int notices_add_item(struct db *db, int64_t notice_id, int64_t contact_id, const char *adapter,
                     time_t due_at, time_t give_up_at, time_t now, struct err *err)
{
    int64_t one;
    int tried = sql_int(db, &one, err,
                        "SELECT 1 FROM outbox WHERE notice_id = ? AND contact_id = ?"
                        " AND kind = 'notice' AND state <> 'cancelled'",
                        "ii", notice_id, contact_id);

    if (tried != 0)
        return tried < 0 ? -1 : try_again(db, notice_id, contact_id, due_at, give_up_at, now, err);
    if (outbox_add_notice(db, notice_id, contact_id, adapter, due_at, give_up_at, now, err) < 0)
        return -1;
    return 1;
}

/* From owed to an end that is no telling, with the items that wait. */
static int end(struct db *db, int64_t notice_id, enum notice_state to, const char *why, time_t now,
               struct err *err)
{
    struct notice_row notice;
    int64_t one;
    int rc = notices_get(db, notice_id, &notice, err);

    if (rc < 0)
        return -1;
    if (rc != 1 || notice.state != NOTICE_OWED)
        return err_set(err, ERR_INVALID, "notice %lld is not owed", (long long)notice_id);
    rc = sql_int(db, &one, err,
                 "SELECT 1 FROM outbox WHERE notice_id = ? AND state = 'leased' LIMIT 1", "i",
                 notice_id);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (sql_run(db, err,
                "UPDATE outbox SET state = 'cancelled' WHERE notice_id = ? AND state = 'due'", "i",
                notice_id) < 0 ||
        sql_run(db, err, "UPDATE notice SET state = ? WHERE notice_id = ?", "ti", state_words[to],
                notice_id) < 0 ||
        audit(db, &notice, "planner", now,
              to == NOTICE_FAILED ? "notice.failed" : "notice.cancelled", why, err) < 0)
        return -1;
    return 1;
}

int notices_cancel(struct db *db, int64_t notice_id, const char *why, time_t now, struct err *err)
{
    return end(db, notice_id, NOTICE_CANCELLED, why, now, err);
}

int notices_fail(struct db *db, int64_t notice_id, const char *why, time_t now, struct err *err)
{
    return end(db, notice_id, NOTICE_FAILED, why, now, err);
}
