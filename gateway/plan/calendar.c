#include "plan/calendar.h"

#include <string.h>

/* Longer closures than this many days do not wait for the school morning. */
enum { DAYS_OFF_MAX = 4 };

/* How far ahead a school day is looked for: longer than any school year's holiday. */
enum { DAYS_AHEAD_MAX = 400 };

enum { MONDAY_TO_FRIDAY = 0x1f };

/* What comes within the last seconds of a day is planned a moment later. */
enum { PLANNING_SECONDS = 600 };

static const char at_once[] = "at-once", holiday_weekday[] = "holiday-weekday";

/* The year in which the school year of a day begins, on 1 August. */
static int school_year(day_t day)
{
    int y, m, d;

    day_to_civil(day, &y, &m, &d);
    return m >= 8 ? y : y - 1;
}

static bool has_own_terms(const struct calendar *c, int year)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct calendar_range *r = &c->ranges[i];

        if (r->kind == CALENDAR_TERM && r->own && school_year(r->from) <= year &&
            school_year(r->to) >= year)
            return true;
    }
    return false;
}

static bool is_weekend(day_t day)
{
    return day_weekday(day) >= 5;
}

static bool is_among(unsigned days, day_t day)
{
    return days >> day_weekday(day) & 1;
}

static bool within(const struct calendar_range *r, day_t day)
{
    return r->from <= day && day <= r->to;
}

bool calendar_is_working_day(const struct calendar *c, day_t day)
{
    if (is_weekend(day))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        if (c->ranges[i].kind == CALENDAR_BANK_HOLIDAY && within(&c->ranges[i], day))
            return false;
    }
    return true;
}

enum day_kind calendar_day(const struct calendar *c, day_t day)
{
    bool begun = false, ends_later = false, in_term = false;

    for (size_t i = 0; i < c->count; i++) {
        const struct calendar_range *r = &c->ranges[i];

        if (r->kind != CALENDAR_TERM) {
            if (within(r, day))
                return DAY_CLOSED;
            continue;
        }
        if (!r->own && has_own_terms(c, school_year(within(r, day) ? day : r->from)))
            continue;
        begun = begun || r->from <= day;
        ends_later = ends_later || r->to >= day;
        in_term =
            in_term || (within(r, day) && is_among(r->days ? r->days : MONDAY_TO_FRIDAY, day));
    }
    if (in_term)
        return DAY_SCHOOL;
    return is_weekend(day) || (begun && ends_later) ? DAY_CLOSED : DAY_UNKNOWN;
}

/* The first working day whose send time is not before t. */
static time_t working_morning(const struct calendar *c, int send_at, time_t t)
{
    day_t day = london_day(t);

    while (!calendar_is_working_day(c, day) || london_moment(day, send_at) < t)
        day++;
    return london_moment(day, send_at);
}

/* When somebody there begins to have time to answer what reaches them at t. */
static time_t read_from(const struct calendar *c, const struct morning *m, int ends, time_t t)
{
    int second = london_second(t);

    if (calendar_is_working_day(c, london_day(t)) && second >= m->send_at && second < ends)
        return t;
    return working_morning(c, m->send_at, t);
}

static time_t read_at_school(const struct calendar *c, const struct morning *m, time_t t)
{
    int second = london_second(t);

    if (calendar_day(c, london_day(t)) == DAY_SCHOOL && second >= m->send_at &&
        second < m->day_ends)
        return t;
    return read_from(c, m, m->day_ends, t);
}

static void set_due(time_t at, time_t now, const char *rule, struct due *out)
{
    out->at = at > now ? at : now;
    out->first_at = at;
    out->rule = rule;
    out->remind_at = -1;
}

static void set_answer_by(const struct morning *m, time_t from, struct due *out)
{
    time_t bell = london_moment(london_day(from), m->bell_at);

    out->answer_by = from + m->answer_within;
    if (from < bell && bell < out->answer_by)
        out->answer_by = bell;
}

/* The first school morning on one of these weekdays (0: any) whose send time is not before t, and
 * the days off until it. */
static bool school_morning(const struct calendar *c, const struct morning *m, unsigned days,
                           time_t t, time_t *morning, int *days_off)
{
    day_t day = london_day(t);

    *days_off = 0;
    for (int i = 0; i < DAYS_AHEAD_MAX; i++, day++) {
        enum day_kind kind = calendar_day(c, day);

        if (kind == DAY_UNKNOWN)
            return false;
        if (kind == DAY_CLOSED || (days != 0 && !is_among(days, day))) {
            *days_off += kind == DAY_CLOSED || i > 0; /* that school day itself lies before */
            continue;
        }
        *morning = london_moment(day, m->send_at);
        if (*morning >= t)
            return true;
    }
    return false;
}

time_t calendar_reminder(const struct calendar *c, const struct morning *m, const char *rule,
                         time_t told_at)
{
    bool in_closure =
        strcmp(rule, holiday_weekday) == 0 && calendar_day(c, london_day(told_at)) != DAY_SCHOOL;
    time_t morning;
    int days_off;

    return school_morning(c, m, 0, told_at + 1, &morning, &days_off) &&
                   (in_closure || days_off > DAYS_OFF_MAX)
               ? morning
               : -1;
}

time_t calendar_answer_by(const struct calendar *c, const struct morning *m, time_t told_at)
{
    struct due due;

    set_answer_by(m, read_at_school(c, m, told_at), &due);
    return due.answer_by;
}

/* By the next day that the child attends: true when that is near, and later than the
 * establishment's own next morning. */
static bool is_due_by_attendance(const struct calendar *c, const struct morning *m, unsigned days,
                                 time_t accepted_at, time_t *morning)
{
    day_t day = london_day(accepted_at);
    int second = london_second(accepted_at), days_off;

    if (m->policy == MORNING_AT_ONCE || days == 0)
        return false;
    if (calendar_day(c, day) == DAY_SCHOOL && is_among(days, day) && second < m->day_ends)
        return false;
    return school_morning(c, m, days, accepted_at, morning, &days_off) && days_off <= DAYS_OFF_MAX;
}

/* When what was accepted then is due; false: no calendar reaches so far. */
static bool find_due(const struct calendar *c, const struct morning *m, unsigned days,
                     time_t accepted_at, time_t *at, const char **rule)
{
    int second = london_second(accepted_at), days_off;
    time_t morning;

    if (calendar_day(c, london_day(accepted_at)) == DAY_SCHOOL && second > m->send_at &&
        second < m->day_ends) {
        *at = accepted_at;
        *rule = at_once;
    } else if (!school_morning(c, m, 0, accepted_at, at, &days_off)) {
        return false;
    } else if (days_off <= DAYS_OFF_MAX) {
        *rule = "school-morning";
    } else if (m->policy == MORNING_HOLD) {
        *rule = "hold";
    } else {
        *at = working_morning(c, m->send_at, accepted_at);
        *rule = holiday_weekday;
    }
    if (is_due_by_attendance(c, m, days, accepted_at, &morning) && morning > *at) {
        *at = morning;
        *rule = "part-time";
    }
    return true;
}

/* When what should have been told at first_at is told. What is told at once keeps its rule. */
static time_t find_late(const struct calendar *c, const struct morning *m, time_t first_at,
                        time_t now, const char **rule)
{
    const char *late_rule;
    time_t at;

    if (*rule == at_once && now - first_at <= PLANNING_SECONDS)
        return now;
    if (!find_due(c, m, 0, now, &at, &late_rule))
        return read_at_school(c, m, now);
    if (late_rule == at_once)
        return now;
    *rule = late_rule;
    return late_rule == holiday_weekday ? read_from(c, m, m->day_ends, now) : at;
}

int calendar_due_attending(const struct calendar *c, const struct morning *m, unsigned days,
                           time_t accepted_at, time_t now, struct due *out)
{
    const char *rule;
    time_t at, first_at;

    if (m->policy == MORNING_AT_ONCE) {
        set_due(accepted_at, now, "any-hour", out);
        set_answer_by(m, out->at, out);
    } else if (!find_due(c, m, days, accepted_at, &first_at, &rule)) {
        return 0;
    } else {
        at = first_at < now ? find_late(c, m, first_at, now, &rule) : first_at;
        set_due(at, now, rule, out);
        out->first_at = first_at;
        set_answer_by(m, read_at_school(c, m, out->at), out);
    }
    out->remind_at = calendar_reminder(c, m, out->rule, out->at);
    return 1;
}

int calendar_due(const struct calendar *c, const struct morning *m, time_t accepted_at, time_t now,
                 struct due *out)
{
    return calendar_due_attending(c, m, 0, accepted_at, now, out);
}

void calendar_due_desk(const struct calendar *c, const struct morning *m, time_t accepted_at,
                       time_t now, struct due *out)
{
    time_t from = read_from(c, m, m->desk_ends, accepted_at);

    set_due(from, now, from == accepted_at ? "desk-at-once" : "desk-morning", out);
    set_answer_by(m, read_from(c, m, m->desk_ends, out->at), out);
}
