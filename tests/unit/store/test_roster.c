#include "roster_fixture.h"

#include "match/keys.h"
#include "match/normalise.h"
#include "store/schools.h"

static void a_pupil_comes_back_as_it_was_filed(void **state)
{
    struct db *db = *state;
    int64_t key = enrol(db, "P1", "Amelia", "Okafor-Reid", "2017-03-09", "PL4 8AA", NULL);
    struct pupil p;
    struct err err;

    assert_int_equal(roster_pupil(db, key, &p, &err), 1);
    assert_string_equal(p.pupil_id, "P1");
    assert_string_equal(p.la_code, "801");
    assert_string_equal(personal_reveal(&p.surname), "Okafor-Reid");
    assert_int_equal(p.gender, SEX_FEMALE);
    assert_int_equal(p.born, day_parse("2017-03-09"));
    assert_false(personal_is_set(&p.upn));
    pupil_release(&p);
    assert_int_equal(roster_pupil(db, key + 1, &p, &err), 0);
}

static void candidates_are_those_who_share_a_key_most_keys_first(void **state)
{
    struct db *db = *state;
    int64_t sister = enrol(db, "P1", "Ruth", "Okafor", "2015-05-05", "PL4 8AA", NULL);
    int64_t same = enrol(db, "P2", "Amelia", "Okafor", "2017-03-09", "PL4 8AA", NULL);
    struct candidate *c;
    struct person child;
    struct key keys[KEYS_MAX];
    size_t n;
    struct err err;

    enrol(db, "P3", "Bella", "Adams", "2011-01-01", "LS1 1AA", NULL);
    attends(db, same, "100002", "subsidiary", NULL, NULL);
    attends(db, same, "100001", "main", NULL, NULL);
    person_init(&child);
    person_add_forename(&child, "AMELIA");
    person_add_surname(&child, "OKAFOR");
    child.born = day_parse("2017-03-09");
    person_set_postcode(&child, "pl48aa");
    assert_int_equal(
        roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), DAY_NONE, &c, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(c[0].pupil_key, same);
    assert_int_equal(c[1].pupil_key, sister);
    assert_string_equal(c[0].person.schools[0], "school/100001"); /* the main one first */
    assert_int_equal(c[0].person.schools_count, 2);
    roster_candidates_free(c, n);
    assert_int_equal(roster_candidates(db, keys, 0, DAY_NONE, &c, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_null(c);
}

/* So many share each key but one that only it is read. */
static void a_key_that_too_many_share_is_passed_over_and_the_others_find(void **state)
{
    struct db *db = *state;
    struct candidate *c;
    struct person child;
    struct key keys[KEYS_MAX];
    int64_t nearest;
    size_t n;
    struct err err;

    assert_int_equal(db_begin(db, &err), 0);
    for (int i = 0; i < KEYS_BLOCK_MAX; i++) {
        char id[16];

        snprintf(id, sizeof id, "P%d", i);
        enrol(db, id, "Mohammed", "Khan", "2017-12-09", NULL, NULL);
    }
    nearest = enrol(db, "LAST", "Mohammed", "Khan", "2017-12-09", "PL4 8AA", NULL);
    assert_int_equal(db_commit(db, &err), 0);
    person_init(&child);
    person_add_forename(&child, "Mohammed");
    person_add_surname(&child, "Khan");
    child.born = day_parse("2017-12-09");
    assert_int_equal(
        roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), DAY_NONE, &c, &n, &err), 0);
    assert_int_equal(n, 0);
    person_set_postcode(&child, "PL4 8AA");
    assert_int_equal(
        roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), DAY_NONE, &c, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(c[0].pupil_key, nearest);
    roster_candidates_free(c, n);
}

static void a_crowd_of_candidates_has_a_ceiling_and_keeps_the_nearest(void **state)
{
    struct db *db = *state;
    struct candidate *c;
    struct person child;
    struct key keys[KEYS_MAX];
    int64_t nearest;
    size_t n;
    struct err err;

    assert_int_equal(db_begin(db, &err), 0);
    for (int i = 0; i < KEYS_BLOCK_MAX - 50; i++) {
        char id[16], born[16];

        snprintf(id, sizeof id, "P%d", i);
        snprintf(born, sizeof born, "2017-%02d-%02d", 1 + i % 11, 1 + i % 28);
        enrol(db, id, "Mohammed", "Khan", born, NULL, NULL);
    }
    nearest = enrol(db, "LAST", "Mohammed", "Khan", "2017-12-09", "PL4 8AA", NULL);
    assert_int_equal(db_commit(db, &err), 0);
    person_init(&child);
    person_add_forename(&child, "Mohammed");
    person_add_surname(&child, "Khan");
    child.born = day_parse("2017-12-09");
    assert_int_equal(
        roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), DAY_NONE, &c, &n, &err), 0);
    assert_in_range(n, 1, CANDIDATES_MAX);
    assert_int_equal(c[0].pupil_key, nearest);
    roster_candidates_free(c, n);
}

static void names_are_counted_and_a_full_name_within_its_year(void **state)
{
    struct db *db = *state;
    struct person p;
    struct err err;
    double pupils;
    unsigned n;

    enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, NULL);
    enrol(db, "P2", "AMELIA", "O'Kafor", "2017-11-30", NULL, NULL);
    enrol(db, "P3", "Amelia", "Reid", "2016-11-30", NULL, NULL);
    person_init(&p);
    person_add_forename(&p, "amelia");
    person_add_surname(&p, "okafor");
    person_add_surname(&p, "nobody");
    assert_int_equal(roster_count(db, &pupils, &err), 0);
    assert_true(pupils == 3);
    assert_int_equal(roster_count_names(db, &p, &err), 0);
    assert_int_equal(p.forenames_held[0], 3);
    assert_int_equal(p.surnames_held[0], 2);
    assert_int_equal(p.surnames_held[1], 0);
    assert_int_equal(roster_count_full_name(db, "amelia", "okafor", 2017, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(roster_count_full_name(db, "amelia", "okafor", 2016, &n, &err), 0);
    assert_int_equal(n, 0);
}

/* Both by their first name, which nobody has but those whom the test enrols. */
static unsigned amelias(struct db *db)
{
    struct person p;
    struct err err;
    double pupils = -1;

    person_init(&p);
    person_add_forename(&p, "Amelia");
    assert_int_equal(roster_count(db, &pupils, &err), 0);
    assert_int_equal(roster_count_names(db, &p, &err), 0);
    assert_true(pupils == p.forenames_held[0]);
    return p.forenames_held[0];
}

static void names_are_counted_anew_when_the_roll_has_changed_and_when_that_is_undone(void **state)
{
    struct db *db = *state, *other;
    struct err err;

    assert_int_equal(amelias(db), 0);
    enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, NULL);
    assert_int_equal(amelias(db), 1);
    assert_int_equal(db_begin(db, &err), 0);
    enrol(db, "P2", "Amelia", "Reid", "2017-03-09", NULL, NULL);
    assert_int_equal(amelias(db), 2);
    db_rollback(db);
    assert_int_equal(amelias(db), 1);
    assert_int_equal(db_open(path, &other, &err), 0);
    enrol(other, "P3", "Amelia", "Khan", "2017-03-09", NULL, NULL);
    db_close(other);
    assert_int_equal(amelias(db), 2);
}

static struct person only_candidate(struct db *db, day_t on)
{
    struct key keys[KEYS_MAX];
    struct candidate *c;
    struct person child, out;
    size_t n;
    struct err err;

    person_init(&child);
    person_add_forename(&child, "Amelia");
    person_set_postcode(&child, "PL4 8AA");
    assert_int_equal(
        roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), on, &c, &n, &err), 0);
    assert_int_equal(n, 1);
    out = c[0].person;
    roster_candidates_free(c, n);
    return out;
}

/* Read from the enrolments, and folded, it is the same. */
static struct person compared(struct db *db, day_t on)
{
    struct person read = only_candidate(db, on), folded;
    int64_t missing = -1;
    struct err err;

    assert_int_equal(schools_fold_all(db, &err), 0);
    assert_int_equal(
        sql_int(db, &missing, &err, "SELECT count(*) FROM pupil_folded WHERE schools IS NULL", ""),
        1);
    assert_int_equal(missing, 0);
    folded = only_candidate(db, on);
    assert_memory_equal(&read, &folded, sizeof read);
    return folded;
}

static void a_candidate_is_on_roll_where_the_enrolments_say_whoever_wrote_them(void **state)
{
    const day_t on = day_parse("2026-03-16");
    struct db *db = *state;
    int64_t key = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", "PL4 8AA", NULL);
    struct person p;
    struct err err;

    p = compared(db, on);
    assert_int_equal(p.standing, STANDING_OWN);
    assert_int_equal(p.schools_count, 0);
    attends(db, key, "100002", "subsidiary", NULL, NULL);
    attends(db, key, "100001", "main", NULL, "2026-03-15");
    p = compared(db, on);
    assert_int_equal(p.standing, STANDING_SECOND);
    assert_int_equal(p.schools_count, 2);
    assert_string_equal(p.schools[0], "school/100001");
    p = compared(db, on - 1);
    assert_int_equal(p.standing, STANDING_OWN);
    assert_int_equal(
        sql_script(db, "UPDATE enrolment SET to_day = NULL WHERE urn = '100001'", &err), 0);
    p = compared(db, on);
    assert_int_equal(p.standing, STANDING_OWN);
    assert_int_equal(
        sql_script(db, "UPDATE enrolment SET school = 'The Weir' WHERE urn = '100002'", &err), 0);
    p = compared(db, on);
    assert_string_equal(p.school_names[0], "weir");
    assert_int_equal(sql_script(db, "DELETE FROM enrolment WHERE urn = '100001'", &err), 0);
    p = compared(db, on);
    assert_int_equal(p.schools_count, 1);
    assert_int_equal(sql_script(db, "UPDATE enrolment SET ended_at = 5", &err), 0);
    p = compared(db, DAY_NONE);
    assert_int_equal(p.standing, STANDING_LEFT);
    assert_int_equal(p.schools_count, 0);
}

static int64_t number(struct db *db, const char *sql)
{
    struct err err;
    int64_t n = -1;

    assert_true(sql_int(db, &n, &err, sql, "") >= 0);
    return n;
}

/* Another program's, or the same one's with another ICU. */
static void an_index_of_another_version_is_refused_and_made_anew(void **state)
{
    static const char *const others[] = {
        "UPDATE roll_index SET keys_version = 1",
        "UPDATE roll_index SET keys_version = keys_version + 1",
        "UPDATE roll_index SET keys_version = keys_version - 1",
    };
    struct db *db = *state;
    int64_t key = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", "PL4 8AA", NULL);
    struct candidate *c;
    struct person child;
    struct key keys[KEYS_MAX];
    size_t n;
    struct err err;

    person_init(&child);
    person_add_forename(&child, "Amelia");
    person_set_postcode(&child, "PL4 8AA");
    assert_int_equal(roll_index_bring_up(db, &err), 0);
    assert_int_equal(number(db, "SELECT keys_version % 1000 FROM roll_index"), normalise_version());
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_int_equal(sql_script(db, others[i], &err), 0);
        assert_int_equal(
            sql_script(db, "DELETE FROM pupil_block; UPDATE name_count SET pupils = 7;", &err), 0);
        assert_int_equal(
            roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), DAY_NONE, &c, &n, &err),
            -1);
        assert_int_equal(err.code, ERR_STORE);
        assert_int_equal(roll_index_bring_up(db, &err), 1);
        assert_int_equal(
            roster_candidates(db, keys, keys_of(&child, KEYS_CHILD, keys), DAY_NONE, &c, &n, &err),
            0);
        assert_int_equal(n, 1);
        assert_int_equal(c[0].pupil_key, key);
        roster_candidates_free(c, n);
    }
    assert_int_equal(roster_count_names(db, &child, &err), 0);
    assert_int_equal(child.forenames_held[0], 1);
}

/* A child with no message behind it is enough for decisions. */
static int64_t child_to_match(struct db *db)
{
    struct err err;

    assert_int_equal(
        sql_script(db,
                   "INSERT INTO message(message_id, received_at, topic, body, outcome)"
                   " VALUES (1, 0, 't', x'7b7d', 'accepted');"
                   "INSERT INTO incident(incident_id, force, police_ref, revision, message_id,"
                   " type, action, attended_at, accepted_at, revised_at)"
                   " VALUES (1, 'dyfed-powys', 'R1', 1, 1, 'domestic_abuse', 'notify', 0, 0, 0);"
                   "INSERT INTO child(child_id, incident_id, child_ref, stage, state, position,"
                   " changed_revision) VALUES (1, 1, '1', 'match', 'open', 0, 1);",
                   &err),
        0);
    return 1;
}

static struct decision decision_for(enum match_outcome outcome, int64_t pupil)
{
    struct decision d = {.outcome = outcome,
                         .rule = "name and birth date",
                         .score = 29,
                         .margin = 29,
                         .candidates_count = 1};

    d.candidates[0].pupil_key = pupil;
    d.candidates[0].score = 29;
    d.candidates[0].evidence[0] = (struct evidence){"forename", "same", 8};
    d.candidates[0].evidence_count = 1;
    return d;
}

static void decide(struct db *db, int64_t child, const struct decision *d, const char *who)
{
    struct err err;

    assert_int_equal(db_begin(db, &err), 0);
    assert_int_equal(roster_decide(db, child, d, who, 1000, &err), 0);
    assert_int_equal(db_commit(db, &err), 0);
}

static void a_decision_is_the_childs_and_hands_it_to_planning(void **state)
{
    struct db *db = *state;
    int64_t p = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, NULL);
    int64_t child = child_to_match(db);
    struct decision d = decision_for(MATCH_MATCH, p);
    struct decision_row row;
    struct err err;

    assert_int_equal(roster_decision(db, child, &row, &err), 0);
    decide(db, child, &d, "matcher");
    assert_int_equal(roster_decision(db, child, &row, &err), 1);
    assert_int_equal(row.outcome, MATCH_MATCH);
    assert_int_equal(row.pupil_key, p);
    assert_int_equal(row.made_at, 1000);
    assert_string_equal(row.made_by, "matcher");
    assert_string_equal(row.rule, "name and birth date");
    assert_int_equal(number(db, "SELECT count(*) FROM child WHERE stage='plan' AND state='open'"),
                     1);
    assert_int_equal(number(db, "SELECT count(*) FROM candidate WHERE evidence ="
                                " '[{\"field\":\"forename\",\"level\":\"same\",\"weight\":8}]'"),
                     1);
    assert_int_equal(number(db, "SELECT count(*) FROM audit WHERE event='child.decided'"
                                " AND incident_id > 0 AND child_id > 0"),
                     1);
}

static void what_is_decided_again_alike_is_recorded_once(void **state)
{
    struct db *db = *state;
    int64_t p = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, NULL);
    int64_t child = child_to_match(db);
    struct decision d = decision_for(MATCH_REVIEW, p);

    decide(db, child, &d, "matcher");
    assert_int_equal(number(db, "SELECT count(*) FROM child WHERE state='review'"), 1);
    decide(db, child, &d, "matcher");
    assert_int_equal(number(db, "SELECT count(*) FROM decision"), 1);
    d.candidates[0].score = 30; /* other evidence */
    decide(db, child, &d, "matcher");
    assert_int_equal(number(db, "SELECT count(*) FROM decision"), 2);
    d.candidates_count = 0;
    decide(db, child, &d, "matcher");
    assert_int_equal(number(db, "SELECT count(*) FROM decision"), 3);
}

static void a_person_decides_in_place_of_the_matcher(void **state)
{
    struct db *db = *state;
    int64_t p = enrol(db, "P1", "Amelia", "Okafor", "2017-03-09", NULL, NULL);
    int64_t child = child_to_match(db);
    struct decision d = decision_for(MATCH_REVIEW, p);
    struct decision_row row;
    struct err err;

    decide(db, child, &d, "matcher");
    d = decision_for(MATCH_MATCH, p);
    d.rule = "accepted by a person";
    decide(db, child, &d, "j.officer");
    assert_int_equal(roster_decision(db, child, &row, &err), 1);
    assert_string_equal(row.made_by, "j.officer");
    assert_int_equal(row.outcome, MATCH_MATCH);
    assert_int_equal(number(db, "SELECT count(*) FROM child WHERE stage='plan' AND state='open'"),
                     1);
    assert_int_equal(number(db, "SELECT count(*) FROM decision"), 2); /* both are kept */
    d = (struct decision){.outcome = MATCH_NONE, .rule = "rejected by a person"};
    decide(db, child, &d, "j.officer");
    assert_int_equal(roster_decision(db, child, &row, &err), 1);
    assert_int_equal(row.pupil_key, -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_pupil_comes_back_as_it_was_filed),
        T(candidates_are_those_who_share_a_key_most_keys_first),
        T(a_key_that_too_many_share_is_passed_over_and_the_others_find),
        T(names_are_counted_and_a_full_name_within_its_year),
        T(names_are_counted_anew_when_the_roll_has_changed_and_when_that_is_undone),
        T(a_candidate_is_on_roll_where_the_enrolments_say_whoever_wrote_them),
        T(an_index_of_another_version_is_refused_and_made_anew),
        T(a_crowd_of_candidates_has_a_ceiling_and_keeps_the_nearest),
        T(a_decision_is_the_childs_and_hands_it_to_planning),
        T(what_is_decided_again_alike_is_recorded_once),
        T(a_person_decides_in_place_of_the_matcher),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
