/* What templates need beyond the webhook's body, all of it made from that body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "deliver/values.h"

enum { WORDS_MAX = 8192, KEY_MAX = 48 };

/* Every value of the body, and every word and flag made from it. */
static const char *const known[] = {
    "reference", "kind", "language", "type", "basis", "fields", "incident_date", "answer_by",
    "told_at", "establishment.namespace", "establishment.urn", "establishment.name", "authority",
    "reason", "police_ref", "amends", "partly", "answer_link", "attended_at", "risk", "referrals",
    "officer_contact", "protected", "circumstances", "children",
    /* a child's */
    "child_ref", "name", "forename", "middle_names", "surname", "known_as", "date_of_birth", "age",
    "present", "relationship", "voice", "text", "with", "spoken_to", "school_said",
    "school_said_urn", "home_outward", "on_roll", "namespace", "urn", "telephone", "closed",
    "follows", "repeats", "in_week", "in_three_months", "in_twelve_months", "often", ".",
    /* of the message, when its bodies are rendered */
    "subject",
    /* of a minimal message */
    "link",
    /* words */
    "incident_date_words", "answer_by_words", "told_at_words", "attended_at_words",
    "date_of_birth_words", "known_as_words", "referrals_words", "several", "full", "particulars",
    /* flags */
    "type_domestic_abuse", "type_missing", "type_missing_found", "basis_statutory", "basis_local",
    "reason_no_match", "reason_review", "reason_not_enrolled", "reason_closed",
    "reason_several_successors", "reason_no_contact", "reason_no_calendar", "reason_under_five",
    "reason_over_age", "reason_no_answer", "reason_wrong_door", "reason_marac", "marac",
    "reason_withdrawn", "reason_withheld", "reason_not_your_pupil", "to_desk", "present_present",
    "present_heard", "present_not_present", "risk_standard", "risk_medium", "risk_high",
    /* a warning's */
    "warning", "since", "since_words", "warning_feed_quiet", "warning_broker_lost",
    "warning_contact_failing", "warning_roll_old", "warning_adapter_shut"};

static const char *const flagged[] = {"type", "basis", "reason", "present", "risk", "warning"};

static const char *const days_en[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
static const char *const months_en[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
/* With the soft mutation of a day on which something happens: "ddydd Iau". */
static const char *const days_cy[] = {"ddydd Llun",   "ddydd Mawrth", "ddydd Mercher", "ddydd Iau",
                                      "ddydd Gwener", "ddydd Sadwrn", "ddydd Sul"};
static const char *const months_cy[] = {"Ionawr", "Chwefror", "Mawrth",     "Ebrill",
                                        "Mai",    "Mehefin",  "Gorffennaf", "Awst",
                                        "Medi",   "Hydref",   "Tachwedd",   "Rhagfyr"};

bool values_knows(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i], name) == 0)
            return true;
    }
    return false;
}

static void say_day(struct buf *out, day_t day, bool welsh, bool weekday)
{
    int year, month, date;

    day_to_civil(day, &year, &month, &date);
    if (weekday)
        buf_addf(out, "%s ", (welsh ? days_cy : days_en)[day_weekday(day)]);
    buf_addf(out, "%d %s %d", date, (welsh ? months_cy : months_en)[month - 1], year);
}

static void say_moment(struct buf *out, time_t t, bool welsh)
{
    int minute = london_second(t) / 60;

    if (welsh)
        buf_addf(out, "%02d:%02d ", minute / 60, minute % 60);
    else
        buf_addf(out, "%02d:%02d on ", minute / 60, minute % 60);
    say_day(out, london_day(t), welsh, true);
}

/* Codes of the police such as mash and early_help: abbreviations in capitals, the rest as words. */
static void say_code(struct buf *out, const char *code)
{
    bool short_one = strlen(code) <= 5;

    for (; *code; code++) {
        char c = *code;

        if (short_one && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        buf_add_char(out, c == '_' || c == '-' ? ' ' : c);
    }
}

static void say_list(struct buf *out, const cJSON *list, bool codes)
{
    for (const cJSON *item = list->child; item; item = item->next) {
        if (item != list->child)
            buf_add_text(out, ", ");
        if (codes)
            say_code(out, item->valuestring);
        else
            buf_add_text(out, item->valuestring);
    }
}

/* Adds key_words to object when it has key. */
static bool say(cJSON *object, const char *key, bool welsh)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    char name[KEY_MAX];
    struct buf words;
    time_t t;
    bool ok;

    if (!value)
        return true;
    buf_init(&words, WORDS_MAX);
    if (cJSON_IsArray(value))
        say_list(&words, value, strcmp(key, "referrals") == 0);
    else if (moment_parse(value->valuestring, &t))
        say_moment(&words, t, welsh);
    else
        say_day(&words, day_parse(value->valuestring), welsh, strcmp(key, "date_of_birth") != 0);
    snprintf(name, sizeof name, "%s_words", key);
    ok = !words.failed && cJSON_AddStringToObject(object, name, buf_text(&words));
    buf_release(&words);
    return ok;
}

static bool flag(cJSON *object)
{
    for (size_t i = 0; i < ARRAY_SIZE(flagged); i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, flagged[i]);
        char name[KEY_MAX];

        if (!value)
            continue;
        snprintf(name, sizeof name, "%s_%s", flagged[i], value->valuestring);
        for (char *p = name; *p; p++) {
            if (*p == '-')
                *p = '_';
        }
        if (!cJSON_AddTrueToObject(object, name))
            return false;
    }
    return true;
}

/* Whether there is anything under the child's name: HTML has no empty lists. */
static bool flag_particulars(cJSON *child)
{
    static const char *const particulars[] = {
        "date_of_birth", "age",          "present",         "relationship", "voice",
        "school_said",   "home_outward", "school_said_urn", "repeats",      "on_roll"};

    for (size_t i = 0; i < ARRAY_SIZE(particulars); i++) {
        if (cJSON_HasObjectItem(child, particulars[i]))
            return cJSON_AddTrueToObject(child, "particulars");
    }
    return true;
}

int values_add_words(cJSON *values, struct err *err)
{
    static const char *const own[] = {"incident_date", "answer_by", "told_at",
                                      "attended_at",   "referrals", "since"};
    static const char *const childs[] = {"date_of_birth", "known_as"};
    const cJSON *language = cJSON_GetObjectItemCaseSensitive(values, "language");
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(values, "fields");
    cJSON *children = cJSON_GetObjectItemCaseSensitive(values, "children");
    bool welsh = strcmp(language->valuestring, "cy") == 0;
    bool ok = flag(values);

    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        ok = ok && say(values, own[i], welsh);
    for (cJSON *child = children ? children->child : NULL; child; child = child->next) {
        ok = ok && flag(child) && flag_particulars(child);
        for (size_t i = 0; i < ARRAY_SIZE(childs); i++)
            ok = ok && say(child, childs[i], welsh);
    }
    if (cJSON_HasObjectItem(values, "police_ref"))
        ok = ok && cJSON_AddTrueToObject(values, "to_desk");
    if (cJSON_GetArraySize(children) > 1)
        ok = ok && cJSON_AddTrueToObject(values, "several");
    if (fields && strcmp(fields->valuestring, "full") == 0)
        ok = ok && cJSON_AddTrueToObject(values, "full");
    return ok ? 0 : err_memory(err);
}
