#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/sorter.h"

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* count numbers below span come out in order, equal ones once, whatever fits a chunk. */
static void sorts(size_t count, uint64_t span, size_t chunk)
{
    uint64_t *numbers = calloc(count + 1, sizeof *numbers), dice = 20260313, next;
    struct sorter *s = NULL;
    struct err err;
    int rc;

    assert_non_null(numbers);
    assert_int_equal(sorter_new("/tmp", chunk, &s, &err), 0);
    for (size_t i = 0; i < count; i++) {
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        numbers[i] = (dice >> 3) % span;
        assert_int_equal(sorter_add(s, numbers[i], &err), 0);
    }
    qsort(numbers, count, sizeof *numbers, by_number);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && numbers[i] == numbers[i - 1])
            continue;
        rc = sorter_next(s, &next, &err);
        if (rc != 1 || next != numbers[i])
            fail_msg("%zu numbers below %llu, chunks of %zu: at %zu", count,
                     (unsigned long long)span, chunk, i);
    }
    assert_int_equal(sorter_next(s, &next, &err), 0);
    assert_int_equal(sorter_next(s, &next, &err), 0);
    sorter_free(s);
    free(numbers);
}

static void what_fits_and_what_does_not_comes_out_in_order(void **state)
{
    static const size_t chunks[] = {1, 2, 7, 100, 1000, 1001};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
        sorts(0, 10, chunks[i]);
        sorts(1, 10, chunks[i]);
        sorts(1000, UINT64_MAX >> 3, chunks[i]);
        sorts(1000, 30, chunks[i]);
        sorts(1000, 1, chunks[i]);
    }
    sorts(300000, UINT64_MAX >> 3, 100000); /* runs longer than what is read ahead */
    sorts(300000, 1000, 100000);
}

static void a_folder_that_is_none_is_said(void **state)
{
    struct sorter *s = NULL;
    struct err err;

    (void)state;
    assert_int_equal(sorter_new("/nonexistent", 1, &s, &err), 0);
    assert_int_equal(sorter_add(s, 1, &err), 0);
    assert_int_equal(sorter_add(s, 2, &err), -1);
    assert_int_equal(err.code, ERR_SYSTEM);
    sorter_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_and_what_does_not_comes_out_in_order),
        cmocka_unit_test(a_folder_that_is_none_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
