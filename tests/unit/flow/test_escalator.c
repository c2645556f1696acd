/* No answer in time, as rows: each step once, recorded, and ended by an answer. */
#include "planner_fixture.h"

#include "follow/answer.h"
#include "follow/escalator.h"

#define MINUTES(n) (SEND_AT + (n)*60)

static int64_t told_zelda(struct place *p)
{
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    return id;
}

static int follow_at(struct place *p, time_t now)
{
    int n = escalator_run(p->db, WORK_ALL, now, &p->err);

    if (n < 0)
        fail_msg("%s", p->err.text);
    return n;
}

static int64_t items(struct place *p)
{
    return ask(p, "SELECT count(*) FROM outbox WHERE notice_id = 1 AND kind = 'notice'");
}

/* To the deputy at 08:15, to the desk at 08:30. */
static void the_deputy_then_the_desk_each_once(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    assert_int_equal(follow_at(p, MINUTES(44)), 0);
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(waits_for(p, 1), 2);
    assert_int_equal(follow_at(p, MINUTES(45)), 0);
    send_one(p, "email", MINUTES(45));
    assert_int_equal(follow_at(p, MINUTES(60)), 1);
    assert_int_equal(plan_at(p, MINUTES(60)), 1);
    assert_int_equal(notice(p, 2).kind, NOTICE_DESK);
    assert_int_equal(notice(p, 2).reason, DESK_NO_ANSWER);
    assert_string_equal(notice(p, 2).door.urn, "879");
    assert_int_equal(notice(p, 2).due_at, MINUTES(60));
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    send_one(p, "email", MINUTES(60));
    assert_int_equal(items(p), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.escalated'"), 2);
    for (int i = 0; i < 3; i++) {
        OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
        plan_at(p, MINUTES(61 + i));
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2);
    nobody_is_forgotten(p);
}

/* The roll of September has come between. */
static void where_the_child_has_left_the_deputy_is_not_told_but_the_desk(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    run(p, "UPDATE enrolment SET ended_at = 1 WHERE pupil_key = 1");
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(items(p), 1);
    assert_int_equal(plan_at(p, MINUTES(45)), 1);
    assert_int_equal(notice(p, 2).kind, NOTICE_DESK);
    assert_int_equal(notice(p, 2).reason, DESK_NOT_ENROLLED);
    nobody_is_forgotten(p);
}

static void where_the_child_goes_elsewhere_now_the_old_school_is_left_alone(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    run(p, "UPDATE enrolment SET urn = '100002' WHERE pupil_key = 1");
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(items(p), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE follow_at IS NOT NULL"), 0);
    nobody_is_forgotten(p);
}

/* The try that is under way ends as it may: nothing of it is tried again. */
static void what_is_told_by_telephone_while_it_is_being_sent_is_not_sent_again(void **state)
{
    struct place *p = *state;
    struct answer_said said = {NULL, "tester", ANSWER_TAKEN, true};
    struct outbox_item item;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, &said, SEND_AT + 1, &p->err), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p,
       outbox_later(p->db, &item, "later", 451, "", 9, SEND_AT + 60, true, SEND_AT + 2, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    plan_at(p, SEND_AT + 3);
    assert_int_equal(outbox_claim(p->db, "email", MINUTES(30), 60, &item, 1, &p->err), 0);
    assert_int_equal(child(p, id, "1").state, CHILD_ANSWERED);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.rung'"), 1);
    nobody_is_forgotten(p);
}

/* The daemon is killed while the deputy's is on its way, and the key adult has answered. */
static void what_is_answered_is_not_sent_again_after_a_crash(void **state)
{
    struct place *p = *state;
    struct outbox_item item;

    told_zelda(p);
    follow_at(p, MINUTES(45));
    assert_int_equal(outbox_claim(p->db, "email", MINUTES(45), 60, &item, 1, &p->err), 1);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_TAKEN, "tester"),
                                   MINUTES(46), &p->err),
                     1);
    outbox_item_release(&item);
    assert_true(claims_release(p->db, MINUTES(47), &p->err) >= 0);
    assert_int_equal(outbox_claim(p->db, "email", MINUTES(48), 60, &item, 1, &p->err), 0);
}

/* Of two, one is not theirs, and the other goes elsewhere now: neither is theirs to wait for. */
static void a_child_that_was_taken_back_keeps_nobody_waiting(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference,
                                   &(struct answer_said){"2", "tester", ANSWER_NOT_OURS, false},
                                   MINUTES(5), &p->err),
                     1);
    plan_at(p, MINUTES(5));
    run(p, "UPDATE enrolment SET urn = '100002' WHERE pupil_key = 1");
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE desk_at IS NOT NULL"), 0);
}

static void the_desk_that_does_not_answer_either_is_followed_by_the_forces(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 2");
    follow_at(p, MINUTES(45));
    plan_at(p, MINUTES(45));
    send_one(p, "email", MINUTES(45));
    assert_int_equal(follow_at(p, notice(p, 2).answer_by), 1);
    plan_at(p, notice(p, 2).answer_by);
    assert_string_equal(notice(p, 3).door.namespace, "force");
    assert_int_equal(notice(p, 3).reason, DESK_NO_ANSWER);
    send_one(p, "email", notice(p, 2).answer_by);
    follow_at(p, notice(p, 3).answer_by);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE follow_at IS NOT NULL"), 0);
    plan_at(p, notice(p, 3).answer_by);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 3);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
}

static void an_answer_ends_it_and_takes_back_what_has_not_left(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    follow_at(p, MINUTES(45));
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_TAKEN, "tester"),
                                   MINUTES(46), &p->err),
                     1);
    assert_int_equal(waits_for(p, 1), -1);
    assert_int_equal(follow_at(p, MINUTES(600)), 0);
    assert_int_equal(child(p, id, "1").state, CHILD_ANSWERED);
}

static void an_answer_that_comes_late_ends_the_desks_task_too(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 2");
    follow_at(p, MINUTES(45));
    plan_at(p, MINUTES(45));
    send_one(p, "email", MINUTES(45));
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_TAKEN, "tester"),
                                   MINUTES(50), &p->err),
                     1);
    assert_int_equal(notice(p, 2).state, NOTICE_ANSWERED);
    assert_int_equal(ask(p, "SELECT closed_at FROM incident"), MINUTES(50));
}

static void the_desks_answer_closes_it_when_the_school_gives_none(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 2");
    follow_at(p, MINUTES(45));
    plan_at(p, MINUTES(45));
    send_one(p, "email", MINUTES(45));
    assert_int_equal(ask(p, "SELECT closed_at IS NULL FROM incident"), 1);
    assert_int_equal(answer_notice(p->db, notice(p, 2).reference, SAID(ANSWER_TAKEN, "tester"),
                                   MINUTES(50), &p->err),
                     1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    assert_int_equal(ask(p, "SELECT closed_at FROM incident"), MINUTES(50));
    nobody_is_forgotten(p);
}

static void a_task_that_waits_is_taken_back_when_the_school_answers(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 2");
    follow_at(p, MINUTES(45));
    plan_at(p, MINUTES(45));
    assert_int_equal(answer_notice(p->db, notice(p, 1).reference, SAID(ANSWER_TAKEN, "tester"),
                                   MINUTES(46), &p->err),
                     1);
    plan_at(p, MINUTES(46));
    assert_int_equal(notice(p, 2).state, NOTICE_CANCELLED);
    assert_int_equal(ask(p, "SELECT closed_at IS NOT NULL FROM incident"), 1);
}

static void a_deputys_mailbox_that_refuses_it_loses_no_time(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    follow_at(p, MINUTES(45));
    fail_one(p, MINUTES(46));
    assert_int_equal(follow_at(p, MINUTES(46)), 1);
    plan_at(p, MINUTES(46));
    assert_int_equal(notice(p, 2).reason, DESK_NO_ANSWER);
}

static void what_is_withdrawn_is_waited_for_no_more(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), MINUTES(10));
    plan_at(p, MINUTES(10));
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(items(p), 1);
    send_one(p, "email", MINUTES(50));
    assert_int_equal(follow_at(p, MINUTES(60)), 1);
    assert_int_equal(items(p), 1);
    assert_int_equal(follow_at(p, MINUTES(600)), 0);
}

/* It could not be made any more, and was tried and tried. */
static void what_waits_for_the_deputy_is_taken_back_with_what_was_told(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    follow_at(p, MINUTES(45));
    assert_int_equal(waits_for(p, 1), 2);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), MINUTES(46));
    plan_at(p, MINUTES(46));
    assert_int_equal(waits_for(p, 1), -1);
    /* The withdrawal goes to whom it was told. */
    assert_int_equal(ask(p, "SELECT contact_id FROM outbox WHERE state = 'due'"
                            " AND kind = 'notice'"),
                     1);
}

/* Of one of two it stands. */
static void what_waits_for_the_deputy_about_a_sibling_stays(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    follow_at(p, MINUTES(45));
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), MINUTES(46));
    plan_at(p, MINUTES(46));
    assert_int_equal(waits_for(p, 1), 2);
}

/* An import has the brother looked for again. */
static void a_sibling_that_is_being_matched_is_waited_for_without_going_round(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    run(p, "UPDATE notice SET follow_at = NULL, state = 'cancelled' WHERE kind = 'desk';"
           "UPDATE outbox SET state = 'cancelled' WHERE notice_id <>"
           " (SELECT notice_id FROM notice WHERE kind = 'notice')");
    send_one(p, "email", SEND_AT);
    run(p, "UPDATE child SET stage = 'match' WHERE child_ref = '2'");
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(follow_at(p, MINUTES(45)), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE contact_id = 2"), 0);
    run(p, "UPDATE child SET stage = 'done' WHERE child_ref = '2'");
    assert_int_equal(follow_at(p, MINUTES(45) + 10), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE contact_id = 2"), 1);
}

/* However little time there is for a turn. */
static void one_that_cannot_be_read_holds_up_no_other(void **state)
{
    struct place *p = *state;
    int64_t id;

    told_zelda(p);
    id = put(p, call_out(p, "A2", 1, "notify", ZELDA, ""), NIGHT);
    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    run(p, "UPDATE notice SET follow_at = follow_at - 1 WHERE notice_id = 1;"
           "UPDATE message SET body = x'7B' WHERE message_id = 1");
    for (int i = 0; i < 2; i++) {
        struct err why;

        if (escalator_run(p->db, &(struct work_turn){INT_MAX, 0, 0}, MINUTES(45), &why) < 0)
            assert_int_equal(why.code, ERR_INVALID);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE notice_id = 2"), 2);
}

/* The relay is down while the police take it back, and are sorry. */
static void what_is_withdrawn_and_given_back_before_anybody_heard_of_it_is_waited_for(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), MINUTES(10));
    plan_at(p, MINUTES(10));
    assert_int_equal(follow_at(p, MINUTES(45)), 1);
    assert_int_equal(items(p), 1);
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ""), MINUTES(50));
    decided_as(p, 1, "match", 1, MINUTES(50));
    plan_at(p, MINUTES(50));
    assert_int_equal(notice(p, 2).state, NOTICE_CANCELLED);
    assert_int_equal(follow_at(p, MINUTES(60)), 1);
    assert_int_equal(waits_for(p, 1), 2);
    nobody_is_forgotten(p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(the_deputy_then_the_desk_each_once),
        T(where_the_child_has_left_the_deputy_is_not_told_but_the_desk),
        T(where_the_child_goes_elsewhere_now_the_old_school_is_left_alone),
        T(what_is_told_by_telephone_while_it_is_being_sent_is_not_sent_again),
        T(what_is_answered_is_not_sent_again_after_a_crash),
        T(a_child_that_was_taken_back_keeps_nobody_waiting),
        T(the_desk_that_does_not_answer_either_is_followed_by_the_forces),
        T(an_answer_ends_it_and_takes_back_what_has_not_left),
        T(an_answer_that_comes_late_ends_the_desks_task_too),
        T(the_desks_answer_closes_it_when_the_school_gives_none),
        T(a_task_that_waits_is_taken_back_when_the_school_answers),
        T(a_deputys_mailbox_that_refuses_it_loses_no_time),
        T(what_is_withdrawn_is_waited_for_no_more),
        T(what_waits_for_the_deputy_is_taken_back_with_what_was_told),
        T(what_waits_for_the_deputy_about_a_sibling_stays),
        T(a_sibling_that_is_being_matched_is_waited_for_without_going_round),
        T(one_that_cannot_be_read_holds_up_no_other),
        T(what_is_withdrawn_and_given_back_before_anybody_heard_of_it_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
