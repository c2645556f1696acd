/* gateway/match/link.h - the match step: every child at stage `match` gets a decision. */
#ifndef MATCH_LINK_H
#define MATCH_LINK_H

#include <time.h>

#include "store/db.h"

/* Up to limit incidents, each in a transaction of its own (incidents_work_off). Returns how many it
 * did (0: nothing left), or -1. */
int link_run(struct db *db, int limit, time_t now, struct err *err) MUST_CHECK;

#endif
