#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "follow/words.h"

static void a_moment_reads_as_london_s_clocks_show_it(void **state)
{
    char out[WORDS_MOMENT_SIZE];

    (void)state;
    assert_string_equal(words_moment(1773646200, out), "Monday 16 March 2026 at 07:30");
    /* The same clock time after the clocks have gone forward is an hour less of UTC. */
    assert_string_equal(words_moment(1774852200, out), "Monday 30 March 2026 at 07:30");
    assert_string_equal(words_moment_short(1774852200, out), "Mon 30 Mar 07:30");
    assert_string_equal(words_moment(-1, out), "never");
    assert_string_equal(words_moment_short(-1, out), "-");
    assert_string_equal(words_day(DAY_NONE, out), "unknown");
    assert_string_equal(words_day(day_parse("2017-03-09"), out), "9 March 2017");
}

static void every_code_of_the_gateway_has_words(void **state)
{
    static const char *const rules[] = {"school-morning",  "at-once", "any-hour",
                                        "holiday-weekday", "hold",    "desk-morning",
                                        "desk-at-once"};

    (void)state;
    for (enum child_state s = CHILD_OPEN; s <= CHILD_WITHDRAWN; s++)
        assert_true(strlen(words_child_state(s)) > 0);
    for (enum notice_state s = NOTICE_OWED; s <= NOTICE_CANCELLED; s++)
        assert_true(strlen(words_notice_state(s)) > 0);
    for (enum desk_reason r = DESK_NO_MATCH; r <= TAKEN_NOT_PUPIL; r++) {
        assert_true(strlen(words_desk_reason(r)) > 0);
        assert_true(strlen(words_desk_reason_short(r)) > 0);
    }
    for (enum contact_role r = ROLE_DSL; r <= ROLE_HEALTH_VISITOR; r++)
        assert_string_not_equal(words_role(contact_role_word(r)), contact_role_word(r));
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        assert_string_not_equal(words_rule_short(rules[i]), rules[i]);
}

static void a_code_that_is_new_stands_for_itself(void **state)
{
    struct buf out;

    (void)state;
    assert_string_equal(words_adapter("pigeon"), "pigeon");
    buf_init(&out, 500);
    words_rule("lunar", 1773612600, 1773612601, 1773646200, &out);
    assert_string_equal(buf_text(&out),
                        "Accepted on Sunday 15 March 2026 at 22:10; due on Monday 16 "
                        "March 2026 at 07:30 by the rule lunar.");
    buf_release(&out);
}

static void a_rule_is_a_sentence_with_its_dates(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 500);
    words_rule("school-morning", 1773612600, 1773612601, 1773646200, &out);
    assert_string_equal(
        buf_text(&out),
        "Accepted on Sunday 15 March 2026 at 22:10. Monday 16 March 2026 is the next "
        "school day there, and its send time is when it is due: 07:30.");
    buf_release(&out);
}

static void what_waits_for_no_school_day_is_not_said_to_be_on_one(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 500);
    words_rule("any-hour", 1773612600, 1773612601, 1773612601, &out);
    assert_string_equal(
        buf_text(&out),
        "Accepted on Sunday 15 March 2026 at 22:10. Sunday 15 March 2026 is the day "
        "of it, and it waits for no school day, so it was due at once: 22:10.");
    buf_release(&out);
}

static void what_was_planned_long_after_it_came_says_so(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 500);
    words_rule("school-morning", 1773612600, 1773712800, 1773732600, &out);
    assert_string_equal(
        buf_text(&out),
        "Accepted on Sunday 15 March 2026 at 22:10; planned on Tuesday 17 March 2026 at 02:00. "
        "Tuesday 17 March 2026 is the next school day there, and its send time is when it is due: "
        "07:30.");
    buf_release(&out);
}

static void what_is_planned_after_its_time_is_said_to_be_due_at_once(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 500);
    words_rule("school-morning", 1773612600, 1773646800, 1773646800, &out);
    assert_string_equal(
        buf_text(&out),
        "Accepted on Sunday 15 March 2026 at 22:10; planned on Monday 16 March 2026 "
        "at 07:40, when its time by the rule (next school morning) had gone by, so "
        "it was due at once.");
    buf_release(&out);
}

static void evidence_says_what_speaks_for_before_what_speaks_against(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 500);
    words_evidence("[{\"field\":\"postcode\",\"level\":\"differs\",\"weight\":-1},"
                   "{\"field\":\"forename\",\"level\":\"same\",\"weight\":3},"
                   "{\"field\":\"birth date\",\"level\":\"same\",\"weight\":5},"
                   "{\"field\":\"UPN\",\"level\":\"missing\",\"weight\":0},"
                   "{\"field\":\"other pupils\",\"level\":\"none\",\"weight\":0}]",
                   &out);
    assert_string_equal(buf_text(&out),
                        "for it: forename: same (+3.0), birth date: same (+5.0); against it: "
                        "postcode: differs (-1.0); makes no difference: other pupils: none; "
                        "not said, or not on the roll: UPN");
    buf_clear(&out);
    words_evidence("no JSON", &out);
    assert_string_equal(buf_text(&out), "no evidence recorded");
    buf_clear(&out);
    words_sure(20, &out);
    buf_add_char(&out, ' ');
    words_sure(10, &out);
    buf_add_char(&out, ' ');
    words_sure(0, &out);
    buf_add_char(&out, ' ');
    words_sure(-20, &out);
    assert_string_equal(buf_text(&out),
                        "over 99.99 % sure 99.90 % sure 50 % sure under 0.01 % sure");
    buf_release(&out);
}

static void a_reply_code_is_named_by_its_protocol(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    words_code("email", 451, &out);
    buf_add_char(&out, ' ');
    words_code("webhook", 503, &out);
    buf_add_char(&out, ' ');
    words_code("email", 0, &out);
    assert_string_equal(buf_text(&out), "SMTP reply 451 HTTP status 503 no reply code");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_reads_as_london_s_clocks_show_it),
        cmocka_unit_test(every_code_of_the_gateway_has_words),
        cmocka_unit_test(a_code_that_is_new_stands_for_itself),
        cmocka_unit_test(a_rule_is_a_sentence_with_its_dates),
        cmocka_unit_test(what_waits_for_no_school_day_is_not_said_to_be_on_one),
        cmocka_unit_test(what_was_planned_long_after_it_came_says_so),
        cmocka_unit_test(what_is_planned_after_its_time_is_said_to_be_due_at_once),
        cmocka_unit_test(evidence_says_what_speaks_for_before_what_speaks_against),
        cmocka_unit_test(a_reply_code_is_named_by_its_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
