#include "store/report.h"

#include <stdlib.h>
#include <string.h>

#include "store/registers.h"
#include "store/report_list.h"

static int read_door(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_door *d = into;
    int64_t status = sqlite3_column_int64(stmt, 4);

    (void)db;
    d->registered = status != 0;
    d->open = status == 1 || status == 3;
    d->pupils = sqlite3_column_int64(stmt, 5);
    d->contacts = sqlite3_column_int64(stmt, 6);
    d->successors = status == 2 ? sqlite3_column_int64(stmt, 7) : 0;
    if (sql_copy(stmt, 0, d->door.namespace, sizeof d->door.namespace, err) < 0 ||
        sql_copy(stmt, 1, d->door.urn, sizeof d->door.urn, err) < 0 ||
        sql_copy(stmt, 2, d->name, sizeof d->name, err) < 0 ||
        sql_copy(stmt, 3, d->la_code, sizeof d->la_code, err) < 0)
        return -1;
    return 0;
}

int report_doors(struct db *db, day_t on, struct report_door **out, size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_door, read_door);
    int rc = sql_query(
        db, &list.stmt, err,
        "SELECT s.namespace, s.urn, e.name, e.la_code, coalesce(e.status_code, 0), s.pupils,"
        " (SELECT count(*) FROM contact c WHERE c.namespace = s.namespace AND c.urn = s.urn"
        "  AND c.verified_at IS NOT NULL AND c.ended_at IS NULL),"
        " (SELECT count(DISTINCT l.link_urn) FROM establishment_link l"
        "  WHERE l.namespace = s.namespace AND l.urn = s.urn AND l.link_urn <> l.urn"
        "  AND l.type LIKE 'Successor%')"
        " FROM (SELECT namespace, urn, count(*) AS pupils FROM enrolment"
        "  WHERE ended_at IS NULL AND (from_day IS NULL OR from_day <= ?1)"
        "  AND (to_day IS NULL OR to_day >= ?1) GROUP BY namespace, urn) s"
        " LEFT JOIN establishment e ON e.namespace = s.namespace AND e.urn = s.urn"
        " ORDER BY e.la_code, e.name, s.urn",
        "d", on);

    return report_list_out(&list, report_rows(db, &list, rc, err), out, count);
}

int report_centres(struct db *db, struct report_door **out, size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_door, read_door);
    int rc = sql_query(
        db, &list.stmt, err,
        "SELECT r.namespace, r.urn, e.name, e.la_code, e.status_code, 0,"
        " (SELECT count(*) FROM contact c WHERE c.namespace = r.namespace AND c.urn = r.urn"
        "  AND c.verified_at IS NOT NULL AND c.ended_at IS NULL), 0"
        " FROM (SELECT DISTINCT namespace, urn FROM reach) r"
        " JOIN establishment e ON e.namespace = r.namespace AND e.urn = r.urn"
        " WHERE e.status_code IN (1, 3) ORDER BY e.la_code, e.name, r.urn",
        "");

    return report_list_out(&list, report_rows(db, &list, rc, err), out, count);
}

static int read_tally(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_tally *t = into;

    (void)db;
    t->count = sqlite3_column_int64(stmt, 3);
    t->at = sql_moment(stmt, 4);
    if (sql_copy(stmt, 0, t->namespace, sizeof t->namespace, err) < 0 ||
        sql_copy(stmt, 1, t->id, sizeof t->id, err) < 0 ||
        sql_copy(stmt, 2, t->name, sizeof t->name, err) < 0)
        return -1;
    return 0;
}

static int read_tallies(struct db *db, const char *sql, struct report_tally **out, size_t *count,
                        struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_tally, read_tally);
    int rc = sql_query(db, &list.stmt, err, sql, "");

    return report_list_out(&list, report_rows(db, &list, rc, err), out, count);
}

int report_deskless(struct db *db, struct report_tally **out, size_t *count, struct err *err)
{
    return read_tallies(db,
                        "SELECT 'la', p.la_code, a.name, count(*), NULL FROM pupil p"
                        " LEFT JOIN authority a ON a.la_code = p.la_code"
                        " WHERE NOT EXISTS (SELECT 1 FROM contact c WHERE c.namespace = 'la'"
                        "  AND c.urn = p.la_code AND c.verified_at IS NOT NULL"
                        "  AND c.ended_at IS NULL)"
                        " GROUP BY p.la_code ORDER BY p.la_code",
                        out, count, err);
}

int report_unverified(struct db *db, struct report_tally **out, size_t *count, struct err *err)
{
    return read_tallies(db,
                        "SELECT c.namespace, c.urn, coalesce(e.name, a.name), count(*), NULL"
                        " FROM contact c"
                        " LEFT JOIN establishment e ON e.namespace = c.namespace AND e.urn = c.urn"
                        " LEFT JOIN authority a ON c.namespace = 'la' AND a.la_code = c.urn"
                        " WHERE c.verified_at IS NULL AND c.ended_at IS NULL"
                        " GROUP BY c.namespace, c.urn ORDER BY 1, 2",
                        out, count, err);
}

int report_adapters(struct db *db, struct report_tally **out, size_t *count, struct err *err)
{
    return read_tallies(db,
                        "SELECT NULL, adapter, NULL, count(*), NULL FROM contact"
                        " WHERE ended_at IS NULL GROUP BY adapter ORDER BY adapter",
                        out, count, err);
}

int report_rolls(struct db *db, struct report_tally **out, size_t *count, struct err *err)
{
    return read_tallies(db,
                        "SELECT 'la', p.la_code, a.name, count(*), r.imported_at"
                        " FROM pupil p LEFT JOIN authority a ON a.la_code = p.la_code"
                        " LEFT JOIN roll r ON r.la_code = p.la_code"
                        " GROUP BY p.la_code ORDER BY p.la_code",
                        out, count, err);
}

int report_last_bank_holiday(struct db *db, day_t *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc =
        sql_query(db, &stmt, err,
                  "SELECT max(day) FROM bank_holiday WHERE division = 'england-and-wales'", "");

    if (rc < 0)
        return -1;
    *out = DAY_NONE;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        *out = sql_day(stmt, 0);
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int read_policy(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct policy_row *p = into;

    (void)db;
    if (sql_copy(stmt, 0, p->scope, sizeof p->scope, err) < 0 ||
        sql_copy(stmt, 1, p->id, sizeof p->id, err) < 0 ||
        sql_copy(stmt, 2, p->key, sizeof p->key, err) < 0 ||
        sql_copy(stmt, 3, p->value, sizeof p->value, err) < 0)
        return -1;
    return 0;
}

int report_policies(struct db *db, struct policy_row **out, size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct policy_row, read_policy);
    int rc = sql_query(db, &list.stmt, err,
                       "SELECT scope, id, key, value FROM policy ORDER BY 1, 2, 3", "");

    return report_list_out(&list, report_rows(db, &list, rc, err), out, count);
}

static int read_route(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_route *r = into;

    (void)db;
    r->below_reception = sqlite3_column_int64(stmt, 2);
    r->visitors = sqlite3_column_int64(stmt, 3);
    return sql_copy(stmt, 0, r->la_code, sizeof r->la_code, err) < 0 ||
                   sql_copy(stmt, 1, r->name, sizeof r->name, err) < 0
               ? -1
               : 0;
}

/* Born on or after this day is below reception: 4 not before the last 31 August. */
static day_t reception_begins_before(day_t today)
{
    int year, month, day;

    day_to_civil(today, &year, &month, &day);
    return day_from_civil((month >= 9 ? year : year - 1) - 4, 9, 1);
}

int report_routes(struct db *db, day_t today, struct report_route **out, size_t *count,
                  struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_route, read_route);
    struct report_route *items;
    int rc = sql_query(db, &list.stmt, err,
                       "WITH below AS (SELECT e.la_code, count(DISTINCT p.pupil_key) AS n"
                       "  FROM pupil p JOIN enrolment n USING (pupil_key)"
                       "  JOIN establishment e ON e.namespace = n.namespace AND e.urn = n.urn"
                       "  WHERE p.dob >= ? AND n.namespace = 'school' AND n.ended_at IS NULL"
                       "  GROUP BY e.la_code)"
                       " SELECT a.la_code, a.name,"
                       " ifnull((SELECT n FROM below WHERE below.la_code = a.la_code), 0),"
                       " (SELECT count(*) FROM contact c WHERE c.namespace = 'la'"
                       "  AND c.urn = a.la_code AND c.role = 'health_visitor'"
                       "  AND c.verified_at IS NOT NULL AND c.ended_at IS NULL)"
                       " FROM authority a WHERE a.la_code IN (SELECT la_code FROM pupil)"
                       " ORDER BY a.la_code",
                       "d", reception_begins_before(today));

    rc = report_rows(db, &list, rc, err);
    items = list.items;
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        struct policy_row *rows = NULL;
        struct policy policy;
        size_t n = 0;

        rc = registers_policies(db, NULL, items[i].la_code, NULL, &rows, &n, err);
        policy_resolve(rows, n, NULL, items[i].la_code, NULL, &policy);
        items[i].nurseries = policy.nurseries;
        items[i].health_visitors = policy.health_visitors;
        free(rows);
    }
    return report_list_out(&list, rc, out, count);
}
