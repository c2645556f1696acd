/* Where a child is on roll, as a desk is told. */
#include "store_fixture.h"

#include "store/places.h"

static const char registers[] =
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code,"
    " telephone) VALUES"
    " ('school', '100001', '879', 'Example Primary', 1, '', 1, '01632960001'),"
    " ('school', '100002', '879', 'Closed Juniors', 1, '', 2, '01632960002'),"
    " ('school', '100003', '879', 'First Follower', 1, '', 1, NULL),"
    " ('school', '100004', '879', 'Second Follower', 1, '', 1,"
    "  'a text that is far too long to be a number of a telephone');"
    "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
    " ('school', '100002', '100003', 'Successor'), ('school', '100002', '100004', 'Successor');";

/* Zelda, matched to pupil 1, on roll there. */
static int64_t zelda_at(struct place *p, const char *urn)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t child_id = child(p, id, "1").child_id;

    decided(p, child_id, "match");
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                  " VALUES (1, 'school', ?, 1)",
                  "t", urn));
    return child_id;
}

static int find(struct place *p, int64_t child_id, struct roll_place out[ROLL_PLACES_MAX])
{
    int n = places_of_child(p->db, child_id, london_day(NIGHT), out, &p->err);

    OK(p, n);
    return n;
}

static void a_school_has_its_name_and_number(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;

    run(p, registers);
    assert_int_equal(find(p, zelda_at(p, "100001"), places), 1);
    assert_string_equal(places[0].name, "Example Primary");
    assert_string_equal(places[0].telephone, "01632960001");
    assert_false(places[0].closed || places[0].follows);
    run(p, "UPDATE roll_index SET keys_version = 0");
    assert_int_equal(find(p, 1, places), 0);
}

static void a_closed_one_has_those_who_have_followed_it(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;

    run(p, registers);
    assert_int_equal(find(p, zelda_at(p, "100002"), places), 3);
    assert_true(places[0].closed && !places[0].follows);
    assert_true(places[1].follows && places[2].follows && !places[1].closed);
    assert_string_equal(places[1].name, "First Follower");
    assert_string_equal(places[1].telephone, "");
    assert_string_equal(places[2].telephone, "");
}

static void one_that_the_register_does_not_have_is_shown_by_its_number(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;

    assert_int_equal(find(p, zelda_at(p, "199999"), places), 1);
    assert_string_equal(places[0].name, "199999");
    assert_true(places[0].closed);
}

static void one_that_has_said_not_our_pupil_is_left_out(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;
    int64_t child_id;

    run(p, registers);
    child_id = zelda_at(p, "100001");
    run(p, "INSERT INTO notice(notice_id, reference, incident_id, revision, kind, namespace, urn,"
           " basis, rule, due_at, answer_by, state, planned_at) VALUES (1, 'OE-1', 1, 1, 'notice',"
           " 'school', '100001', 'statutory', 'x', 1, 1, 'answered', 1);"
           "INSERT INTO ruled_out VALUES (1, 'school', '100001', 1, 1, 'me')");
    assert_int_equal(find(p, child_id, places), 0);
}

static void a_follower_that_has_said_so_is_left_out_too(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;
    int64_t child_id;

    run(p, registers);
    child_id = zelda_at(p, "100002");
    run(p, "INSERT INTO notice(notice_id, reference, incident_id, revision, kind, namespace, urn,"
           " basis, rule, due_at, answer_by, state, planned_at) VALUES (1, 'OE-1', 1, 1, 'notice',"
           " 'school', '100003', 'statutory', 'x', 1, 1, 'answered', 1);"
           "INSERT INTO ruled_out VALUES (1, 'school', '100003', 1, 1, 'me')");
    assert_int_equal(find(p, child_id, places), 2);
    assert_true(places[0].closed);
    assert_string_equal(places[1].name, "Second Follower");
}

/* A register's number may have signs of two bytes: what does not fit is none, and stops no notice. */
static void a_number_that_does_not_fit_in_bytes_is_none(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;

    run(p, registers);
    run(p, "UPDATE establishment SET telephone = '01632 960001 – 960002, ext. 1' || '–––'");
    assert_int_equal(ask(p, "SELECT length(telephone) FROM establishment LIMIT 1"), 32);
    assert_int_equal(find(p, zelda_at(p, "100001"), places), 1);
    assert_string_equal(places[0].telephone, "");
}

static void a_child_whom_nobody_has_found_is_nowhere(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;
    int64_t child_id = zelda_at(p, "100001");

    decided(p, child_id, "review");
    assert_int_equal(find(p, child_id, places), 0);
}

static void more_than_there_is_room_for_are_cut_off(void **state)
{
    struct roll_place places[ROLL_PLACES_MAX];
    struct place *p = *state;
    int64_t child_id;

    run(p, registers);
    child_id = zelda_at(p, "100001");
    for (int i = 0; i < 6; i++)
        OK(p, sql_run(p->db, &p->err,
                      "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                      " VALUES (1, 'school', ?, 1)",
                      "i", (int64_t)100010 + i));
    run(p, "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
           " VALUES (1, 'school', '100002', 1)");
    assert_int_equal(find(p, child_id, places), ROLL_PLACES_MAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_school_has_its_name_and_number),
        T(a_closed_one_has_those_who_have_followed_it),
        T(one_that_the_register_does_not_have_is_shown_by_its_number),
        T(one_that_has_said_not_our_pupil_is_left_out),
        T(a_follower_that_has_said_so_is_left_out_too),
        T(a_number_that_does_not_fit_in_bytes_is_none),
        T(a_child_whom_nobody_has_found_is_nowhere),
        T(more_than_there_is_room_for_are_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
