/* tests/year/files.h - what authorities and schools send, as files, and their imports. Each writes
 * the world as it is now and has it imported; -1 tells why on standard error. */
#ifndef YEAR_FILES_H
#define YEAR_FILES_H

#include <time.h>

#include "base/date.h"
#include "store/db.h"

int files_establishments(struct db *db, const char *folder, time_t now);
int files_links(struct db *db, const char *folder, time_t now); /* who has followed whom */
int files_policies(struct db *db, const char *folder, time_t now);
int files_terms(struct db *db, const char *folder, time_t now); /* CSV, iCalendar, bank holidays */
/* Complete for an authority: who has left ends. la -1: the desks of forces. */
int files_contacts(struct db *db, const char *folder, int la, time_t now);
int files_roll(struct db *db, const char *folder, int la, time_t now); /* complete */

/* One door is closed for some days: a file of one row. */
int files_closure(struct db *db, const char *folder, int door, day_t from, day_t to, time_t now);

#endif
