#include "match/weighing.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/normalise.h"
#include "match/rows.h"

/* What is assumed of a name before any roll is seen, and how many pupils' worth of knowledge that
 * is; a child's world is no smaller than an authority, however few pupils are on the roll so far. */
static const double usual_share[] = {[FIELD_FORENAME] = 0.001, [FIELD_SURNAME] = 0.0002};
static const double usual_worth = 500, pupils_least = 20000, pupils_usual = 100000;
/* Of those who bear a name, the one who is looked at does not count; a name that nobody bears is
 * borne by so many. */
static const double besides = 0.5, of_none = 0.02;
/* How far chance and what the roll shows of a full name are believed. */
static const double shown = 0.5;

static double pupils_of(const struct matcher *m)
{
    return m->pupils <= 0 ? pupils_usual : m->pupils < pupils_least ? pupils_least : m->pupils;
}

/* Of all children, those who bear the pupil's name; held counts the pupil. */
static double share_of_pupil(const struct matcher *m, enum field field, unsigned held)
{
    double n = held > 1 ? held - 1 + besides : besides, usual = usual_share[field];

    return m->pupils <= 0 ? usual : (n + usual * usual_worth) / (m->pupils + usual_worth);
}

/* And those who bear the name that was said. */
static double share_of_said(const struct matcher *m, unsigned held)
{
    double least = of_none / pupils_of(m);

    return held && m->pupils > 0 ? held / (m->pupils + usual_worth) : least;
}

/* log2 of how much likelier the name as said is for a child of the pupil's name than for anyone. */
static double name_weight(const struct matcher *m, enum field field, enum name_level level,
                          unsigned child_held, unsigned pupil_held)
{
    const struct likelihood *l = &m->weights->of[field][level];
    double bearers = share_of_pupil(m, field, pupil_held);

    if (level == NAME_MISSING)
        return 0;
    if (level == NAME_INITIAL)
        return -log2(l->stranger);
    if (level == NAME_DIFFERS)
        return log2(l->own / l->stranger);
    if (level == NAME_SAME)
        return -log2(bearers);
    return -log2(bearers + m->weights->of[field][NAME_SAME].own / l->own * l->spellings *
                               share_of_said(m, child_held));
}

static void add_evidence(struct weighed *w, const char *field, const char *level, double weight)
{
    if (w->evidence_count < EVIDENCE_MAX)
        w->evidence[w->evidence_count++] = (struct evidence){field, level, weight};
}

static void say(struct weighed *w, enum field field, int level, double weight)
{
    add_evidence(w, weights_field(field), weights_level(field, level), weight);
}

/* A field whose levels are counted alike for everyone. */
static void weigh_field(const struct matcher *m, enum field field, int level, struct weighing *out)
{
    const struct likelihood *l = &m->weights->of[field][level];

    if (level == 0) { /* missing */
        say(&out->weighed, field, level, 0);
        return;
    }
    out->stranger += log2(l->own / l->stranger);
    out->household += log2(l->own / l->household);
    out->namesake += log2(l->own / l->namesake);
    say(&out->weighed, field, level, log2(l->own / l->stranger));
}

static void weigh_names(const struct matcher *m, const struct seen *seen, double bearers,
                        struct weighing *out)
{
    const enum name_level f = seen->says.forename.level, s = seen->says.surname.level;
    const struct likelihood *l = &m->weights->of[FIELD_SURNAME][s];
    double forename = name_weight(m, FIELD_FORENAME, f, seen->said_by[0], seen->held_by[0]);
    double surname = name_weight(m, FIELD_SURNAME, s, seen->said_by[1], seen->held_by[1]);

    out->stranger += forename + surname;
    out->household += forename;
    if (s != NAME_MISSING)
        out->household += log2(l->own / l->household);
    say(&out->weighed, FIELD_FORENAME, (int)f, forename);
    say(&out->weighed, FIELD_SURNAME, (int)s, surname);
    if (f > NAME_INITIAL && s > NAME_INITIAL && bearers > 1) {
        out->stranger -= log2(bearers);
        add_evidence(&out->weighed, "full name", "others on the roll bear it", -log2(bearers));
    }
}

/* One in so many is the child; of the others, so many are of its household, or namesakes. */
static void weigh_others(const struct matcher *m, struct weighing *out)
{
    const double *figure = m->weights->figure;
    double pupils = pupils_of(m), on_roll = figure[FIGURE_ON_ROLL];
    double prior = log2(on_roll / (1 - on_roll) / pupils);
    double household = figure[FIGURE_HOUSEHOLD] * exp2(-out->household);
    double namesake = figure[FIGURE_NAMESAKE] * exp2(-out->namesake);

    out->weight =
        log2(on_roll / (1 - on_roll)) - log2(pupils * exp2(-out->stranger) + household + namesake);
    add_evidence(&out->weighed, "before comparing", "it could be any pupil of the roll", prior);
    if (household + namesake > pupils * exp2(-out->stranger) / 16)
        add_evidence(&out->weighed, household > namesake ? "household" : "namesakes",
                     household > namesake
                         ? "a brother or sister who is on no roll would agree in this, too"
                         : "a child of that name who is on no roll would agree in this, too",
                     out->weight - prior - out->stranger);
}

/* How many times likelier a full name is borne than its halves would make one think: what the roll
 * shows of others of that name, against chance. All of them are candidates, for the full name is a
 * key. */
static double bearers_of(const struct matcher *m, const struct seen *seen)
{
    double chance = share_of_pupil(m, FIELD_FORENAME, seen->names_held[0]) *
                    share_of_pupil(m, FIELD_SURNAME, seen->names_held[1]) * pupils_of(m);

    return (shown * seen->namesakes + chance) / chance;
}

static void weigh(const struct matcher *m, const struct seen *seen, struct weighing *out)
{
    const struct comparison *says = &seen->says;

    memset(out, 0, sizeof *out);
    out->standing = seen->standing;
    out->says = seen->says;
    out->weighed.pupil_key = seen->pupil_key;
    weigh_names(m, seen, bearers_of(m, seen), out);
    weigh_field(m, FIELD_BORN, (int)says->born, out);
    weigh_field(m, FIELD_HOME, (int)says->home, out);
    weigh_field(m, FIELD_SCHOOL, (int)says->school, out);
    weigh_field(m, FIELD_SEX, (int)says->sex, out);
    weigh_field(m, FIELD_MIDDLE_NAMES, (int)says->middle_names, out);
    weigh_field(m, FIELD_UPN, (int)says->upn, out);
    weigh_others(m, out);
}

static bool are_namesakes(const struct person *a, const struct person *b)
{
    return a->forenames_count && b->forenames_count && a->surnames_count && b->surnames_count &&
           name_same(a->forenames[0], b->forenames[0]) && name_same(a->surnames[0], b->surnames[0]);
}

void weighing_see(const struct person *query, const struct candidate *candidates, size_t count,
                  struct seen *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct person *p = &candidates[i].person;
        struct seen *seen = &out[i];

        memset(seen, 0, sizeof *seen);
        seen->pupil_key = candidates[i].pupil_key;
        seen->standing = p->standing;
        compare(query, p, &seen->says);
        seen->said_by[0] = query->forenames_held[seen->says.forename.child];
        seen->said_by[1] = query->surnames_held[seen->says.surname.child];
        seen->held_by[0] = p->forenames_held[seen->says.forename.pupil];
        seen->held_by[1] = p->surnames_held[seen->says.surname.pupil];
        seen->names_held[0] = p->forenames_held[0];
        seen->names_held[1] = p->surnames_held[0];
        seen->same_as = i;
        for (size_t j = 0; j < i; j++) {
            if (rows_are_one_child(p, &candidates[j].person)) {
                if (seen->same_as == i)
                    seen->same_as = j;
            } else if (are_namesakes(p, &candidates[j].person)) {
                seen->namesakes++;
                out[j].namesakes++;
            }
        }
    }
}

static int by_score(const void *a, const void *b)
{
    const struct weighing *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    if (x->standing != y->standing)
        return x->standing > y->standing ? 1 : -1;
    return x->weighed.pupil_key < y->weighed.pupil_key
               ? -1
               : x->weighed.pupil_key > y->weighed.pupil_key;
}

/* What the other candidates, and the chance of none, leave of it: the evidence adds up to the
 * score. */
static void settle_evidence(struct weighed *w)
{
    double rest = w->score;

    for (size_t i = 0; i < w->evidence_count; i++)
        rest -= w->evidence[i].weight;
    add_evidence(w, "other pupils",
                 rest < -1 ? "another fits as well or better" : "none fits nearly as well",
                 fabs(rest) < 0.05 ? 0 : rest);
}

/* Every candidate's share of the whole, "on no roll" among them; rows of one child count once, by
 * the likeliest of them. */
static void reckon(const struct seen *seen, struct weighing *all, size_t count)
{
    bool counted[CANDIDATES_MAX] = {false};
    double whole = 1; /* on no roll */

    for (size_t i = 0; i < count; i++) {
        size_t child = seen[all[i].place].same_as;

        if (!counted[child])
            whole += exp2(all[i].weight);
        counted[child] = true;
    }
    for (size_t i = 0; i < count; i++) {
        double own = exp2(all[i].weight);

        /* What subtraction leaves of a large whole is noise. */
        all[i].weighed.score = log2(own / fmax(whole - own, whole * 1e-9));
        all[i].none = log2(1 / fmax(whole - 1, whole * 1e-9));
        settle_evidence(&all[i].weighed);
    }
}

void weighing_of_seen(const struct matcher *matcher, const struct seen *seen, size_t count,
                      struct weighing *out)
{
    assert(count <= CANDIDATES_MAX);
    for (size_t i = 0; i < count; i++) {
        weigh(matcher, &seen[i], &out[i]);
        out[i].place = i;
    }
    qsort(out, count, sizeof out[0], by_score);
    reckon(seen, out, count);
}

void weighing_of_all(const struct matcher *matcher, const struct person *query,
                     const struct candidate *candidates, size_t count, struct weighing *out)
{
    struct seen seen[CANDIDATES_MAX];

    assert(count <= CANDIDATES_MAX);
    weighing_see(query, candidates, count, seen);
    weighing_of_seen(matcher, seen, count, out);
    for (size_t i = 0; i < count; i++)
        out[i].candidate = &candidates[out[i].place];
}

double weighing_probability(double score)
{
    return 1 / (1 + exp2(-score));
}
