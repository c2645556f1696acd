/* What a person accepts of a pupil is known by the next call-out, until it is taken back. */
#include "planner_fixture.h"

#include "fault.h"
#include "follow/answer.h"
#include "match/link.h"
#include "store/remember.h"
#include "store/review.h"
#include "store/roll_write.h"

/* Peggy, as everybody calls her, has moved; her surname is her father's. */
#define HOME(postcode, more)                                                                       \
    "\"address\":{\"address\":\"4 Mill Lane\",\"postcode\":\"" postcode "\"" more "}"
#define PEGGY(home)                                                                                \
    "{\"child_ref\":\"1\",\"forename\":\"Xanthippe\",\"surname\":\"Vexworthy\","                   \
    "\"date_of_birth\":\"2017-03-09\"," home "}"
#define MOVED PEGGY(HOME("PL9 9ZZ", ""))

static struct pupil mary(void)
{
    struct pupil pupil = {
        .pupil_key = -1, .la_code = "879", .pupil_id = "M1", .gender = SEX_UNKNOWN};
    struct err err;

    assert_int_equal(personal_set_text(&pupil.forename, "Marigold", &err), 0);
    assert_int_equal(personal_set_text(&pupil.surname, "Quibblethwaite", &err), 0);
    assert_int_equal(personal_set_text(&pupil.postcode, "PL4 8AA", &err), 0);
    pupil.born = day_parse("2017-03-09");
    return pupil;
}

static int64_t import(struct place *p, struct pupil *pupil)
{
    struct roll_index *index = NULL;
    enum change change;
    int64_t key;

    OK(p, db_begin(p->db, &p->err));
    OK(p, roll_index_new(p->db, &index, &p->err));
    OK(p, roll_put_pupil(p->db, index, pupil, 1, NULL, &change, &key, &p->err));
    OK(p, roll_index_write(index, &p->err));
    roll_index_free(index);
    OK(p, db_commit(p->db, &p->err));
    pupil_release(pupil);
    return key;
}

static int64_t enrol(struct place *p)
{
    struct pupil pupil = mary();
    int64_t key = import(p, &pupil);

    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                  " VALUES (?, 'school', '100001', 1)",
                  "i", key));
    return key;
}

static int link_all(struct place *p)
{
    int n = link_run(p->db, WORK_ALL, NIGHT, &p->err);

    OK(p, n);
    return n;
}

static struct decision_row decision(struct place *p, int64_t incident_id)
{
    struct decision_row row;

    if (roster_decision(p->db, child(p, incident_id, "1").child_id, &row, &p->err) != 1)
        row.outcome = (enum match_outcome) - 1;
    return row;
}

static int64_t call(struct place *p, const char *police_ref, const char *children)
{
    int64_t id = put(p, call_out(p, police_ref, 1, "notify", children, ""), NIGHT);

    assert_int_equal(link_all(p), 1);
    return id;
}

/* Accepted with all that is news kept. */
static void accept(struct place *p, int64_t incident_id, int64_t pupil_key, const char *kinds)
{
    int64_t child_id = child(p, incident_id, "1").child_id;
    bool kept[REMEMBERED_KINDS];

    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(
        review_decide(p->db, child_id, pupil_key, false, "officer", NIGHT + 60, &p->err), 1);
    OK(p, remember_keep(p->db, child_id, "officer", NIGHT + 60, kept, &p->err));
    OK(p, db_commit(p->db, &p->err));
    for (size_t i = 0; i < REMEMBERED_KINDS; i++)
        assert_int_equal(kept[i], kinds[i] == 'y');
}

static int undo(struct place *p, int64_t incident_id, bool again, const char *who)
{
    int rc;

    OK(p, db_begin(p->db, &p->err));
    rc = review_undo(p->db, child(p, incident_id, "1").child_id, again, who, NIGHT + 120, &p->err);
    if (rc < 0)
        db_rollback(p->db);
    else
        OK(p, db_commit(p->db, &p->err));
    return rc;
}

/* The index has just the entries that it would have if it were made anew. */
static void index_is_true(struct place *p)
{
    int64_t entries = ask(p, "SELECT count(*) FROM pupil_block"),
            sum = ask(p, "SELECT total(entry % 1000003) FROM pupil_block"),
            names = ask(p, "SELECT total(pupils * (key % 1000003)) FROM name_count");

    run(p,
        "DROP TABLE IF EXISTS temp.folded; CREATE TEMP TABLE folded AS SELECT * FROM pupil_folded;"
        "UPDATE roll_index SET keys_version = 1");
    assert_int_equal(roll_index_bring_up(p->db, &p->err), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_block"), entries);
    assert_int_equal(ask(p, "SELECT total(entry % 1000003) FROM pupil_block"), sum);
    assert_int_equal(ask(p, "SELECT total(pupils * (key % 1000003)) FROM name_count"), names);
    assert_int_equal(ask(p, "SELECT count(*) FROM (SELECT * FROM pupil_folded EXCEPT"
                            " SELECT * FROM folded)"),
                     0);
}

static void the_next_call_out_is_found_by_what_was_accepted(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED), second;

    assert_int_not_equal(decision(p, first).outcome, MATCH_MATCH);
    accept(p, first, pupil, "yyy");
    index_is_true(p);
    second = call(p, "A2", MOVED);
    assert_int_equal(decision(p, second).outcome, MATCH_MATCH);
    assert_int_equal(decision(p, second).pupil_key, pupil);
    assert_string_equal(decision(p, second).made_by, "matcher");
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'pupil.remembered'"), 3);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE detail LIKE '%Xanthippe%'"
                            " OR detail LIKE '%Vexworthy%' OR detail LIKE '%Mill%'"),
                     0);
    /* nothing is news any more */
    OK(p, sql_run(p->db, &p->err, "UPDATE decision SET made_by = 'officer'", ""));
    {
        bool kept[REMEMBERED_KINDS];

        OK(p,
           remember_keep(p->db, child(p, second, "1").child_id, "officer", NIGHT, kept, &p->err));
        assert_false(kept[0] || kept[1] || kept[2]);
    }
}

static void it_outlasts_an_import_that_changes_the_pupil(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED);
    struct pupil changed = mary();

    accept(p, first, pupil, "yyy");
    OK(p, personal_set_text(&changed.surname, "Featherstonehaugh", &p->err));
    assert_int_equal(import(p, &changed), pupil);
    index_is_true(p);
    assert_int_equal(decision(p, call(p, "A2", MOVED)).outcome, MATCH_MATCH);
}

static void taken_back_it_is_known_no_more(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED);
    enum match_outcome before = decision(p, first).outcome;

    accept(p, first, pupil, "yyy");
    assert_int_equal(undo(p, first, false, "colleague"), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(decision(p, first).outcome, MATCH_MATCH);
    assert_int_equal(undo(p, first, false, "officer"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM remembered WHERE ended_at IS NULL"), 0);
    index_is_true(p);
    assert_int_equal(child(p, first, "1").stage, STAGE_MATCH);
    assert_int_equal(child(p, first, "1").state, CHILD_OPEN);
    assert_int_equal(link_all(p), 1);
    assert_int_equal(decision(p, first).outcome, before);
    assert_string_equal(decision(p, first).made_by, "matcher");
    assert_int_equal(undo(p, first, false, "officer"), 0); /* nothing is left to take back */
    assert_int_not_equal(decision(p, call(p, "A2", MOVED)).outcome, MATCH_MATCH);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'child.undone'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'pupil.forgotten'"), 1);
}

static void decided_otherwise_it_is_known_no_more(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED);

    accept(p, first, pupil, "yyy");
    assert_int_equal(review_decide(p->db, child(p, first, "1").child_id, REVIEW_NOT_ON_ROLL, true,
                                   "officer", NIGHT + 90, &p->err),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM remembered WHERE ended_at IS NULL"), 0);
    assert_string_equal(decision(p, first).rule, "a person found it to be on no roll");
    assert_int_equal(undo(p, first, false, "officer"), 1);
    assert_int_equal(child(p, first, "1").decision_id, -1);
}

static int64_t standing(struct place *p)
{
    return ask(p, "SELECT count(*) FROM remembered WHERE ended_at IS NULL");
}

/* The police put right what the person had accepted. */
static void what_the_police_say_otherwise_is_known_no_more(void **state)
{
    static const struct {
        const char *children, *action;
        int left;
    } revisions[] = {
        {MOVED, "notify", 3},
        {PEGGY(HOME("PL8 8ZZ", "")), "notify", 0},
        {PEGGY(HOME("PL9 9ZZ", ",\"protected\":true")), "notify", 0},
        {MOVED, "withdraw", 0},
        {YORICK, "notify", 0}, /* the child is no longer named */
    };
    struct place *p = *state;
    int64_t pupil = enrol(p);

    for (size_t i = 0; i < ARRAY_SIZE(revisions); i++) {
        char police_ref[8];
        int64_t first;

        run(p, "UPDATE remembered SET ended_at = 1; DELETE FROM roll_index");
        assert_int_equal(roll_index_bring_up(p->db, &p->err), 1);
        snprintf(police_ref, sizeof police_ref, "B%zu", i);
        first = call(p, police_ref, MOVED);
        accept(p, first, pupil, "yyy");
        put(p, call_out(p, police_ref, 2, revisions[i].action, revisions[i].children, ""),
            NIGHT + 120);
        assert_int_equal(standing(p), revisions[i].left);
        index_is_true(p);
        link_all(p);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'pupil.forgotten'"
                            " AND who = 'police'"),
                     ARRAY_SIZE(revisions) - 1);
}

/* While another version's index stands nobody waits for a new one. */
static void what_is_kept_and_ended_before_the_index_is_made_anew_is_in_it(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED);

    run(p, "UPDATE roll_index SET keys_version = 0");
    accept(p, first, pupil, "yyy");
    assert_int_equal(ask(p, "SELECT keys_version FROM roll_index"), 0);
    assert_int_equal(roll_index_bring_up(p->db, &p->err), 1);
    index_is_true(p);
    assert_int_equal(decision(p, call(p, "A2", MOVED)).pupil_key, pupil);
    run(p, "UPDATE roll_index SET keys_version = 0");
    assert_int_equal(undo(p, first, false, "officer"), 1);
    assert_int_equal(ask(p, "SELECT keys_version FROM roll_index"), 0);
    assert_int_equal(roll_index_bring_up(p->db, &p->err), 1);
    link_all(p);
    assert_int_not_equal(decision(p, call(p, "A3", MOVED)).outcome, MATCH_MATCH);
}

/* Told, it can no longer be taken back, but the school can say that it is not its pupil. */
static void what_the_school_denies_is_known_no_more(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED), id;

    accept(p, first, pupil, "yyy");
    plan_at(p, NIGHT + 60);
    send_one(p, "email", SEND_AT);
    assert_int_equal(undo(p, first, true, "officer"), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(ask(p, "SELECT count(*) FROM remembered WHERE ended_at IS NULL"), 3);
    id = ask(p, "SELECT max(notice_id) FROM notice WHERE state = 'told' AND kind = 'notice'");
    assert_int_equal(answer_notice(p->db, notice(p, id).reference, SAID(ANSWER_NOT_OURS, "tester"),
                                   SEND_AT + 300, &p->err),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM remembered WHERE ended_at IS NULL"), 0);
    index_is_true(p);
}

/* What was planned on the strength of it does not leave while the child is looked for anew. */
static void nothing_leaves_once_it_is_taken_back(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", MOVED);
    struct outbox_item item;

    accept(p, first, pupil, "yyy");
    plan_at(p, NIGHT + 60);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND contact_id = 1"),
                     1);
    assert_int_equal(undo(p, first, false, "officer"), 1);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 0);
    link_all(p);
    plan_at(p, SEND_AT);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND contact_id = 1"),
                     0);
}

static void a_protected_home_is_not_kept(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first = call(p, "A1", PEGGY(HOME("PL9 9ZZ", ",\"protected\":true")));

    accept(p, first, pupil, "yyn");
    assert_int_equal(ask(p, "SELECT count(*) FROM remembered WHERE kind = 'home'"), 0);
}

static void an_initial_and_exchanged_names_are_no_names_to_keep(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), first, second;

    first = call(p, "A1",
                 "{\"child_ref\":\"1\",\"forename\":\"X\",\"surname\":\"Quibblethwaite\","
                 "\"date_of_birth\":\"2017-03-09\"}");
    accept(p, first, pupil, "nnn");
    second = call(p, "A2",
                  "{\"child_ref\":\"1\",\"forename\":\"Quibblethwaite\",\"surname\":\"Marigold\","
                  "\"date_of_birth\":\"2011-01-02\"}");
    accept(p, second, pupil, "nnn");
}

static void nothing_is_kept_that_no_person_decided(void **state)
{
    struct place *p = *state;
    bool kept[REMEMBERED_KINDS];
    int64_t first;

    enrol(p);
    first = call(p, "A1", MOVED);
    assert_int_equal(
        remember_keep(p->db, child(p, first, "1").child_id, "officer", NIGHT, kept, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
}

/* The nth allocation fails, for every n: accepted and kept and filed, or nothing of it. */
static void a_failure_anywhere_keeps_all_or_nothing(void **state)
{
    struct place *p = *state;
    int64_t pupil = enrol(p), child_id = child(p, call(p, "A1", MOVED), "1").child_id;
    int64_t entries = ask(p, "SELECT count(*) FROM pupil_block");
    bool kept[REMEMBERED_KINDS];
    int rc = -1;

    for (int nth = 1; rc < 0; nth++) {
        OK(p, db_begin(p->db, &p->err));
        fault_arm(nth);
        rc = review_decide(p->db, child_id, pupil, false, "officer", NIGHT, &p->err);
        if (rc == 1)
            rc = remember_keep(p->db, child_id, "officer", NIGHT, kept, &p->err);
        fault_disarm();
        if (rc < 0)
            db_rollback(p->db);
        else
            OK(p, db_commit(p->db, &p->err));
        assert_int_equal(ask(p, "SELECT count(*) FROM remembered"), rc < 0 ? 0 : 3);
        assert_int_equal(ask(p, "SELECT count(*) FROM pupil_block") > entries, rc == 0);
    }
    index_is_true(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_next_call_out_is_found_by_what_was_accepted),
        T(it_outlasts_an_import_that_changes_the_pupil),
        T(taken_back_it_is_known_no_more),
        T(decided_otherwise_it_is_known_no_more),
        T(what_the_police_say_otherwise_is_known_no_more),
        T(what_is_kept_and_ended_before_the_index_is_made_anew_is_in_it),
        T(what_the_school_denies_is_known_no_more),
        T(nothing_leaves_once_it_is_taken_back),
        T(a_protected_home_is_not_kept),
        T(an_initial_and_exchanged_names_are_no_names_to_keep),
        T(nothing_is_kept_that_no_person_decided),
        T(a_failure_anywhere_keeps_all_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
