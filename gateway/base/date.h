/* gateway/base/date.h - days and times of day, and Europe/London.
 *
 * A day is a number (days since 1970-01-01, proleptic Gregorian), so that arithmetic is addition;
 * a moment is UTC seconds. British Summer Time begins at 01:00 UTC on the last Sunday of March and
 * ends at 01:00 UTC on the last Sunday of October (Summer Time Act 1972 as amended by SI 2002/262).
 * The rule is reckoned here rather than with the C library's zone, which is global to the process
 * and needs files that a minimal machine lacks; a test holds it to the tz database.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef int32_t day_t;
#define DAY_NONE INT32_MIN

enum { DATE_TEXT_SIZE = 16, MOMENT_TEXT_SIZE = 32 }; /* buffers for the formatters below */

day_t day_from_civil(int year, int month, int day); /* DAY_NONE when there is no such date */
void day_to_civil(day_t d, int *year, int *month, int *day);
int day_weekday(day_t d); /* 0 Monday .. 6 Sunday */

/* "mon tue sat", as rolls and terms write weekdays, whatever parts them and in longer forms too: a
 * set with bit 0 for Monday. 0: none, or a word that is no weekday. */
unsigned weekdays_parse(const char *text);
enum { WEEKDAYS_TEXT_SIZE = 32 };
const char *weekdays_format(unsigned days, char out[WEEKDAYS_TEXT_SIZE]); /* returns out */

/* Whole years of age on a day, birthdays on 29 February counted from 1 March in common years
 * (the rule of English law: Family Law Reform Act 1969 s.9, Re Shurey). */
int day_age(day_t born, day_t on);

/* yyyy-mm-dd and nothing else; DAY_NONE otherwise. */
day_t day_parse(const char *text);
/* dd-mm-yyyy or dd/mm/yyyy, as GIAS and census exports write it; DAY_NONE otherwise. */
day_t day_parse_british(const char *text);
const char *day_format(day_t d, char out[DATE_TEXT_SIZE]); /* yyyy-mm-dd; returns out */

/* RFC 3339 with Z or an offset, seconds may have fractions (dropped). false otherwise. */
bool moment_parse(const char *text, time_t *out);
const char *moment_format(time_t t, char out[MOMENT_TEXT_SIZE]); /* 2026-03-16T07:30:00Z */

/* London's day and second of that day (0..86399, by the clock on the wall). */
day_t london_day(time_t t);
int london_second(time_t t);
bool london_is_summer(time_t t);

/* The moment at which London's clocks show that time. In the hour that is skipped in March, the
 * moment as if clocks had not been changed; in the hour that comes twice in October, the first. */
time_t london_moment(day_t d, int second_of_day);

/* "2026-03-16 07:30" in London's time; returns out. */
const char *london_format(time_t t, char out[MOMENT_TEXT_SIZE]);

/* hh:mm to seconds of the day; -1 when it is none. */
int time_of_day_parse(const char *text);

#endif
