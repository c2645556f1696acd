/* gateway/plan/age.h - how old a child is on the day that somebody is told, and what follows from it.
 * Pure. By the birth date, else by the age that was said; one that nobody knows is -1. */
#ifndef PLAN_AGE_H
#define PLAN_AGE_H

#include "plan/plan.h"

enum { ADULT_AGE = 18 };

int age_on(const struct plan_child *child, time_t t);
bool age_is_under_five(const struct plan_child *child, time_t t);
/* Reception begins in the September after the fourth birthday; what comes before is a nursery. */
bool age_is_below_reception(const struct plan_child *child, time_t t);
/* The duty is from reception to 17. An age that nobody knows does not lessen the duty. */
enum basis age_basis(const struct plan_child *child, time_t t);

#endif
