/* gateway/cli/review_show.h - `encompass review show CHILD`: what the police said beside each pupil
 * that it could be. The one place of the command where personal data is shown without --names: it
 * cannot be decided otherwise. */
#ifndef CLI_REVIEW_SHOW_H
#define CLI_REVIEW_SHOW_H

#include <stdint.h>

#include "cli/command.h"

int review_show(struct cli *cli, int64_t child_id, struct err *err) MUST_CHECK;

#endif
