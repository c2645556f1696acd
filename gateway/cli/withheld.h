/* gateway/cli/withheld.h - the part of status that says of whom nobody is told: by a force's filter,
 * whose every use is counted, or by the police's word under a reason that the force has not listed. */
#ifndef CLI_WITHHELD_H
#define CLI_WITHHELD_H

#include <cJSON.h>

#include "base/err.h"
#include "store/db.h"

/* "withheld": a list of force, reason, filter, listed, children; "filters": those that are on, with
 * force, key, value. */
int withheld_json(struct db *db, cJSON *root, struct err *err) MUST_CHECK;

/* Lines that ask for attention; how many, -1. */
int withheld_print(struct db *db, struct err *err) MUST_CHECK;

#endif
