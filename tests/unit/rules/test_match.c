/* Runs the case files of tests/cases/match, which README there explains, and what no case says. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "match/compare.h"
#include "match/keys.h"
#include "match/person.h"
#include "match/weights.h"

/* A roll of an authority, of which a case shows some pupils. */
static struct matcher matcher = {.pupils = 100000};

enum { ROLL = 40, CALLS = 6, LINE = 512 };

struct situation {
    const char *file;
    int line;
    struct candidate roll[ROLL];
    char names[ROLL][16];
    size_t roll_count;
    struct person calls[CALLS];
    char expected[CALLS][64]; /* "review P1 P2" */
    int expected_line[CALLS];
    size_t calls_count, expected_count;
};

static int cases_run, cases_wrong;

static void wrong(const struct situation *s, const char *what)
{
    fail_msg("%s:%d: %s", s->file, s->line, what);
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (*text == ' ' || *text == '\t')
        text++;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\n'))
        *--end = '\0';
    return text;
}

/* "800 by 350": so many pupils bear the forename, and the surname. */
static void read_borne(struct person *p, const char *value)
{
    char *end;

    p->forenames_held[0] = (unsigned)strtoul(value, &end, 10);
    p->surnames_held[0] = (unsigned)strtoul(end + strlen(" by "), NULL, 10);
}

enum { USUAL_FORENAME = 100, USUAL_SURNAME = 20 };

static void count_names(char names[][NAME_SIZE], size_t count, unsigned *held, unsigned usual)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] && held[i] == 0)
            held[i] = usual;
    }
}

/* How many bear a name as it was said: as many as say the pupils of the case, nobody else. */
static void count_said(char names[][NAME_SIZE], size_t count, unsigned *held,
                       char on_roll[][NAME_SIZE], size_t on_roll_count, const unsigned *there)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < on_roll_count; j++) {
            if (strcmp(names[i], on_roll[j]) == 0)
                held[i] = there[j];
        }
    }
}

/* "forename Amelia, surname Reid, born 2017-03-09" */
static void read_person(const struct situation *s, char *text, struct person *p)
{
    char *part;

    person_init(p);
    p->seen_on = day_parse("2026-03-13");
    while ((part = strsep(&text, ","))) {
        char *value;

        part = trim(part);
        value = strchr(part, ' ');
        if (!value) {
            wrong(s, "a field without a value");
            return;
        }
        *value = '\0';
        value = trim(value + 1);
        if (strcmp(part, "forename") == 0 || strcmp(part, "also") == 0)
            person_add_forename(p, value);
        else if (strcmp(part, "surname") == 0 || strcmp(part, "former") == 0)
            person_add_surname(p, value);
        else if (strcmp(part, "address") == 0)
            person_set_address(p, value);
        else if (strcmp(part, "borne") == 0)
            read_borne(p, value);
        else if (strcmp(part, "middle") == 0)
            person_set_middle_names(p, value);
        else if (strcmp(part, "born") == 0)
            p->born = day_parse(value);
        else if (strcmp(part, "on") == 0)
            p->seen_on = day_parse(value);
        else if (strcmp(part, "age") == 0)
            p->age = (int)strtol(value, NULL, 10);
        else if (strcmp(part, "sex") == 0)
            p->sex = *value == 'F' ? SEX_FEMALE : SEX_MALE;
        else if (strcmp(part, "upn") == 0)
            person_set_upn(p, value);
        else if (strcmp(part, "postcode") == 0)
            person_set_postcode(p, value);
        else if (strcmp(part, "la") == 0)
            snprintf(p->la_code, sizeof p->la_code, "%s", value);
        else if (strcmp(part, "enrolled") == 0)
            p->is_second = strcmp(value, "main") != 0;
        else if (strcmp(part, "school") == 0)
            person_add_school(p, "school", value);
        else
            wrong(s, "an unknown field");
        if ((strcmp(part, "born") == 0 && p->born == DAY_NONE) ||
            (strcmp(part, "upn") == 0 && strncmp(value, "UN", 2) != 0 && !p->upn[0]) ||
            (strcmp(part, "postcode") == 0 && !p->postcode[0]))
            wrong(s, "a value that is none");
    }
}

/* As the store does it: only whoever shares a key with the child is a candidate. */
static size_t candidates_for(const struct situation *s, const struct person *child,
                             struct candidate *out)
{
    struct key asked[KEYS_MAX], filed[KEYS_MAX];
    size_t asked_count = keys_of(child, KEYS_CHILD, asked), count = 0;

    for (size_t i = 0; i < s->roll_count; i++) {
        size_t filed_count = keys_of(&s->roll[i].person, KEYS_PUPIL, filed);
        bool shared = false;

        for (size_t a = 0; a < asked_count && !shared; a++) {
            for (size_t f = 0; f < filed_count && !shared; f++)
                shared = asked[a].bits == filed[f].bits;
        }
        if (shared)
            out[count++] = s->roll[i];
    }
    return count;
}

static void describe(const struct situation *s, const struct decision *d, char *out, size_t size)
{
    static const char *const words[] = {"none", "review", "match"};
    size_t shown = d->outcome == MATCH_NONE    ? 0
                   : d->outcome == MATCH_MATCH ? 1
                                               : d->candidates_count;
    int n = snprintf(out, size, "%s", words[d->outcome]);

    for (size_t i = 0; i < shown; i++)
        n += snprintf(out + n, size - (size_t)n, " %s", s->names[d->candidates[i].pupil_key]);
}

static bool same_decision(const struct decision *a, const struct decision *b)
{
    if (a->outcome != b->outcome || strcmp(a->rule, b->rule) != 0 || a->score != b->score ||
        a->margin != b->margin || a->candidates_count != b->candidates_count)
        return false;
    for (size_t i = 0; i < a->candidates_count; i++) {
        if (a->candidates[i].pupil_key != b->candidates[i].pupil_key)
            return false;
    }
    return true;
}

/* Every rotation, forwards and backwards, is decided alike. */
static void order_does_not_matter(const struct situation *s, const struct person *child,
                                  const struct candidate *candidates, size_t count,
                                  const struct decision *expected)
{
    static struct candidate shuffled[ROLL];
    struct decision d;

    for (size_t turn = 0; turn < 2 * count; turn++) {
        for (size_t i = 0; i < count; i++)
            shuffled[turn % 2 ? count - 1 - i : i] = candidates[(i + turn / 2) % count];
        match_decide(&matcher, child, shuffled, count, &d);
        if (!same_decision(&d, expected))
            wrong(s, "the candidates' order mattered");
    }
}

/* As match/link.c does it for the children of a call-out. */
static void live_together(struct situation *s, struct candidate *room, struct decision *decisions)
{
    for (size_t i = 0; i < s->calls_count; i++) {
        for (size_t j = 0; j < s->calls_count; j++) {
            struct person person = s->calls[i];
            struct decision again;

            if (decisions[j].outcome != MATCH_MATCH || !decisions[j].home.postcode[0])
                continue;
            person_lives_at(&person, &decisions[j].home);
            match_decide(&matcher, &person, room, candidates_for(s, &person, room), &again);
            match_together(&decisions[i], &again);
        }
    }
}

static void run(struct situation *s)
{
    static struct candidate candidates[ROLL];
    struct decision decisions[CALLS];

    if (s->calls_count == 0 && s->roll_count == 0)
        return;
    if (s->calls_count == 0 || s->calls_count != s->expected_count)
        wrong(s, "a case is roll lines, then a call and what is expected of it");
    for (size_t i = 0; i < s->roll_count; i++) {
        struct person *p = &s->roll[i].person;

        count_names(p->forenames, p->forenames_count, p->forenames_held, USUAL_FORENAME);
        count_names(p->surnames, p->surnames_count, p->surnames_held, USUAL_SURNAME);
        for (size_t j = 0; j < s->calls_count; j++) {
            struct person *q = &s->calls[j];

            count_said(q->forenames, q->forenames_count, q->forenames_held, p->forenames,
                       p->forenames_count, p->forenames_held);
            count_said(q->surnames, q->surnames_count, q->surnames_held, p->surnames,
                       p->surnames_count, p->surnames_held);
        }
    }
    for (size_t i = 0; i < s->calls_count; i++) {
        size_t count = candidates_for(s, &s->calls[i], candidates);

        match_decide(&matcher, &s->calls[i], candidates, count, &decisions[i]);
        order_does_not_matter(s, &s->calls[i], candidates, count, &decisions[i]);
        assert_non_null(decisions[i].rule);
    }
    live_together(s, candidates, decisions);
    match_family(decisions, s->calls_count);
    for (size_t i = 0; i < s->calls_count; i++) {
        char found[128];

        describe(s, &decisions[i], found, sizeof found);
        if (strcmp(found, s->expected[i]) != 0) {
            print_error("%s:%d: expected %s, found %s (%s, %.1f)\n", s->file, s->expected_line[i],
                        s->expected[i], found, decisions[i].rule, decisions[i].score);
            cases_wrong++;
        }
        cases_run++;
    }
    s->roll_count = s->calls_count = s->expected_count = 0;
}

static void take_line(struct situation *s, char *line)
{
    char *hash = strchr(line, '#'), *rest;

    if (hash)
        *hash = '\0';
    line = trim(line);
    if (!*line) {
        if (!hash)
            run(s);
        return;
    }
    rest = line + strcspn(line, " ");
    if (*rest)
        *rest++ = '\0';
    rest = trim(rest);
    if (strcmp(line, "roll") == 0 && s->roll_count < ROLL) {
        size_t n = strcspn(rest, " ");
        struct candidate *c = &s->roll[s->roll_count];

        snprintf(s->names[s->roll_count], sizeof s->names[0], "%.*s", (int)n, rest);
        read_person(s, rest + n, &c->person);
        c->pupil_key = (int64_t)s->roll_count++;
    } else if (strcmp(line, "call") == 0 && s->calls_count < CALLS) {
        read_person(s, rest, &s->calls[s->calls_count++]);
    } else if (strcmp(line, "expect") == 0 && s->expected_count < s->calls_count) {
        s->expected_line[s->expected_count] = s->line;
        snprintf(s->expected[s->expected_count++], sizeof s->expected[0], "%s", rest);
    } else {
        wrong(s, "neither roll, call nor expect, or one too many");
    }
}

static void run_file(const char *folder, const char *name)
{
    static struct situation s;
    char path[512], line[LINE];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "r");
    assert_non_null(f);
    memset(&s, 0, sizeof s);
    s.file = name;
    while (fgets(line, sizeof line, f)) {
        s.line++;
        if (!strchr(line, '\n'))
            wrong(&s, "a line is too long");
        take_line(&s, line);
    }
    run(&s);
    fclose(f);
}

static void every_case_comes_out_as_a_person_wrote_it(void **state)
{
    static const char folder[] = TESTS_DIR "/cases/match";
    struct dirent **files;
    int n = scandir(folder, &files, NULL, alphasort);

    (void)state;
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        size_t length = strlen(files[i]->d_name);

        if (length > 5 && strcmp(files[i]->d_name + length - 5, ".case") == 0)
            run_file(folder, files[i]->d_name);
        free(files[i]);
    }
    free(files);
    assert_int_equal(cases_wrong, 0);
    assert_true(cases_run >= 60);
}

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
        cmocka_unit_test(every_case_comes_out_as_a_person_wrote_it),
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
