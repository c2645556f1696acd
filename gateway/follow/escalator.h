/* gateway/follow/escalator.h - the follow step: notices that were told and are not answered in time
 * go to the next person by the rule (escalate.h), each step recorded. notice.follow_at says when one
 * is to be looked at; what becomes the desk's is planned by the planner (DESK_NO_ANSWER). */
#ifndef FOLLOW_ESCALATOR_H
#define FOLLOW_ESCALATOR_H

#include <time.h>

#include "store/work.h"

/* A turn of notices (store/work.h): how many it looked at, or -1. One that fails by itself is looked
 * at again ten minutes later. */
int escalator_run(struct db *db, struct work_turn *turn, time_t now, struct err *err) MUST_CHECK;

#endif
