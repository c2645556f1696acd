/* gateway/plan/policy.h - what a force, an authority and an establishment have settled. Pure.
 *
 * Rows (scope, id, key, value) of the store; the nearest scope wins: establishment, then LA, then
 * force, then all, then the default. Keys, their values, and the scopes that may settle them:
 *   fields              name | standard | full   all, force, la: what a notice may say
 *                                              (config/policies.md); an LA can only make it less
 *                                              than its force does; default name
 *   protected_fields    as fields              all, force, la: the most that it may say of a family
 *                                              with a protected address; default full, which still
 *                                              leaves out every place and free text
 *   nurseries           on | off               all, la: tell the school or nursery where a child
 *                                              below reception is on roll; default off
 *   childrens_centres   on | off               all, la: tell under-fives' centres; default off
 *   health_visitors     on | off               all, la: tell the health visitors of a centre, or of
 *                                              the home authority, of under-fives that no other
 *                                              door is told of; default off
 *   send_at, bell_at, day_ends   hh:mm         all, force, la, school, centre
 *   desk_ends           hh:mm                  all, force, la
 *   answer_within       minutes, 1 to 1440     all, force, la, school, centre
 *   timing              school-morning | hold | at-once   all, force, la, school, centre
 *   home_la             LA code                force: whose desk when the home's is unknown
 *   home_force          a force's id           la: in whose area it lies; that force's desk stands
 *                                              in for the authority's
 *   filter_risk         off | medium | high    force: tell only from that risk on; unknown is told
 *   filter_present      off | heard | present  force: tell only of children who heard it or were
 *                                              there; unknown is told
 *   withhold_reasons    codes, blanks between  force: for which the police may withhold
 *   wording             a folder under templates/         all, force, la; default standard
 *   quiet_hours         1 to 336, or off                  all, force: how long its feed may be
 *                                              quiet; default 12; gateway/follow/silence.h
 *   roll_days           1 to 730                          all, la: how old a roll may be; default 90
 *   marac_desk          on | off               all, force: a desk is told of a MARAC referral beside
 *                                              the school; default on
 *   repeats             on | off               all, force: say how often a child has been told
 *                                              about (repeat.h), and count the force's call-outs
 *                                              for that; default on
 *   repeats_week        2 to 99                all, force: so many in a week are often; default 2
 *   repeats_quarter     2 to 99                all, force: so many in three months; default 3
 */
#ifndef PLAN_POLICY_H
#define PLAN_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "intake/incident.h"
#include "plan/calendar.h"
#include "plan/establishment.h"

/* Each says more than the one before. */
enum policy_fields { FIELDS_NAME, FIELDS_STANDARD, FIELDS_FULL };
const char *policy_fields_word(enum policy_fields fields);

/* In the order of incident_risk: least risk that is told of; RISK_UNKNOWN is all. */
enum policy_filter_present { TELL_ALL, TELL_HEARD, TELL_PRESENT };

enum { POLICY_VALUE_SIZE = 257 };

struct policy_row {
    char scope[8];
    char id[65];
    char key[25];
    char value[POLICY_VALUE_SIZE];
};

struct policy {
    struct morning morning;
    enum policy_fields fields, protected_fields;
    bool nurseries, childrens_centres, health_visitors;
    char home_la[LA_CODE_SIZE];
    char home_force[FORCE_SIZE]; /* "" not said */
    char wording[33];
    enum incident_risk filter_risk;
    enum policy_filter_present filter_present;
    char withhold_reasons[POLICY_VALUE_SIZE]; /* "" not said */
    int quiet_hours;                          /* 0: off */
    int roll_days;
    bool marac_desk;
    bool repeats;
    int repeats_week, repeats_quarter;
};

/* What a notice may say, when a family's address is protected or not. */
enum policy_fields policy_fields_for(const struct policy *policy, bool is_protected);

/* 0, or -1 with ERR_INVALID: the key is unknown, not for that scope, or the value is not its kind.
 * What imports and `encompass check` hold rows to. */
int policy_check(const struct policy_row *row, struct err *err) MUST_CHECK;

/* The policy for a door of an LA and a force; any may be NULL or "". rows are those of any scope;
 * others are passed over. */
void policy_resolve(const struct policy_row *rows, size_t count, const char *force,
                    const char *la_code, const struct door *door, struct policy *out);

/* The row that settles a key there; NULL the default does. Of `fields` an authority's row does only
 * when it makes them less. */
const struct policy_row *policy_nearest(const struct policy_row *rows, size_t count,
                                        const char *force, const char *la_code,
                                        const struct door *door, const char *key);

/* Whether the police may withhold for that reason: it is on the list, or there is none. */
bool policy_lists_reason(const struct policy *policy, const char *code);

/* The keys, for showing: name NULL at the end. */
struct policy_key {
    const char *name;
    const char *kind;     /* "must be …" */
    const char *fallback; /* the default, in the words of a value; "" none */
    const char *meaning;
};
const struct policy_key *policy_keys(void);

#endif
