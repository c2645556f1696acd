/* gateway/store/followers.h - a door and those that have followed it by the register's links: a school
 * that becomes an academy has another number, and the same people. */
#ifndef STORE_FOLLOWERS_H
#define STORE_FOLLOWERS_H

#include "intake/incident.h"
#include "plan/establishment.h"
#include "store/db.h"

enum { FOLLOWERS_MAX = 32 }; /* more than any establishment has become */

/* The door itself, then all that have followed it, and these: how many, -1. */
int followers_of(struct db *db, const struct door *door, struct door out[FOLLOWERS_MAX],
                 struct err *err) MUST_CHECK;

/* Whom the police have barred: their entries, and one more of each for every establishment that has
 * followed the one which it names. *out is for free(); its texts are the incident's. */
int followers_barred(struct db *db, const struct incident *incident,
                     struct incident_do_not_tell **out, size_t *count, struct err *err) MUST_CHECK;

#endif
