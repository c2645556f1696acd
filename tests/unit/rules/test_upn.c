#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "match/upn.h"

static void valid_as(const char *text, const char *expected)
{
    char upn[UPN_SIZE];

    assert_true(upn_fold(text, upn));
    assert_string_equal(upn, expected);
}

/* 9*2 + 2*3 + 9*4 + 4*5 + 2*6 + 4*7 + 9*8 + 2*9 + 4*10 + 0*11 + 0*12 + 1*13 = 263 = 11*23 + 10,
 * and L is the tenth letter after A when I is left out. */
static void a_number_with_its_check_letter_is_valid(void **state)
{
    (void)state;
    valid_as("L929424924001", "L929424924001");
    valid_as("H801200001001", "H801200001001"); /* 8*2 + 1*4 + 2*5 + 1*10 + 1*13 = 53 = 2*23 + 7 */
    valid_as("A000000000000", "A000000000000");
    valid_as("F999999999999", "F999999999999"); /* 9 * 90 = 810 = 35*23 + 5 */
    valid_as(" l929424 924001 ", "L929424924001");
}

static void a_temporary_number_ends_in_a_letter_that_counts_as_its_place(void **state)
{
    char upn[UPN_SIZE];

    (void)state;
    valid_as("L38339171800A", "L38339171800A");
    valid_as("E80120000100Z", "E80120000100Z");
    assert_true(upn_is_temporary("L38339171800A"));
    assert_false(upn_is_temporary("L929424924001"));
    assert_false(upn_is_temporary(""));
    assert_false(upn_fold("L3833917180A0", upn)); /* a letter elsewhere */
    assert_false(upn_fold("L38339171800S", upn)); /* a letter that is not used */
}

static void what_is_no_number_is_none(void **state)
{
    static const char *const none[] = {
        "",
        "UN1",
        "UN2",
        "UN3",
        "UN4",
        "UN5",
        "un1",
        "L",
        "L929424924002",
        "M929424924001",
        "L92942492400",
        "L9294249240011",
        "I929424924001",
        "9292424924001",
        "L92942492400\xc3",
        "LL29424924001",
        "L-2942492400 1",
    };
    char upn[UPN_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        assert_false(upn_fold(none[i], upn));
        assert_string_equal(upn, "");
    }
}

/* Weights below the prime 23, none the same: every single digit wrong, and every pair of
 * neighbours exchanged, is found. */
static void a_slip_of_the_hand_is_found(void **state)
{
    char slip[UPN_SIZE] = "L929424924001", upn[UPN_SIZE];

    (void)state;
    for (int i = 1; i < UPN_SIZE - 1; i++) {
        char was = slip[i], next = slip[i + 1];

        for (char c = '0'; c <= '9'; c++) {
            slip[i] = c;
            assert_int_equal(upn_fold(slip, upn), c == was);
        }
        slip[i] = was;
        if (i + 1 < UPN_SIZE - 1 && was != next) {
            slip[i] = next;
            slip[i + 1] = was;
            assert_false(upn_fold(slip, upn));
            slip[i] = was;
            slip[i + 1] = next;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_with_its_check_letter_is_valid),
        cmocka_unit_test(a_temporary_number_ends_in_a_letter_that_counts_as_its_place),
        cmocka_unit_test(what_is_no_number_is_none),
        cmocka_unit_test(a_slip_of_the_hand_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
