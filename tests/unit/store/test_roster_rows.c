/* Rows of one child, and where it is on roll by them. */
#include "roster_fixture.h"

#include "match/keys.h"

static size_t doors_on(struct db *db, int64_t pupil, const char *day, struct enrolment **out)
{
    struct err err;
    size_t n;

    assert_int_equal(roster_enrolments(db, pupil, day_parse(day), out, &n, &err), 0);
    return n;
}

static void an_enrolment_counts_on_its_days(void **state)
{
    struct db *db = *state;
    int64_t p = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, NULL);
    struct enrolment *e;
    struct err err;
    time_t missed;

    attends(db, p, "100001", "main", "2024-09-01", "2026-02-13");
    attends(db, p, "100002", "main", "2026-02-14", NULL);
    attends(db, p, "100003", "subsidiary", NULL, NULL);
    assert_int_equal(doors_on(db, p, "2026-02-13", &e), 2);
    assert_string_equal(e[0].urn, "100001");
    assert_int_equal(e[0].to, day_parse("2026-02-13"));
    assert_string_equal(e[1].urn, "100003");
    assert_string_equal(e[1].kind, "subsidiary");
    free(e);
    assert_int_equal(doors_on(db, p, "2026-02-14", &e), 2);
    assert_string_equal(e[0].urn, "100002");
    free(e);
    assert_int_equal(doors_on(db, p, "2024-08-31", &e), 1);
    free(e);
    /* a complete roll of 3 March no longer has it */
    missed = london_moment(day_parse("2026-03-03"), 9 * 3600);
    assert_int_equal(sql_run(db, &err, "UPDATE enrolment SET ended_at = ?", "i", (int64_t)missed),
                     0);
    assert_int_equal(doors_on(db, p, "2026-03-03", &e), 0);
    assert_null(e);
    assert_int_equal(doors_on(db, p, "2026-03-02", &e), 2);
    free(e);
}

static void rows_of_one_child_give_all_its_doors_and_those_of_another_none(void **state)
{
    struct db *db = *state;
    int64_t one = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t two = enrol(db, "P2", "AMELIA", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t other = enrol(db, "P3", "Ruth", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t fled = enrol(db, "P4", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    struct enrolment *e;
    struct err err;

    assert_int_equal(
        sql_run(db, &err, "UPDATE pupil SET la_code = '383' WHERE pupil_key = ?", "i", fled), 0);
    attends(db, fled, "100009", "main", NULL, NULL);
    attends(db, one, "100001", "main", NULL, NULL);
    attends(db, two, "100001", "main", NULL, NULL);
    attends(db, two, "100002", "subsidiary", NULL, NULL);
    attends(db, other, "100003", "main", NULL, NULL);
    assert_int_equal(doors_on(db, one, "2026-03-02", &e), 2);
    assert_string_equal(e[0].urn, "100001");
    assert_string_equal(e[1].urn, "100002");
    free(e);
    assert_int_equal(doors_on(db, fled, "2026-03-02", &e), 1);
    assert_string_equal(e[0].urn, "100009"); /* the school that was left is not told */
    free(e);
}

static void of_another_authority(struct db *db, int64_t pupil)
{
    struct err err;

    assert_int_equal(
        sql_run(db, &err, "UPDATE pupil SET la_code = '383' WHERE pupil_key = ?", "i", pupil), 0);
}

/* How matching sees it, on a day or on none. */
static enum standing standing_of(struct db *db, int64_t pupil, const char *day)
{
    enum standing standing = (enum standing) - 1;
    struct candidate *c;
    struct person child;
    struct key keys[KEYS_MAX];
    struct err err;
    size_t n;

    person_init(&child);
    person_set_upn(&child, "L929424924001");
    assert_int_equal(roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), day_parse(day),
                                       &c, &n, &err),
                     0);
    for (size_t i = 0; i < n; i++) {
        if (c[i].pupil_key == pupil)
            standing = c[i].person.standing;
    }
    roster_candidates_free(c, n);
    return standing;
}

/* A pupil referral unit across the border, whose authority has the child beside its main school. */
static void a_second_enrolment_with_another_authority_is_a_door_too(void **state)
{
    struct db *db = *state;
    int64_t one = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t two = enrol(db, "P2", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t twin = enrol(db, "P3", "Amelie", "Okafor", "2017-03-09", NULL, "L929424924001");
    struct enrolment *e;

    of_another_authority(db, two);
    of_another_authority(db, twin);
    attends(db, one, "100001", "main", NULL, NULL);
    attends(db, two, "100002", "subsidiary", NULL, NULL);
    attends(db, twin, "100003", "subsidiary", NULL, NULL);
    assert_int_equal(doors_on(db, one, "2026-03-02", &e), 2);
    assert_string_equal(e[0].urn, "100001");
    assert_string_equal(e[1].urn, "100002");
    free(e);
    assert_int_equal(doors_on(db, two, "2026-03-02", &e), 2);
    free(e);
    assert_int_equal(standing_of(db, one, ""), STANDING_OWN);
    assert_int_equal(standing_of(db, two, ""), STANDING_SECOND);
    assert_int_equal(standing_of(db, twin, ""), STANDING_SECOND);
    attends(db, two, "100004", "main", NULL,
            NULL); /* it has it as its own: the child may have moved */
    assert_int_equal(standing_of(db, two, ""), STANDING_OWN);
    assert_int_equal(doors_on(db, one, "2026-03-02", &e), 1);
    free(e);
}

/* The main school of a guest who lives elsewhere by that roll may be in the place that it fled from. */
static void a_guest_whose_main_roll_says_another_home_is_no_door_of_that_school(void **state)
{
    struct db *db = *state;
    int64_t main = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", "PL4 8AA", "L929424924001");
    int64_t guest = enrol(db, "P2", "Amelia", "Okafor", "2017-03-09", "LS1 1AA", "L929424924001");
    struct enrolment *e;

    of_another_authority(db, guest);
    attends(db, main, "100001", "main", NULL, NULL);
    attends(db, guest, "100002", "guest", NULL, NULL);
    assert_int_equal(doors_on(db, guest, "2026-03-02", &e), 1);
    assert_string_equal(e[0].urn, "100002");
    free(e);
    assert_int_equal(doors_on(db, main, "2026-03-02", &e), 1);
    assert_string_equal(e[0].urn, "100001");
    free(e);
}

/* A complete roll of 3 March has it no more, or its last day has passed. */
static void a_roll_that_a_child_has_left_leads_to_the_one_that_it_is_on(void **state)
{
    struct db *db = *state;
    int64_t old = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t now = enrol(db, "P2", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    time_t missed = london_moment(day_parse("2026-03-03"), 9 * 3600);
    struct enrolment *e;
    struct err err;

    of_another_authority(db, now);
    attends(db, old, "100001", "main", NULL, "2026-02-13");
    attends(db, old, "100003", "subsidiary", NULL, NULL);
    attends(db, now, "100002", "main", NULL, NULL);
    assert_int_equal(standing_of(db, old, "2026-02-13"), STANDING_OWN);
    assert_int_equal(standing_of(db, old, ""), STANDING_OWN);
    assert_int_equal(doors_on(db, old, "2026-02-13", &e), 2);
    free(e);
    assert_int_equal(doors_on(db, now, "2026-02-13", &e), 1);
    free(e);
    assert_int_equal(standing_of(db, old, "2026-02-14"), STANDING_SECOND);
    assert_int_equal(sql_run(db, &err,
                             "UPDATE enrolment SET to_day = '2026-02-20'"
                             " WHERE urn = '100003'",
                             ""),
                     0);
    assert_int_equal(standing_of(db, old, "2026-02-21"), STANDING_LEFT);
    assert_int_equal(doors_on(db, old, "2026-02-21", &e), 1);
    assert_string_equal(e[0].urn, "100002");
    free(e);
    assert_int_equal(sql_run(db, &err,
                             "UPDATE enrolment SET to_day = NULL, ended_at = ? WHERE pupil_key = ?",
                             "ii", (int64_t)missed, old),
                     0);
    assert_int_equal(standing_of(db, old, ""), STANDING_LEFT);
    assert_int_equal(standing_of(db, now, ""), STANDING_OWN);
    assert_int_equal(doors_on(db, old, "2026-03-02", &e), 2); /* it was there then */
    free(e);
    assert_int_equal(doors_on(db, old, "2026-03-03", &e), 1);
    assert_string_equal(e[0].urn, "100002");
    free(e);
    assert_int_equal(doors_on(db, now, "2026-03-03", &e), 1);
    free(e);
}

/* As a person picks one of them: the first of its authority's rows, with what goes with it. */
static void rows_between_two_authorities_that_have_it_as_their_own_join_neither_to_the_other(
    void **state)
{
    struct db *db = *state;
    int64_t one = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t two = enrol(db, "P2", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t beside = enrol(db, "P3", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t left = enrol(db, "P4", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    struct enrolment *e;
    struct err err;

    of_another_authority(db, two);
    of_another_authority(db, beside);
    assert_int_equal(
        sql_run(db, &err, "UPDATE pupil SET la_code = '926' WHERE pupil_key = ?", "i", left), 0);
    attends(db, one, "100001", "main", NULL, NULL);
    attends(db, two, "100002", "main", NULL, NULL);
    attends(db, beside, "100003", "subsidiary", NULL, NULL);
    attends(db, left, "100004", "main", NULL, "2026-02-13");
    assert_int_equal(doors_on(db, beside, "2026-03-02", &e), 2);
    assert_string_equal(e[0].urn, "100003");
    assert_string_equal(e[1].urn, "100002");
    free(e);
    assert_int_equal(doors_on(db, two, "2026-03-02", &e), 2);
    free(e);
    assert_int_equal(doors_on(db, one, "2026-03-02", &e), 2);
    assert_string_equal(e[0].urn, "100001");
    assert_string_equal(e[1].urn, "100003");
    free(e);
    assert_int_equal(doors_on(db, left, "2026-03-02", &e), 0);
}

/* Known to its authority and at no school, as one who is taught at home: it lives there. */
static void a_child_that_never_was_at_a_school_has_not_left_one(void **state)
{
    struct db *db = *state;
    int64_t home = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    int64_t away = enrol(db, "P2", "Amelia", "Okafor", "2017-03-09", NULL, "L929424924001");
    struct enrolment *e;

    of_another_authority(db, away);
    attends(db, away, "100002", "main", NULL, NULL);
    assert_int_equal(standing_of(db, home, "2026-03-02"), STANDING_OWN);
    assert_int_equal(doors_on(db, home, "2026-03-02", &e), 0);
    assert_int_equal(doors_on(db, away, "2026-03-02", &e), 1);
    free(e);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_enrolment_counts_on_its_days),
        T(rows_of_one_child_give_all_its_doors_and_those_of_another_none),
        T(a_second_enrolment_with_another_authority_is_a_door_too),
        T(a_guest_whose_main_roll_says_another_home_is_no_door_of_that_school),
        T(a_roll_that_a_child_has_left_leads_to_the_one_that_it_is_on),
        T(rows_between_two_authorities_that_have_it_as_their_own_join_neither_to_the_other),
        T(a_child_that_never_was_at_a_school_has_not_left_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
