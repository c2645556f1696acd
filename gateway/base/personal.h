/* gateway/base/personal.h - a text about a person: a name, birth date, address, UPN, free text.
 *
 * A struct and no char *, so that handing one to printf or the log does not compile; wiped when
 * released. `grep personal_reveal` lists each place where one leaves: SQL, matching, templates.
 */
#ifndef BASE_PERSONAL_H
#define BASE_PERSONAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* All zero is the absent text. Owns its bytes; copy with personal_copy, never by assignment. */
struct personal {
    char *hidden;
    size_t length;
};

/* Replaces what *p held with a copy of length bytes of text. 0, or -1 out of memory. */
int personal_set(struct personal *p, const char *text, size_t length, struct err *err) MUST_CHECK;

/* The same for a NUL-terminated text; NULL makes it absent. */
int personal_set_text(struct personal *p, const char *text, struct err *err) MUST_CHECK;

int personal_copy(struct personal *to, const struct personal *from, struct err *err) MUST_CHECK;

/* The text, NUL-terminated, borrowed until release; "" when absent. */
const char *personal_reveal(const struct personal *p);

bool personal_is_set(const struct personal *p); /* present and not empty */

/* Wipes and frees; *p is absent afterwards. NULL is allowed. */
void personal_release(struct personal *p);

/* Overwrites memory that held personal data in a way that the compiler keeps. */
void personal_wipe(void *bytes, size_t length);

/* A process that holds such texts leaves no image of its memory behind when it crashes. */
void personal_keep_from_dumps(void);

#endif
