#include "deliver/values.h"

#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "match/normalise.h"

enum { NAME_MAX_BYTES = 2048 };

/* Out of memory in any of many small additions is asked once, at the end. */
struct maker {
    bool failed;
};

static void put(struct maker *m, cJSON *object, const char *key, cJSON *value)
{
    if (!object || !value || !cJSON_AddItemToObject(object, key, value)) {
        cJSON_Delete(value);
        m->failed = true;
    }
}

/* Absent and empty texts are left out. */
static void put_text(struct maker *m, cJSON *object, const char *key, const char *text)
{
    if (text && *text)
        put(m, object, key, cJSON_CreateString(text));
}

static void put_personal(struct maker *m, cJSON *object, const char *key, const struct personal *p)
{
    put_text(m, object, key, personal_reveal(p));
}

static void put_day(struct maker *m, cJSON *object, const char *key, day_t day)
{
    char text[DATE_TEXT_SIZE];

    if (day != DAY_NONE)
        put_text(m, object, key, day_format(day, text));
}

static void put_moment(struct maker *m, cJSON *object, const char *key, time_t t)
{
    char text[MOMENT_TEXT_SIZE];

    if (t >= 0)
        put_text(m, object, key, moment_format(t, text));
}

static cJSON *put_new(struct maker *m, cJSON *object, const char *key, cJSON *made)
{
    put(m, object, key, made);
    return m->failed ? NULL : made;
}

static void put_name(struct maker *m, cJSON *child, const struct incident_child *c)
{
    const struct personal *const parts[] = {&c->forename, &c->middle_names, &c->surname};
    struct buf name;

    buf_init(&name, NAME_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!personal_is_set(parts[i]))
            continue;
        if (name.length > 0)
            buf_add_char(&name, ' ');
        buf_add_text(&name, personal_reveal(parts[i]));
    }
    m->failed |= name.failed != ERR_NONE;
    put_text(m, child, "name", buf_text(&name));
    buf_release(&name);
}

/* The names that somebody who knows the child would look for. */
static void put_names(struct maker *m, cJSON *child, const struct incident_child *c)
{
    cJSON *known_as;

    put_name(m, child, c);
    put_personal(m, child, "forename", &c->forename);
    put_personal(m, child, "middle_names", &c->middle_names);
    put_personal(m, child, "surname", &c->surname);
    if (c->known_as_count == 0)
        return;
    known_as = put_new(m, child, "known_as", cJSON_CreateArray());
    for (size_t i = 0; known_as && i < c->known_as_count; i++) {
        cJSON *text = cJSON_CreateString(personal_reveal(&c->known_as[i]));

        if (!text || !cJSON_AddItemToArray(known_as, text)) {
            cJSON_Delete(text);
            m->failed = true;
        }
    }
}

static void put_voice(struct maker *m, cJSON *child, const struct incident_child *c)
{
    cJSON *voice;

    if (!personal_is_set(&c->voice_text) && c->voice_spoken_to < 0)
        return;
    voice = put_new(m, child, "voice", cJSON_CreateObject());
    put_personal(m, voice, "text", &c->voice_text);
    put_personal(m, voice, "with", &c->voice_with);
    if (c->voice_spoken_to >= 0)
        put(m, voice, "spoken_to", cJSON_CreateBool(c->voice_spoken_to));
}

static void put_born(struct maker *m, cJSON *child, const struct incident_child *c, day_t on)
{
    int age = c->age;

    put_day(m, child, "date_of_birth", c->date_of_birth);
    if (age < 0 && c->date_of_birth != DAY_NONE)
        age = day_age(c->date_of_birth, on);
    if (age >= 0)
        put(m, child, "age", cJSON_CreateNumber(age));
}

static void put_outward(struct maker *m, cJSON *child, const struct personal *postcode)
{
    char folded[POSTCODE_SIZE];

    normalise_postcode(personal_reveal(postcode), folded);
    folded[postcode_outward(folded)] = '\0';
    put_text(m, child, "home_outward", folded);
}

/* What a desk finds the child's school by: not by the name alone. */
static void put_clues(struct maker *m, cJSON *child, const struct incident_child *c,
                      bool is_protected)
{
    put_personal(m, child, "school_said", &c->claimed_name);
    put_text(m, child, "school_said_urn", c->claimed_school_urn);
    if (!is_protected)
        put_outward(m, child, &c->home.postcode);
}

/* Free text about the family may name the place that is protected, so it stays behind with it. */
static void put_particulars(struct maker *m, cJSON *child, const struct incident_child *c,
                            enum policy_fields fields, bool is_protected)
{
    if (fields == FIELDS_NAME)
        return;
    if (c->present != PRESENT_UNKNOWN)
        put_text(m, child, "present", incident_present_word(c->present));
    if (is_protected)
        return;
    put_personal(m, child, "relationship", &c->relationship);
    if (fields == FIELDS_FULL)
        put_voice(m, child, c);
}

/* That this is the only call-out is not said: it is what a reader takes it for. */
static void put_repeats(struct maker *m, cJSON *child, const struct render_known *known)
{
    cJSON *repeats;

    if (!known->repeats_counted || known->repeats.year < 2)
        return;
    repeats = put_new(m, child, "repeats", cJSON_CreateObject());
    put(m, repeats, "in_week", cJSON_CreateNumber(known->repeats.week));
    put(m, repeats, "in_three_months", cJSON_CreateNumber(known->repeats.quarter));
    put(m, repeats, "in_twelve_months", cJSON_CreateNumber(known->repeats.year));
    if (known->repeats.often)
        put(m, repeats, "often", cJSON_CreateTrue());
}

static void put_places(struct maker *m, cJSON *child, const struct render_known *known)
{
    cJSON *list;

    if (known->places_count == 0)
        return;
    list = put_new(m, child, "on_roll", cJSON_CreateArray());
    for (size_t i = 0; list && !m->failed && i < known->places_count; i++) {
        const struct roll_place *p = &known->places[i];
        cJSON *place = cJSON_CreateObject();

        if (!place || !cJSON_AddItemToArray(list, place)) {
            cJSON_Delete(place);
            m->failed = true;
            break;
        }
        put_text(m, place, "namespace", p->door.namespace);
        put_text(m, place, "urn", p->door.urn);
        put_text(m, place, "name", p->name);
        put_text(m, place, "telephone", p->telephone);
        if (p->closed)
            put(m, place, "closed", cJSON_CreateTrue());
        if (p->follows)
            put(m, place, "follows", cJSON_CreateTrue());
    }
}

static void put_referrals(struct maker *m, cJSON *values, const struct incident *incident)
{
    cJSON *list;

    if (incident->referrals_count == 0)
        return;
    list = put_new(m, values, "referrals", cJSON_CreateArray());
    for (size_t i = 0; list && i < incident->referrals_count; i++) {
        cJSON *text = cJSON_CreateString(incident->referrals[i]);

        if (!text || !cJSON_AddItemToArray(list, text)) {
            cJSON_Delete(text);
            m->failed = true;
        }
    }
}

static void put_full(struct maker *m, cJSON *values, const struct render_input *in,
                     bool is_protected)
{
    const struct incident *incident = in->incident;

    put_moment(m, values, "attended_at", incident->attended_at);
    if (incident->risk != RISK_UNKNOWN)
        put_text(m, values, "risk", incident_risk_word(incident->risk));
    put_referrals(m, values, incident);
    put_personal(m, values, "officer_contact", &incident->officer_contact);
    if (!is_protected)
        put_personal(m, values, "circumstances", &incident->circumstances);
}

int values_make(const struct render_input *in, const char *language, cJSON **out, struct err *err)
{
    const struct notice_row *notice = in->notice;
    bool full = in->fields == FIELDS_FULL;
    bool task = notice->kind == NOTICE_DESK || in->amends_task;
    bool desk = task && notice->kind != NOTICE_WITHDRAWAL;
    bool is_protected = incident_is_protected(in->incident);
    day_t on = london_day(in->incident->attended_at);
    struct maker m = {false};
    cJSON *values = cJSON_CreateObject();
    cJSON *door, *children;

    put(&m, values, "version", cJSON_CreateNumber(1));
    put_text(&m, values, "reference", notice->reference);
    put_text(&m, values, "kind", in->reminder ? "reminder" : notice_kind_word(notice->kind));
    put_text(&m, values, "language", language);
    put_text(&m, values, "type", incident_type_word(in->incident->type));
    put_text(&m, values, "basis", basis_word(notice->basis));
    put_text(&m, values, "fields", policy_fields_word(in->fields));
    put_day(&m, values, "incident_date", on);
    put_text(&m, values, "amends", in->amends);
    if (!in->amends)
        put_moment(&m, values, "answer_by", notice->answer_by);
    if (in->reminder)
        put_moment(&m, values, "told_at", notice->told_at);
    if (!m.failed) {
        door = put_new(&m, values, "establishment", cJSON_CreateObject());
        put_text(&m, door, "namespace", notice->door.namespace);
        put_text(&m, door, "urn", notice->door.urn);
        put_text(&m, door, "name", in->establishment);
    }
    if (!is_protected) /* a fleeing family's authority is a place too */
        put_text(&m, values, "authority", in->authority);
    if (is_protected &&
        (in->fields != FIELDS_NAME || desk)) /* a desk rings schools, whatever the policy */
        put(&m, values, "protected", cJSON_CreateTrue());
    if (notice->reason != DESK_NONE)
        put_text(&m, values, "reason", desk_reason_word(notice->reason));
    put_text(&m, values, "answer_link", in->link);
    if (in->partly)
        put(&m, values, "partly", cJSON_CreateTrue());
    if (task)
        put_text(&m, values, "police_ref", in->incident->police_ref);
    if (desk && incident_is_referred(in->incident, "marac"))
        put(&m, values, "marac", cJSON_CreateTrue());
    children = m.failed ? NULL : put_new(&m, values, "children", cJSON_CreateArray());
    for (size_t i = 0; children && !in->unnamed && i < in->children_count; i++) {
        const struct incident_child *c = &in->incident->children[in->children[i]];
        cJSON *child = cJSON_CreateObject();

        if (!child || !cJSON_AddItemToArray(children, child)) {
            cJSON_Delete(child);
            m.failed = true;
            break;
        }
        put_text(&m, child, "child_ref", c->child_ref);
        put_names(&m, child, c);
        if (in->fields != FIELDS_NAME || desk)
            put_born(&m, child, c, on);
        if (desk)
            put_clues(&m, child, c, is_protected);
        put_particulars(&m, child, c, in->fields, is_protected);
        if (in->known && desk && !is_protected)
            put_places(&m, child, &in->known[i]);
        if (in->known && (full || desk))
            put_repeats(&m, child, &in->known[i]);
    }
    if (full)
        put_full(&m, values, in, is_protected);
    if (m.failed) {
        values_free(values);
        return err_memory(err);
    }
    *out = values;
    return 0;
}

int values_same(const struct render_input *a, const struct render_input *b, bool *out,
                struct err *err)
{
    static const char *const ours[] = {"reference", "answer_link", "kind",
                                       "amends",    "answer_by",   "basis"};
    cJSON *one = NULL, *two = NULL;

    if (values_make(a, a->language, &one, err) < 0 || values_make(b, b->language, &two, err) < 0) {
        values_free(one);
        return -1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(one, ours[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(two, ours[i]);
    }
    *out = cJSON_Compare(one, two, true);
    values_free(one);
    values_free(two);
    return 0;
}

static void wipe(cJSON *json)
{
    for (; json; json = json->next) {
        if (json->valuestring)
            personal_wipe(json->valuestring, strlen(json->valuestring));
        wipe(json->child);
    }
}

void values_free(cJSON *values)
{
    wipe(values);
    cJSON_Delete(values);
}
