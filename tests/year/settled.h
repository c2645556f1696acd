/* tests/year/settled.h - what forces settle for some weeks, and take back, as `encompass policy set`
 * does: filters, whether a desk hears of MARAC, what is often. */
#ifndef YEAR_SETTLED_H
#define YEAR_SETTLED_H

#include "callouts.h"

/* Of a year of so many days: each becomes an event (SETTLE, its number and whether it begins). */
void settled_draw(int days);
int settled_change(int number, bool begins);

/* NULL: nothing is settled but the default. */
const char *settled_now(int force, const char *key);
int settled_number(int force, const char *key, int otherwise);

/* Whether anything was, at some time between. */
bool settled_stood(int force, const char *key, time_t from, time_t until);

/* A filter of the force, as it is now, keeps that child back, unless somebody has been told of it. */
bool settled_filters(const struct callout *c, const struct said_child *said);

/* When the last change before that moment was; -1 none. */
time_t settled_last(time_t before);

#endif
