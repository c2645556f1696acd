#include "plan/desk.h"

#include "plan/whom.h"

static bool has_missed(const struct plan_door *door, bool visitors_only)
{
    for (size_t i = 0; i < door->contacts_count; i++) {
        const struct contact *contact = &door->contacts[i];

        if ((contact->late || contact->failed || contact->passed) &&
            (!visitors_only || contact->role == ROLE_HEALTH_VISITOR))
            return true;
    }
    return false;
}

/* Whether somebody who was to have it at a place of the child's has not got it. */
static bool somebody_has_missed_it(const struct plan_input *in, const struct plan_child *child)
{
    for (size_t i = 0; i < child->enrolled_count; i++) {
        if (has_missed(&in->doors[plan_followed(in, child->enrolled[i])], false))
            return true;
    }
    for (size_t i = 0; i < child->centres_count; i++) {
        if (has_missed(&in->doors[plan_followed(in, child->centres[i])], false))
            return true;
    }
    return has_missed(&in->doors[child->desk], true);
}

/* Who is told at a desk: where it is told now, rather one whom a way leads to that works. */
static const struct contact *whom_at_desk(const struct plan_input *in, const struct plan_door *door,
                                          time_t from, bool *now)
{
    const struct contact *contact = plan_whom(in, door), *other = NULL;
    struct due due;

    calendar_due_desk(&door->calendar, &door->policy.morning, from, in->now, &due);
    *now = due.at <= in->now;
    if (contact && contact->down && *now)
        other = whom_within_reach(in, door);
    return other ? other : contact;
}

enum { DESKS = 3 };

/* The nearest to the child's home first. */
static void find_desks(const struct plan_child *child, size_t out[DESKS])
{
    out[0] = child->desk;
    out[1] = child->lives_elsewhere ? child->home_force_desk : child->force_desk;
    out[2] = child->force_desk;
}

/* The desk that has somebody, the nearest to the child's home first; the home's own when none has. One
 * whose time is up gives way to one that a way leads to that works, and so does, where somebody has
 * missed the child's notice already, one that no such way leads to. */
static size_t first_desk(const struct plan_input *in, const struct plan_child *child, time_t from,
                         const struct contact **contact)
{
    bool missed = somebody_has_missed_it(in, child), now;
    size_t first = child->desk, desks[DESKS];

    *contact = NULL;
    find_desks(child, desks);
    for (size_t i = 0; i < DESKS; i++) {
        const struct contact *there = whom_at_desk(in, &in->doors[desks[i]], from, &now);

        if (!there || (*contact && !whom_is_within_reach(there)))
            continue;
        *contact = there;
        first = desks[i];
        if (!there->late && !(missed && now && there->down))
            break;
    }
    return first;
}

size_t desk_of(const struct plan_input *in, const struct plan_child *child, time_t from,
               const struct contact **contact)
{
    size_t first = first_desk(in, child, from, contact), desks[DESKS];

    if (*contact)
        return first;
    find_desks(child, desks);
    for (size_t i = 0; i < DESKS && !whom_is_within_reach(*contact); i++) {
        const struct contact *there = whom_passed_over(in, &in->doors[desks[i]]);

        if (!there || (*contact && !whom_is_within_reach(there)))
            continue;
        *contact = there;
        first = desks[i];
    }
    return first;
}

bool desk_behind(const struct plan_input *in, const struct plan_child *child, size_t *desk,
                 const struct contact **contact)
{
    size_t desks[DESKS];

    find_desks(child, desks);
    for (size_t i = 1; i < DESKS; i++) {
        *desk = desks[i];
        *contact = plan_whom(in, &in->doors[desks[i]]);
        if (*contact && desks[i] != child->desk)
            return true;
    }
    return false;
}

bool desk_is_told(const struct plan_child *child)
{
    return plan_is_told(child, child->desk) || plan_is_told(child, child->force_desk) ||
           (child->lives_elsewhere && plan_is_told(child, child->home_force_desk));
}

bool desk_can_take(const struct plan_input *in, const struct plan_child *child)
{
    const struct contact *contact;
    const struct plan_door *door = &in->doors[desk_of(in, child, child->tell_from, &contact)];
    struct due due;

    calendar_due_desk(&door->calendar, &door->policy.morning, child->tell_from, in->now, &due);
    return whom_is_within_reach(contact) && due.at <= in->now && !desk_is_told(child);
}

bool desk_has(const struct plan_input *in, const struct plan_child *child)
{
    const struct contact *contact;

    first_desk(in, child, child->tell_from, &contact);
    return contact || desk_is_told(child);
}
