/* gateway/plan/amender.h - corrections and withdrawals become rows: what is owed and not yet sent of
 * them is made to agree with what was judged (told.h), as the planner does with notices. */
#ifndef PLAN_AMENDER_H
#define PLAN_AMENDER_H

#include <time.h>

#include "plan/gather.h"

/* What was told to one of its recipients and refused by another goes to who stands in for that one.
 * What waits for the next person goes to nobody once it is taken back, or the child is elsewhere. In the planner's transaction. 1; 0 a send is under way that does not fit it, and all is to be
 * planned later; -1. */
int amender_run(struct db *db, struct gathered *g, time_t now, struct err *err) MUST_CHECK;

#endif
