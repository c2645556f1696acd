/* tests/year/checks.h - whether the promises hold: at each moment that somebody receives something,
 * and of every child at the end. Reckoned from the world; the store is asked what it says itself.
 * What is broken is said by promise.h. */
#ifndef YEAR_CHECKS_H
#define YEAR_CHECKS_H

#include "post.h"

/* What somebody has received. */
struct received {
    int contact; /* -1 nobody's address */
    int callout; /* -1 it is about none */
    char kind;   /* as of a telling; '-' nothing new */
};

void checks_received(const struct post_item *item, struct received *out);

/* The door of that notice has said that it is not its pupils. */
void checks_not_ours(int callout, const char *reference, time_t at);

/* A receipt on its way to a control room. */
void checks_receipt(const char *payload);

/* All incidents, all children, audit and log; prints the table. */
void checks_end(const char *log_path);

#endif
