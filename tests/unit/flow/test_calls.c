/* The call list of the largest call-out that there can be: nobody is left off it. */
#include "store_fixture.h"

#include "follow/calls.h"

/* A letter of four bytes; a name has up to 100 characters. */
#define TEN "𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* A call-out about as many as one can be about; their ids. */
static int64_t twenty(struct place *p, int64_t ids[INCIDENT_CHILDREN_MAX])
{
    struct buf list;
    int64_t id;

    buf_init(&list, 60000);
    for (int i = 1; i <= INCIDENT_CHILDREN_MAX; i++)
        buf_addf(&list,
                 "%s{\"child_ref\":\"%d\",\"forename\":\"" HUNDRED "\",\"surname\":\"" HUNDRED "\","
                 "\"date_of_birth\":\"2017-09-30\"}",
                 i > 1 ? "," : "", i);
    id = put(p, call_out(p, "A1", 1, "notify", buf_text(&list), ""), NIGHT);
    buf_release(&list);
    for (int i = 0; i < INCIDENT_CHILDREN_MAX; i++) {
        char ref[8];

        snprintf(ref, sizeof ref, "%d", i + 1);
        ids[i] = child(p, id, ref).child_id;
    }
    return id;
}

static size_t read_list(struct place *p, struct call_line **lines)
{
    const struct report_filter all = REPORT_FILTER_NONE;
    int64_t undecided;
    size_t count = 0;

    OK(p, calls_read(p->db, &all, NIGHT + 30000, lines, &count, &undecided, &p->err));
    return count;
}

static void twenty_children_with_the_longest_names_are_one_line(void **state)
{
    int64_t ids[INCIDENT_CHILDREN_MAX], id;
    struct call_line *lines;
    struct place *p = *state;

    run(p, "INSERT INTO policy(scope, id, key, value) VALUES ('all', '', 'fields', 'standard')");
    id = twenty(p, ids);
    planned(p, id, 1, "school", "100001", 1, ids, INCIDENT_CHILDREN_MAX);
    assert_int_equal(read_list(p, &lines), 1);
    assert_int_equal(lines[0].children_count, INCIDENT_CHILDREN_MAX);
    assert_true(lines[0].children.length > (size_t)INCIDENT_CHILDREN_MAX * 820);
    calls_free(lines, 1);
}

/* The desk's task is theirs; each is on roll twice, wherever nobody is on file. */
static void each_school_of_twenty_children_is_a_line(void **state)
{
    int64_t ids[INCIDENT_CHILDREN_MAX], id;
    struct call_line *lines;
    struct place *p = *state;

    id = twenty(p, ids);
    for (int64_t i = 0; i < INCIDENT_CHILDREN_MAX; i++) {
        decided(p, ids[i], "match");
        OK(p, sql_run(p->db, &p->err,
                      "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import)"
                      " VALUES (?1, '879', ?1, 1)",
                      "i", 100 + i));
        OK(p, sql_run(p->db, &p->err, "UPDATE decision SET pupil_key = ? WHERE child_id = ?", "ii",
                      100 + i, ids[i]));
        OK(p, sql_run(p->db, &p->err,
                      "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                      " VALUES (?1, 'school', 200000 + ?1, 1), (?1, 'school', 300000 + ?1, 1)",
                      "i", 100 + i));
    }
    planned(p, id, 1, "la", "879", 4, ids, INCIDENT_CHILDREN_MAX);
    run(p, "UPDATE notice SET reason = 'no-contact'");
    assert_int_equal(read_list(p, &lines), 2 * INCIDENT_CHILDREN_MAX);
    calls_free(lines, (size_t)2 * INCIDENT_CHILDREN_MAX);
}

/* Nobody rings the key adult whom the police have barred at the number that the school had before. */
static void whom_the_police_have_barred_is_not_rung_where_the_school_has_another_number(
    void **state)
{
    struct place *p = *state;
    struct call_line *lines;
    int64_t id = put(p,
                     call_out(p, "A1", 1, "notify", ZELDA,
                              ",\"do_not_tell\":[{\"role\":\"dsl\",\"school_urn\":\"100009\","
                              "\"reason\":\"party to the incident\"}]"),
                     NIGHT),
            one = child(p, id, "1").child_id;

    planned(p, id, 1, "school", "100001", 1, &one, 1);
    assert_int_equal(read_list(p, &lines), 1);
    assert_string_equal(personal_reveal(&lines[0].contact), "Una");
    calls_free(lines, 1);
    run(p, "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100009', '100001', 'Successor')");
    assert_int_equal(read_list(p, &lines), 1);
    assert_string_equal(personal_reveal(&lines[0].contact), "Dee");
    assert_true(lines[0].guarded);
    calls_free(lines, 1);
}

/* Nor is the school that has followed one which said that it is not its pupil. */
static void a_school_that_has_said_not_ours_is_not_rung_under_another_number(void **state)
{
    struct place *p = *state;
    struct call_line *lines;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT),
            one = child(p, id, "1").child_id;

    decided(p, one, "match");
    run(p, "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name,"
           " status_code) VALUES ('school', '100009', '879', 'Example Primary', 1, '', 2);"
           "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100009', '200002', 'Successor');"
           "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
           " (1, 'school', '100009', 1)");
    planned(p, id, 1, "la", "879", 4, &one, 1);
    run(p, "UPDATE notice SET reason = 'no-contact'");
    assert_int_equal(read_list(p, &lines), 1);
    assert_string_equal(lines[0].door.urn, "200002");
    calls_free(lines, 1);
    run(p, "INSERT INTO ruled_out(child_id, namespace, urn, notice_id, at, who)"
           " VALUES (1, 'school', '100009', 1, 5, 'una')");
    assert_int_equal(read_list(p, &lines), 1);
    assert_string_equal(lines[0].door.urn, "879");
    calls_free(lines, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(twenty_children_with_the_longest_names_are_one_line),
        T(each_school_of_twenty_children_is_a_line),
        T(a_school_that_has_said_not_ours_is_not_rung_under_another_number),
        T(whom_the_police_have_barred_is_not_rung_where_the_school_has_another_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
