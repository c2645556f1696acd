/* gateway/follow/reference.h - a reference as somebody heard or typed it, made as it was issued. Pure.
 *
 * OE-7F3K-2Q9M (a notice), EX-… (an exercise), EW-… (a warning): behind the two letters a token
 * (store/token.h), which has no I, L, O and U. So case, spaces, hyphens and dashes are no matter, O
 * is 0, and I and L are 1.
 */
#ifndef FOLLOW_REFERENCE_H
#define FOLLOW_REFERENCE_H

#include <stdbool.h>

#include "base/attr.h"

enum { REFERENCE_SIZE = 16 };

/* false: it cannot be one. */
bool reference_read(const char *said, char out[REFERENCE_SIZE]) MUST_CHECK;

#endif
