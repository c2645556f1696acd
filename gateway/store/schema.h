/* gateway/store/schema.h - the store's tables, in numbered steps.
 *
 * PRAGMA user_version is the number of the last step taken, PRAGMA application_id marks a store of
 * ours. A step, once released, is never changed: a new one follows it.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db.h"

int schema_create(struct db *db, struct err *err) MUST_CHECK;

/* Takes the steps that are missing, each in its own transaction. ERR_STORE for a file that is no
 * store of ours or that a newer program has written. */
int schema_upgrade(struct db *db, struct err *err) MUST_CHECK;

int schema_newest(void); /* the number of this program's last step */

#endif
