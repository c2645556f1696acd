/* gateway/base/clock.h - the only source of now.
 *
 * A clock is the machine's, or a pretended one that was set by --now and runs on from there, for
 * drills, the demo and tests.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/attr.h"
#include "base/err.h"

/* A plain value; all zero is the machine's own clock. */
struct clock {
    time_t shift; /* seconds from the machine's time to ours */
    bool pretended;
    bool stands; /* now is shift, until somebody moves it: a test that runs through a year */
};

/* Now in UTC seconds. */
time_t clock_now(const struct clock *clock);

/* Milliseconds that only ever grow, for durations; the same under every clock. */
int64_t clock_monotonic_ms(void);

/* Sets the clock from the value of --now: 2026-03-16T07:29:50 is London's time, the same with Z or
 * an offset is what it says. -1: ERR_USAGE. */
int clock_pretend(struct clock *clock, const char *now, struct err *err) MUST_CHECK;

#endif
