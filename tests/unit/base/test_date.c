/* London's clock, held to the C library's reading of the tz database's rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/date.h"

static void every_day_has_one_number_and_back(void **state)
{
    (void)state;
    assert_int_equal(day_from_civil(1970, 1, 1), 0);
    for (day_t d = -200000; d < 200000; d++) {
        int y, m, day;

        day_to_civil(d, &y, &m, &day);
        assert_int_equal(day_from_civil(y, m, day), d);
    }
}

static void a_date_that_does_not_exist_is_none(void **state)
{
    static const char *const bad[] = {"2026-02-29", "2026-13-01", "2026-00-10",  "2026-04-31",
                                      "2026-4-03",  "20260403",   "2026-04-03 ", ""};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(day_parse(bad[i]), DAY_NONE);
    assert_int_equal(day_parse("2028-02-29"), day_from_civil(2028, 2, 29));
    assert_int_equal(day_parse_british("16-03-2026"), day_from_civil(2026, 3, 16));
    assert_int_equal(day_parse_british("16/03/2026"), day_from_civil(2026, 3, 16));
    assert_int_equal(day_parse_british("16-03/2026"), DAY_NONE);
}

static void the_sixteenth_of_march_2026_was_a_monday(void **state)
{
    (void)state;
    assert_int_equal(day_weekday(day_from_civil(2026, 3, 16)), 0);
    assert_int_equal(day_weekday(-1), 2); /* 31 December 1969, a Wednesday */
}

static void a_child_born_on_leap_day_is_a_year_older_on_the_first_of_march(void **state)
{
    day_t born = day_from_civil(2016, 2, 29);

    (void)state;
    assert_int_equal(day_age(born, day_from_civil(2026, 2, 28)), 9);
    assert_int_equal(day_age(born, day_from_civil(2026, 3, 1)), 10);
    assert_int_equal(day_age(born, day_from_civil(2028, 2, 29)), 12);
}

static void london_agrees_with_the_c_library_every_half_hour_for_forty_years(void **state)
{
    (void)state;
    setenv("TZ", "GMT0BST,M3.5.0/1,M10.5.0/2", 1);
    tzset();
    for (time_t t = 946684800; t < 946684800 + (time_t)40 * 366 * 86400; t += 1800) {
        struct tm tm;

        localtime_r(&t, &tm);
        assert_int_equal(london_day(t),
                         day_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday));
        assert_int_equal(london_second(t), tm.tm_hour * 3600 + tm.tm_min * 60);
    }
}

static void half_past_seven_is_half_past_seven_on_both_sides_of_a_clock_change(void **state)
{
    static const char *const days[] = {"2026-03-27", "2026-03-30", "2026-10-23", "2026-10-26"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
        time_t t = london_moment(day_parse(days[i]), 7 * 3600 + 1800);

        assert_int_equal(london_day(t), day_parse(days[i]));
        assert_int_equal(london_second(t), 7 * 3600 + 1800);
    }
}

static void the_hour_that_comes_twice_is_its_first_and_the_skipped_one_moves_on(void **state)
{
    time_t t;

    (void)state;
    assert_true(moment_parse("2026-10-25T00:30:00Z", &t));
    assert_int_equal(london_moment(day_parse("2026-10-25"), 5400), t);
    assert_true(moment_parse("2026-03-29T01:30:00Z", &t));
    assert_int_equal(london_moment(day_parse("2026-03-29"), 5400), t);
}

static void a_moment_needs_a_zone(void **state)
{
    time_t t, u;

    (void)state;
    assert_false(moment_parse("2026-03-16T07:30:00", &t));
    assert_false(moment_parse("2026-03-16T24:30:00Z", &t));
    assert_true(moment_parse("2026-03-16T07:30:00.123+01:00", &t));
    assert_true(moment_parse("2026-03-16T06:30:00Z", &u));
    assert_int_equal(t, u);
}

static void a_clock_that_stands_moves_only_when_it_is_moved(void **state)
{
    struct clock clock = {.shift = 1000, .stands = true};

    (void)state;
    assert_int_equal(clock_now(&clock), 1000);
    clock.shift += 31;
    assert_int_equal(clock_now(&clock), 1031);
}

static void now_is_pretended_in_london_and_runs_on(void **state)
{
    struct clock clock = {.shift = 0};
    struct err err;
    time_t expected;

    (void)state;
    assert_int_equal(clock_pretend(&clock, "2026-07-16T07:29:50", &err), 0);
    assert_true(moment_parse("2026-07-16T06:29:50Z", &expected));
    assert_in_range(clock_now(&clock), expected, expected + 1);
    assert_int_equal(clock_pretend(&clock, "half past seven", &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_has_one_number_and_back),
        cmocka_unit_test(a_date_that_does_not_exist_is_none),
        cmocka_unit_test(the_sixteenth_of_march_2026_was_a_monday),
        cmocka_unit_test(a_child_born_on_leap_day_is_a_year_older_on_the_first_of_march),
        cmocka_unit_test(london_agrees_with_the_c_library_every_half_hour_for_forty_years),
        cmocka_unit_test(half_past_seven_is_half_past_seven_on_both_sides_of_a_clock_change),
        cmocka_unit_test(the_hour_that_comes_twice_is_its_first_and_the_skipped_one_moves_on),
        cmocka_unit_test(a_moment_needs_a_zone),
        cmocka_unit_test(a_clock_that_stands_moves_only_when_it_is_moved),
        cmocka_unit_test(now_is_pretended_in_london_and_runs_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
