/* gateway/match/keys.h - blocking keys: what a child and its pupil have in common when the rest of
 * what was written down differs. Who shares no key is no candidate, and is not even reviewed.
 *
 * A key is FNV-1a over the kind's letter and the folded fields, 0x1f between them, folded to
 * KEYS_BITS; kinds and fields stand in a table in keys.c. Keys are kept in the store: a change of
 * any kind, or of normalise.c or sound.c, is a change of KEYS_VERSION, and the keys of a roll are
 * made anew; packed.h has what else is. What config/names/ knows is asked for on the child's side alone, so that a line added
 * there holds at once and nothing is made anew.
 *
 * A key that more pupils have than its kind's ceiling says too little to be worth reading: it is passed
 * over whole, never read in part, so that the candidates do not depend on the order of rows.
 */
#ifndef MATCH_KEYS_H
#define MATCH_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "match/match.h"

enum {
    KEYS_VERSION = 6,
    KEYS_BITS = 35, /* with a pupil's number of 28 bits an entry of the index is one integer */
    KEYS_KINDS = 13,
    KEYS_OF_A_KIND = 32, /* so that a child with many names keeps a place for every kind */
    KEYS_MAX = KEYS_KINDS * KEYS_OF_A_KIND,
    KEYS_BLOCK_MAX = 300,
};

struct key {
    uint64_t bits;
    uint8_t kind; /* below KEYS_KINDS, the most telling first */
};

/* A pupil is filed under the keys of what is on the roll. A child is looked for also with forename
 * and surname exchanged, day and month exchanged, with the birth years that an age leaves, and by
 * the other spellings and short forms of its names. */
enum keys_side { KEYS_PUPIL, KEYS_CHILD };

/* Writes the keys, none twice; returns how many. */
size_t keys_of(const struct person *person, enum keys_side side, struct key out[KEYS_MAX]);

/* What it says for a pupil that it shares a key with so many on a roll of that size, in hundredths
 * of a bit. */
int keys_worth(int64_t roll, size_t block);

size_t keys_ceiling(size_t kind);        /* at most KEYS_BLOCK_MAX */
const char *keys_kind_name(size_t kind); /* "surname, birth date" */

/* A name by itself, for counting how many bear it; never 0. */
enum name_place { NAME_AS_FORENAME, NAME_AS_SURNAME };
uint64_t key_of_name(enum name_place place, const char *name);

/* The key of a full name among those born in a year: its block is how many of that name there are. */
uint64_t keys_name_in_year(const char *forename, const char *surname, int year);

#endif
