/* gateway/cli/warnings.h - the warnings that stand, as status shows them. */
#ifndef CLI_WARNINGS_H
#define CLI_WARNINGS_H

#include <cJSON.h>

#include "store/db.h"

/* A line each. Returns how many, -1. */
int warnings_print(struct db *db, struct err *err) MUST_CHECK;

/* A list named warnings: kind namespace urn name since raised_at told. */
int warnings_json(struct db *db, cJSON *root, struct err *err) MUST_CHECK;

#endif
