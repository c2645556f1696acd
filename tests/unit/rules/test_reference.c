/* References as people say them: tests/cases/answers/references.case. */
#include "rule_case.h"

#include "follow/reference.h"

static void run(const struct rule_case *c)
{
    char said[RULE_PHRASE], out[REFERENCE_SIZE] = "?"; /* true and unwritten is a mistake */

    assert_int_equal(strncmp(c->given[0].text, "said ", 5), 0);
    snprintf(said, sizeof said, "%s", c->given[0].text + 5);
    for (char *p = said; *p; p++) {
        if (*p == '_')
            *p = ' ';
    }
    if (!reference_read(said, out))
        snprintf(out, sizeof out, "none");
    if (strcmp(out, c->expect[0].text) != 0)
        fail_msg("%s:%d: %s: it is %s", c->file, c->line, c->title, out);
}

static void every_case_of_references(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/answers/references.case", 17, run);
}

static void nothing_is_no_reference(void **state)
{
    char out[REFERENCE_SIZE];

    (void)state;
    assert_false(reference_read("", out));
    assert_false(reference_read(" - ", out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_references),
        cmocka_unit_test(nothing_is_no_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
