/* Notices: their references, their ends, and what they make of children. */
#include "store_fixture.h"

#include "store/standing.h"

/* An incident of two children, matched. */
static int64_t night(struct place *p, int64_t *one, int64_t *two)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    *one = child(p, id, "1").child_id;
    *two = child(p, id, "2").child_id;
    decided(p, *one, "match");
    decided(p, *two, "match");
    return id;
}

static void a_notice_is_kept_as_it_was_planned(void **state)
{
    struct place *p = *state;
    int64_t children[2], *ids, id = night(p, &children[0], &children[1]), notice_id;
    struct notice_row *rows, n;
    size_t count;

    notice_id = planned(p, id, 1, "la", "879", 4, children, 2);
    assert_int_equal(notices_get(p->db, notice_id, &n, &p->err), 1);
    assert_int_equal(n.incident_id, id);
    assert_int_equal(n.revision, 1);
    assert_int_equal(n.kind, NOTICE_DESK);
    assert_int_equal(n.reason, DESK_NO_MATCH);
    assert_int_equal(n.basis, BASIS_STATUTORY);
    assert_int_equal(n.state, NOTICE_OWED);
    assert_string_equal(n.door.namespace, "la");
    assert_string_equal(n.door.urn, "879");
    assert_string_equal(n.rule, "school-morning");
    assert_int_equal(n.due_at, DUE);
    assert_int_equal(n.answer_by, NIGHT + 25200);
    assert_int_equal(n.told_at, -1);
    assert_int_equal(n.told_contact, -1);
    OK(p, notices_children(p->db, notice_id, &ids, &count, &p->err));
    assert_int_equal(count, 2);
    assert_memory_equal(ids, children, sizeof children);
    free(ids);
    planned(p, id, 1, "school", "100001", 1, children, 2);
    OK(p, notices_of_incident(p->db, id, &rows, &count, &p->err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].kind, NOTICE_NOTICE);
    assert_int_equal(rows[1].reason, DESK_NONE);
    free(rows);
    assert_int_equal(notices_get(p->db, 99, &n, &p->err), 0);
}

static void a_reference_is_found_as_people_type_it(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two);
    int64_t notice_id = planned(p, id, 1, "school", "100001", 1, &one, 1);
    struct notice_row n;

    assert_int_equal(notices_get(p->db, notice_id, &n, &p->err), 1);
    assert_int_equal(strlen(n.reference), strlen("OE-7F3K-2Q9M"));
    assert_int_equal(strspn(n.reference + 3, "-0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 9);
    assert_memory_equal(n.reference, "OE-", 3);
    assert_int_equal(n.reference[7], '-');
    assert_int_equal(notices_by_reference(p->db, n.reference, &n, &p->err), 1);
    run(p, "UPDATE notice SET reference = 'OE-01AZ-1Q0M'");
    assert_int_equal(notices_by_reference(p->db, "oe-0laz-iqOm", &n, &p->err), 1);
    assert_int_equal(n.notice_id, notice_id);
    assert_int_equal(notices_by_reference(p->db, "OE-", &n, &p->err), 0);
    assert_int_equal(notices_by_reference(p->db, "", &n, &p->err), 0);
    assert_int_equal(notices_by_reference(p->db, "XE-01AZ-1Q0M", &n, &p->err), 0);
    assert_int_equal(notices_by_reference(p->db, "OE-01AZ-1Q0M-and-more", &n, &p->err), 0);
}

static void a_door_is_owed_one_notice_until_it_is_cancelled(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two), again;
    int64_t first = planned(p, id, 1, "school", "100001", 1, &one, 1);
    struct plan_notice notice = {.kind = NOTICE_NOTICE,
                                 .due = {DUE, DUE, "at-once"},
                                 .contact_id = 1,
                                 .child_ids = &one,
                                 .children_count = 1};
    const struct door door = {"school", "100001"};

    assert_int_equal(notices_add(p->db, id, 1, &notice, &door, "email", NIGHT, &again, &p->err),
                     -1);
    assert_int_equal(notices_cancel(p->db, first, "a test", NIGHT, &p->err), 1);
    OK(p, notices_add(p->db, id, 1, &notice, &door, "email", NIGHT, &again, &p->err));
}

static void a_notice_whose_send_is_under_way_is_not_cancelled(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two);
    int64_t notice_id = planned(p, id, 1, "school", "100001", 1, &one, 1);
    struct outbox_item item;
    struct notice_row n;

    assert_int_equal(outbox_claim(p->db, "email", DUE, 60, &item, 1, &p->err), 1);
    assert_int_equal(notices_cancel(p->db, notice_id, "a test", DUE, &p->err), 0);
    assert_int_equal(notices_fail(p->db, notice_id, "a test", DUE, &p->err), 0);
    assert_int_equal(notices_get(p->db, notice_id, &n, &p->err), 1);
    assert_int_equal(n.state, NOTICE_OWED);
    OK(p, outbox_later(p->db, &item, "later", 451, "busy", 3, DUE + 60, true, DUE, &p->err));
    assert_int_equal(notices_cancel(p->db, notice_id, "a test", DUE + 1, &p->err), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'cancelled'"), 1);
    assert_int_equal(notices_cancel(p->db, notice_id, "a test", DUE + 1, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
}

static void a_notice_goes_from_contact_to_contact_until_none_is_left(void **state)
{
    struct place *p = *state;
    const struct door door = {"school", "100001"};
    int64_t one, two, id = night(p, &one, &two);
    int64_t notice_id = planned(p, id, 1, "school", "100001", 1, &one, 1);
    struct notice_failed *failed;
    struct outbox_item item;
    size_t count;

    assert_int_equal(outbox_claim(p->db, "email", DUE, 60, &item, 1, &p->err), 1);
    OK(p, outbox_never(p->db, &item, 550, "no such user", 3, DUE, &p->err));
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    assert_int_equal(child(p, id, "2").stage, STAGE_PLAN); /* decided, never planned here */
    assert_int_equal(notices_add_item(p->db, notice_id, 1, "email", DUE, DUE + 60, DUE, &p->err),
                     0);
    assert_int_equal(notices_add_item(p->db, notice_id, 2, "email", DUE, DUE + 60, DUE, &p->err),
                     1);
    assert_int_equal(notices_add_item(p->db, notice_id, 2, "email", DUE, DUE + 60, DUE, &p->err),
                     0);
    OK(p, notices_contacts_failed(p->db, id, &door, &failed, &count, &p->err));
    assert_int_equal(count, 1);
    assert_int_equal(failed[0].contact_id, 1);
    assert_false(failed[0].passed);
    free(failed);
    assert_int_equal(ask(p, "SELECT count(DISTINCT key) FROM outbox"), 2);
    assert_int_equal(notices_fail(p->db, notice_id, "nobody is left", DUE, &p->err), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.failed'"), 1);
}

static void a_child_of_two_schools_is_told_once_both_are(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two);
    int64_t a = planned(p, id, 1, "school", "100001", 1, &one, 1);
    int64_t b = planned(p, id, 1, "school", "100002", 3, &one, 1);

    send_one(p, "email", DUE);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(notices_answer(p->db, a, "una", DUE + 1, &p->err), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    send_one(p, "webhook", DUE + 2);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(notices_answer(p->db, b, "webhook", DUE + 3, &p->err), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_ANSWERED);
}

static void a_school_s_notice_counts_before_the_desk_s(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two), school;

    planned(p, id, 1, "la", "879", 4, &one, 1);
    send_one(p, "email", DUE);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    /* A reviewer finds the child: the school is owed, then told. */
    school = planned(p, id, 1, "school", "100001", 1, &one, 1);
    OK(p, notices_restate(p->db, one, "planner", DUE + 1, &p->err));
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    send_one(p, "email", DUE + 2);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(notices_answer(p->db, school, "una", DUE + 3, &p->err), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_ANSWERED);
}

static void a_child_in_review_is_so_until_somebody_is_told(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two);

    decided(p, one, "review");
    planned(p, id, 1, "la", "879", 4, &one, 1);
    OK(p, notices_restate(p->db, one, "planner", NIGHT, &p->err));
    assert_int_equal(child(p, id, "1").state, CHILD_REVIEW);
    send_one(p, "email", DUE);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
}

static void nothing_that_a_notice_does_moves_a_withdrawn_child(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two), notice_id;
    struct outbox_item item;

    notice_id = planned(p, id, 1, "school", "100001", 1, &one, 1);
    assert_int_equal(outbox_claim(p->db, "email", DUE, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA "," YORICK, ""), DUE);
    OK(p, outbox_sent(p->db, &item, 250, "", 1, DUE + 1, &p->err));
    assert_int_equal(child(p, id, "1").state, CHILD_WITHDRAWN);
    assert_int_equal(notices_answer(p->db, notice_id, "una", DUE + 2, &p->err), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHDRAWN);
}

static void only_what_was_told_is_answered(void **state)
{
    struct place *p = *state;
    int64_t one, two, id = night(p, &one, &two);
    int64_t notice_id = planned(p, id, 1, "school", "100001", 1, &one, 1);
    struct notice_row n;

    assert_int_equal(notices_answer(p->db, notice_id, "una", DUE, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    send_one(p, "email", DUE);
    assert_int_equal(notices_answer(p->db, notice_id, "una", DUE + 1, &p->err), 1);
    assert_int_equal(notices_answer(p->db, notice_id, "una", DUE + 2, &p->err), 0);
    assert_int_equal(notices_get(p->db, notice_id, &n, &p->err), 1);
    assert_int_equal(n.answered_at, DUE + 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.answered'"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_notice_is_kept_as_it_was_planned),
        T(a_reference_is_found_as_people_type_it),
        T(a_door_is_owed_one_notice_until_it_is_cancelled),
        T(a_notice_whose_send_is_under_way_is_not_cancelled),
        T(a_notice_goes_from_contact_to_contact_until_none_is_left),
        T(a_child_of_two_schools_is_told_once_both_are),
        T(a_school_s_notice_counts_before_the_desk_s),
        T(a_child_in_review_is_so_until_somebody_is_told),
        T(nothing_that_a_notice_does_moves_a_withdrawn_child),
        T(only_what_was_told_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
