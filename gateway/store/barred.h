/* gateway/store/barred.h - whom the police have barred (do_not_tell), as the registers know them.
 *
 * An entry names an establishment by the number that the police know, and means those that have followed
 * it, too. Whoever it fits at one of these is barred by address at every door: a key adult of two
 * schools, or of one that has become another, is one person.
 */
#ifndef STORE_BARRED_H
#define STORE_BARRED_H

#include "intake/incident.h"
#include "store/db.h"

/* The entries as they came, whose texts are the incident's; then those that follow from them. */
struct barred {
    struct incident_do_not_tell *list;
    size_t count, from_incident;
};

/* *out is for barred_release, before the incident goes; on -1 it is released. */
int barred_read(struct db *db, const struct incident *incident, struct barred *out,
                struct err *err) MUST_CHECK;
void barred_release(struct barred *barred); /* zeroed is allowed */

#endif
