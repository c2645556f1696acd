#include "match/weighing.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/normalise.h"

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

static void weigh_names(const struct matcher *m, const struct person *child,
                        const struct person *pupil, double bearers, struct weighing *out)
{
    const struct name_says *f = &out->says.forename, *s = &out->says.surname;
    const struct likelihood *l = &m->weights->of[FIELD_SURNAME][s->level];
    double forename = name_weight(m, FIELD_FORENAME, f->level, child->forenames_held[f->child],
                                  pupil->forenames_held[f->pupil]);
    double surname = name_weight(m, FIELD_SURNAME, s->level, child->surnames_held[s->child],
                                 pupil->surnames_held[s->pupil]);

    out->stranger += forename + surname;
    out->household += forename;
    if (s->level != NAME_MISSING)
        out->household += log2(l->own / l->household);
    say(&out->weighed, FIELD_FORENAME, f->level, forename);
    say(&out->weighed, FIELD_SURNAME, s->level, surname);
    if (f->level > NAME_INITIAL && s->level > NAME_INITIAL && bearers > 1) {
        out->stranger -= log2(bearers);
        add_evidence(&out->weighed, "full name", "others bear it", -log2(bearers));
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
    add_evidence(&out->weighed, "roll", "one of so many pupils", prior);
    if (household + namesake > pupils * exp2(-out->stranger) / 16)
        add_evidence(&out->weighed, "others",
                     household > namesake ? "a brother or sister would fit"
                                          : "a namesake would fit",
                     out->weight - prior - out->stranger);
}

/* bearers: how many times likelier a full name is borne than its halves would make one think. */
static void weigh(const struct matcher *m, const struct person *query,
                  const struct candidate *candidate, double bearers, struct weighing *out)
{
    const struct comparison *says = &out->says;
    struct weighed *w = &out->weighed;

    memset(out, 0, sizeof *out);
    out->candidate = candidate;
    w->pupil_key = candidate->pupil_key;
    compare(query, &candidate->person, &out->says);
    weigh_names(m, query, &candidate->person, bearers, out);
    weigh_field(m, FIELD_BORN, (int)says->born, out);
    weigh_field(m, FIELD_HOME, (int)says->home, out);
    weigh_field(m, FIELD_SCHOOL, (int)says->school, out);
    weigh_field(m, FIELD_SEX, (int)says->sex, out);
    weigh_field(m, FIELD_MIDDLE_NAMES, (int)says->middle_names, out);
    weigh_field(m, FIELD_UPN, (int)says->upn, out);
    weigh_others(m, out);
}

/* Of the roll's pupils who have the candidate's full name, others than itself, against how many
 * chance would make of its halves. All of them are candidates, for the full name is a key. */
static double bearers_of(const struct matcher *m, const struct candidate *all, size_t count,
                         size_t which)
{
    const struct person *p = &all[which].person;
    double chance, seen = 0;

    if (!p->forenames_count || !p->surnames_count)
        return 1;
    for (size_t i = 0; i < count; i++) {
        const struct person *o = &all[i].person;

        if (i != which && o->forenames_count && o->surnames_count &&
            name_same(p->forenames[0], o->forenames[0]) &&
            name_same(p->surnames[0], o->surnames[0]) && !compare_is_one_pupil(p, o))
            seen++;
    }
    chance = share_of_pupil(m, FIELD_FORENAME, p->forenames_held[0]) *
             share_of_pupil(m, FIELD_SURNAME, p->surnames_held[0]) * pupils_of(m);
    return (shown * seen + chance) / chance;
}

static int by_score(const void *a, const void *b)
{
    const struct weighing *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
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
    add_evidence(w, "other pupils", rest < -1 ? "another fits, too" : "none fits as well", rest);
}

/* Every candidate's share of the whole, "on no roll" among them; rows of one pupil count once. */
static void reckon(struct weighing *all, size_t count)
{
    double none = 1, whole = none;

    for (size_t i = 0; i < count; i++) {
        bool again = false;

        for (size_t j = 0; j < i && !again; j++)
            again = compare_is_one_child(&all[i].candidate->person, &all[j].candidate->person);
        if (!again)
            whole += exp2(all[i].weight);
    }
    for (size_t i = 0; i < count; i++) {
        double own = exp2(all[i].weight), others = whole - own;

        if (others < whole * 1e-9) /* what subtraction leaves is noise */
            others = whole * 1e-9;
        all[i].weighed.score = log2(own / others);
        settle_evidence(&all[i].weighed);
        all[i].none = log2(none / fmax(whole - none, whole * 1e-9));
    }
}

void weighing_of_all(const struct matcher *matcher, const struct person *query,
                     const struct candidate *candidates, size_t count, struct weighing *out)
{
    assert(count <= CANDIDATES_MAX);
    for (size_t i = 0; i < count; i++)
        weigh(matcher, query, &candidates[i], bearers_of(matcher, candidates, count, i), &out[i]);
    qsort(out, count, sizeof out[0], by_score);
    reckon(out, count);
}

double weighing_probability(double score)
{
    return 1 / (1 + exp2(-score));
}
