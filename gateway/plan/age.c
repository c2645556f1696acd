#include "plan/age.h"

enum { SCHOOL_AGE = 5, RECEPTION_AGE = 4 };

int age_on(const struct plan_child *child, time_t t)
{
    return child->born == DAY_NONE ? child->age : day_age(child->born, london_day(t));
}

bool age_is_under_five(const struct plan_child *child, time_t t)
{
    int age = age_on(child, t);

    return age >= 0 && age < SCHOOL_AGE;
}

bool age_is_below_reception(const struct plan_child *child, time_t t)
{
    day_t day = london_day(t), starts;
    int year, month, d;

    if (child->born == DAY_NONE)
        return child->age >= 0 && child->age < RECEPTION_AGE;
    day_to_civil(day, &year, &month, &d);
    starts = day_from_civil(year, 8, 31);
    if (starts > day)
        starts = day_from_civil(year - 1, 8, 31);
    return day_age(child->born, starts) < RECEPTION_AGE;
}

enum basis age_basis(const struct plan_child *child, time_t t)
{
    return age_on(child, t) >= ADULT_AGE || age_is_below_reception(child, t) ? BASIS_LOCAL
                                                                             : BASIS_STATUTORY;
}
