#include "plan/repeat.h"

enum { WEEK_DAYS = 7, QUARTER_MONTHS = 3, YEAR_MONTHS = 12 };

static day_t months_before(day_t day, int months)
{
    int year, month, date;
    day_t then = DAY_NONE;

    day_to_civil(day, &year, &month, &date);
    month -= months;
    while (month < 1) {
        month += 12;
        year--;
    }
    for (; then == DAY_NONE; date--)
        then = day_from_civil(year, month, date);
    return then;
}

time_t repeat_since(time_t attended_at)
{
    return london_moment(months_before(london_day(attended_at), YEAR_MONTHS), 0);
}

struct repeat repeat_count(const struct policy *policy, time_t attended_at, const time_t *others,
                           size_t count)
{
    struct repeat out = {1, 1, 1, false};
    day_t day = london_day(attended_at);
    day_t quarter = months_before(day, QUARTER_MONTHS), year = months_before(day, YEAR_MONTHS);

    for (size_t i = 0; i < count; i++) {
        day_t then = london_day(others[i]);

        if (others[i] > attended_at)
            continue;
        out.week += then >= day - WEEK_DAYS;
        out.quarter += then >= quarter;
        out.year += then >= year;
    }
    out.often = out.week >= policy->repeats_week || out.quarter >= policy->repeats_quarter;
    return out;
}
