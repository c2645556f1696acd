/* gateway/intake/problems.h - what is wrong with a message, all of it at once.
 *
 * Each problem has a place, a JSON Pointer (RFC 6901; "" is the whole message), and a sentence's
 * end: {"at": "/children/0/date_of_birth", "problem": "is not a date"}. Neither ever quotes the
 * message's content, except member names that the contract knows: both go into receipts. A member
 * that it does not know where it stands is named when its letters are those of one that it knows
 * elsewhere ("Force", "dateOfBirth"); any other can be a child's name, so the pointer is to its object
 * and the sentence says the how manieth of its members it is.
 */
#ifndef INTAKE_PROBLEMS_H
#define INTAKE_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum { PROBLEMS_MAX = 100, PROBLEM_AT_SIZE = 128, PROBLEM_WORDS_SIZE = 160 };

struct problem {
    char at[PROBLEM_AT_SIZE];
    const char *text; /* a literal: "is not a date" */
    unsigned member;  /* that may not be named, from 1; 0: it is about no such member */
};

struct problems {
    struct problem *list; /* the first PROBLEMS_MAX, in the order of the message */
    size_t count;
    bool more; /* some were left out */
};

void problems_init(struct problems *p);
void problems_release(struct problems *p);

int problems_add(struct problems *p, const char *at, const char *text, struct err *err) MUST_CHECK;

/* The same of the member of that number, of the object at `at`. */
int problems_add_member(struct problems *p, const char *at, const char *text, unsigned member,
                        struct err *err) MUST_CHECK;

/* The sentence's end, whole: what a receipt says. Returns out. */
const char *problem_words(const struct problem *p, char out[PROBLEM_WORDS_SIZE]);

/* As a JSON array, the form of receipts and of message.problems. */
void problems_json(const struct problems *p, struct buf *out);

#endif
