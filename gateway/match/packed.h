/* gateway/match/packed.h - a pupil folded once and kept as bytes, so that to compare it with a child
 * needs no folding anew. Pure.
 *
 * What folding makes of a roll's row is in it; schools and how many bear its names, which change
 * without it, are not. It is kept beside the keys (store/roll_index.h): a change of it, or of what
 * folds it (normalise.c, person.c, place.c, upn.c), is a change of KEYS_VERSION. Personal data. */
#ifndef MATCH_PACKED_H
#define MATCH_PACKED_H

#include <stdbool.h>

#include "match/match.h"

enum { PACKED_MAX = sizeof(struct person) };

/* Returns how many bytes. */
size_t person_pack(const struct person *person, unsigned char out[PACKED_MAX]);

/* *out is a new one (person_init). False when the bytes are none of person_pack's. */
bool person_unpack(const void *bytes, size_t length, struct person *out);

#endif
