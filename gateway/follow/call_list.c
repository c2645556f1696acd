#include "follow/call_list.h"

#include <string.h>

enum { GRACE = 300 }; /* for a morning's many to go out */

const char *call_why_word(enum call_why why)
{
    static const char *const words[] = {

        [CALL_NO_CONTACT] = "no-contact",
        [CALL_NOT_VERIFIED] = "not-verified",
        [CALL_REFUSED] = "refused",
        [CALL_NO_CALENDAR] = "no-calendar",
        [CALL_UNDELIVERED] = "undelivered",
        [CALL_UNANSWERED] = "unanswered",
        [CALL_AMENDMENT] = "amendment-refused",
        [CALL_BARRED] = "barred",
    };

    return words[why];
}

/* Those who are told at that door, in their order. */
static bool has_role(const struct call_case *c, const struct contact *contact, int *order)
{
    const char *namespace = c->door->establishment.door.namespace;
    bool desk = strcmp(namespace, "la") == 0 || strcmp(namespace, "force") == 0;

    *order = 0;
    if (desk)
        return contact->role == (c->kind == NOTICE_NOTICE ? ROLE_HEALTH_VISITOR : ROLE_LA_DESK);
    *order = (int)contact->role;
    return contact->role == ROLE_DSL || contact->role == ROLE_DEPUTY ||
           (contact->role == ROLE_HEALTH_VISITOR && strcmp(namespace, "centre") == 0 &&
            c->door->policy.health_visitors);
}

/* What is known of the people at a door. */
struct people {
    const struct contact *ring; /* who is to be rung */
    bool any, allowed, deliverable, passed;
    bool barred; /* one of them */
};

static void look(const struct call_case *c, struct people *out)
{
    int best = 0;

    *out = (struct people){.ring = NULL};
    for (size_t i = 0; i < c->door->contacts_count; i++) {
        const struct contact *contact = &c->door->contacts[i];
        int order, rank;

        if (!has_role(c, contact, &order))
            continue;
        out->any = true;
        if (plan_is_barred(c->in, c->door, contact)) {
            out->barred = true;
            continue;
        }
        if (!contact->verified)
            continue;
        out->allowed = true;
        out->deliverable |= !contact->failed && !contact->passed;
        out->passed |= contact->passed;
        /* Who has a number comes before who is asked for; among those the register's order. */
        rank = (personal_is_set(&contact->telephone) ? 0 : 8) + order;
        if (!out->ring || rank < best) {
            out->ring = contact;
            best = rank;
        }
    }
}

/* Why nobody can be told by a message; CALL_UNDELIVERED when somebody could. */
static enum call_why why_not(const struct people *p, bool no_calendar)
{
    if (!p->any)
        return CALL_NO_CONTACT;
    if (!p->allowed)
        return p->barred ? CALL_BARRED : CALL_NOT_VERIFIED;
    if (!p->deliverable)
        return p->passed ? CALL_UNDELIVERED : CALL_REFUSED;
    return no_calendar ? CALL_NO_CALENDAR : CALL_UNDELIVERED;
}

static time_t bell_of(const struct call_case *c, time_t t)
{
    time_t bell = london_moment(london_day(t), c->door->policy.morning.bell_at);

    return t < bell ? bell : c->answer_by;
}

static bool is_amendment(const struct call_case *c)
{
    return c->kind == NOTICE_CORRECTION || c->kind == NOTICE_WITHDRAWAL;
}

/* Owed, and an item of it waits. */
static bool is_overdue(const struct call_case *c)
{
    time_t now = c->in->now;

    return now >= c->due_at && (c->tries > 0 || now >= c->due_at + GRACE);
}

static bool is_told_call(const struct call_case *c, enum call_why *why)
{
    *why = is_amendment(c) ? CALL_AMENDMENT : CALL_UNANSWERED;
    return is_amendment(c) ? c->refused : c->in->now >= c->answer_by;
}

bool call_judge(const struct call_case *c, struct call *out)
{
    struct people people;

    look(c, &people);
    *out =
        (struct call){.why = CALL_UNDELIVERED,
                      .by = bell_of(c, c->told ? c->told_at : c->due_at),
                      .contact = people.ring,
                      .guarded = people.barred || (!people.ring && c->in->do_not_tell_count > 0)};
    if (c->told && !c->desks && !is_told_call(c, &out->why))
        return false;
    if (c->desks || (!c->told && !c->waits))
        out->why = why_not(&people, c->desks);
    else if (!c->told && !is_overdue(c))
        return false;
    if (out->why == CALL_BARRED)
        out->guarded = false; /* nobody is spoken to at all */
    return true;
}

int call_compare(const struct call_rank *a, const struct call_rank *b, time_t now)
{
    static const int risks[] = {
        [RISK_UNKNOWN] = 0, [RISK_STANDARD] = 0, [RISK_MEDIUM] = 1, [RISK_HIGH] = 2};
    bool a_past = a->by < now, b_past = b->by < now;
    bool a_heard = a->why > CALL_UNDELIVERED, b_heard = b->why > CALL_UNDELIVERED;

    if (a_past != b_past)
        return a_past ? 1 : -1;
    if (a->by != b->by)
        return (a->by < b->by) == a_past ? 1 : -1;
    if (a_heard != b_heard)
        return a_heard ? 1 : -1;
    if (risks[a->risk] != risks[b->risk])
        return risks[a->risk] > risks[b->risk] ? -1 : 1;
    return (a->why > b->why) - (a->why < b->why);
}
