#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "deliver/retry.h"

static const struct retry_policy policy = {5, 300, 2};
static const uint32_t randoms[] = {0,          1,          0x10000000, 0x7fffffff,
                                   0x80000000, 0xfffffffe, UINT32_MAX};
enum { NOW = 1700000000, FAR = 7 * 86400 };

static time_t wait_for(int tries, int retry_after, time_t left, uint32_t random)
{
    return retry_at(&policy, tries, retry_after, NOW, NOW + left, random) - NOW;
}

static void a_wait_lies_between_the_floor_and_the_doubled_base(void **state)
{
    static const int tops[] = {5, 10, 20, 40, 80, 160, 300, 300, 300};

    (void)state;
    for (int tries = 0; tries < (int)ARRAY_SIZE(tops); tries++) {
        assert_int_equal(wait_for(tries, -1, FAR, 0), policy.floor);
        assert_int_equal(wait_for(tries, -1, FAR, UINT32_MAX), tops[tries]);
        for (size_t r = 0; r < ARRAY_SIZE(randoms); r++)
            assert_in_range(wait_for(tries, -1, FAR, randoms[r]), policy.floor, tops[tries]);
    }
}

static void any_number_of_tries_stays_within_the_cap(void **state)
{
    (void)state;
    for (int tries = 0; tries < INT32_MAX / 2; tries = tries * 2 + 1)
        assert_in_range(wait_for(tries, -1, FAR, UINT32_MAX), policy.floor, policy.cap);
    assert_in_range(wait_for(INT32_MAX, -1, FAR, UINT32_MAX), policy.floor, policy.cap);
}

static void waits_are_spread_over_their_whole_stretch(void **state)
{
    int seen[301] = {0};
    int different = 0;

    (void)state;
    for (uint32_t i = 0; i < 4096; i++)
        seen[wait_for(9, -1, FAR, i << 20)]++;
    for (int i = 0; i <= 300; i++)
        different += seen[i] > 0;
    assert_int_equal(different, 300 - policy.floor + 1);
}

static void what_the_far_side_asks_for_is_kept_for_an_hour_at_most(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(randoms); r++) {
        assert_in_range(wait_for(1, 120, FAR, randoms[r]), 120, 3600);
        assert_int_equal(wait_for(1, 86400, FAR, randoms[r]), 3600);
        assert_in_range(wait_for(1, 120, -1, randoms[r]), 120, 3600);
    }
}

static void before_giving_up_there_is_a_try_close_to_it(void **state)
{
    (void)state;
    for (time_t left = 61; left < 900; left++) {
        for (size_t r = 0; r < ARRAY_SIZE(randoms); r++) {
            time_t wait = wait_for(9, -1, left, randoms[r]);

            assert_in_range(wait, policy.floor, left - 15);
        }
    }
    for (size_t r = 0; r < ARRAY_SIZE(randoms); r++)
        assert_in_range(wait_for(9, -1, 62, randoms[r]), 2, 47);
}

/* The far side asked for longer than there is: it is not hurried. */
static void the_last_try_does_not_break_in_on_a_wait_that_was_asked_for(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(randoms); r++)
        assert_in_range(wait_for(9, 600, 120, randoms[r]), 600, 3600);
}

static void after_the_deadline_tries_go_on_near_the_cap(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_SIZE(randoms); r++) {
        assert_in_range(wait_for(1, -1, 0, randoms[r]), policy.cap / 2, policy.cap);
        assert_in_range(wait_for(40, -1, -FAR, randoms[r]), policy.cap / 2, policy.cap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_lies_between_the_floor_and_the_doubled_base),
        cmocka_unit_test(any_number_of_tries_stays_within_the_cap),
        cmocka_unit_test(waits_are_spread_over_their_whole_stretch),
        cmocka_unit_test(what_the_far_side_asks_for_is_kept_for_an_hour_at_most),
        cmocka_unit_test(before_giving_up_there_is_a_try_close_to_it),
        cmocka_unit_test(the_last_try_does_not_break_in_on_a_wait_that_was_asked_for),
        cmocka_unit_test(after_the_deadline_tries_go_on_near_the_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
