/* gateway/store/policies.h - a policy set, taken back, and who did it: each change is in the audit as
 * policy.set or policy.unset. In the caller's transaction; planning anew is the caller's too. */
#ifndef STORE_POLICIES_H
#define STORE_POLICIES_H

#include <time.h>

#include "plan/policy.h"
#include "store/db.h"

/* 1; 0 it stands so already; -1. The row has been checked (policy_check). */
int policies_set(struct db *db, const struct policy_row *row, const char *who, time_t now,
                 struct err *err) MUST_CHECK;

/* 1; 0 there is none; -1. The row's value does not matter. */
int policies_unset(struct db *db, const struct policy_row *row, const char *who, time_t now,
                   struct err *err) MUST_CHECK;

/* The audit alone, of a change that an import has made; unset: it was taken back. */
int policies_note(struct db *db, const struct policy_row *row, bool unset, const char *who,
                  time_t now, struct err *err) MUST_CHECK;

/* When a policy was last changed, and by whom: 1, 0 nobody knows, -1. */
enum { POLICY_WHO_SIZE = 65 };
int policies_changed(struct db *db, const struct policy_row *row, time_t *at,
                     char who[POLICY_WHO_SIZE], struct err *err) MUST_CHECK;

#endif
