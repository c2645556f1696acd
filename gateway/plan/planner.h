/* gateway/plan/planner.h - the plan step: every incident with a child at stage `plan` is planned
 * whole, and what is owed and not yet sent is made to agree with the plan.
 *
 * A notice that the plan still wants in the same shape is left alone with its reference and key;
 * one that it no longer wants is cancelled; a new one is added. What was sent stays sent: a
 * correction or a withdrawal follows it where it no longer holds (amend.h).
 */
#ifndef PLAN_PLANNER_H
#define PLAN_PLANNER_H

#include <time.h>

#include "store/work.h"

/* A turn of incidents (incidents_work_off). Returns how many it did, or -1. */
int planner_run(struct db *db, struct work_turn *turn, time_t now, struct err *err) MUST_CHECK;

/* What is not sent, planned as if it were that moment, in the caller's transaction: to be looked at
 * and rolled back. 0, -1. */
int planner_pretend(struct db *db, time_t at, struct err *err) MUST_CHECK;

#endif
