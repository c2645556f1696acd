/* tests/year/statements.h - what the store's statements cost as it grows: how often each ran, and
 * through how many of SQLite's own steps. One that reads a growing table from end to end is a step
 * that does not find its own work. */
#ifndef YEAR_STATEMENTS_H
#define YEAR_STATEMENTS_H

#include "store/db.h"

/* Counts what the daemon's connection has run, before it closes. */
void statements_note(struct db *db);

/* What is counted from here on belongs to a month when the store is young, or to one when it has
 * grown, or to none of them. */
enum statements_age { STORE_YOUNG, STORE_GROWN, STORE_BETWEEN };
void statements_in(enum statements_age age);

/* -1: one of them goes through whole tables, or has become dearer with the store, which has been said
 * on standard error. */
int statements_check(void);

/* The dearest. */
void statements_print(int most);
void statements_release(void);

#endif
