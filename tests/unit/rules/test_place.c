/* Homes and schools as they are said and as the roll has them, and the file of weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "match/person.h"
#include "match/place.h"
#include "match/school.h"
#include "match/weights.h"

static struct person at(const char *address, const char *postcode)
{
    struct person p;

    person_init(&p);
    person_set_address(&p, address);
    person_set_postcode(&p, postcode);
    return p;
}

static void an_address_is_its_numbers_and_its_street(void **state)
{
    static const struct {
        const char *said, *house, *street;
    } cases[] = {
        {"12 High Street, Leeds", "12", "highstreet"},
        {"FLAT 20, 4 FAMBRIDGE RD, NORWICH", "20 4", "fambridgeroad"},
        {"Rose Cottage, 2a Mill Ln", "2a", "milllane"},
        {"St Andrew's Way, Norwich", "", "standrewsway"},
        {"7 Temple St", "7", "templestreet"},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct person p = at(cases[i].said, "");

        assert_string_equal(p.house, cases[i].house);
        assert_string_equal(p.street, cases[i].street);
    }
}

static void rolls_contradict_each_other_by_district_or_street(void **state)
{
    static const struct {
        const char *address, *postcode, *there, *postcode_there;
        bool contradict;
    } cases[] = {
        {"12 High St", "LS1 1AA", "9 Mill Lane", "LS1 9ZZ", false},
        {"12 High St", "LS1 1AA", "12 High Street", "BS1 1AA", true},
        {"", "LS1 1AA", "", "LS1", false},
        {"", "LS1 1AA", "", "LS11 1AA", true},
        {"", "LS1 1AA", "", "", false},
        {"12 High St", "LS1 1AA", "14 High Street", "", false},
        {"12 High St", "", "9 Mill Lane", "LS1 1AA", true},
        {"", "", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct person one = at(cases[i].address, cases[i].postcode);
        struct person two = at(cases[i].there, cases[i].postcode_there);

        /* Planning knows the rolls alone, so what is remembered beside them says nothing here. */
        person_set_other_home(&one, cases[i].there, cases[i].postcode_there);
        person_set_other_home(&two, cases[i].address, cases[i].postcode);
        assert_int_equal(place_contradicts(&one, &two), cases[i].contradict);
        assert_int_equal(place_contradicts(&two, &one), cases[i].contradict);
    }
}

static void homes_agree_by_house_street_and_postcode(void **state)
{
    static const struct {
        const char *address, *postcode, *there, *postcode_there;
        enum home_level level;
    } cases[] = {
        {"12 High St", "LS1 1AA", "12 High Street", "LS1 1AA", HOME_SAME},
        {"12 Hihg St", "", "12 High Street", "LS1 1AA", HOME_SAME},
        {"12 High St", "LS1 1AB", "12 High Street", "LS1 1AA", HOME_SAME},
        {"High St", "LS1 1AA", "12 High Street", "LS1 1AA", HOME_ROAD},
        {"", "LS1 1AA", "12 High Street", "LS1 1AA", HOME_POSTCODE},
        {"14 High St", "LS1 1AA", "12 High Street", "LS1 1AA", HOME_NEIGHBOUR},
        {"14 High St", "", "12 High Street", "LS1 1AA", HOME_STREET},
        {"", "LS1 1AB", "12 High Street", "LS1 1AA", HOME_POSTCODE_NEAR},
        {"3 Mill Lane", "LS1", "12 High Street", "LS1 1AA", HOME_DISTRICT},
        {"12 High St", "NE4 7QX", "12 High Street", "LS1 1AA", HOME_DIFFERS},
        {"", "", "12 High Street", "LS1 1AA", HOME_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct person child = at(cases[i].address, cases[i].postcode);
        struct person pupil = at(cases[i].there, cases[i].postcode_there);

        assert_int_equal(place_compare(&child, &pupil), cases[i].level);
    }
}

static void a_school_is_its_telling_words(void **state)
{
    static const struct {
        const char *said, *name;
        enum school_level level;
    } cases[] = {
        {"Neatherd", "Dereham Neatherd High School", SCHOOL_WITHIN},
        {"Taverham CE", "Taverham VC CE Junior School", SCHOOL_SAME},
        {"Hillside", "Ashfield Primary School", SCHOOL_DIFFERS},
        {"Westwood Park", "Westwood Primary School", SCHOOL_PART},
        {"the primary school", "Westwood Primary School", SCHOOL_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct person child, pupil;

        person_init(&child);
        person_init(&pupil);
        person_add_school_name(&child, cases[i].said);
        person_add_school_name(&pupil, cases[i].name);
        assert_int_equal(school_compare(&child, &pupil), cases[i].level);
    }
}

static void weights_are_read_as_they_are_written(void **state)
{
    struct buf text, again;
    struct weights read;
    struct err err;

    (void)state;
    buf_init(&text, 65536);
    buf_init(&again, 65536);
    weights_write(weights_default(), &text);
    assert_int_equal(weights_parse(buf_text(&text), "w", &read, &err), 0);
    weights_write(&read, &again);
    assert_string_equal(buf_text(&text), buf_text(&again));
    buf_release(&text);
    buf_release(&again);
}

static void weights_that_make_no_sense_are_refused_by_line(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"[home]\nsame house = 0.5 0.1\n", "w:2: another count of numbers is expected"},
        {"[home]\nsame house = 0.5 0 0.1 0.1\n", "w:2: a number is none, or not above 0"},
        {"[home]\nsame hose = 1 1 1 1\n", "w:2: there is no such level"},
        {"\n[garden]\n", "w:2: there is no such section"},
        {"[figures]\nmatch from 0.9\n", "w:2: a line is LEVEL = NUMBERS"},
        {"", "w: [forename] has no line for: differs"},
    };
    struct weights read;
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(weights_parse(cases[i].text, "w", &read, &err), -1);
        assert_string_equal(err.text, cases[i].said);
    }
}

/* What is likelier for a better agreement: by the file that the program is built with. */
static void a_closer_agreement_never_counts_for_less(void **state)
{
    const struct weights *w = weights_default();
    static const struct {
        enum field field;
        int less, more;
    } pairs[] = {
        {FIELD_BORN, BORN_DIFFERS, BORN_PART},
        {FIELD_BORN, BORN_PART, BORN_DIGIT},
        {FIELD_BORN, BORN_DIFFERS, BORN_OTHER_YEAR},
        {FIELD_BORN, BORN_OTHER_YEAR, BORN_NEXT_YEAR},
        {FIELD_BORN, BORN_DIGIT, BORN_SAME},
        {FIELD_BORN, BORN_AGE_DIFFERS, BORN_AGE_NEAR},
        {FIELD_BORN, BORN_AGE_NEAR, BORN_AGE_FITS},
        {FIELD_HOME, HOME_DIFFERS, HOME_DISTRICT},
        {FIELD_HOME, HOME_DISTRICT, HOME_NEIGHBOUR},
        {FIELD_HOME, HOME_NEIGHBOUR, HOME_SAME},
        {FIELD_SCHOOL, SCHOOL_DIFFERS, SCHOOL_WITHIN},
        {FIELD_SCHOOL, SCHOOL_WITHIN, SCHOOL_SAME},
        {FIELD_SEX, AGREE_DIFFERS, AGREE_SAME},
        {FIELD_UPN, AGREE_DIFFERS, AGREE_SAME},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        const struct likelihood *less = &w->of[pairs[i].field][pairs[i].less];
        const struct likelihood *more = &w->of[pairs[i].field][pairs[i].more];

        assert_true(less->own / less->stranger <= more->own / more->stranger);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_its_numbers_and_its_street),
        cmocka_unit_test(homes_agree_by_house_street_and_postcode),
        cmocka_unit_test(rolls_contradict_each_other_by_district_or_street),
        cmocka_unit_test(a_school_is_its_telling_words),
        cmocka_unit_test(weights_are_read_as_they_are_written),
        cmocka_unit_test(weights_that_make_no_sense_are_refused_by_line),
        cmocka_unit_test(a_closer_agreement_never_counts_for_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
