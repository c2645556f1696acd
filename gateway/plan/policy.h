/* gateway/plan/policy.h - what a force, an authority and an establishment have settled. Pure.
 *
 * Rows (scope, id, key, value) of the store; the nearest scope wins: establishment, then LA, then
 * force, then all, then the default. Keys, their values, and the scopes that may settle them:
 *   fields              name | full            all, force, la: what a notice may say; an LA can
 *                                              only make it less than its force does
 *   childrens_centres   on | off               all, la: tell under-fives' centres; default off
 *   send_at, bell_at, day_ends   hh:mm         all, force, la, school, centre
 *   desk_ends           hh:mm                  all, force, la
 *   answer_within       minutes, 1 to 1440     all, force, la, school, centre
 *   timing              school-morning | hold | at-once   all, force, la, school, centre
 *   home_la             LA code                force: whose desk when the home's is unknown
 *   wording             a folder under templates/         all, force, la; default standard
 */
#ifndef PLAN_POLICY_H
#define PLAN_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "plan/calendar.h"
#include "plan/establishment.h"

enum policy_fields { FIELDS_NAME, FIELDS_FULL };

struct policy_row {
    char scope[8];
    char id[65];
    char key[25];
    char value[65];
};

struct policy {
    struct morning morning;
    enum policy_fields fields;
    bool childrens_centres;
    char home_la[LA_CODE_SIZE];
    char wording[33];
};

/* 0, or -1 with ERR_INVALID: the key is unknown, not for that scope, or the value is not its kind.
 * What imports and `encompass check` hold rows to. */
int policy_check(const struct policy_row *row, struct err *err) MUST_CHECK;

/* The policy for a door of an LA and a force; any may be NULL or "". rows are those of any scope;
 * others are passed over. */
void policy_resolve(const struct policy_row *rows, size_t count, const char *force,
                    const char *la_code, const struct door *door, struct policy *out);

#endif
