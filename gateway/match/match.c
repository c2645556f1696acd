#include "match/match.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/person.h"
#include "match/rows.h"
#include "match/weighing.h"

static bool is_exact(enum name_level level)
{
    return level == NAME_SAME || level == NAME_OTHER;
}

static bool bears_the_name(const struct comparison *says)
{
    return is_exact(says->forename.level) && is_exact(says->surname.level);
}

/* Why the pupil whose number was said is this child, were there no other; NULL: it is not. */
static const char *rule_for(const struct comparison *says)
{
    bool forename = is_exact(says->forename.level), surname = is_exact(says->surname.level);

    if (says->upn == AGREE_SAME) {
        if (forename && says->born == BORN_SAME)
            return "UPN, forename and birth date";
        if (forename && surname && says->born != BORN_DIFFERS && says->born != BORN_AGE_DIFFERS)
            return "UPN and name";
        if (says->born == BORN_SAME && says->forename.level != NAME_DIFFERS &&
            says->surname.level != NAME_DIFFERS)
            return "UPN and birth date";
        return NULL;
    }
    return NULL;
}

/* What speaks against the pupil itself; NULL: nothing. */
static const char *contradiction(const struct comparison *says)
{
    if (says->upn == AGREE_DIFFERS)
        return "UPN differs";
    return NULL;
}

/* Names that an ear or a hand takes for one another. */
static bool is_alike(enum name_level level)
{
    return level >= NAME_NEAR && level != NAME_MIDDLE && level != NAME_EXCHANGED;
}

/* The home of the one, and not of the other. */
static bool home_tells(const struct comparison *one, const struct comparison *other)
{
    return one->home >= HOME_NEIGHBOUR && other->home < HOME_NEIGHBOUR;
}

static bool place_tells(const struct comparison *one, const struct comparison *other)
{
    return home_tells(one, other) ||
           (one->school >= SCHOOL_WITHIN && other->school == SCHOOL_DIFFERS);
}

static bool is_of_age(enum born_level born)
{
    return born == BORN_AGE_FITS || born == BORN_AGE_NEAR || born == BORN_AGE_DIFFERS;
}

/* A birth date that a slip could have made of the other. */
static bool is_close(enum born_level born)
{
    return born >= BORN_PART;
}

static bool is_one_child(const struct weighing *a, const struct weighing *b)
{
    return rows_are_one_child(&a->candidate->person, &b->candidate->person);
}

static bool is_one_pupil(const struct weighing *a, const struct weighing *b)
{
    return rows_are_one_pupil(&a->candidate->person, &b->candidate->person);
}

static bool is_one_authority(const struct weighing *a, const struct weighing *b)
{
    return strcmp(a->candidate->person.la_code, b->candidate->person.la_code) == 0;
}

/* Whether two rows of the best's child, heavier first, keep it from being chosen: they do not go
 * together, and the one is the best, or both are joined by it, or both have the child as their own; it
 * may have fled from the one to the other. Unless the home tells for the best's authority, whose rows
 * are told (rows_told). */
static bool are_at_odds(const struct weighing *best, const struct weighing *a,
                        const struct weighing *b)
{
    bool both_own = a->standing == STANDING_OWN && b->standing == STANDING_OWN;

    if (is_one_pupil(a, b))
        return false;
    if (a != best && !both_own && !(is_one_pupil(best, a) && is_one_pupil(best, b)))
        return false;
    return !is_one_authority(best, a) || !home_tells(&a->says, &b->says);
}

/* The lighter of two such rows, by place; 0: there are none. */
static size_t row_at_odds(const struct weighing *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !is_one_child(&all[0], &all[i]))
            continue;
        for (size_t j = i + 1; j < count; j++) {
            if (is_one_child(&all[0], &all[j]) && are_at_odds(&all[0], &all[i], &all[j]))
                return j;
        }
    }
    return 0;
}

/* Why the best must not be chosen while that other child is there; NULL: it may. */
static const char *rivalry(const struct weighing *best, const struct weighing *other)
{
    const struct comparison *b = &best->says, *o = &other->says;

    if (b->upn == AGREE_SAME && o->upn != AGREE_SAME) /* the number tells them apart */
        return !is_exact(b->forename.level) && is_exact(o->forename.level) && o->born == BORN_SAME
                   ? "the number is of one pupil, the name of another"
                   : NULL;
    if (o->upn == AGREE_SAME && b->upn == AGREE_SAME)
        return "two pupils have that number";
    if (o->upn == AGREE_SAME)
        return "the number is of one pupil, the name of another";
    /* Twins with names alike, or one who was put on the roll twice. */
    if (is_alike(o->forename.level) && is_alike(o->surname.level) && o->born == BORN_SAME &&
        !home_tells(b, o))
        return "two pupils fit as well";
    /* Brothers and sisters with names alike, and only an age. */
    if (is_alike(o->forename.level) && is_alike(o->surname.level) && is_of_age(b->born) &&
        (o->born == BORN_AGE_FITS || o->born == BORN_AGE_NEAR) && !home_tells(b, o))
        return "two pupils of that age fit";
    /* The home tells who of them it is, if the birth date does not say the contrary; and of one who
     * does not bear the name only with the birth date to the day. */
    if (bears_the_name(o) && is_close(o->born) &&
        (o->born > b->born || !home_tells(b, o) || (b->born != BORN_SAME && !bears_the_name(b))))
        return "a namesake with nearly that birth date";
    if (bears_the_name(o) && !place_tells(b, o) && place_tells(o, b))
        return "the place is a namesake's";
    return NULL;
}

static bool home_agrees(const struct comparison *says)
{
    return says->home >= HOME_NEIGHBOUR;
}

/* Home or school speaks for the pupil. */
static bool place_agrees(const struct comparison *says)
{
    return home_agrees(says) || says->school >= SCHOOL_WITHIN;
}

/* Below that nobody need look at a candidate. */
static const double unlikely = -12;

/* A forename that many others might have been said for, a brother's or sister's among them. */
static bool is_vague(enum name_level level)
{
    return level < NAME_NEAR || level == NAME_SHORT || level == NAME_MIDDLE;
}

/* What a brother's or sister's would be as easily as one's own, misheard: config/match-weights.conf
 * has own and household near each other there. */
static bool is_a_siblings(enum born_level born)
{
    return born == BORN_OTHER_YEAR || born == BORN_AGE_NEAR;
}

/* The guard: what makes it this child, and not another of its household, or of its school. Each of
 * forename, surname and birth date tells children apart where the others are the same by chance or
 * by family; one that does not agree is made up for by the rest, two are not. */
static const char *shortfall(const struct comparison *says)
{
    if (says->forename.level == NAME_MISSING)
        return "no forename";
    if (says->forename.level == NAME_DIFFERS)
        return "forename differs";
    if (says->born == BORN_MISSING)
        return "no birth date";
    if (says->born == BORN_DIFFERS || says->born == BORN_AGE_DIFFERS)
        return "birth date differs";
    /* Another parent's surname is of the same home. A school is shared by too many: of its pupils
     * some have the same forename and birth date. */
    if (says->surname.level <= NAME_INITIAL && !home_agrees(says))
        return "neither surname nor home agree";
    if (is_vague(says->forename.level) && is_a_siblings(says->born))
        return "it might be a brother or sister";
    /* On no roll yet, and at home with one who is. */
    if (says->too_young && !is_exact(says->forename.level))
        return "it might be a brother or sister too young for school";
    if (says->born != BORN_SAME && !place_agrees(says)) {
        if (is_of_age(says->born) || says->born == BORN_YEAR)
            return "only an age, and no place that agrees";
        if (says->home != HOME_MISSING)
            return "birth date is not the same, nor the place";
    }
    return NULL;
}

/* *rival is the candidate that stands in the best one's way; 0: none does. */
static enum match_outcome judge(const struct matcher *m, const struct weighing *all, size_t count,
                                size_t *rival, struct decision *out)
{
    const double *figure = m->weights->figure;
    const struct weighing *best = &all[0], *next = NULL;
    const char *against = NULL, *rule = rule_for(&best->says);
    double none;

    out->score = out->margin = best->weighed.score;
    out->probability = weighing_probability(out->score);
    for (size_t i = 1; i < count && !next; i++) {
        if (!is_one_pupil(best, &all[i]))
            next = &all[i];
    }
    if (next)
        out->margin = best->weighed.score - next->weighed.score;
    /* Of many who fit alike none is likely, and yet it is one of them. */
    none = weighing_probability(best->none);
    if (1 - none < figure[FIGURE_REVIEW] && best->says.upn != AGREE_SAME) {
        out->rule = "no pupil is close";
        return MATCH_NONE;
    }
    if (!rule) {
        against = shortfall(&best->says);
        if (!against && best->says.upn == AGREE_SAME)
            against = "UPN agrees, the rest does not";
        if (!against && out->probability < figure[FIGURE_MATCH])
            against =
                next && out->probability + 2 * none < 1 ? "two pupils fit" : "not sure enough";
        rule = "name, birth date and what else is known";
    }
    if (!against)
        against = contradiction(&best->says);
    if (!against) {
        *rival = row_at_odds(all, count);
        against = *rival > 0 ? "the rolls of two authorities have it" : NULL;
    }
    for (size_t i = 1; i < count && !against; i++) {
        if (!is_one_child(best, &all[i]))
            against = rivalry(best, &all[i]);
        if (against)
            *rival = i;
    }
    out->rule = against ? against : rule;
    return against ? MATCH_REVIEW : MATCH_MATCH;
}

void match_decide(const struct matcher *matcher, const struct person *query,
                  const struct candidate *candidates, size_t count, struct decision *out)
{
    struct weighing all[CANDIDATES_MAX];
    size_t rival = 0;

    assert(count <= CANDIDATES_MAX);
    memset(out, 0, sizeof *out);
    out->rule = "no pupil is close";
    if (count == 0)
        return;
    weighing_of_all(matcher, query, candidates, count, all);
    out->outcome = judge(matcher, all, count, &rival, out);
    if (out->outcome == MATCH_MATCH)
        person_home(&all[0].candidate->person, &out->home);
    /* With none the nearest are kept too: they explain it. */
    for (size_t i = 0; i < count && i < REVIEW_MAX && (i == 0 || all[i].weight > unlikely); i++)
        out->candidates[out->candidates_count++] = all[i].weighed;
    /* Who stands in the way is seen, though others weigh more. */
    if (rival >= out->candidates_count) {
        if (out->candidates_count == REVIEW_MAX)
            out->candidates_count--;
        out->candidates[out->candidates_count++] = all[rival].weighed;
    }
}

/* Among those that homes have led to, best first; the keys decide between equals. */
static void add_found(struct decision *found, const struct weighed *w)
{
    size_t i = found->candidates_count;

    if (i == REVIEW_MAX)
        return;
    for (; i > 0; i--) {
        const struct weighed *before = &found->candidates[i - 1];

        if (before->score > w->score ||
            (before->score == w->score && before->pupil_key < w->pupil_key))
            break;
        found->candidates[i] = *before;
    }
    found->candidates[i] = *w;
    found->candidates_count++;
}

static bool has_found(const struct decision *found, int64_t pupil_key)
{
    for (size_t i = 0; i < found->candidates_count; i++) {
        if (found->candidates[i].pupil_key == pupil_key)
            return true;
    }
    return false;
}

void match_together(struct decision *found, const struct decision *as_there)
{
    if (as_there->outcome != MATCH_MATCH)
        return;
    if (found->outcome == MATCH_NONE ||
        (found->outcome == MATCH_MATCH &&
         found->candidates[0].pupil_key == as_there->candidates[0].pupil_key &&
         found->score < as_there->score)) {
        *found = *as_there;
        found->rule = "lives with another child of the call-out";
        return;
    }
    if (found->outcome == MATCH_MATCH) {
        if (found->candidates[0].pupil_key == as_there->candidates[0].pupil_key)
            return;
        found->candidates_count = 1;
        found->outcome = MATCH_REVIEW;
        found->rule = "the homes of the other children lead to two pupils";
    }
    if (!has_found(found, as_there->candidates[0].pupil_key))
        add_found(found, &as_there->candidates[0]);
    found->score = found->candidates[0].score;
    found->margin = found->score - found->candidates[1].score;
    found->probability = weighing_probability(found->score);
}

void match_family(struct decision *decisions, const int64_t *child_keys, size_t count)
{
    bool shared[INCIDENT_CHILDREN_MAX] = {false};

    assert(count <= INCIDENT_CHILDREN_MAX);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (i != j && decisions[i].outcome == MATCH_MATCH &&
                decisions[j].outcome == MATCH_MATCH && child_keys[i] == child_keys[j])
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
