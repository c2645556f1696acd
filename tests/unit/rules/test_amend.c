/* What follows a telling that no longer holds: tests/cases/amend, and to whom and when. */
#include "rule_case.h"

#include "plan/amend.h"

static bool is(const char *phrase, const char *what)
{
    return strcmp(phrase, what) == 0;
}

static bool understand(const char *p, struct telling *t)
{
    if (is(p, "told the school"))
        t->to_desk = false;
    else if (is(p, "told the desk"))
        t->to_desk = true;
    else if (is(p, "the police withdrew it"))
        t->withdrawn = true;
    else if (is(p, "the police withheld it since"))
        t->withheld = true;
    else if (is(p, "the school said: not our pupil"))
        t->ruled_out = true;
    else if (is(p, "now the same pupil"))
        t->outcome = MATCH_MATCH, t->same_pupil = true;
    else if (is(p, "now another pupil"))
        t->outcome = MATCH_MATCH;
    else if (is(p, "now on no roll"))
        t->outcome = MATCH_NONE;
    else if (is(p, "with a reviewer"))
        t->outcome = MATCH_REVIEW;
    else if (is(p, "a person decided that"))
        t->by_person = true;
    else if (is(p, "still at that door") || is(p, "still that desk's"))
        t->at_door = true;
    else if (is(p, "what it may read has changed"))
        t->changed = true;
    else
        return is(p, "at another door");
    return true;
}

static void run(const struct rule_case *c)
{
    struct telling t = {.to_desk = false};
    struct amendment a;
    char said[80] = "nothing";

    for (size_t i = 0; i < c->given_count; i++) {
        if (!understand(c->given[i].text, &t))
            fail_msg("%s:%d: '%s' is not understood", c->file, c->given[i].line, c->given[i].text);
    }
    a = amend_judge(&t);
    if (a.kind == NOTICE_CORRECTION)
        snprintf(said, sizeof said, "correction");
    else if (a.kind == NOTICE_WITHDRAWAL)
        snprintf(said, sizeof said, "withdrawal %s", desk_reason_word(a.reason));
    if (c->expect_count != 1 || strcmp(said, c->expect[0].text) != 0)
        fail_msg("%s:%d: %s: it is %s", c->file, c->line, c->title, said);
}

static void every_case_of_a_telling_that_no_longer_holds(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/amend/*.case", 24, run);
}

/* A school with a key adult (1) and a deputy (2). */
static struct contact people[2];
static struct plan_door door;
static struct incident_do_not_tell bar;
static struct plan_input in;

static int setup(void **state)
{
    (void)state;
    memset(people, 0, sizeof people);
    memset(&door, 0, sizeof door);
    memset(&bar, 0, sizeof bar);
    people[0] = (struct contact){.contact_id = 1, .role = ROLE_DSL, .verified = true};
    people[1] = (struct contact){.contact_id = 2, .role = ROLE_DEPUTY, .verified = true};
    snprintf(door.establishment.door.namespace, sizeof door.establishment.door.namespace, "school");
    door.policy.morning = MORNING_DEFAULT;
    door.contacts = people;
    door.contacts_count = 2;
    in = (struct plan_input){.doors = &door, .doors_count = 1, .do_not_tell = &bar};
    return 0;
}

static int64_t to(enum notice_kind kind, int64_t told)
{
    const struct contact *contact = amend_whom(&in, &door, kind, told);

    return contact ? contact->contact_id : -1;
}

static void it_goes_to_the_one_who_was_told(void **state)
{
    (void)state;
    assert_int_equal(to(NOTICE_CORRECTION, 1), 1);
    assert_int_equal(to(NOTICE_CORRECTION, 2), 2);
    assert_int_equal(to(NOTICE_WITHDRAWAL, 2), 2);
}

static void of_one_who_is_there_no_longer_to_who_is_told_now(void **state)
{
    (void)state;
    assert_int_equal(to(NOTICE_WITHDRAWAL, 9), 1);
    people[0].failed = true;
    assert_int_equal(to(NOTICE_WITHDRAWAL, 1), 2);
    people[1].verified = false;
    assert_int_equal(to(NOTICE_WITHDRAWAL, 2), -1);
}

/* One whom a later notice did not reach in time is still who was told of this one. */
static void who_was_passed_over_has_it_still_if_they_were_told(void **state)
{
    (void)state;
    people[0].passed = true;
    assert_int_equal(to(NOTICE_WITHDRAWAL, 1), 1);
    assert_int_equal(to(NOTICE_CORRECTION, 1), 1);
    assert_int_equal(to(NOTICE_WITHDRAWAL, 9), 2);
}

/* What they have they are asked to forget; what is new they do not hear. */
static void one_whom_the_police_have_barred_since_hears_a_withdrawal_alone(void **state)
{
    (void)state;
    snprintf(bar.role, sizeof bar.role, "dsl");
    in.do_not_tell_count = 1;
    assert_int_equal(to(NOTICE_CORRECTION, 1), 2);
    assert_int_equal(to(NOTICE_WITHDRAWAL, 1), 1);
}

static void a_correction_waits_for_the_morning_and_a_withdrawal_does_not(void **state)
{
    struct calendar_range term = {.kind = CALENDAR_TERM,
                                  .from = day_parse("2026-03-02"),
                                  .to = day_parse("2026-03-27"),
                                  .own = true};
    day_t day = day_parse("2026-03-11");

    (void)state;
    door.calendar = (struct calendar){&term, 1};
    in.accepted_at = in.now = london_moment(day, 23 * 3600);
    assert_int_equal(amend_due(&in, &door, NOTICE_CORRECTION).at,
                     london_moment(day + 1, 7 * 3600 + 1800));
    assert_int_equal(amend_due(&in, &door, NOTICE_WITHDRAWAL).at, in.now);
    door.calendar.count = 0; /* nobody knows its mornings: better now than never */
    assert_int_equal(amend_due(&in, &door, NOTICE_CORRECTION).at, in.now);
    snprintf(door.establishment.door.namespace, sizeof door.establishment.door.namespace, "la");
    assert_int_equal(amend_due(&in, &door, NOTICE_CORRECTION).at,
                     london_moment(day + 1, 7 * 3600 + 1800));
    assert_int_equal(amend_due(&in, &door, NOTICE_WITHDRAWAL).at, in.now);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, NULL)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_a_telling_that_no_longer_holds),
        T(it_goes_to_the_one_who_was_told),
        T(of_one_who_is_there_no_longer_to_who_is_told_now),
        T(who_was_passed_over_has_it_still_if_they_were_told),
        T(one_whom_the_police_have_barred_since_hears_a_withdrawal_alone),
        T(a_correction_waits_for_the_morning_and_a_withdrawal_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
