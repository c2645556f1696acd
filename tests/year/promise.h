/* tests/year/promise.h - promises that are broken in a simulated year: each is said on standard
 * error, with what it takes to come there again, and counted. The year goes on, so that one run shows
 * all of them, until there are too many. */
#ifndef YEAR_PROMISE_H
#define YEAR_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

void promise_begin(uint64_t seed);

/* number: of the call-out; -1 it is about none. */
void promise_broken(const char *promise, int number, const char *format, ...) PRINTF(3, 4);

long promises_broken(void);
bool promise_too_many(void); /* it is no use to go on */

#endif
