#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "plan/age.h"
#include "plan/desk.h"
#include "plan/owe.h"
#include "plan/whom.h"

enum plan_filter plan_filtered(const struct plan_input *in, const struct plan_child *child)
{
    const struct policy *policy = &in->doors[child->force_desk].policy;

    if (in->type != INCIDENT_DOMESTIC_ABUSE || child->told_count > 0 || child->visitors_told ||
        child->desk_knows)
        return FILTER_NONE;
    if (in->risk != RISK_UNKNOWN && in->risk < policy->filter_risk)
        return FILTER_RISK;
    if (child->present == PRESENT_NOT && policy->filter_present != TELL_ALL)
        return FILTER_PRESENT;
    if (child->present == PRESENT_HEARD && policy->filter_present == TELL_PRESENT)
        return FILTER_PRESENT;
    return FILTER_NONE;
}

/* A missing child cannot wait for a morning, whoever is there to read of it: the answer can. */
static time_t read_and_answered_by(const struct plan_door *door, time_t at)
{
    struct morning hours = door->policy.morning;
    struct due due;

    hours.desk_ends = hours.day_ends;
    calendar_due_desk(&door->calendar, &hours, at, at, &due);
    return due.answer_by;
}

/* Why it cannot be told there; DESK_NONE: it can. */
static enum desk_reason offer(const struct plan_input *in, const struct plan_child *child,
                              const struct plan_door *door, unsigned attends, struct offer *out)
{
    struct morning morning = door->policy.morning;
    bool is_urgent = in->type != INCIDENT_DOMESTIC_ABUSE && morning.policy != MORNING_AT_ONCE;

    if (is_urgent)
        morning.policy = MORNING_AT_ONCE;
    if (!establishment_is_open(&door->establishment))
        return door->successors_count > 1 ? DESK_SUCCESSORS : DESK_CLOSED;
    out->contact = plan_whom(in, door);
    if (!out->contact && !desk_has(in, child))
        out->contact = whom_passed_over(in, door);
    if (!out->contact || (out->contact->late && desk_can_take(in, child)))
        return DESK_NO_CONTACT;
    if (calendar_due_attending(&door->calendar, &morning, attends, child->tell_from, in->now,
                               &out->due) == 0)
        return DESK_NO_CALENDAR;
    if (is_urgent)
        out->due.answer_by = read_and_answered_by(door, out->due.at);
    return age_on(child, out->due.at) >= ADULT_AGE ? DESK_OVER_AGE : DESK_NONE;
}

static bool has_followed(const struct plan_input *in, const struct plan_door *closed, size_t door)
{
    for (size_t i = 0; i < closed->successors_count; i++) {
        if (plan_followed(in, closed->successors[i]) == door)
            return true;
    }
    return false;
}

/* Whether a closed place is no more than a roll behind its time: the child is at an open school too, and
 * where several have followed the closed one it is one of those. */
static bool is_out_of_date(const struct plan_input *in, const struct plan_child *child,
                           const struct plan_door *closed)
{
    if (closed->establishment.status_code != ESTABLISHMENT_CLOSED)
        return false;
    for (size_t i = 0; i < child->enrolled_count; i++) {
        size_t index = plan_followed(in, child->enrolled[i]);
        const struct plan_door *door = &in->doors[index];

        if (!door_is_centre(door) && establishment_is_open(&door->establishment) &&
            (closed->successors_count <= 1 || has_followed(in, closed, index)))
            return true;
    }
    return false;
}

/* A nursery is told by local agreement only. */
static bool is_agreed(const struct plan_child *child, const struct plan_door *door, time_t t)
{
    return door->policy.nurseries || !age_is_below_reception(child, t);
}

/* Whether a desk has been left with the child: an establishment should have been told long ago. */
static bool is_a_desks(const struct plan_input *in, const struct plan_child *child,
                       const struct plan_door *door, unsigned attends)
{
    const time_t patience = (time_t)PLAN_DESK_DAYS * 24 * 3600;
    struct due due;

    if (!child->desk_instead)
        return false;
    if (calendar_due_attending(&door->calendar, &door->policy.morning, attends, child->tell_from,
                               in->now, &due) == 0)
        due.first_at = child->tell_from;
    return due.first_at + patience < in->now;
}

/* Every school that has the child on roll. *schools is how many; *reason why one cannot be told. */
static int tell_schools(const struct plan_input *in, struct plan *out,
                        const struct plan_child *child, size_t *schools, enum desk_reason *reason,
                        struct err *err)
{
    *schools = 0;
    for (size_t i = 0; i < child->enrolled_count; i++) {
        size_t index = plan_followed(in, child->enrolled[i]);
        const struct plan_door *door = &in->doors[index];
        enum desk_reason not ;
        struct offer what;

        if (door_is_centre(door))
            continue;
        not = offer(in, child, door, child->attends[i], &what);
        if (!is_agreed(child, door, not == DESK_NONE ? what.due.at : in->now))
            continue;
        ++*schools;
        if (plan_is_told(child, index) || is_a_desks(in, child, door, child->attends[i]))
            continue;
        if (not == DESK_NONE) {
            if (owe(in, out, child, NOTICE_NOTICE, index, DESK_NONE, &what, err) < 0)
                return -1;
        } else if ((not != DESK_CLOSED && not != DESK_SUCCESSORS) ||
                   !is_out_of_date(in, child, door)) {
            *reason = owe_worse(*reason, not );
        }
    }
    return 0;
}

/* The nth centre that a child may be told at: those that have it on roll, then those in reach. */
static bool nth_centre(const struct plan_input *in, const struct plan_child *child, size_t n,
                       size_t *door, unsigned *attends)
{
    for (size_t i = 0; i < child->enrolled_count; i++) {
        size_t index = plan_followed(in, child->enrolled[i]);

        if (door_is_centre(&in->doors[index]) && n-- == 0) {
            *door = index;
            *attends = child->attends[i];
            return true;
        }
    }
    if (n >= child->centres_count)
        return false;
    *door = plan_followed(in, child->centres[n]);
    *attends = 0;
    return true;
}

/* One centre, the nearest that has agreed and can be told. *reason is DESK_NONE when there is one,
 * else why not, DESK_UNDER_FIVE when none has agreed. */
static int tell_centre(const struct plan_input *in, struct plan *out,
                       const struct plan_child *child, enum desk_reason *reason, struct err *err)
{
    enum desk_reason first = DESK_NONE;
    unsigned attends;
    size_t index;

    for (size_t n = 0; nth_centre(in, child, n, &index, &attends); n++) {
        enum desk_reason not ;
        struct offer what;

        *reason = DESK_NONE;
        if (plan_is_told(child, index))
            return 0;
        if (!in->doors[index].policy.childrens_centres ||
            is_a_desks(in, child, &in->doors[index], attends))
            continue;
        not = offer(in, child, &in->doors[index], attends, &what);
        if (not == DESK_NONE && !age_is_under_five(child, what.due.at))
            continue;
        if (not == DESK_NONE)
            return owe(in, out, child, NOTICE_NOTICE, index, DESK_NONE, &what, err);
        if (first == DESK_NONE)
            first = not ;
    }
    *reason = first == DESK_NONE ? DESK_UNDER_FIVE : first;
    return 0;
}

/* The home authority's health visitors, where it has agreed to that: 1 they are told, 0, -1. */
static int tell_health_visitors(const struct plan_input *in, struct plan *out,
                                const struct plan_child *child, const struct due *due,
                                struct err *err)
{
    const struct plan_door *la = &in->doors[child->desk];
    struct offer what = {.due = *due};

    if (child->visitors_told)
        return 1;
    if (!la->policy.health_visitors || child->visitors_refuse ||
        strcmp(la->establishment.door.namespace, "la") != 0)
        return 0;
    what.contact = whom_with_role(in, la, ROLE_HEALTH_VISITOR);
    if (!what.contact || (what.contact->late && desk_can_take(in, child)))
        return 0;
    if (plan_is_told(child, child->desk))
        return 1;
    return owe(in, out, child, NOTICE_NOTICE, child->desk, DESK_NONE, &what, err) < 0 ? -1 : 1;
}

static int tell_desk(const struct plan_input *in, struct plan *out, const struct plan_child *child,
                     enum desk_reason reason, struct err *err)
{
    struct offer what;
    size_t index = desk_of(in, child, child->tell_from, &what.contact);
    const struct plan_door *door = &in->doors[index];

    if (desk_is_told(child))
        return 0;
    calendar_due_desk(&door->calendar, &door->policy.morning, child->tell_from, in->now, &what.due);
    return owe(in, out, child, NOTICE_DESK, index, reason, &what, err);
}

/* A child under five who is on no roll where anybody is told. *reason as of tell_centre. */
static int tell_locally(const struct plan_input *in, struct plan *out,
                        const struct plan_child *child, const struct due *due,
                        enum desk_reason *reason, struct err *err)
{
    int rc = tell_centre(in, out, child, reason, err);

    if (rc < 0 || *reason == DESK_NONE)
        return rc;
    rc = tell_health_visitors(in, out, child, due, err);
    if (rc == 1)
        *reason = DESK_NONE;
    return rc < 0 ? -1 : 0;
}

/* A conference on the family is to hear of the child: the desk is told beside the establishment. Where
 * there is none nobody is kept waiting, for the child is told of. */
static int tell_of_marac(const struct plan_input *in, struct plan *out,
                         const struct plan_child *child, struct err *err)
{
    const struct contact *contact;

    if (!in->is_marac || child->desk_knows || !in->doors[child->force_desk].policy.marac_desk)
        return 0;
    desk_of(in, child, child->tell_from, &contact);
    return contact ? tell_desk(in, out, child, DESK_MARAC, err) : 0;
}

static int tell(const struct plan_input *in, struct plan *out, const struct plan_child *child,
                struct err *err)
{
    const struct plan_door *desk = &in->doors[child->desk];
    enum desk_reason reason = DESK_NONE;
    size_t schools = 0;
    struct due due;

    calendar_due_desk(&desk->calendar, &desk->policy.morning, child->tell_from, in->now, &due);
    if (child->outcome == MATCH_MATCH && tell_schools(in, out, child, &schools, &reason, err) < 0)
        return -1;
    if (child->outcome == MATCH_REVIEW) {
        reason = child->wrong_door_at > 0 ? DESK_WRONG_DOOR : DESK_REVIEW;
    } else if (schools == 0) {
        if (!age_is_under_five(child, due.at))
            reason = child->outcome != MATCH_MATCH ? DESK_NO_MATCH
                     : child->wrong_door_at > 0    ? DESK_WRONG_DOOR
                                                   : DESK_NOT_ENROLLED;
        else if (tell_locally(in, out, child, &due, &reason, err) < 0)
            return -1;
    }
    if (reason == DESK_NONE)
        return tell_of_marac(in, out, child, err);
    if (age_on(child, due.at) >= ADULT_AGE)
        reason = DESK_OVER_AGE;
    return tell_desk(in, out, child, reason, err);
}

/* Nobody answers: a desk rings them. When the authority's own does not, the one behind it does; where there
 * is none, nobody else is left to act. */
static int stand_in(const struct plan_input *in, struct plan *out, const struct plan_child *child,
                    struct err *err)
{
    struct offer what;
    size_t index = desk_of(in, child, child->unanswered_since, &what.contact);

    if (child->desk_is_silent && !desk_behind(in, child, &index, &what.contact))
        return 0;
    calendar_due_desk(&in->doors[index].calendar, &in->doors[index].policy.morning,
                      child->unanswered_since, in->now, &what.due);
    return owe(in, out, child, NOTICE_DESK, index, DESK_NO_ANSWER, &what, err);
}

int plan_make(const struct plan_input *in, struct plan *out, struct err *err)
{
    *out = (struct plan){0};
    for (size_t i = 0; i < in->children_count; i++) {
        const struct plan_child *child = &in->children[i];

        if (child->settled || plan_filtered(in, child) != FILTER_NONE)
            continue;
        if (tell(in, out, child, err) < 0 ||
            (child->unanswered_since > 0 && stand_in(in, out, child, err) < 0)) {
            plan_release(out);
            return -1;
        }
    }
    owe_sort(in, out);
    return 0;
}

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free(plan->notices[i].child_ids);
    free(plan->notices);
    *plan = (struct plan){0};
}

size_t plan_followed(const struct plan_input *in, size_t door)
{
    for (size_t steps = 0; steps < in->doors_count; steps++) {
        const struct plan_door *at = &in->doors[door];

        if (establishment_is_open(&at->establishment) || at->successors_count != 1)
            break;
        door = at->successors[0];
    }
    return door;
}

bool plan_is_told(const struct plan_child *child, size_t door)
{
    for (size_t i = 0; i < child->told_count; i++) {
        if (child->told[i] == door)
            return true;
    }
    return false;
}
