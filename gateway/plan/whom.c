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

/* An entry fits a contact when all that it names does. The number of an establishment means both those
 * that have it, a school and a centre: told in error weighs more than sent to the desk. */
static bool fits(const struct incident_do_not_tell *entry, const struct plan_door *door,
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

static bool is_same(const struct personal *a, const struct personal *b)
{
    return personal_is_set(a) && personal_is_set(b) &&
           strcasecmp(personal_reveal(a), personal_reveal(b)) == 0;
}

/* It is a person whom an entry bars: not at that door by another way or in another role, nor in a mailbox
 * that is shared. */
bool plan_is_barred(const struct plan_input *in, const struct plan_door *door,
                    const struct contact *contact)
{
    for (size_t i = 0; i < in->do_not_tell_count; i++) {
        if (fits(&in->do_not_tell[i], door, contact))
            return true;
        for (size_t j = 0; j < door->contacts_count; j++) {
            const struct contact *other = &door->contacts[j];

            if ((is_same(&other->name, &contact->name) ||
                 is_same(&other->address, &contact->address)) &&
                fits(&in->do_not_tell[i], door, other))
                return true;
        }
    }
    return false;
}

static bool may_tell(const struct plan_input *in, const struct plan_door *door,
                     const struct contact *contact, bool passed)
{
    return contact->verified && !contact->failed && contact->passed == passed &&
           !plan_is_barred(in, door, contact);
}

bool plan_may_tell(const struct plan_input *in, const struct plan_door *door,
                   const struct contact *contact)
{
    return may_tell(in, door, contact, false);
}

bool whom_is_within_reach(const struct contact *contact)
{
    return contact && !contact->late && !contact->down;
}

/* Of whom the first is looked for: those who were passed over, or the others; best within reach. */
struct sought {
    bool passed, within_reach;
};

static const struct contact *first(const struct plan_input *in, const struct plan_door *door,
                                   const enum contact_role *roles, size_t count,
                                   struct sought sought)
{
    for (size_t r = 0; r < count; r++) {
        for (size_t i = 0; i < door->contacts_count; i++) {
            const struct contact *contact = &door->contacts[i];

            if (contact->role == roles[r] && may_tell(in, door, contact, sought.passed) &&
                (!sought.within_reach || whom_is_within_reach(contact)))
                return contact;
        }
    }
    return NULL;
}

static const struct contact *whom(const struct plan_input *in, const struct plan_door *door,
                                  const enum contact_role *roles, size_t count)
{
    const struct contact *contact = first(in, door, roles, count, (struct sought){false, false});
    const struct contact *other = NULL;

    if (contact && contact->late)
        other = first(in, door, roles, count, (struct sought){false, true});
    return other ? other : contact;
}

const struct contact *whom_with_role(const struct plan_input *in, const struct plan_door *door,
                                     enum contact_role role)
{
    return whom(in, door, &role, 1);
}

/* The roles that are told there, in their order: returns how many. */
static size_t roles_at(const struct plan_door *door, const enum contact_role **out)
{
    static const enum contact_role there[] = {ROLE_DSL, ROLE_DEPUTY, ROLE_HEALTH_VISITOR};
    static const enum contact_role desk[] = {ROLE_LA_DESK};

    *out = door_is_desk(door) ? desk : there;
    if (door_is_desk(door))
        return 1;
    return door_is_centre(door) && door->policy.health_visitors ? 3 : 2;
}

const struct contact *whom_within_reach(const struct plan_input *in, const struct plan_door *door)
{
    const enum contact_role *roles;
    size_t count = roles_at(door, &roles);

    return first(in, door, roles, count, (struct sought){false, true});
}

const struct contact *whom_passed_over(const struct plan_input *in, const struct plan_door *door)
{
    const enum contact_role *roles;
    size_t count = roles_at(door, &roles);
    const struct contact *contact = first(in, door, roles, count, (struct sought){true, true});

    return contact ? contact : first(in, door, roles, count, (struct sought){true, false});
}

const struct contact *plan_whom(const struct plan_input *in, const struct plan_door *door)
{
    const enum contact_role *roles;
    size_t count = roles_at(door, &roles);

    return whom(in, door, roles, count);
}
