#include "store/holds.h"

#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/sql.h"

enum { AT_ONCE = 64 };

static const char *const words[] = {"notice", "adapter", "establishment"};

const char *hold_scope_word(enum hold_scope scope)
{
    return words[scope];
}

static int audit(struct db *db, const char *event, enum hold_scope scope, const char *id,
                 const char *who, time_t now, int64_t items, struct err *err)
{
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    sqlite3_stmt *stmt;
    int rc = 0;

    if (scope == HOLD_NOTICE) {
        if (sql_query(db, &stmt, err,
                      "SELECT notice_id, incident_id FROM notice WHERE reference = ?", "t", id) < 0)
            return -1;
        rc = sql_row(db, stmt, err);
        if (rc == 1) {
            about.notice_id = sqlite3_column_int64(stmt, 0);
            about.incident_id = sqlite3_column_int64(stmt, 1);
        }
        sql_done(stmt);
    }
    return rc < 0 ? -1
                  : audit_add(db, now, who, event, &about, err, "%s=%s items=%lld", words[scope],
                              id, (long long)items);
}

/* An item is one of a hold's, h's or (?1, ?2)'s. */
#define IS_OF(scope, id)                                                                           \
    " CASE " scope                                                                                 \
    " WHEN 'notice' THEN" HOLDS_NOTICE(id) "  WHEN 'adapter' THEN o.adapter = " id                 \
                                           "  ELSE n.namespace || '/' || n.urn = " id " END"

static int count_waiting(struct db *db, enum hold_scope scope, const char *id, int64_t *out,
                         struct err *err)
{
    return sql_int(db, out, err,
                   "SELECT count(*) FROM outbox o JOIN notice n USING (notice_id)"
                   " WHERE o.state = 'due' AND" IS_OF("?1", "?2"),
                   "tt", words[scope], id) < 0
               ? -1
               : 0;
}

int holds_add(struct db *db, enum hold_scope scope, const char *id, const char *why,
              const char *who, time_t now, struct err *err)
{
    int64_t waiting = 0;

    if (sql_run(db, err,
                "INSERT INTO hold(scope, id, why, who, held_at) VALUES (?,?,?,?,?)"
                " ON CONFLICT DO NOTHING",
                "tttti", words[scope], id, why, who, (int64_t)now) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    if (count_waiting(db, scope, id, &waiting, err) < 0)
        return -1;
    return audit(db, "hold.set", scope, id, who, now, waiting, err) < 0 ? -1 : 1;
}

int holds_release(struct db *db, enum hold_scope scope, const char *id, const char *who, time_t now,
                  struct err *err)
{
    int64_t waiting = 0;

    if (sql_run(db, err,
                "UPDATE hold SET released_at = ?, released_by = ?"
                " WHERE scope = ? AND id = ? AND released_at IS NULL",
                "ittt", (int64_t)now, who, words[scope], id) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    if (count_waiting(db, scope, id, &waiting, err) < 0)
        return -1;
    return audit(db, "hold.released", scope, id, who, now, waiting, err) < 0 ? -1 : 1;
}

static int read_hold(sqlite3_stmt *stmt, struct hold *out, struct err *err)
{
    const char *scope = sql_text(stmt, 0);

    memset(out, 0, sizeof *out);
    while (out->scope < HOLD_ESTABLISHMENT && strcmp(words[out->scope], scope) != 0)
        out->scope++;
    out->held_at = sqlite3_column_int64(stmt, 4);
    return sql_copy(stmt, 1, out->id, sizeof out->id, err) < 0 ||
                   sql_copy(stmt, 2, out->why, sizeof out->why, err) < 0 ||
                   sql_copy(stmt, 3, out->who, sizeof out->who, err) < 0
               ? -1
               : 0;
}

int holds_standing(struct db *db, struct hold **out, size_t *count, struct err *err)
{
    struct hold *list = NULL;
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT scope, id, why, who, held_at FROM hold WHERE released_at IS NULL"
                  " ORDER BY hold_id",
                  "") < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct hold *more = reallocarray(list, n + 1, sizeof *more);

        if (!more) {
            rc = err_memory(err);
            break;
        }
        list = more;
        rc = read_hold(stmt, &list[n++], err);
        if (rc < 0)
            break;
    }
    sql_done(stmt);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = count_waiting(db, list[i].scope, list[i].id, &list[i].waiting, err);
    if (rc < 0) {
        free(list);
        return -1;
    }
    *out = list;
    *count = n;
    return 0;
}

int holds_of_notice(struct db *db, int64_t notice_id, struct hold *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT h.scope, h.id, h.why, h.who, h.held_at FROM hold h"
                  " JOIN notice n ON n.notice_id = ? JOIN outbox o ON o.notice_id = n.notice_id"
                  " WHERE h.released_at IS NULL AND o.state = 'due'"
                  " AND" IS_OF("h.scope", "h.id") " ORDER BY h.hold_id LIMIT 1",
                  "i", notice_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && read_hold(stmt, out, err) < 0)
        rc = -1;
    sql_done(stmt);
    return rc;
}

struct overdue_item {
    int64_t item_id, notice_id, contact_id, incident_id;
};

/* From the holds, which are few, to what they keep. */
#define OVERDUE_OF(scope, is_its)                                                                  \
    "SELECT o.item_id, o.notice_id, o.contact_id, n.incident_id"                                   \
    " FROM hold h CROSS JOIN notice n ON " is_its " AND n.kind = 'notice' AND n.state = 'owed'"    \
    " CROSS JOIN outbox o ON o.notice_id = n.notice_id"                                            \
    " WHERE h.released_at IS NULL AND h.scope = '" scope "'"                                       \
    " AND o.state = 'due' AND o.adapter = ?1 AND o.kind = 'notice'"                                \
    " AND (o.give_up_at <= ?2 OR EXISTS (SELECT 1 FROM outbox b"                                   \
    "  WHERE b.notice_id = o.notice_id AND b.verdict = 'held'))"                                   \
    " AND NOT EXISTS (SELECT 1 FROM notice_child nc JOIN child c USING (child_id)"                 \
    "  WHERE nc.notice_id = o.notice_id AND c.stage <> 'done')"
#define ITS_NOTICE "n.reference = h.id"
#define ITS_DOOR                                                                                   \
    "n.namespace = substr(h.id, 1, instr(h.id, '/') - 1)"                                          \
    " AND n.urn = substr(h.id, instr(h.id, '/') + 1)"
static const char overdue[] = OVERDUE_OF("notice", ITS_NOTICE) " UNION " /* a notice once */
    OVERDUE_OF("establishment", ITS_DOOR) " LIMIT ?3";

/* Whoever is next at a door that is held is not waited for again. What an adapter that is held keeps
 * waiting is claims.h's, as of one that is shut. */
static int find_overdue(struct db *db, const char *adapter, time_t now, struct overdue_item *out,
                        struct err *err)
{
    sqlite3_stmt *stmt;
    int rc, n = 0;

    if (sql_query(db, &stmt, err, overdue, "tii", adapter, (int64_t)now, (int64_t)AT_ONCE) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        out[n++] =
            (struct overdue_item){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                                  sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3)};
    }
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

static int give_way(struct db *db, const struct overdue_item *o, time_t now, struct err *err)
{
    const struct audit_about about = {o->incident_id, -1, o->notice_id, o->item_id};

    if (sql_run(db, err,
                "UPDATE outbox SET state = 'failed', verdict = 'held',"
                " detail = 'held past its time' WHERE item_id = ?",
                "i", o->item_id) < 0 ||
        sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                " (SELECT child_id FROM notice_child WHERE notice_id = ?)",
                "i", o->notice_id) < 0)
        return -1;
    return audit_add(db, now, "dispatcher", "item.held", &about, err,
                     "contact=%lld held past its time, so the next is told",
                     (long long)o->contact_id);
}

int holds_give_way(struct db *db, const char *adapter, time_t now, struct err *err)
{
    struct overdue_item list[AT_ONCE] = {{0}};
    int64_t any;
    int rc =
        sql_int(db, &any, err,
                "SELECT 1 FROM hold WHERE released_at IS NULL AND scope <> 'adapter' LIMIT 1", "");
    int n = rc == 1 ? find_overdue(db, adapter, now, list, err) : rc;

    if (n <= 0)
        return n;
    if (db_begin(db, err) < 0)
        return -1;
    rc = 0;
    for (int i = 0; i < n && rc == 0; i++)
        rc = give_way(db, &list[i], now, err);
    if (rc == 0)
        return db_commit(db, err) < 0 ? -1 : n;
    db_rollback(db);
    return -1;
}

int holds_retry(struct db *db, enum hold_scope scope, const char *id, const char *who, time_t now,
                struct err *err)
{
    int n;

    if (sql_run(db, err,
                "UPDATE outbox SET due_at = ?3 WHERE state = 'due' AND tries > 0 AND due_at > ?3"
                " AND item_id IN (SELECT o.item_id FROM outbox o JOIN notice n USING (notice_id)"
                "  WHERE o.state = 'due' AND" IS_OF("?1", "?2") ")",
                "tti", words[scope], id, (int64_t)now) < 0)
        return -1;
    n = sql_changes(db);
    if (scope == HOLD_ADAPTER &&
        sql_run(db, err, "UPDATE shut SET until = ? WHERE adapter = ? AND until > since", "it",
                (int64_t)now, id) < 0)
        return -1;
    return audit(db, "retry", scope, id, who, now, n, err) < 0 ? -1 : n;
}
