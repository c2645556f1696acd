/* gateway/store/roll_index.h - the roll's index: under which keys each pupil is found, and how many
 * bear a name, and what each is compared by.
 *
 * pupil_block has an entry for each key of each pupil: the key's KEYS_BITS, then PUPIL_BITS of the
 * pupil's number, one integer, so that a block is a range of rows and an entry takes some 13 bytes.
 * An import gathers what it adds and takes away and writes it in the index's order at its end,
 * which is what makes millions of rows possible; a program whose keys are of another version, or
 * whose ICU is, makes the whole index anew. pupil_folded has each pupil as it is compared (match/packed.h), so that a
 * candidate is read, not folded.
 */
#ifndef STORE_ROLL_INDEX_H
#define STORE_ROLL_INDEX_H

#include <stdbool.h>

#include "match/match.h"
#include "store/db.h"

enum { PUPIL_BITS = 28 };

struct roll_index;

/* Begins to gather, in the caller's transaction; *out is for roll_index_free. */
int roll_index_new(struct db *db, struct roll_index **out, struct err *err) MUST_CHECK;
void roll_index_free(struct roll_index *index); /* NULL is allowed */

/* The pupil is on the roll as it stands there, or no longer: a changed one is taken away as it was
 * and added as it is. */
int roll_index_add(struct roll_index *index, int64_t pupil_key, const struct person *pupil,
                   struct err *err) MUST_CHECK;
int roll_index_take_away(struct roll_index *index, int64_t pupil_key, const struct person *pupil,
                         struct err *err) MUST_CHECK;

/* Writes what was gathered. Made anew when another version of the keys has made it. */
int roll_index_write(struct roll_index *index, struct err *err) MUST_CHECK;

/* As roll_index_is_current; *mark is another after each roll_index_write, and after none else. */
int roll_index_look(struct db *db, int64_t *mark, struct err *err) MUST_CHECK;

/* Whether this program's keys are the ones in the store: 1, 0 made by another version (or never,
 * and there are pupils), -1. */
int roll_index_is_current(struct db *db, struct err *err) MUST_CHECK;

/* Makes it anew where it is not current, in a transaction of its own: 1 it did, 0, -1. */
int roll_index_bring_up(struct db *db, struct err *err) MUST_CHECK;

#endif
