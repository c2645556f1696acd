#include "promise.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/date.h"
#include "callouts.h"
#include "events.h"

enum { SHOWN_MOST = 40 };

static uint64_t seed;
static long count;

void promise_begin(uint64_t of)
{
    seed = of;
}

void promise_broken(const char *promise, int number, const char *format, ...)
{
    char reference[32], night[DATE_TEXT_SIZE], at[MOMENT_TEXT_SIZE];
    va_list args;

    count++;
    fprintf(stderr, "year: %s broken: ", promise);
    if (number >= 0) {
        callouts_reference(number, reference);
        fprintf(stderr, "incident %s of the night of %s: ", reference,
                day_format(london_day(callouts[number].attended_at), night));
    }
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (seed %" PRIu64 ", seen at %s)\n", seed, moment_format(now, at));
}

long promises_broken(void)
{
    return count;
}

bool promise_too_many(void)
{
    return count >= SHOWN_MOST;
}
