/* gateway/match/place.h - homes: an address as an officer wrote it, and as the roll has it. Pure. */
#ifndef MATCH_PLACE_H
#define MATCH_PLACE_H

#include "match/match.h"

/* Reads "Flat 20, 4 High St, Leeds" into house "20 4" and street "highstreet". The street is the
 * part that carries the number, else the first; "St" at its end and other short forms are written
 * out. */
void place_set(struct person *p, const char *address);

enum home_level {
    HOME_MISSING,
    HOME_DIFFERS,
    HOME_DISTRICT,      /* the same outward half, and no more */
    HOME_STREET,        /* the same street, another number */
    HOME_POSTCODE_NEAR, /* one character of the postcode is another, no address */
    HOME_NEIGHBOUR,     /* the same postcode, another house */
    HOME_POSTCODE,      /* the same postcode, no house to compare */
    HOME_ROAD,          /* the same street, no number to compare */
    HOME_SAME,
    HOME_LEVELS,
};

/* Of a pupil with another home than the roll says the one that agrees better. */
enum home_level place_compare(const struct person *child, const struct person *pupil);

/* Of two pupils, by what their rolls say and nothing beside: whether they live in different places, not
 * merely in another street of one. A postcode that a slip could have made of the other is another. */
bool place_contradicts(const struct person *a, const struct person *b);

#endif
