/* gateway/store/name_counts.h - how many pupils bear a name, remembered for as long as the roll's index
 * is what it was (roll_index.mark); for the files of this folder, others have roster.h.
 *
 * A child's candidates share their names with the last child's: they are read once. What is
 * remembered is hashes and counts, at most NAME_COUNTS_MOST of them, and is forgotten whole when there
 * would be more.
 */
#ifndef STORE_NAME_COUNTS_H
#define STORE_NAME_COUNTS_H

#include "match/match.h"
#include "store/db.h"

enum { NAME_COUNTS_MOST = 8192 };

/* Forgets what was true of another index. Called in each transaction before the others, for they hold
 * for it. 1; 0 the index is not this program's (roll_index_is_current); -1. */
int name_counts_settle(struct db *db, struct err *err) MUST_CHECK;

int name_counts_pupils(struct db *db, int64_t *out, struct err *err) MUST_CHECK;

/* How many bear each of the person's names. */
int name_counts_fill(struct db *db, struct person *person, struct err *err) MUST_CHECK;

struct name_counts;
void name_counts_free(struct name_counts *counts); /* NULL is allowed */

#endif
