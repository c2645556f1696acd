/* gateway/plan/calendar.h - which days are school days there, and when a notice is due. Pure.
 *
 * Reckoned in Europe/London. The default policy and its three cases: architecture, "Time":
 *   accepted before the send time of the next school day, at most 4 days off   that day, send time
 *   on a school day after the send time, before the end of that day            at once
 *   in a longer closure                     next weekday that is no bank holiday, send time
 * Planned when that is past (a decision came late, or a place on roll): as if it were accepted now, but
 * in a longer closure at once while somebody works. Nothing is sent to a school at night.
 *
 * Days off are the closed days that lie between: the evening before Good Friday is 4 of them from
 * the Tuesday after Easter. What was told in a longer closure, or on the last day before one, and
 * is not answered by then, is told of again on the first school morning.
 *
 * A part-time place: by the next day that the child attends, at that day's send time when it is at
 * most 4 days off, else when the establishment itself would be told.
 */
#ifndef PLAN_CALENDAR_H
#define PLAN_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/date.h"

enum calendar_kind { CALENDAR_TERM, CALENDAR_CLOSURE, CALENDAR_INSET, CALENDAR_BANK_HOLIDAY };

struct calendar_range {
    enum calendar_kind kind;
    day_t from, to; /* both included */
    bool own;       /* the establishment's own row rather than the authority's default */
    unsigned days;  /* of a term: on which weekdays, as weekdays_parse; 0 Monday to Friday */
};

/* Own terms, when there are any in a school year (1 August to 31 July), replace the authority's of
 * that year; closures and insets of both hold, and so do bank holidays. */
struct calendar {
    struct calendar_range *ranges; /* any order */
    size_t count;
};

enum day_kind { DAY_SCHOOL, DAY_CLOSED, DAY_UNKNOWN };

/* Bank holidays, closures and insets are closed whatever else is on file, and so are weekends unless
 * a term has lessons on them. Unknown: no term is on file that ends on or after that day, or none
 * that begins on or before it. */
enum day_kind calendar_day(const struct calendar *c, day_t day);

/* A desk's working day: Monday to Friday and no bank holiday. */
bool calendar_is_working_day(const struct calendar *c, day_t day);

/* School: the three cases above. Hold: longer closures too wait for the first school morning. At
 * once: at any hour of any day. */
enum morning_policy { MORNING_SCHOOL, MORNING_HOLD, MORNING_AT_ONCE };

/* Times of the day in seconds, London. */
struct morning {
    enum morning_policy policy;
    int send_at;       /* 07:30 */
    int bell_at;       /* 08:45 */
    int day_ends;      /* 15:30 */
    int desk_ends;     /* 17:00: until when an authority's or a force's desk is told at once */
    int answer_within; /* seconds, 45 minutes */
};
#define MORNING_DEFAULT                                                                            \
    ((struct morning){MORNING_SCHOOL, 7 * 3600 + 1800, 8 * 3600 + 2700, 15 * 3600 + 1800,          \
                      17 * 3600, 2700})

struct due {
    time_t at; /* when the notice is to be with the adapter */
    /* answer_within after `at`, or the bell if that is still to come and first. What goes out when
     * nobody is there to read it is counted from the next send time of a working day, unless the
     * establishment is told at any hour. */
    time_t answer_by;
    const char *rule; /* code that explain shows: school-morning, part-time, at-once, any-hour,
                         holiday-weekday, hold, desk-morning, desk-at-once */
    time_t remind_at; /* the first school morning after a longer closure; -1: none lies between */
    time_t first_at;  /* when it should have been, though that be past; else as `at` */
};

/* 1: *out is written; 0: no calendar reaches far enough to tell (the desk's case). now is when it
 * is planned. */
int calendar_due(const struct calendar *c, const struct morning *m, time_t accepted_at, time_t now,
                 struct due *out);

/* The same of a place on some weekdays only, as weekdays_parse gives them; 0 all. */
int calendar_due_attending(const struct calendar *c, const struct morning *m, unsigned days,
                           time_t accepted_at, time_t now, struct due *out);

/* When what was told at that moment, by that rule, is to be told of again: the first school morning
 * after a longer closure. -1: none lies between, or no calendar reaches so far. */
time_t calendar_reminder(const struct calendar *c, const struct morning *m, const char *rule,
                         time_t told_at);

/* By when an answer is wanted there to what is told at that moment. */
time_t calendar_answer_by(const struct calendar *c, const struct morning *m, time_t told_at);

/* A desk is told on working days from the send time to desk_ends, else at the send time of the
 * next. Planned when that is past, now. */
void calendar_due_desk(const struct calendar *c, const struct morning *m, time_t accepted_at,
                       time_t now, struct due *out);

#endif
