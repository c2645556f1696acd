/* tests/year/reviews.h - the officers who decide who a child is: they look when the matcher is in doubt,
 * are wrong at times, and take it back, as `encompass review` has it. */
#ifndef YEAR_REVIEWS_H
#define YEAR_REVIEWS_H

#include <stdbool.h>
#include <stdint.h>

/* What the matcher has left to a person since: somebody will look, most of the time. */
int reviews_note(void);
int reviews_decide(int64_t child_id);
int reviews_undo(int64_t child_id, bool is_wrong);

/* A wrong decision stands that somebody is about to take back: no time for the clock to jump. */
bool reviews_are_wrong(void);
bool reviews_is_wrong(int callout, int position); /* of that child */

/* Somebody has taken back who that child is, and nobody has decided since. */
bool reviews_is_undone(int callout, int position);

/* At the end. */
void reviews_check(void);

#endif
