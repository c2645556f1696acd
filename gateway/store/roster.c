/* Pupils and enrolments as matching and planning read them. */
#include "store/roster.h"

#include <stdio.h>
#include <string.h>

#include "match/keys.h"
#include "match/person.h"
#include "store/name_counts.h"
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

int roster_count(struct db *db, double *pupils, struct err *err)
{
    int64_t n = 0;

    switch (name_counts_settle(db, err)) {
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
    if (name_counts_pupils(db, &n, err) < 0)
        return -1;
    *pupils = (double)n;
    return 0;
}

int roster_count_names(struct db *db, struct person *person, struct err *err)
{
    return name_counts_settle(db, err) < 0 ? -1 : name_counts_fill(db, person, err);
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
