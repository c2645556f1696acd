#include "intake/incident.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "intake/incident_check.h"
#include "intake/incident_json.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
    CHILD_YEARS_MAX = 25,         /* nobody older is a child or a young person, whoever says so */
    AHEAD_SECONDS = 24 * 60 * 60, /* a clock that is wrong, or in the wrong zone, costs no child */
    BEHIND_SECONDS = 10 * 60,
};

/* The words of the contract. */
static const struct word type_words[] = {{"domestic_abuse", INCIDENT_DOMESTIC_ABUSE},
                                         {"missing", INCIDENT_MISSING},
                                         {"missing_found", INCIDENT_MISSING_FOUND},
                                         {NULL, 0}};
static const struct word action_words[] = {
    {"notify", INCIDENT_NOTIFY}, {"withdraw", INCIDENT_WITHDRAW}, {NULL, 0}};
static const struct word risk_words[] = {{"unknown", RISK_UNKNOWN},
                                         {"standard", RISK_STANDARD},
                                         {"medium", RISK_MEDIUM},
                                         {"high", RISK_HIGH},
                                         {NULL, 0}};
static const struct word present_words[] = {{"unknown", PRESENT_UNKNOWN},
                                            {"present", PRESENT_PRESENT},
                                            {"heard", PRESENT_HEARD},
                                            {"not_present", PRESENT_NOT},
                                            {NULL, 0}};
static const struct word sex_words[] = {
    {"F", SEX_FEMALE}, {"M", SEX_MALE}, {"X", SEX_UNKNOWN}, {"U", SEX_UNKNOWN}, {NULL, 0}};
static const struct word role_words[] = {
    {"dsl", 0}, {"deputy", 0}, {"la_desk", 0}, {"health_visitor", 0}, {NULL, 0}};

static const struct word_rule types = {type_words,
                                       "is not domestic_abuse, missing or missing_found"};
static const struct word_rule actions = {action_words, "is neither notify nor withdraw"};
static const struct word_rule risks = {risk_words, "is not standard, medium, high or unknown"};
static const struct word_rule presents = {present_words,
                                          "is not present, heard, not_present or unknown"};
static const struct word_rule sexes = {sex_words, "is not F, M, X or U"};

/* References go into receipts, logs and commands: plain characters only. */
static const struct code_rule forces = {FORCE_SIZE, LOWER, LOWER DIGITS "-",
                                        "is not the id of a force"};
static const struct code_rule police_refs = {
    POLICE_REF_SIZE, UPPER LOWER DIGITS, UPPER LOWER DIGITS "._:/-",
    "is not a reference of 1 to 64 letters, digits and . _ : / -"};
static const struct code_rule child_refs = {
    CHILD_REF_SIZE, UPPER LOWER DIGITS, UPPER LOWER DIGITS "._:/-",
    "is not a reference of 1 to 32 letters, digits and . _ : / -"};
static const struct code_rule codes = {CODE_SIZE, UPPER LOWER, UPPER LOWER DIGITS "_-",
                                       "is not a code of 1 to 32 letters, digits and _ -"};
static const struct code_rule urns = {URN_SIZE, DIGITS, DIGITS,
                                      "is not a number of 1 to 16 digits"};

static const struct text_rule name_text = {100, "is longer than 100 characters", false, false};
static const struct text_rule authoriser_text = {100, "is longer than 100 characters", false, true};
static const struct text_rule line_text = {300, "is longer than 300 characters", false, false};
static const struct text_rule short_text = {32, "is longer than 32 characters", false, false};
static const struct text_rule long_text = {4000, "is longer than 4000 characters", true, false};

static const struct number_rule versions = {1, 1, "is not 1"};
/* What every JSON reader can hold (RFC 8259, 6). */
static const struct number_rule revisions = {1, 9007199254740991.0,
                                             "is not from 1 to 9007199254740991"};
static const struct number_rule ages = {0, CHILD_YEARS_MAX, "is not from 0 to 25"};

#define FIELDS(table)                                                                              \
    {                                                                                              \
        table, ARRAY_SIZE(table)                                                                   \
    }

/* A version that is read has no place: there is only this one. */
static void read_version(struct reader *r, const cJSON *item, void *into, const void *rule)
{
    int version;

    (void)into;
    read_int(r, item, &version, rule);
}

static void read_names(struct reader *r, const cJSON *item, struct personal *names, size_t *count)
{
    static const struct list_rule rule = {INCIDENT_NAMES_MAX, "has more than 10 names",
                                          sizeof(struct personal), read_text, &name_text};
    size_t length = read_list_length(r, item, &rule);

    read_list(r, item, names, length, &rule);
    for (size_t i = 0; i < length; i++) { /* the blank ones are no names */
        if (!personal_is_set(&names[i]))
            continue;
        if (*count < i) {
            names[*count] = names[i]; /* moved */
            memset(&names[i], 0, sizeof names[i]);
        }
        ++*count;
    }
}

static void read_known_as(struct reader *r, const cJSON *item, void *child, const void *unused)
{
    struct incident_child *c = child;

    (void)unused;
    read_names(r, item, c->known_as, &c->known_as_count);
}

static void read_former_surnames(struct reader *r, const cJSON *item, void *child,
                                 const void *unused)
{
    struct incident_child *c = child;

    (void)unused;
    read_names(r, item, c->former_surnames, &c->former_surnames_count);
}

/* As somebody said it: what is no number is no evidence, and no reason to refuse a call-out. */
static void read_claimed_urn(struct reader *r, const cJSON *item, void *chars, const void *unused)
{
    struct personal said = {0};

    (void)unused;
    read_text(r, item, &said, &short_text);
    if (code_is_valid(personal_reveal(&said), &urns))
        memcpy(chars, personal_reveal(&said), said.length + 1);
    personal_release(&said);
}

static void read_role(struct reader *r, const cJSON *item, void *chars, const void *unused)
{
    static const struct word_rule roles = {role_words,
                                           "is not dsl, deputy, la_desk or health_visitor"};
    unsigned found = UINT_MAX;

    (void)unused;
    read_word(r, item, &found, &roles);
    if (found != UINT_MAX)
        memcpy(chars, item->valuestring, strlen(item->valuestring) + 1);
}

#define AT(member) offsetof(struct incident_place, member)
static const struct field place_fields[] = {
    {"address", OPTIONAL, read_text, AT(address), &line_text},
    {"postcode", OPTIONAL, read_text, AT(postcode), &short_text},
    {"protected", OPTIONAL, read_bool, AT(is_protected), NULL},
};
static const struct object_rule place = FIELDS(place_fields);
#undef AT

#define AT(member) offsetof(struct incident_child, member)
static const struct field claim_fields[] = {
    {"name", OPTIONAL, read_text, AT(claimed_name), &line_text},
    {"school_urn", OPTIONAL, read_claimed_urn, AT(claimed_school_urn), NULL},
};
static const struct object_rule claim = FIELDS(claim_fields);

static const struct field voice_fields[] = {
    {"text", OPTIONAL, read_text, AT(voice_text), &long_text},
    {"spoken_to", OPTIONAL, read_yes_no, AT(voice_spoken_to), NULL},
    {"with", OPTIONAL, read_text, AT(voice_with), &line_text},
};
static const struct object_rule voice = FIELDS(voice_fields);

static const struct field child_fields[] = {
    {"child_ref", REQUIRED, read_code, AT(child_ref), &child_refs},
    {"forename", OPTIONAL, read_text, AT(forename), &name_text},
    {"middle_names", OPTIONAL, read_text, AT(middle_names), &name_text},
    {"surname", OPTIONAL, read_text, AT(surname), &name_text},
    {"known_as", OPTIONAL, read_known_as, 0, NULL},
    {"former_surnames", OPTIONAL, read_former_surnames, 0, NULL},
    {"date_of_birth", OPTIONAL_OR_BLANK, read_day, AT(date_of_birth), NULL},
    {"age", OPTIONAL, read_int, AT(age), &ages},
    {"sex", OPTIONAL_OR_BLANK, read_word, AT(sex), &sexes},
    {"upn", OPTIONAL, read_text, AT(upn), &short_text},
    {"address", OPTIONAL, read_object, AT(home), &place},
    {"claimed_establishment", OPTIONAL, read_object, 0, &claim},
    {"relationship", OPTIONAL, read_text, AT(relationship), &line_text},
    {"present", OPTIONAL_OR_BLANK, read_word, AT(present), &presents},
    {"voice", OPTIONAL, read_object, 0, &voice},
};
#undef AT
static const struct object_rule whole_child = FIELDS(child_fields);

static void read_child(struct reader *r, const cJSON *item, void *into, const void *unused)
{
    struct incident_child *child = into;

    (void)unused;
    child->date_of_birth = DAY_NONE;
    child->age = -1;
    child->voice_spoken_to = -1;
    read_object(r, item, child, &whole_child);
    if (cJSON_IsObject(item) &&
        item_says_nothing(cJSON_GetObjectItemCaseSensitive(item, "forename")) &&
        item_says_nothing(cJSON_GetObjectItemCaseSensitive(item, "surname")))
        reader_problem(r, "has neither forename nor surname");
}

#define AT(member) offsetof(struct incident_do_not_tell, member)
static const struct field do_not_tell_fields[] = {
    {"role", OPTIONAL_OR_BLANK, read_role, AT(role), NULL},
    {"school_urn", OPTIONAL_OR_BLANK, read_code, AT(school_urn), &urns},
    {"contact", OPTIONAL, read_text, AT(contact), &line_text},
    {"reason", OPTIONAL, read_text, AT(reason), &line_text},
};
#undef AT
static const struct object_rule do_not_tell = FIELDS(do_not_tell_fields);

/* Whom it means must be understood, or somebody is told who must not be. */
static void read_do_not_tell_entry(struct reader *r, const cJSON *item, void *into,
                                   const void *unused)
{
    (void)unused;
    read_object(r, item, into, &do_not_tell);
    if (cJSON_IsObject(item) && item_says_nothing(cJSON_GetObjectItemCaseSensitive(item, "role")) &&
        item_says_nothing(cJSON_GetObjectItemCaseSensitive(item, "school_urn")) &&
        item_says_nothing(cJSON_GetObjectItemCaseSensitive(item, "contact")))
        reader_problem(r, "names neither role, school_urn nor contact");
}

static void *room(struct reader *r, size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        r->rc = err_memory(r->err);
    return p;
}

static void read_children(struct reader *r, const cJSON *item, void *into, const void *unused)
{
    static const struct list_rule rule = {INCIDENT_CHILDREN_MAX, "has more than 20 children",
                                          sizeof(struct incident_child), read_child, NULL};
    struct incident *incident = into;
    size_t length = read_list_length(r, item, &rule);

    (void)unused;
    if (cJSON_IsArray(item) && length == 0)
        reader_problem(r, "has no children");
    if (length == 0)
        return;
    incident->children = room(r, length, sizeof *incident->children);
    if (!incident->children)
        return;
    incident->children_count = length;
    read_list(r, item, incident->children, length, &rule);
}

static void read_do_not_tell(struct reader *r, const cJSON *item, void *into, const void *unused)
{
    static const struct list_rule rule = {INCIDENT_DO_NOT_TELL_MAX, "has more than 20 entries",
                                          sizeof(struct incident_do_not_tell),
                                          read_do_not_tell_entry, NULL};
    struct incident *incident = into;
    size_t length = read_list_length(r, item, &rule);

    (void)unused;
    if (length == 0)
        return;
    incident->do_not_tell = room(r, length, sizeof *incident->do_not_tell);
    if (!incident->do_not_tell)
        return;
    incident->do_not_tell_count = length;
    read_list(r, item, incident->do_not_tell, length, &rule);
}

static void read_referrals(struct reader *r, const cJSON *item, void *into, const void *unused)
{
    static const struct list_rule rule = {INCIDENT_REFERRALS_MAX, "has more than 10 referrals",
                                          CODE_SIZE, read_code, &codes};
    struct incident *incident = into;

    (void)unused;
    incident->referrals_count = read_list_length(r, item, &rule);
    read_list(r, item, incident->referrals, incident->referrals_count, &rule);
}

#define AT(member) offsetof(struct incident, member)
static const struct field withhold_fields[] = {
    {"reason", REQUIRED, read_code, AT(withhold_reason), &codes},
    {"authorised_by", REQUIRED, read_text, AT(withhold_authorised_by), &authoriser_text},
};
static const struct object_rule withhold = FIELDS(withhold_fields);

static const struct field incident_fields[] = {
    {"version", REQUIRED, read_version, 0, &versions},
    {"force", REQUIRED, read_code, AT(force), &forces},
    {"police_ref", REQUIRED, read_code, AT(police_ref), &police_refs},
    {"revision", REQUIRED, read_int64, AT(revision), &revisions},
    {"type", REQUIRED, read_word, AT(type), &types},
    {"action", REQUIRED, read_word, AT(action), &actions},
    {"attended_at", REQUIRED, read_moment, AT(attended_at), NULL},
    {"sent_at", OPTIONAL_OR_BLANK, read_moment, AT(sent_at), NULL},
    {"location", OPTIONAL, read_object, AT(location), &place},
    {"risk", OPTIONAL_OR_BLANK, read_word, AT(risk), &risks},
    {"circumstances", OPTIONAL, read_text, AT(circumstances), &long_text},
    {"children", REQUIRED, read_children, 0, NULL},
    {"do_not_tell", OPTIONAL, read_do_not_tell, 0, NULL},
    {"withhold", OPTIONAL, read_object, 0, &withhold},
    {"referrals", OPTIONAL, read_referrals, 0, NULL},
    {"officer_contact", OPTIONAL, read_text, AT(officer_contact), &line_text},
};
static const struct object_rule whole = FIELDS(incident_fields);
static const struct object_rule *const objects[] = {&whole, &whole_child, &place,      &claim,
                                                    &voice, &withhold,    &do_not_tell};
#undef AT

static void check_child_refs(struct reader *r, const struct incident *incident, size_t i)
{
    const char *ref = incident->children[i].child_ref;

    for (size_t before = 0; before < i && *ref; before++) {
        if (strcmp(incident->children[before].child_ref, ref) == 0) {
            reader_problem_of(r, "child_ref", "is another child's too");
            return;
        }
    }
}

/* What no member can say alone. Faulty members have been left out, and are not blamed twice. */
static void check_whole(struct reader *r, const struct incident *incident, const char *topic_force,
                        time_t received_at)
{
    time_t on = incident->attended_at == -1 ? received_at : incident->attended_at;
    size_t children = reader_enter(r, "children");

    for (size_t i = 0; i < incident->children_count; i++) {
        size_t child = reader_enter_index(r, i);
        day_t born = incident->children[i].date_of_birth;

        check_child_refs(r, incident, i);
        if (born != DAY_NONE && born > london_day(on))
            reader_problem_of(r, "date_of_birth", "is after the incident");
        else if (born != DAY_NONE && day_age(born, london_day(on)) > CHILD_YEARS_MAX)
            reader_problem_of(r, "date_of_birth", "is more than 25 years before the incident");
        reader_leave(r, child);
    }
    reader_leave(r, children);
    if (topic_force && *incident->force && strcmp(incident->force, topic_force) != 0)
        reader_problem_of(r, "force", "is not the force of the topic");
    if (incident->attended_at != -1 && incident->sent_at != -1 &&
        incident->sent_at < incident->attended_at - BEHIND_SECONDS)
        reader_problem_of(r, "sent_at", "is before attended_at");
}

/* The topic's force is vouched for by the broker's access list, so it comes before the payload's. */
static void identify(struct incident_ident *ident, const struct incident *incident)
{
    if (!*ident->force)
        memcpy(ident->force, incident->force, sizeof ident->force);
    memcpy(ident->police_ref, incident->police_ref, sizeof ident->police_ref);
    ident->revision = incident->revision;
}

int incident_parse(const char *json, size_t length, const char *topic_force, time_t received_at,
                   struct incident **out, struct incident_ident *ident, struct problems *problems,
                   struct err *err)
{
    struct reader r = {.problems = problems,
                       .err = err,
                       .latest = received_at + AHEAD_SECONDS,
                       .objects = objects,
                       .objects_count = ARRAY_SIZE(objects)};
    struct incident *incident = NULL;
    cJSON *tree = NULL;

    *out = NULL;
    memset(ident, 0, sizeof *ident);
    ident->revision = -1;
    if (topic_force && incident_force_is_valid(topic_force))
        memcpy(ident->force, topic_force, strlen(topic_force) + 1);
    if (incident_json_parse(json, length, &tree, problems, err) < 0)
        return -1;
    if (!tree)
        return 0;
    incident = room(&r, 1, sizeof *incident);
    if (incident) {
        incident->revision = -1;
        incident->attended_at = -1;
        incident->sent_at = -1;
        read_object(&r, tree, incident, &whole);
        check_whole(&r, incident, topic_force, received_at);
        identify(ident, incident);
        if (r.rc == 0 && problems->count == 0) {
            *out = incident;
            incident = NULL;
        }
    }
    incident_free(incident);
    incident_json_free(tree);
    return r.rc;
}

static void place_release(struct incident_place *p)
{
    personal_release(&p->address);
    personal_release(&p->postcode);
}

static void child_release(struct incident_child *child)
{
    personal_release(&child->forename);
    personal_release(&child->middle_names);
    personal_release(&child->surname);
    for (size_t i = 0; i < INCIDENT_NAMES_MAX; i++) {
        personal_release(&child->known_as[i]);
        personal_release(&child->former_surnames[i]);
    }
    personal_release(&child->upn);
    place_release(&child->home);
    personal_release(&child->claimed_name);
    personal_release(&child->relationship);
    personal_release(&child->voice_text);
    personal_release(&child->voice_with);
    personal_wipe(child, sizeof *child);
}

struct incident *incident_share(struct incident *incident)
{
    incident->others++;
    return incident;
}

void incident_free(struct incident *incident)
{
    if (!incident)
        return;
    if (incident->others > 0) {
        incident->others--;
        return;
    }
    place_release(&incident->location);
    personal_release(&incident->circumstances);
    for (size_t i = 0; i < incident->children_count; i++)
        child_release(&incident->children[i]);
    free(incident->children);
    for (size_t i = 0; i < incident->do_not_tell_count; i++) {
        personal_release(&incident->do_not_tell[i].contact);
        personal_release(&incident->do_not_tell[i].reason);
    }
    free(incident->do_not_tell);
    personal_release(&incident->withhold_authorised_by);
    personal_release(&incident->officer_contact);
    free(incident);
}

static const char *word_of(const struct word *words, int value)
{
    while (words->word && words->value != value)
        words++;
    return words->word ? words->word : "unknown";
}

const char *incident_type_word(enum incident_type type)
{
    return word_of(type_words, (int)type);
}

const char *incident_action_word(enum incident_action action)
{
    return word_of(action_words, (int)action);
}

const char *incident_risk_word(enum incident_risk risk)
{
    return word_of(risk_words, (int)risk);
}

const char *incident_present_word(enum incident_present present)
{
    return word_of(present_words, (int)present);
}

bool incident_is_urgent(const struct incident *incident)
{
    return incident->risk == RISK_HIGH || incident->type == INCIDENT_MISSING;
}

bool incident_is_protected(const struct incident *incident)
{
    bool found = incident->location.is_protected;

    for (size_t i = 0; i < incident->children_count; i++)
        found |= incident->children[i].home.is_protected;
    return found;
}

bool incident_is_referred(const struct incident *incident, const char *code)
{
    for (size_t i = 0; i < incident->referrals_count; i++) {
        if (strcasecmp(incident->referrals[i], code) == 0)
            return true;
    }
    return false;
}

bool incident_force_is_valid(const char *force)
{
    return force && code_is_valid(force, &forces);
}

bool incident_police_ref_is_valid(const char *police_ref)
{
    return code_is_valid(police_ref, &police_refs);
}
