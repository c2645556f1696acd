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

static const char *const fields_words[] = {
    [FIELDS_NAME] = "name", [FIELDS_STANDARD] = "standard", [FIELDS_FULL] = "full"};

const char *policy_fields_word(enum policy_fields fields)
{
    return fields_words[fields];
}

static bool take_fields(const char *value, struct policy *out)
{
    int i;

    if (!word(value, fields_words, ARRAY_SIZE(fields_words), &i))
        return false;
    out->fields = (enum policy_fields)i;
    return true;
}

static bool take_protected_fields(const char *value, struct policy *out)
{
    int i;

    if (!word(value, fields_words, ARRAY_SIZE(fields_words), &i))
        return false;
    out->protected_fields = (enum policy_fields)i;
    return true;
}

static bool on_or_off(const char *value, bool *out)
{
    static const char *const words[] = {"off", "on"};
    int i;

    if (!word(value, words, ARRAY_SIZE(words), &i))
        return false;
    *out = i == 1;
    return true;
}

static bool take_nurseries(const char *value, struct policy *out)
{
    return on_or_off(value, &out->nurseries);
}

static bool take_centres(const char *value, struct policy *out)
{
    return on_or_off(value, &out->childrens_centres);
}

static bool take_health_visitors(const char *value, struct policy *out)
{
    return on_or_off(value, &out->health_visitors);
}

static bool take_filter_risk(const char *value, struct policy *out)
{
    /* standard would keep nobody back but those whom nobody has graded, who are told. */
    static const char *const words[] = {"off", "-", "medium", "high"};
    int i;

    if (strcmp(value, "-") == 0 || !word(value, words, ARRAY_SIZE(words), &i))
        return false;
    out->filter_risk = (enum incident_risk)i;
    return true;
}

static bool take_filter_present(const char *value, struct policy *out)
{
    static const char *const words[] = {
        [TELL_ALL] = "off", [TELL_HEARD] = "heard", [TELL_PRESENT] = "present"};
    int i;

    if (!word(value, words, ARRAY_SIZE(words), &i))
        return false;
    out->filter_present = (enum policy_filter_present)i;
    return true;
}

/* Codes as the contract writes them, one blank between two. */
static bool take_withhold_reasons(const char *value, struct policy *out)
{
    size_t length = 0;

    for (const char *p = value;; p++) {
        if (*p == ' ' || *p == '\0') {
            if (length == 0 || length >= CODE_SIZE)
                return false;
            if (*p == '\0')
                break;
            length = 0;
        } else if (isalnum((unsigned char)*p) || *p == '_' || *p == '-') {
            length++;
        } else {
            return false;
        }
    }
    snprintf(out->withhold_reasons, sizeof out->withhold_reasons, "%s", value);
    return true;
}

bool policy_lists_reason(const struct policy *policy, const char *code)
{
    const char *list = policy->withhold_reasons;
    size_t length = strlen(code);

    if (list[0] == '\0')
        return true;
    while (*list) {
        size_t one = strcspn(list, " ");

        if (one == length && strncmp(list, code, one) == 0)
            return true;
        list += one + (list[one] == ' ');
    }
    return false;
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

static bool take_home_force(const char *value, struct policy *out)
{
    if (!incident_force_is_valid(value))
        return false;
    snprintf(out->home_force, sizeof out->home_force, "%s", value);
    return true;
}

static bool take_wording(const char *value, struct policy *out)
{
    return plain(value, false, out->wording, sizeof out->wording);
}

static bool whole_number(const char *value, int least, int most, int *out)
{
    char digits[5];
    long number;

    if (!plain(value, true, digits, sizeof digits))
        return false;
    number = strtol(digits, NULL, 10);
    if (number < least || number > most)
        return false;
    *out = (int)number;
    return true;
}

static bool take_quiet_hours(const char *value, struct policy *out)
{
    if (strcmp(value, "off") == 0) {
        out->quiet_hours = 0;
        return true;
    }
    return whole_number(value, 1, 14 * 24, &out->quiet_hours);
}

static bool take_roll_days(const char *value, struct policy *out)
{
    return whole_number(value, 1, 730, &out->roll_days);
}

static bool take_marac_desk(const char *value, struct policy *out)
{
    return on_or_off(value, &out->marac_desk);
}

static bool take_repeats(const char *value, struct policy *out)
{
    return on_or_off(value, &out->repeats);
}

static bool take_repeats_week(const char *value, struct policy *out)
{
    return whole_number(value, 2, 99, &out->repeats_week);
}

static bool take_repeats_quarter(const char *value, struct policy *out)
{
    return whole_number(value, 2, 99, &out->repeats_quarter);
}

/* take leaves *out alone and returns false when the value is not of the key's kind. */
static const struct key {
    struct policy_key shown;
    unsigned scopes;
    bool (*take)(const char *value, struct policy *out);
} keys[] = {
    {{"fields", "name, standard or full", "name", "what a notice may say"},
     ALL | FORCE | LA,
     take_fields},
    {{"protected_fields", "name, standard or full", "full",
      "the most that it may say of a family with a protected address"},
     ALL | FORCE | LA,
     take_protected_fields},
    {{"nurseries", "on or off", "off", "the nursery of a child below reception is told"},
     ALL | LA,
     take_nurseries},
    {{"childrens_centres", "on or off", "off", "the children's centre of an under-five is told"},
     ALL | LA,
     take_centres},
    {{"health_visitors", "on or off", "off",
      "health visitors are told of an under-five that no other door is told of"},
     ALL | LA,
     take_health_visitors},
    {{"timing", "school-morning, hold or at-once", "school-morning", "when a notice goes out"},
     ALL | FORCE | LA | DOOR,
     take_timing},
    {{"send_at", "a time hh:mm", "07:30", "when the school morning's notices go out"},
     ALL | FORCE | LA | DOOR,
     take_send_at},
    {{"bell_at", "a time hh:mm", "08:45", "when the children arrive"},
     ALL | FORCE | LA | DOOR,
     take_bell_at},
    {{"day_ends", "a time hh:mm", "15:30", "until when a school day's notices go out at once"},
     ALL | FORCE | LA | DOOR,
     take_day_ends},
    {{"desk_ends", "a time hh:mm", "17:00", "until when a desk is told at once"},
     ALL | FORCE | LA,
     take_desk_ends},
    {{"answer_within", "minutes, 1 to 1440", "45", "how long an answer may take"},
     ALL | FORCE | LA | DOOR,
     take_answer_within},
    {{"wording", "a folder of templates", "standard", "the templates of notices"},
     ALL | FORCE | LA,
     take_wording},
    {{"home_la", "an authority's code", "", "whose desk is told when the home's is unknown"},
     FORCE,
     take_home_la},
    {{"home_force", "a force's id", "", "in which force's area the authority lies"},
     LA,
     take_home_force},
    {{"filter_risk", "off, medium or high", "off", "incidents below that risk are told to nobody"},
     FORCE,
     take_filter_risk},
    {{"filter_present", "off, heard or present", "off",
      "children who were further away are told of to nobody"},
     FORCE,
     take_filter_present},
    {{"withhold_reasons", "codes with a blank between", "",
      "the reasons for which the police may withhold"},
     FORCE,
     take_withhold_reasons},
    {{"quiet_hours", "hours, 1 to 336, or off", "12",
      "how long the force's feed may be quiet before its desk is warned"},
     ALL | FORCE,
     take_quiet_hours},
    {{"roll_days", "days, 1 to 730", "90", "how old a roll may be before the desk is warned"},
     ALL | LA,
     take_roll_days},
    {{"marac_desk", "on or off", "on", "a desk is told of a MARAC referral beside the school"},
     ALL | FORCE,
     take_marac_desk},
    {{"repeats", "on or off", "on", "how often a child has been told about is said"},
     ALL | FORCE,
     take_repeats},
    {{"repeats_week", "a number, 2 to 99", "2", "so many call-outs in a week are often"},
     ALL | FORCE,
     take_repeats_week},
    {{"repeats_quarter", "a number, 2 to 99", "3", "so many call-outs in three months are often"},
     ALL | FORCE,
     take_repeats_quarter},
    {{NULL, NULL, NULL, NULL}, 0, NULL},
};

const struct policy_key *policy_keys(void)
{
    static struct policy_key shown[ARRAY_SIZE(keys)];

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        shown[i] = keys[i].shown;
    return shown;
}

static const struct key *key_of(const struct policy_row *row)
{
    for (const struct key *key = keys; key->take; key++) {
        if (strcmp(key->shown.name, row->key) == 0)
            return key;
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
        return err_set(err, ERR_INVALID, "policy %s: must be %s", row->key, key->shown.kind);
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
    *out = (struct policy){.morning = MORNING_DEFAULT,
                           .wording = "standard",
                           .protected_fields = FIELDS_FULL,
                           .quiet_hours = 12,
                           .roll_days = 90,
                           .marac_desk = true,
                           .repeats = true,
                           .repeats_week = 2,
                           .repeats_quarter = 3};
    for (size_t scope = 0; scope < ARRAY_SIZE(scopes); scope++) {
        for (size_t i = 0; i < count; i++) {
            const struct key *key = key_of(&rows[i]);
            enum policy_fields fields = out->fields, most = out->protected_fields;

            if (!key || (key->scopes & 1U << scope) == 0 ||
                !concerns(&rows[i], (enum scope)scope, force, la_code, door) ||
                !key->take(rows[i].value, out))
                continue;
            if (scope == SCOPE_LA && out->fields > fields)
                out->fields = fields;
            if (scope == SCOPE_LA && out->protected_fields > most)
                out->protected_fields = most;
        }
    }
}

enum policy_fields policy_fields_for(const struct policy *policy, bool is_protected)
{
    return is_protected && policy->protected_fields < policy->fields ? policy->protected_fields
                                                                     : policy->fields;
}

const struct policy_row *policy_nearest(const struct policy_row *rows, size_t count,
                                        const char *force, const char *la_code,
                                        const struct door *door, const char *key)
{
    const struct policy_row *nearest = NULL;
    struct policy so_far;

    policy_resolve(NULL, 0, NULL, NULL, NULL, &so_far);
    for (size_t scope = 0; scope < ARRAY_SIZE(scopes); scope++) {
        for (size_t i = 0; i < count; i++) {
            const struct key *its = key_of(&rows[i]);
            struct policy next = so_far;

            if (!its || strcmp(its->shown.name, key) != 0 || (its->scopes & 1U << scope) == 0 ||
                !concerns(&rows[i], (enum scope)scope, force, la_code, door) ||
                !its->take(rows[i].value, &next))
                continue;
            if (scope == SCOPE_LA &&
                (next.fields > so_far.fields || next.protected_fields > so_far.protected_fields))
                continue;
            nearest = &rows[i];
            so_far = next;
        }
    }
    return nearest;
}
