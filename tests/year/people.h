/* tests/year/people.h - those who are told: what they do with what they get. */
#ifndef YEAR_PEOPLE_H
#define YEAR_PEOPLE_H

#include "events.h"
#include "post.h"

/* Somebody has received something: it is checked, and perhaps answered, after their temper. */
int people_received(const struct post_item *item);
int people_answer(const struct event *e);

#endif
