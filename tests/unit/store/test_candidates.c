/* tests/unit/store/test_candidates.c - who is a candidate does not depend on the order of rows, on
 * rows that have nothing to do with the child, or on case and accents. */
#include "store_fixture.h"

#include "match/names.h"
#include "match/person.h"
#include "store/roll_write.h"

enum { PUPILS = 400, CHILDREN = 200 };

/* Few names and days, so that much is shared; some that only accents tell apart. */
static const char *const forenames[] = {"Amelia",  "Amélie", "Mohammed", "Muhammad",   "Zoë",
                                        "William", "Billy",  "Siân",     "Anne-Marie", "Jan"};
static const char *const surnames[] = {"Okafor-Reid", "O'Brien",     "Khan",  "Kowalski",
                                       "Kowalska",    "Reid",        "Smith", "Smyth",
                                       "Nguyễn",      "van der Berg"};
static const char *const postcodes[] = {"PL4 8AA", "PL4 8AB", "LS1 1AA", "NR1 3UX"};

static uint32_t dice;

static size_t below(size_t n)
{
    dice = dice * 1664525 + 1013904223;
    return (size_t)(dice >> 8) % n;
}

struct row {
    const char *forename, *surname, *postcode;
    day_t born;
};

static struct row any_row(void)
{
    struct row r = {forenames[below(ARRAY_SIZE(forenames))], surnames[below(ARRAY_SIZE(surnames))],
                    postcodes[below(ARRAY_SIZE(postcodes))],
                    day_from_civil(2010 + (int)below(5), 1 + (int)below(12), 1 + (int)below(28))};

    return r;
}

static void put_pupil(struct place *p, struct roll_index *index, size_t number, const struct row *r)
{
    struct pupil pupil = {.pupil_key = -1, .la_code = "801", .gender = SEX_UNKNOWN};
    enum change change;
    int64_t key;

    snprintf(pupil.pupil_id, sizeof pupil.pupil_id, "P%zu", number);
    OK(p, personal_set_text(&pupil.forename, r->forename, &p->err));
    OK(p, personal_set_text(&pupil.surname, r->surname, &p->err));
    OK(p, personal_set_text(&pupil.postcode, r->postcode, &p->err));
    pupil.born = r->born;
    OK(p, roll_put_pupil(p->db, index, &pupil, 1, NULL, &change, &key, &p->err));
    pupil_release(&pupil);
}

/* The rows, by a stride through them that meets each once; then so many strangers. */
static void file(struct place *p, const struct row *rows, size_t stride, size_t strangers)
{
    struct roll_index *index = NULL;
    const struct row stranger = {"Xenophon", "Quibblethwaite", "ZE1 0AA", day_parse("1999-12-31")};

    OK(p, db_begin(p->db, &p->err));
    OK(p, roll_index_new(p->db, &index, &p->err));
    for (size_t i = 0; i < strangers; i++)
        put_pupil(p, index, PUPILS + i, &stranger);
    for (size_t i = 0; i < PUPILS; i++)
        put_pupil(p, index, i * stride % PUPILS, &rows[i * stride % PUPILS]);
    OK(p, roll_index_write(index, &p->err));
    OK(p, db_commit(p->db, &p->err));
    roll_index_free(index);
}

static struct person child_of(const struct row *r, bool loud)
{
    struct person p;
    char surname[64];
    size_t n = 0;

    person_init(&p);
    person_add_forename(&p, r->forename);
    for (const char *c = r->surname; *c && n + 1 < sizeof surname; c++)
        surname[n++] = loud && *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    surname[n] = '\0';
    person_add_surname(&p, surname);
    if (below(4) > 0)
        p.born = r->born;
    else
        p.age = 12;
    p.seen_on = day_parse("2026-03-13");
    if (below(3) > 0)
        person_set_postcode(&p, r->postcode);
    return p;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The candidates' numbers on the roll, in order, as one text. */
static void found(struct place *p, const struct person *child, char *out, size_t size)
{
    static char ids[CANDIDATES_MAX][65];
    struct candidate *candidates;
    struct key keys[KEYS_MAX];
    size_t count, n = 0;

    OK(p, roster_candidates(p->db, keys, keys_of(child, KEYS_CHILD, keys), child->seen_on,
                            &candidates, &count, &p->err));
    for (size_t i = 0; i < count; i++) {
        struct pupil pupil;

        OK(p, roster_pupil(p->db, candidates[i].pupil_key, &pupil, &p->err));
        memcpy(ids[i], pupil.pupil_id, sizeof ids[i]);
        pupil_release(&pupil);
    }
    roster_candidates_free(candidates, count);
    qsort(ids, count, sizeof ids[0], by_text);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        n += (size_t)snprintf(out + n, size - n, "%s ", ids[i]);
}

static void candidates_depend_on_nothing_that_does_not_matter(void **state)
{
    static struct row rows[PUPILS];
    static char first[CANDIDATES_MAX * 8], again[CANDIDATES_MAX * 8];
    struct place *one = *state, *other;
    size_t some = 0;
    void *second = NULL;

    assert_int_equal(names_load(PROJECT_DIR "/config/names", NULL, &one->err), 0);
    assert_int_equal(place_setup(&second), 0);
    other = second;
    dice = 20260313;
    for (size_t i = 0; i < PUPILS; i++)
        rows[i] = any_row();
    file(one, rows, 1, 0);
    file(other, rows, 171, 40); /* 171 and 400 have no divisor in common */
    for (size_t i = 0; i < CHILDREN; i++) {
        struct row r = any_row();
        uint32_t before = dice;
        struct person quiet = child_of(&r, false), loud;

        dice = before;
        loud = child_of(&r, true);
        found(one, &quiet, first, sizeof first);
        found(other, &loud, again, sizeof again);
        if (strcmp(first, again) != 0)
            fail_msg("child %zu:\n%s\n%s", i, first, again);
        some += first[0] != '\0';
    }
    assert_true(some > CHILDREN / 2);
    place_teardown(&second);
    names_unload();
}

static void an_accent_is_no_difference(void **state)
{
    struct person with, without;
    struct key a[KEYS_MAX], b[KEYS_MAX];
    size_t n;

    (void)state;
    person_init(&with);
    person_init(&without);
    person_add_forename(&with, "Zoë");
    person_add_forename(&without, "ZOE");
    person_add_surname(&with, "Jabłoński-Nguyễn");
    person_add_surname(&without, "jablonski nguyen");
    with.born = without.born = day_parse("2017-03-09");
    n = keys_of(&with, KEYS_CHILD, a);
    assert_int_equal(keys_of(&without, KEYS_CHILD, b), n);
    for (size_t i = 0; i < n; i++)
        assert_true(a[i].bits == b[i].bits && a[i].kind == b[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(candidates_depend_on_nothing_that_does_not_matter,
                                        place_setup, place_teardown),
        cmocka_unit_test(an_accent_is_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
