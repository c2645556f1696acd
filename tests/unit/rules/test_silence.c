/* From when a desk is warned, held to the cases of tests/cases/silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glob.h>

#include "base/attr.h"
#include "base/date.h"
#include "follow/silence.h"

enum { USUALS = 4, TRIES = 16, HOUR = 3600, LINE = 256 };

struct usual { /* N messages a period, evenly over length seconds from `from` of its days */
    int messages, from, length, weeks, weekday; /* weekday -1: every day */
    day_t until;                                /* DAY_NONE: the last message's */
};

struct subject {
    char title[128];
    struct usual usuals[USUALS];
    size_t usuals_count;
    time_t last, broker, roll, adapter;
    bool has_broker;
    int quiet_hours, roll_days;
    struct silence_try tries[TRIES];
    size_t tries_count;
};

static int wrong; /* cases */

static const struct subject nothing = {
    .last = -1, .broker = -1, .roll = -1, .adapter = -1, .quiet_hours = 12, .roll_days = 90};

static int weekday_of(const char *word)
{
    static const char *const words[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

    for (int i = 0; i < 7; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

static time_t moment(const char *day, const char *time)
{
    return day_parse(day) == DAY_NONE || time_of_day_parse(time) < 0
               ? -1
               : london_moment(day_parse(day), time_of_day_parse(time));
}

static bool given_usual(struct subject *s, const char *rest)
{
    struct usual *u = &s->usuals[s->usuals_count];
    char from[8], to[8], day[16], until[16];
    int n;

    *u = (struct usual){.weekday = -1, .until = DAY_NONE};
    if (s->usuals_count == USUALS)
        return false;
    n = sscanf(rest, "usual %d between %7s and %7s for %d weeks until %15s", &u->messages, from, to,
               &u->weeks, until);
    if (n >= 4) {
        u->until = n == 5 ? day_parse(until) : DAY_NONE;
        u->from = time_of_day_parse(from);
        u->length = (time_of_day_parse(to) - u->from + 24 * HOUR - 1) % (24 * HOUR) + 1;
    } else if (sscanf(rest, "usual %d each %15s at %7s for %d weeks", &u->messages, day, from,
                      &u->weeks) == 4) {
        u->from = time_of_day_parse(from);
        u->weekday = weekday_of(day);
        u->length = 1;
        if (u->weekday < 0)
            return false;
    } else {
        return false;
    }
    s->usuals_count++;
    return u->from >= 0;
}

static bool given(struct subject *s, const char *rest)
{
    char day[16], time[8], word[8];
    time_t at;

    if (strncmp(rest, "usual ", 6) == 0)
        return given_usual(s, rest);
    if (strcmp(rest, "quiet_hours off") == 0)
        return s->quiet_hours = 0, true;
    if (strcmp(rest, "broker there") == 0)
        return s->has_broker = true;
    if (sscanf(rest, "quiet_hours %d", &s->quiet_hours) == 1 ||
        sscanf(rest, "roll_days %d", &s->roll_days) == 1)
        return true;
    if (sscanf(rest, "last %15s %7s", day, time) == 2)
        return (s->last = moment(day, time)) >= 0;
    if (sscanf(rest, "roll %15s %7s", day, time) == 2)
        return (s->roll = moment(day, time)) >= 0;
    if (sscanf(rest, "adapter shut %15s %7s", day, time) == 2)
        return (s->adapter = moment(day, time)) >= 0;
    if (sscanf(rest, "broker lost %15s %7s", day, time) == 2)
        return s->has_broker = (s->broker = moment(day, time)) >= 0;
    if ((sscanf(rest, "put %7s %15s %7s", word, day, time) == 3 ||
         sscanf(rest, "%7s %15s %7s", word, day, time) == 3) &&
        (strcmp(word, "off") == 0 || strcmp(word, "refused") == 0) && s->tries_count < TRIES &&
        (at = moment(day, time)) >= 0) {
        s->tries[s->tries_count++] = (struct silence_try){at, word[0] == 'r'};
        return true;
    }
    return false;
}

/* Every message of every usual before the last one, counted by the hour. */
static time_t feed_of(const struct subject *s)
{
    static struct silence_hour hours[400 * 24];
    struct silence_feed feed = {s->last, s->last, hours, ARRAY_SIZE(hours), s->quiet_hours};
    int64_t newest = s->last / HOUR;

    for (int64_t i = 0; i < (int64_t)ARRAY_SIZE(hours); i++)
        hours[i] = (struct silence_hour){newest - i, i == 0 ? 1 : 0};
    for (size_t i = 0; i < s->usuals_count; i++) {
        const struct usual *u = &s->usuals[i];

        day_t until = u->until == DAY_NONE ? london_day(s->last) : u->until;

        for (day_t d = until - 7 * u->weeks; d <= until; d++) {
            if (u->weekday >= 0 && day_weekday(d) != u->weekday)
                continue;
            for (int n = 0; n < u->messages; n++) {
                time_t at = london_moment(d, u->from) + (time_t)n * u->length / u->messages;

                if (at >= s->last)
                    continue;
                hours[newest - at / HOUR].messages++;
                if (at < feed.first_at)
                    feed.first_at = at;
            }
        }
    }
    return silence_of_feed(&feed);
}

static time_t judged(const struct subject *s)
{
    return s->last >= 0          ? feed_of(s)
           : s->roll >= 0        ? silence_of_roll(s->roll, s->roll_days)
           : s->adapter >= 0     ? silence_of_adapter(s->adapter)
           : s->tries_count == 0 ? silence_of_broker(s->broker)
                                 : silence_of_contact(s->tries, s->tries_count);
}

static bool expect(const struct subject *s, const char *rest, const char *where)
{
    char day[16], time[8], got[MOMENT_TEXT_SIZE];
    time_t at = judged(s);

    if (strcmp(rest, "never") == 0)
        snprintf(day, sizeof day, "never");
    else if (sscanf(rest, "%15s %7s", day, time) != 2 || moment(day, time) < 0)
        return false;
    if (strcmp(rest, at < 0 ? "never" : london_format(at, got)) != 0) {
        print_error("%s: %s: is %s, not %s\n", where, s->title, at < 0 ? "never" : got, rest);
        wrong++;
    }
    return true;
}

static int run_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[LINE], where[LINE];
    struct subject s = nothing;
    int n = 0, cases = 0;

    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        char *comment = strchr(line, '#'), *rest;
        bool ok = true;

        snprintf(where, sizeof where, "%s:%d", path, ++n);
        if (comment)
            *comment = '\0';
        for (size_t l = strlen(line); l > 0 && strchr(" \n", line[l - 1]); l--)
            line[l - 1] = '\0';
        if (!line[0])
            continue;
        rest = strchr(line, ' ');
        if (!rest)
            fail_msg("%s: what is this?", where);
        *rest++ = '\0';
        rest += strspn(rest, " ");
        if (strcmp(line, "case") == 0) {
            s = nothing;
            snprintf(s.title, sizeof s.title, "%s", rest);
            cases++;
        } else if (strcmp(line, "given") == 0) {
            ok = given(&s, rest);
        } else {
            ok = strcmp(line, "expect") == 0 && expect(&s, rest, where);
        }
        if (!ok)
            fail_msg("%s: %s %s: cannot be read", where, line, rest);
    }
    fclose(f);
    return cases;
}

static void every_case_is_warned_when_it_says(void **state)
{
    glob_t found;
    int cases = 0;

    (void)state;
    assert_int_equal(glob(TESTS_DIR "/cases/silence/*.case", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        cases += run_file(found.gl_pathv[i]);
    globfree(&found);
    assert_true(cases >= 20);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_is_warned_when_it_says)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
