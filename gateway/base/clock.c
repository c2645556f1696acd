#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

time_t clock_now(const struct clock *clock)
{
    return clock->stands ? clock->shift : time(NULL) + clock->shift;
}

int64_t clock_monotonic_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int clock_pretend(struct clock *clock, const char *now, struct err *err)
{
    char with_zone[MOMENT_TEXT_SIZE];
    time_t t;

    if (!moment_parse(now, &t)) {
        int n = snprintf(with_zone, sizeof with_zone, "%sZ", now);

        if (n < 0 || (size_t)n >= sizeof with_zone || !moment_parse(with_zone, &t))
            return err_set(err, ERR_USAGE, "--now takes a time such as 2026-03-16T07:29:50");
        day_t d = (day_t)(t / 86400);
        t = london_moment(d, (int)(t - (time_t)d * 86400));
    }
    clock->shift = t - time(NULL);
    clock->pretended = true;
    return 0;
}
