/* tests/year/held.h - what an operator keeps from going out for a while, as `encompass hold` and
 * `encompass release` do: an establishment, an adapter, one notice. */
#ifndef YEAR_HELD_H
#define YEAR_HELD_H

#include <stdbool.h>

#include "late.h"

/* Of a year of so many days: each becomes an event (HOLD, its kind). */
void held_draw(int days);
int held_begin(int kind);
int held_end(int number);

/* What has just been received was held: by its contact's establishment or adapter, or itself. */
bool held_is(int contact, const char *reference);

/* Until when what was due then and told now was held, or might have been; -1 it was not. */
time_t held_last(const struct late_telling *t, time_t due);

#endif
