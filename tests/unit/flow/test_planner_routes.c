/* Routes that rest on the register, the roll and policies: as the store has them. */
#include "planner_fixture.h"

#include "store/review.h"

static void replan(struct place *p, time_t now)
{
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, now);
}

/* The door and reason of what is owed alone. */
static struct notice_row owed(struct place *p)
{
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 1);
    return notice(p, ask(p, "SELECT notice_id FROM notice WHERE state = 'owed'"));
}

static void a_closed_school_is_followed_by_the_registers_links(void **state)
{
    struct place *p = *state;

    zelda(p);
    run(p, "UPDATE establishment SET status_code = 2 WHERE urn = '100001';"
           "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100001', '100002', 'Successor'),"
           " ('school', '100001', '100002', 'Successor - amalgamated'),"
           " ('school', '100001', '100001', 'Successor'),"
           " ('school', '100001', '200001', 'Predecessor'),"
           " ('centre', '100001', '20001', 'Successor')");
    plan_at(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "100002");
    assert_int_equal(waits_for(p, 1), 3);

    run(p, "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100001', '200001', 'Successor - Split School')");
    replan(p, NIGHT);
    assert_int_equal(owed(p).reason, DESK_SUCCESSORS);
    assert_string_equal(owed(p).door.urn, "879");

    run(p, "UPDATE establishment SET status_code = 1 WHERE urn = '100001'");
    replan(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "100001");
    nobody_is_forgotten(p);
}

/* The police know the school by the number it had; its key adult is the same. */
static void whom_the_police_have_barred_is_barred_where_the_school_has_another_number(void **state)
{
    struct place *p = *state;
    int64_t id = put(p,
                     call_out(p, "A1", 1, "notify", ZELDA,
                              ",\"do_not_tell\":[{\"role\":\"dsl\",\"school_urn\":\"100001\","
                              "\"reason\":\"party to the incident\"}]"),
                     NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    run(p, "UPDATE establishment SET status_code = 2 WHERE urn IN ('100001', '100003');"
           "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100001', '100003', 'Successor'),"
           " ('school', '100003', '100002', 'Successor')");
    plan_at(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "879");
    assert_int_equal(owed(p).reason, DESK_NO_CONTACT);

    run(p, "UPDATE enrolment SET urn = '100002'"); /* as a roll that knows the new one */
    replan(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "879");

    run(p, "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
           " verified_at) VALUES (9, 'school', '100002', 'deputy', 'Vic', 'email',"
           " 'vic@example.test', 5)");
    replan(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "100002");
    assert_int_equal(waits_for(p, owed(p).notice_id), 9);

    run(p, "DELETE FROM establishment_link");
    replan(p, NIGHT);
    assert_int_equal(waits_for(p, owed(p).notice_id), 3);
}

/* A key adult of two schools, and of the old one and the new, is one person. */
static void whoever_the_police_have_barred_at_one_school_is_barred_at_another(void **state)
{
    struct place *p = *state;
    int64_t id = put(p,
                     call_out(p, "A1", 1, "notify", ZELDA,
                              ",\"do_not_tell\":[{\"role\":\"dsl\",\"school_urn\":\"100001\","
                              "\"reason\":\"party to the incident\"}]"),
                     NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    run(p, "UPDATE enrolment SET urn = '100002';"
           "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
           " verified_at) VALUES (9, 'school', '100002', 'deputy', 'Una', 'email',"
           " 'UNA@example.test', 5)");
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, owed(p).notice_id), 3);

    run(p, "UPDATE contact SET ended_at = 5 WHERE contact_id = 3");
    replan(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "879");

    run(p, "UPDATE contact SET ended_at = 5 WHERE contact_id = 1"); /* who is there no longer */
    replan(p, NIGHT);
    assert_int_equal(waits_for(p, owed(p).notice_id), 9);
}

static void links_that_go_round_end(void **state)
{
    struct place *p = *state;

    zelda(p);
    run(p, "UPDATE establishment SET status_code = 2 WHERE namespace = 'school';"
           "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100001', '100002', 'Successor'),"
           " ('school', '100002', '100003', 'Successor'),"
           " ('school', '100003', '100001', 'Successor')");
    plan_at(p, NIGHT);
    assert_int_equal(owed(p).reason, DESK_CLOSED);
}

static void a_part_time_place_is_told_on_a_day_of_its_own(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE enrolment SET days = 'mon tue' WHERE pupil_key = 1;"
           "UPDATE pupil SET dob = '2022-11-09' WHERE pupil_key = 1;"
           "INSERT INTO policy VALUES ('la', '879', 'nurseries', 'on')");
    zelda(p);
    plan_at(p, NIGHT);
    assert_string_equal(owed(p).rule, "part-time");
    assert_int_equal(owed(p).due_at, MONDAY);
}

static void a_school_on_saturdays_is_told_on_one(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE term SET days = 'mon tue wed thu fri sat'");
    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT + 20 * 3600);
    decided_as(p, 1, "match", 1, NIGHT + 20 * 3600);
    plan_at(p, NIGHT + 20 * 3600);
    assert_int_equal(owed(p).due_at, SEND_AT + 86400);
}

static void the_desk_of_the_force_where_the_child_lives_comes_first(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    run(p,
        "UPDATE contact SET ended_at = 9 WHERE namespace = 'la';"
        "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
        " verified_at) VALUES (9, 'force', 'dorset', 'la_desk', 'Dot', 'email', 'd@example.test',"
        " 5);"
        "INSERT INTO policy VALUES ('force', '" FORCE "', 'home_la', '879'),"
        " ('la', '879', 'home_force', 'dorset')");
    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "dorset");
    assert_int_equal(waits_for(p, 1), 9);
    run(p, "UPDATE policy SET value = '" FORCE "' WHERE key = 'home_force'");
    replan(p, NIGHT);
    assert_string_equal(owed(p).door.urn, FORCE);
}

static void health_visitors_are_told_by_a_notice_of_their_own(void **state)
{
    struct place *p = *state;
    static const char toddler[] =
        "{\"child_ref\":\"1\",\"forename\":\"Zelda\","
        "\"surname\":\"Quibblethwaite\",\"date_of_birth\":\"2024-03-09\"}";
    int64_t id = put(p, call_out(p, "A1", 1, "notify", toddler, ""), NIGHT);

    run(p, "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
           " verified_at) VALUES (9, 'la', '879', 'health_visitor', 'Viv', 'email',"
           " 'viv@example.test', 5);"
           "INSERT INTO policy VALUES ('force', '" FORCE "', 'home_la', '879'),"
           " ('la', '879', 'health_visitors', 'on')");
    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    assert_int_equal(owed(p).kind, NOTICE_NOTICE);
    assert_int_equal(owed(p).basis, BASIS_LOCAL);
    assert_int_equal(waits_for(p, 1), 9);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);

    /* It turns out to be of school age, and on no roll: that is the desk's, who has heard of nothing. */
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), SEND_AT + 60);
    decided_as(p, child(p, id, "1").child_id, "none", -1, SEND_AT + 60);
    plan_at(p, SEND_AT + 60);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'desk' AND state = 'owed'"
                            " AND reason = 'no-match'"),
                     1);
    nobody_is_forgotten(p);
}

/* Kept back by a filter, each use in the audit; free again when the filter goes. */
static void a_filter_keeps_back_what_is_not_sent_and_lets_it_go_again(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ",\"risk\":\"standard\""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    plan_at(p, NIGHT);
    assert_string_equal(owed(p).door.urn, "100001");

    run(p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'filter_risk', 'medium')");
    replan(p, NIGHT + 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'child.filtered'"
                            " AND detail = 'filter:risk' AND child_id = 1"),
                     1);
    replan(p, NIGHT + 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'child.filtered'"), 1);
    nobody_is_forgotten(p);

    run(p, "DELETE FROM policy");
    replan(p, NIGHT + 3);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_string_equal(owed(p).door.urn, "100001");
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'child.unfiltered'"), 1);
    nobody_is_forgotten(p);
}

/* Else whoever was wrong could only wait for the filter to go, and the wrong school to be told. */
static void a_wrong_decision_is_put_right_while_a_filter_keeps_the_child_back(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ",\"risk\":\"standard\""), NIGHT);
    int64_t child_id = child(p, id, "1").child_id;

    run(p, "UPDATE enrolment SET urn = '100002' WHERE pupil_key = 2");
    assert_int_equal(review_decide(p->db, child_id, 1, false, "officer", NIGHT, &p->err), 1);
    run(p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'filter_risk', 'medium')");
    replan(p, NIGHT + 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);

    assert_int_equal(review_undo(p->db, child_id, true, "officer", NIGHT + 2, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_non_null(strstr(p->err.text, "a filter keeps it back"));
    assert_int_equal(review_decide(p->db, child_id, 2, true, "officer", NIGHT + 2, &p->err), 1);
    plan_at(p, NIGHT + 2);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    assert_true(child(p, id, "1").filtered);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 0);

    run(p, "DELETE FROM policy");
    replan(p, NIGHT + 3);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_string_equal(owed(p).door.urn, "100002");
    nobody_is_forgotten(p);
}

static void what_the_police_withhold_no_filter_lets_go(void **state)
{
    struct place *p = *state;
    int64_t id = put(p,
                     call_out(p, "A1", 1, "notify", ZELDA,
                              ",\"withhold\":{\"reason\":\"risk\",\"authorised_by\":\"DI\"}"),
                     NIGHT);

    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    plan_at(p, NIGHT);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    assert_false(child(p, id, "1").filtered);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event LIKE 'child.%filtered'"), 0);
}

/* Nothing early, nothing lost, the same reference: the clock jumps an hour, a night, a day. */
static void a_clock_that_jumps_moves_nothing(void **state)
{
    static const int jumps[] = {-26 * 3600, -5 * 3600, -3600, 3600, 2 * 3600};
    struct place *p = *state;
    struct notice_row before;
    struct outbox_item item;

    zelda(p);
    plan_at(p, NIGHT + 60);
    before = owed(p);
    for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
        replan(p, NIGHT + 60 + jumps[i]);
        assert_string_equal(owed(p).reference, before.reference);
        assert_int_equal(owed(p).due_at, SEND_AT);
        assert_int_equal(outbox_claim(p->db, "email", NIGHT + 60 + jumps[i], 60, &item, 1, &p->err),
                         0);
    }
    replan(p, SEND_AT + 3 * 3600); /* a morning too far, and back */
    replan(p, NIGHT + 120);
    assert_int_equal(owed(p).due_at, SEND_AT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT - 1, 60, &item, 1, &p->err), 0);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    outbox_item_release(&item);
    nobody_is_forgotten(p);
}

/* Attended on Monday, published on Friday night: what counts is when we had it. */
static void a_call_out_that_arrives_days_late_is_told_the_next_morning(void **state)
{
    struct place *p = *state;
    char *json = strdup(call_out(p, "A1", 1, "notify", ZELDA, "")), *day;
    int64_t id;

    day = strstr(json, "2026-11-19T");
    assert_non_null(day);
    memcpy(day, "2026-11-16", 10);
    id = put(p, json, NIGHT);
    free(json);
    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    plan_at(p, NIGHT);
    assert_int_equal(owed(p).due_at, SEND_AT);
    assert_string_equal(owed(p).rule, "school-morning");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_closed_school_is_followed_by_the_registers_links),
        T(whom_the_police_have_barred_is_barred_where_the_school_has_another_number),
        T(whoever_the_police_have_barred_at_one_school_is_barred_at_another),
        T(links_that_go_round_end),
        T(a_part_time_place_is_told_on_a_day_of_its_own),
        T(a_school_on_saturdays_is_told_on_one),
        T(the_desk_of_the_force_where_the_child_lives_comes_first),
        T(health_visitors_are_told_by_a_notice_of_their_own),
        T(a_wrong_decision_is_put_right_while_a_filter_keeps_the_child_back),
        T(a_filter_keeps_back_what_is_not_sent_and_lets_it_go_again),
        T(what_the_police_withhold_no_filter_lets_go),
        T(a_clock_that_jumps_moves_nothing),
        T(a_call_out_that_arrives_days_late_is_told_the_next_morning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
