/* tests/year/drills.h - exercises, as `encompass drill` begins and `encompass answer` answers them:
 * each reaches those whom it is for, once, says what it is, and is counted as no call-out. */
#ifndef YEAR_DRILLS_H
#define YEAR_DRILLS_H

#include <stdbool.h>

#include "post.h"

struct event;

void drills_draw(int days);
int drills_begin(void);

bool drills_is_of(const char *reference);
void drills_received(const struct post_item *item, int contact);
int drills_answer(const struct event *e);

/* At the end. */
void drills_check(void);

#endif
