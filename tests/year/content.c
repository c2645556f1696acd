#include "content.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "gate.h"
#include "promise.h"
#include "reviews.h"
#include "settled.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

static void broken(const char *promise, int number, const struct post_item *item, const char *what)
{
    promise_broken(promise, number, "%s: notice %s to %s", what, item->reference, item->address);
}

/* Places */

/* Where it happened and where the child lives is said to nobody. */
static bool says_where(const char *text, const struct callout *c)
{
    for (int i = 0; i < c->children_count; i++) {
        const struct pupil_truth *p = &pupils[c->children[i].pupil];
        char home[64];

        snprintf(home, sizeof home, "%d %s", p->house, streets[p->street]);
        if (strstr(text, home) || strstr(text, p->postcode))
            return true;
    }
    return strstr(text, CALLOUT_PLACE) != NULL;
}

/* Free text may name the place, and an authority and the first half of a postcode are some of it. */
static bool says_part_of_it(const char *text)
{
    static const char *const parts[] = {
        "Home, first half", "Cartref, hanner", "On roll:",    "Ar y gofrestr:",
        "Local authority:", "Awdurdod lleol:", "An argument", "Hid upstairs"};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (strstr(text, parts[i]))
            return true;
    }
    return false;
}

static void check_places(const struct post_item *item, char kind, int number)
{
    const struct callout *c = &callouts[number];
    bool is_protected = callouts_is_protected(c, c->revision) && kind != 'w';

    if (says_where(item->text, c))
        broken("P3", number, item, "it says where it was, or where the child lives");
    if (is_protected && says_part_of_it(item->text))
        broken("P3", number, item, "an address is protected, and it says a part of it");
    tally.protected_ones += is_protected;
}

/* MARAC */

static void check_marac(const struct post_item *item, char kind, int number)
{
    const struct callout *c = &callouts[number];
    bool says =
        strstr(item->text, "MARAC, the multi-agency") || strstr(item->text, "MARAC, y gynhadledd");

    if (kind == 'd' && says != callouts_is_marac(c, c->revision))
        broken("P6", number, item, says ? "a referral that nobody has made" : "a referral unsaid");
    tally.maracs += kind == 'd' && says;
}

/* Repeats: in a week, in three months, in twelve. */

enum { WINDOWS = 3 };
struct counts {
    int in[WINDOWS];
};

static day_t months_before(day_t day, int months)
{
    int y, m, d;
    day_t found = DAY_NONE;

    day_to_civil(day, &y, &m, &d);
    y -= months / 12 + (m <= months % 12);
    m = (m + 11 - months % 12) % 12 + 1;
    while (found == DAY_NONE)
        found = day_from_civil(y, m, d--);
    return found;
}

static void add(struct counts *counts, day_t today, day_t then)
{
    counts->in[0] += then >= today - 7;
    counts->in[1] += then >= months_before(today, 3);
    counts->in[2] += then >= months_before(today, 12);
}

/* What the store says of a child: whether it knows the pupil, which, and since when that is so and no
 * filter keeps the child back; and whether it is kept back. */
struct known {
    bool is_match, is_kept_back;
    int64_t pupil_key;
    time_t since;
};

static struct known known_of(int number, int position)
{
    struct err err = {.code = ERR_NONE};
    struct known k = {.pupil_key = -1};
    char reference[32], child_ref[16];
    sqlite3_stmt *row;

    callouts_reference(number, reference);
    snprintf(child_ref, sizeof child_ref, "%d", position + 1);
    if (sql_query(gate_daemon, &row, &err,
                  "SELECT d.outcome = 'match', d.pupil_key, max(d.made_at, ifnull("
                  " (SELECT max(a.at) FROM audit a WHERE a.incident_id = i.incident_id"
                  "  AND a.child_id = c.child_id AND a.event = 'child.unfiltered'), 0)),"
                  " c.state = 'withheld'"
                  " FROM incident i JOIN child c USING (incident_id)"
                  " JOIN decision d ON d.decision_id = c.decision_id"
                  " WHERE i.force = ? AND i.police_ref = ? AND c.child_ref = ?",
                  "ttt", forces[callouts[number].force], reference, child_ref) < 0)
        return k;
    if (sql_row(gate_daemon, row, &err) == 1)
        k = (struct known){sqlite3_column_int(row, 0) != 0, sqlite3_column_int(row, 3) != 0,
                           sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2)};
    sql_done(row);
    return k;
}

/* The call-outs about that pupil which may be counted at all, as is true. */
static bool counts(const struct callout *other, const struct said_child *said,
                   const struct callout *c)
{
    return other != c && other->revision > 0 && other->missing == c->missing && !said->stranger &&
           callouts_names(said, other->revision) && other->attended_at <= c->attended_at &&
           !callouts_is_withdrawn(other, other->revision) &&
           !callouts_is_withheld(other, other->revision) &&
           (other->force == c->force || !settled_now(other->force, "repeats"));
}

/* At least those that were known to be of the same row of the roll, at most those that are known to be
 * of somebody: the pupil may have another row. */
static void reckon(int number, int position, const struct known *known, struct counts *least,
                   struct counts *most)
{
    const struct callout *c = &callouts[number];
    day_t today = london_day(c->attended_at);

    *least = *most = (struct counts){{1, 1, 1}};
    for (struct place_said at = callouts_last_about(c->children[position].pupil); at.callout >= 0;
         at = callouts_before(at)) {
        const struct callout *other = &callouts[at.callout];
        struct known k;

        if (!counts(other, &other->children[at.position], c))
            continue;
        k = known_of(at.callout, at.position);
        if (!k.is_match || k.is_kept_back)
            continue;
        add(most, today, london_day(other->attended_at));
        if (k.pupil_key == known->pupil_key && k.since < clock_now(&gate_clock))
            add(least, today, london_day(other->attended_at));
    }
}

static bool is_before(const char *found, const char *next)
{
    return found && (!next || found < next);
}

/* What it says of the child whose name begins there; 1 each where it says nothing. */
static bool says_repeats(const char *at, struct counts *out, bool *often)
{
    const char *next = strstr(at, "\n* "), *words = strstr(at, " in a week, "), *found;
    bool welsh = !is_before(words, next);
    int n;

    *out = (struct counts){{1, 1, 1}};
    *often = is_before(strstr(at, "That is often"), next) ||
             is_before(strstr(at, "Mae hynny'n aml"), next);
    if (welsh)
        words = strstr(at, " mewn wythnos, ");
    if (!is_before(words, next))
        return false;
    for (found = words; found > at && found[-1] >= '0' && found[-1] <= '9';)
        found--;
    n = welsh ? sscanf(found, "%d mewn wythnos, %d mewn tri mis, %d mewn deuddeg", &out->in[0],
                       &out->in[1], &out->in[2])
              : sscanf(found, "%d in a week, %d in three months, %d in twelve", &out->in[0],
                       &out->in[1], &out->in[2]);
    return n == WINDOWS;
}

static void check_child(const struct post_item *item, int number, int position, const char *at,
                        bool may_say)
{
    const struct callout *c = &callouts[number];
    struct known known = known_of(number, position);
    struct counts said, least, most;
    bool often, says = says_repeats(at, &said, &often);

    if (says && (!may_say || settled_now(c->force, "repeats") || !known.is_match)) {
        broken("P6", number, item, "it says how often, and should not");
        return;
    }
    if (!may_say || settled_now(c->force, "repeats") || !known.is_match ||
        reviews_is_wrong(number, position))
        return;
    reckon(number, position, &known, &least, &most);
    for (int i = 0; i < WINDOWS; i++) {
        if (said.in[i] < least.in[i] || said.in[i] > most.in[i]) {
            promise_broken(
                "P6", number,
                "child %d: %d, %d, %d call-outs are said, of %d to %d, %d to %d, %d to %d:"
                " notice %s",
                position + 1, said.in[0], said.in[1], said.in[2], least.in[0], most.in[0],
                least.in[1], most.in[1], least.in[2], most.in[2], item->reference);
            return;
        }
    }
    if (often != (says && (said.in[0] >= settled_number(c->force, "repeats_week", 2) ||
                           said.in[1] >= settled_number(c->force, "repeats_quarter", 3))))
        broken("P6", number, item, "often is not what the force has settled");
    tally.repeats_said += says;
}

static void check_repeats(const struct post_item *item, char kind, int number, unsigned children,
                          int contact)
{
    const struct callout *c = &callouts[number];
    int door = contacts[contact].door;
    bool is_full = c->force == 0; /* files_policies */
    bool may_say = kind == 'd' || (kind == 'n' && is_full);

    if (kind == 'c' && (is_full || world_is_desk(door)))
        return; /* it says what a notice would now */
    for (int i = 0; i < c->children_count; i++) {
        char forename[64], surname[72], name[160];
        const char *at;

        if ((children >> i & 1) == 0 || c->children[i].stranger)
            continue;
        callouts_said_name(&c->children[i], c->revision, forename, surname);
        snprintf(name, sizeof name, "* %s %s", forename, surname);
        at = strstr(item->text, name);
        if (at)
            check_child(item, number, i, at, may_say);
    }
}

void content_check(const struct post_item *item, char kind, int number, unsigned children,
                   int contact)
{
    check_places(item, kind, number);
    check_marac(item, kind, number);
    check_repeats(item, kind, number, children, contact);
    if (strstr(item->text, "EXERCISE") || strstr(item->text, "YMARFER"))
        broken("P3", number, item, "it says that it is an exercise");
}
