#include "follow/silence.h"

#include <string.h>

#include "base/date.h"

enum {
    HOUR = 3600,
    DAY = 24 * HOUR,
    WEEK = 7 * DAY,
    WEEK_HOURS = 7 * 24,
    STEP = 600,             /* seconds between two looks into the gap */
    LOOK_AHEAD = 52 * WEEK, /* rarer than that is no feed */
};
#define ROUNDING 1e-6

/* Nights follow the clock on the wall. */
static size_t hour_of_week(time_t t)
{
    return (size_t)day_weekday(london_day(t)) * 24 + (size_t)london_second(t) / HOUR;
}

/* Messages an hour, by the hour of the week; false: not known for long enough. */
static bool usual(const struct silence_feed *feed, double rate[WEEK_HOURS])
{
    time_t from = feed->last_at - (time_t)SILENCE_USUAL_WEEKS * WEEK;
    double weeks;

    if (feed->first_at > from)
        from = feed->first_at;
    weeks = (double)(feed->last_at - from) / WEEK;
    if (weeks < 1)
        return false;
    memset(rate, 0, WEEK_HOURS * sizeof *rate);
    for (size_t i = 0; i < feed->count; i++) {
        time_t at = (time_t)feed->hours[i].hour * HOUR;

        if (at >= from && at <= feed->last_at)
            rate[hour_of_week(at)] += (double)feed->hours[i].messages / weeks;
    }
    return true;
}

time_t silence_of_feed(const struct silence_feed *feed)
{
    time_t patience = (time_t)feed->quiet_hours * HOUR;
    double rate[WEEK_HOURS], missing = 0;

    if (feed->quiet_hours == 0)
        return -1;
    if (!usual(feed, rate))
        return feed->last_at + patience;
    for (time_t gap = STEP; gap <= LOOK_AHEAD; gap += STEP) {
        missing += rate[hour_of_week(feed->last_at + gap - STEP)] * STEP / HOUR;
        if ((gap >= patience && missing >= SILENCE_MISSED - ROUNDING) ||
            (gap >= SILENCE_LEAST_SECONDS && missing >= SILENCE_SURELY_MISSED - ROUNDING))
            return feed->last_at + gap;
    }
    return -1;
}

time_t silence_of_broker(time_t since)
{
    return since < 0 ? -1 : since + SILENCE_BROKER_SECONDS;
}

time_t silence_of_contact(const struct silence_try *tries, size_t count)
{
    int refused = 0, put_off = 0;

    for (size_t i = 0; i < count; i++) {
        if (tries[i].refused)
            refused++;
        else
            put_off++;
        if (refused >= SILENCE_REFUSED)
            return tries[i].at;
        if (put_off >= SILENCE_PUT_OFF && tries[i].at >= tries[0].at + SILENCE_PUT_OFF_SECONDS)
            return tries[i].at;
    }
    return -1;
}

time_t silence_of_roll(time_t imported_at, int roll_days)
{
    return imported_at + (time_t)roll_days * DAY;
}

time_t silence_of_adapter(time_t since)
{
    return since + SILENCE_ADAPTER_SECONDS;
}
