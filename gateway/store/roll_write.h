/* gateway/store/roll_write.h - pupils as a roll's import writes them, with their blocking keys. */
#ifndef STORE_ROLL_WRITE_H
#define STORE_ROLL_WRITE_H

#include "store/registers_write.h"
#include "store/roll_index.h"
#include "store/roster.h"

/* Adds or changes a pupil, in the caller's transaction; pupil->pupil_key is not looked at. What
 * changes is gathered in the index, for roll_index_write once all pupils are put. */
int roll_put_pupil(struct db *db, struct roll_index *index, const struct pupil *pupil,
                   int64_t import_id, const struct register_watch *watch, enum change *out,
                   int64_t *pupil_key, struct err *err) MUST_CHECK;

/* An authority's roll has come in, with changes or without. */
int roll_came(struct db *db, const char *la_code, int64_t import_id, struct err *err) MUST_CHECK;

#endif
