#include "match/match.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "match/compare.h"

/* What each level counts for. Set by hand, in the manner of log2(m/u): how much likelier the level
 * is for the child's own pupil than for another. A pupil whose number agrees is always worth a
 * look, whatever else differs. */
struct worth {
    const char *level;
    double weight;
};

static const struct worth forename_worth[NAME_LEVELS] = {
    [NAME_MISSING] = {"missing", 0},      [NAME_DIFFERS] = {"differs", -5},
    [NAME_INITIAL] = {"initial", 2},      [NAME_NEAR] = {"nearly the same", 5},
    [NAME_PART] = {"part of it", 5},      [NAME_EXCHANGED] = {"in place of the surname", 6},
    [NAME_OTHER] = {"other forename", 7}, [NAME_SAME] = {"same", 8},
};

static const struct worth surname_worth[NAME_LEVELS] = {
    [NAME_MISSING] = {"missing", 0},      [NAME_DIFFERS] = {"differs", -4},
    [NAME_INITIAL] = {"initial", 2},      [NAME_NEAR] = {"nearly the same", 6},
    [NAME_PART] = {"part of it", 6},      [NAME_EXCHANGED] = {"in place of the forename", 7},
    [NAME_OTHER] = {"former surname", 8}, [NAME_SAME] = {"same", 9},
};

static const struct worth born_worth[BORN_LEVELS] = {
    [BORN_MISSING] = {"missing", 0},
    [BORN_DIFFERS] = {"differs", -8},
    [BORN_AGE_DIFFERS] = {"age differs", -6},
    [BORN_AGE_NEAR] = {"age one year off", 0.5},
    [BORN_AGE_FITS] = {"age fits", 3.5},
    [BORN_YEAR] = {"year alone", 4},
    [BORN_ONE_PART] = {"one part off", 6},
    [BORN_EXCHANGED] = {"day and month exchanged", 7},
    [BORN_SAME] = {"same", 12},
};

static const struct worth other_worth[][AGREE_SAME + 1] = {
    {{"missing", 0}, {"differs", -2}, {"", 0}, {"same", 3}},          /* middle names */
    {{"missing", 0}, {"differs", -3}, {"", 0}, {"same", 1}},          /* sex */
    {{"missing", 0}, {"differs", -6}, {"", 0}, {"same", 40}},         /* UPN */
    {{"missing", 0}, {"differs", -1}, {"same area", 1}, {"same", 8}}, /* postcode */
    {{"missing", 0}, {"differs", -2}, {"", 0}, {"same", 5}},          /* school */
};

/* What a person is shown at least: two names without a birth date, a birth date with one name. */
static const double worth_a_look = 11;
/* The best candidate's lead over the next, below which they are too alike to choose between. */
static const double lead_least = 6;

struct weighing {
    const struct candidate *candidate;
    struct comparison says;
    struct weighed weighed;
};

static void say(struct weighed *w, const char *field, const struct worth *worth)
{
    if (w->evidence_count < EVIDENCE_MAX)
        w->evidence[w->evidence_count++] = (struct evidence){field, worth->level, worth->weight};
    w->score += worth->weight;
}

static void weigh(const struct person *query, const struct candidate *candidate,
                  struct weighing *out)
{
    const struct comparison *says = &out->says;
    struct weighed *w = &out->weighed;

    memset(out, 0, sizeof *out);
    out->candidate = candidate;
    w->pupil_key = candidate->pupil_key;
    compare(query, &candidate->person, &out->says);
    say(w, "forename", &forename_worth[says->forename]);
    say(w, "surname", &surname_worth[says->surname]);
    say(w, "birth date", &born_worth[says->born]);
    say(w, "middle names", &other_worth[0][says->middle_names]);
    say(w, "sex", &other_worth[1][says->sex]);
    say(w, "UPN", &other_worth[2][says->upn]);
    say(w, "postcode", &other_worth[3][says->postcode]);
    say(w, "school", &other_worth[4][says->school]);
}

static int by_score(const void *a, const void *b)
{
    const struct weighed *x = &((const struct weighing *)a)->weighed;
    const struct weighed *y = &((const struct weighing *)b)->weighed;

    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->pupil_key < y->pupil_key ? -1 : x->pupil_key > y->pupil_key;
}

static bool is_exact(enum name_level level)
{
    return level == NAME_SAME || level == NAME_OTHER;
}

static bool is_alike(enum name_level level)
{
    return level >= NAME_INITIAL;
}

/* Why the pupil is this child for sure, were there no other; NULL: it is not. */
static const char *rule_for(const struct comparison *says)
{
    bool forename = is_exact(says->forename), surname = is_exact(says->surname);

    if (says->upn == AGREE_SAME) {
        if (forename && says->born == BORN_SAME)
            return "UPN, forename and birth date";
        if (forename && surname && says->born != BORN_DIFFERS && says->born != BORN_AGE_DIFFERS)
            return "UPN and name";
        if (says->born == BORN_SAME && says->forename != NAME_DIFFERS &&
            says->surname != NAME_DIFFERS)
            return "UPN and birth date";
        return NULL;
    }
    if (forename && surname && says->born == BORN_SAME)
        return "name and birth date";
    return NULL;
}

/* What speaks against the pupil itself; NULL: nothing. */
static const char *contradiction(const struct comparison *says)
{
    if (says->upn == AGREE_DIFFERS)
        return "UPN differs";
    if (says->sex == AGREE_DIFFERS)
        return "sex differs";
    if (says->middle_names == AGREE_DIFFERS && says->upn != AGREE_SAME)
        return "middle names differ";
    return NULL;
}

static bool place_agrees(const struct comparison *says)
{
    return says->postcode == AGREE_SAME || says->school == AGREE_SAME;
}

static bool place_contradicts(const struct comparison *says)
{
    return says->postcode == AGREE_DIFFERS || says->postcode == AGREE_AREA ||
           says->school == AGREE_DIFFERS;
}

/* Why the best must not be chosen while that other pupil is there; NULL: it may. */
static const char *rivalry(const struct weighing *best, const struct weighing *other)
{
    const struct comparison *b = &best->says, *o = &other->says;

    if (b->upn == AGREE_SAME && o->upn != AGREE_SAME) /* the number tells them apart */
        return !is_exact(b->forename) && is_exact(o->forename) && o->born == BORN_SAME
                   ? "the number is of one pupil, the name of another"
                   : NULL;
    if (o->upn == AGREE_SAME && b->upn != AGREE_SAME)
        return "the number is of one pupil, the name of another";
    if (best->weighed.score - other->weighed.score < lead_least)
        return "two pupils fit as well";
    /* Twins with names alike, or one who was put on the roll twice. */
    if (is_alike(o->forename) && is_alike(o->surname) && o->born == BORN_SAME &&
        !(place_agrees(b) && place_contradicts(o) && !place_agrees(o)))
        return "two pupils fit as well";
    if (is_exact(o->forename) && is_exact(o->surname) && !place_agrees(b)) {
        if (place_contradicts(b))
            return "another place, and a namesake";
        if (o->born == BORN_ONE_PART || o->born == BORN_EXCHANGED || place_agrees(o))
            return "a namesake with nearly that birth date";
    }
    return NULL;
}

/* What keeps a candidate that is close from being sure. */
static const char *shortfall(const struct comparison *says)
{
    if (says->upn == AGREE_SAME)
        return "UPN agrees, the rest does not";
    if (says->born == BORN_MISSING)
        return "no birth date";
    if (says->born == BORN_AGE_FITS || says->born == BORN_AGE_NEAR ||
        says->born == BORN_AGE_DIFFERS)
        return "only an age";
    if (says->born != BORN_SAME)
        return "birth date is not the same";
    return is_exact(says->forename) ? "surname is not the same" : "forename is not the same";
}

static enum match_outcome judge(const struct weighing *all, size_t count, struct decision *out)
{
    const struct weighing *best = &all[0], *next = NULL;
    const char *rule, *against;

    out->score = out->margin = best->weighed.score;
    for (size_t i = 1; i < count && !next; i++) {
        if (!compare_is_one_pupil(&best->candidate->person, &all[i].candidate->person))
            next = &all[i];
    }
    if (next)
        out->margin = best->weighed.score - next->weighed.score;
    if (best->weighed.score < worth_a_look) {
        out->rule = "no pupil is close";
        return MATCH_NONE;
    }
    rule = rule_for(&best->says);
    against = rule ? contradiction(&best->says) : shortfall(&best->says);
    for (size_t i = 1; i < count && !against; i++) {
        if (!compare_is_one_pupil(&best->candidate->person, &all[i].candidate->person))
            against = rivalry(best, &all[i]);
    }
    out->rule = against ? against : rule;
    return against ? MATCH_REVIEW : MATCH_MATCH;
}

void match_decide(const struct person *query, const struct candidate *candidates, size_t count,
                  struct decision *out)
{
    struct weighing all[CANDIDATES_MAX];
    double least;

    assert(count <= CANDIDATES_MAX);
    memset(out, 0, sizeof *out);
    out->rule = "no pupil is close";
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        weigh(query, &candidates[i], &all[i]);
    qsort(all, count, sizeof all[0], by_score);
    out->outcome = judge(all, count, out);
    /* With none the nearest are kept too: they explain it. */
    least = out->outcome == MATCH_NONE ? 0 : worth_a_look;
    for (size_t i = 0; i < count && i < REVIEW_MAX && all[i].weighed.score >= least; i++)
        out->candidates[out->candidates_count++] = all[i].weighed;
}

void match_family(struct decision *decisions, size_t count)
{
    bool shared[INCIDENT_CHILDREN_MAX] = {false};

    assert(count <= INCIDENT_CHILDREN_MAX);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (i != j && decisions[i].outcome == MATCH_MATCH &&
                decisions[j].outcome == MATCH_MATCH &&
                decisions[i].candidates[0].pupil_key == decisions[j].candidates[0].pupil_key)
                shared[i] = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (shared[i]) {
            decisions[i].outcome = MATCH_REVIEW;
            decisions[i].rule = "another child of the call-out is that pupil too";
        }
    }
}
