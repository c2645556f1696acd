#include "base/date.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Days from civil and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static day_t days_from(int y, int m, int d)
{
    y -= m <= 2;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

void day_to_civil(day_t z, int *year, int *month, int *day)
{
    z += 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;

    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = yoe + era * 400 + (*month <= 2);
}

day_t day_from_civil(int year, int month, int day)
{
    int y, m, d;
    day_t n;

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
        return DAY_NONE;
    n = days_from(year, month, day);
    day_to_civil(n, &y, &m, &d);
    return d == day && m == month ? n : DAY_NONE;
}

int day_weekday(day_t d)
{
    int w = (d + 3) % 7; /* day 0 was a Thursday */

    return w < 0 ? w + 7 : w;
}

static const char weekday_names[] = "mon tue wed thu fri sat sun";

unsigned weekdays_parse(const char *text)
{
    unsigned days = 0;

    while (*text) {
        size_t length = strcspn(text, " ,;|/");
        unsigned found = 0;

        for (unsigned i = 0; length >= 3 && i < 7; i++) {
            if (strncasecmp(text, weekday_names + (size_t)4 * i, 3) == 0)
                found = 1U << i;
        }
        if (length > 0 && found == 0)
            return 0;
        days |= found;
        text += length + (text[length] != '\0');
    }
    return days;
}

const char *weekdays_format(unsigned days, char out[WEEKDAYS_TEXT_SIZE])
{
    size_t length = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < 7; i++) {
        if (days >> i & 1)
            length += (size_t)snprintf(out + length, WEEKDAYS_TEXT_SIZE - length, "%s%.3s",
                                       length > 0 ? " " : "", weekday_names + (size_t)4 * i);
    }
    return out;
}

int day_age(day_t born, day_t on)
{
    int by, bm, bd, y, m, d;

    day_to_civil(born, &by, &bm, &bd);
    day_to_civil(on, &y, &m, &d);
    return y - by - (m < bm || (m == bm && d < bd));
}

static bool digits(const char **p, int count, int *out)
{
    int n = 0;

    for (int i = 0; i < count; i++) {
        char c = (*p)[i];

        if (c < '0' || c > '9')
            return false;
        n = n * 10 + (c - '0');
    }
    *p += count;
    *out = n;
    return true;
}

static bool date_at(const char **p, day_t *out)
{
    int y, m, d;

    if (!digits(p, 4, &y) || *(*p)++ != '-' || !digits(p, 2, &m) || *(*p)++ != '-' ||
        !digits(p, 2, &d))
        return false;
    *out = day_from_civil(y, m, d);
    return *out != DAY_NONE;
}

day_t day_parse(const char *text)
{
    day_t out;

    return date_at(&text, &out) && *text == '\0' ? out : DAY_NONE;
}

day_t day_parse_british(const char *text)
{
    int y, m, d;
    char separator;

    if (!digits(&text, 2, &d))
        return DAY_NONE;
    separator = *text++;
    if ((separator != '-' && separator != '/') || !digits(&text, 2, &m) || *text++ != separator ||
        !digits(&text, 4, &y) || *text != '\0')
        return DAY_NONE;
    return day_from_civil(y, m, d);
}

const char *day_format(day_t day, char out[DATE_TEXT_SIZE])
{
    int y, m, d;

    if (day == DAY_NONE) {
        out[0] = '\0';
        return out;
    }
    day_to_civil(day, &y, &m, &d);
    snprintf(out, DATE_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100,
             (unsigned)d % 100);
    return out;
}

bool moment_parse(const char *p, time_t *out)
{
    day_t day;
    int h, m, s, oh, om, offset = 0;

    if (!date_at(&p, &day) || (*p != 'T' && *p != 't'))
        return false;
    p++;
    if (!digits(&p, 2, &h) || *p++ != ':' || !digits(&p, 2, &m) || *p++ != ':' ||
        !digits(&p, 2, &s) || h > 23 || m > 59 || s > 60)
        return false;
    if (*p == '.') {
        p++;
        if (*p < '0' || *p > '9')
            return false;
        while (*p >= '0' && *p <= '9')
            p++;
    }
    if (*p == 'Z' || *p == 'z') {
        p++;
    } else if (*p == '+' || *p == '-') {
        int sign = *p++ == '-' ? -1 : 1;

        if (!digits(&p, 2, &oh) || *p++ != ':' || !digits(&p, 2, &om) || oh > 23 || om > 59)
            return false;
        offset = sign * (oh * 3600 + om * 60);
    } else {
        return false;
    }
    if (*p != '\0')
        return false;
    *out = (time_t)day * 86400 + h * 3600 + m * 60 + s - offset;
    return true;
}

static day_t floor_day(time_t t)
{
    time_t d = t / 86400;

    return (day_t)(t % 86400 < 0 ? d - 1 : d);
}

const char *moment_format(time_t t, char out[MOMENT_TEXT_SIZE])
{
    char date[DATE_TEXT_SIZE];
    day_t d = floor_day(t);
    int s = (int)(t - (time_t)d * 86400);

    snprintf(out, MOMENT_TEXT_SIZE, "%sT%02d:%02d:%02dZ", day_format(d, date), s / 3600,
             s / 60 % 60, s % 60);
    return out;
}

static day_t last_sunday(int year, int month)
{
    day_t last = day_from_civil(year, month, 31); /* March and October have 31 days */

    return last - (day_weekday(last) + 1) % 7;
}

bool london_is_summer(time_t t)
{
    int y, m, d;

    day_to_civil(floor_day(t), &y, &m, &d);
    return t >= (time_t)last_sunday(y, 3) * 86400 + 3600 &&
           t < (time_t)last_sunday(y, 10) * 86400 + 3600;
}

static time_t london_wall(time_t t)
{
    return t + (london_is_summer(t) ? 3600 : 0);
}

day_t london_day(time_t t)
{
    return floor_day(london_wall(t));
}

int london_second(time_t t)
{
    time_t wall = london_wall(t);

    return (int)(wall - (time_t)floor_day(wall) * 86400);
}

time_t london_moment(day_t d, int second_of_day)
{
    time_t wall = (time_t)d * 86400 + second_of_day;

    /* The first moment that shows this time: with summer's offset when that is in force then. */
    return london_is_summer(wall - 3600) ? wall - 3600 : wall;
}

const char *london_format(time_t t, char out[MOMENT_TEXT_SIZE])
{
    char date[DATE_TEXT_SIZE];
    int s = london_second(t);

    snprintf(out, MOMENT_TEXT_SIZE, "%s %02d:%02d", day_format(london_day(t), date), s / 3600,
             s / 60 % 60);
    return out;
}

int time_of_day_parse(const char *text)
{
    int h, m;

    if (!digits(&text, 2, &h) || *text++ != ':' || !digits(&text, 2, &m) || *text != '\0' ||
        h > 23 || m > 59)
        return -1;
    return h * 3600 + m * 60;
}
