/* gateway/store/candidates.h - pupils who share keys, for the files of this folder; others have
 * roster_candidates (roster.h). */
#ifndef STORE_CANDIDATES_H
#define STORE_CANDIDATES_H

#include "match/keys.h"
#include "store/db.h"

struct hit {
    int64_t pupil_key;
    long worth; /* of the keys shared, keys_worth */
};

/* The union of the keys' blocks, of most worth first, at most CANDIDATES_MAX; *hits is for free(). In
 * the caller's transaction. */
int candidates_find(struct db *db, const struct key *keys, size_t keys_count, struct hit **hits,
                    size_t *count, struct err *err) MUST_CHECK;

#endif
