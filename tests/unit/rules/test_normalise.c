#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <unicode/uvernum.h>

#include "match/normalise.h"
#include "match/person.h"

static void folds_to(const char *text, const char *expected)
{
    char out[NAME_SIZE];
    size_t n = normalise_name(text, out);

    assert_string_equal(out, expected);
    assert_int_equal(n, strlen(expected));
}

static void a_name_loses_case_marks_and_punctuation(void **state)
{
    (void)state;
    folds_to("Amelia", "amelia");
    folds_to("  O'Brien ", "obrien");
    folds_to("O\u2019Brien", "obrien");
    folds_to("O`BRIEN", "obrien");
    folds_to("Smith-Jones", "smith jones");
    folds_to("Smith\u2013Jones", "smith jones");
    folds_to("Smith  --  Jones", "smith jones");
    folds_to("St. John", "st john");
    folds_to("Zo\u00eb", "zoe");
    folds_to("Zoe\u0308", "zoe"); /* decomposed */
    folds_to("Anne\u00a0Marie", "anne marie");
    folds_to("\uff33\uff4d\uff49\uff54\uff48", "smith"); /* full width */
    folds_to("Gr\u00f6\u00dfe", "grosse");
    folds_to("Si\u00e2n Ll\u0177r", "sian llyr");
}

static void other_letters_and_scripts_become_latin(void **state)
{
    (void)state;
    folds_to("Jab\u0142o\u0144ski", "jablonski");
    folds_to("\u0218erban", "serban");
    folds_to("\u015eerban", "serban");
    folds_to("I\u015f\u0131k", "isik");
    folds_to("\u0130brahim", "ibrahim");
    folds_to("Nguy\u1ec5n", "nguyen");
    folds_to("\u0110\u1eb7ng", "dang");
    folds_to("S\u00f8ren \u00c6gir", "soren aegir");
    folds_to("\u738b\u5c0f\u660e", "wang xiao ming");
    folds_to("\u041e\u043b\u0435\u043d\u0430", "olena");
    folds_to("\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2", "giorgos");
    folds_to("\u0645\u062d\u0645\u062f", "mhmd"); /* Arabic writes no short vowels */
}

static void no_name_at_all_is_empty(void **state)
{
    (void)state;
    folds_to("", "");
    folds_to(" - ", "");
    folds_to("UNKNOWN", "");
    folds_to("Not known", "");
    folds_to("N/K", "");
    folds_to("\xff\xfe", "");
    folds_to("\U0001f600", "");
}

static void a_name_that_is_too_long_is_cut_and_stays_a_string(void **state)
{
    char text[2000], out[NAME_SIZE];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(normalise_name(text, out) < NAME_SIZE);
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\u738b", 3);
    assert_true(normalise_name(text, out) < NAME_SIZE);
    assert_memory_equal(out, "wang wang ", 10);
}

/* Whatever bytes come in: words of a-z and 0-9 with one space between, and folded once for all. */
static void any_bytes_fold_to_words_and_folding_again_changes_nothing(void **state)
{
    uint32_t dice = 20260313;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[40], once[NAME_SIZE], twice[NAME_SIZE];
        size_t n = 0;

        while (n < sizeof text - 1) {
            dice = dice * 1664525 + 1013904223;
            /* mostly letters and marks of any script, some bytes that are no UTF-8 */
            text[n++] = (char)(dice >> 24 < 16 ? 0 : dice >> 16);
            if (text[n - 1] == '\0')
                break;
        }
        text[n] = '\0';
        n = normalise_name(text, once);
        assert_int_equal(strspn(once, "abcdefghijklmnopqrstuvwxyz0123456789 "), n);
        assert_null(strstr(once, "  "));
        assert_true(n == 0 || (once[0] != ' ' && once[n - 1] != ' '));
        normalise_name(once, twice);
        assert_string_equal(once, twice);
    }
}

static void names_are_the_same_whatever_their_spaces(void **state)
{
    (void)state;
    assert_true(name_same("mac donald", "macdonald"));
    assert_true(name_same("anne marie", "annemarie"));
    assert_false(name_same("macdonald", "macdonal"));
    assert_false(name_same("", ""));
    assert_false(name_same("a", ""));
}

static void a_postcode_is_folded_and_nonsense_is_none(void **state)
{
    static const char *const cases[][2] = {
        {"pl4 8aa", "PL48AA"},    {" PL4  8AA", "PL48AA"},
        {"EC1A 1BB", "EC1A1BB"},  {"W1A 0AX", "W1A0AX"},
        {"M1 1AE", "M11AE"},      {"LS13", "LS13"},
        {"not known", ""},        {"12345", ""},
        {"PL4 8AA Plymouth", ""}, {"", ""},
    };
    char out[POSTCODE_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        normalise_postcode(cases[i][0], out);
        assert_string_equal(out, cases[i][1]);
    }
    assert_true(postcode_is_whole("PL48AA"));
    assert_false(postcode_is_whole("PL4"));
    assert_int_equal(postcode_outward("PL48AA"), 3);
    assert_int_equal(postcode_outward("LS13"), 4);
}

static void a_person_has_each_name_once_and_no_empty_one(void **state)
{
    struct person p;

    (void)state;
    person_init(&p);
    person_add_forename(&p, "Zo\u00eb");
    person_add_forename(&p, "ZOE");
    person_add_forename(&p, "");
    person_add_forename(&p, "Unknown");
    person_add_surname(&p, "");
    person_add_surname(&p, "De-Souza");
    person_add_surname(&p, "DeSouza");
    person_add_school(&p, "school", "100001");
    assert_int_equal(p.forenames_count, 1);
    assert_int_equal(p.surnames_count, 1);
    assert_string_equal(p.surnames[0], "de souza");
    assert_string_equal(p.schools[0], "school/100001");
    for (int i = 0; i < 40; i++) {
        char name[8] = {'n', (char)('a' + i % 26), (char)('a' + i / 26)};

        person_add_forename(&p, name);
        person_add_school(&p, "school", "100002");
    }
    assert_int_equal(p.forenames_count, PERSON_NAMES);
    assert_int_equal(p.schools_count, ARRAY_SIZE(p.schools));
    person_wipe(&p);
}

static void a_child_without_a_home_is_looked_for_where_the_incident_was(void **state)
{
    struct incident_child child = {.date_of_birth = DAY_NONE, .age = 7, .sex = SEX_FEMALE};
    struct incident incident = {.children = &child, .children_count = 1};
    struct person p;
    struct err err;

    (void)state;
    /* 23:41 UTC in July is past midnight in London */
    assert_true(moment_parse("2026-07-19T23:41:00Z", &incident.attended_at));
    assert_int_equal(personal_set_text(&incident.location.postcode, "PL4 8AA", &err), 0);
    assert_int_equal(personal_set_text(&child.surname, "Okafor-Reid", &err), 0);
    assert_int_equal(personal_set_text(&child.known_as[0], "Millie", &err), 0);
    child.known_as_count = 1;
    assert_int_equal(personal_set_text(&child.former_surnames[0], "Reid", &err), 0);
    child.former_surnames_count = 1;
    assert_int_equal(personal_set_text(&child.upn, "UN1", &err), 0);
    person_from_child(&incident, &child, &p);
    assert_string_equal(p.postcode, "PL48AA");
    assert_string_equal(p.surnames[0], "okafor reid");
    assert_string_equal(p.surnames[1], "reid");
    assert_string_equal(p.forenames[0], "millie");
    assert_string_equal(p.upn, "");
    assert_int_equal(p.age, 7);
    assert_int_equal(p.seen_on, day_parse("2026-07-20"));
    assert_int_equal(personal_set_text(&child.home.postcode, "PL5 1BB", &err), 0);
    person_from_child(&incident, &child, &p);
    assert_string_equal(p.postcode, "PL51BB");
    person_wipe(&p);
    personal_release(&incident.location.postcode);
    personal_release(&child.surname);
    personal_release(&child.known_as[0]);
    personal_release(&child.former_surnames[0]);
    personal_release(&child.upn);
    personal_release(&child.home.postcode);
}

static void the_library_that_transliterates_has_a_version(void **state)
{
    (void)state;
    assert_int_equal(normalise_version(), U_ICU_VERSION_MAJOR_NUM);
    assert_in_range(normalise_version(), 1, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_loses_case_marks_and_punctuation),
        cmocka_unit_test(other_letters_and_scripts_become_latin),
        cmocka_unit_test(the_library_that_transliterates_has_a_version),
        cmocka_unit_test(no_name_at_all_is_empty),
        cmocka_unit_test(a_name_that_is_too_long_is_cut_and_stays_a_string),
        cmocka_unit_test(any_bytes_fold_to_words_and_folding_again_changes_nothing),
        cmocka_unit_test(names_are_the_same_whatever_their_spaces),
        cmocka_unit_test(a_postcode_is_folded_and_nonsense_is_none),
        cmocka_unit_test(a_person_has_each_name_once_and_no_empty_one),
        cmocka_unit_test(a_child_without_a_home_is_looked_for_where_the_incident_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
