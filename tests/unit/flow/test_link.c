/* The match step: call-outs in the store, pupils on the roll, decisions. */
#include "store_fixture.h"

#include "match/link.h"
#include "store/review.h"
#include "store/roll_write.h"

#define CHILD(ref, forename, born)                                                                 \
    "{\"child_ref\":\"" ref "\",\"forename\":\"" forename "\",\"surname\":\"Quibblethwaite\","     \
    "\"date_of_birth\":\"" born "\"}"

static int64_t enrol_at(struct place *p, const char *id, const char *forename, const char *born,
                        const char *postcode, const char *upn)
{
    struct pupil pupil = {.pupil_key = -1, .la_code = "879", .gender = SEX_UNKNOWN};
    struct roll_index *index = NULL;
    enum change change;
    int64_t key;

    snprintf(pupil.pupil_id, sizeof pupil.pupil_id, "%s", id);
    OK(p, personal_set_text(&pupil.forename, forename, &p->err));
    OK(p, personal_set_text(&pupil.surname, "Quibblethwaite", &p->err));
    OK(p, personal_set_text(&pupil.postcode, postcode, &p->err));
    OK(p, personal_set_text(&pupil.upn, upn, &p->err));
    pupil.born = day_parse(born);
    OK(p, db_begin(p->db, &p->err));
    OK(p, roll_index_new(p->db, &index, &p->err));
    OK(p, roll_put_pupil(p->db, index, &pupil, 1, NULL, &change, &key, &p->err));
    OK(p, roll_index_write(index, &p->err));
    roll_index_free(index);
    OK(p, db_commit(p->db, &p->err));
    pupil_release(&pupil);
    return key;
}

static int64_t enrol(struct place *p, const char *id, const char *forename, const char *born)
{
    return enrol_at(p, id, forename, born, "", "");
}

static void attends(struct place *p, int64_t pupil_key, const char *urn)
{
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                  " VALUES (?, 'school', ?, 1)",
                  "it", pupil_key, urn));
}

static int link_all(struct place *p)
{
    int n = link_run(p->db, WORK_ALL, NIGHT, &p->err);

    OK(p, n);
    return n;
}

static struct decision_row decision(struct place *p, int64_t incident_id, const char *ref)
{
    struct decision_row row;

    assert_int_equal(roster_decision(p->db, child(p, incident_id, ref).child_id, &row, &p->err), 1);
    return row;
}

static void every_child_to_be_matched_is_decided_and_handed_to_planning(void **state)
{
    struct place *p = *state;
    int64_t zelda = enrol(p, "A", "Zelda", "2017-03-09");
    int64_t one = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    int64_t two =
        put(p, call_out(p, "A2", 1, "notify", CHILD("1", "Marigold", "2017-03-09"), ""), NIGHT);

    assert_int_equal(link_all(p), 2);
    assert_int_equal(decision(p, one, "1").outcome, MATCH_MATCH);
    assert_int_equal(decision(p, one, "1").pupil_key, zelda);
    assert_int_equal(decision(p, one, "2").outcome, MATCH_NONE);
    assert_int_equal(decision(p, two, "1").outcome, MATCH_REVIEW);
    assert_int_equal(child(p, two, "1").state, CHILD_REVIEW);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE stage = 'plan'"), 3);
    assert_int_equal(link_all(p), 0);
}

static void a_withheld_or_withdrawn_child_is_not_looked_for(void **state)
{
    struct place *p = *state;

    enrol(p, "A", "Zelda", "2017-03-09");
    put(p,
        call_out(p, "A1", 1, "notify", ZELDA,
                 ",\"withhold\":{\"reason\":\"ongoing-operation\",\"authorised_by\":\"DI 7\"}"),
        NIGHT);
    put(p, call_out(p, "A2", 1, "notify", ZELDA, ""), NIGHT);
    put(p, call_out(p, "A2", 2, "withdraw", ZELDA, ""), NIGHT);
    run(p, "UPDATE child SET stage = 'match'"); /* however it came there */
    assert_int_equal(link_all(p), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM decision"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE state IN ('withheld','withdrawn')"
                            " AND stage = 'plan'"),
                     2);
}

/* As after a newer program, which has another contract. More of them than are looked at at once. */
static void messages_that_can_no_longer_be_read_hold_up_no_others(void **state)
{
    struct place *p = *state;

    for (int i = 0; i < 130; i++) {
        char ref[16];

        snprintf(ref, sizeof ref, "A%d", i);
        put(p, call_out(p, ref, 1, "notify", ZELDA, ""), NIGHT);
    }
    run(p, "UPDATE message SET body = x'7b7d' WHERE message_id < 129");
    assert_int_equal(link_all(p), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE stage = 'plan'"), 2);
    assert_int_equal(link_run(p->db, WORK_ALL, NIGHT, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE stage = 'match'"), 128);
}

static void two_children_of_a_call_out_are_never_one_pupil(void **state)
{
    struct place *p = *state;
    int64_t incident;

    enrol(p, "A", "Zelda", "2017-03-09");
    incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_MATCH);
    /* a revision names another child, who would be the same pupil: the first is open still */
    put(p, call_out(p, "A1", 2, "notify", ZELDA "," CHILD("2", "ZELDA", "2017-03-09"), ""), NIGHT);
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_REVIEW);
    assert_int_equal(decision(p, incident, "2").outcome, MATCH_REVIEW);
    assert_int_equal(child(p, incident, "1").state, CHILD_REVIEW);
    assert_string_equal(decision(p, incident, "2").rule,
                        "another child of the call-out is that pupil too");
}

/* As of a dual registration; the school that was said weighs the one row or the other. */
static void nor_are_they_two_rows_of_one_pupil(void **state)
{
    static const char said[] =
        "{\"child_ref\":\"%d\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
        "\"date_of_birth\":\"2017-03-09\",\"claimed_establishment\":{\"school_urn\":\"10000%d\"}}";
    struct place *p = *state;
    char both[512];
    int64_t incident;
    int n;

    attends(p, enrol_at(p, "A", "Zelda", "2017-03-09", "", "H801200017001"), "100001");
    attends(p, enrol_at(p, "B", "Zelda", "2017-03-09", "", "H801200017001"), "100002");
    n = snprintf(both, sizeof both, said, 1, 1);
    n += snprintf(both + n, sizeof both - (size_t)n, ",");
    snprintf(both + n, sizeof both - (size_t)n, said, 2, 2);
    incident = put(p, call_out(p, "A1", 1, "notify", both, ""), NIGHT);
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_REVIEW);
    assert_int_equal(decision(p, incident, "2").outcome, MATCH_REVIEW);
    assert_string_equal(decision(p, incident, "1").rule,
                        "another child of the call-out is that pupil too");
}

/* Nor when a person decides, unless the police name one child twice and the person says so. */
static void nor_when_a_person_decides(void **state)
{
    struct place *p = *state;
    int64_t one = enrol_at(p, "A", "Zelda", "2017-03-09", "", "H801200017001"), two, id, incident;

    two = enrol_at(p, "B", "Zelda", "2017-03-09", "", "H801200017001");
    incident = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_MATCH);
    id = child(p, incident, "2").child_id;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(review_decide(p->db, id, i ? two : one, false, "una", NIGHT, &p->err), -1);
        assert_int_equal(p->err.code, ERR_INVALID);
        assert_non_null(strstr(p->err.text, "that pupil already"));
    }
    assert_int_equal(decision(p, incident, "2").outcome, MATCH_NONE);
    assert_int_equal(review_decide(p->db, id, two, true, "una", NIGHT, &p->err), 1);
    assert_int_equal(review_decide(p->db, id, two, false, "una", NIGHT, &p->err), 0);
    put(p, call_out(p, "A1", 2, "notify", YORICK, ""), NIGHT); /* the other is named no longer */
    assert_int_equal(review_decide(p->db, id, REVIEW_NONE_OF_THEM, true, "una", NIGHT, &p->err), 1);
    assert_int_equal(review_decide(p->db, id, one, true, "una", NIGHT, &p->err), 1);
}

/* Two families in one call-out, and a child who could be of either: whichever is named first. */
static void two_homes_that_lead_to_two_pupils_are_for_a_person(void **state)
{
    static const char *const children[] = {
        ZELDA "," YORICK "," CHILD("3", "Marigold", "2016-02-02"),
        YORICK "," ZELDA "," CHILD("3", "Marigold", "2016-02-02"),
        CHILD("3", "Marigold", "2016-02-02") "," YORICK "," ZELDA,
    };
    struct place *p = *state;
    int64_t one, incident;

    enrol_at(p, "A", "Zelda", "2017-03-09", "PL4 8AA", "");
    enrol_at(p, "B", "Yorick", "2019-05-01", "EX1 1AA", "");
    one = enrol_at(p, "C", "Marigold", "2016-02-02", "PL4 8AA", "");
    enrol_at(p, "D", "Marigold", "2016-02-02", "EX1 1AA", "");
    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        char ref[8];

        snprintf(ref, sizeof ref, "A%zu", i);
        incident = put(p, call_out(p, ref, 1, "notify", children[i], ""), NIGHT);
        link_all(p);
        assert_int_equal(decision(p, incident, "1").outcome, MATCH_MATCH);
        assert_int_equal(decision(p, incident, "2").outcome, MATCH_MATCH);
        assert_int_equal(decision(p, incident, "3").outcome, MATCH_REVIEW);
        assert_string_equal(decision(p, incident, "3").rule,
                            "the homes of the other children lead to two pupils");
        assert_int_equal(ask(p, "SELECT count(*) FROM candidate k JOIN child c USING (decision_id)"
                                " WHERE c.child_ref = '3' AND c.incident_id ="
                                " (SELECT max(incident_id) FROM incident)"),
                         2);
    }
    incident =
        put(p, call_out(p, "B", 1, "notify", ZELDA "," CHILD("3", "Marigold", "2016-02-02"), ""),
            NIGHT);
    link_all(p);
    assert_int_equal(decision(p, incident, "3").pupil_key, one);
}

/* A match that the establishment has undone says nothing of where others live. */
static void a_home_that_was_a_wrong_door_leads_nobody(void **state)
{
    struct place *p = *state;
    int64_t incident, id, notice_id;

    attends(p, enrol_at(p, "A", "Zelda", "2017-03-09", "PL4 8AA", ""), "100001");
    enrol_at(p, "C", "Marigold", "2016-02-02", "PL4 8AA", "");
    enrol_at(p, "D", "Marigold", "2016-02-02", "EX1 1AA", "");
    incident =
        put(p, call_out(p, "A", 1, "notify", ZELDA "," CHILD("3", "Marigold", "2016-02-02"), ""),
            NIGHT);
    id = child(p, incident, "1").child_id;
    notice_id = planned(p, incident, 1, "school", "100001", 1, &id, 1);
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO ruled_out(child_id, namespace, urn, notice_id, at, who)"
                  " VALUES (?, 'school', '100001', ?, 5, 'una')",
                  "ii", id, notice_id));
    OK(p, incidents_set_stage(p->db, id, STAGE_MATCH, &p->err));
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_REVIEW);
    assert_int_equal(decision(p, incident, "3").outcome, MATCH_REVIEW);
}

/* Nor by a later revision, nor by a roll: a person decides. */
static void a_pupil_of_a_door_that_said_not_ours_is_not_matched_again(void **state)
{
    struct place *p = *state;
    int64_t zelda = enrol(p, "A", "Zelda", "2017-03-09");
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t id = child(p, incident, "1").child_id,
            notice_id = planned(p, incident, 1, "school", "100001", 1, &id, 1);

    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                  " VALUES (?, 'school', '100001', 1)",
                  "i", zelda));
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO ruled_out(child_id, namespace, urn, notice_id, at, who)"
                  " VALUES (?, 'school', '100001', ?, 5, 'una')",
                  "ii", id, notice_id));
    OK(p, incidents_set_stage(p->db, id, STAGE_MATCH, &p->err));
    assert_int_equal(link_all(p), 1);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_REVIEW);
    assert_string_equal(decision(p, incident, "1").rule,
                        "that pupil's establishment has said that it is not its own");
    run(p, "UPDATE enrolment SET urn = '100002'"); /* the roll puts the pupil elsewhere */
    OK(p, incidents_set_stage(p->db, id, STAGE_MATCH, &p->err));
    assert_int_equal(link_all(p), 1);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_MATCH);
}

/* By whatever row of the child, and where the school that said so has followed the one on the roll. */
static void nor_is_one_that_the_roll_has_there_under_another_number(void **state)
{
    struct place *p = *state;
    int64_t one = enrol_at(p, "A", "Zelda", "2017-03-09", "", "H801200017001"), two, incident, id;

    two = enrol_at(p, "B", "Zelda", "2017-03-09", "", "H801200017001");
    incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    id = child(p, incident, "1").child_id;
    attends(p, one, "100002");
    attends(p, two, "100001");
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO ruled_out(child_id, namespace, urn, notice_id, at, who)"
                  " VALUES (?, 'school', '100001', ?, 5, 'una')",
                  "ii", id, planned(p, incident, 1, "school", "100001", 1, &id, 1)));
    OK(p, incidents_set_stage(p->db, id, STAGE_MATCH, &p->err));
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_REVIEW);

    run(p, "UPDATE enrolment SET urn = '100009' WHERE urn = '100001';"
           "INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
           " ('school', '100009', '100008', 'Successor'),"
           " ('school', '100008', '100001', 'Successor')");
    OK(p, incidents_set_stage(p->db, id, STAGE_MATCH, &p->err));
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_REVIEW);

    run(p, "DELETE FROM establishment_link");
    OK(p, incidents_set_stage(p->db, id, STAGE_MATCH, &p->err));
    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_MATCH);
}

static void a_roll_that_changes_is_looked_at_again_and_nothing_is_recorded_twice(void **state)
{
    struct place *p = *state;
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    link_all(p);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_NONE);
    OK(p, incidents_rematch_undecided(p->db, NIGHT, &p->err));
    assert_int_equal(link_all(p), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM decision"), 1);
    enrol(p, "A", "Zelda", "2017-03-09");
    OK(p, incidents_rematch_undecided(p->db, NIGHT, &p->err));
    assert_int_equal(link_all(p), 1);
    assert_int_equal(decision(p, incident, "1").outcome, MATCH_MATCH);
    assert_int_equal(ask(p, "SELECT count(*) FROM decision"), 2);
}

static void a_place_that_is_corrected_is_looked_at_again_where_it_stands_for_the_home(void **state)
{
    static const char at_home[] =
        "{\"child_ref\":\"2\",\"forename\":\"Yorick\",\"surname\":\"Quibblethwaite\","
        "\"address\":{\"address\":\"1 High Street\"}}";
    static const char *const there[] = {
        ",\"location\":{\"address\":\"2 Dene Road\",\"postcode\":\"PL4 8AA\"}",
        ",\"location\":{\"address\":\"2 Dene Road\",\"postcode\":\"PL5 1AA\"}",
        ",\"location\":{\"address\":\"9 Kiln Road\",\"postcode\":\"PL5 1AA\"}",
        ",\"location\":{\"address\":\"9 Kiln Road\",\"postcode\":\"PL5 1AA\"},\"risk\":\"high\"",
    };
    struct place *p = *state;
    char both[1024];

    snprintf(both, sizeof both, "%s,%s", ZELDA, at_home);
    for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
        bool moved = i < ARRAY_SIZE(there) - 1;
        int64_t incident = put(p, call_out(p, "A1", (int)i + 1, "notify", both, there[i]), NIGHT);

        assert_int_equal(child(p, incident, "1").stage, moved ? STAGE_MATCH : STAGE_PLAN);
        assert_int_equal(child(p, incident, "2").stage, i == 0 ? STAGE_MATCH : STAGE_PLAN);
        link_all(p);
    }
}

static void what_a_person_decided_stays(void **state)
{
    struct place *p = *state;
    struct decision none = {.outcome = MATCH_NONE, .rule = "rejected"};
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    enrol(p, "A", "Zelda", "2017-03-09");
    OK(p,
       roster_decide(p->db, child(p, incident, "1").child_id, &none, "j.officer", NIGHT, &p->err));
    run(p, "UPDATE child SET stage = 'match'");
    assert_int_equal(link_all(p), 1);
    assert_string_equal(decision(p, incident, "1").made_by, "j.officer");
    assert_int_equal(child(p, incident, "1").stage, STAGE_PLAN);
}

static void a_call_out_that_cannot_be_matched_is_left_whole(void **state)
{
    struct place *p = *state;
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    enrol(p, "A", "Zelda", "2017-03-09");
    run(p, "CREATE TRIGGER fails BEFORE INSERT ON decision WHEN new.outcome = 'none'"
           " BEGIN SELECT raise(ABORT, 'no'); END");
    assert_int_equal(link_run(p->db, WORK_ALL, NIGHT, &p->err), -1);
    assert_non_null(strstr(p->err.text, "matching incident"));
    assert_int_equal(ask(p, "SELECT count(*) FROM decision"), 0);
    assert_int_equal(child(p, incident, "1").stage, STAGE_MATCH);
    run(p, "DROP TRIGGER fails");
    assert_int_equal(link_all(p), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM decision"), 2);
}

static void what_is_recorded_of_a_decision_names_nobody(void **state)
{
    struct place *p = *state;

    enrol(p, "A", "Zelda", "2017-03-09");
    enrol(p, "B", "Zelda", "2017-03-19");
    put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    link_all(p);
    assert_true(ask(p, "SELECT count(*) FROM candidate") >= 2);
    assert_int_equal(ask(p, "SELECT (SELECT count(*) FROM candidate WHERE evidence LIKE '%zelda%'"
                            " OR evidence LIKE '%2017%' OR evidence LIKE '%quibble%')"
                            " + (SELECT count(*) FROM decision WHERE rule LIKE '%zelda%')"
                            " + (SELECT count(*) FROM audit WHERE detail LIKE '%zelda%'"
                            "  OR detail LIKE '%quibble%')"),
                     0);
    assert_int_equal(ask(p, "SELECT count(*) FROM candidate WHERE NOT json_valid(evidence)"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(every_child_to_be_matched_is_decided_and_handed_to_planning),
        T(a_withheld_or_withdrawn_child_is_not_looked_for),
        T(messages_that_can_no_longer_be_read_hold_up_no_others),
        T(two_children_of_a_call_out_are_never_one_pupil),
        T(nor_are_they_two_rows_of_one_pupil),
        T(nor_when_a_person_decides),
        T(two_homes_that_lead_to_two_pupils_are_for_a_person),
        T(a_home_that_was_a_wrong_door_leads_nobody),
        T(a_pupil_of_a_door_that_said_not_ours_is_not_matched_again),
        T(nor_is_one_that_the_roll_has_there_under_another_number),
        T(a_roll_that_changes_is_looked_at_again_and_nothing_is_recorded_twice),
        T(a_place_that_is_corrected_is_looked_at_again_where_it_stands_for_the_home),
        T(what_a_person_decided_stays),
        T(a_call_out_that_cannot_be_matched_is_left_whole),
        T(what_is_recorded_of_a_decision_names_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
