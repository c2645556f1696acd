/* gateway/match/keys.h - blocking keys: what a child and its pupil have in common when the rest of
 * what was written down differs. Who shares no key is no candidate, and is not even reviewed.
 *
 * A key is FNV-1a (64 bits) over the kind's byte and the folded fields, 0x1f between them; kinds
 * and fields stand in a table in keys.c. Keys are kept in the store: a change of any kind, or of
 * normalise.c, is a change of KEYS_VERSION, and the keys of a roll are made anew.
 */
#ifndef MATCH_KEYS_H
#define MATCH_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "match/match.h"

enum {
    KEYS_VERSION = 1,
    KEYS_OF_A_KIND = 16, /* so that a child with many names keeps a place for every kind */
    KEYS_MAX = 176,
};

/* A pupil is filed under the keys of what is on the roll. A child is looked for also with forename
 * and surname exchanged, day and month exchanged, and with the birth years that an age leaves. */
enum keys_side { KEYS_PUPIL, KEYS_CHILD };

/* Writes the keys, the most telling kinds first, none twice; returns how many. Stored as int64_t
 * of the same bits. */
size_t keys_of(const struct person *person, enum keys_side side, uint64_t out[KEYS_MAX]);

#endif
