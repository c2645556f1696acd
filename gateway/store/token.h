/* gateway/store/token.h - random names that say nothing: references and keys.
 *
 * Crockford's base 32: digits and capitals without I, L, O and U, so that a reference can be read
 * over a telephone and holds no word by accident.
 */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* length characters and a NUL, 5 random bits each. */
int token_make(char *out, size_t length, struct err *err) MUST_CHECK;

#endif
