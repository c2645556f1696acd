/* Corrections and withdrawals as rows: to whom, once, and of which children. */
#include "planner_fixture.h"

#define LATER (SEND_AT + 600)

static const char zelda_renamed[] = "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":"
                                    "\"Quibblethwaite\",\"date_of_birth\":\"2017-03-09\","
                                    "\"known_as\":[\"Zel\"]}";

/* As matching does when a revision changes what it looks at. */
static void matched_again(struct place *p, int64_t id, const char *ref, int64_t pupil, time_t now)
{
    decided_as(p, child(p, id, ref).child_id, "match", pupil, now);
}

static int64_t told_zelda(struct place *p)
{
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    return id;
}

static int64_t both_told(struct place *p)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    matched_again(p, id, "1", 1, NIGHT);
    matched_again(p, id, "2", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    return id;
}

static int64_t children_of(struct place *p, int64_t notice_id, int64_t *first)
{
    int64_t *ids;
    size_t count;

    OK(p, notices_children(p->db, notice_id, &ids, &count, &p->err));
    *first = count > 0 ? ids[0] : -1;
    free(ids);
    return (int64_t)count;
}

static void what_was_sent_and_changed_is_corrected_to_the_same_contact_once(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    put(p, call_out(p, "A1", 2, "notify", zelda_renamed, ""), LATER);
    matched_again(p, id, "1", 1, LATER);
    assert_int_equal(plan_at(p, LATER + 1), 1);
    assert_int_equal(notice(p, 2).kind, NOTICE_CORRECTION);
    assert_int_equal(notice(p, 2).amends, 1);
    assert_int_equal(waits_for(p, 2), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD); /* still, meanwhile */
    send_one(p, "email", LATER + 2);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, LATER + 3), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2);
    nobody_is_forgotten(p);
}

static void a_second_revision_before_it_leaves_changes_the_correction_that_waits(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    put(p, call_out(p, "A1", 2, "notify", zelda_renamed, ""), LATER);
    matched_again(p, id, "1", 1, LATER);
    plan_at(p, LATER);
    put(p, call_out(p, "A1", 3, "notify", zelda_renamed, ",\"risk\":\"high\""), LATER + 10);
    assert_int_equal(plan_at(p, LATER + 11), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2);
    assert_int_equal(notice(p, 2).revision, 3);
    put(p, call_out(p, "A1", 4, "notify", ZELDA, ""), LATER + 20); /* and it was right after all */
    matched_again(p, id, "1", 1, LATER + 20);
    assert_int_equal(plan_at(p, LATER + 21), 1);
    assert_int_equal(notice(p, 2).state, NOTICE_CANCELLED);
}

static void what_the_school_may_not_read_is_not_corrected(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"risk\":\"high\""), LATER);
    plan_at(p, LATER);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    run(p, "INSERT INTO policy(scope, id, key, value) VALUES ('all', '', 'fields', 'full')");
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ",\"risk\":\"medium\""), LATER + 10);
    plan_at(p, LATER + 11);
    assert_int_equal(notice(p, 2).kind, NOTICE_CORRECTION);
}

static void of_two_children_the_one_that_changed_is_corrected(void **state)
{
    struct place *p = *state;
    int64_t id = both_told(p), first;
    char children[600];

    snprintf(children, sizeof children, "%s," YORICK, zelda_renamed);
    put(p, call_out(p, "A1", 2, "notify", children, ""), LATER);
    matched_again(p, id, "1", 1, LATER);
    plan_at(p, LATER);
    assert_int_equal(children_of(p, 2, &first), 1);
    assert_int_equal(first, child(p, id, "1").child_id);
}

static void a_child_that_is_named_no_longer_is_taken_back_alone(void **state)
{
    struct place *p = *state;
    int64_t id = both_told(p), first;

    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), LATER);
    plan_at(p, LATER);
    assert_int_equal(notice(p, 2).kind, NOTICE_WITHDRAWAL);
    assert_int_equal(notice(p, 2).reason, TAKEN_WITHDRAWN);
    assert_int_equal(children_of(p, 2, &first), 1);
    assert_int_equal(first, child(p, id, "2").child_id);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    send_one(p, "email", LATER + 1);
    nobody_is_forgotten(p);
}

static void a_withdrawal_is_taken_back_from_all_who_were_told_and_a_release_tells_again(
    void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    OK(p,
       notices_add_item(p->db, 1, 2, "email", SEND_AT + 60, SEND_AT + 120, SEND_AT + 60, &p->err));
    send_one(p, "email", SEND_AT + 60); /* the deputy has it too */
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), LATER);
    plan_at(p, LATER);
    assert_int_equal(notice(p, 2).kind, NOTICE_WITHDRAWAL);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE notice_id = 2 AND state = 'due'"),
                     2);
    send_one(p, "email", LATER);
    send_one(p, "email", LATER);
    assert_int_equal(notice(p, 2).state, NOTICE_TOLD);
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ""), LATER + 60);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN); /* nobody has it any more */
    plan_at(p, LATER + 61);
    assert_int_equal(notice(p, 3).kind, NOTICE_NOTICE);
    send_one(p, "email", LATER + 62);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    nobody_is_forgotten(p);
}

static void a_withdrawal_that_has_not_left_is_forgotten_when_the_police_name_the_child_again(
    void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), LATER);
    plan_at(p, LATER);
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ""), LATER + 1);
    plan_at(p, LATER + 2);
    assert_int_equal(notice(p, 2).state, NOTICE_CANCELLED);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
}

static void withheld_after_it_was_told_is_taken_back_and_a_release_tells_it(void **state)
{
    static const char withhold[] =
        ",\"withhold\":{\"reason\":\"risk-to-victim\",\"authorised_by\":\"Insp\"}";
    struct place *p = *state;
    int64_t id = told_zelda(p);

    put(p, call_out(p, "A1", 2, "notify", ZELDA, withhold), LATER);
    plan_at(p, LATER);
    assert_int_equal(notice(p, 2).reason, TAKEN_WITHHELD);
    send_one(p, "email", LATER);
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ""), LATER + 60);
    plan_at(p, LATER + 61);
    assert_int_equal(notice(p, 3).kind, NOTICE_NOTICE);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    nobody_is_forgotten(p);
}

static void withheld_from_the_first_and_released_is_planned_as_any(void **state)
{
    struct place *p = *state;
    int64_t id =
        put(p,
            call_out(p, "A1", 1, "notify", ZELDA,
                     ",\"withhold\":{\"reason\":\"risk-to-victim\",\"authorised_by\":\"I\"}"),
            NIGHT);

    plan_at(p, NIGHT);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 0);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 60);
    matched_again(p, id, "1", 1, NIGHT + 60);
    plan_at(p, NIGHT + 61);
    assert_int_equal(notice(p, 1).kind, NOTICE_NOTICE);
    assert_int_equal(notice(p, 1).due_at, SEND_AT);
}

static void another_child_at_another_school_the_first_deletes_it_and_the_other_is_told(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (3, '879', 'p3', 1);"
        "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
        " (3, 'school', '100002', 1)");
    put(p, call_out(p, "A1", 2, "notify", zelda_renamed, ""), LATER);
    matched_again(p, id, "1", 3, LATER);
    plan_at(p, LATER);
    assert_int_equal(ask(p, "SELECT notice_id FROM notice WHERE kind = 'withdrawal'"), 3);
    assert_string_equal(notice(p, 3).door.urn, "100001");
    assert_int_equal(notice(p, 3).reason, TAKEN_NOT_PUPIL);
    assert_string_equal(notice(p, 2).door.urn, "100002");
    assert_int_equal(notice(p, 2).kind, NOTICE_NOTICE);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN); /* the wrong door is nobody */
    send_one(p, "email", LATER);
    send_one(p, "webhook", LATER);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    nobody_is_forgotten(p);
}

static void one_who_has_gone_is_stood_in_for(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    run(p, "UPDATE contact SET ended_at = 1 WHERE contact_id = 1");
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), LATER);
    plan_at(p, LATER);
    assert_int_equal(waits_for(p, 2), 2);
}

static void one_whose_mailbox_refuses_a_withdrawal_is_stood_in_for(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), LATER);
    plan_at(p, LATER);
    fail_one(p, LATER);
    plan_at(p, LATER + 1);
    assert_int_equal(waits_for(p, 2), 2);
    fail_one(p, LATER + 1);
    plan_at(p, LATER + 2);
    assert_int_equal(waits_for(p, 2), -1);
    assert_int_equal(notice(p, 2).state, NOTICE_OWED); /* a person must act: counted, not dropped */
}

/* The revision came while the old words were on their way. */
static void what_left_in_the_old_words_is_corrected(void **state)
{
    struct place *p = *state;
    struct outbox_item item;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "notify", zelda_renamed, ""), SEND_AT);
    matched_again(p, id, "1", 1, SEND_AT);
    assert_int_equal(plan_at(p, SEND_AT), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_sent(p->db, &item, 250, "taken over", 12, SEND_AT + 1, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    assert_int_equal(plan_at(p, SEND_AT + 2), 1);
    assert_int_equal(notice(p, 2).kind, NOTICE_CORRECTION);
}

/* The revision came while the notice was on its way: another pupil, at another school. */
static void what_left_for_another_pupils_school_is_taken_back(void **state)
{
    struct place *p = *state;
    struct outbox_item item;
    int64_t id = zelda(p);

    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (3, '879', 'p3', 1);"
        "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
        " (3, 'school', '100002', 1)");
    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "notify", zelda_renamed, ""), SEND_AT + 1);
    matched_again(p, id, "1", 3, SEND_AT + 1);
    assert_int_equal(plan_at(p, SEND_AT + 1), 0);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_sent(p->db, &item, 250, "taken over", 12, SEND_AT + 2, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    assert_int_equal(plan_at(p, SEND_AT + 3), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE urn = '100002' AND state = 'owed'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"
                            " AND urn = '100001' AND reason = 'not-your-pupil'"),
                     1);
    nobody_is_forgotten(p);
}

/* As where a home that is said later tells for the roll of another authority: the first school has it on
 * roll as well, and was told rightly. */
static void another_row_of_the_same_child_makes_no_wrong_door(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    run(p, "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES"
           " (3, '878', 'p3', 1);"
           "UPDATE pupil SET upn = 'H801200017001', forename = 'Zelda', dob = '2017-03-09'"
           " WHERE pupil_key IN (1, 3);"
           "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
           " (3, 'school', '100002', 1)");
    put(p, call_out(p, "A1", 2, "notify", zelda_renamed, ""), LATER);
    matched_again(p, id, "1", 3, LATER);
    plan_at(p, LATER + 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE urn = '100002' AND state = 'owed'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"), 0);

    run(p,
        "UPDATE pupil SET forename = 'Zola' WHERE pupil_key = 3"); /* a twin's number, mistyped */
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    plan_at(p, LATER + 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"), 1);
}

/* Two pupils of one school, and a person who decided otherwise before it left: nothing to take back
 * when that one has left the school, too. */
static void what_waited_while_another_pupil_was_found_is_told_of_that_one(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    matched_again(p, id, "1", 2, NIGHT + 60);
    plan_at(p, NIGHT + 60);
    send_one(p, "email", SEND_AT);
    run(p, "UPDATE enrolment SET ended_at = 5 WHERE pupil_key = 2");
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    plan_at(p, SEND_AT + 60);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_sent_and_changed_is_corrected_to_the_same_contact_once),
        T(a_second_revision_before_it_leaves_changes_the_correction_that_waits),
        T(what_the_school_may_not_read_is_not_corrected),
        T(of_two_children_the_one_that_changed_is_corrected),
        T(a_child_that_is_named_no_longer_is_taken_back_alone),
        T(a_withdrawal_is_taken_back_from_all_who_were_told_and_a_release_tells_again),
        T(a_withdrawal_that_has_not_left_is_forgotten_when_the_police_name_the_child_again),
        T(withheld_after_it_was_told_is_taken_back_and_a_release_tells_it),
        T(withheld_from_the_first_and_released_is_planned_as_any),
        T(another_child_at_another_school_the_first_deletes_it_and_the_other_is_told),
        T(one_who_has_gone_is_stood_in_for),
        T(one_whose_mailbox_refuses_a_withdrawal_is_stood_in_for),
        T(what_left_in_the_old_words_is_corrected),
        T(what_left_for_another_pupils_school_is_taken_back),
        T(another_row_of_the_same_child_makes_no_wrong_door),
        T(what_waited_while_another_pupil_was_found_is_told_of_that_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
