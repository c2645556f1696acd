/* tests/unit/roster_fixture.h - a store with pupils on a roll, for the tests of one file. */
#ifndef TEST_ROSTER_FIXTURE_H
#define TEST_ROSTER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "match/person.h"
#include "store/roll_index.h"
#include "store/roster.h"
#include "store/sql.h"

static char folder[64], path[96];

static int setup(void **state)
{
    struct db *db;
    struct err err;

    snprintf(folder, sizeof folder, "/tmp/encompass-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/store.db", folder);
    if (db_create(path, &err) < 0 || db_open(path, &db, &err) < 0)
        return -1;
    *state = db;
    return 0;
}

static int teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    db_close(*state);
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        char name[128];

        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return rmdir(folder);
}

/* A pupil with its keys, as an import files it. */
static int64_t enrol(struct db *db, const char *id, const char *forename, const char *surname,
                     const char *born, const char *postcode, const char *upn)
{
    struct pupil pupil;
    struct person person;
    struct roll_index *index = NULL;
    struct err err;
    int64_t key;

    assert_int_equal(sql_run(db, &err,
                             "INSERT INTO pupil(la_code, pupil_id, forename, surname, gender, dob,"
                             " postcode, upn, seen_import) VALUES ('801',?,?,?,'F',?,?,?,1)",
                             "tttttt", id, forename, surname, born, postcode, upn),
                     0);
    key = sql_last_id(db);
    assert_int_equal(roster_pupil(db, key, &pupil, &err), 1);
    roster_person(&pupil, &person);
    assert_int_equal(roll_index_new(db, &index, &err), 0);
    assert_int_equal(roll_index_add(index, key, &person, &err), 0);
    assert_int_equal(roll_index_write(index, &err), 0);
    roll_index_free(index);
    pupil_release(&pupil);
    person_wipe(&person);
    return key;
}

static void attends(struct db *db, int64_t pupil, const char *urn, const char *kind,
                    const char *from, const char *to)
{
    struct err err;

    assert_int_equal(sql_run(db, &err,
                             "INSERT INTO enrolment(pupil_key, namespace, urn, enrolment, from_day,"
                             " to_day, seen_import) VALUES (?,'school',?,?,?,?,1)",
                             "itttt", pupil, urn, kind, from, to),
                     0);
}

#endif
