/* tests/unit/fault.h - memory that runs out when a test says so.
 *
 * A test that includes this is linked so that the program's own allocations come through here (see
 * tests/CMakeLists.txt). Those inside shared libraries do not, unless the library can be given our
 * malloc, as cJSON can.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

static int fault_left; /* allocations until the one that fails; 0: none does */
static bool fault_struck;

/* The nth allocation from now, and it alone, fails. */
static void fault_arm(int nth)
{
    fault_left = nth;
    fault_struck = false;
}

/* Whether it came to that. */
static bool fault_disarm(void)
{
    fault_left = 0;
    return fault_struck;
}

static bool fault_strikes(void)
{
    if (fault_left == 0 || --fault_left > 0)
        return false;
    fault_struck = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fault_strikes() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fault_strikes() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fault_strikes() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fault_strikes() ? NULL : __real_reallocarray(old, count, size);
}

#endif
