#include "match/person.h"

#include <string.h>

#include "match/normalise.h"
#include "match/place.h"
#include "match/school.h"
#include "match/upn.h"

void person_init(struct person *p)
{
    memset(p, 0, sizeof *p);
    p->born = DAY_NONE;
    p->seen_on = DAY_NONE;
    p->age = -1;
}

void person_wipe(struct person *p)
{
    personal_wipe(p, sizeof *p);
}

static void add_name(char names[PERSON_NAMES][NAME_SIZE], size_t *count, const char *text)
{
    char name[NAME_SIZE];

    if (*count < PERSON_NAMES && normalise_name(text, name) > 0) {
        size_t i = 0;

        while (i < *count && !name_same(names[i], name))
            i++;
        if (i == *count)
            memcpy(names[(*count)++], name, sizeof name);
    }
    personal_wipe(name, sizeof name);
}

void person_add_forename(struct person *p, const char *text)
{
    add_name(p->forenames, &p->forenames_count, text);
}

void person_add_surname(struct person *p, const char *text)
{
    add_name(p->surnames, &p->surnames_count, text);
}

void person_set_middle_names(struct person *p, const char *text)
{
    normalise_name(text, p->middle_names);
}

void person_set_upn(struct person *p, const char *text)
{
    upn_fold(text, p->upn);
}

void person_set_postcode(struct person *p, const char *text)
{
    normalise_postcode(text, p->postcode);
}

void person_set_other_home(struct person *p, const char *address, const char *postcode)
{
    struct person there;

    person_init(&there);
    person_set_address(&there, address);
    person_set_postcode(&there, postcode);
    person_home(&there, &p->other_home);
    person_wipe(&there);
}

void person_home(const struct person *p, struct home *out)
{
    memcpy(out->house, p->house, sizeof out->house);
    memcpy(out->street, p->street, sizeof out->street);
    memcpy(out->postcode, p->postcode, sizeof out->postcode);
}

void person_lives_at(struct person *p, const struct home *home)
{
    memcpy(p->house, home->house, sizeof p->house);
    memcpy(p->street, home->street, sizeof p->street);
    memcpy(p->postcode, home->postcode, sizeof p->postcode);
}

void person_add_school(struct person *p, const char *namespace, const char *urn)
{
    size_t space = strnlen(namespace, 6), length = strnlen(urn, 16);
    char *out;

    if (length == 0 || p->schools_count == ARRAY_SIZE(p->schools))
        return;
    out = p->schools[p->schools_count++];
    memcpy(out, namespace, space);
    out[space] = '/';
    memcpy(out + space + 1, urn, length);
    out[space + 1 + length] = '\0';
}

void person_set_address(struct person *p, const char *text)
{
    place_set(p, text);
}

void person_add_school_name(struct person *p, const char *text)
{
    char name[NAME_SIZE];

    school_fold(text, name);
    if (name[0] && p->school_names_count < PERSON_SCHOOLS)
        memcpy(p->school_names[p->school_names_count++], name, sizeof name);
}

const struct incident_place *person_place(const struct incident *incident,
                                          const struct incident_child *child)
{
    bool is_said = personal_is_set(&child->home.address) || personal_is_set(&child->home.postcode);

    return is_said ? &child->home : &incident->location;
}

void person_from_child(const struct incident *incident, const struct incident_child *child,
                       struct person *out)
{
    const struct incident_place *home = person_place(incident, child);

    person_init(out);
    person_add_forename(out, personal_reveal(&child->forename));
    for (size_t i = 0; i < child->known_as_count; i++)
        person_add_forename(out, personal_reveal(&child->known_as[i]));
    person_set_middle_names(out, personal_reveal(&child->middle_names));
    person_add_surname(out, personal_reveal(&child->surname));
    for (size_t i = 0; i < child->former_surnames_count; i++)
        person_add_surname(out, personal_reveal(&child->former_surnames[i]));
    out->born = child->date_of_birth;
    out->seen_on = london_day(incident->attended_at);
    out->age = child->age;
    out->sex = child->sex;
    person_set_upn(out, personal_reveal(&child->upn));
    person_set_address(out, personal_reveal(&home->address));
    person_set_postcode(out, personal_reveal(&home->postcode));
    person_add_school(out, "school", child->claimed_school_urn);
    person_add_school_name(out, personal_reveal(&child->claimed_name));
}
