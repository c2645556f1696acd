#include "owed.h"

#include "callouts.h"
#include "promise.h"
#include "settled.h"
#include "world.h"

enum { PATIENCE = 6 * 86400 }; /* a desk works on working days, and a school's is told with it */

static bool is_of(const struct telling *t, int position)
{
    return (t->children >> position & 1) != 0;
}

/* Whether some desk has a task about the child. */
static bool desk_knows(const struct callout *c, int position)
{
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if (t->kind == 'd' && is_of(t, position))
            return true;
    }
    return false;
}

/* When an establishment was last told of it; -1 none has been. */
static time_t told_at(const struct callout *c, int position)
{
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if (t->kind == 'n' && is_of(t, position))
            return t->at;
    }
    return -1;
}

static void check_marac(int number, time_t now)
{
    const struct callout *c = &callouts[number];

    if (!callouts_is_marac(c, c->revision) || callouts_is_withheld(c, c->revision) ||
        callouts_is_withdrawn(c, c->revision))
        return;
    for (int i = 0; i < c->children_count; i++) {
        time_t told = told_at(c, i), since = c->accepted_at[c->revision];

        if (told < 0 || !callouts_names(&c->children[i], c->revision) ||
            (told > since ? told : since) + PATIENCE > now || desk_knows(c, i) ||
            settled_stood(c->force, "marac_desk", c->accepted_at[1], now))
            continue;
        promise_broken("P2", number, "the family is referred to MARAC, and no desk has child %d",
                       i + 1);
        return;
    }
}

static bool has_somebody(int door)
{
    for (int i = 0; i < contacts_count; i++) {
        const struct contact_truth *k = &contacts[i];

        if (k->door == door && !k->ended && k->verified_at && k->temper != DEAD &&
            k->temper != GONE)
            return true;
    }
    return false;
}

static void check_taken_back(int number, time_t now)
{
    const struct callout *c = &callouts[number];
    bool is_over = callouts_is_withheld(c, c->revision) || callouts_is_withdrawn(c, c->revision);

    if (!is_over || c->accepted_at[c->revision] + PATIENCE > now)
        return;
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if ((t->kind == 'n' || t->kind == 'd') && has_somebody(contacts[t->contact].door) &&
            callouts_taken_back(c, t) != t->children) {
            promise_broken("P2", number, "nobody was told that notice %s is taken back",
                           t->reference);
            return;
        }
    }
}

void owed_check(int number, time_t now)
{
    check_marac(number, now);
    check_taken_back(number, now);
}
