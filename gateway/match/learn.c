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

/* A call-out as it was seen: its candidates stand in learn.seen from first on. */
struct kept {
    size_t first, count, truths; /* truths: unknown, or how many pupils are the child */
};
static const size_t unknown = (size_t)-1;

struct learn {
    struct weights weights;
    double pupils;
    struct kept *kept;
    size_t kept_count, kept_room;
    struct seen *seen;
    bool *own; /* of each seen: it is the child, where that is known */
    size_t seen_count, seen_room;
    double strangers_seen[FIELDS][LEVELS_MAX], counts[FIELDS][LEVELS_MAX][KINS];
    double nones, on_roll, household, namesakes;
    struct person strangers[STRANGERS];
    size_t strangers_count;
};

struct learn *learn_new(const struct matcher *start)
{
    struct learn *l = calloc(1, sizeof *l);

    if (l) {
        l->weights = *start->weights;
        l->pupils = start->pupils;
    }
    return l;
}

void learn_free(struct learn *l)
{
    if (!l)
        return;
    personal_wipe(l->strangers, sizeof l->strangers);
    free(l->kept);
    free(l->seen);
    free(l->own);
    free(l);
}

static void levels_of(const struct comparison *says, int out[FIELDS])
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

    memcpy(out, levels, sizeof levels);
}

static void note(struct learn *l, const struct comparison *says, enum kin kin, double share)
{
    int levels[FIELDS];

    levels_of(says, levels);
    for (int f = 0; f < FIELDS; f++)
        l->counts[f][levels[f]][kin] += share;
}

/* Pupils of other call-outs are strangers to this one. */
static void see_strangers(struct learn *l, const struct person *query,
                          const struct candidate *candidates, size_t count)
{
    struct comparison says;
    int levels[FIELDS];
    size_t n = l->strangers_count < STRANGERS ? l->strangers_count : STRANGERS;

    for (size_t i = 0; i < n; i++) {
        compare(query, &l->strangers[i], &says);
        levels_of(&says, levels);
        for (int f = 0; f < FIELDS; f++)
            l->strangers_seen[f][levels[f]]++;
    }
    if (count > 0) {
        l->strangers[l->strangers_count % STRANGERS] =
            candidates[l->strangers_count % count].person;
        l->strangers_count++;
    }
}

static bool is_true(const struct learn_truth *truth, int64_t pupil_key)
{
    for (size_t i = 0; truth && i < truth->count; i++) {
        if (truth->pupil_keys[i] == pupil_key)
            return true;
    }
    return false;
}

static int make_room(struct learn *l, size_t more, struct err *err)
{
    if (l->kept_count == l->kept_room) {
        size_t room = l->kept_room ? 2 * l->kept_room : 1024;
        struct kept *kept = reallocarray(l->kept, room, sizeof *kept);

        if (!kept)
            return err_memory(err);
        l->kept = kept;
        l->kept_room = room;
    }
    if (l->seen_count + more > l->seen_room) {
        size_t room = 2 * l->seen_room + more + 1024;
        struct seen *seen = reallocarray(l->seen, room, sizeof *seen);
        bool *own;

        if (!seen)
            return err_memory(err);
        l->seen = seen;
        own = reallocarray(l->own, room, sizeof *own);
        if (!own)
            return err_memory(err);
        l->own = own;
        l->seen_room = room;
    }
    return 0;
}

int learn_add(struct learn *l, const struct person *query, const struct candidate *candidates,
              size_t count, const struct learn_truth *truth, struct err *err)
{
    if (make_room(l, count, err) < 0)
        return -1;
    weighing_see(query, candidates, count, l->seen + l->seen_count);
    for (size_t i = 0; i < count; i++)
        l->own[l->seen_count + i] = is_true(truth, candidates[i].pupil_key);
    l->kept[l->kept_count++] = (struct kept){l->seen_count, count, truth ? truth->count : unknown};
    l->seen_count += count;
    see_strangers(l, query, candidates, count);
    return 0;
}

/* One call-out with the weights so far: who is the child, and what the others are to it. */
static void count_one(struct learn *l, const struct matcher *m, const struct kept *k)
{
    struct weighing all[CANDIDATES_MAX];
    const double *figure = m->weights->figure;
    bool is_known = k->truths != unknown, met = false;
    /* Others are met as they are where the child itself is not on the roll; where it is, they stand
     * beside it, and are told from it by comparison. */
    double none;

    weighing_of_seen(m, l->seen + k->first, k->count, all);
    none = is_known ? k->truths == 0 : k->count == 0 ? 1 : weighing_probability(all[0].none);
    l->nones += none;
    l->on_roll += 1 - none;
    for (size_t i = 0; i < k->count; i++) {
        const struct weighing *w = &all[i];
        double own =
            is_known ? l->own[k->first + w->place] : weighing_probability(w->weighed.score);
        double stranger = m->pupils * exp2(-w->stranger);
        double household = figure[FIGURE_HOUSEHOLD] * exp2(-w->household);
        double namesake = figure[FIGURE_NAMESAKE] * exp2(-w->namesake);
        double others = stranger + household + namesake;

        if (is_known && own > 0 && met)
            continue; /* a second row of the same child */
        met = met || own > 0;
        note(l, &w->says, KIN_OWN, own);
        note(l, &w->says, KIN_HOUSEHOLD, none * household / others);
        note(l, &w->says, KIN_NAMESAKE, none * namesake / others);
        l->household += none * household / others;
        l->namesakes += none * namesake / others;
    }
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
            whole += l->counts[f][i][kin];
            count++;
        }
    }
    if (whole <= 0) /* nothing seen, nothing learned */
        return;
    for (int i = 1; i < LEVELS_MAX; i++) {
        if (weights_level(f, i) && (f == FIELD_BORN && is_of_age(i)) == of_age)
            *place_of(&out->of[f][i], kin) =
                (l->counts[f][i][kin] + unseen) / (whole + unseen * count);
    }
}

void learn_settle(struct learn *l, int rounds, struct weights *out)
{
    *out = l->weights;
    for (int round = 0; round < rounds; round++) {
        const struct weights before = *out;
        const struct matcher m = {&before, fmax(l->pupils, 1)};

        memset(l->counts, 0, sizeof l->counts);
        l->nones = l->on_roll = l->household = l->namesakes = 0;
        for (size_t i = 0; i < l->kept_count; i++)
            count_one(l, &m, &l->kept[i]);
        for (int f = 0; f < FIELDS; f++) {
            for (int i = 0; i < LEVELS_MAX; i++)
                l->counts[f][i][KIN_STRANGER] = l->strangers_seen[f][i];
            for (int kin = 0; kin < KINS; kin++) {
                /* Rarity tells how often a stranger has a name that is like. */
                if (f <= FIELD_SURNAME && (kin == KIN_STRANGER || kin == KIN_NAMESAKE))
                    continue;
                settle(l, (enum field)f, (enum kin)kin, false, out);
                settle(l, (enum field)f, (enum kin)kin, true, out);
            }
        }
        if (l->kept_count > 0) {
            out->figure[FIGURE_ON_ROLL] = fmin(l->on_roll / (l->on_roll + l->nones), 0.999);
            out->figure[FIGURE_HOUSEHOLD] = fmax(l->household / fmax(l->nones, 1), 0.01);
            out->figure[FIGURE_NAMESAKE] = fmax(l->namesakes / fmax(l->nones, 1), 0.001);
        }
    }
}
