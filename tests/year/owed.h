/* tests/year/owed.h - what a call-out owes besides a telling, when enough time has gone: a desk that
 * hears of MARAC, a door that deletes what was taken back. */
#ifndef YEAR_OWED_H
#define YEAR_OWED_H

#include <time.h>

void owed_check(int number, time_t now);

#endif
