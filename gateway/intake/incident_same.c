#include "intake/incident_same.h"

#include <string.h>

static bool same(const struct personal *a, const struct personal *b)
{
    return a->length == b->length && strcmp(personal_reveal(a), personal_reveal(b)) == 0;
}

static bool same_names(const struct personal *a, size_t a_count, const struct personal *b,
                       size_t b_count)
{
    bool all = a_count == b_count;

    for (size_t i = 0; all && i < a_count; i++)
        all = same(&a[i], &b[i]);
    return all;
}

bool incident_child_same_to_match(const struct incident_child *a, const struct incident_child *b)
{
    return same(&a->forename, &b->forename) && same(&a->middle_names, &b->middle_names) &&
           same(&a->surname, &b->surname) &&
           same_names(a->known_as, a->known_as_count, b->known_as, b->known_as_count) &&
           same_names(a->former_surnames, a->former_surnames_count, b->former_surnames,
                      b->former_surnames_count) &&
           a->date_of_birth == b->date_of_birth && a->age == b->age && a->sex == b->sex &&
           same(&a->upn, &b->upn) && same(&a->home.address, &b->home.address) &&
           same(&a->home.postcode, &b->home.postcode) && same(&a->claimed_name, &b->claimed_name) &&
           strcmp(a->claimed_school_urn, b->claimed_school_urn) == 0;
}

bool incident_child_same_to_tell(const struct incident_child *a, const struct incident_child *b)
{
    return a->home.is_protected == b->home.is_protected &&
           same(&a->relationship, &b->relationship) && a->present == b->present &&
           same(&a->voice_text, &b->voice_text) && same(&a->voice_with, &b->voice_with) &&
           a->voice_spoken_to == b->voice_spoken_to;
}

bool incident_same_to_tell(const struct incident *a, const struct incident *b)
{
    bool all = a->type == b->type && a->attended_at == b->attended_at && a->risk == b->risk &&
               same(&a->location.address, &b->location.address) &&
               same(&a->location.postcode, &b->location.postcode) &&
               a->location.is_protected == b->location.is_protected &&
               same(&a->circumstances, &b->circumstances) &&
               same(&a->officer_contact, &b->officer_contact) &&
               a->referrals_count == b->referrals_count;

    for (size_t i = 0; all && i < a->referrals_count; i++)
        all = strcmp(a->referrals[i], b->referrals[i]) == 0;
    return all;
}

const struct incident_child *incident_child_named(const struct incident *incident,
                                                  const char *child_ref)
{
    for (size_t i = 0; incident && i < incident->children_count; i++) {
        if (strcmp(incident->children[i].child_ref, child_ref) == 0)
            return &incident->children[i];
    }
    return NULL;
}

static bool same_do_not_tell(const struct incident *a, const struct incident *b)
{
    bool all = a->do_not_tell_count == b->do_not_tell_count;

    for (size_t i = 0; all && i < a->do_not_tell_count; i++) {
        const struct incident_do_not_tell *x = &a->do_not_tell[i], *y = &b->do_not_tell[i];

        all = strcmp(x->role, y->role) == 0 && strcmp(x->school_urn, y->school_urn) == 0 &&
              same(&x->contact, &y->contact) && same(&x->reason, &y->reason);
    }
    return all;
}

bool incident_same(const struct incident *a, const struct incident *b)
{
    bool all = strcmp(a->force, b->force) == 0 && strcmp(a->police_ref, b->police_ref) == 0 &&
               a->revision == b->revision && a->action == b->action &&
               incident_same_to_tell(a, b) && same_do_not_tell(a, b) &&
               strcmp(a->withhold_reason, b->withhold_reason) == 0 &&
               same(&a->withhold_authorised_by, &b->withhold_authorised_by) &&
               a->children_count == b->children_count;

    /* References are unique within a message. */
    for (size_t i = 0; all && i < a->children_count; i++) {
        const struct incident_child *x = &a->children[i];
        const struct incident_child *y = incident_child_named(b, x->child_ref);

        all = y && incident_child_same_to_match(x, y) && incident_child_same_to_tell(x, y);
    }
    return all;
}
