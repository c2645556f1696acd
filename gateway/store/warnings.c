#include "store/warnings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/sql.h"

/* Of a contact that fails for months the first tries tell how, and the last that it still does. */
enum { TRIES_SECONDS = 90 * 24 * 3600, TRIES_KEPT = 16 };

static const char *const kind_words[WARNING_KINDS] = {
    [WARNING_FEED_QUIET] = "feed-quiet",           [WARNING_BROKER_LOST] = "broker-lost",
    [WARNING_CONTACT_FAILING] = "contact-failing", [WARNING_ROLL_OLD] = "roll-old",
    [WARNING_ADAPTER_SHUT] = "adapter-shut",
};

const char *warning_kind_word(enum warning_kind kind)
{
    return kind_words[kind];
}

/* All rows of a query that has begun (rc 0), each by read. */
static int list_read(struct db *db, int rc, sqlite3_stmt *stmt, size_t size,
                     int (*read)(sqlite3_stmt *stmt, void *row, struct err *err), void **out,
                     size_t *count, struct err *err)
{
    const struct sql_rows rows = {size, read, NULL};
    void *list = rc < 0 ? NULL : sql_rows(db, stmt, &rows, count, err);

    if (!list)
        return -1;
    *out = list;
    return 0;
}

static int read_door(sqlite3_stmt *stmt, int column, struct door *out, struct err *err)
{
    return sql_copy(stmt, column, out->namespace, sizeof out->namespace, err) < 0 ||
                   sql_copy(stmt, column + 1, out->urn, sizeof out->urn, err) < 0
               ? -1
               : 0;
}

#define COLUMNS                                                                                    \
    "SELECT w.warning_id, w.kind, w.namespace, w.urn, w.since, w.raised_at,"                       \
    " (SELECT count(*) FROM bulletin b WHERE b.warning_id = w.warning_id AND b.state = 'sent'),"   \
    " (SELECT count(*) FROM bulletin b WHERE b.warning_id = w.warning_id"                          \
    "  AND b.state IN ('due','leased')) FROM warning w "

static int read_warning(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct warning *w = row;

    memset(w, 0, sizeof *w);
    w->warning_id = sqlite3_column_int64(stmt, 0);
    while (w->kind < WARNING_KINDS - 1 && strcmp(kind_words[w->kind], sql_text(stmt, 1)) != 0)
        w->kind++;
    w->since = sql_moment(stmt, 4);
    w->raised_at = sql_moment(stmt, 5);
    w->told = sqlite3_column_int64(stmt, 6);
    w->telling = sqlite3_column_int64(stmt, 7);
    return read_door(stmt, 2, &w->door, err);
}

int warnings_standing(struct db *db, struct warning **out, size_t *count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *rows = NULL;
    int rc = sql_query(db, &stmt, err,
                       COLUMNS "WHERE w.cleared_at IS NULL ORDER BY w.raised_at, w.warning_id", "");

    rc = list_read(db, rc, stmt, sizeof **out, read_warning, &rows, count, err);
    *out = rows;
    return rc;
}

int warnings_get(struct db *db, int64_t warning_id, struct warning *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err, COLUMNS "WHERE w.warning_id = ?", "i", warning_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && read_warning(stmt, out, err) < 0)
        rc = -1;
    sql_done(stmt);
    return rc;
}

static int audit(struct db *db, const char *event, const char *kind, const struct door *door,
                 time_t since, time_t now, struct err *err)
{
    return audit_add(db, now, "gateway", event, &AUDIT_ABOUT_NOTHING, err,
                     "kind=%s door=%s/%s since=%lld", kind, door->namespace, door->urn,
                     (long long)since);
}

int warnings_raise(struct db *db, enum warning_kind kind, const struct door *door, time_t since,
                   time_t now, int64_t *warning_id, struct err *err)
{
    if (sql_run(db, err,
                "INSERT INTO warning(kind, namespace, urn, since, raised_at) VALUES (?,?,?,?,?)",
                "tttii", kind_words[kind], door->namespace, door->urn, (int64_t)since,
                (int64_t)now) < 0)
        return -1;
    *warning_id = sql_last_id(db);
    return audit(db, "warning.raised", kind_words[kind], door, since, now, err);
}

int warnings_clear(struct db *db, const struct warning *w, time_t now, struct err *err)
{
    if (sql_run(db, err, "UPDATE warning SET cleared_at = ? WHERE warning_id = ?", "ii",
                (int64_t)now, w->warning_id) < 0 ||
        sql_run(db, err,
                "UPDATE bulletin SET state = 'cancelled' WHERE warning_id = ? AND state = 'due'",
                "i", w->warning_id) < 0)
        return -1;
    return audit(db, "warning.cleared", kind_words[w->kind], &w->door, w->since, now, err);
}

int warnings_cleared_since(struct db *db, enum warning_kind kind, const struct door *door,
                           time_t since, struct err *err)
{
    int64_t one;

    return sql_int(db, &one, err,
                   "SELECT 1 FROM warning WHERE kind = ? AND namespace = ? AND urn = ?"
                   " AND cleared_at >= ? LIMIT 1",
                   "ttti", kind_words[kind], door->namespace, door->urn, (int64_t)since);
}

static int read_feed(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct warning_feed *f = row;

    f->first_at = (time_t)sqlite3_column_int64(stmt, 1) * 3600;
    f->last_at = sqlite3_column_int64(stmt, 2);
    return sql_copy(stmt, 0, f->force, sizeof f->force, err);
}

/* From force to force by the key: a year of hours is not read for it. Hours to come are of a clock
 * that was set back. */
int warnings_feeds(struct db *db, time_t now, struct warning_feed **out, size_t *count,
                   struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *rows = NULL;
    int rc =
        sql_query(db, &stmt, err,
                  "WITH RECURSIVE f(force) AS (SELECT min(force) FROM feed UNION ALL"
                  "  SELECT (SELECT min(force) FROM feed WHERE force > f.force) FROM f"
                  "  WHERE f.force IS NOT NULL)"
                  " SELECT force, (SELECT min(hour) FROM feed WHERE feed.force = f.force) AS first,"
                  "  (SELECT last_at FROM feed WHERE feed.force = f.force AND hour <= ?1 / 3600"
                  "   ORDER BY hour DESC LIMIT 1) AS last"
                  " FROM f WHERE force IS NOT NULL AND last IS NOT NULL",
                  "i", (int64_t)now);

    rc = list_read(db, rc, stmt, sizeof **out, read_feed, &rows, count, err);
    *out = rows;
    return rc;
}

static int read_hour(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct silence_hour *h = row;

    (void)err;
    h->hour = sqlite3_column_int64(stmt, 0);
    h->messages = sqlite3_column_int64(stmt, 1);
    return 0;
}

int warnings_feed_hours(struct db *db, const char *force, time_t from, time_t to,
                        struct silence_hour **out, size_t *count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *rows = NULL;
    int rc = sql_query(db, &stmt, err,
                       "SELECT hour, messages FROM feed WHERE force = ?"
                       " AND hour BETWEEN ? / 3600 AND ? / 3600",
                       "tii", force, (int64_t)from, (int64_t)to);

    rc = list_read(db, rc, stmt, sizeof **out, read_hour, &rows, count, err);
    *out = rows;
    return rc;
}

static int read_try(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct warning_try *t = row;

    t->contact_id = sqlite3_column_int64(stmt, 0);
    t->tried.at = sqlite3_column_int64(stmt, 3);
    t->tried.refused = sqlite3_column_int(stmt, 4) != 0;
    return read_door(stmt, 1, &t->door, err);
}

int warnings_failed(struct db *db, int64_t contact_id, bool refused, time_t now, struct err *err)
{
    return sql_run(db, err, "DELETE FROM failing WHERE contact_id = ? AND at <= ?", "ii",
                   contact_id, (int64_t)now - TRIES_SECONDS) < 0 ||
                   sql_run(db, err,
                           "DELETE FROM failing WHERE contact_id = ?1 AND rowid = (SELECT rowid"
                           "  FROM failing WHERE contact_id = ?1 ORDER BY at DESC LIMIT 1)"
                           " AND (SELECT count(*) FROM failing WHERE contact_id = ?1) >= ?2",
                           "ii", contact_id, (int64_t)TRIES_KEPT) < 0
               ? -1
               : sql_run(db, err, "INSERT INTO failing(contact_id, at, refused) VALUES (?,?,?)",
                         "iii", contact_id, (int64_t)now, (int64_t)refused);
}

int warnings_worked(struct db *db, int64_t contact_id, struct err *err)
{
    return sql_run(db, err, "DELETE FROM failing WHERE contact_id = ?", "i", contact_id);
}

int warnings_tries(struct db *db, time_t now, struct warning_try **out, size_t *count,
                   struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *rows = NULL;
    int rc = sql_query(db, &stmt, err,
                       "SELECT f.contact_id, k.namespace, k.urn, f.at, f.refused"
                       " FROM failing f JOIN contact k USING (contact_id)"
                       " WHERE f.at > ?1 - ?2 AND f.at <= ?1"
                       " AND k.ended_at IS NULL AND k.verified_at <= f.at"
                       " ORDER BY f.contact_id, f.at",
                       "ii", (int64_t)now, (int64_t)TRIES_SECONDS);

    rc = list_read(db, rc, stmt, sizeof **out, read_try, &rows, count, err);
    *out = rows;
    return rc;
}

static int read_roll(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct warning_roll *r = row;

    r->imported_at = sqlite3_column_int64(stmt, 1);
    return sql_copy(stmt, 0, r->la_code, sizeof r->la_code, err);
}

int warnings_rolls(struct db *db, struct warning_roll **out, size_t *count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *rows = NULL;
    int rc =
        sql_query(db, &stmt, err, "SELECT la_code, imported_at FROM roll ORDER BY la_code", "");

    rc = list_read(db, rc, stmt, sizeof **out, read_roll, &rows, count, err);
    *out = rows;
    return rc;
}

static int read_desk(sqlite3_stmt *stmt, void *row, struct err *err)
{
    return read_door(stmt, 0, row, err);
}

int warnings_desks(struct db *db, const char *namespace, struct door **out, size_t *count,
                   struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *rows = NULL;
    int rc = sql_query(db, &stmt, err,
                       "SELECT DISTINCT namespace, urn FROM contact WHERE namespace = ?"
                       " AND role = 'la_desk' AND verified_at IS NOT NULL AND ended_at IS NULL"
                       " ORDER BY urn",
                       "t", namespace);

    rc = list_read(db, rc, stmt, sizeof **out, read_desk, &rows, count, err);
    *out = rows;
    return rc;
}
