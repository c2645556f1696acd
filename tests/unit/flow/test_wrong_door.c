/* "Not our pupil": taken back, a person decides, and that door is not told again. */
#include "planner_fixture.h"

#include "follow/answer.h"
#include "match/link.h"
#include "store/review.h"
#include "store/wrong_door.h"

#define SAID_AT (SEND_AT + 300)

static int64_t said(struct place *p)
{
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    return id;
}

static void it_is_taken_back_and_a_person_and_the_desk_have_the_child(void **state)
{
    struct place *p = *state;
    int64_t id = said(p);

    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
    assert_int_equal(child(p, id, "1").state, CHILD_REVIEW);
    assert_int_equal(plan_at(p, SAID_AT), 1);
    assert_int_equal(ask(p, "SELECT notice_id FROM notice WHERE kind = 'withdrawal'"), 3);
    assert_int_equal(notice(p, 3).reason, TAKEN_NOT_PUPIL);
    assert_int_equal(waits_for(p, 3), 1);
    assert_int_equal(notice(p, 2).kind, NOTICE_DESK);
    assert_int_equal(notice(p, 2).reason, DESK_WRONG_DOOR);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'child.wrong_door'"), 1);
    nobody_is_forgotten(p);
    send_one(p, "email", SAID_AT);
    send_one(p, "email", SAID_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    plan_at(p, SAID_AT + 60);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 3);
    nobody_is_forgotten(p);
}

static void said_twice_it_is_said_once(void **state)
{
    struct place *p = *state;

    said(p);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT + 9, &p->err),
                     0);
    assert_int_equal(ask(p, "SELECT count(*) FROM ruled_out"), 1);
}

static void taken_first_and_found_not_theirs_later(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_TAKEN, "tester"),
                                   SAID_AT, &p->err),
                     1);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT + 60, &p->err),
                     1);
    assert_int_equal(child(p, id, "1").state, CHILD_REVIEW);
}

/* Whoever opens yesterday's mail after the police have withdrawn. */
static void said_of_a_child_that_was_withdrawn_it_stays_withdrawn(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), SEND_AT + 60);
    plan_at(p, SEND_AT + 60);
    send_one(p, "email", SEND_AT + 60);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    plan_at(p, SAID_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHDRAWN);
    assert_int_equal(ask(p, "SELECT count(*) FROM ruled_out"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'desk'"), 0);
    nobody_is_forgotten(p);
}

static void a_person_decides_for_another_pupil_whose_school_is_told(void **state)
{
    struct place *p = *state;
    int64_t id = said(p);

    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (3, '879', 'p3', 1);"
        "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
        " (3, 'school', '100002', 1)");
    plan_at(p, SAID_AT);
    OK(p, db_begin(p->db, &p->err));
    OK(p, review_decide(p->db, child(p, id, "1").child_id, 3, false, "officer", SAID_AT + 60,
                        &p->err));
    OK(p, db_commit(p->db, &p->err));
    plan_at(p, SAID_AT + 61);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE urn = '100002' AND kind = 'notice'"
                            " AND state = 'owed'"),
                     1);
    nobody_is_forgotten(p);
}

/* The person insists, or the police revise: the school that said so is not told again. */
static void the_door_stays_ruled_out_for_that_child(void **state)
{
    struct place *p = *state;
    int64_t id = said(p);

    plan_at(p, SAID_AT);
    send_one(p, "email", SAID_AT);
    send_one(p, "email", SAID_AT);
    decided_as(p, child(p, id, "1").child_id, "match", 1, SAID_AT + 60);
    plan_at(p, SAID_AT + 61);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE urn = '100001'"
                            " AND kind IN ('notice','correction')"),
                     1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    assert_int_equal(wrong_door_of_pupil(p->db, child(p, id, "1").child_id, 1, &p->err), 1);
    assert_int_equal(wrong_door_of_pupil(p->db, child(p, id, "1").child_id, 2, &p->err), 1);
    nobody_is_forgotten(p);
}

/* What the matcher found is there for whoever decides. */
static void the_candidates_are_shown_again(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    run(p, "INSERT INTO candidate(decision_id, rank, pupil_key, score, evidence) VALUES"
           " (1, 1, 1, 20.0, '[]'), (1, 2, 2, 3.0, '[]')");
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM candidate k JOIN child c USING (decision_id)"),
                     2);
    assert_int_equal(child(p, id, "1").state, CHILD_REVIEW);
}

/* The police have corrected the birth date, and the child is known to be another pupil by now. */
static void said_of_a_child_that_is_another_pupil_since_it_undoes_nothing(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (3, '879', 'p3', 1);"
        "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
        " (3, 'school', '100002', 1)");
    decided_as(p, child(p, id, "1").child_id, "match", 3, SEND_AT + 60);
    plan_at(p, SEND_AT + 60);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    plan_at(p, SAID_AT);
    assert_int_equal(ask(p, "SELECT pupil_key FROM decision JOIN child USING (decision_id)"), 3);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'desk'"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE urn = '100002' AND state = 'owed'"),
                     1);
    nobody_is_forgotten(p);
}

/* By another row it is the same child, and whoever it is, a person decides. */
static void said_of_a_child_that_is_the_same_by_another_row_since_it_goes_to_a_person(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (3, '878', 'p3', 1);"
        "UPDATE pupil SET upn = 'H801200017001', forename = 'Zelda', dob = '2017-03-09'"
        " WHERE pupil_key IN (1, 3)");
    decided_as(p, child(p, id, "1").child_id, "match", 3, SEND_AT + 60);
    plan_at(p, SEND_AT + 60);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    assert_int_equal(child(p, id, "1").state, CHILD_REVIEW);
    nobody_is_forgotten(p);
}

static void said_of_a_child_that_a_person_has_found_on_no_roll_it_stays_so(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    decided_as(p, child(p, id, "1").child_id, "none", -1, SEND_AT + 60);
    run(p, "UPDATE decision SET made_by = 'officer' WHERE decision_id = 2");
    plan_at(p, SEND_AT + 60);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    assert_int_equal(ask(p, "SELECT max(decision_id) FROM decision"), 2);
    nobody_is_forgotten(p);
}

/* Told by where the home is: no pupil has to be found again. */
static void said_by_a_centre_that_was_told_for_its_reach_nobody_decides_anew(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT), one;

    one = child(p, id, "1").child_id;
    decided_as(p, one, "none", -1, NIGHT);
    planned(p, id, 1, "centre", "20001", 1, &one, 1);
    send_one(p, "email", DUE);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   DUE + 300, &p->err),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM decision"), 1);
    plan_at(p, DUE + 300);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'desk'"), 1);
}

/* Only a place that is still held rules a pupil out. */
static void a_pupil_who_has_left_the_door_that_was_ruled_out_may_be_the_child(void **state)
{
    struct place *p = *state;
    int64_t id = said(p);

    run(p, "UPDATE enrolment SET ended_at = 5 WHERE pupil_key = 1");
    assert_int_equal(wrong_door_of_pupil(p->db, child(p, id, "1").child_id, 1, &p->err), 0);
    assert_int_equal(wrong_door_of_pupil(p->db, child(p, id, "1").child_id, 2, &p->err), 1);
}

/* The desk of their authority has the same door, and is not theirs: it has the child from then on. */
static void said_by_health_visitors_the_desk_has_the_child_and_they_are_not_told_again(void **state)
{
    struct place *p = *state;
    int64_t id;

    run(p,
        "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
        " verified_at) VALUES (9, 'la', '879', 'health_visitor', 'Viv', 'email',"
        " 'viv@example.test', 5);"
        "INSERT INTO policy(scope, id, key, value) VALUES ('la', '879', 'health_visitors', 'on')");
    id = put(p,
             call_out(p, "A1", 1, "notify",
                      "{\"child_ref\":\"1\",\"forename\":\"Wilf\",\"surname\":\"Quibblethwaite\","
                      "\"date_of_birth\":\"2024-01-20\",\"address\":{\"postcode\":\"PL4 8AA\"}}",
                      ""),
             NIGHT);
    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, 1), 9);
    send_one(p, "email", SEND_AT);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     1);
    plan_at(p, SAID_AT);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'notice'"), 1);
    assert_int_equal(ask(p, "SELECT notice_id FROM notice WHERE kind = 'desk'"), 2);
    assert_int_equal(waits_for(p, 2), 4);
    nobody_is_forgotten(p);
    send_one(p, "email", SAID_AT);
    send_one(p, "email", SAID_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    assert_int_equal(answer_notice(p->db, notice(p, 2).reference, SAID(ANSWER_TAKEN, "tester"),
                                   SAID_AT + 60, &p->err),
                     1);
    plan_at(p, SAID_AT + 61);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 3);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    nobody_is_forgotten(p);
}

static void a_desk_cannot_say_it(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SAID_AT, &p->err),
                     -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
}

static void an_answer_to_a_correction_answers_what_it_corrects(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p,
        call_out(p, "A1", 2, "notify",
                 "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
                 "\"date_of_birth\":\"2017-03-09\",\"known_as\":[\"Zel\"]}",
                 ""),
        SEND_AT + 60);
    decided_as(p, child(p, id, "1").child_id, "match", 1, SEND_AT + 60);
    plan_at(p, SEND_AT + 60);
    send_one(p, "email", SEND_AT + 61);
    assert_int_equal(answer_notice(p->db, notice(p, 2).reference, SAID(ANSWER_TAKEN, "tester"),
                                   SAID_AT, &p->err),
                     1);
    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
    assert_int_equal(child(p, id, "1").state, CHILD_ANSWERED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(it_is_taken_back_and_a_person_and_the_desk_have_the_child),
        T(said_twice_it_is_said_once),
        T(taken_first_and_found_not_theirs_later),
        T(said_of_a_child_that_was_withdrawn_it_stays_withdrawn),
        T(a_person_decides_for_another_pupil_whose_school_is_told),
        T(the_door_stays_ruled_out_for_that_child),
        T(the_candidates_are_shown_again),
        T(said_of_a_child_that_is_another_pupil_since_it_undoes_nothing),
        T(said_of_a_child_that_is_the_same_by_another_row_since_it_goes_to_a_person),
        T(said_of_a_child_that_a_person_has_found_on_no_roll_it_stays_so),
        T(said_by_a_centre_that_was_told_for_its_reach_nobody_decides_anew),
        T(a_pupil_who_has_left_the_door_that_was_ruled_out_may_be_the_child),
        T(said_by_health_visitors_the_desk_has_the_child_and_they_are_not_told_again),
        T(a_desk_cannot_say_it),
        T(an_answer_to_a_correction_answers_what_it_corrects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
