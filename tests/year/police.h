/* tests/year/police.h - the control rooms: they send what happened at night, put it right later, send
 * it again, and take their receipts. */
#ifndef YEAR_POLICE_H
#define YEAR_POLICE_H

#include "events.h"

/* Draws a night's call-outs of so many in so many days, and the next DAY. */
void police_draw_night(day_t day, int incidents, int days);

int police_publish(const struct event *e);
int police_take_receipts(void);

#endif
