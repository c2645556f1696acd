/* tests/year/desks.h - which desks may be told of a child. */
#ifndef YEAR_DESKS_H
#define YEAR_DESKS_H

#include <stdbool.h>
#include <stdint.h>

#include "callouts.h"

/* Whether that desk is one of the child's at all. */
bool desks_is_one(const struct callout *c, const struct said_child *said, int door);

/* Where the home's authority has no desk, that of the home's force has the child, not that of whoever
 * came, who stands behind it: true of that one before the other has had its turn. */
bool desks_is_far(const struct callout *c, const struct said_child *said, int64_t notice_id,
                  int door);

#endif
