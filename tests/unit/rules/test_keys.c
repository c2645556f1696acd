#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "match/keys.h"
#include "match/person.h"

static struct person someone(const char *forename, const char *surname, const char *born,
                             const char *postcode)
{
    struct person p;

    person_init(&p);
    person_add_forename(&p, forename);
    person_add_surname(&p, surname);
    p.born = day_parse(born);
    person_set_postcode(&p, postcode);
    p.seen_on = day_parse("2026-03-13");
    return p;
}

static size_t shared(const struct person *child, const struct person *pupil)
{
    struct key a[KEYS_MAX], b[KEYS_MAX];
    size_t na = keys_of(child, KEYS_CHILD, a), nb = keys_of(pupil, KEYS_PUPIL, b), n = 0;

    for (size_t i = 0; i < na; i++) {
        for (size_t j = 0; j < nb; j++)
            n += a[i].bits == b[j].bits;
    }
    return n;
}

static struct person pupil(void)
{
    return someone("Amelia", "Okafor-Reid", "2017-03-09", "PL4 8AA");
}

static void whoever_differs_in_one_thing_is_still_found(void **state)
{
    static const struct {
        const char *forename, *surname, *born, *postcode;
    } children[] = {
        {"Amelia", "Okafor-Reid", "2017-03-09", "PL4 8AA"},
        {"Millie", "Okafor-Reid", "2017-03-09", "LS1 1AA"}, /* nickname, moved */
        {"Amelia", "Smith", "2017-03-09", "LS1 1AA"},       /* the other parent's surname */
        {"Amelia", "Reid", "2017-03-09", "LS1 1AA"},        /* half of it */
        {"Amelia", "Okafor Reid", "2016-04-08", "LS1 1AA"}, /* another birth date */
        {"Okafor", "Amelia", "2017-03-09", "LS1 1AA"},      /* exchanged */
        {"Okafor-Reid", "Amelia", "", "LS1 1AA"},
        {"Amelia", "Okafor Reid", "2017-09-03", "LS1 1AA"}, /* day and month exchanged */
        {"Amela", "Okafur Reed", "2017-03-09", "LS1 1AA"},  /* both misspelt */
        {"A", "Okafor", "2017-01-01", "LS1 1AA"},           /* initial and year */
        {"Amilya", "Ocafur Read", "2017-01-01", "LS1 1AA"}, /* by ear, and the year */
        {"Bella", "Adams", "2017-03-09", "PL4"},            /* born that day, in that district */
        {"Amelia", "", "", "PL4 8AA"},
        {"", "Reid", "", "PL4 8AA"},
        {"Bella", "Adams", "2017-12-31", "PL4 8AA"}, /* of that year, at that address */
    };
    struct person roll = pupil();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        struct person child = someone(children[i].forename, children[i].surname, children[i].born,
                                      children[i].postcode);

        if (shared(&child, &roll) == 0)
            fail_msg("child %zu shares no key", i);
    }
}

static void an_age_stands_for_its_birth_years_and_one_more(void **state)
{
    struct person roll = pupil(), child = someone("Amy", "Reid", "", "");

    (void)state;
    for (int age = 4; age <= 13; age++) {
        child.age = age;
        /* 13 March 2026: the child is nine since the 9th; the years of a neighbouring age count */
        assert_int_equal(shared(&child, &roll) > 0, age >= 7 && age <= 10);
    }
}

static void strangers_share_nothing_and_neither_do_two_unknown_ones(void **state)
{
    struct person roll = pupil();
    struct person stranger = someone("Bella", "Adams", "2015-01-01", "LS1 1AA");
    struct person nobody = someone("", "", "", "");
    struct person outward = someone("Bella", "Adams", "2017-03-10", "PL4");
    struct person unknown = someone("unknown", "N/K", "", "");

    (void)state;
    assert_int_equal(shared(&stranger, &roll), 0);
    assert_int_equal(shared(&nobody, &unknown), 0);
    assert_int_equal(shared(&outward, &roll), 0);
}

static void a_upn_finds_whatever_else_is_said(void **state)
{
    struct person roll = pupil(), child = someone("Bella", "Adams", "2010-01-01", "");

    (void)state;
    person_set_upn(&roll, "L929424924001");
    person_set_upn(&child, " l929424924001 ");
    assert_int_equal(shared(&child, &roll), 1);
}

static void keys_are_few_distinct_and_have_a_ceiling(void **state)
{
    struct person p = pupil();
    struct key keys[KEYS_MAX];
    size_t n = keys_of(&p, KEYS_PUPIL, keys);

    (void)state;
    assert_in_range(n, 10, 36);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i].kind != keys[j].kind || keys[i].bits != keys[j].bits);
    }
    for (int i = 0; i < 12; i++) {
        char name[64];

        snprintf(name, sizeof name, "name%d second%d third%d", i, i, i);
        person_add_forename(&p, name);
        person_add_surname(&p, name);
    }
    n = keys_of(&p, KEYS_CHILD, keys);
    assert_true(n <= KEYS_MAX);
    /* and the last kinds have their place still */
    {
        struct person roll = someone("", "", "2017-05-05", "PL4 8AA");

        assert_int_equal(shared(&p, &roll), 1);
    }
}

/* Keys are stored: the same name must make the same key in every build and on every machine. */
static void a_key_stays_what_it_was(void **state)
{
    struct person p = someone("", "", "", "");
    struct key keys[KEYS_MAX];

    (void)state;
    person_set_upn(&p, "L929424924001");
    assert_int_equal(keys_of(&p, KEYS_PUPIL, keys), 1);
    assert_int_equal(keys[0].bits, UINT64_C(0x586a889b8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_differs_in_one_thing_is_still_found),
        cmocka_unit_test(an_age_stands_for_its_birth_years_and_one_more),
        cmocka_unit_test(strangers_share_nothing_and_neither_do_two_unknown_ones),
        cmocka_unit_test(a_upn_finds_whatever_else_is_said),
        cmocka_unit_test(keys_are_few_distinct_and_have_a_ceiling),
        cmocka_unit_test(a_key_stays_what_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
