/* gateway/match/weighing.h - every candidate weighed: what its evidence says against a stranger, the
 * household and a namesake, and each one's share of the probability. Pure. */
#ifndef MATCH_WEIGHING_H
#define MATCH_WEIGHING_H

#include "match/compare.h"
#include "match/weights.h"

/* What of a pair is weighed; there is no name in it. */
struct seen {
    int64_t pupil_key;
    struct comparison says;
    unsigned said_by[2], held_by[2]; /* how many bear forename and surname, as said, as matched */
    unsigned names_held[2];          /* how many the pupil's forename and surname in use */
    enum standing standing;
    unsigned namesakes; /* other candidates of the pupil's full name */
    size_t same_as;     /* the first candidate that is this child, by place */
};

struct weighing {
    const struct candidate *candidate; /* NULL when weighed from what was seen */
    size_t place;                      /* among the candidates */
    enum standing standing;
    struct comparison says;
    double stranger, household, namesake; /* log2 of own against each, all fields but its prior */
    double weight; /* log2 of the odds against being on no roll, were there no other */
    double none;   /* log2 of the odds that the child is none of all */
    struct weighed weighed;
};

/* Best first; of two rows that say the same of one child the one that has it as its own. out has room
 * for count, at most CANDIDATES_MAX. */
void weighing_of_all(const struct matcher *matcher, const struct person *query,
                     const struct candidate *candidates, size_t count, struct weighing *out);

/* The two halves of that, for weighing again with other weights. */
void weighing_see(const struct person *query, const struct candidate *candidates, size_t count,
                  struct seen *out);
void weighing_of_seen(const struct matcher *matcher, const struct seen *seen, size_t count,
                      struct weighing *out);

double weighing_probability(double score); /* of log2 odds */

#endif
