/* gateway/cli/held.h - the part of status that says what does not go out: by an operator's hold, or
 * because an adapter is shut. */
#ifndef CLI_HELD_H
#define CLI_HELD_H

#include <cJSON.h>

#include "cli/command.h"

/* "holds" and "shut", as `encompass hold --help` has them. */
int held_json(struct db *db, cJSON *root, struct err *err) MUST_CHECK;

/* Lines that ask for attention; how many, -1. */
int held_print(struct db *db, struct err *err) MUST_CHECK;

/* The list by itself. */
int held_show(struct cli *cli, struct db *db, struct err *err) MUST_CHECK;

#endif
