/* tests/year/office.h - what authorities do in a year: rolls, contacts, schools that close for a day or
 * for good. */
#ifndef YEAR_OFFICE_H
#define YEAR_OFFICE_H

#include <stdbool.h>

#include "events.h"

enum snow { SNOW_BY_FILE, SNOW_BY_COMMAND, SNOW_THAWS, SNOW_EVERYWHERE, SNOWS };

int office_rolls(const char *folder, bool new_year);
/* At two in the morning, while what was planned in the evening waits: some pupils have moved. Now
 * and then an import is killed, and begins again. */
int office_night_roll(const char *folder);

/* An authority has nobody at its desk, and has again. */
int office_desk(const char *folder, bool gone);

int office_snow(const char *folder, enum snow snow);
int office_thaw(int door, int days); /* what was closed from today is open after all */

/* A key adult leaves, and another comes, whose address somebody verifies now or days later. */
int office_leaver(const char *folder);
int office_verify(const char *folder, int contact);

/* A school closes for good, and so many others take its pupils, which the roll learns later. */
int office_merger(const char *folder, int successors);

#endif
