/* A pupil kept as bytes is the pupil that was folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "match/keys.h"
#include "match/packed.h"
#include "match/person.h"

/* Whatever folding there is has something to do here. */
static struct person pupil(int i)
{
    static const struct {
        const char *forename, *preferred, *middle, *surname, *former, *address, *postcode, *upn;
    } rows[] = {
        {"Zo\u00eb", "Zo", "Anne-Marie", "O'Brien", "van der Berg", "Flat 20, 4 High St, Leeds",
         "ls1 1aa", "H801200001001"},
        {"Nguy\u1ec5n", "", "", "Cass0n", "", "Rose Cottage, Mill Ln", "PL4", ""},
        {"unknown", "", "N/K", "Quibblethwaite-Vane", "", "", "PL48AO", "UN1"},
        {"", "", "", "", "", "", "", ""},
    };
    struct person p;

    person_init(&p);
    person_add_forename(&p, rows[i].forename);
    person_add_forename(&p, rows[i].preferred);
    person_set_middle_names(&p, rows[i].middle);
    person_add_surname(&p, rows[i].surname);
    person_add_surname(&p, rows[i].former);
    person_set_address(&p, rows[i].address);
    person_set_postcode(&p, rows[i].postcode);
    person_set_upn(&p, rows[i].upn);
    p.born = i == 3 ? DAY_NONE : day_from_civil(2015 + i, 3, 9);
    p.sex = (enum incident_sex)(i % 3);
    memcpy(p.la_code, "801", 4);
    if (i == 0)
        person_set_other_home(&p, "7 Weir Side", "PL4 8AA");
    return p;
}

enum { PUPILS = 4 };

/* Names to the last place and the last letter. */
static struct person fullest(void)
{
    struct person p;

    person_init(&p);
    memset(p.middle_names, 'm', sizeof p.middle_names - 1);
    for (size_t i = 0; i < PERSON_NAMES; i++) {
        memset(p.forenames[i], 'a' + (int)i, NAME_SIZE - 1);
        memset(p.surnames[i], 'n' + (int)i, NAME_SIZE - 1);
    }
    p.forenames_count = p.surnames_count = PERSON_NAMES;
    return p;
}

static void is_kept(const struct person *p)
{
    unsigned char bytes[PACKED_MAX];
    size_t length = person_pack(p, bytes);
    struct person back;

    assert_true(length <= sizeof bytes);
    person_init(&back);
    assert_true(person_unpack(bytes, length, &back));
    assert_int_equal(back.sex, p->sex);
    assert_int_equal(back.born, p->born);
    assert_int_equal(back.forenames_count, p->forenames_count);
    assert_int_equal(back.surnames_count, p->surnames_count);
    for (size_t i = 0; i < PERSON_NAMES; i++) {
        assert_string_equal(back.forenames[i], p->forenames[i]);
        assert_string_equal(back.surnames[i], p->surnames[i]);
    }
    assert_string_equal(back.middle_names, p->middle_names);
    assert_string_equal(back.upn, p->upn);
    assert_string_equal(back.la_code, p->la_code);
    assert_string_equal(back.house, p->house);
    assert_string_equal(back.street, p->street);
    assert_string_equal(back.postcode, p->postcode);
    assert_string_equal(back.other_home.house, p->other_home.house);
    assert_string_equal(back.other_home.street, p->other_home.street);
    assert_string_equal(back.other_home.postcode, p->other_home.postcode);
}

static void what_is_packed_comes_back_whole(void **state)
{
    struct person p = fullest();

    (void)state;
    is_kept(&p);
    for (int i = 0; i < PUPILS; i++) {
        p = pupil(i);
        is_kept(&p);
    }
}

static void bytes_that_are_cut_or_too_many_are_refused(void **state)
{
    unsigned char bytes[PACKED_MAX + 1] = {0};
    struct person p = pupil(0), back;
    size_t length = person_pack(&p, bytes);

    (void)state;
    for (size_t n = 0; n < length; n++) {
        person_init(&back);
        assert_false(person_unpack(bytes, n, &back));
    }
    person_init(&back);
    assert_false(person_unpack(bytes, length + 1, &back));
}

static void any_byte_that_is_another_overruns_nothing(void **state)
{
    unsigned char bytes[PACKED_MAX];
    struct person p = pupil(0), back;
    size_t length = person_pack(&p, bytes);

    (void)state;
    for (size_t i = 0; i < length; i++) {
        for (int value = 0; value < 256; value++) {
            unsigned char was = bytes[i];

            bytes[i] = (unsigned char)value;
            person_init(&back);
            if (person_unpack(bytes, length, &back))
                assert_true(back.forenames_count <= PERSON_NAMES &&
                            back.surnames_count <= PERSON_NAMES && back.sex <= SEX_MALE);
            bytes[i] = was;
        }
    }
}

/* In each school with a name, one that has ended by then, one that is said by a number we do not know. */
static struct schools everywhere(void)
{
    struct schools s;

    schools_init(&s);
    schools_add(&s, "school", "100001", "St Mary's Catholic Primary School", true, DAY_NONE);
    schools_add(&s, "school", "100002", "The Weir PRU", false, day_from_civil(2026, 3, 15));
    schools_add(&s, "centre", "20001", NULL, false, day_from_civil(2026, 3, 16));
    schools_add(&s, "", "", "School", true, day_from_civil(2026, 3, 14));
    return s;
}

static void schools_are_given_as_they_stand_on_the_day(void **state)
{
    const day_t on = day_from_civil(2026, 3, 16);
    struct schools s, back;
    unsigned char bytes[SCHOOLS_PACKED_MAX];
    struct person p;
    static const struct {
        bool main;
        int to; /* 0: open; days after the day */
        enum standing standing;
    } cases[] = {
        {true, 0, STANDING_OWN},     {true, 1, STANDING_OWN},     {true, -1, STANDING_LEFT},
        {false, 0, STANDING_SECOND}, {false, 1, STANDING_SECOND}, {false, -1, STANDING_LEFT},
    };

    (void)state;
    s = everywhere();
    assert_true(schools_unpack(bytes, schools_pack(&s, bytes), &back));
    person_init(&p);
    schools_give(&back, on, &p);
    assert_int_equal(p.standing, STANDING_OWN);
    assert_int_equal(p.schools_count, 3);
    assert_string_equal(p.schools[0], "school/100001");
    assert_string_equal(p.schools[2], "centre/20001");
    assert_int_equal(p.school_names_count, 2);
    assert_string_equal(p.school_names[1], "weir pru");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        schools_init(&s);
        schools_add(&s, "school", "100001", NULL, cases[i].main,
                    cases[i].to == 0 ? DAY_NONE : on + cases[i].to);
        person_init(&p);
        schools_give(&s, on, &p);
        assert_int_equal(p.standing, cases[i].standing);
        person_init(&p);
        schools_give(&s, DAY_NONE, &p);
        assert_int_equal(p.standing, cases[i].main ? STANDING_OWN : STANDING_SECOND);
    }
    schools_init(&s);
    person_init(&p);
    schools_give(&s, on, &p);
    assert_int_equal(p.standing, STANDING_OWN); /* on no roll ever */
    s.ever = true;
    schools_give(&s, on, &p);
    assert_int_equal(p.standing, STANDING_LEFT);
}

static void bytes_of_schools_that_are_others_overrun_nothing(void **state)
{
    unsigned char bytes[SCHOOLS_PACKED_MAX + 1] = {0};
    struct schools s = everywhere(), back;
    size_t length = schools_pack(&s, bytes);

    (void)state;
    for (size_t n = 0; n < length; n++)
        assert_false(schools_unpack(bytes, n, &back));
    assert_false(schools_unpack(bytes, length + 1, &back));
    for (size_t i = 0; i < length; i++) {
        for (int value = 0; value < 256; value++) {
            unsigned char was = bytes[i];

            bytes[i] = (unsigned char)value;
            if (schools_unpack(bytes, length, &back))
                assert_true(back.count <= ON_ROLL_MAX);
            bytes[i] = was;
        }
    }
    while (s.count < ON_ROLL_MAX)
        schools_add(&s, "school", "100001", "Weir", false, DAY_NONE);
    schools_add(&s, "school", "100002", "Weir", false, DAY_NONE);
    assert_int_equal(s.count, ON_ROLL_MAX);
}

/* What stores hold was folded by the program that filled them, and is compared with a child that this
 * one has folded: where folding changes, so must KEYS_VERSION, by which they make it anew. Is the sum
 * another, count the version up and write both here. */
static uint64_t with(uint64_t sum, const unsigned char *bytes, size_t length)
{
    for (size_t j = 0; j < length; j++)
        sum = (sum ^ bytes[j]) * UINT64_C(0x100000001b3);
    return sum;
}

static void another_fold_is_another_version(void **state)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    unsigned char of_schools[SCHOOLS_PACKED_MAX];
    struct schools schools = everywhere();

    (void)state;
    for (int i = 0; i < PUPILS; i++) {
        unsigned char bytes[PACKED_MAX];
        struct person p = pupil(i);

        sum = with(sum, bytes, person_pack(&p, bytes));
    }
    sum = with(sum, of_schools, schools_pack(&schools, of_schools));
    assert_int_equal(KEYS_VERSION, 6);
    assert_int_equal(sum, UINT64_C(0x2a40d64eb9c35321));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back_whole),
        cmocka_unit_test(bytes_that_are_cut_or_too_many_are_refused),
        cmocka_unit_test(any_byte_that_is_another_overruns_nothing),
        cmocka_unit_test(schools_are_given_as_they_stand_on_the_day),
        cmocka_unit_test(bytes_of_schools_that_are_others_overrun_nothing),
        cmocka_unit_test(another_fold_is_another_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
