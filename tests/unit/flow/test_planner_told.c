/* Planning when something has been told, has failed or is under way. */
#include "planner_fixture.h"

static void a_revision_does_not_tell_twice_and_tells_of_the_child_it_adds(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p), *ids;
    size_t count;

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), SEND_AT + 600);
    decided_as(p, child(p, id, "2").child_id, "match", 2, SEND_AT + 600);
    assert_int_equal(plan_at(p, SEND_AT + 601), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
    assert_int_equal(notice(p, 2).state, NOTICE_OWED);
    assert_int_equal(notice(p, 2).due_at, SEND_AT + 601); /* at once: it is a school day */
    OK(p, notices_children(p->db, 2, &ids, &count, &p->err));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], child(p, id, "2").child_id);
    free(ids);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    nobody_is_forgotten(p);
}

static void a_child_told_before_and_matched_anew_is_told_still(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p,
        call_out(p, "A1", 2, "notify",
                 "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\"}", ""),
        SEND_AT + 600);
    assert_int_equal(child(p, id, "1").stage, STAGE_MATCH);
    decided_as(p, child(p, id, "1").child_id, "match", 1, SEND_AT + 601);
    assert_int_equal(plan_at(p, SEND_AT + 602), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    nobody_is_forgotten(p);
}

static void a_sibling_decided_later_is_told_of_at_a_school_that_was_told_before(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "review", -1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    send_one(p, "email", SEND_AT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "2").state, CHILD_WITH_LA_DESK);
    decided_as(p, child(p, id, "2").child_id, "match", 2, SEND_AT + 900);
    assert_int_equal(plan_at(p, SEND_AT + 901), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 3);
    assert_string_equal(notice(p, 3).door.urn, "100001");
    assert_int_equal(notice(p, 3).due_at, SEND_AT + 901);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'told'"), 2);
    assert_int_equal(child(p, id, "2").state, CHILD_OPEN);
    send_one(p, "email", SEND_AT + 902);
    assert_int_equal(child(p, id, "2").state, CHILD_TOLD);
}

static void a_desk_is_told_once_however_often_the_roll_comes_anew(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    decided_as(p, child(p, id, "1").child_id, "none", -1, SEND_AT + 60);
    assert_int_equal(plan_at(p, SEND_AT + 61), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    nobody_is_forgotten(p);
}

static void a_desk_that_was_asked_who_the_child_is_hears_that_the_school_cannot_be_told(
    void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    run(p, "UPDATE enrolment SET urn = '100003' WHERE pupil_key = 1");
    decided_as(p, child(p, id, "1").child_id, "match", 1, SEND_AT + 60);
    assert_int_equal(plan_at(p, SEND_AT + 61), 1);
    assert_int_equal(notice(p, 2).reason, DESK_NO_CONTACT);
    send_one(p, "email", SEND_AT + 62);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 63), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2); /* and hears it once */
}

/* Not at the next answer, or when a brother's case is decided. */
static void whom_the_desk_has_is_told_of_at_a_school_as_soon_as_an_import_makes_one_known(
    void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT), child_id;

    child_id = child(p, id, "1").child_id;
    run(p, "UPDATE enrolment SET urn = '100003' WHERE pupil_key = 1");
    decided_as(p, child_id, "match", 1, NIGHT);
    plan_at(p, NIGHT);
    assert_int_equal(notice(p, 1).reason, DESK_NO_CONTACT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);

    /* An import that changes nothing for her tells nobody anything. */
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 60), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);

    run(p, "UPDATE enrolment SET urn = '100001' WHERE pupil_key = 1");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 120), 1);
    assert_string_equal(notice(p, 2).door.urn, "100001");
    assert_int_equal(notice(p, 2).due_at, SEND_AT + 120);
    send_one(p, "email", SEND_AT + 121);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);

    /* One whose desk has said what was done is left in peace, though the incident is open for another. */
    run(p, "UPDATE child SET state = 'with_la_desk';"
           "UPDATE notice SET state = 'answered' WHERE kind = 'desk'");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 180), 0);
    nobody_is_forgotten(p);
}

static void a_desk_is_left_with_a_child_after_two_months_unless_a_person_decides(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT), child_id;
    time_t then = SEND_AT + (time_t)(PLAN_DESK_DAYS + 3) * 86400;

    run(p, "UPDATE term SET to_day = '2027-03-25'");
    child_id = child(p, id, "1").child_id;
    decided_as(p, child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    OK(p, incidents_rematch_undecided(p->db, then, &p->err));
    OK(p, incidents_replan_unsent(p->db, then, &p->err));
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
    assert_int_equal(plan_at(p, then), 0);
    /* Whatever has it matched and planned. */
    decided_as(p, child_id, "match", 1, then);
    assert_int_equal(plan_at(p, then), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    run(p, "UPDATE decision SET made_by = 'j.officer'; UPDATE child SET stage = 'plan'");
    assert_int_equal(plan_at(p, then), 1);
    assert_string_equal(notice(p, 2).door.urn, "100001");
    nobody_is_forgotten(p);
}

static void a_contact_that_fails_is_followed_by_the_next_until_somebody_is_told(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    char reference[NOTICE_REFERENCE_SIZE];

    plan_at(p, NIGHT);
    memcpy(reference, notice(p, 1).reference, sizeof reference);
    fail_one(p, SEND_AT); /* the key adult */
    nobody_is_forgotten(p);
    assert_int_equal(plan_at(p, SEND_AT + 1), 1);
    assert_int_equal(waits_for(p, 1), 2);
    assert_string_equal(notice(p, 1).reference, reference);
    fail_one(p, SEND_AT + 2); /* the deputy */
    assert_int_equal(plan_at(p, SEND_AT + 3), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_FAILED);
    assert_int_equal(notice(p, 2).reason, DESK_NO_CONTACT);
    assert_string_equal(notice(p, 2).door.urn, "879");
    assert_int_equal(waits_for(p, 2), 4);
    fail_one(p, SEND_AT + 4); /* the authority's desk */
    assert_int_equal(plan_at(p, SEND_AT + 5), 1);
    assert_int_equal(notice(p, 2).state, NOTICE_FAILED);
    assert_string_equal(notice(p, 3).door.namespace, "force");
    assert_int_equal(waits_for(p, 3), 5);
    fail_one(p, SEND_AT + 6); /* the force's */
    assert_int_equal(plan_at(p, SEND_AT + 7), 1);
    assert_int_equal(notice(p, 4).state, NOTICE_OWED);
    assert_int_equal(waits_for(p, 4), -1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    nobody_is_forgotten(p);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 1);
}

static void a_send_under_way_is_waited_for(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    struct outbox_item item;

    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), SEND_AT + 1);
    assert_int_equal(plan_at(p, SEND_AT + 2), 0);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    assert_int_equal(notice(p, 1).state, NOTICE_OWED);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_sent(p->db, &item, 250, "taken over", 12, SEND_AT + 3, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    assert_int_equal(plan_at(p, SEND_AT + 4), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
}

static void a_send_under_way_to_one_who_must_not_be_told_is_waited_for(void **state)
{
    struct place *p = *state;
    struct outbox_item item;

    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"do_not_tell\":[{\"role\":\"dsl\"}]"),
        SEND_AT + 1);
    assert_int_equal(plan_at(p, SEND_AT + 2), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_later(p->db, &item, "later", 451, "busy", 9, SEND_AT + 30, true, SEND_AT + 3,
                       &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    assert_int_equal(plan_at(p, SEND_AT + 4), 1);
    assert_int_equal(waits_for(p, 1), 2); /* and then it is the deputy's */
}

static void a_plan_that_must_wait_has_changed_nothing(void **state)
{
    struct place *p = *state;
    struct outbox_item item;

    run(p, "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
           " (1, 'school', '100002', 1)");
    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "webhook", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), SEND_AT + 1);
    assert_int_equal(plan_at(p, SEND_AT + 2), 0);
    assert_int_equal(notice(p, 1).state, NOTICE_OWED);
    assert_int_equal(notice(p, 2).state, NOTICE_OWED);
    outbox_item_release(&item);
}

static void a_send_under_way_that_the_plan_still_wants_holds_nothing_up(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    struct outbox_item item;

    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 2), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    outbox_item_release(&item);
}

static void one_that_waits_does_not_stand_in_the_others_way(void **state)
{
    struct place *p = *state;
    int64_t other;
    struct outbox_item item;

    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), SEND_AT + 1);
    other = put(p, call_out(p, "B2", 1, "notify", YORICK, ""), SEND_AT + 1);
    decided_as(p, child(p, other, "2").child_id, "match", 2, SEND_AT + 1);
    assert_int_equal(planner_run(p->db, &(struct work_turn){1, INT_MAX, 0}, SEND_AT + 2, &p->err),
                     1);
    assert_int_equal(notice(p, 2).incident_id, other);
    outbox_item_release(&item);
}

static void one_that_cannot_be_read_does_not_stand_in_the_others_way(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p), other;

    run(p, "UPDATE message SET body = x'7b7d'");
    other = put(p, call_out(p, "B2", 1, "notify", YORICK, ""), NIGHT);
    decided_as(p, child(p, other, "2").child_id, "match", 2, NIGHT);
    assert_int_equal(planner_run(p->db, WORK_ALL, NIGHT, &p->err), 1);
    assert_int_equal(notice(p, 1).incident_id, other);
    assert_int_equal(planner_run(p->db, WORK_ALL, NIGHT, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN); /* counted, and not forgotten */
    nobody_is_forgotten(p);
}

/* A desk that was told of MARAC has been told neither that nobody at school can be told, nor who the
 * child is; and it is told of MARAC once. */
static void a_desk_that_knows_of_marac_is_told_all_the_same_when_the_school_cannot_be(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ",\"referrals\":[\"marac\"]"), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 2);
    OK(p, db_begin(p->db, &p->err));
    run(p, "UPDATE notice SET state = 'told', told_at = 1795142200 WHERE kind = 'notice'");
    OK(p, notices_restate(p->db, child(p, id, "1").child_id, "planner", NIGHT, &p->err));
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD); /* the desk's turn changes nothing */
    db_rollback(p->db);
    run(p, "UPDATE outbox SET state = 'sent', sent_at = 1795142200 WHERE notice_id ="
           " (SELECT notice_id FROM notice WHERE reason = 'marac');"
           "UPDATE notice SET state = 'told', told_at = 1795142200, told_contact = 4"
           " WHERE reason = 'marac';"
           "UPDATE child SET stage = 'plan'");
    assert_int_equal(plan_at(p, NIGHT + 200), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN); /* the school is still to be told */
    run(p, "UPDATE contact SET ended_at = 1 WHERE urn = '100001';"
           "UPDATE child SET stage = 'plan'");
    assert_int_equal(plan_at(p, NIGHT + 300), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'desk' AND state = 'owed'"
                            " AND reason = 'no-contact'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE reason = 'marac'"), 1);
    nobody_is_forgotten(p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_revision_does_not_tell_twice_and_tells_of_the_child_it_adds),
        T(a_child_told_before_and_matched_anew_is_told_still),
        T(a_sibling_decided_later_is_told_of_at_a_school_that_was_told_before),
        T(a_desk_is_told_once_however_often_the_roll_comes_anew),
        T(a_desk_that_was_asked_who_the_child_is_hears_that_the_school_cannot_be_told),
        T(whom_the_desk_has_is_told_of_at_a_school_as_soon_as_an_import_makes_one_known),
        T(a_desk_is_left_with_a_child_after_two_months_unless_a_person_decides),
        T(a_contact_that_fails_is_followed_by_the_next_until_somebody_is_told),
        T(a_send_under_way_is_waited_for),
        T(a_send_under_way_to_one_who_must_not_be_told_is_waited_for),
        T(a_plan_that_must_wait_has_changed_nothing),
        T(a_send_under_way_that_the_plan_still_wants_holds_nothing_up),
        T(one_that_waits_does_not_stand_in_the_others_way),
        T(one_that_cannot_be_read_does_not_stand_in_the_others_way),
        cmocka_unit_test_setup_teardown(
            a_desk_that_knows_of_marac_is_told_all_the_same_when_the_school_cannot_be, setup,
            place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
