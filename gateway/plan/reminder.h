/* gateway/plan/reminder.h - the part of planning that owes a reminder: a notice that was told in a
 * holiday, or on the last day before one, and is not answered, is told of again on the first school
 * morning, once, to whoever was told or stands in for them. */
#ifndef PLAN_REMINDER_H
#define PLAN_REMINDER_H

#include "plan/gather.h"

/* Every notice of the incident: reminders are owed, moved and taken back as the calendar is now. In
 * the caller's transaction: 0, -1. */
int reminder_run(struct db *db, const struct gathered *g, time_t now, struct err *err) MUST_CHECK;

#endif
