#include "store/closures.h"

#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/incidents.h"
#include "store/registers_write.h"
#include "store/sql.h"

/* Rows of the terms that overlap the days asked for. */
struct overlap {
    int64_t term_id;
    day_t from, to;
    char title[161];
};
enum { OVERLAPS_MAX = 64 };

static const char *or_null(bool wanted, const char *text)
{
    return wanted ? text : NULL;
}

static int put(struct db *db, const struct closure *c, day_t from, day_t to, const char *title,
               enum change *change, struct err *err)
{
    bool la = strcmp(c->door.namespace, "la") == 0;
    char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
    /* In the order of REGISTER_TERM. */
    const char *const values[] = {or_null(la, c->door.urn),
                                  or_null(!la, c->door.namespace),
                                  or_null(!la, c->door.urn),
                                  "closure",
                                  day_format(from, first),
                                  day_format(to, last),
                                  title,
                                  NULL};

    return registers_put(db, REGISTER_TERM, values, -1, NULL, change, NULL, err);
}

static int note(struct db *db, const struct closure *c, const char *event, const char *who,
                time_t now, struct err *err)
{
    char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
    int replanned = incidents_replan_unsent(db, now, err);

    if (replanned < 0)
        return -1;
    return audit_add(db, now, who, event, &AUDIT_ABOUT_NOTHING, err,
                     "door=%s/%s from=%s to=%s replanned=%d", c->door.namespace, c->door.urn,
                     day_format(c->from, first), day_format(c->to, last), replanned);
}

int closures_add(struct db *db, const struct closure *c, const char *who, time_t now,
                 struct err *err)
{
    enum change change;

    if (put(db, c, c->from, c->to, c->title, &change, err) < 0 ||
        note(db, c, "calendar.closed", who, now, err) < 0)
        return -1;
    return change == CHANGE_ADDED;
}

static int read_overlaps(struct db *db, const struct closure *c, struct overlap *out,
                         struct err *err)
{
    bool la = strcmp(c->door.namespace, "la") == 0;
    sqlite3_stmt *stmt;
    int n = 0, rc = 0;

    if (sql_query(db, &stmt, err,
                  "SELECT term_id, from_day, to_day, title FROM term"
                  " WHERE kind = 'closure' AND ifnull(la_code,'') = ifnull(?,'')"
                  " AND ifnull(namespace,'') = ifnull(?,'') AND ifnull(urn,'') = ifnull(?,'')"
                  " AND from_day <= ? AND to_day >= ? ORDER BY term_id",
                  "tttdd", or_null(la, c->door.urn), or_null(!la, c->door.namespace),
                  or_null(!la, c->door.urn), c->to, c->from) < 0)
        return -1;
    while (n < OVERLAPS_MAX && (rc = sql_row(db, stmt, err)) == 1) {
        out[n].term_id = sqlite3_column_int64(stmt, 0);
        out[n].from = sql_day(stmt, 1);
        out[n].to = sql_day(stmt, 2);
        if (sql_copy(stmt, 3, out[n].title, sizeof out[n].title, err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int closures_remove(struct db *db, const struct closure *c, const char *who, time_t now,
                    struct err *err)
{
    struct overlap *overlaps = calloc(OVERLAPS_MAX, sizeof *overlaps);
    enum change change;
    int n = overlaps ? read_overlaps(db, c, overlaps, err) : err_memory(err), rc = 0;

    for (int i = 0; rc == 0 && i < n; i++) {
        const struct overlap *o = &overlaps[i];

        rc = sql_run(db, err, "DELETE FROM term WHERE term_id = ?", "i", o->term_id);
        if (rc == 0 && o->from < c->from)
            rc = put(db, c, o->from, c->from - 1, o->title, &change, err);
        if (rc == 0 && o->to > c->to)
            rc = put(db, c, c->to + 1, o->to, o->title, &change, err);
    }
    free(overlaps);
    if (rc == 0 && n > 0)
        rc = note(db, c, "calendar.reopened", who, now, err);
    return rc < 0 ? -1 : n;
}

int closures_why(struct db *db, const struct door *door, const char *la_code, day_t day,
                 struct closed_why *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT kind, title, from_day, to_day FROM term"
                  " WHERE kind <> 'term' AND ((namespace = ?1 AND urn = ?2) OR la_code = ?3)"
                  " AND from_day <= ?4 AND to_day >= ?4"
                  " UNION ALL SELECT 'bank', title, day, day FROM bank_holiday"
                  "  WHERE division = 'england-and-wales' AND day = ?4 LIMIT 1",
                  "tttd", door->namespace, door->urn, la_code, day) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        out->from = sql_day(stmt, 2);
        out->to = sql_day(stmt, 3);
        if (sql_copy(stmt, 0, out->kind, sizeof out->kind, err) < 0 ||
            sql_copy(stmt, 1, out->title, sizeof out->title, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}
