/* tests/unit/rules/test_names.c - the cases of tests/cases/names, each line as it reads; what a
 * list may look like. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "match/compare.h"
#include "match/names.h"
#include "match/normalise.h"
#include "match/person.h"
#include "match/sound.h"
#include "match/weights.h"

#define CASES TESTS_DIR "/cases/names"
#define LISTS PROJECT_DIR "/config/names"

static const char *const kin_words[] = {"none",     "cousins",  "nickname",
                                        "gendered", "spelling", "equal"};

/* Prints every line that does not hold, not the first alone. */
static size_t wrongs;
#define wrong(...) (print_error(__VA_ARGS__), print_error("\n"), wrongs++)

static int load(void **state)
{
    struct err err;

    (void)state;
    if (names_load(LISTS, NULL, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    names_unload();
    return 0;
}

static char *trim(char *text)
{
    size_t n;

    text += strspn(text, " ");
    n = strlen(text);
    while (n > 0 && strchr(" \n", text[n - 1]))
        text[--n] = '\0';
    return text;
}

static void akin(const char *where, bool forenames, const char *a, const char *b, const char *word)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    enum names_kin there, back;

    normalise_name(a, x);
    normalise_name(b, y);
    there = forenames ? names_forenames_akin(x, y) : names_surnames_akin(x, y);
    back = forenames ? names_forenames_akin(y, x) : names_surnames_akin(y, x);
    if (strcmp(kin_words[there], word) != 0 || back != there)
        wrong("%s: %s, and the other way round %s", where, kin_words[there], kin_words[back]);
}

static void is_level(const char *where, enum field field, int level, const char *word)
{
    const char *is = weights_level(field, level);

    if (!is || strcmp(is, word) != 0)
        wrong("%s: %s %s", where, weights_field(field), is ? is : "none");
}

/* A date, or for a child "9 on 2026-03-13". */
static void read_born(const char *where, const char *text, struct person *p)
{
    const char *on = strstr(text, " on ");

    p->born = on ? DAY_NONE : day_parse(text);
    if (on) {
        p->age = (int)strtol(text, NULL, 10);
        p->seen_on = day_parse(on + 4);
    }
    if (on ? p->seen_on == DAY_NONE : p->born == DAY_NONE && *text)
        wrong("%s: %s is no date", where, text);
}

/* "Mohammed (Ali), Khan": a middle name in brackets. */
static void read_names(char *text, struct person *p)
{
    char *surname = strchr(text, ','), *middle;

    if (surname)
        *surname++ = '\0';
    middle = strchr(text, '(');
    if (middle) {
        *middle++ = '\0';
        middle[strcspn(middle, ")")] = '\0';
    }
    person_add_forename(p, text);
    person_set_middle_names(p, middle ? middle : "");
    person_add_surname(p, surname ? surname : "");
}

/* "12 High Street; LS1 1AA" */
static void read_home(char *text, struct person *p)
{
    char *postcode = strchr(text, ';');

    if (postcode)
        *postcode++ = '\0';
    person_set_address(p, text);
    person_set_postcode(p, postcode ? postcode : "");
}

/* What is said, what is on the roll, and the level of agreement, as in config/match-weights.conf. */
static bool run_says(const char *where, const char *kind, char *said, char *roll, char *word)
{
    struct person child, pupil;
    struct comparison says;
    char *second = strchr(word, ',');

    person_init(&child);
    person_init(&pupil);
    if (strcmp(kind, "born") == 0) {
        read_born(where, said, &child);
        read_born(where, roll, &pupil);
    } else if (strcmp(kind, "names") == 0 && second) {
        *second++ = '\0';
        read_names(said, &child);
        read_names(roll, &pupil);
    } else if (strcmp(kind, "home") == 0) {
        read_home(said, &child);
        read_home(roll, &pupil);
    } else if (strcmp(kind, "school") == 0) {
        person_add_school_name(&child, said);
        person_add_school_name(&pupil, roll);
    } else {
        return false;
    }
    compare(&child, &pupil, &says);
    if (strcmp(kind, "born") == 0) {
        is_level(where, FIELD_BORN, (int)says.born, word);
    } else if (strcmp(kind, "home") == 0) {
        is_level(where, FIELD_HOME, (int)says.home, word);
    } else if (strcmp(kind, "school") == 0) {
        is_level(where, FIELD_SCHOOL, (int)says.school, word);
    } else {
        is_level(where, FIELD_FORENAME, (int)says.forename.level, trim(word));
        is_level(where, FIELD_SURNAME, (int)says.surname.level, trim(second));
    }
    return true;
}

/* kind A | B | C */
static void run_line(const char *where, char *line)
{
    char *kind = line, *parts[3] = {NULL}, out[NAME_SIZE], other[NAME_SIZE];
    size_t n = 0;

    line += strcspn(line, " ");
    if (*line)
        *line++ = '\0';
    for (char *rest = line; rest && n < 3; n++) {
        char *bar = strchr(rest, '|');

        if (bar)
            *bar = '\0';
        parts[n] = trim(rest);
        rest = bar ? bar + 1 : NULL;
    }
    if ((strcmp(kind, "forenames") == 0 || strcmp(kind, "surnames") == 0) && n == 3) {
        akin(where, kind[0] == 'f', parts[0], parts[1], parts[2]);
    } else if (strcmp(kind, "fold") == 0 && n == 2) {
        normalise_name(parts[0], out);
        if (strcmp(out, parts[1]) != 0)
            wrong("%s: %s", where, out);
    } else if (strcmp(kind, "postcode") == 0 && n == 2) {
        normalise_postcode(parts[0], out);
        if (strcmp(out, parts[1]) != 0)
            wrong("%s: %s", where, out);
    } else if (strcmp(kind, "sounds") == 0 && n == 3) {
        normalise_name(parts[0], out);
        normalise_name(parts[1], other);
        sound_of(out, out);
        sound_of(other, other);
        if ((strcmp(out, other) == 0) != (strcmp(parts[2], "yes") == 0))
            wrong("%s: %s and %s", where, out, other);
    } else if (n != 3 || !run_says(where, kind, parts[0], parts[1], parts[2])) {
        wrong("%s: is no line that the README has", where);
    }
}

static void every_case_holds(void **state)
{
    DIR *folder = opendir(CASES);
    struct dirent *e;
    size_t lines = 0;

    (void)state;
    assert_non_null(folder);
    while ((e = readdir(folder))) {
        char path[512], line[512];
        FILE *f;
        int number = 0;

        if (!strstr(e->d_name, ".case"))
            continue;
        snprintf(path, sizeof path, CASES "/%s", e->d_name);
        f = fopen(path, "re");
        assert_non_null(f);
        while (fgets(line, sizeof line, f)) {
            char where[600];

            number++;
            snprintf(where, sizeof where, "%s:%d", e->d_name, number);
            if (line[0] == '#' || line[0] == '\n')
                continue;
            run_line(where, line);
            lines++;
        }
        fclose(f);
    }
    closedir(folder);
    assert_true(lines > 80);
    assert_int_equal(wrongs, 0);
}

static void refuses(const char *text, const char *expected)
{
    char path[] = "/tmp/encompass-names-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct err err;
    int rc;

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    rc = names_load(NULL, path, &err);
    unlink(path);
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, ERR_CONFIG);
    if (!strstr(err.text, expected))
        fail_msg("%s", err.text);
    /* and what was there stands */
    assert_int_equal(names_forenames_akin("bill", "william"), NAMES_NICKNAME);
}

static void a_list_that_cannot_be_read_is_named_with_its_line(void **state)
{
    struct err err;
    char long_line[6000];

    (void)state;
    refuses("mary molly\n", ":1: stands before any section");
    refuses("[forename spellings]\nmary: molly\n\n[forename nicknmes]\n", ":4: is no section");
    refuses("[forename spellings]\nmary\n", ":2: has one word");
    refuses("[forename nicknames]\nmary molly: may\n", ":2: only the first word");
    refuses("[forename nicknames]\nmary - may\n", ":2: - stands for no ending");
    refuses("[surname endings]\nski: ska\n", ":2: a colon means something");
    refuses("[forename nicknames]\nmary !!! may\n", ":2: has a word without letters");
    memset(long_line, 'x', sizeof long_line - 1);
    long_line[sizeof long_line - 1] = '\0';
    refuses(long_line, ":1: is longer");
    assert_int_equal(names_load("/nonexistent", NULL, &err), -1);
    assert_int_equal(names_load(NULL, "/nonexistent", &err), -1);
}

static void an_authoritys_own_lines_come_beside_the_others(void **state)
{
    char path[] = "/tmp/encompass-names-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct err err;

    (void)state;
    assert_non_null(f);
    fputs("# ours\n[forename nicknames]\nZebedee: Zebbo # at school\n", f);
    fclose(f);
    assert_int_equal(names_forenames_akin("zebedee", "zebbo"), NAMES_NOT_AKIN);
    assert_int_equal(names_load(LISTS, path, &err), 0);
    unlink(path);
    assert_int_equal(names_forenames_akin("zebbo", "zebedee"), NAMES_NICKNAME);
    assert_int_equal(names_forenames_akin("bill", "william"), NAMES_NICKNAME);
}

static bool count(void *self, const char *name)
{
    size_t *n = self;

    assert_true(name[0]);
    return ++*n < 5;
}

static void kin_are_given_until_enough(void **state)
{
    size_t n = 0;

    (void)state;
    names_forename_kin("elizabeth", count, &n);
    assert_int_equal(n, 5);
    n = 0;
    names_surname_kin("o brien", count, &n);
    assert_true(n > 0);
    n = 0;
    names_forename_kin("quibblethwaite", count, &n);
    assert_int_equal(n, 0);
}

static void without_lists_names_are_as_they_are_spelt(void **state)
{
    (void)state;
    names_unload();
    assert_int_equal(names_forenames_akin("bill", "william"), NAMES_NOT_AKIN);
    assert_int_equal(names_surnames_akin("o brien", "obrien"), NAMES_EQUAL);
    assert_false(names_is_particle("van"));
}

static void words_that_do_not_tell_are_known(void **state)
{
    (void)state;
    assert_true(names_is_particle("van"));
    assert_false(names_is_particle("berg"));
    assert_true(names_is_forerunner("mohammed"));
    assert_false(names_is_forerunner("amelia"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, load, unload)
    const struct CMUnitTest tests[] = {
        T(every_case_holds),
        T(a_list_that_cannot_be_read_is_named_with_its_line),
        T(an_authoritys_own_lines_come_beside_the_others),
        T(kin_are_given_until_enough),
        T(without_lists_names_are_as_they_are_spelt),
        T(words_that_do_not_tell_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
