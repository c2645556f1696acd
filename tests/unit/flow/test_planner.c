/* What is owed agrees with the plan. */
#include "planner_fixture.h"

static void a_matched_child_is_owed_to_its_school_before_the_bell(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    struct notice_row n;

    assert_int_equal(plan_at(p, NIGHT + 5), 1);
    n = notice(p, 1);
    assert_int_equal(n.incident_id, id);
    assert_int_equal(n.kind, NOTICE_NOTICE);
    assert_string_equal(n.door.urn, "100001");
    assert_int_equal(n.basis, BASIS_STATUTORY);
    assert_int_equal(n.due_at, SEND_AT);
    assert_int_equal(n.answer_by, SEND_AT + 2700);
    assert_string_equal(n.rule, "school-morning");
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE notice_id = 1"), SEND_AT);
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(plan_at(p, NIGHT + 6), 0);
    nobody_is_forgotten(p);
}

static void siblings_at_one_school_share_a_notice(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT), *ids;
    size_t count;

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 0); /* Yorick is to be matched first */
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    OK(p, notices_children(p->db, 1, &ids, &count, &p->err));
    assert_int_equal(count, 2);
    free(ids);
}

static void planning_again_leaves_what_is_owed_as_it_was(void **state)
{
    struct place *p = *state;
    struct notice_row before, after;
    int64_t key;

    zelda(p);
    plan_at(p, NIGHT);
    before = notice(p, 1);
    key = ask(p, "SELECT item_id FROM outbox WHERE key = (SELECT key FROM outbox)");
    for (time_t now = NIGHT; now < SEND_AT + 7200; now += 1800) {
        OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
        assert_int_equal(plan_at(p, now), 1);
    }
    after = notice(p, 1);
    assert_string_equal(after.reference, before.reference);
    assert_int_equal(after.due_at, before.due_at);
    assert_int_equal(after.answer_by, before.answer_by);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    assert_int_equal(ask(p, "SELECT item_id FROM outbox WHERE state = 'due'"), key);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.changed'"), 0);
}

static void a_changed_calendar_moves_a_notice_under_its_reference(void **state)
{
    struct place *p = *state;
    struct notice_row before, after;

    zelda(p);
    plan_at(p, NIGHT);
    before = notice(p, 1);
    run(p, "INSERT INTO term(namespace, urn, kind, from_day, to_day) VALUES"
           " ('school', '100001', 'inset', '2026-11-20', '2026-11-20')");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, NIGHT), 1);
    after = notice(p, 1);
    assert_string_equal(after.reference, before.reference);
    assert_int_equal(after.due_at, MONDAY);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE state = 'due'"), MONDAY);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
}

/* A closure from the day after until the week's end: a holiday by now, and Friday is past. */
#define CLOSED                                                                                     \
    "INSERT INTO term(namespace, urn, kind, from_day, to_day) SELECT 'school', '100001',"          \
    " 'closure', date(due_at, 'unixepoch'), date(due_at, 'unixepoch', '+7 days') FROM notice"

static void a_closure_that_makes_a_holiday_sends_nothing_before_anybody_works(void **state)
{
    struct place *p = *state;

    run(p, "INSERT INTO term(namespace, urn, kind, from_day, to_day)"
           " VALUES ('school', '100001', 'inset', '2026-11-20', '2026-11-20')");
    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(notice(p, 1).due_at, MONDAY);
    run(p, CLOSED);
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, MONDAY - 5400);
    assert_string_equal(notice(p, 1).rule, "holiday-weekday");
    assert_int_equal(notice(p, 1).due_at, MONDAY);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE kind = 'notice'"), MONDAY);
}

/* A contact who has ended is followed by one who is written to by day; what waits for somebody
 * is not put off, nor moved to another rule. */
static void what_is_late_is_not_put_off_by_planning_at_night_and_whoever_is_next_is_told_by_day(
    void **state)
{
    struct place *p = *state;
    const time_t tonight = SEND_AT + 18 * 3600;

    zelda(p);
    plan_at(p, NIGHT);
    run(p, "UPDATE outbox SET due_at = due_at + 66600, tries = 7 WHERE kind = 'notice';"
           "UPDATE notice SET rule = 'part-time'");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, tonight);
    assert_int_equal(notice(p, 1).due_at, SEND_AT);
    assert_string_equal(notice(p, 1).rule, "part-time");
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE kind = 'notice'"), SEND_AT + 66600);
    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id = 1");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, tonight);
    assert_int_equal(waits_for(p, 1), 2);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE contact_id = 2"), MONDAY);
    assert_int_equal(notice(p, 1).due_at, SEND_AT);
}

static void what_is_known_late_and_waits_for_the_morning_moves_with_a_closure(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, SEND_AT + 18 * 3600);
    assert_int_equal(notice(p, 1).due_at, MONDAY);
    run(p, "INSERT INTO term(namespace, urn, kind, from_day, to_day)"
           " VALUES ('school', '100001', 'closure', '2026-11-23', '2026-11-23')");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, MONDAY - 5400);
    assert_int_equal(notice(p, 1).due_at, MONDAY + 86400);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE kind = 'notice'"), MONDAY + 86400);
}

/* It is tried on through the night: its time was, and is not put off by being planned again. */
static void what_is_late_in_a_holiday_is_not_put_off_by_planning_at_night(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    run(p, CLOSED);
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, NIGHT + 60);
    assert_string_equal(notice(p, 1).rule, "holiday-weekday");
    assert_int_equal(notice(p, 1).due_at, SEND_AT);
    run(p, "UPDATE outbox SET due_at = due_at + 40000, tries = 7 WHERE kind = 'notice'");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    plan_at(p, SEND_AT + 39000); /* in the evening */
    assert_int_equal(notice(p, 1).due_at, SEND_AT);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE kind = 'notice'"), SEND_AT + 40000);
}

static void an_unsent_notice_takes_up_a_revision_under_its_reference(void **state)
{
    struct place *p = *state;
    struct notice_row before, after;

    zelda(p);
    plan_at(p, NIGHT);
    before = notice(p, 1);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"circumstances\":\"More is known.\""),
        NIGHT + 600);
    assert_int_equal(plan_at(p, NIGHT + 601), 1);
    after = notice(p, 1);
    assert_string_equal(after.reference, before.reference);
    assert_int_equal(after.revision, 2);
    assert_int_equal(after.due_at, SEND_AT);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
}

/* Nobody's child waits over a weekend because the police have written something more of it. */
static void a_revision_puts_nothing_off_and_a_release_is_reckoned_anew(void **state)
{
    struct place *p = *state;
    time_t evening = SEND_AT + 9 * 3600, monday = SEND_AT + 3 * 86400;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"circumstances\":\"More of it.\""), evening);
    plan_at(p, evening);
    assert_int_equal(notice(p, 1).revision, 2);
    assert_int_equal(notice(p, 1).due_at, SEND_AT);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE notice_id = 1"), SEND_AT);

    put(p,
        call_out(p, "A1", 3, "notify", ZELDA,
                 ",\"withhold\":{\"reason\":\"risk-to-victim\",\"authorised_by\":\"I\"}"),
        evening + 60);
    plan_at(p, evening + 60);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    put(p, call_out(p, "A1", 4, "notify", ZELDA, ""), evening + 120);
    if (child(p, id, "1").stage == STAGE_MATCH)
        decided_as(p, child(p, id, "1").child_id, "match", 1, evening + 120);
    plan_at(p, evening + 120);
    assert_int_equal(notice(p, 2).state, NOTICE_OWED);
    assert_int_equal(notice(p, 2).due_at, monday);
}

static void a_notice_that_nobody_can_take_waits_for_whoever_comes(void **state)
{
    struct place *p = *state;
    struct incidents_account a;

    run(p, "UPDATE contact SET ended_at = 9");
    zelda(p);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(notice(p, 1).kind, NOTICE_DESK);
    assert_int_equal(waits_for(p, 1), -1);
    OK(p, incidents_account(p->db, 0, &a, &p->err));
    assert_int_equal(a.stuck, 1);
    run(p, "UPDATE contact SET ended_at = NULL WHERE contact_id = 4");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 60), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(waits_for(p, 1), 4);
    OK(p, incidents_account(p->db, 0, &a, &p->err));
    assert_int_equal(a.stuck, 0);
    run(p, "UPDATE contact SET ended_at = NULL");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 61), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_string_equal(notice(p, 2).door.urn, "100001");
    nobody_is_forgotten(p);
}

static void a_contact_who_leaves_before_the_morning_is_followed_by_the_deputy(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    OK(p, registers_end_contact(p->db, 1, "left", NIGHT + 60, &p->err));
    assert_int_equal(plan_at(p, NIGHT + 61), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(waits_for(p, 1), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE contact_id = 1"
                            " AND state = 'cancelled'"),
                     1);
    run(p, "UPDATE contact SET ended_at = NULL WHERE contact_id = 1");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, NIGHT + 62), 1);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND kind = 'notice'"),
                     1);
}

static void what_is_withdrawn_before_it_is_sent_is_not_sent(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), NIGHT + 60);
    assert_int_equal(plan_at(p, NIGHT + 61), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"
                            " AND state <> 'cancelled'"),
                     0);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHDRAWN);
}

static void what_is_withheld_is_told_to_nobody(void **state)
{
    struct place *p = *state;
    int64_t id = put(p,
                     call_out(p, "A1", 1, "notify", ZELDA,
                              ",\"withhold\":{\"reason\":\"risk\",\"authorised_by\":\"DI\"}"),
                     NIGHT);

    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 0);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    nobody_is_forgotten(p);
}

/* The desk's door that a child with that home and pupil comes to. */
static void comes_to(struct place *p, const char *police_ref, const char *home, int64_t pupil_key,
                     const char *urn)
{
    char json[400];
    int64_t id;

    snprintf(json, sizeof json,
             "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
             "\"date_of_birth\":\"2017-03-09\",\"address\":{\"address\":\"1 Street\","
             "\"postcode\":%s}}",
             home);
    id = put(p, call_out(p, police_ref, 1, "notify", json, ""), NIGHT);
    decided_as(p, child(p, id, "1").child_id, pupil_key < 0 ? "none" : "match", pupil_key, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_string_equal(notice(p, ask(p, "SELECT max(notice_id) FROM notice")).door.urn, urn);
}

static void the_home_authority_is_told_by_the_home_then_by_the_roll_then_by_the_force(void **state)
{
    struct place *p = *state;

    run(p, "DELETE FROM enrolment; UPDATE pupil SET la_code = '878', postcode = 'PL4 8ZZ'"
           " WHERE pupil_key = 1; UPDATE pupil SET la_code = '878' WHERE pupil_key = 2");
    comes_to(p, "A1", "\"EX20 1ZZ\"", 1, "878"); /* the home, as the police gave it */
    comes_to(p, "A2", "null", 1, "879");         /* the home on the roll */
    comes_to(p, "A3", "null", 2, "878");         /* the roll's own authority */
    comes_to(p, "A4", "\"ZE1 0AA\"", -1, FORCE); /* nobody knows: the force's desk */
    run(p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'home_la', '879')");
    comes_to(p, "A5", "\"ZE1 0AA\"", -1, "879");
}

static void a_toddler_comes_to_the_centre_in_reach_where_the_authority_has_agreed(void **state)
{
    struct place *p = *state;
    static const char toddler[] =
        "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
        "\"date_of_birth\":\"2024-03-09\",\"address\":{\"address\":\"1 Street\","
        "\"postcode\":\"PL4 8ZZ\"}}";
    int64_t id = put(p, call_out(p, "A1", 1, "notify", toddler, ""), NIGHT);

    run(p, "INSERT INTO reach VALUES ('centre', '20001', 'PL4 8');"
           "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
           " verified_at) VALUES (9, 'centre', '20001', 'dsl', 'Cas', 'email', 'cas@example.test',"
           " 5)");
    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(notice(p, 1).reason, DESK_UNDER_FIVE);
    run(p, "INSERT INTO policy VALUES ('la', '879', 'childrens_centres', 'on')");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_string_equal(notice(p, 2).door.urn, "20001");
    assert_int_equal(notice(p, 2).basis, BASIS_LOCAL);
    assert_int_equal(waits_for(p, 2), 9);
}

/* Whatever is known and whoever is there: after planning every child has a notice that is owed. */
static void nobody_is_forgotten_whatever_is_on_file(void **state)
{
    static const char *const outcomes[] = {"match", "review", "none"};
    static const char *const lacks[] = {
        "UPDATE contact SET verified_at = NULL WHERE namespace = 'school'",
        "UPDATE establishment SET status_code = 2",
        "DELETE FROM term",
        "UPDATE contact SET ended_at = 1 WHERE namespace = 'la'",
        "DELETE FROM enrolment",
        "DELETE FROM establishment",
        "UPDATE contact SET ended_at = 1",
    };
    struct place *p = *state;
    int64_t count = 0;

    for (size_t l = 0; l <= ARRAY_SIZE(lacks); l++) {
        for (size_t o = 0; o < ARRAY_SIZE(outcomes); o++) {
            char ref[16];
            int64_t id;

            snprintf(ref, sizeof ref, "R%zu-%zu", l, o);
            id = put(p, call_out(p, ref, 1, "notify", ZELDA "," YORICK, ""), NIGHT);
            decided_as(p, child(p, id, "1").child_id, outcomes[o], o == 0 ? 1 : -1, NIGHT);
            decided_as(p, child(p, id, "2").child_id, outcomes[(o + l) % 3],
                       (o + l) % 3 == 0 ? 2 : -1, NIGHT);
            assert_int_equal(plan_at(p, NIGHT + (time_t)l * 86400), 1);
            count += 2;
            nobody_is_forgotten(p);
            assert_int_equal(ask(p, "SELECT count(DISTINCT child_id) FROM notice_child"
                                    " JOIN notice USING (notice_id) WHERE state = 'owed'"),
                             count);
        }
        if (l < ARRAY_SIZE(lacks))
            run(p, lacks[l]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_matched_child_is_owed_to_its_school_before_the_bell),
        T(siblings_at_one_school_share_a_notice),
        T(planning_again_leaves_what_is_owed_as_it_was),
        T(a_changed_calendar_moves_a_notice_under_its_reference),
        T(a_closure_that_makes_a_holiday_sends_nothing_before_anybody_works),
        T(what_is_late_is_not_put_off_by_planning_at_night_and_whoever_is_next_is_told_by_day),
        T(what_is_known_late_and_waits_for_the_morning_moves_with_a_closure),
        T(what_is_late_in_a_holiday_is_not_put_off_by_planning_at_night),
        T(an_unsent_notice_takes_up_a_revision_under_its_reference),
        T(a_revision_puts_nothing_off_and_a_release_is_reckoned_anew),
        T(a_notice_that_nobody_can_take_waits_for_whoever_comes),
        T(a_contact_who_leaves_before_the_morning_is_followed_by_the_deputy),
        T(what_is_withdrawn_before_it_is_sent_is_not_sent),
        T(what_is_withheld_is_told_to_nobody),
        T(the_home_authority_is_told_by_the_home_then_by_the_roll_then_by_the_force),
        T(a_toddler_comes_to_the_centre_in_reach_where_the_authority_has_agreed),
        T(nobody_is_forgotten_whatever_is_on_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
