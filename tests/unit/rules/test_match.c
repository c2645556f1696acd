/* What no case of tests/cases/match says of a decision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "match/compare.h"
#include "match/person.h"
#include "match/weights.h"

/* A roll of an authority, of which a test shows some pupils. */
static struct matcher matcher = {.pupils = 100000};

static void without_candidates_there_is_none_and_a_rule(void **state)
{
    struct person child;
    struct decision d;

    (void)state;
    person_init(&child);
    match_decide(&matcher, &child, NULL, 0, &d);
    assert_int_equal(d.outcome, MATCH_NONE);
    assert_int_equal(d.candidates_count, 0);
    assert_string_equal(d.rule, "no pupil is close");
}

static struct candidate child_of_the_roll(int64_t key)
{
    struct candidate c = {.pupil_key = key};

    person_init(&c.person);
    person_add_forename(&c.person, "Amelia");
    person_add_surname(&c.person, "Okafor");
    c.person.born = day_parse("2017-03-09");
    return c;
}

static void the_evidence_adds_up_to_the_score_and_the_lead_is_the_margin(void **state)
{
    struct candidate c[2] = {child_of_the_roll(7), child_of_the_roll(8)};
    struct person child = c[0].person;
    struct decision d;
    double sum = 0;

    (void)state;
    person_init(&c[1].person);
    person_add_surname(&c[1].person, "Okafor");
    person_add_forename(&c[1].person, "Ben");
    c[1].person.born = day_parse("2019-01-01");
    match_decide(&matcher, &child, c, 2, &d);
    assert_int_equal(d.outcome, MATCH_MATCH);
    assert_int_equal(d.candidates[0].pupil_key, 7);
    for (size_t i = 0; i < d.candidates[0].evidence_count; i++)
        sum += d.candidates[0].evidence[i].weight;
    assert_true(fabs(sum - d.score) < 0.05);
    assert_true(d.margin > 0 && d.margin > d.score); /* the next speaks against itself */
    match_decide(&matcher, &child, c, 1, &d);
    assert_true(d.margin == d.score);
}

/* A child said by its age at another place than the roll's: what is left of the certainty is the chance
 * that it is on no roll, not the brother's; of two of one name, each other's. */
static void two_fit_only_where_the_second_takes_more_than_no_roll_does(void **state)
{
    struct candidate c[2] = {child_of_the_roll(1), child_of_the_roll(2)};
    struct person child = c[0].person;
    struct decision d;

    (void)state;
    match_decide(&matcher, &child, c, 2, &d);
    assert_int_equal(d.outcome, MATCH_REVIEW);
    assert_string_equal(d.rule, "two pupils fit");
    for (int i = 0; i < 2; i++) {
        person_init(&c[i].person);
        person_add_forename(&c[i].person, i == 0 ? "Amelia" : "David");
        person_add_surname(&c[i].person, "Okafor");
        c[i].person.born = day_parse(i == 0 ? "2012-11-12" : "2013-03-08");
        person_set_postcode(&c[i].person, "PL4 8AA");
        c[i].person.surnames_held[0] = 8;
        person_add_school(&c[i].person, "school", "100001");
    }
    child = c[0].person;
    child.born = DAY_NONE;
    child.age = 13;
    child.seen_on = day_parse("2026-05-22");
    child.forenames_held[0] = c[0].person.forenames_held[0] = 300;
    person_set_postcode(&child, "NE1 1AA");
    match_decide(&matcher, &child, c, 2, &d);
    assert_int_equal(d.outcome, MATCH_REVIEW);
    assert_string_equal(d.rule, "not sure enough");
}

/* Behind six who have her forename and her age stands a boy whose names could be hers, misheard. */
static void whoever_stands_in_the_way_is_shown(void **state)
{
    struct candidate c[8];
    struct person child;
    struct decision d;

    (void)state;
    for (int i = 0; i < 8; i++) {
        c[i] = child_of_the_roll(i + 1);
        c[i].person.sex = SEX_FEMALE;
        if (i > 0) {
            person_init(&c[i].person);
            person_add_forename(&c[i].person, i == 7 ? "Amelio" : "Amelia");
            person_add_surname(&c[i].person, i == 7 ? "Okafar" : "Vexworthy");
            c[i].person.born = day_parse(i == 7 ? "2017-12-24" : "2017-01-06");
            c[i].person.sex = i == 7 ? SEX_MALE : SEX_FEMALE;
        }
        person_set_postcode(&c[i].person, i == 0 ? "PL4 8AA" : "NE1 1AA");
        person_add_school(&c[i].person, "school", i == 0 ? "100001" : "100002");
    }
    child = c[0].person;
    child.born = DAY_NONE;
    child.age = 9;
    child.seen_on = day_parse("2026-03-13");
    child.forenames_held[0] = child.surnames_held[0] = 3000; /* so that a slip says little */
    match_decide(&matcher, &child, c, 7, &d);
    assert_int_equal(d.outcome, MATCH_MATCH);
    child.postcode[0] = '\0';
    match_decide(&matcher, &child, c, 8, &d);
    assert_int_equal(d.outcome, MATCH_REVIEW);
    assert_string_equal(d.rule, "two pupils of that age fit");
    assert_int_equal(d.candidates_count, REVIEW_MAX);
    assert_int_equal(d.candidates[0].pupil_key, 1);
    assert_int_equal(d.candidates[REVIEW_MAX - 1].pupil_key, 8);
}

static void at_most_five_are_shown_of_however_many(void **state)
{
    static struct candidate many[CANDIDATES_MAX];
    struct decision d;

    (void)state;
    for (int i = 0; i < CANDIDATES_MAX; i++)
        many[i] = child_of_the_roll(CANDIDATES_MAX - i);
    match_decide(&matcher, &many[0].person, many, CANDIDATES_MAX, &d);
    assert_int_equal(d.outcome, MATCH_REVIEW);
    assert_int_equal(d.candidates_count, REVIEW_MAX);
    for (int i = 0; i < REVIEW_MAX; i++) /* equals stand in the order of their keys */
        assert_int_equal(d.candidates[i].pupil_key, i + 1);
    assert_true(d.margin == 0);
}

static void a_distance_counts_slips_of_the_hand(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 20000; n++) { /* no nearer for being given up early */
        char a[9], b[9];
        unsigned dice = n * 2654435761u;

        for (size_t i = 0; i < 8; i++, dice = dice * 1664525 + 1013904223) {
            a[i] = (char)('a' + (dice >> 10) % 3);
            b[i] = (char)('a' + (dice >> 20) % 3);
        }
        a[dice >> 8 & 7] = b[dice >> 12 & 7] = '\0';
        for (int limit = 0; limit < 4; limit++) {
            int whole = name_distance(a, b, NAME_SIZE);

            assert_int_equal(name_distance(a, b, limit), whole <= limit ? whole : limit + 1);
        }
    }
    assert_int_equal(name_distance("amelia", "amelia", 2), 0);
    assert_int_equal(name_distance("amelia", "ameila", 2), 1); /* neighbours exchanged */
    assert_int_equal(name_distance("amelia", "amela", 2), 1);
    assert_int_equal(name_distance("amelia", "emilia", 2), 2);
    assert_int_equal(name_distance("kowalski", "kowalska", 2), 1);
    assert_int_equal(name_distance("amelia", "bella", 2), 3);
    assert_int_equal(name_distance("mac donald", "macdonald", 2), 0);
    assert_int_equal(name_distance("", "ab", 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_candidates_there_is_none_and_a_rule),
        cmocka_unit_test(the_evidence_adds_up_to_the_score_and_the_lead_is_the_margin),
        cmocka_unit_test(two_fit_only_where_the_second_takes_more_than_no_roll_does),
        cmocka_unit_test(whoever_stands_in_the_way_is_shown),
        cmocka_unit_test(at_most_five_are_shown_of_however_many),
        cmocka_unit_test(a_distance_counts_slips_of_the_hand),
    };

    matcher.weights = weights_default();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
