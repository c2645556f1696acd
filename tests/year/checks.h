/* tests/year/checks.h - whether the promises hold: at each moment that somebody receives something,
 * and of every child at the end. Reckoned from the world; the store is asked what it says itself. */
#ifndef YEAR_CHECKS_H
#define YEAR_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "post.h"

/* 0, or -1 when a promise is broken, which has been said on standard error. *contact: who has it. */
int checks_received(const struct post_item *item, int *contact);

/* A receipt on its way to a control room. */
int checks_receipt(const char *payload);

/* All incidents, all children, audit and log; prints the table. */
int checks_end(const char *log_path, bool print);

/* The gateway's clock or the mail server is not what it should be between these. */
void checks_excuse(time_t from, time_t until);

#endif
