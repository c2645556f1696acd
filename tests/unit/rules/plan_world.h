/* tests/unit/rules/plan_world.h - what a .case file says is on file and has happened: its `given`
 * phrases. Strict: a word that is none is an error that names file and line. */
#ifndef PLAN_WORLD_H
#define PLAN_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

enum {
    CASE_DOORS = 24,
    CASE_CONTACTS = 32,
    CASE_RANGES = 96,
    CASE_POLICIES = 16,
    CASE_LINKS = 8,
    CASE_CHILDREN = 8,

    CASE_WORD = 40,
    CASE_WORDS = 24,
};

struct case_range {
    struct calendar_range range;
    struct door door; /* namespace "" for bank holidays */
};

struct case_contact {
    struct contact contact; /* name and address stay empty: person is the name */
    char name[CASE_WORD], person[CASE_WORD], address[CASE_WORD];
    bool gone;
};

struct case_child {
    struct plan_child child;
    char name[CASE_WORD];
    size_t told[PLAN_DOORS_PER_CHILD];
    bool outcome_said;
};

struct case_link {
    size_t from, to;
};

struct case_bar {
    char role[CASE_WORD], urn[CASE_WORD], address[CASE_WORD];
};

/* What is on file and what has happened: plain values, so that a case begins with a copy of what its
 * file says before the first one. */
struct world {
    struct establishment doors[CASE_DOORS];
    size_t doors_count;
    struct case_contact contacts[CASE_CONTACTS];
    size_t contacts_count;
    struct case_range ranges[CASE_RANGES];
    size_t ranges_count;
    struct policy_row policies[CASE_POLICIES];
    size_t policies_count;
    struct case_child children[CASE_CHILDREN];
    size_t children_count;
    struct case_bar bars[INCIDENT_DO_NOT_TELL_MAX];
    size_t bars_count;
    struct case_link links[CASE_LINKS];
    size_t links_count;
    enum incident_risk risk;
    enum incident_type type;
    bool is_marac;
    char force[FORCE_SIZE];
    char home[LA_CODE_SIZE];
    char home_force[FORCE_SIZE]; /* "" as force */
    time_t accepted_at, now;     /* -1 not said */
};

/* Where the reader is, and the first thing that is wrong. */
struct place_in_file {
    const char *file;
    int line;
    char wrong[300]; /* "" nothing */
};

/* The words of a phrase, taken from the front. */
struct words {
    char *word[CASE_WORDS];
    size_t count, at;
};

static bool wrong(struct place_in_file *r, const char *fmt, ...) PRINTF(2, 3);
static bool wrong(struct place_in_file *r, const char *fmt, ...)
{
    char what[200];
    va_list ap;

    if (r->wrong[0])
        return false; /* the first is what a person mends */
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    snprintf(r->wrong, sizeof r->wrong, "%s:%d: %s", r->file, r->line, what);
    return false;
}

static const char *peek(const struct words *w)
{
    return w->at < w->count ? w->word[w->at] : "";
}

static const char *next(struct words *w)
{
    return w->at < w->count ? w->word[w->at++] : "";
}

static bool room(struct place_in_file *r, size_t count, size_t most)
{
    return count < most ? true : wrong(r, "more than %zu of these", most);
}

static bool split(struct place_in_file *r, char *phrase, struct words *w)
{
    char *save = NULL;

    memset(w, 0, sizeof *w);
    for (char *p = strtok_r(phrase, " \t", &save); p; p = strtok_r(NULL, " \t", &save)) {
        if (!room(r, w->count, CASE_WORDS))
            return false;
        w->word[w->count++] = p;
    }
    return true;
}

static bool take(struct words *w, const char *word)
{
    if (strcmp(peek(w), word) != 0)
        return false;
    w->at++;
    return true;
}

static bool keep(struct place_in_file *r, struct words *w, char *out, size_t size, const char *what)
{
    const char *word = next(w);

    if (word[0] == '\0' || strlen(word) >= size)
        return wrong(r, "%s is missing or too long", what);
    snprintf(out, size, "%s", word);
    return true;
}

static bool read_day(struct place_in_file *r, struct words *w, day_t *out)
{
    const char *word = next(w);

    *out = day_parse(word);
    return *out != DAY_NONE ? true : wrong(r, "'%s' is no date yyyy-mm-dd", word);
}

/* hh:mm or hh:mm:ss */
static bool read_time(struct place_in_file *r, const char *word, int *out)
{
    char minutes[6];
    int seconds = 0;

    snprintf(minutes, sizeof minutes, "%s", word);
    *out = time_of_day_parse(minutes);
    if (strlen(word) == 8 && word[5] == ':' && word[6] >= '0' && word[6] <= '5' && word[7] >= '0' &&
        word[7] <= '9')
        seconds = (word[6] - '0') * 10 + word[7] - '0';
    else if (strlen(word) != 5)
        *out = -1;
    if (*out < 0)
        return wrong(r, "'%s' is no time hh:mm", word);
    *out += seconds;
    return true;
}

static bool read_moment(struct place_in_file *r, struct words *w, time_t *out)
{
    day_t day;
    int second;

    if (!read_day(r, w, &day) || !read_time(r, next(w), &second))
        return false;
    *out = london_moment(day, second);
    return true;
}

static bool read_door(struct place_in_file *r, struct words *w, struct door *out)
{
    static const char *const namespaces[] = {"school", "centre", "la", "force"};

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
        if (take(w, namespaces[i])) {
            snprintf(out->namespace, sizeof out->namespace, "%s", namespaces[i]);
            return keep(r, w, out->urn, sizeof out->urn, "whose number");
        }
    }
    return wrong(r, "'%s' is none of school, centre, la, force", peek(w));
}

static size_t find_door(const struct world *world, const struct door *door)
{
    size_t i = 0;

    while (i < world->doors_count && (strcmp(world->doors[i].door.namespace, door->namespace) ||
                                      strcmp(world->doors[i].door.urn, door->urn)))
        i++;
    return i;
}

static bool known_door(struct place_in_file *r, const struct world *world, struct words *w,
                       size_t *out)
{
    struct door door;

    if (!read_door(r, w, &door))
        return false;
    *out = find_door(world, &door);
    return *out < world->doors_count ? true
                                     : wrong(r, "%s %s was not given", door.namespace, door.urn);
}

/* school 100001 in 373 [closed|closing|unknown]; centre 20001 in 373; la 373; force south-yorkshire */
static bool given_door(struct place_in_file *r, struct world *world, struct words *w)
{
    struct establishment *e = &world->doors[world->doors_count];
    struct door door;

    if (!room(r, world->doors_count, CASE_DOORS) || !read_door(r, w, &door))
        return false;
    if (find_door(world, &door) < world->doors_count)
        return wrong(r, "%s %s was given already", door.namespace, door.urn);
    *e = (struct establishment){.door = door, .status_code = ESTABLISHMENT_OPEN};
    if (strcmp(door.namespace, "la") == 0)
        snprintf(e->la_code, sizeof e->la_code, "%.7s", door.urn);
    else if (strcmp(door.namespace, "force") != 0 &&
             (!take(w, "in") || !keep(r, w, e->la_code, sizeof e->la_code, "its authority")))
        return wrong(r, "in which authority?");
    world->doors_count++;
    return true;
}

/* What is left of the phrase, or up to the next "at": mon tue sat */
static bool read_weekdays(struct place_in_file *r, struct words *w, unsigned *out)
{
    *out = 0;
    while (peek(w)[0] && weekdays_parse(peek(w)))
        *out |= weekdays_parse(next(w));
    return *out ? true : wrong(r, "'%s' is no weekday such as mon", peek(w));
}

/* term|closure|inset of la 373 D [to D] [on mon tue sat]; bank-holiday D */
static bool given_range(struct place_in_file *r, struct world *world, struct words *w,
                        enum calendar_kind kind)
{
    struct case_range *range = &world->ranges[world->ranges_count];

    if (!room(r, world->ranges_count, CASE_RANGES))
        return false;
    *range = (struct case_range){.range.kind = kind};
    if (kind != CALENDAR_BANK_HOLIDAY && (!take(w, "of") || !read_door(r, w, &range->door)))
        return wrong(r, "of which authority or establishment?");
    range->range.own = strcmp(range->door.namespace, "school") == 0 ||
                       strcmp(range->door.namespace, "centre") == 0;
    if (!read_day(r, w, &range->range.from))
        return false;
    range->range.to = range->range.from;
    if (take(w, "to") && !read_day(r, w, &range->range.to))
        return false;
    if (range->range.to < range->range.from)
        return wrong(r, "it ends before it begins");
    if (take(w, "on") && !read_weekdays(r, w, &range->range.days))
        return false;
    world->ranges_count++;
    return true;
}

static size_t find_contact(const struct world *world, const char *name)
{
    size_t i = 0;

    while (i < world->contacts_count && strcmp(world->contacts[i].name, name) != 0)
        i++;
    return i;
}

/* contact Una dsl of school 100001 [person Una] [address una@example.test] [unverified] */
static bool given_contact(struct place_in_file *r, struct world *world, struct words *w)
{
    struct case_contact *c = &world->contacts[world->contacts_count];
    const char *role;
    size_t door;

    if (!room(r, world->contacts_count, CASE_CONTACTS))
        return false;
    memset(c, 0, sizeof *c);
    c->contact.contact_id = (int64_t)world->contacts_count + 1;
    if (!keep(r, w, c->name, sizeof c->name, "the contact's name"))
        return false;
    if (find_contact(world, c->name) < world->contacts_count)
        return wrong(r, "%s was given already", c->name);
    role = next(w);
    if (!contact_role_parse(role, &c->contact.role))
        return wrong(r, "'%s' is no role", role);
    if (!take(w, "of") || !known_door(r, world, w, &door))
        return wrong(r, "contact of which door?");
    c->contact.door = world->doors[door].door;
    memcpy(c->person, c->name, sizeof c->person);
    if (take(w, "person") && !keep(r, w, c->person, sizeof c->person, "whose it is"))
        return false;
    if (take(w, "address") && !keep(r, w, c->address, sizeof c->address, "the address"))
        return false;
    c->contact.verified = !take(w, "unverified");
    world->contacts_count++;
    return true;
}

/* policy all KEY VALUE; policy la 373 KEY VALUE */
static bool given_policy(struct place_in_file *r, struct world *world, struct words *w)
{
    struct policy_row *row = &world->policies[world->policies_count];
    struct err err;

    if (!room(r, world->policies_count, CASE_POLICIES))
        return false;
    memset(row, 0, sizeof *row);
    if (!keep(r, w, row->scope, sizeof row->scope, "the scope") ||
        (strcmp(row->scope, "all") != 0 && !keep(r, w, row->id, sizeof row->id, "whose policy")) ||
        !keep(r, w, row->key, sizeof row->key, "the key") ||
        !keep(r, w, row->value, sizeof row->value, "the value"))
        return false;
    if (policy_check(row, &err) < 0)
        return wrong(r, "%s", err.text);
    world->policies_count++;
    return true;
}

/* do-not-tell [role dsl] [school 100001] [address una@example.test] */
static bool given_bar(struct place_in_file *r, struct world *world, struct words *w)
{
    struct case_bar *bar = &world->bars[world->bars_count];
    enum contact_role role;

    if (!room(r, world->bars_count, INCIDENT_DO_NOT_TELL_MAX))
        return false;
    memset(bar, 0, sizeof *bar);
    if (take(w, "role") && !keep(r, w, bar->role, sizeof bar->role, "the role"))
        return false;
    if (take(w, "school") && !keep(r, w, bar->urn, URN_SIZE, "the school"))
        return false;
    if (take(w, "address") && !keep(r, w, bar->address, sizeof bar->address, "the address"))
        return false;
    if (!bar->role[0] && !bar->urn[0] && !bar->address[0])
        return wrong(r, "do not tell whom?");
    if (bar->role[0] && !contact_role_parse(bar->role, &role))
        return wrong(r, "'%s' is no role", bar->role);
    world->bars_count++;
    return true;
}

static bool add_index(struct place_in_file *r, const struct world *world, struct words *w,
                      size_t list[PLAN_DOORS_PER_CHILD], size_t *count)
{
    return room(r, *count, PLAN_DOORS_PER_CHILD) && known_door(r, world, w, &list[(*count)++]);
}

static bool child_phrase(struct place_in_file *r, const struct world *world, struct words *w,
                         struct case_child *c)
{
    struct plan_child *child = &c->child;

    if (take(w, "born"))
        return read_day(r, w, &child->born);
    if (take(w, "aged")) {
        child->age = atoi(peek(w));
        return strspn(next(w), "0123456789") > 0 ? true : wrong(r, "aged how many years?");
    }
    if (take(w, "at")) {
        child->outcome = MATCH_MATCH;
        c->outcome_said = true;
        return add_index(r, world, w, child->enrolled, &child->enrolled_count) &&
               (!take(w, "on") || read_weekdays(r, w, &child->attends[child->enrolled_count - 1]));
    }
    if (take(w, "present") || take(w, "heard") || take(w, "absent")) {
        const char *how = w->word[w->at - 1];

        child->present = how[0] == 'p'   ? PRESENT_PRESENT
                         : how[0] == 'h' ? PRESENT_HEARD
                                         : PRESENT_NOT;
        return true;
    }
    if (take(w, "near"))
        return add_index(r, world, w, child->centres, &child->centres_count);
    if (take(w, "told"))
        return add_index(r, world, w, c->told, &child->told_count);
    if (take(w, "unanswered"))
        return take(w, "since") && read_moment(r, w, &child->unanswered_since);
    if (take(w, "desk")) {
        if (take(w, "knows"))
            return child->desk_knows = true;
        if (take(w, "instead"))
            return child->desk_instead = true;
        child->desk_is_silent = take(w, "silent");
        return take(w, "since") && read_moment(r, w, &child->unanswered_since);
    }
    if (take(w, "visitors")) {
        if (take(w, "told"))
            return child->visitors_told = true;
        child->visitors_refuse = true;
        return take(w, "not") && take(w, "theirs");
    }
    if (take(w, "wrong")) {
        child->wrong_door_at = 1;
        return take(w, "door");
    }
    c->outcome_said = true;
    if (take(w, "unenrolled"))
        child->outcome = MATCH_MATCH;
    else if (take(w, "unmatched"))
        child->outcome = MATCH_NONE;
    else if (take(w, "review"))
        child->outcome = MATCH_REVIEW;
    else if (take(w, "settled"))
        child->settled = true;
    else
        return wrong(r, "'%s' is nothing to say of a child", peek(w));
    return true;
}

/* child A [born D|aged N] [present|heard|absent] at school 100001 [on mon wed] at school 100002 |
 * unmatched | unenrolled | review [near centre 20001] [told school 100001] [settled] [wrong door]
 * [unanswered since D hh:mm | desk silent since D hh:mm] [desk knows] [desk instead] */
static bool given_child(struct place_in_file *r, struct world *world, struct words *w)
{
    struct case_child *c = &world->children[world->children_count];

    if (!room(r, world->children_count, CASE_CHILDREN))
        return false;
    memset(c, 0, sizeof *c);
    if (!keep(r, w, c->name, sizeof c->name, "the child's name"))
        return false;
    c->child.child_id = (int64_t)world->children_count + 1;
    c->child.born = DAY_NONE;
    c->child.age = -1;
    while (peek(w)[0]) {
        if (!child_phrase(r, world, w, c))
            return false;
    }
    if (!c->outcome_said)
        return wrong(r, "at which school, or unmatched, unenrolled, review?");
    world->children_count++;
    return true;
}

/* but Una gone|unverified|failed|late|passed over|cut off; but school 100001 closed|closing|unknown; but no terms of la 373;
 * but no home */
static bool given_but(struct place_in_file *r, struct world *world, struct words *w)
{
    struct door door;
    size_t i;

    if (take(w, "no")) {
        if (take(w, "home")) {
            world->home[0] = '\0';
            return true;
        }
        if (!take(w, "terms") || !take(w, "of") || !read_door(r, w, &door))
            return wrong(r, "no what?");
        for (i = 0; i < world->ranges_count; i++) {
            if (strcmp(world->ranges[i].door.namespace, door.namespace) == 0 &&
                strcmp(world->ranges[i].door.urn, door.urn) == 0)
                world->ranges[i--] = world->ranges[--world->ranges_count];
        }
        return true;
    }
    i = find_contact(world, peek(w));
    if (i < world->contacts_count) {
        struct case_contact *c = &world->contacts[i];

        next(w);
        c->gone = c->gone || take(w, "gone");
        c->contact.failed = c->contact.failed || take(w, "failed");
        c->contact.late = c->contact.late || take(w, "late");
        c->contact.passed = c->contact.passed || (take(w, "passed") && take(w, "over"));
        if (c->contact.passed && w->at == 4)
            return true;
        c->contact.down = c->contact.down || (take(w, "cut") && take(w, "off"));
        if (c->contact.down && w->at == 4)
            return true;
        if (take(w, "unverified"))
            c->contact.verified = false;
        return w->at == 3 ? true
                          : wrong(r, "gone, failed, late, passed over, cut off or unverified?");
    }
    if (!known_door(r, world, w, &i))
        return false;
    if (take(w, "closed"))
        world->doors[i].status_code = ESTABLISHMENT_CLOSED;
    else if (take(w, "closing"))
        world->doors[i].status_code = ESTABLISHMENT_CLOSING;
    else if (take(w, "unknown"))
        world->doors[i].status_code = 0;
    else if (take(w, "proposed"))
        world->doors[i].status_code = 4;
    else
        return wrong(r, "closed, closing, proposed or unknown?");
    return true;
}

/* school 100003 followed by school 100002 */
static bool given_link(struct place_in_file *r, struct world *world, struct words *w)
{
    struct case_link *link = &world->links[world->links_count];

    if (!room(r, world->links_count, CASE_LINKS) || !known_door(r, world, w, &link->from) ||
        !take(w, "by") || !known_door(r, world, w, &link->to))
        return wrong(r, "which is followed by which?");
    world->links_count++;
    return true;
}

/* incident risk medium; incident missing; incident found; incident referred marac */
static bool given_incident(struct place_in_file *r, struct world *world, struct words *w)
{
    static const char *const risks[] = {[RISK_UNKNOWN] = "unknown", "standard", "medium", "high"};

    if (take(w, "missing")) {
        world->type = INCIDENT_MISSING;
        return true;
    }
    if (take(w, "found")) {
        world->type = INCIDENT_MISSING_FOUND;
        return true;
    }
    if (take(w, "referred")) {
        world->is_marac = take(w, "marac");
        return world->is_marac ? true : wrong(r, "'%s' is no referral that is planned by", peek(w));
    }
    if (take(w, "risk")) {
        for (size_t i = 0; i < ARRAY_SIZE(risks); i++) {
            if (take(w, risks[i])) {
                world->risk = (enum incident_risk)i;
                return true;
            }
        }
    }
    return wrong(r, "'%s' is nothing to say of an incident", peek(w));
}

/* One phrase of a given line. */
static bool given(struct place_in_file *r, struct world *world, struct words *w)
{
    const char *first = peek(w);

    if (take(w, "accepted"))
        return read_moment(r, w, &world->accepted_at);
    if (take(w, "planned"))
        return read_moment(r, w, &world->now);
    if (take(w, "followed"))
        return given_link(r, world, w);
    if (take(w, "incident"))
        return given_incident(r, world, w);
    if (take(w, "home"))
        return take(w, "la") ? keep(r, w, world->home, sizeof world->home, "the authority")
               : take(w, "force")
                   ? keep(r, w, world->home_force, sizeof world->home_force, "the force")
                   : wrong(r, "home la CODE, or home force ID");
    if (take(w, "term"))
        return given_range(r, world, w, CALENDAR_TERM);
    if (take(w, "closure"))
        return given_range(r, world, w, CALENDAR_CLOSURE);
    if (take(w, "inset"))
        return given_range(r, world, w, CALENDAR_INSET);
    if (take(w, "bank-holiday"))
        return given_range(r, world, w, CALENDAR_BANK_HOLIDAY);
    if (take(w, "contact"))
        return given_contact(r, world, w);
    if (take(w, "policy"))
        return given_policy(r, world, w);
    if (take(w, "do-not-tell"))
        return given_bar(r, world, w);
    if (take(w, "child"))
        return given_child(r, world, w);
    if (take(w, "but"))
        return given_but(r, world, w);
    if (strcmp(first, "force") == 0 && !world->force[0]) /* the first one is the incident's */
        snprintf(world->force, sizeof world->force, "%s", w->count > 1 ? w->word[1] : "");
    return given_door(r, world, w);
}

#endif
