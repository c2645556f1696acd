#include "plan/policy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum scope { SCOPE_ALL, SCOPE_FORCE, SCOPE_LA, SCOPE_SCHOOL, SCOPE_CENTRE };

/* Nearer scopes later. */
static const char *const scopes[] = {
    [SCOPE_ALL] = "all",       [SCOPE_FORCE] = "force",   [SCOPE_LA] = "la",
    [SCOPE_SCHOOL] = "school", [SCOPE_CENTRE] = "centre",
};

/* Sets of scopes. */
enum {
    ALL = 1 << SCOPE_ALL,
    FORCE = 1 << SCOPE_FORCE,
    LA = 1 << SCOPE_LA,
    DOOR = 1 << SCOPE_SCHOOL | 1 << SCOPE_CENTRE,
};

static bool word(const char *value, const char *const words[], size_t count, int *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, words[i]) == 0) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static bool time_of_day(const char *value, int *out)
{
    int second = time_of_day_parse(value);

    if (second >= 0)
        *out = second;
    return second >= 0;
}

/* One word of [a-z0-9-], or digits alone; what a folder or an authority's code may be called. */
static bool plain(const char *value, bool digits, char *out, size_t size)
{
    size_t length = strlen(value);

    if (length == 0 || length >= size)
        return false;
    for (const char *p = value; *p; p++) {
        if (!isdigit((unsigned char)*p) && (digits || (!islower((unsigned char)*p) && *p != '-')))
            return false;
    }
    snprintf(out, size, "%s", value);
    return true;
}

static bool take_fields(const char *value, struct policy *out)
{
    static const char *const words[] = {[FIELDS_NAME] = "name", [FIELDS_FULL] = "full"};
    int i;

    if (!word(value, words, ARRAY_SIZE(words), &i))
        return false;
    out->fields = (enum policy_fields)i;
    return true;
}

static bool take_centres(const char *value, struct policy *out)
{
    static const char *const words[] = {"off", "on"};
    int i;

    if (!word(value, words, ARRAY_SIZE(words), &i))
        return false;
    out->childrens_centres = i == 1;
    return true;
}

static bool take_timing(const char *value, struct policy *out)
{
    static const char *const words[] = {[MORNING_SCHOOL] = "school-morning",
                                        [MORNING_HOLD] = "hold",
                                        [MORNING_AT_ONCE] = "at-once"};
    int i;

    if (!word(value, words, ARRAY_SIZE(words), &i))
        return false;
    out->morning.policy = (enum morning_policy)i;
    return true;
}

static bool take_send_at(const char *value, struct policy *out)
{
    return time_of_day(value, &out->morning.send_at);
}

static bool take_bell_at(const char *value, struct policy *out)
{
    return time_of_day(value, &out->morning.bell_at);
}

static bool take_day_ends(const char *value, struct policy *out)
{
    return time_of_day(value, &out->morning.day_ends);
}

static bool take_desk_ends(const char *value, struct policy *out)
{
    return time_of_day(value, &out->morning.desk_ends);
}

static bool take_answer_within(const char *value, struct policy *out)
{
    char digits[5];
    long minutes;

    if (!plain(value, true, digits, sizeof digits))
        return false;
    minutes = strtol(digits, NULL, 10);
    if (minutes < 1 || minutes > 24 * 60)
        return false;
    out->morning.answer_within = (int)minutes * 60;
    return true;
}

static bool take_home_la(const char *value, struct policy *out)
{
    return plain(value, true, out->home_la, sizeof out->home_la);
}

static bool take_wording(const char *value, struct policy *out)
{
    return plain(value, false, out->wording, sizeof out->wording);
}

/* take leaves *out alone and returns false when the value is not of the key's kind. */
static const struct key {
    const char *name;
    const char *kind;
    unsigned scopes;
    bool (*take)(const char *value, struct policy *out);
} keys[] = {
    {"fields", "name or full", ALL | FORCE | LA, take_fields},
    {"childrens_centres", "on or off", ALL | LA, take_centres},
    {"send_at", "a time hh:mm", ALL | FORCE | LA | DOOR, take_send_at},
    {"bell_at", "a time hh:mm", ALL | FORCE | LA | DOOR, take_bell_at},
    {"day_ends", "a time hh:mm", ALL | FORCE | LA | DOOR, take_day_ends},
    {"desk_ends", "a time hh:mm", ALL | FORCE | LA, take_desk_ends},
    {"answer_within", "minutes, 1 to 1440", ALL | FORCE | LA | DOOR, take_answer_within},
    {"timing", "school-morning, hold or at-once", ALL | FORCE | LA | DOOR, take_timing},
    {"home_la", "an authority's code", FORCE, take_home_la},
    {"wording", "a folder of templates", ALL | FORCE | LA, take_wording},
};

static const struct key *key_of(const struct policy_row *row)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strcmp(keys[i].name, row->key) == 0)
            return &keys[i];
    }
    return NULL;
}

int policy_check(const struct policy_row *row, struct err *err)
{
    const struct key *key = key_of(row);
    struct policy scratch;
    int scope;

    if (!word(row->scope, scopes, ARRAY_SIZE(scopes), &scope))
        return err_set(err, ERR_INVALID, "policy %s: no scope of policies", row->scope);
    if ((row->id[0] == '\0') != (scope == SCOPE_ALL))
        return err_set(err, ERR_INVALID, "policy %s: %s", row->scope,
                       scope == SCOPE_ALL ? "has no id" : "whose? an id is missing");
    if (!key)
        return err_set(err, ERR_INVALID, "policy %s: no such key", row->key);
    if ((key->scopes & 1U << scope) == 0)
        return err_set(err, ERR_INVALID, "policy %s: not for scope %s", row->key, row->scope);
    if (!key->take(row->value, &scratch))
        return err_set(err, ERR_INVALID, "policy %s: must be %s", row->key, key->kind);
    return 0;
}

static bool concerns(const struct policy_row *row, enum scope scope, const char *force,
                     const char *la_code, const struct door *door)
{
    if (strcmp(row->scope, scopes[scope]) != 0)
        return false;
    switch (scope) {
    case SCOPE_ALL:
        return true;
    case SCOPE_FORCE:
        return force && strcmp(row->id, force) == 0;
    case SCOPE_LA:
        return la_code && strcmp(row->id, la_code) == 0;
    default:
        return door && strcmp(row->scope, door->namespace) == 0 && strcmp(row->id, door->urn) == 0;
    }
}

void policy_resolve(const struct policy_row *rows, size_t count, const char *force,
                    const char *la_code, const struct door *door, struct policy *out)
{
    *out = (struct policy){.morning = MORNING_DEFAULT, .wording = "standard"};
    for (size_t scope = 0; scope < ARRAY_SIZE(scopes); scope++) {
        for (size_t i = 0; i < count; i++) {
            const struct key *key = key_of(&rows[i]);
            enum policy_fields before = out->fields;

            if (!key || (key->scopes & 1U << scope) == 0 ||
                !concerns(&rows[i], (enum scope)scope, force, la_code, door) ||
                !key->take(rows[i].value, out))
                continue;
            if (scope == SCOPE_LA && before == FIELDS_NAME)
                out->fields = FIELDS_NAME;
        }
    }
}
