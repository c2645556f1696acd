/* gateway/match/learn.h - weights from call-outs and a roll: by labels, or without them.
 *
 * Each call-out is weighed with the weights so far. Where it is known who the child is, that is
 * taken; else the probabilities are (expectation and maximisation). What is counted makes the next
 * weights; a few rounds settle. Levels of which nothing was seen keep the weights one begins with.
 * Pure.
 */
#ifndef MATCH_LEARN_H
#define MATCH_LEARN_H

#include "match/weighing.h"

struct learn; /* opaque: the call-outs as they were seen, no name among them */

struct learn *learn_new(const struct matcher *start); /* NULL: no memory */
void learn_free(struct learn *l);                     /* NULL is allowed */

/* truth: the pupil_keys that are the child, none when it is on no roll; NULL: not known. */
struct learn_truth {
    const int64_t *pupil_keys;
    size_t count;
};
int learn_add(struct learn *l, const struct person *query, const struct candidate *candidates,
              size_t count, const struct learn_truth *truth, struct err *err) MUST_CHECK;

/* The weights that follow, after so many rounds. */
void learn_settle(struct learn *l, int rounds, struct weights *out);

#endif
