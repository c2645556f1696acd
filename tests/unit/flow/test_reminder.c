/* Told in a holiday, and told of again on the first school morning, once. */
#include "planner_fixture.h"

#define HOLIDAY london_moment(day_from_civil(2026, 12, 22), 23 * 3600)
#define TOLD london_moment(day_from_civil(2026, 12, 23), 7 * 3600 + 1800)
#define FIRST_MORNING london_moment(day_from_civil(2027, 1, 4), 7 * 3600 + 1800)

/* Zelda's call-out comes in the Christmas holiday and is told the next weekday. */
static int christmas(void **state)
{
    struct place *p;
    int64_t id;

    if (setup(state) < 0)
        return -1;
    p = *state;
    run(p, "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
           " ('879', 'term', '2027-01-04', '2027-02-12')");
    id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), HOLIDAY);
    decided_as(p, child(p, id, "1").child_id, "match", 1, HOLIDAY);
    plan_at(p, HOLIDAY);
    send_one(p, "email", TOLD);
    return 0;
}

static int64_t reminder_due(struct place *p)
{
    return ask(p, "SELECT due_at FROM outbox WHERE kind = 'reminder' AND state = 'due'");
}

static void replan(struct place *p, time_t now)
{
    OK(p, db_begin(p->db, &p->err));
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    OK(p, db_commit(p->db, &p->err));
    plan_at(p, now);
}

static void it_is_owed_to_the_same_contact_once_told(void **state)
{
    struct place *p = *state;
    struct outbox_item item;

    assert_string_equal(notice(p, 1).rule, "holiday-weekday");
    assert_int_equal(child(p, 1, "1").stage, STAGE_PLAN);
    assert_int_equal(reminder_due(p), -1);
    assert_int_equal(plan_at(p, TOLD + 1), 1);
    assert_int_equal(reminder_due(p), FIRST_MORNING);
    assert_int_equal(ask(p, "SELECT contact_id FROM outbox WHERE kind = 'reminder'"), 1);
    assert_int_equal(child(p, 1, "1").state, CHILD_TOLD);
    assert_int_equal(outbox_claim(p->db, "email", FIRST_MORNING - 1, 60, &item, 1, &p->err), 0);
    assert_int_equal(outbox_claim(p->db, "email", FIRST_MORNING, 60, &item, 1, &p->err), 1);
    assert_true(item.is_reminder);
    assert_int_equal(item.give_up_at, FIRST_MORNING + 2700);
    outbox_item_release(&item);
    nobody_is_forgotten(p);
}

static void it_goes_once_and_the_notice_stays_told(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    send_one(p, "email", FIRST_MORNING);
    assert_int_equal(notice(p, 1).told_at, TOLD);
    for (time_t now = FIRST_MORNING; now < FIRST_MORNING + 5 * 86400; now += 43200) {
        run(p, "UPDATE child SET stage = 'plan'");
        plan_at(p, now);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'reminder'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
}

static void an_answer_before_that_morning_takes_it_back(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, notices_answer(p->db, 1, "una", TOLD + 60, &p->err));
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(reminder_due(p), -1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'reminder.cancelled'"), 1);
    run(p, "UPDATE child SET stage = 'plan'");
    plan_at(p, TOLD + 61);
    assert_int_equal(reminder_due(p), -1);
}

static void it_moves_with_the_calendar(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    run(p, "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
           " ('879', 'inset', '2027-01-04', '2027-01-04')");
    replan(p, TOLD + 2);
    assert_int_equal(reminder_due(p), FIRST_MORNING + 86400);
    run(p, "DELETE FROM term WHERE kind = 'inset'");
    replan(p, TOLD + 3);
    assert_int_equal(reminder_due(p), FIRST_MORNING);
}

static void a_contact_who_leaves_in_the_holiday_is_followed_by_the_deputy(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    OK(p, registers_end_contact(p->db, 1, "left", TOLD + 60, &p->err));
    plan_at(p, TOLD + 61);
    assert_int_equal(ask(p, "SELECT contact_id FROM outbox WHERE kind = 'reminder'"
                            " AND state = 'due'"),
                     2);
    send_one(p, "email", FIRST_MORNING);
}

/* Schools close for good in holidays: nobody is there to be reminded. */
static void a_school_that_has_closed_since_is_not_reminded(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    assert_int_equal(reminder_due(p), FIRST_MORNING);
    run(p, "UPDATE establishment SET status_code = 2 WHERE urn = '100001'");
    replan(p, TOLD + 3600);
    assert_int_equal(reminder_due(p), -1);
    nobody_is_forgotten(p);
}

/* Told in a holiday, and moved in it: the new school is told, and the old one not again. */
static void a_school_that_the_child_has_left_is_not_reminded(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    assert_int_equal(reminder_due(p), FIRST_MORNING);
    run(p, "UPDATE enrolment SET urn = '100002' WHERE pupil_key = 1");
    replan(p, TOLD + 3600);
    assert_int_equal(reminder_due(p), -1);
    nobody_is_forgotten(p);
}

static void what_the_police_withdraw_is_not_reminded_of(void **state)
{
    struct place *p = *state;

    plan_at(p, TOLD + 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), TOLD + 600);
    plan_at(p, TOLD + 601);
    assert_int_equal(reminder_due(p), -1);
}

static void on_an_ordinary_night_nobody_is_reminded(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(plan_at(p, SEND_AT + 1), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'reminder'"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, christmas, place_teardown)
    const struct CMUnitTest tests[] = {
        T(it_is_owed_to_the_same_contact_once_told),
        T(it_goes_once_and_the_notice_stays_told),
        T(an_answer_before_that_morning_takes_it_back),
        T(it_moves_with_the_calendar),
        T(a_contact_who_leaves_in_the_holiday_is_followed_by_the_deputy),
        T(a_school_that_has_closed_since_is_not_reminded),
        T(a_school_that_the_child_has_left_is_not_reminded),
        T(what_the_police_withdraw_is_not_reminded_of),
        cmocka_unit_test_setup_teardown(on_an_ordinary_night_nobody_is_reminded, setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
