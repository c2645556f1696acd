/* tests/year/warned.h - warnings: what is wrong is told to a desk, names nobody, and is told once. */
#ifndef YEAR_WARNED_H
#define YEAR_WARNED_H

#include <stdbool.h>

#include "post.h"

bool warned_is_of(const char *reference);
void warned_received(const struct post_item *item, int contact);

#endif
