/* Who shares keys with a child, and what they are compared by. */
#include "store/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "match/packed.h"
#include "match/person.h"
#include "store/name_counts.h"
#include "store/roll_index.h"
#include "store/roster.h"
#include "store/sql.h"

static int by_pupil(const void *a, const void *b)
{
    int64_t x = ((const struct hit *)a)->pupil_key, y = ((const struct hit *)b)->pupil_key;

    return (x > y) - (x < y);
}

static int by_worth(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;

    return x->worth != y->worth ? (x->worth < y->worth ? 1 : -1) : by_pupil(a, b);
}

/* All pupils of a block, one hit each; none of one that is too large. */
static int add_block(struct db *db, const struct key *key, int64_t roll, struct hit *hits,
                     size_t *count, struct err *err)
{
    const int64_t pupil = ((int64_t)1 << PUPIL_BITS) - 1;
    size_t n = 0, most = keys_ceiling(key->kind);
    sqlite3_stmt *stmt;
    long worth;
    int rc = 0;

    /* Where a block ends is seen here: nearly all are short, and a bound costs as much as a row. */
    if (sql_query(db, &stmt, err, "SELECT entry FROM pupil_block WHERE entry >= ?", "i",
                  (int64_t)(key->bits << PUPIL_BITS)) < 0)
        return -1;
    while (n <= most && (rc = sql_row(db, stmt, err)) == 1) {
        int64_t entry = sqlite3_column_int64(stmt, 0);

        if ((uint64_t)entry >> PUPIL_BITS != key->bits)
            break;
        hits[*count + n++] = (struct hit){entry & pupil, 0};
    }
    sql_done(stmt);
    if (rc < 0 || n > most)
        return rc < 0 ? -1 : 0;
    worth = keys_worth(roll, n);
    for (size_t i = 0; i < n; i++)
        hits[(*count)++].worth = worth;
    return 0;
}

/* The union of the blocks, of most worth first. *hits is for free(). */
static int collect(struct db *db, const struct key *keys, size_t keys_count, struct hit **hits,
                   size_t *count, struct err *err)
{
    size_t found = 0, kept = 0, most = 1;
    double roll = 0;
    int rc = roster_count(db, &roll, err);

    *count = 0;
    for (size_t i = 0; i < keys_count; i++)
        most += keys_ceiling(keys[i].kind) + 1;
    *hits = reallocarray(NULL, most, sizeof **hits);
    if (!*hits)
        return err_memory(err);
    for (size_t i = 0; rc == 0 && i < keys_count; i++)
        rc = add_block(db, &keys[i], (int64_t)roll, *hits, &found, err);
    if (rc < 0) {
        free(*hits);
        *hits = NULL;
        return -1;
    }
    qsort(*hits, found, sizeof **hits, by_pupil);
    for (size_t i = 0; i < found; i++) {
        if (kept > 0 && (*hits)[kept - 1].pupil_key == (*hits)[i].pupil_key)
            (*hits)[kept - 1].worth += (*hits)[i].worth;
        else
            (*hits)[kept++] = (*hits)[i];
    }
    qsort(*hits, kept, sizeof **hits, by_worth);
    *count = kept;
    return 0;
}

/* How many of the hits are handed over: those of one worth come all or none, so that it does not
 * depend on their order on the roll; unless they alone are too many. */
static size_t handed_over(const struct hit *hits, size_t count)
{
    size_t n = CANDIDATES_MAX;

    if (count <= n)
        return count;
    while (n > 0 && hits[n - 1].worth == hits[n].worth)
        n--;
    return n > 0 ? n : CANDIDATES_MAX;
}

int candidates_find(struct db *db, const struct key *keys, size_t keys_count, struct hit **hits,
                    size_t *count, struct err *err)
{
    if (collect(db, keys, keys_count, hits, count, err) < 0)
        return -1;
    *count = handed_over(*hits, *count);
    return 0;
}

/* The last column is the standing by this enrolment; ?2 is the day, NULL for whatever day. */
#define SCHOOLS                                                                                    \
    "SELECT namespace, urn, school,"                                                               \
    " CASE WHEN to_day < ?2 THEN 2 ELSE enrolment <> 'main' END"                                   \
    " FROM enrolment WHERE pupil_key = ?1 AND ended_at IS NULL"

static void add_school(sqlite3_stmt *stmt, struct person *out)
{
    enum standing standing = (enum standing)sqlite3_column_int(stmt, 3);

    if (standing < out->standing)
        out->standing = standing;
    person_add_school(out, sql_text(stmt, 0), sql_text(stmt, 1));
    if (sql_text(stmt, 2))
        person_add_school_name(out, sql_text(stmt, 2));
}

/* A main one comes first. That matters to a pupil of several schools alone, and costs each a sort. */
static int add_schools_in_order(struct db *db, int64_t pupil_key, day_t on, struct person *out,
                                struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    out->schools_count = out->school_names_count = 0;
    if (sql_query(db, &stmt, err, SCHOOLS " ORDER BY enrolment <> 'main', enrolment_id", "id",
                  pupil_key, on) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1)
        add_school(stmt, out);
    sql_done(stmt);
    return rc;
}

/* One that never was at a school is its authority's own as long as it is on the roll at all. */
static int find_former(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    int64_t one;
    int rc = sql_int(db, &one, err, "SELECT 1 FROM enrolment WHERE pupil_key = ? LIMIT 1", "i",
                     pupil_key);

    if (rc == 0)
        out->standing = STANDING_OWN;
    return rc < 0 ? -1 : 0;
}

/* Schools are those that the pupil has not left, whatever the day: a claim is compared with them. */
static int add_schools(struct db *db, int64_t pupil_key, day_t on, struct person *out,
                       struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    out->standing = STANDING_LEFT;
    if (sql_query(db, &stmt, err, SCHOOLS, "id", pupil_key, on) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 0) {
        sql_done(stmt);
        return find_former(db, pupil_key, out, err);
    }
    if (rc == 1) {
        add_school(stmt, out);
        rc = sql_row(db, stmt, err);
    }
    sql_done(stmt);
    return rc == 1 ? add_schools_in_order(db, pupil_key, on, out, err) : rc;
}

static int load_folded(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    person_init(out);
    if (sql_query(db, &stmt, err, "SELECT person FROM pupil_folded WHERE pupil_key = ?", "i",
                  pupil_key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 0 || (rc == 1 && !person_unpack(sqlite3_column_blob(stmt, 0),
                                              (size_t)sqlite3_column_bytes(stmt, 0), out)))
        rc = err_set(err, ERR_STORE, "pupil %lld has keys and is not folded", (long long)pupil_key);
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int load(struct db *db, int64_t pupil_key, day_t on, struct person *out, struct err *err)
{
    if (load_folded(db, pupil_key, out, err) < 0 || name_counts_fill(db, out, err) < 0)
        return -1;
    return add_schools(db, pupil_key, on, out, err);
}

void roster_candidates_free(struct candidate *candidates, size_t count)
{
    for (size_t i = 0; candidates && i < count; i++)
        person_wipe(&candidates[i].person);
    free(candidates);
}

static int load_all(struct db *db, const struct hit *hits, size_t n, day_t on,
                    struct candidate **out, size_t *count, struct err *err)
{
    struct candidate *candidates = malloc(n * sizeof *candidates);
    int rc = candidates ? 0 : err_memory(err);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        candidates[i].pupil_key = hits[i].pupil_key;
        rc = load(db, hits[i].pupil_key, on, &candidates[i].person, err);
        *count = i + 1;
    }
    if (rc < 0) {
        roster_candidates_free(candidates, *count);
        *count = 0;
        return -1;
    }
    *out = candidates;
    return 0;
}

int roster_candidates(struct db *db, const struct key *keys, size_t keys_count, day_t on,
                      struct candidate **out, size_t *count, struct err *err)
{
    bool ours = !db_in_transaction(db);
    struct hit *hits = NULL;
    size_t n = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (ours && db_begin_reading(db, err) < 0)
        return -1;
    rc = candidates_find(db, keys, keys_count, &hits, &n, err);
    if (rc == 0 && n > 0)
        rc = load_all(db, hits, n, on, out, count, err);
    free(hits);
    if (ours)
        db_rollback(db); /* nothing was written */
    return rc;
}
