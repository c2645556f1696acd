/* Rows of the rolls that are one child's, and where it is on roll by them. */
#include <stdlib.h>
#include <string.h>

#include "match/keys.h"
#include "match/person.h"
#include "match/rows.h"
#include "store/candidates.h"
#include "store/roster.h"
#include "store/sql.h"

enum { ENROLMENTS_MAX = 16 };

/* Rows of one child, that of the pupil asked for first. The people are read only where there are two
 * at least. */
struct rows {
    int64_t keys[ROSTER_ROWS_MAX];
    struct person people[ROSTER_ROWS_MAX];
    size_t count;
};

/* As far as one row of a pupil is compared with another, but for its standing. */
static int load(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    struct pupil pupil;
    int rc = roster_pupil(db, pupil_key, &pupil, err);

    if (rc == 0)
        return err_set(err, ERR_STORE, "there is no pupil %lld", (long long)pupil_key);
    if (rc < 0)
        return -1;
    roster_person(&pupil, out);
    pupil_release(&pupil);
    return 0;
}

/* The pupil's number, folded; "" none. */
static int number_of(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    person_init(out);
    if (sql_query(db, &stmt, err, "SELECT upn FROM pupil WHERE pupil_key = ?", "i", pupil_key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && sql_text(stmt, 0))
        person_set_upn(out, sql_text(stmt, 0));
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

/* Those of the hits that are the same child. Nearly always the pupil is alone. */
static int add_others(struct db *db, const struct hit *hits, size_t n, struct rows *rows,
                      struct err *err)
{
    bool loaded = false;

    for (size_t i = 0; i < n && rows->count < ROSTER_ROWS_MAX; i++) {
        struct person *other = &rows->people[rows->count];

        if (hits[i].pupil_key == rows->keys[0])
            continue;
        if (!loaded && load(db, rows->keys[0], &rows->people[0], err) < 0)
            return -1;
        loaded = true;
        if (load(db, hits[i].pupil_key, other, err) < 0)
            return -1;
        if (rows_are_one_child(other, &rows->people[0]))
            rows->keys[rows->count++] = hits[i].pupil_key;
    }
    return 0;
}

/* *out is for rows_wipe, whatever comes of it. */
static int rows_of_one(struct db *db, int64_t pupil_key, struct rows *out, struct err *err)
{
    bool ours = !db_in_transaction(db);
    struct person number;
    struct key keys[KEYS_MAX];
    struct hit *hits = NULL;
    size_t n = 0;
    int rc;

    memset(out, 0, sizeof *out);
    out->keys[out->count++] = pupil_key;
    if (ours && db_begin_reading(db, err) < 0)
        return -1;
    rc = number_of(db, pupil_key, &number, err);
    if (rc == 0 && number.upn[0])
        rc = candidates_find(db, keys, keys_of(&number, KEYS_PUPIL, keys), &hits, &n, err);
    if (rc == 0)
        rc = add_others(db, hits, n, out, err);
    free(hits);
    person_wipe(&number);
    if (ours)
        db_rollback(db); /* nothing was written */
    return rc;
}

static void rows_wipe(struct rows *rows)
{
    personal_wipe(rows, sizeof *rows);
}

int roster_rows(struct db *db, int64_t pupil_key, int64_t keys[ROSTER_ROWS_MAX], size_t *count,
                struct err *err)
{
    struct rows rows;
    int rc = rows_of_one(db, pupil_key, &rows, err);

    memcpy(keys, rows.keys, sizeof rows.keys);
    *count = rows.count;
    rows_wipe(&rows);
    return rc;
}

int roster_is_one_child(struct db *db, int64_t pupil_key, int64_t other_key, struct err *err)
{
    struct person one, other;
    int rc = pupil_key == other_key;

    if (rc == 1)
        return 1;
    if (number_of(db, pupil_key, &one, err) < 0 || number_of(db, other_key, &other, err) < 0)
        rc = -1;
    else if (one.upn[0] && strcmp(one.upn, other.upn) == 0)
        rc = load(db, pupil_key, &one, err) < 0 || load(db, other_key, &other, err) < 0
                 ? -1
                 : rows_are_one_child(&one, &other);
    person_wipe(&one);
    person_wipe(&other);
    return rc;
}

static bool has_door(const struct enrolment *list, size_t count, const struct enrolment *e)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].namespace, e->namespace) == 0 && strcmp(list[i].urn, e->urn) == 0)
            return true;
    }
    return false;
}

/* A row that a complete roll no longer has was true until the day before it was missed: ?2 is the day,
 * ?3 the moment when the next begins. */
#define NOT_OVER "ifnull(to_day, ?2) >= ?2 AND (ended_at IS NULL OR ended_at >= ?3)"

static int64_t day_after(day_t on)
{
    return (int64_t)london_moment(on + 1, 0);
}

static int add_enrolments(struct db *db, int64_t pupil_key, day_t on, struct enrolment *list,
                          size_t *count, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT namespace, urn, enrolment, from_day, to_day, days FROM enrolment"
                  " WHERE pupil_key = ?1 AND ifnull(from_day, ?2) <= ?2 AND " NOT_OVER
                  " ORDER BY enrolment <> 'main', namespace, urn",
                  "idi", pupil_key, on, day_after(on)) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1 && *count < ENROLMENTS_MAX) {
        struct enrolment *e = &list[*count];

        e->from = sql_day(stmt, 3);
        e->to = sql_day(stmt, 4);
        e->days = sql_text(stmt, 5) ? weekdays_parse(sql_text(stmt, 5)) : 0;
        if (sql_copy(stmt, 0, e->namespace, sizeof e->namespace, err) < 0 ||
            sql_copy(stmt, 1, e->urn, sizeof e->urn, err) < 0 ||
            sql_copy(stmt, 2, e->kind, sizeof e->kind, err) < 0) {
            rc = -1;
            break;
        }
        if (!has_door(list, *count, e))
            (*count)++;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

/* As match/packed.c has it. */
static int find_standings(struct db *db, struct rows *rows, day_t on, struct err *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        int64_t standing = STANDING_OWN;

        if (sql_int(db, &standing, err,
                    "SELECT min(CASE WHEN " NOT_OVER " THEN enrolment <> 'main' ELSE 2 END)"
                    " FROM enrolment WHERE pupil_key = ?1",
                    "idi", rows->keys[i], on, day_after(on)) < 0)
            return -1;
        rows->people[i].standing = (enum standing)standing;
    }
    return 0;
}

/* Of those rows whose schools are told (rows_told). */
static int add_enrolments_of(struct db *db, struct rows *rows, day_t on, struct enrolment *list,
                             size_t *count, struct err *err)
{
    bool told[ROSTER_ROWS_MAX];
    int rc = rows->count > 1 ? find_standings(db, rows, on, err) : 0;

    rows_told(rows->people, rows->count, told);
    for (size_t i = 0; rc == 0 && i < rows->count; i++) {
        if (told[i])
            rc = add_enrolments(db, rows->keys[i], on, list, count, err);
    }
    return rc;
}

int roster_enrolments(struct db *db, int64_t pupil_key, day_t on, struct enrolment **out,
                      size_t *count, struct err *err)
{
    struct enrolment *list = calloc(ENROLMENTS_MAX, sizeof *list);
    struct rows rows;
    int rc;

    *out = NULL;
    *count = 0;
    if (!list)
        return err_memory(err);
    rc = rows_of_one(db, pupil_key, &rows, err);
    if (rc == 0)
        rc = add_enrolments_of(db, &rows, on, list, count, err);
    rows_wipe(&rows);
    if (rc < 0 || *count == 0) {
        free(list);
        *count = 0;
        return rc;
    }
    *out = list;
    return 0;
}
