/* gateway/match/link.h - the match step: every child at stage `match` gets a decision. */
#ifndef MATCH_LINK_H
#define MATCH_LINK_H

#include <time.h>

#include "store/work.h"

/* A turn of incidents (incidents_work_off). Returns how many it did (0: nothing left), or -1. */
int link_run(struct db *db, struct work_turn *turn, time_t now, struct err *err) MUST_CHECK;

#endif
