/* Which days are school days. When a notice is due is in tests/cases/plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "plan/calendar.h"

static day_t d(int year, int month, int day)
{
    return day_from_civil(year, month, day);
}

static void a_day_outside_the_terms_on_file_is_unknown_and_one_between_them_is_closed(void **state)
{
    struct calendar_range ranges[] = {
        {CALENDAR_TERM, d(2026, 1, 5), d(2026, 3, 27), false, 0},
        {CALENDAR_TERM, d(2026, 4, 13), d(2026, 7, 20), false, 0},
    };
    const struct calendar c = {ranges, ARRAY_SIZE(ranges)}, empty = {NULL, 0};

    (void)state;
    assert_int_equal(calendar_day(&c, d(2026, 1, 2)), DAY_UNKNOWN);
    assert_int_equal(calendar_day(&c, d(2026, 1, 5)), DAY_SCHOOL);
    assert_int_equal(calendar_day(&c, d(2026, 3, 27)), DAY_SCHOOL);
    assert_int_equal(calendar_day(&c, d(2026, 3, 30)), DAY_CLOSED);
    assert_int_equal(calendar_day(&c, d(2026, 7, 20)), DAY_SCHOOL);
    assert_int_equal(calendar_day(&c, d(2026, 7, 21)), DAY_UNKNOWN);
    assert_int_equal(calendar_day(&c, d(2026, 7, 25)), DAY_CLOSED); /* a Saturday, whatever comes */
    assert_int_equal(calendar_day(&empty, d(2026, 3, 16)), DAY_UNKNOWN);
}

static void whatever_closes_a_day_closes_it(void **state)
{
    struct calendar_range ranges[] = {
        {CALENDAR_CLOSURE, d(2026, 2, 16), d(2026, 2, 20), false, 0},
        {CALENDAR_TERM, d(2026, 1, 5), d(2026, 7, 20), false, 0},
        {CALENDAR_INSET, d(2026, 2, 23), d(2026, 2, 23), true, 0},
        {CALENDAR_BANK_HOLIDAY, d(2026, 5, 4), d(2026, 5, 4), false, 0},
    };
    const struct calendar c = {ranges, ARRAY_SIZE(ranges)};

    (void)state;
    assert_int_equal(calendar_day(&c, d(2026, 2, 13)), DAY_SCHOOL);
    assert_int_equal(calendar_day(&c, d(2026, 2, 16)), DAY_CLOSED);
    assert_int_equal(calendar_day(&c, d(2026, 2, 20)), DAY_CLOSED);
    assert_int_equal(calendar_day(&c, d(2026, 2, 23)), DAY_CLOSED);
    assert_int_equal(calendar_day(&c, d(2026, 2, 24)), DAY_SCHOOL);
    assert_int_equal(calendar_day(&c, d(2026, 5, 4)), DAY_CLOSED);
    assert_false(calendar_is_working_day(&c, d(2026, 5, 4)));
    assert_true(calendar_is_working_day(&c, d(2026, 2, 16)));
    assert_false(calendar_is_working_day(&c, d(2026, 2, 22)));
}

static void own_terms_are_the_terms_of_their_school_year(void **state)
{
    struct calendar_range ranges[] = {
        {CALENDAR_TERM, d(2025, 9, 1), d(2026, 7, 20), false, 0},
        {CALENDAR_TERM, d(2026, 9, 1), d(2027, 7, 21), false, 0},
        {CALENDAR_TERM, d(2025, 9, 3), d(2026, 7, 10), true, 0},
    };
    const struct calendar c = {ranges, ARRAY_SIZE(ranges)};

    (void)state;
    assert_int_equal(calendar_day(&c, d(2025, 9, 1)), DAY_UNKNOWN); /* none begins before it */
    assert_int_equal(calendar_day(&c, d(2025, 9, 3)), DAY_SCHOOL);
    assert_int_equal(calendar_day(&c, d(2026, 7, 13)), DAY_CLOSED);
    assert_int_equal(calendar_day(&c, d(2026, 9, 1)), DAY_SCHOOL); /* the next year's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_outside_the_terms_on_file_is_unknown_and_one_between_them_is_closed),
        cmocka_unit_test(whatever_closes_a_day_closes_it),
        cmocka_unit_test(own_terms_are_the_terms_of_their_school_year),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
