#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "plan/whom.h"

enum { SCHOOL_AGE = 5, RECEPTION_AGE = 4, ADULT_AGE = 18 };

enum plan_filter plan_filtered(const struct plan_input *in, const struct plan_child *child)
{
    const struct policy *policy = &in->doors[child->force_desk].policy;

    if (in->type != INCIDENT_DOMESTIC_ABUSE || child->told_count > 0 || child->desk_knows)
        return FILTER_NONE;
    if (in->risk != RISK_UNKNOWN && in->risk < policy->filter_risk)
        return FILTER_RISK;
    if (child->present == PRESENT_NOT && policy->filter_present != TELL_ALL)
        return FILTER_PRESENT;
    if (child->present == PRESENT_HEARD && policy->filter_present == TELL_PRESENT)
        return FILTER_PRESENT;
    return FILTER_NONE;
}

static int age_on(const struct plan_child *child, time_t t)
{
    return child->born == DAY_NONE ? child->age : day_age(child->born, london_day(t));
}

static bool is_under_five(const struct plan_child *child, time_t t)
{
    int age = age_on(child, t);

    return age >= 0 && age < SCHOOL_AGE;
}

/* Reception begins in the September after the fourth birthday; what comes before is a nursery. */
static bool is_below_reception(const struct plan_child *child, time_t t)
{
    day_t day = london_day(t), starts;
    int year, month, d;

    if (child->born == DAY_NONE)
        return child->age >= 0 && child->age < RECEPTION_AGE;
    day_to_civil(day, &year, &month, &d);
    starts = day_from_civil(year, 8, 31);
    if (starts > day)
        starts = day_from_civil(year - 1, 8, 31);
    return day_age(child->born, starts) < RECEPTION_AGE;
}

/* The duty is from reception to 17. An age that nobody knows does not lessen the duty. */
static enum basis basis_of(const struct plan_child *child, time_t t)
{
    return age_on(child, t) >= ADULT_AGE || is_below_reception(child, t) ? BASIS_LOCAL
                                                                         : BASIS_STATUTORY;
}

/* What would be told at a door, and why it cannot be. */
struct offer {
    const struct contact *contact;
    struct due due;
};

/* A missing child cannot wait for a morning, whoever is there to read of it: the answer can. */
static time_t read_and_answered_by(const struct plan_door *door, time_t at)
{
    struct morning hours = door->policy.morning;
    struct due due;

    hours.desk_ends = hours.day_ends;
    calendar_due_desk(&door->calendar, &hours, at, at, &due);
    return due.answer_by;
}

static bool is_told(const struct plan_child *child, size_t door)
{
    for (size_t i = 0; i < child->told_count; i++) {
        if (child->told[i] == door)
            return true;
    }
    return false;
}

/* Where a place on roll is now: of a closed establishment its one successor, and theirs. */
static size_t followed(const struct plan_input *in, size_t door)
{
    for (size_t steps = 0; steps < in->doors_count; steps++) {
        const struct plan_door *at = &in->doors[door];

        if (establishment_is_open(&at->establishment) || at->successors_count != 1)
            break;
        door = at->successors[0];
    }
    return door;
}

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
        if (has_missed(&in->doors[followed(in, child->enrolled[i])], false))
            return true;
    }
    for (size_t i = 0; i < child->centres_count; i++) {
        if (has_missed(&in->doors[followed(in, child->centres[i])], false))
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

/* As first_desk; where nobody is left, one who was passed over, best one who can be told. */
static size_t desk_of(const struct plan_input *in, const struct plan_child *child, time_t from,
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

static bool is_told_at_desk(const struct plan_child *child)
{
    return is_told(child, child->desk) || is_told(child, child->force_desk) ||
           (child->lives_elsewhere && is_told(child, child->home_force_desk));
}

/* Whether a desk can be told now in the place of those whose time is up. */
static bool desk_can_take(const struct plan_input *in, const struct plan_child *child)
{
    const struct contact *contact;
    const struct plan_door *door = &in->doors[desk_of(in, child, child->tell_from, &contact)];
    struct due due;

    calendar_due_desk(&door->calendar, &door->policy.morning, child->tell_from, in->now, &due);
    return whom_is_within_reach(contact) && due.at <= in->now && !is_told_at_desk(child);
}

/* Whether a desk has the child, or there is one that may be told and was not passed over. */
static bool has_a_desk(const struct plan_input *in, const struct plan_child *child)
{
    const struct contact *contact;

    first_desk(in, child, child->tell_from, &contact);
    return contact || is_told_at_desk(child);
}

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
    if (!out->contact && !has_a_desk(in, child))
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

static enum desk_reason worse(enum desk_reason a, enum desk_reason b)
{
    if (a == DESK_NONE || b == DESK_NONE)
        return a > b ? a : b;
    return a < b ? a : b;
}

static struct plan_notice *notice_at(const struct plan_input *in, struct plan *out, size_t door,
                                     enum notice_kind kind, struct err *err)
{
    struct plan_notice *more;

    for (size_t i = 0; i < out->count; i++) {
        if (out->notices[i].door == door && out->notices[i].kind == kind)
            return &out->notices[i];
    }
    more = reallocarray(out->notices, out->count + 1, sizeof *more);
    if (!more) {
        err_memory(err);
        return NULL;
    }
    out->notices = more;
    more += out->count;
    *more = (struct plan_notice){.door = door, .kind = kind, .basis = BASIS_LOCAL};
    more->child_ids = calloc(in->children_count, sizeof *more->child_ids);
    if (!more->child_ids) {
        err_memory(err);
        return NULL;
    }
    out->count++;
    return more;
}

static int owe(const struct plan_input *in, struct plan *out, const struct plan_child *child,
               enum notice_kind kind, size_t door, enum desk_reason reason,
               const struct offer *offer, struct err *err)
{
    struct plan_notice *notice = notice_at(in, out, door, kind, err);
    bool is_place = !door_is_centre(&in->doors[door]) && !door_is_desk(&in->doors[door]);

    if (!notice)
        return -1;
    if (notice->children_count > 0 &&
        notice->child_ids[notice->children_count - 1] == child->child_id)
        return 0;
    if ((is_place || kind == NOTICE_DESK) && basis_of(child, offer->due.at) == BASIS_STATUTORY)
        notice->basis = BASIS_STATUTORY;
    notice->reason = worse(notice->reason, reason);
    if (notice->children_count == 0 || offer->due.at < notice->due.at)
        notice->due = offer->due;
    notice->contact_id = offer->contact ? offer->contact->contact_id : -1;
    notice->child_ids[notice->children_count++] = child->child_id;
    return 0;
}

static bool is_at_open_school(const struct plan_input *in, const struct plan_child *child)
{
    for (size_t i = 0; i < child->enrolled_count; i++) {
        const struct plan_door *door = &in->doors[followed(in, child->enrolled[i])];

        if (!door_is_centre(door) && establishment_is_open(&door->establishment))
            return true;
    }
    return false;
}

/* A nursery is told by local agreement only. */
static bool is_agreed(const struct plan_child *child, const struct plan_door *door, time_t t)
{
    return door->policy.nurseries || !is_below_reception(child, t);
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

/* Every school that has the child on roll. *schools is how many; *reason why one cannot be told. A
 * closed one beside an open one is only a roll behind its time. */
static int tell_schools(const struct plan_input *in, struct plan *out,
                        const struct plan_child *child, size_t *schools, enum desk_reason *reason,
                        struct err *err)
{
    *schools = 0;
    for (size_t i = 0; i < child->enrolled_count; i++) {
        size_t index = followed(in, child->enrolled[i]);
        const struct plan_door *door = &in->doors[index];
        enum desk_reason not ;
        struct offer what;

        if (door_is_centre(door))
            continue;
        not = offer(in, child, door, child->attends[i], &what);
        if (!is_agreed(child, door, not == DESK_NONE ? what.due.at : in->now))
            continue;
        ++*schools;
        if (is_told(child, index) || is_a_desks(in, child, door, child->attends[i]))
            continue;
        if (not == DESK_NONE) {
            if (owe(in, out, child, NOTICE_NOTICE, index, DESK_NONE, &what, err) < 0)
                return -1;
        } else if ((not != DESK_CLOSED && not != DESK_SUCCESSORS) ||
                   door->establishment.status_code != ESTABLISHMENT_CLOSED ||
                   !is_at_open_school(in, child)) {
            *reason = worse(*reason, not );
        }
    }
    return 0;
}

/* The nth centre that a child may be told at: those that have it on roll, then those in reach. */
static bool nth_centre(const struct plan_input *in, const struct plan_child *child, size_t n,
                       size_t *door, unsigned *attends)
{
    for (size_t i = 0; i < child->enrolled_count; i++) {
        size_t index = followed(in, child->enrolled[i]);

        if (door_is_centre(&in->doors[index]) && n-- == 0) {
            *door = index;
            *attends = child->attends[i];
            return true;
        }
    }
    if (n >= child->centres_count)
        return false;
    *door = followed(in, child->centres[n]);
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
        if (is_told(child, index))
            return 0;
        if (!in->doors[index].policy.childrens_centres ||
            is_a_desks(in, child, &in->doors[index], attends))
            continue;
        not = offer(in, child, &in->doors[index], attends, &what);
        if (not == DESK_NONE && !is_under_five(child, what.due.at))
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

    if (!la->policy.health_visitors || strcmp(la->establishment.door.namespace, "la") != 0)
        return 0;
    what.contact = whom_with_role(in, la, ROLE_HEALTH_VISITOR);
    if (!what.contact || (what.contact->late && desk_can_take(in, child)))
        return 0;
    if (is_told(child, child->desk))
        return 1;
    return owe(in, out, child, NOTICE_NOTICE, child->desk, DESK_NONE, &what, err) < 0 ? -1 : 1;
}

static int tell_desk(const struct plan_input *in, struct plan *out, const struct plan_child *child,
                     enum desk_reason reason, struct err *err)
{
    struct offer what;
    size_t index = desk_of(in, child, child->tell_from, &what.contact);
    const struct plan_door *door = &in->doors[index];

    if (is_told_at_desk(child))
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
        if (!is_under_five(child, due.at))
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

/* Nobody answers: a desk rings them. When the authority's own does not, the force's does, if it has
 * one; nobody else is left to act. */
static int stand_in(const struct plan_input *in, struct plan *out, const struct plan_child *child,
                    struct err *err)
{
    struct offer what;
    size_t index = desk_of(in, child, child->unanswered_since, &what.contact);

    if (child->desk_is_silent) {
        index = child->lives_elsewhere ? child->home_force_desk : child->force_desk;
        what.contact = plan_whom(in, &in->doors[index]);
        if (!what.contact || index == child->desk)
            return 0;
    }
    calendar_due_desk(&in->doors[index].calendar, &in->doors[index].policy.morning,
                      child->unanswered_since, in->now, &what.due);
    return owe(in, out, child, NOTICE_DESK, index, DESK_NO_ANSWER, &what, err);
}

static bool comes_before(const struct plan_input *in, const struct plan_notice *a,
                         const struct plan_notice *b)
{
    const struct door *one = &in->doors[a->door].establishment.door;
    const struct door *two = &in->doors[b->door].establishment.door;
    int order = strcmp(one->namespace, two->namespace);

    if (a->due.at != b->due.at)
        return a->due.at < b->due.at;
    return (order ? order : strcmp(one->urn, two->urn)) < 0;
}

static void sort(const struct plan_input *in, struct plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        struct plan_notice notice = plan->notices[i];
        size_t j = i;

        for (; j > 0 && comes_before(in, &notice, &plan->notices[j - 1]); j--)
            plan->notices[j] = plan->notices[j - 1];
        plan->notices[j] = notice;
    }
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
    sort(in, out);
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
    return followed(in, door);
}
