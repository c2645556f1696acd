#include "plan/establishment.h"

#include <string.h>

#include "base/attr.h"

static const char *const roles[] = {
    [ROLE_DSL] = "dsl",
    [ROLE_DEPUTY] = "deputy",
    [ROLE_LA_DESK] = "la_desk",
    [ROLE_HEALTH_VISITOR] = "health_visitor",
};

const char *contact_role_word(enum contact_role role)
{
    return roles[role];
}

bool contact_role_parse(const char *word, enum contact_role *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        if (strcmp(word, roles[i]) == 0) {
            *out = (enum contact_role)i;
            return true;
        }
    }
    return false;
}

bool establishment_is_open(const struct establishment *e)
{
    return e->status_code == ESTABLISHMENT_OPEN || e->status_code == ESTABLISHMENT_CLOSING;
}
