/* Who shares keys with a child, and what they are compared by. */
#include "store/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "match/person.h"
#include "store/name_counts.h"
#include "store/roll_index.h"
#include "store/roster.h"
#include "store/schools.h"
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

static int none_folded(int64_t pupil_key, struct err *err)
{
    return err_set(err, ERR_STORE, "pupil %lld has keys and is not folded", (long long)pupil_key);
}

/* 1; 0 its schools have to be read; -1. */
static int load_folded(struct db *db, int64_t pupil_key, struct person *out,
                       struct schools *schools, struct err *err)
{
    sqlite3_stmt *stmt;
    bool known = false;
    int rc;

    person_init(out);
    if (sql_query(db, &stmt, err, "SELECT person, schools FROM pupil_folded WHERE pupil_key = ?",
                  "i", pupil_key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 0 || (rc == 1 && !person_unpack(sqlite3_column_blob(stmt, 0),
                                              (size_t)sqlite3_column_bytes(stmt, 0), out)))
        rc = none_folded(pupil_key, err);
    if (rc == 1 && sqlite3_column_type(stmt, 1) != SQLITE_NULL) {
        known = schools_unpack(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
                               schools);
        rc = known ? 1 : none_folded(pupil_key, err);
    }
    sql_done(stmt);
    return rc < 0 ? -1 : known;
}

static int load(struct db *db, int64_t pupil_key, day_t on, struct person *out, struct err *err)
{
    struct schools schools;
    int rc = load_folded(db, pupil_key, out, &schools, err);

    if (rc == 0)
        rc = schools_read(db, pupil_key, &schools, err);
    if (rc < 0)
        return -1;
    schools_give(&schools, on, out);
    return name_counts_fill(db, out, err);
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
