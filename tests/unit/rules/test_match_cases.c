/* Runs the case files of tests/cases/match, which README there explains. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "match/keys.h"
#include "match/person.h"
#include "match/rows.h"
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
            p->standing = strcmp(value, "left") == 0   ? STANDING_LEFT
                          : strcmp(value, "main") == 0 ? STANDING_OWN
                                                       : STANDING_SECOND;
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

/* Whose schools planning tells: which pupils of the roll, by place. */
static void told_for(const struct situation *s, size_t match, bool told[ROLL])
{
    static struct person rows[ROLL];
    size_t places[ROLL], count = 0;
    bool said[ROLL];

    places[count] = match;
    rows[count++] = s->roll[match].person;
    for (size_t i = 0; i < s->roll_count; i++) {
        if (i == match || !rows_are_one_child(&s->roll[i].person, &rows[0]))
            continue;
        places[count] = i;
        rows[count++] = s->roll[i].person;
    }
    rows_told(rows, count, said);
    memset(told, 0, ROLL * sizeof *told);
    for (size_t i = 0; i < count; i++)
        told[places[i]] = said[i];
}

static void describe(const struct situation *s, const struct decision *d, char *out, size_t size)
{
    static const char *const words[] = {"none", "review", "match"};
    size_t shown = d->outcome == MATCH_NONE    ? 0
                   : d->outcome == MATCH_MATCH ? 1
                                               : d->candidates_count;
    int n = snprintf(out, size, "%s", words[d->outcome]);
    bool told[ROLL];

    for (size_t i = 0; i < shown; i++)
        n += snprintf(out + n, size - (size_t)n, " %s", s->names[d->candidates[i].pupil_key]);
    if (d->outcome != MATCH_MATCH)
        return;
    told_for(s, (size_t)d->candidates[0].pupil_key, told);
    for (size_t i = 0; i < s->roll_count; i++) {
        if (told[i] && (int64_t)i != d->candidates[0].pupil_key)
            n += snprintf(out + n, size - (size_t)n, " and %s", s->names[i]);
    }
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

/* Nor is another told; which row of one child is said to be the match may depend on the keys. */
static bool same_told(const struct situation *s, const struct decision *a, size_t match)
{
    bool told[ROLL], told_again[ROLL];

    if (a->outcome != MATCH_MATCH)
        return true;
    told_for(s, (size_t)a->candidates[0].pupil_key, told);
    told_for(s, match, told_again);
    return memcmp(told, told_again, sizeof told) == 0;
}

/* As if the roll had come in another order: its keys would be others. */
static void keys_do_not_matter(const struct situation *s, const struct person *child,
                               struct candidate *candidates, size_t count,
                               const struct decision *expected)
{
    struct decision d;

    for (size_t turn = 0; turn < 2 * s->roll_count; turn++) {
        int64_t place_of[ROLL], key_of[ROLL];

        for (size_t i = 0; i < s->roll_count; i++) {
            size_t key = (i + turn / 2) % s->roll_count;

            key_of[i] = (int64_t)(turn % 2 ? s->roll_count - 1 - key : key);
            place_of[key_of[i]] = (int64_t)i;
        }
        for (size_t i = 0; i < count; i++)
            candidates[i].pupil_key = key_of[candidates[i].pupil_key];
        match_decide(&matcher, child, candidates, count, &d);
        for (size_t i = 0; i < count; i++)
            candidates[i].pupil_key = place_of[candidates[i].pupil_key];
        if (d.outcome != expected->outcome || strcmp(d.rule, expected->rule) != 0 ||
            d.score != expected->score || d.margin != expected->margin ||
            !same_told(s, expected, (size_t)place_of[d.candidates[0].pupil_key]))
            wrong(s, "the pupils' keys mattered");
    }
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
    if (count > 0)
        keys_do_not_matter(s, child, shuffled, count, expected);
}

/* As match/link.c does it for the children of a call-out, those behind in the list first, too. */
static void live_together(struct situation *s, struct candidate *room, struct decision *decisions)
{
    struct decision found[CALLS] = {{.outcome = MATCH_NONE}},
                    turned[CALLS] = {{.outcome = MATCH_NONE}};

    for (size_t i = 0; i < s->calls_count; i++) {
        for (size_t turn = 0; turn < 2 * s->calls_count; turn++) {
            size_t j = turn < s->calls_count ? turn : 2 * s->calls_count - 1 - turn;
            struct person person = s->calls[i];
            struct decision as_there;

            if (decisions[i].outcome == MATCH_MATCH || decisions[j].outcome != MATCH_MATCH ||
                !decisions[j].home.postcode[0])
                continue;
            person_lives_at(&person, &decisions[j].home);
            match_decide(&matcher, &person, room, candidates_for(s, &person, room), &as_there);
            match_together(turn < s->calls_count ? &found[i] : &turned[i], &as_there);
        }
        if (found[i].outcome != MATCH_NONE && !same_decision(&found[i], &turned[i]))
            wrong(s, "the children's order mattered");
    }
    for (size_t i = 0; i < s->calls_count; i++) {
        if (found[i].outcome != MATCH_NONE)
            decisions[i] = found[i];
    }
}

static void find_child_keys(const struct situation *s, const struct decision *decisions,
                            int64_t child_keys[CALLS])
{
    for (size_t i = 0; i < s->calls_count; i++) {
        size_t key = 0, match = (size_t)decisions[i].candidates[0].pupil_key;

        while (decisions[i].outcome == MATCH_MATCH && key < match &&
               !rows_are_one_child(&s->roll[key].person, &s->roll[match].person))
            key++;
        child_keys[i] = (int64_t)key;
    }
}

static void run(struct situation *s)
{
    static struct candidate candidates[ROLL];
    struct decision decisions[CALLS];
    int64_t child_keys[CALLS];

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
    find_child_keys(s, decisions, child_keys);
    match_family(decisions, child_keys, s->calls_count);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_comes_out_as_a_person_wrote_it),
    };

    matcher.weights = weights_default();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
