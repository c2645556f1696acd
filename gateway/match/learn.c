#include "match/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/personal.h"

/* Pupils of other call-outs, for pairs of strangers; a ring. */
enum { STRANGERS = 12 };
/* What was never seen is not impossible: each level counts as seen so often beforehand. */
static const double unseen = 1;

enum kin { KIN_OWN, KIN_STRANGER, KIN_HOUSEHOLD, KIN_NAMESAKE, KINS };

struct learn {
    struct weights start;
    double seen[FIELDS][LEVELS_MAX][KINS];
    double children, nones, on_roll, household, namesakes;
    struct person strangers[STRANGERS];
    size_t strangers_count;
};

struct learn *learn_new(const struct weights *start)
{
    struct learn *l = calloc(1, sizeof *l);

    if (l)
        l->start = *start;
    return l;
}

void learn_free(struct learn *l)
{
    if (l)
        personal_wipe(l->strangers, sizeof l->strangers);
    free(l);
}

static void note(struct learn *l, const struct comparison *says, enum kin kin, double share)
{
    const int levels[FIELDS] = {
        [FIELD_FORENAME] = (int)says->forename.level,
        [FIELD_SURNAME] = (int)says->surname.level,
        [FIELD_BORN] = (int)says->born,
        [FIELD_HOME] = (int)says->home,
        [FIELD_SCHOOL] = (int)says->school,
        [FIELD_SEX] = (int)says->sex,
        [FIELD_MIDDLE_NAMES] = (int)says->middle_names,
        [FIELD_UPN] = (int)says->upn,
    };

    for (int f = 0; f < FIELDS; f++)
        l->seen[f][levels[f]][kin] += share;
}

static void note_strangers(struct learn *l, const struct person *query,
                           const struct candidate *candidates, size_t count)
{
    struct comparison says;
    size_t n = l->strangers_count < STRANGERS ? l->strangers_count : STRANGERS;

    for (size_t i = 0; i < n; i++) {
        compare(query, &l->strangers[i], &says);
        note(l, &says, KIN_STRANGER, 1);
    }
    if (count > 0) {
        l->strangers[l->strangers_count % STRANGERS] =
            candidates[l->strangers_count % count].person;
        l->strangers_count++;
    }
}

static bool is_true(const struct learn_truth *truth, int64_t pupil_key)
{
    for (size_t i = 0; i < truth->count; i++) {
        if (truth->pupil_keys[i] == pupil_key)
            return true;
    }
    return false;
}

void learn_add(struct learn *l, const struct matcher *m, const struct person *query,
               const struct candidate *candidates, size_t count, const struct learn_truth *truth)
{
    struct weighing all[CANDIDATES_MAX];
    const double *figure = m->weights->figure;
    bool first = true;
    /* Others are met as they are where the child itself is not on the roll; where it is, they
     * stand beside it, and are told from it by comparison. */
    double none;

    weighing_of_all(m, query, candidates, count, all);
    none = truth ? truth->count == 0 : count == 0 ? 1 : weighing_probability(all[0].none);
    l->children++;
    l->nones += none;
    if (truth)
        l->on_roll += truth->count > 0;
    for (size_t i = 0; i < count; i++) {
        const struct weighing *w = &all[i];
        double own = weighing_probability(w->weighed.score);
        double stranger = (m->pupils > 0 ? m->pupils : 1) * exp2(-w->stranger);
        double household = figure[FIGURE_HOUSEHOLD] * exp2(-w->household);
        double namesake = figure[FIGURE_NAMESAKE] * exp2(-w->namesake);
        double others = stranger + household + namesake;

        if (truth) {
            own = is_true(truth, w->weighed.pupil_key);
            if (own > 0 && !first)
                continue; /* a second row of the same pupil */
            first = first && own <= 0;
        } else {
            l->on_roll += own;
        }
        note(l, &w->says, KIN_OWN, own);
        note(l, &w->says, KIN_HOUSEHOLD, none * household / others);
        note(l, &w->says, KIN_NAMESAKE, none * namesake / others);
        l->household += none * household / others;
        l->namesakes += none * namesake / others;
    }
    note_strangers(l, query, candidates, count);
}

static bool is_of_age(int level)
{
    return level == BORN_AGE_FITS || level == BORN_AGE_NEAR || level == BORN_AGE_DIFFERS;
}

static double *place_of(struct likelihood *l, enum kin kin)
{
    return kin == KIN_OWN         ? &l->own
           : kin == KIN_STRANGER  ? &l->stranger
           : kin == KIN_HOUSEHOLD ? &l->household
                                  : &l->namesake;
}

/* Levels of an age and those of a birth date are two questions, each with shares of its own. */
static void settle(const struct learn *l, enum field f, enum kin kin, bool of_age,
                   struct weights *out)
{
    double whole = 0;
    int count = 0;

    for (int i = 1; i < LEVELS_MAX; i++) {
        if (weights_level(f, i) && (f == FIELD_BORN && is_of_age(i)) == of_age) {
            whole += l->seen[f][i][kin];
            count++;
        }
    }
    if (whole <= 0) /* nothing seen, nothing learned */
        return;
    for (int i = 1; i < LEVELS_MAX; i++) {
        if (weights_level(f, i) && (f == FIELD_BORN && is_of_age(i)) == of_age)
            *place_of(&out->of[f][i], kin) =
                (l->seen[f][i][kin] + unseen) / (whole + unseen * count);
    }
}

void learn_round(struct learn *l, struct weights *out)
{
    *out = l->start;
    for (int f = 0; f < FIELDS; f++) {
        for (int kin = 0; kin < KINS; kin++) {
            /* Rarity tells how often a stranger has a name that is like. */
            if (f <= FIELD_SURNAME && (kin == KIN_STRANGER || kin == KIN_NAMESAKE))
                continue;
            settle(l, (enum field)f, (enum kin)kin, false, out);
            settle(l, (enum field)f, (enum kin)kin, true, out);
        }
    }
    if (l->children > 0) {
        out->figure[FIGURE_ON_ROLL] = fmin(l->on_roll / l->children, 0.999);
        out->figure[FIGURE_HOUSEHOLD] = fmax(l->household / fmax(l->nones, 1), 0.01);
        out->figure[FIGURE_NAMESAKE] = fmax(l->namesakes / fmax(l->nones, 1), 0.001);
    }
    memset(l->seen, 0, sizeof l->seen);
    l->children = l->nones = l->on_roll = l->household = l->namesakes = 0;
}
