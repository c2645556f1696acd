/* School days as they are, and when what happens is to be told: reckoned apart from the gateway's
 * own rules, by the table of the architecture ("Time"). */
#include <string.h>

#include "world.h"

enum {
    SEND_AT = 7 * 3600 + 1800,
    BELL_AT = 8 * 3600 + 2700,
    DAY_ENDS = 15 * 3600 + 1800,
    DESK_ENDS = 17 * 3600,
    AT_ONCE_WITHIN = 900
};

const char *const bank_holidays[] = {"2027-08-30", "2027-12-27", "2027-12-28", "2028-01-03",
                                     "2028-04-14", "2028-04-17", "2028-05-01", "2028-05-29",
                                     "2028-08-28", "2028-12-25", "2028-12-26", NULL};

struct range_truth ranges[RANGES_MAX];
int ranges_count;

void world_add_range(int la, int door, const char *kind, day_t from, day_t to)
{
    if (ranges_count < RANGES_MAX)
        ranges[ranges_count++] = (struct range_truth){la, door, kind, from, to};
}

void world_remove_range(int door, day_t from)
{
    for (int i = 0; i < ranges_count; i++) {
        if (ranges[i].door == door && ranges[i].from == from &&
            strcmp(ranges[i].kind, "closure") == 0)
            ranges[i--] = ranges[--ranges_count];
    }
}

bool world_is_bank_holiday(day_t day)
{
    for (int i = 0; bank_holidays[i]; i++) {
        if (day_parse(bank_holidays[i]) == day)
            return true;
    }
    return false;
}

bool world_is_working_day(day_t day)
{
    return day_weekday(day) < 5 && !world_is_bank_holiday(day);
}

bool world_is_school_day(int door, day_t day)
{
    bool in_term = false;

    if (day_weekday(day) > (doors[door].saturdays ? 5 : 4) || world_is_bank_holiday(day))
        return false;
    for (int i = 0; i < ranges_count; i++) {
        const struct range_truth *r = &ranges[i];
        bool mine = r->door == door, las_own = r->la >= 0 && r->la == doors[door].la;

        if (day < r->from || day > r->to || (!mine && !las_own))
            continue;
        if (strcmp(r->kind, "term") != 0)
            return false;
        in_term = in_term || mine == doors[door].own_terms;
    }
    return in_term;
}

/* The first day that has one and whose send time has not passed. */
static time_t next_morning(int door, time_t t, bool (*has)(int door, day_t day), int *off)
{
    day_t day = london_day(t);

    *off = 0;
    while (!has(door, day) || london_moment(day, SEND_AT) < t) {
        *off += !has(door, day);
        day++;
    }
    return london_moment(day, SEND_AT);
}

static bool works(int door, day_t day)
{
    (void)door;
    return world_is_working_day(day);
}

bool world_is_desk(int door)
{
    return doors[door].kind == LA_DESK || doors[door].kind == FORCE_DESK;
}

static time_t due_of_door(int door, time_t t)
{
    day_t day = london_day(t);
    int second = london_second(t), off;
    time_t morning;

    if (world_is_desk(door))
        return world_is_working_day(day) && second >= SEND_AT && second < DESK_ENDS
                   ? t
                   : next_morning(door, t, works, &off);
    if (doors[door].timing == AT_ONCE ||
        (world_is_school_day(door, day) && second > SEND_AT && second < DAY_ENDS))
        return t;
    morning = next_morning(door, t, world_is_school_day, &off);
    if (off > 4 && doors[door].timing == MORNINGS)
        morning = next_morning(door, t, works, &off);
    return morning;
}

/* The morning of the next day that a child is there, when that is after its school's own next one and
 * not too far off. */
time_t world_due(int door, unsigned days, time_t t)
{
    time_t due = due_of_door(door, t);
    day_t day = london_day(t);
    int off = 0;

    if (days == 0 || world_is_desk(door) || doors[door].timing == AT_ONCE ||
        (world_is_school_day(door, day) && (days >> day_weekday(day) & 1) != 0 &&
         london_second(t) < DAY_ENDS))
        return due;
    for (day_t d = day; off <= 4; d++) {
        if (world_is_school_day(door, d) && (days >> day_weekday(d) & 1) != 0 &&
            london_moment(d, SEND_AT) >= t)
            return london_moment(d, SEND_AT) > due ? london_moment(d, SEND_AT) : due;
        off += d > day || !world_is_school_day(door, d);
    }
    return due;
}

time_t world_late_after(int door, unsigned days, time_t t)
{
    time_t due = world_due(door, days, t);

    return london_second(due) == SEND_AT && due != t ? london_moment(london_day(due), BELL_AT)
                                                     : due + AT_ONCE_WITHIN;
}
