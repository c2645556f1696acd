/* gateway/match/weighing.h - every candidate weighed: what its evidence says against a stranger, the
 * household and a namesake, and each one's share of the probability. Pure. */
#ifndef MATCH_WEIGHING_H
#define MATCH_WEIGHING_H

#include "match/compare.h"
#include "match/weights.h"

struct weighing {
    const struct candidate *candidate;
    struct comparison says;
    double stranger, household, namesake; /* log2 of own against each, all fields but its prior */
    double weight; /* log2 of the odds against being on no roll, were there no other */
    double none;   /* log2 of the odds that the child is none of all */
    struct weighed weighed;
};

/* Best first. out has room for count, at most CANDIDATES_MAX. */
void weighing_of_all(const struct matcher *matcher, const struct person *query,
                     const struct candidate *candidates, size_t count, struct weighing *out);

double weighing_probability(double score); /* of log2 odds */

#endif
