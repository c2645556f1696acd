/* How often a child has been told about, held to tests/cases/repeats. */
#include "rule_case.h"

#include "base/attr.h"
#include "base/date.h"
#include "plan/repeat.h"

static time_t moment(const struct rule_phrase *phrase, const char *file)
{
    char day[16], hour[8], rest;
    int second;

    if (sscanf(phrase->text, "%*s %15s %7s%c", day, hour, &rest) != 2 ||
        day_parse(day) == DAY_NONE || (second = time_of_day_parse(hour)) < 0)
        fail_msg("%s:%d: '%s' has no moment", file, phrase->line, phrase->text);
    return london_moment(day_parse(day), second);
}

static void run(const struct rule_case *c)
{
    time_t tonight = -1, others[RULE_PHRASES];
    struct policy policy;
    struct repeat is;
    size_t count = 0, length = 0;
    char said[96] = "";
    char expected[RULE_PHRASES * RULE_PHRASE] = "";

    policy_resolve(NULL, 0, NULL, NULL, NULL, &policy);
    for (size_t i = 0; i < c->given_count; i++) {
        const struct rule_phrase *p = &c->given[i];

        if (strncmp(p->text, "tonight ", 8) == 0)
            tonight = moment(p, c->file);
        else if (strncmp(p->text, "before ", 7) == 0)
            others[count++] = moment(p, c->file);
        else if (sscanf(p->text, "week %d", &policy.repeats_week) != 1 &&
                 sscanf(p->text, "quarter %d", &policy.repeats_quarter) != 1 &&
                 strcmp(p->text, "nothing before") != 0)
            fail_msg("%s:%d: '%s' cannot be given", c->file, p->line, p->text);
    }
    is = repeat_count(&policy, tonight, others, count);
    snprintf(said, sizeof said, "week %d  quarter %d  year %d  %s  ", is.week, is.quarter, is.year,
             is.often ? "often" : "seldom");
    for (size_t i = 0; i < c->expect_count; i++)
        length += (size_t)snprintf(expected + length, sizeof expected - length, "%s  ",
                                   c->expect[i].text);
    if (strcmp(said, expected) != 0)
        fail_msg("%s:%d: %s: is %s", c->file, c->line, c->title, said);
}

static void each_case_counts_so(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/repeats/*.case", 22, run);
}

/* The records are asked for no more than is counted, and for no less. */
static void the_records_are_read_from_where_a_year_begins(void **state)
{
    time_t tonight = london_moment(day_parse("2026-11-19"), 23 * 3600);
    time_t first = london_moment(day_parse("2025-11-19"), 0);
    struct policy policy;

    (void)state;
    policy_resolve(NULL, 0, NULL, NULL, NULL, &policy);
    assert_int_equal(repeat_since(tonight), first);
    assert_int_equal(repeat_count(&policy, tonight, &first, 1).year, 2);
    first--;
    assert_int_equal(repeat_count(&policy, tonight, &first, 1).year, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_counts_so),
        cmocka_unit_test(the_records_are_read_from_where_a_year_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
