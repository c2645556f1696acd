/* Pupils and enrolments as matching and planning read them. */
#include "store/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/compare.h"
#include "match/keys.h"
#include "match/person.h"
#include "store/remember.h"
#include "store/roll_index.h"
#include "store/sql.h"

void pupil_release(struct pupil *p)
{
    personal_release(&p->upn);
    personal_release(&p->forename);
    personal_release(&p->middle_names);
    personal_release(&p->surname);
    personal_release(&p->preferred_forename);
    personal_release(&p->former_surname);
    personal_release(&p->house);
    personal_release(&p->street);
    personal_release(&p->town);
    personal_release(&p->postcode);
}

/* The pupil as matching compares it, from texts in the order of PUPIL's last columns. */
enum {
    UPN,
    FORENAME,
    MIDDLE_NAMES,
    SURNAME,
    PREFERRED,
    FORMER,
    HOUSE,
    STREET,
    TOWN,
    POSTCODE,
    TEXTS
};

static void fold(const char *const texts[TEXTS], struct person *out)
{
    char address[512];

    person_init(out);
    person_add_forename(out, texts[FORENAME]);
    person_add_forename(out, texts[PREFERRED]);
    person_set_middle_names(out, texts[MIDDLE_NAMES]);
    person_add_surname(out, texts[SURNAME]);
    person_add_surname(out, texts[FORMER]);
    person_set_upn(out, texts[UPN]);
    snprintf(address, sizeof address, "%s %s", texts[HOUSE], texts[STREET]);
    person_set_address(out, address);
    personal_wipe(address, sizeof address);
    person_set_postcode(out, texts[POSTCODE]);
}

void roster_person(const struct pupil *pupil, struct person *out)
{
    const char *const texts[TEXTS] = {
        [UPN] = personal_reveal(&pupil->upn),
        [FORENAME] = personal_reveal(&pupil->forename),
        [MIDDLE_NAMES] = personal_reveal(&pupil->middle_names),
        [SURNAME] = personal_reveal(&pupil->surname),
        [PREFERRED] = personal_reveal(&pupil->preferred_forename),
        [FORMER] = personal_reveal(&pupil->former_surname),
        [HOUSE] = personal_reveal(&pupil->house),
        [STREET] = personal_reveal(&pupil->street),
        [TOWN] = personal_reveal(&pupil->town),
        [POSTCODE] = personal_reveal(&pupil->postcode),
    };

    fold(texts, out);
    out->born = pupil->born;
    out->sex = pupil->gender;
    memcpy(out->la_code, pupil->la_code, sizeof out->la_code);
}

#define PUPIL                                                                                      \
    "SELECT la_code, pupil_id, gender, dob, nc_year, upn, forename, middle_names, surname,"        \
    " preferred_forename, former_surname, house, street, town, postcode FROM pupil"                \
    " WHERE pupil_key = ?"

static enum incident_sex sex_of(const char *gender)
{
    return !gender                    ? SEX_UNKNOWN
           : strcmp(gender, "F") == 0 ? SEX_FEMALE
           : strcmp(gender, "M") == 0 ? SEX_MALE
                                      : SEX_UNKNOWN;
}

static int read_pupil(sqlite3_stmt *stmt, struct pupil *out, struct err *err)
{
    struct personal *const texts[] = {
        &out->upn,
        &out->forename,
        &out->middle_names,
        &out->surname,
        &out->preferred_forename,
        &out->former_surname,
        &out->house,
        &out->street,
        &out->town,
        &out->postcode,
    };
    int rc = 0;

    out->gender = sex_of(sql_text(stmt, 2));
    out->born = sql_day(stmt, 3);
    if (sql_copy(stmt, 0, out->la_code, sizeof out->la_code, err) < 0 ||
        sql_copy(stmt, 1, out->pupil_id, sizeof out->pupil_id, err) < 0 ||
        sql_copy(stmt, 4, out->nc_year, sizeof out->nc_year, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(texts); i++)
        rc = sql_personal(stmt, 5 + (int)i, texts[i], err);
    return rc;
}

int roster_pupil(struct db *db, int64_t pupil_key, struct pupil *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    out->pupil_key = pupil_key;
    if (sql_query(db, &stmt, err, PUPIL, "i", pupil_key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && read_pupil(stmt, out, err) < 0)
        rc = -1;
    sql_done(stmt);
    if (rc != 1)
        pupil_release(out);
    return rc;
}

/* Schools are those that the pupil has not left, whatever the day: a claim is compared with them. */
static int add_schools(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT namespace, urn, school, enrolment <> 'main' FROM enrolment"
                  " WHERE pupil_key = ? AND ended_at IS NULL"
                  " ORDER BY enrolment <> 'main', enrolment_id",
                  "i", pupil_key) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        if (out->schools_count == 0) /* a main one comes first */
            out->is_second = sqlite3_column_int(stmt, 3);
        person_add_school(out, sql_text(stmt, 0), sql_text(stmt, 1));
        if (sql_text(stmt, 2))
            person_add_school_name(out, sql_text(stmt, 2));
    }
    sql_done(stmt);
    return rc;
}

int roster_count(struct db *db, double *pupils, struct err *err)
{
    int64_t n = 0;

    switch (roll_index_is_current(db, err)) {
    case 1:
        break;
    case 0:
        return err_set(err, ERR_STORE,
                       "store %s: another version has made the roll's keys: start encompassd or"
                       " import a roll, which makes them anew",
                       db_path(db));
    default:
        return -1;
    }
    if (sql_int(db, &n, err, "SELECT pupils FROM name_count WHERE key = 0", "") < 0)
        return -1;
    *pupils = (double)n;
    return 0;
}

static int count_names(struct db *db, enum name_place place, char names[][NAME_SIZE], size_t count,
                       unsigned *held, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int64_t n = 0;

        if (sql_int(db, &n, err, "SELECT pupils FROM name_count WHERE key = ?", "i",
                    (int64_t)key_of_name(place, names[i])) < 0)
            return -1;
        held[i] = (unsigned)n;
    }
    return 0;
}

int roster_count_names(struct db *db, struct person *p, struct err *err)
{
    if (count_names(db, NAME_AS_FORENAME, p->forenames, p->forenames_count, p->forenames_held,
                    err) < 0)
        return -1;
    return count_names(db, NAME_AS_SURNAME, p->surnames, p->surnames_count, p->surnames_held, err);
}

int roster_count_full_name(struct db *db, const char *forename, const char *surname, int year,
                           unsigned *out, struct err *err)
{
    const int64_t first = (int64_t)(keys_name_in_year(forename, surname, year) << PUPIL_BITS);
    int64_t n = 0;

    if (sql_int(db, &n, err,
                "SELECT count(*) FROM (SELECT 1 FROM pupil_block WHERE entry BETWEEN ? AND ?"
                " LIMIT ?)",
                "iii", first, first | (((int64_t)1 << PUPIL_BITS) - 1), (int64_t)FULL_NAME_MAX) < 0)
        return -1;
    *out = (unsigned)n;
    return 0;
}

/* Without schools and without how many bear its names. */
static int load_bare(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    const char *texts[TEXTS];
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err, PUPIL, "i", pupil_key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        for (int i = 0; i < TEXTS; i++)
            texts[i] = sql_text(stmt, 5 + i) ? sql_text(stmt, 5 + i) : "";
        fold(texts, out);
        out->born = sql_day(stmt, 3);
        out->sex = sex_of(sql_text(stmt, 2));
        if (sql_copy(stmt, 0, out->la_code, sizeof out->la_code, err) < 0)
            rc = -1;
    } else if (rc == 0) {
        rc = err_set(err, ERR_STORE, "pupil %lld has keys and no row", (long long)pupil_key);
    }
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int load_person(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    if (load_bare(db, pupil_key, out, err) < 0 || remember_add_to(db, pupil_key, out, err) < 0 ||
        roster_count_names(db, out, err) < 0)
        return -1;
    return add_schools(db, pupil_key, out, err);
}

struct hit {
    int64_t pupil_key;
    long worth; /* of the keys shared, keys_worth */
};

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
    const int64_t first = (int64_t)(key->bits << PUPIL_BITS),
                  pupil = ((int64_t)1 << PUPIL_BITS) - 1;
    size_t n = 0, most = keys_ceiling(key->kind);
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT entry FROM pupil_block WHERE entry BETWEEN ? AND ? LIMIT ?", "iii", first,
                  first | pupil, (int64_t)most + 1) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1)
        hits[*count + n++] = (struct hit){sqlite3_column_int64(stmt, 0) & pupil, 0};
    sql_done(stmt);
    if (n > most)
        return rc;
    for (size_t i = 0; i < n; i++)
        hits[(*count)++].worth = keys_worth(roll, n);
    return rc;
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

void roster_candidates_free(struct candidate *candidates, size_t count)
{
    for (size_t i = 0; candidates && i < count; i++)
        person_wipe(&candidates[i].person);
    free(candidates);
}

/* load_person, load_bare */
typedef int load(struct db *db, int64_t pupil_key, struct person *out, struct err *err);

static int load_candidates(struct db *db, const struct hit *hits, size_t n, load *load_one,
                           struct candidate **out, size_t *count, struct err *err)
{
    struct candidate *candidates = malloc(n * sizeof *candidates);
    int rc = candidates ? 0 : err_memory(err);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        candidates[i].pupil_key = hits[i].pupil_key;
        person_init(&candidates[i].person);
        rc = load_one(db, hits[i].pupil_key, &candidates[i].person, err);
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

static int find_candidates(struct db *db, const struct key *keys, size_t keys_count, load *load_one,
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
    rc = collect(db, keys, keys_count, &hits, &n, err);
    if (rc == 0)
        n = handed_over(hits, n);
    if (rc == 0 && n > 0)
        rc = load_candidates(db, hits, n, load_one, out, count, err);
    free(hits);
    if (ours)
        db_rollback(db); /* nothing was written */
    return rc;
}

int roster_candidates(struct db *db, const struct key *keys, size_t keys_count,
                      struct candidate **out, size_t *count, struct err *err)
{
    return find_candidates(db, keys, keys_count, load_person, out, count, err);
}

/* As far as planning compares one row of a pupil with another. */
static int load_row(struct db *db, int64_t pupil_key, struct person *out, struct err *err)
{
    int64_t second = 0;

    if (load_bare(db, pupil_key, out, err) < 0 ||
        sql_int(db, &second, err,
                "SELECT min(enrolment <> 'main') FROM enrolment"
                " WHERE pupil_key = ? AND ended_at IS NULL",
                "i", pupil_key) < 0)
        return -1;
    out->is_second = second;
    return 0;
}

enum { ENROLMENTS_MAX = 16 };

typedef bool is_one_fn(const struct person *a, const struct person *b);

/* The pupil's own row first, then those of the same child, as is_one says. */
static int rows_of_one(struct db *db, int64_t pupil_key, is_one_fn *is_one,
                       int64_t rows[ROSTER_ROWS_MAX], size_t *count, struct err *err)
{
    struct person pupil, number;
    struct candidate *candidates = NULL;
    struct key keys[KEYS_MAX];
    size_t n = 0;
    int rc;

    rows[0] = pupil_key;
    *count = 1;
    person_init(&pupil);
    rc = load_row(db, pupil_key, &pupil, err);
    if (rc == 0 && pupil.upn[0]) {
        person_init(&number);
        person_set_upn(&number, pupil.upn);
        rc = find_candidates(db, keys, keys_of(&number, KEYS_PUPIL, keys), load_row, &candidates,
                             &n, err);
        person_wipe(&number);
    }
    for (size_t i = 0; i < n && *count < ROSTER_ROWS_MAX; i++) {
        if (candidates[i].pupil_key != pupil_key && is_one(&candidates[i].person, &pupil))
            rows[(*count)++] = candidates[i].pupil_key;
    }
    roster_candidates_free(candidates, n);
    person_wipe(&pupil);
    return rc;
}

int roster_rows(struct db *db, int64_t pupil_key, int64_t rows[ROSTER_ROWS_MAX], size_t *count,
                struct err *err)
{
    return rows_of_one(db, pupil_key, compare_is_one_number, rows, count, err);
}

static bool has_door(const struct enrolment *list, size_t count, const struct enrolment *e)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].namespace, e->namespace) == 0 && strcmp(list[i].urn, e->urn) == 0)
            return true;
    }
    return false;
}

/* A row that a complete roll no longer has was true until the day before it was missed. */
static int add_enrolments(struct db *db, int64_t pupil_key, day_t on, struct enrolment *list,
                          size_t *count, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(
            db, &stmt, err,
            "SELECT namespace, urn, enrolment, from_day, to_day, days FROM enrolment"
            " WHERE pupil_key = ?1 AND ifnull(from_day, ?2) <= ?2 AND ifnull(to_day, ?2) >= ?2"
            " AND (ended_at IS NULL OR ended_at >= ?3)"
            " ORDER BY enrolment <> 'main', namespace, urn",
            "idi", pupil_key, on, (int64_t)london_moment(on + 1, 0)) < 0)
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

int roster_enrolments(struct db *db, int64_t pupil_key, day_t on, struct enrolment **out,
                      size_t *count, struct err *err)
{
    int64_t rows[ROSTER_ROWS_MAX];
    struct enrolment *list;
    size_t rows_count;
    int rc;

    *out = NULL;
    *count = 0;
    rc = rows_of_one(db, pupil_key, compare_is_one_pupil, rows, &rows_count, err);
    if (rc < 0)
        return -1;
    list = calloc(ENROLMENTS_MAX, sizeof *list);
    if (!list)
        return err_memory(err);
    for (size_t i = 0; rc == 0 && i < rows_count; i++)
        rc = add_enrolments(db, rows[i], on, list, count, err);
    if (rc < 0 || *count == 0) {
        free(list);
        *count = 0;
        return rc;
    }
    *out = list;
    return 0;
}
