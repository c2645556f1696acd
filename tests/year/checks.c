#include "checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callouts.h"
#include "content.h"
#include "desks.h"
#include "drills.h"
#include "gate.h"
#include "held.h"
#include "late.h"
#include "promise.h"
#include "quiet.h"
#include "reviews.h"
#include "settled.h"
#include "store/incidents.h"
#include "store/sql.h"
#include "tally.h"
#include "warned.h"
#include "world.h"

enum { ANSWERED_AT_ONCE = 900, BELL_AT = 8 * 3600 + 2700 };

/* What the store says of a notice. */
struct of_store {
    char kind, reason[16], reference[32];
    int64_t notice_id, incident_id;
    time_t planned_at, answered_at;
};

static bool store_says(const struct post_item *item, struct of_store *out)
{
    struct err err = {.code = ERR_NONE};
    sqlite3_stmt *row;
    bool found;

    if (sql_query(gate_daemon, &row, &err,
                  "SELECT CASE o.kind WHEN 'reminder' THEN 'reminder' ELSE n.kind END,"
                  " i.police_ref, n.notice_id, i.incident_id, n.planned_at, n.reason, n.answered_at"
                  " FROM outbox o JOIN notice n USING (notice_id) JOIN incident i"
                  " USING (incident_id) WHERE o.key = ? AND n.reference = ?",
                  "tt", item->key, item->reference) < 0)
        return false;
    found = sql_row(gate_daemon, row, &err) == 1;
    if (found) {
        out->kind = sql_text(row, 0)[0];
        snprintf(out->reference, sizeof out->reference, "%.31s", sql_text(row, 1));
        out->notice_id = sqlite3_column_int64(row, 2);
        out->incident_id = sqlite3_column_int64(row, 3);
        out->planned_at = sqlite3_column_int64(row, 4);
        out->answered_at = sql_moment(row, 6);
        snprintf(out->reason, sizeof out->reason, "%s", sql_text(row, 5) ? sql_text(row, 5) : "");
    }
    sql_done(row);
    return found;
}

void checks_not_ours(int number, const char *reference, time_t at)
{
    struct callout *c = &callouts[number];

    tally.not_ours++;
    for (const struct telling *t = c->tellings; t && c->rulings_count < RULINGS; t = t->next) {
        if (strcmp(t->reference, reference) != 0)
            continue;
        c->rulings[c->rulings_count++] =
            (struct ruling){contacts[t->contact].door, t->children, at};
        return;
    }
}

static int broken(const char *promise, const char *reference, const struct post_item *item,
                  const char *what)
{
    char at[MOMENT_TEXT_SIZE];

    tally.sent_twice += strcmp(promise, "P4") == 0;
    tally.wrong_contact += strcmp(promise, "P3") == 0;
    promise_broken(promise, callouts_number(reference), "%s: notice %s to %s at %s", what,
                   item->reference, item->address, moment_format(item->at, at));
    return -1;
}

/* A telling of what had happened; else it corrects or withdraws one. */
static bool is_telling(char kind)
{
    return kind == 'n' || kind == 'd';
}

static bool names(const char *text, const struct said_child *c, int revision)
{
    char forename[64], surname[72], whole[160];
    const char *at;

    if (!callouts_names(c, revision))
        return false;
    callouts_said_name(c, revision, forename, surname);
    snprintf(whole, sizeof whole, "%s %s", forename, surname);
    at = strstr(text, whole);
    /* Not the beginning of a longer name. */
    return at && at[strlen(whole)] != '-' &&
           !(at[strlen(whole)] >= 'a' && at[strlen(whole)] <= 'z');
}

/* The children whom it names, by position. */
static unsigned children_of(const struct post_item *item, const struct callout *c)
{
    unsigned found = 0;

    for (int i = 0; i < c->children_count; i++) {
        for (int r = 1; r <= c->last_made; r++)
            found |= (unsigned)names(item->text, &c->children[i], r) << i;
    }
    return found;
}

/* What a door is to delete that has said that they are not its pupils: it is told of whom by the
 * notice's reference. */
static unsigned children_of_withdrawn(const struct post_item *item, const struct callout *c)
{
    unsigned found = 0;

    for (const struct telling *t = c->tellings; t; t = t->next) {
        if (strstr(item->text, t->reference))
            found |= t->children;
    }
    return found;
}

static bool attends(const struct said_child *said, int door, time_t at)
{
    const struct pupil_truth *p = &pupils[said->pupil];

    if (said->stranger)
        return doors[door].kind == CENTRE && day_age(p->born - 37, london_day(at)) < 5;
    for (int i = 0; i < p->doors_count; i++) {
        if (world_followed(p->doors[i], at) == door)
            return true;
    }
    return doors[door].kind == CENTRE && doors[door].la == p->la && las[p->la].centres &&
           day_age(p->born, london_day(at)) < 5;
}

/* What that door has said that it has no pupil of. */
static bool is_ruled_out(const struct callout *c, int position, int door, time_t at)
{
    for (int i = 0; i < c->rulings_count; i++) {
        const struct ruling *r = &c->rulings[i];

        if (r->door == door && (r->children >> position & 1) != 0 && r->at < at)
            return true;
    }
    return false;
}

/* A reminder is of what was told there, also of one of several who has left since. */
static bool has_been_told(const struct callout *c, int position, int door)
{
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if (contacts[t->contact].door == door && (t->children >> position & 1) != 0)
            return true;
    }
    return false;
}

static bool has_been_told_at_all(const struct callout *c, int position)
{
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if ((t->children >> position & 1) != 0)
            return true;
    }
    return false;
}

static int right_door(const struct post_item *item, const struct of_store *s,
                      const struct callout *c, unsigned children, int contact)
{
    const struct contact_truth *who = &contacts[contact];
    bool at_door = false;

    if (!who->verified_at || who->verified_at > item->at)
        return broken("P3", s->reference, item, "to somebody whom nobody has verified");
    if (who->ended)
        return broken("P3", s->reference, item, "to somebody who has left");
    if (strcmp(s->reason, "marac") == 0 &&
        (!callouts_is_marac(c, c->revision) || settled_now(c->force, "marac_desk")))
        return broken("P3", s->reference, item, "a task for a referral that nobody made or wants");
    if (s->kind != 'w' && callouts_bars(c, contact))
        return broken("P3", s->reference, item, "to somebody who is not to be told");
    for (int i = 0; i < c->children_count; i++) {
        const struct said_child *said = &c->children[i];

        if ((children >> i & 1) == 0 || s->kind == 'w')
            continue;
        if (is_ruled_out(c, i, who->door, item->at))
            return broken("P3", s->reference, item, "to a door that had said: not our pupil");
        if (!is_telling(s->kind) && s->kind != 'r')
            continue;
        if (s->kind == 'd' && reviews_is_wrong((int)(c - callouts), i))
            continue; /* it is the desk of whom the officer took the child for */
        if (world_is_desk(who->door) ? !desks_is_one(c, said, who->door)
            : s->kind == 'r'         ? !has_been_told(c, i, who->door)
                                     : !attends(said, who->door, item->at))
            return broken("P3", s->reference, item, "to a door that is not the child's");
        if (settled_filters(c, said) && !has_been_told_at_all(c, i))
            return broken("P2", s->reference, item, "of a child that a filter keeps back");
        if (s->kind == 'n' && reviews_is_undone((int)(c - callouts), i))
            return broken("P3", s->reference, item, "of a child whose decision was taken back");
        if (s->kind == 'd' && desks_is_far(c, said, s->notice_id, who->door))
            return broken("P3", s->reference, item,
                          "to the desk of a force that is not the home's");
        at_door |= attends(said, who->door, item->at);
        if (callouts_is_withheld(c, c->revision) || callouts_is_withdrawn(c, c->revision) ||
            !callouts_names(said, c->revision))
            return broken("P2", s->reference, item, "of a child that was withheld or withdrawn");
    }
    return s->kind == 'r' && !at_door
               ? broken("P3", s->reference, item, "reminded, and none of them is there any more")
               : 0;
}

/* Whether that telling stands alone, of several of one notice. */
static bool is_first_of_notice(const struct telling *t)
{
    for (const struct telling *u = t->next; u; u = u->next) {
        if (strcmp(u->reference, t->reference) == 0)
            return false;
    }
    return true;
}

/* Not answered by when an answer was wanted: within three quarters of an hour of when it was due, which
 * tries that were put off can have shortened, and by the bell. */
static bool was_silent(const struct telling *t, time_t at)
{
    time_t bell = london_moment(london_day(t->at), BELL_AT), until = t->at + ANSWERED_AT_ONCE;

    if (t->at < bell && bell < until)
        until = bell;
    return (t->answered_at ? t->answered_at : at) >= until;
}

/* Nobody answered: a task for each notice to somebody else that has been met by silence. */
static bool is_another_silence(const struct callout *c, unsigned children, int contact, time_t at)
{
    int tasks = 0, silences = 0;

    for (const struct telling *t = c->tellings; t; t = t->next) {
        if ((t->children & children) == 0 || !is_telling(t->kind))
            continue;
        if (t->contact == contact)
            tasks += strcmp(t->reason, "no-answer") == 0;
        else
            silences += is_first_of_notice(t) && was_silent(t, at);
    }
    return tasks < silences;
}

/* Not our pupil: a task for each door that has said so. */
static bool is_another_wrong_door(const struct callout *c, unsigned children, int contact)
{
    int tasks = 0, said = 0;

    for (const struct telling *t = c->tellings; t; t = t->next)
        tasks += t->contact == contact && (t->children & children) != 0 &&
                 strcmp(t->reason, "wrong-door") == 0;
    for (int i = 0; i < c->rulings_count; i++)
        said += (c->rulings[i].children & children) != 0;
    return tasks < said;
}

/* A task of the same desk about the same child, and yet another. */
static bool is_another(const struct of_store *s, const struct callout *c, unsigned children,
                       int contact, time_t at)
{
    return strcmp(s->reason, "no-answer") == 0    ? is_another_silence(c, children, contact, at)
           : strcmp(s->reason, "wrong-door") == 0 ? is_another_wrong_door(c, children, contact)
                                                  : false;
}

/* Once. The same key again, after the daemon was killed, is a repeat, which is counted apart. 1. */
static int once(const struct post_item *item, const struct of_store *s, struct callout *c,
                unsigned children, int contact)
{
    bool is_told = false;

    for (struct telling *t = c->tellings; t; t = t->next) {
        /* A reminder is for whoever is there by then; so is the rest, once who was told has left. */
        is_told |= t->contact == contact || (contacts[t->contact].door == contacts[contact].door &&
                                             (s->kind == 'r' || contacts[t->contact].ended));
        if (strcmp(t->key, item->key) == 0) {
            if (t->crashes == gate_life)
                return broken("P4", s->reference, item, "sent again, and nothing had crashed");
            t->crashes = gate_life;
            tally.repeats++;
            return 1;
        }
        if (is_telling(s->kind) && t->contact == contact && t->kind == s->kind &&
            strcmp(t->reason, s->reason) == 0 &&
            (t->children & children & ~callouts_taken_back(c, t)) != 0 &&
            !is_another(s, c, children, contact, item->at))
            return broken("P4", s->reference, item, "told twice of one child");
    }
    if (!is_telling(s->kind) && !is_told)
        return broken("P3", s->reference, item, "a correction to somebody who was not told");
    return 0;
}

static void note(const struct post_item *item, const struct of_store *s, struct callout *c,
                 unsigned children, int contact)
{
    struct telling *t = calloc(1, sizeof *t);

    if (!t)
        abort();
    t->contact = contact;
    t->kind = s->kind;
    memcpy(t->reason, s->reason, sizeof t->reason);
    t->revision = c->revision;
    t->children = children;
    t->at = item->at;
    t->crashes = gate_life;
    snprintf(t->key, sizeof t->key, "%s", item->key);
    snprintf(t->reference, sizeof t->reference, "%s", item->reference);
    t->next = c->tellings;
    c->tellings = t;
}

/* A centre is told of whoever lives near it, too: there the days are known of who was found alone. */
static bool is_found(int64_t notice_id)
{
    struct err err = {.code = ERR_NONE};
    int64_t others = 1;

    return sql_int(gate_daemon, &others, &err,
                   "SELECT count(*) FROM notice_child nc JOIN child c USING (child_id)"
                   " JOIN decision d ON d.decision_id = c.decision_id"
                   " WHERE nc.notice_id = ? AND d.pupil_key IS NULL",
                   "i", notice_id) == 1 &&
           others == 0;
}

/* When the first of them is due there, of what was accepted then. */
static time_t first_due(const struct callout *c, const struct of_store *s, unsigned children,
                        int door, time_t at, time_t accepted_at)
{
    bool days_known = doors[door].kind != CENTRE || is_found(s->notice_id);
    time_t first = -1;

    for (int i = 0; i < c->children_count; i++) {
        unsigned days = days_known ? world_days_at(&pupils[c->children[i].pupil], door, at) : 0;
        time_t due = world_due(door, days, accepted_at);

        if ((children >> i & 1) != 0 && (first < 0 || due < first))
            first = due;
    }
    return first;
}

/* Never before its time: in the night, at a weekend, on a day when the school is closed. */
static int not_early(const struct post_item *item, const struct of_store *s,
                     const struct callout *c, unsigned children, int contact)
{
    int door = contacts[contact].door;
    bool is_known = false;

    if (s->kind == 'r' && s->answered_at >= 0 && s->answered_at < item->at)
        return broken("P4", s->reference, item, "reminded of what was answered");
    if (s->kind == 'r' && world_due(door, 0, item->at) != item->at &&
        london_second(item->at) != 7 * 3600 + 1800)
        return broken("P7", s->reference, item, "reminded when nobody is there");
    if (!is_telling(s->kind) || c->missing)
        return 0;
    for (int r = 1; r <= c->revision; r++) {
        if (c->accepted_at[r] &&
            first_due(c, s, children, door, item->at, c->accepted_at[r]) <= item->at)
            return 0;
        is_known |= c->accepted_at[r] != 0;
    }
    return is_known ? broken("P7", s->reference, item, "before its time") : 0;
}

static void count(char kind)
{
    tally.notices += kind == 'n';
    tally.desk_tasks += kind == 'd';
    tally.reminders += kind == 'r';
    tally.corrections += kind == 'c' || kind == 'w';
}

/* The call-out's number, when there is anything of which more can be asked. */
static int check_known(const struct post_item *item, struct of_store *s, int contact)
{
    int number;

    if (!store_says(item, s))
        return broken("P2", "-", item, "the store knows of no such notice");
    number = callouts_number(s->reference);
    if (number < 0)
        return broken("P1", "-", item, "no control room has sent it");
    return contact < 0 ? broken("P3", s->reference, item, "to nobody's address") : number;
}

void checks_received(const struct post_item *item, struct received *out)
{
    struct of_store s = {.kind = '-'};
    struct callout *c;
    unsigned children;
    int number, contact;

    *out = (struct received){.contact = world_contact_at(item->address), -1, '-'};
    contact = out->contact;
    if (!item->taken) {
        if (contact >= 0 && contacts[contact].temper == GONE)
            contacts[contact].ended = true;
        return;
    }
    if (quiet_name_in(item->subject) || quiet_name_in(item->key))
        broken("P5", "-", item, "a subject or a key names somebody");
    if (contact >= 0 && held_is(contact, item->reference))
        broken("P3", "-", item, "it was held");
    if (drills_is_of(item->reference)) {
        drills_received(item, contact);
        return;
    }
    if (warned_is_of(item->reference)) {
        warned_received(item, contact);
        return;
    }
    tally.taken++;
    number = check_known(item, &s, contact);
    if (number < 0)
        return;
    out->callout = number;
    c = &callouts[number];
    children = children_of(item, c);
    if (children == 0 && s.kind == 'w')
        children = children_of_withdrawn(item, c);
    if (children == 0) {
        broken("P2", s.reference, item, "it names no child");
        return;
    }
    if (once(item, &s, c, children, contact) == 1)
        return;
    count(s.kind);
    out->kind = s.kind;
    content_check(item, s.kind, number, children, contact);
    (void)right_door(item, &s, c, children, contact);
    (void)not_early(item, &s, c, children, contact);
    if (s.kind == 'n' &&
        !late_is_explained(
            &(struct late_telling){s.notice_id, s.incident_id, contact, item->at, children}, c))
        broken("P7", s.reference, item, "late for no reason");
    note(item, &s, c, children, contact);
}

void checks_receipt(const char *payload)
{
    const char *at = strstr(payload, "\"police_ref\":\"");
    int number = at ? callouts_number(at + 14) : -1;
    const char *name = quiet_name_in(payload);

    tally.receipts++;
    if (name)
        promise_broken("P5", number, "a receipt says \"%s\"", name);
}
