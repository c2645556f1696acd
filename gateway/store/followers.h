/* gateway/store/followers.h - a door and those that have followed it by the register's links: a school
 * that becomes an academy has another number, and the same people. */
#ifndef STORE_FOLLOWERS_H
#define STORE_FOLLOWERS_H

#include "plan/establishment.h"
#include "store/db.h"

enum { FOLLOWERS_MAX = 32 }; /* more than any establishment has become */

/* The door itself, then all that have followed it, and these: how many, -1. */
int followers_of(struct db *db, const struct door *door, struct door out[FOLLOWERS_MAX],
                 struct err *err) MUST_CHECK;

#endif
