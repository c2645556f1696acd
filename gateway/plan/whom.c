#include "plan/whom.h"

#include <string.h>
#include <strings.h>

bool door_is_desk(const struct plan_door *door)
{
    const char *namespace = door->establishment.door.namespace;

    return strcmp(namespace, "la") == 0 || strcmp(namespace, "force") == 0;
}

bool door_is_centre(const struct plan_door *door)
{
    return strcmp(door->establishment.door.namespace, "centre") == 0;
}

/* An entry bars a contact when all that it names fits. The number of an establishment bars both
 * those that have it, a school and a centre: told in error weighs more than sent to the desk. */
static bool bars(const struct incident_do_not_tell *entry, const struct plan_door *door,
                 const struct contact *contact)
{
    if (entry->role[0] && strcmp(entry->role, contact_role_word(contact->role)) != 0)
        return false;
    if (entry->school_urn[0] &&
        (door_is_desk(door) || strcmp(entry->school_urn, door->establishment.door.urn) != 0))
        return false;
    return !personal_is_set(&entry->contact) ||
           strcasecmp(personal_reveal(&entry->contact), personal_reveal(&contact->address)) == 0;
}

bool plan_may_tell(const struct plan_input *in, const struct plan_door *door,
                   const struct contact *contact)
{
    if (!contact->verified || contact->failed)
        return false;
    for (size_t i = 0; i < in->do_not_tell_count; i++) {
        if (bars(&in->do_not_tell[i], door, contact))
            return false;
    }
    return true;
}

const struct contact *whom_with_role(const struct plan_input *in, const struct plan_door *door,
                                     enum contact_role role)
{
    for (size_t i = 0; i < door->contacts_count; i++) {
        if (door->contacts[i].role == role && plan_may_tell(in, door, &door->contacts[i]))
            return &door->contacts[i];
    }
    return NULL;
}

const struct contact *plan_whom(const struct plan_input *in, const struct plan_door *door)
{
    const struct contact *contact;

    if (door_is_desk(door))
        return whom_with_role(in, door, ROLE_LA_DESK);
    contact = whom_with_role(in, door, ROLE_DSL);
    if (!contact)
        contact = whom_with_role(in, door, ROLE_DEPUTY);
    if (!contact && door_is_centre(door) && door->policy.health_visitors)
        contact = whom_with_role(in, door, ROLE_HEALTH_VISITOR);
    return contact;
}
