#include "match/queries.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/keys.h"
#include "match/person.h"
#include "match/weights.h"
#include "registers/csv_file.h"
#include "store/roster.h"

enum column {
    QUERY_ID,
    CALL_DATE,
    FORENAME,
    MIDDLE_NAMES,
    SURNAME,
    DOB,
    AGE,
    GENDER,
    ADDRESS,
    POSTCODE,
    SCHOOL_SAID,
    UPN,
    COLUMNS,
};

static const struct csv_column columns[COLUMNS] = {
    [QUERY_ID] = {"query_id", true},
    [CALL_DATE] = {"call_date", true},
    [FORENAME] = {"forename", true},
    [MIDDLE_NAMES] = {"middle_names", false},
    [SURNAME] = {"surname", true},
    [DOB] = {"dob", true},
    [AGE] = {"age", false},
    [GENDER] = {"gender", false},
    [ADDRESS] = {"address", false},
    [POSTCODE] = {"postcode", false},
    [SCHOOL_SAID] = {"school_said", false},
    [UPN] = {"upn", false},
};

struct run {
    struct db *db;
    const char *path;
    struct csv_file *csv;
    FILE *out;
    struct queries_result *result;
    struct matcher matcher;
    int64_t *took_us;
    size_t took_room;
};

static const char *cell(const struct run *r, enum column column)
{
    return csv_file_cell(r->csv, column);
}

/* What is wrong, without the value. */
static int refuse(const struct run *r, enum column column, const char *what, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s:%zu: %s: %s", r->path, csv_file_line(r->csv, column),
                   columns[column].name, what);
}

static int read_age(const struct run *r, int *out, struct err *err)
{
    const char *text = cell(r, AGE);
    size_t digits = strspn(text, "0123456789");

    *out = -1;
    if (!*text)
        return 0;
    if (text[digits] || digits > 2)
        return refuse(r, AGE, "is no age in whole years", err);
    *out = (int)strtol(text, NULL, 10);
    return 0;
}

static int read_gender(const struct run *r, enum incident_sex *out, struct err *err)
{
    const char *text = cell(r, GENDER);

    if (!*text || strcmp(text, "X") == 0 || strcmp(text, "U") == 0)
        *out = SEX_UNKNOWN;
    else if (strcmp(text, "F") == 0)
        *out = SEX_FEMALE;
    else if (strcmp(text, "M") == 0)
        *out = SEX_MALE;
    else
        return refuse(r, GENDER, "is not F, M, X or U", err);
    return 0;
}

static int read_query(const struct run *r, struct person *p, struct err *err)
{
    person_init(p);
    if (!*cell(r, QUERY_ID))
        return refuse(r, QUERY_ID, "is missing", err);
    if (strlen(cell(r, QUERY_ID)) > 64 || strpbrk(cell(r, QUERY_ID), ",\"\r\n"))
        return refuse(r, QUERY_ID, "is longer than 64 or has commas or quotation marks", err);
    p->seen_on = day_parse(cell(r, CALL_DATE));
    if (p->seen_on == DAY_NONE)
        return refuse(r, CALL_DATE, "is no date such as 2026-03-13", err);
    p->born = day_parse(cell(r, DOB));
    if (p->born == DAY_NONE && *cell(r, DOB))
        return refuse(r, DOB, "is no date such as 2026-03-13", err);
    if (read_age(r, &p->age, err) < 0 || read_gender(r, &p->sex, err) < 0)
        return -1;
    person_add_forename(p, cell(r, FORENAME));
    person_set_middle_names(p, cell(r, MIDDLE_NAMES));
    person_add_surname(p, cell(r, SURNAME));
    person_set_address(p, cell(r, ADDRESS));
    person_set_postcode(p, cell(r, POSTCODE));
    person_add_school_name(p, cell(r, SCHOOL_SAID));
    person_set_upn(p, cell(r, UPN));
    return 0;
}

/* The number by which the roll knows the pupil. */
static int pupil_id(struct db *db, int64_t pupil_key, char out[65], struct err *err)
{
    struct pupil pupil;
    int rc = roster_pupil(db, pupil_key, &pupil, err);

    if (rc == 0)
        return err_set(err, ERR_STORE, "there is no pupil %lld", (long long)pupil_key);
    if (rc < 0)
        return -1;
    memcpy(out, pupil.pupil_id, sizeof pupil.pupil_id);
    pupil_release(&pupil);
    return 0;
}

static int write_decision(const struct run *r, const struct decision *d, struct err *err)
{
    static const char *const words[] = {
        [MATCH_NONE] = "none", [MATCH_REVIEW] = "review", [MATCH_MATCH] = "match"};
    char ids[REVIEW_MAX][65];

    for (size_t i = 0; i < d->candidates_count; i++) {
        if (pupil_id(r->db, d->candidates[i].pupil_key, ids[i], err) < 0)
            return -1;
    }
    fprintf(r->out, "%s,%s,", cell(r, QUERY_ID), words[d->outcome]);
    if (d->outcome == MATCH_NONE || d->candidates_count == 0) {
        fputs(",,,\n", r->out);
        return 0;
    }
    fprintf(r->out, "%s,%g,%g,", ids[0], d->score, d->margin);
    for (size_t i = 0; i < d->candidates_count; i++)
        fprintf(r->out, "%s%s", i > 0 ? "|" : "", ids[i]);
    fputc('\n', r->out);
    return 0;
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int note_time(struct run *r, int64_t us, struct err *err)
{
    if (!r->took_us || r->result->count == r->took_room) {
        size_t room = r->took_room ? 2 * r->took_room : 1024;
        int64_t *more = realloc(r->took_us, room * sizeof *more);

        if (!more)
            return err_memory(err);
        r->took_us = more;
        r->took_room = room;
    }
    r->took_us[r->result->count++] = us;
    r->result->total_us += us;
    return 0;
}

static int decide(struct run *r, struct person *person, struct decision *d, struct err *err)
{
    struct candidate *candidates;
    struct key keys[KEYS_MAX];
    size_t count;
    int64_t began = now_us();

    if (roster_count_names(r->db, person, err) < 0 ||
        roster_candidates(r->db, keys, keys_of(person, KEYS_CHILD, keys), person->seen_on,
                          &candidates, &count, err) < 0)
        return -1;
    match_decide(&r->matcher, person, candidates, count, d);
    roster_candidates_free(candidates, count);
    r->result->by_outcome[d->outcome]++;
    return note_time(r, now_us() - began, err);
}

static int one(struct run *r, struct err *err)
{
    struct person person;
    struct decision d;
    int rc = read_query(r, &person, err);

    if (rc == 0)
        rc = decide(r, &person, &d, err);
    if (rc == 0)
        rc = write_decision(r, &d, err);
    person_wipe(&person);
    return rc;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void reckon(struct run *r)
{
    size_t n = r->result->count;

    if (!r->took_us)
        return;
    qsort(r->took_us, n, sizeof *r->took_us, by_time);
    r->result->p50_us = r->took_us[n / 2];
    r->result->p95_us = r->took_us[n * 95 / 100];
    r->result->p99_us = r->took_us[n * 99 / 100];
}

int queries_run(struct db *db, const struct weights *weights, const char *path, FILE *decisions,
                void (*progress)(const char *what, size_t done, size_t total),
                struct queries_result *out, struct err *err)
{
    struct run r = {.db = db, .path = path, .out = decisions, .result = out};
    int rc;

    memset(out, 0, sizeof *out);
    if (csv_file_open(path, columns, COLUMNS, &out->csv, err) < 0)
        return -1;
    r.csv = out->csv;
    r.matcher.weights = weights;
    if (roster_count(db, &r.matcher.pupils, err) < 0)
        return -1;
    out->unknown_count = csv_file_unknown(r.csv, &out->unknown);
    fputs("query_id,decision,pupil_id,score,margin,candidates\n", decisions);
    while ((rc = csv_file_next(r.csv, err)) == 1) {
        if (one(&r, err) < 0) {
            rc = -1;
            break;
        }
        if (progress)
            progress("matching", csv_file_done(r.csv), csv_file_size(r.csv));
    }
    reckon(&r);
    free(r.took_us);
    return rc;
}

int queries_each(const char *path, queries_visit visit, void *self,
                 void (*progress)(const char *what, size_t done, size_t total), struct err *err)
{
    struct run r = {.path = path};
    struct person person;
    int rc;

    if (csv_file_open(path, columns, COLUMNS, &r.csv, err) < 0)
        return -1;
    while ((rc = csv_file_next(r.csv, err)) == 1) {
        rc = read_query(&r, &person, err);
        if (rc == 0)
            rc = visit(self, cell(&r, QUERY_ID), &person, err);
        person_wipe(&person);
        if (rc < 0)
            break;
        if (progress)
            progress("learning", csv_file_done(r.csv), csv_file_size(r.csv));
    }
    csv_file_free(r.csv);
    return rc;
}

void queries_release(struct queries_result *result)
{
    csv_file_free(result->csv);
    result->csv = NULL;
}
