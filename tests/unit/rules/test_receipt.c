/* What the police are told, letter by letter, and the list of problems in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "intake/receipt.h"

static const time_t at = 1795131660; /* 2026-11-19T23:41:00Z */

static void an_accepted_incident_names_its_children_by_reference_alone(void **state)
{
    const struct incident_ident ident = {"kent", "50260034112", 2};
    const struct receipt_child children[] = {{"1", "open"}, {"2", "with_la_desk"}};
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    receipt_json(&ident, "accepted", at, NULL, children, 2, &out);
    assert_string_equal(buf_text(&out),
                        "{\"version\":1,\"force\":\"kent\",\"police_ref\":\"50260034112\","
                        "\"revision\":2,\"status\":\"accepted\",\"at\":\"2026-11-19T23:41:00Z\","
                        "\"errors\":[],\"children\":[{\"child_ref\":\"1\",\"state\":\"open\"},"
                        "{\"child_ref\":\"2\",\"state\":\"with_la_desk\"}]}");
    buf_release(&out);
}

static void a_refused_message_without_a_usable_reference_says_null(void **state)
{
    const struct incident_ident ident = {"kent", "", -1};
    struct problems problems;
    struct buf out;
    struct err err;

    (void)state;
    problems_init(&problems);
    assert_int_equal(problems_add(&problems, "", "is not UTF-8", &err), 0);
    buf_init(&out, 4096);
    receipt_json(&ident, "refused", at, &problems, NULL, 0, &out);
    assert_string_equal(buf_text(&out),
                        "{\"version\":1,\"force\":\"kent\",\"police_ref\":null,\"revision\":null,"
                        "\"status\":\"refused\",\"at\":\"2026-11-19T23:41:00Z\",\"errors\":["
                        "{\"at\":\"\",\"problem\":\"is not UTF-8\"}],\"children\":[]}");
    buf_release(&out);
    problems_release(&problems);
}

static void a_receipt_goes_to_the_topic_of_its_force(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 128);
    receipt_topic("devon-and-cornwall", &out);
    assert_string_equal(buf_text(&out), "encompass/v1/devon-and-cornwall/receipt");
    buf_release(&out);
}

static void the_same_problem_is_listed_once(void **state)
{
    static const char text[] = "is missing";
    struct problems problems;
    struct buf out;
    struct err err;

    (void)state;
    problems_init(&problems);
    assert_int_equal(problems_add(&problems, "/force", text, &err), 0);
    assert_int_equal(problems_add(&problems, "/type", text, &err), 0);
    assert_int_equal(problems_add(&problems, "/force", text, &err), 0);
    buf_init(&out, 4096);
    problems_json(&problems, &out);
    assert_string_equal(buf_text(&out), "[{\"at\":\"/force\",\"problem\":\"is missing\"},"
                                        "{\"at\":\"/type\",\"problem\":\"is missing\"}]");
    assert_false(problems.more);
    buf_release(&out);
    problems_release(&problems);
    assert_int_equal(problems.count, 0);
}

static void problems_beyond_the_hundredth_are_owned_up_to(void **state)
{
    static const char last[] = ",{\"at\":\"\",\"problem\":\"has more problems than are listed\"}]";
    struct problems problems;
    struct buf out;
    struct err err;

    (void)state;
    problems_init(&problems);
    for (int i = 0; i < PROBLEMS_MAX + 1; i++) {
        char where[32];

        assert_false(problems.more);
        snprintf(where, sizeof where, "/member_%d", i);
        assert_int_equal(problems_add(&problems, where, "is missing", &err), 0);
    }
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_true(problems.more);
    buf_init(&out, 1 << 16);
    problems_json(&problems, &out);
    assert_string_equal(buf_text(&out) + out.length - strlen(last), last);
    buf_release(&out);
    problems_release(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_incident_names_its_children_by_reference_alone),
        cmocka_unit_test(a_refused_message_without_a_usable_reference_says_null),
        cmocka_unit_test(a_receipt_goes_to_the_topic_of_its_force),
        cmocka_unit_test(the_same_problem_is_listed_once),
        cmocka_unit_test(problems_beyond_the_hundredth_are_owned_up_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
