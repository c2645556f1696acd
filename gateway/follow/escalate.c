#include "follow/escalate.h"

#include <string.h>
#include <strings.h>

/* Those who come later have a third of the time that the first had: by default the deputy at 08:15,
 * another way at 08:30 and the desk at the bell, 08:45. */
enum { SHARE = 3, SHARE_LEAST = 60 };

static time_t share(const struct escalate_input *in)
{
    int seconds = in->door->policy.morning.answer_within / SHARE;

    return seconds < SHARE_LEAST ? SHARE_LEAST : seconds;
}

static const struct escalate_try *tried(const struct escalate_input *in,
                                        const struct contact *contact)
{
    for (size_t i = 0; i < in->tries_count; i++) {
        if (in->tries[i].contact_id == contact->contact_id)
            return &in->tries[i];
    }
    return NULL;
}

static bool is_one_person(const struct contact *a, const struct contact *b)
{
    return strcasecmp(personal_reveal(&a->name), personal_reveal(&b->name)) == 0;
}

/* Whether that person has been told or was to be, by this or another adapter. */
static bool is_tried_person(const struct escalate_input *in, const struct contact *contact)
{
    for (size_t i = 0; i < in->door->contacts_count; i++) {
        const struct contact *other = &in->door->contacts[i];

        if (tried(in, other) && is_one_person(contact, other))
            return true;
    }
    return false;
}

static const struct contact *with_role(const struct escalate_input *in, enum contact_role role,
                                       bool another_way)
{
    for (size_t i = 0; i < in->door->contacts_count; i++) {
        const struct contact *contact = &in->door->contacts[i];

        if (contact->role == role && !tried(in, contact) &&
            is_tried_person(in, contact) == another_way && plan_may_tell(in->in, in->door, contact))
            return contact;
    }
    return NULL;
}

/* Another person before another way to the same one. */
static const struct contact *next_contact(const struct escalate_input *in)
{
    static const enum contact_role school[] = {ROLE_DSL, ROLE_DEPUTY};
    static const enum contact_role desk[] = {ROLE_LA_DESK};
    static const enum contact_role visitors[] = {ROLE_HEALTH_VISITOR};
    const char *namespace = in->door->establishment.door.namespace;
    const enum contact_role *roles = in->is_task                    ? desk
                                     : strcmp(namespace, "la") == 0 ? visitors
                                                                    : school;
    size_t count = roles == school ? ARRAY_SIZE(school) : 1;

    for (int another_way = 0; another_way <= 1; another_way++) {
        for (size_t i = 0; i < count; i++) {
            const struct contact *contact = with_role(in, roles[i], another_way);

            if (contact)
                return contact;
        }
    }
    return NULL;
}

/* When an answer has been waited for long enough. Who was told late has a third, too. */
static time_t waited_until(const struct escalate_input *in)
{
    const struct escalate_try *last = &in->tries[in->tries_count - 1];

    if (last->followed)
        return last->failed ? last->at : last->at + share(in);
    return in->answer_by > in->told_at + share(in) ? in->answer_by : in->told_at + share(in);
}

/* The first moment from t on at which somebody is there. */
static time_t when_there(const struct escalate_input *in, bool is_desk, time_t t)
{
    struct morning hours = in->door->policy.morning;
    struct due due;

    if (hours.policy == MORNING_AT_ONCE)
        return t;
    if (!is_desk)
        hours.desk_ends = hours.day_ends;
    calendar_due_desk(&in->door->calendar, &hours, t, t, &due);
    return due.at;
}

struct escalation escalate(const struct escalate_input *in)
{
    struct escalation next = {.contact = next_contact(in)};
    time_t now = in->in->now, from = waited_until(in);

    next.step = next.contact ? ESCALATE_CONTACT : ESCALATE_DESK;
    if (next.step == ESCALATE_DESK && in->is_task &&
        strcmp(in->door->establishment.door.namespace, "force") == 0)
        return (struct escalation){.step = ESCALATE_END};
    next.at = when_there(in, in->is_task || next.step == ESCALATE_DESK, from > now ? from : now);
    if (next.at > now)
        return (struct escalation){.step = ESCALATE_WAIT, .at = next.at};
    next.answer_by = now + share(in);
    return next;
}
