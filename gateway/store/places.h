/* gateway/store/places.h - where a child is on roll, for a desk that has to reach its school: names
 * and public numbers from the register, and who has followed an establishment that is closed.
 */
#ifndef STORE_PLACES_H
#define STORE_PLACES_H

#include "base/date.h"
#include "plan/establishment.h"
#include "store/db.h"

enum { ROLL_PLACES_MAX = 8, PLACE_TELEPHONE_SIZE = 33 };

struct roll_place {
    struct door door;
    char name[161];                       /* the number where the register does not have it */
    char telephone[PLACE_TELEPHONE_SIZE]; /* "" none on file */
    bool closed;                          /* or not in the register */
    bool follows;                         /* the closed one before it */
};

/* By the decision in force, on that day; those that have said that it is not their pupil are left
 * out. How many, 0 when nobody knows the child, or while the roll's index is of another version, for
 * a desk does not wait for that; -1. */
int places_of_child(struct db *db, int64_t child_id, day_t on,
                    struct roll_place out[ROLL_PLACES_MAX], struct err *err) MUST_CHECK;

#endif
