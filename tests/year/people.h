/* tests/year/people.h - those who are told, and the officers who decide: what they do with what they
 * get. */
#ifndef YEAR_PEOPLE_H
#define YEAR_PEOPLE_H

#include "events.h"
#include "post.h"

/* Somebody has received something: it is checked, and perhaps answered, after their temper. */
int people_received(const struct post_item *item);
int people_answer(const struct event *e);

/* What the matcher has left to a person since: somebody will look, most of the time. */
int people_note_reviews(void);
int people_review(int64_t child_id);

#endif
