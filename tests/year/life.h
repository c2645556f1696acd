/* tests/year/life.h - the daemon's life in a simulated year. */
#ifndef YEAR_LIFE_H
#define YEAR_LIFE_H

#include <time.h>

#include "gate.h"

/* Of every run, how many are killed. */
void life_set_danger(double chance);

/* The steps, now and then in a process that is killed; with a message, when it comes (else NULL).
 * What was not acknowledged comes again at once. */
int life_run(const struct gate_message *message, enum accepted *what);

/* Steps, and people take note of what came of them, until there is nothing left to do now. */
int life_settle(void);

extern time_t life_next; /* when the daemon has something to do next */

/* -1, with it said on standard error. */
int life_failed(const struct err *err, const char *what);

#endif
