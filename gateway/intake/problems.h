/* gateway/intake/problems.h - what is wrong with a message, all of it at once.
 *
 * Each problem has a place, a JSON Pointer (RFC 6901; "" is the whole message), and a sentence's
 * end: {"at": "/children/0/date_of_birth", "problem": "is not a date"}. Neither ever quotes the
 * message's content, except member names that the contract knows: both go into receipts. A pointer
 * to a member that the contract does not know names it only when it is short and plain
 * ([A-Za-z0-9_-], at most 40 characters), else its object.
 */
#ifndef INTAKE_PROBLEMS_H
#define INTAKE_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum { PROBLEMS_MAX = 100, PROBLEM_AT_SIZE = 128 };

struct problem {
    char at[PROBLEM_AT_SIZE];
    const char *text; /* a literal: "is not a date" */
};

struct problems {
    struct problem *list; /* the first PROBLEMS_MAX, in the order of the message */
    size_t count;
    bool more; /* some were left out */
};

void problems_init(struct problems *p);
void problems_release(struct problems *p);

int problems_add(struct problems *p, const char *at, const char *text, struct err *err) MUST_CHECK;

/* As a JSON array, the form of receipts and of message.problems. */
void problems_json(const struct problems *p, struct buf *out);

#endif
