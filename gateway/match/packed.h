/* gateway/match/packed.h - a pupil folded once and kept as bytes, so that to compare it with a child
 * needs no folding anew. Pure.
 *
 * What folding makes of a roll's row is in it; how many bear its names, which changes without it, is
 * not, and its schools are bytes of their own, for they come and go without it. Both are kept beside
 * the keys (store/roll_index.h): a change of them, or of what folds them (normalise.c, person.c,
 * place.c, school.c, upn.c), is a change of KEYS_VERSION. Personal data. */
#ifndef MATCH_PACKED_H
#define MATCH_PACKED_H

#include <stdbool.h>

#include "match/match.h"

enum { PACKED_MAX = sizeof(struct person) };

/* Returns how many bytes. */
size_t person_pack(const struct person *person, unsigned char out[PACKED_MAX]);

/* *out is a new one (person_init). False when the bytes are none of person_pack's. */
bool person_unpack(const void *bytes, size_t length, struct person *out);

/* Where a pupil is on roll, as a child's claim is compared with it. */
enum { ON_ROLL_MAX = 16, SCHOOLS_PACKED_MAX = 2 + ON_ROLL_MAX * (5 + 1 + DOOR_SIZE + NAME_SIZE) };

struct schools {
    bool ever;    /* it has been on roll somewhere */
    size_t count; /* of those that it has not left; a main one comes first */
    struct on_roll {
        bool main;
        day_t to;             /* DAY_NONE: open */
        char door[DOOR_SIZE]; /* "school/100001" */
        char name[NAME_SIZE]; /* the telling words (school.h); "" none */
    } list[ON_ROLL_MAX];
};

void schools_init(struct schools *schools);

/* One more; beyond ON_ROLL_MAX none. name: as the roll has it, NULL is allowed. */
void schools_add(struct schools *schools, const char *namespace, const char *urn, const char *name,
                 bool main, day_t to);

size_t schools_pack(const struct schools *schools, unsigned char out[SCHOOLS_PACKED_MAX]);
bool schools_unpack(const void *bytes, size_t length, struct schools *out);

/* Makes them the person's, who has none yet, with the standing that they give it on that day;
 * DAY_NONE: whatever the day. One that never was on roll is its authority's own. */
void schools_give(const struct schools *schools, day_t on, struct person *person);

#endif
