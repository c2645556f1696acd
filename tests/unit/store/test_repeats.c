/* Which call-outs are about the same child, from the records. */
#include "store_fixture.h"

#include "match/person.h"
#include "store/registers.h"
#include "store/repeats.h"
#include "store/roster.h"

#define NIGHTS 86400

/* A call-out of so many nights before this one, with one child who was matched to that pupil. */
static int64_t before(struct place *p, const char *police_ref, int nights, int64_t pupil_key)
{
    int64_t id = put(p, call_out(p, police_ref, 1, "notify", ZELDA, ""), NIGHT);

    OK(p, sql_run(p->db, &p->err,
                  "UPDATE incident SET attended_at = attended_at - ? WHERE incident_id = ?", "ii",
                  (int64_t)nights * NIGHTS, id));
    decided(p, child(p, id, "1").child_id, "match");
    OK(p, sql_run(p->db, &p->err,
                  "UPDATE decision SET pupil_key = ? WHERE decision_id = (SELECT max(decision_id)"
                  " FROM decision)",
                  "i", pupil_key));
    return id;
}

struct found {
    bool counted;
    struct repeat count;
    size_t others;
    char first[POLICE_REF_SIZE];
};

/* What is said of a child of tonight's, under the policies of the store. */
static struct found find(struct place *p, int64_t incident_id)
{
    struct policy_row *rows = NULL;
    struct incident *incident;
    struct policy policy;
    struct repeats r;
    struct found found;
    size_t count = 0;

    OK(p, registers_policies(p->db, FORCE, NULL, NULL, &rows, &count, &p->err));
    policy_resolve(rows, count, FORCE, NULL, NULL, &policy);
    free(rows);
    OK(p, incidents_load(p->db, incident_id, &incident, &p->err));
    OK(p, repeats_find(p->db, child(p, incident_id, "1").child_id, incident, &policy, &r, &p->err));
    found = (struct found){r.counted, r.count, r.others_count, ""};
    if (r.others_count > 0)
        snprintf(found.first, sizeof found.first, "%s", r.others[0].police_ref);
    repeats_release(&r);
    incident_free(incident);
    return found;
}

static void another_call_out_about_the_pupil_counts_and_one_about_another_of_that_name_does_not(
    void **state)
{
    struct place *p = *state;
    int64_t tonight;

    before(p, "EARLIER", 3, 1);
    before(p, "NAMESAKE", 2, 2);
    tonight = before(p, "TONIGHT", 0, 1);
    assert_int_equal(find(p, tonight).count.week, 2);
    assert_int_equal(find(p, tonight).others, 1);
    assert_string_equal(find(p, tonight).first, "EARLIER");
    assert_true(find(p, tonight).count.often);
}

static void a_revision_of_the_same_call_out_is_no_second_one(void **state)
{
    struct place *p = *state;
    int64_t tonight = before(p, "TONIGHT", 0, 1);

    put(p, call_out(p, "TONIGHT", 2, "notify", ZELDA, ",\"risk\":\"high\""), NIGHT + 60);
    assert_int_equal(find(p, tonight).count.year, 1);
    before(p, "EARLIER", 3, 1);
    put(p, call_out(p, "EARLIER", 2, "notify", ZELDA, ",\"risk\":\"high\""), NIGHT + 60);
    run(p, "UPDATE incident SET attended_at = attended_at - 259200 WHERE police_ref = 'EARLIER'");
    assert_int_equal(find(p, tonight).count.year, 2);
}

static void what_nobody_may_know_of_does_not_count(void **state)
{
    static const char *const undone[] = {
        "UPDATE child SET state = 'withdrawn' WHERE incident_id = 1",
        "UPDATE child SET state = 'withheld', withheld_reason = 'op' WHERE incident_id = 1",
        "UPDATE child SET state = 'withheld', withheld_reason = 'filter:risk' WHERE incident_id = 1",
        "UPDATE child SET removed = 1, state = 'withdrawn' WHERE incident_id = 1",
        "UPDATE child SET removed = 1 WHERE incident_id = 1",
        "UPDATE incident SET type = 'missing' WHERE incident_id = 1",
    };
    struct place *p = *state;
    int64_t tonight;

    before(p, "EARLIER", 3, 1);
    tonight = before(p, "TONIGHT", 0, 1);
    assert_int_equal(find(p, tonight).count.year, 2);
    for (size_t i = 0; i < ARRAY_SIZE(undone); i++) {
        OK(p, db_begin(p->db, &p->err));
        run(p, undone[i]);
        assert_int_equal(find(p, tonight).count.year, 1);
        assert_int_equal(find(p, tonight).others, 0);
        db_rollback(p->db);
    }
}

static void a_decision_that_was_put_right_counts_where_it_is_right(void **state)
{
    struct place *p = *state;
    int64_t earlier = before(p, "EARLIER", 3, 1), tonight = before(p, "TONIGHT", 0, 1);

    decided(p, child(p, earlier, "1").child_id, "none");
    assert_int_equal(find(p, tonight).count.year, 1);
}

static void a_call_out_that_names_a_child_twice_is_one(void **state)
{
    struct place *p = *state;
    int64_t earlier = put(p, call_out(p, "EARLIER", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    int64_t tonight;

    decided(p, child(p, earlier, "1").child_id, "match");
    decided(p, child(p, earlier, "2").child_id, "match");
    tonight = before(p, "TONIGHT", 0, 1);
    assert_int_equal(find(p, tonight).count.year, 2);
    assert_int_equal(find(p, tonight).others, 1);
}

static void nothing_is_said_of_a_child_that_nobody_has_found(void **state)
{
    struct place *p = *state;
    int64_t tonight = before(p, "TONIGHT", 0, 1);

    before(p, "EARLIER", 3, 1);
    decided(p, child(p, tonight, "1").child_id, "review");
    assert_false(find(p, tonight).counted);
}

static void a_force_that_has_it_off_says_nothing_and_lends_nothing(void **state)
{
    struct place *p = *state;
    int64_t earlier = before(p, "EARLIER", 3, 1), tonight = before(p, "TONIGHT", 0, 1);

    run(p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'repeats', 'off')");
    assert_false(find(p, tonight).counted);
    run(p, "DELETE FROM policy");
    OK(p, sql_run(p->db, &p->err, "UPDATE incident SET force = 'kent' WHERE incident_id = ?", "i",
                  earlier));
    assert_int_equal(find(p, tonight).count.year, 2);
    run(p, "INSERT INTO policy VALUES ('force', 'kent', 'repeats', 'off')");
    assert_int_equal(find(p, tonight).count.year, 1);
    assert_true(find(p, tonight).counted);
}

static void a_child_that_was_found_again_is_not_counted(void **state)
{
    struct place *p = *state;
    int64_t tonight = put(p,
                          "{\"version\":1,\"force\":\"" FORCE "\",\"police_ref\":\"F\","
                          "\"revision\":1,\"type\":\"missing_found\",\"action\":\"notify\","
                          "\"attended_at\":\"2026-11-19T23:41:00Z\",\"children\":[" ZELDA "]}",
                          NIGHT);

    decided(p, child(p, tonight, "1").child_id, "match");
    assert_false(find(p, tonight).counted);
}

/* A pupil with its keys, as an import files it. */
static int64_t enrol(struct place *p, const char *la, const char *id, const char *forename,
                     const char *surname, const char *born, const char *upn)
{
    struct roll_index *index = NULL;
    struct pupil pupil;
    struct person person;
    int64_t key;

    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO pupil(la_code, pupil_id, forename, surname, dob, upn, seen_import)"
                  " VALUES (?,?,?,?,?,?,1)",
                  "tttttt", la, id, forename, surname, born, upn));
    key = sql_last_id(p->db);
    OK(p, roster_pupil(p->db, key, &pupil, &p->err));
    roster_person(&pupil, &person);
    OK(p, roll_index_new(p->db, &index, &p->err));
    OK(p, roll_index_add(index, key, &person, &p->err));
    OK(p, roll_index_write(index, &p->err));
    roll_index_free(index);
    pupil_release(&pupil);
    person_wipe(&person);
    return key;
}

static void a_child_is_known_again_by_its_number_on_another_row_of_the_roll(void **state)
{
    static const struct {
        const char *la, *forename, *surname, *born, *upn;
        int year;
    } rows[] = {
        {"879", "Zelda", "Quibblethwaite", "2017-03-09", "H801200001001",
         2}, /* dual registration */
        {"801", "Zelda", "Quibblethwaite", "2017-03-09", "H801200001001", 2}, /* moved */
        {"801", "Zelda", "Umberslade", "2017-03-09", "H801200001001", 2}, /* has another surname */
        {"879", "Zoe", "Quibblethwaite", "2017-03-09", "H801200001001", 1}, /* a twin's, mistyped */
        {"879", "Zelda", "Quibblethwaite", "2016-03-09", "H801200001001", 1},
        {"879", "Zelda", "Quibblethwaite", "2017-03-09", "X801200001002", 1},
        {"879", "Zelda", "Quibblethwaite", "2017-03-09", NULL, 1}, /* by name alone nobody is */
    };
    struct place *p = *state;
    int64_t own = enrol(p, "879", "own", "Zelda", "Quibblethwaite", "2017-03-09", "H801200001001");
    int64_t tonight = before(p, "TONIGHT", 0, own);

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char reference[16], id[16];
        int64_t other;

        snprintf(reference, sizeof reference, "R%zu", i);
        snprintf(id, sizeof id, "row%zu", i);
        other =
            enrol(p, rows[i].la, id, rows[i].forename, rows[i].surname, rows[i].born, rows[i].upn);
        before(p, reference, 3, other);
        if (find(p, tonight).count.year != rows[i].year)
            fail_msg("row %zu: %d call-outs", i, find(p, tonight).count.year);
        run(p, "UPDATE child SET state = 'withdrawn' WHERE incident_id <> 1");
    }
    run(p, "UPDATE child SET state = 'open'"); /* no index that this program can read */
    run(p, "UPDATE roll_index SET keys_version = 0");
    before(p, "OWN", 3, own);
    assert_int_equal(find(p, tonight).count.year, 2);
}

static void a_drill_is_no_call_out(void **state)
{
    struct place *p = *state;
    int64_t tonight = before(p, "TONIGHT", 0, 1);

    run(p, "INSERT INTO drill(force, who, stored_at) VALUES ('" FORCE "', 'me', 1)");
    assert_int_equal(find(p, tonight).count.year, 1);
}

/* By the pupil's own decisions, however many there are of others. */
static void it_is_found_by_an_index(void **state)
{
    struct place *p = *state;
    sqlite3_stmt *stmt;
    bool by_index = false;

    OK(p, sql_query(p->db, &stmt, &p->err,
                    "EXPLAIN QUERY PLAN SELECT 1 FROM decision d WHERE d.pupil_key = 1", ""));
    while (sql_row(p->db, stmt, &p->err) == 1)
        by_index |= strstr(sql_text(stmt, 3), "decision_pupil") != NULL;
    sql_done(stmt);
    assert_true(by_index);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(another_call_out_about_the_pupil_counts_and_one_about_another_of_that_name_does_not),
        T(a_revision_of_the_same_call_out_is_no_second_one),
        T(what_nobody_may_know_of_does_not_count),
        T(a_decision_that_was_put_right_counts_where_it_is_right),
        T(a_call_out_that_names_a_child_twice_is_one),
        T(nothing_is_said_of_a_child_that_nobody_has_found),
        T(a_force_that_has_it_off_says_nothing_and_lends_nothing),
        T(a_child_that_was_found_again_is_not_counted),
        T(a_child_is_known_again_by_its_number_on_another_row_of_the_roll),
        T(a_drill_is_no_call_out),
        T(it_is_found_by_an_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
