/* gateway/store/schools.h - where pupils are on roll, as matching compares it, for the files of this
 * folder.
 *
 * pupil_folded.schools has it beside the pupil, so that a candidate is one row and not three; NULL:
 * an enrolment has come or gone since, as the triggers of schema.c say, whoever wrote it.
 */
#ifndef STORE_SCHOOLS_H
#define STORE_SCHOOLS_H

#include "match/packed.h"
#include "store/db.h"

/* From the enrolments. Schools are those that the pupil has not left, whatever the day. */
int schools_read(struct db *db, int64_t pupil_key, struct schools *out, struct err *err) MUST_CHECK;

/* Folds those of the pupils whose schools are NULL. In the caller's transaction. */
int schools_fold_all(struct db *db, struct err *err) MUST_CHECK;

#endif
