/* gateway/plan/establishment.h - doors and the people behind them, as planning sees them: values.
 *
 * A door is (namespace, urn): school and centre are GIAS's two number ranges, which overlap; la is
 * an authority's desk by the authority's code, force a force's desk by its id.
 */
#ifndef PLAN_ESTABLISHMENT_H
#define PLAN_ESTABLISHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/personal.h"

enum { NAMESPACE_SIZE = 8, DOOR_URN_SIZE = 65, LA_CODE_SIZE = 8 };

struct door {
    char namespace[NAMESPACE_SIZE];
    char urn[DOOR_URN_SIZE]; /* school_urn, centre number, LA code or force id */
};

enum contact_role { ROLE_DSL, ROLE_DEPUTY, ROLE_LA_DESK, ROLE_HEALTH_VISITOR };
const char *contact_role_word(enum contact_role role);
bool contact_role_parse(const char *word, enum contact_role *out); /* false: the word is none */

struct contact {
    int64_t contact_id;
    struct door door;
    enum contact_role role;
    struct personal name;
    char adapter[16];
    struct personal address;
    struct personal telephone; /* absent: by way of the switchboard */
    char language[3];          /* en, cy */
    bool verified;             /* an unverified contact is never told (P3) */
    bool failed;               /* refused a notice of this incident for good: the next one's turn */
    bool passed; /* was late, so that another was told: once more when nobody is left */
    bool late;   /* its time is up, and it is not delivered: gives way to another */
    bool down;   /* what it is told by does not work at the moment */
};

/* GIAS's status codes; 0 here means not in the register. The open and the closing can be told. */
enum { ESTABLISHMENT_OPEN = 1, ESTABLISHMENT_CLOSED = 2, ESTABLISHMENT_CLOSING = 3 };

struct establishment {
    struct door door;
    char la_code[LA_CODE_SIZE];
    char name[161];
    int type_code, status_code, phase_code;
    int low_age, high_age; /* -1 unknown */
};
bool establishment_is_open(const struct establishment *e);

#endif
