/* Messages, incidents and children as rows: revisions, states, and the account of all. */
#include "store_fixture.h"

#include "store/standing.h"

static enum child_state state_of(struct place *p, int64_t incident_id, const char *ref)
{
    return child(p, incident_id, ref).state;
}

/* An incident of one child that was told at its school, by revision 1. */
static int64_t told(struct place *p, const char *police_ref)
{
    int64_t incident_id = put(p, call_out(p, police_ref, 1, "notify", ZELDA, ""), NIGHT);
    int64_t child_id = child(p, incident_id, "1").child_id;

    decided(p, child_id, "match");
    planned(p, incident_id, 1, "school", "100001", 1, &child_id, 1);
    send_one(p, "email", DUE);
    assert_int_equal(state_of(p, incident_id, "1"), CHILD_TOLD);
    return incident_id;
}

static void a_new_incident_has_all_its_children_to_match(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    struct incident_row row;
    struct child_row *rows;
    size_t count;

    assert_int_equal(incidents_find(p->db, NULL, "A1", &row, &p->err), 1);
    assert_int_equal(row.incident_id, id);
    assert_int_equal(row.revision, 1);
    assert_int_equal(row.accepted_at, NIGHT);
    assert_string_equal(row.force, FORCE);
    OK(p, incidents_children(p->db, id, &rows, &count, &p->err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].child_ref, "1");
    assert_string_equal(rows[1].child_ref, "2");
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].stage, STAGE_MATCH);
        assert_int_equal(rows[i].state, CHILD_OPEN);
        assert_int_equal(rows[i].decision_id, -1);
        assert_int_equal(rows[i].changed_revision, 1);
    }
    free(rows);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'incident.accepted'"), 1);
}

static struct incident *loaded(struct place *p, int64_t incident_id)
{
    struct incident *incident = NULL;

    OK(p, incidents_load(p->db, incident_id, &incident, &p->err));
    return incident;
}

/* What was loaded a moment ago is shared, whoever frees it first; and one that a rollback has undone
 * gives way to the next of its number, which is as long and came at the same moment. */
static void what_is_loaded_is_what_the_store_has_now(void **state)
{
    struct place *p = *state;
    int64_t kept = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT), undone, next;
    struct incident *one = loaded(p, kept), *two = loaded(p, kept);

    assert_ptr_equal(one, two);
    incident_free(one);
    assert_string_equal(two->police_ref, "A1");
    incident_free(two);
    undone = put(p, call_out(p, "B1", 1, "notify", ZELDA, ""), NIGHT);
    incident_free(loaded(p, undone));
    run(p, "PRAGMA foreign_keys=OFF; DELETE FROM incident WHERE police_ref = 'B1';"
           "DELETE FROM incident_revision WHERE incident_id = 2;"
           "DELETE FROM child WHERE incident_id = 2; DELETE FROM message WHERE message_id = 2;");
    next = put(p, call_out(p, "C1", 1, "notify", ZELDA, ""), NIGHT);
    assert_int_equal(next, undone);
    one = loaded(p, next);
    assert_string_equal(one->police_ref, "C1");
    put(p, call_out(p, "C1", 2, "notify", ZELDA "," YORICK, ""), NIGHT);
    two = loaded(p, next);
    assert_int_equal(two->children_count, 2);
    assert_int_equal(one->children_count, 1);
    incident_free(one);
    incident_free(two);
    run(p, "UPDATE message SET received_at = received_at + 1");
    one = loaded(p, kept);
    assert_string_equal(one->police_ref, "A1");
    incident_free(one);
}

static void an_unchanged_revision_leaves_a_told_child_told(void **state)
{
    struct place *p = *state;
    int64_t id = told(p, "A1");
    struct child_row before = child(p, id, "1"), after;

    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"sent_at\":\"2026-11-20T01:00:00Z\""), DUE);
    after = child(p, id, "1");
    assert_int_equal(after.state, CHILD_TOLD);
    assert_int_equal(after.stage, STAGE_PLAN); /* so that the plan is made to agree */
    assert_int_equal(after.decision_id, before.decision_id);
    assert_int_equal(after.changed_revision, 1);
}

static void a_changed_child_is_matched_anew_and_its_sibling_is_not(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided(p, child(p, id, "1").child_id, "match");
    decided(p, child(p, id, "2").child_id, "match");
    put(p,
        call_out(p, "A1", 2, "notify",
                 ZELDA
                 ",{\"child_ref\":\"2\",\"forename\":\"Yorick\",\"surname\":\"Quibblethwaite\","
                 "\"date_of_birth\":\"2019-05-10\"}",
                 ""),
        NIGHT + 1);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    assert_true(child(p, id, "1").decision_id > 0);
    assert_int_equal(child(p, id, "2").stage, STAGE_MATCH);
    assert_int_equal(child(p, id, "2").decision_id, -1);
    assert_int_equal(child(p, id, "2").changed_revision, 2);
}

static void a_told_child_whose_birth_date_changes_is_open_again(void **state)
{
    struct place *p = *state;
    int64_t id = told(p, "A1");

    put(p,
        call_out(p, "A1", 2, "notify",
                 "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
                 "\"date_of_birth\":\"2018-03-09\",\"voice\":{\"text\":\"Hid upstairs.\"}}",
                 ""),
        DUE + 1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(child(p, id, "1").stage, STAGE_MATCH);
    /* Matched to the same pupil and found told by the planner, it is told again in name only. */
    decided(p, child(p, id, "1").child_id, "match");
    OK(p, notices_restate(p->db, child(p, id, "1").child_id, "planner", DUE + 2, &p->err));
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
}

/* What a reviewer decided stands when the police only add to their words. */
static void a_change_of_words_keeps_the_decision_and_marks_the_notice_out_of_date(void **state)
{
    struct place *p = *state;
    int64_t id = told(p, "A1");

    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"circumstances\":\"An argument.\""), DUE + 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    assert_true(child(p, id, "1").decision_id > 0);
    assert_int_equal(child(p, id, "1").changed_revision, 2);
}

static void a_child_not_yet_matched_stays_to_be_matched(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 1);
    assert_int_equal(child(p, id, "1").stage, STAGE_MATCH);
}

static void a_child_no_longer_named_is_withdrawn_until_it_is_named_again(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided(p, child(p, id, "2").child_id, "match");
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 1);
    assert_int_equal(child(p, id, "2").state, CHILD_WITHDRAWN);
    assert_int_equal(child(p, id, "2").stage, STAGE_PLAN);
    assert_true(child(p, id, "2").removed);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    put(p, call_out(p, "A1", 3, "notify", ZELDA "," YORICK, ""), NIGHT + 2);
    assert_int_equal(child(p, id, "2").state, CHILD_OPEN);
    assert_int_equal(child(p, id, "2").stage, STAGE_MATCH);
    assert_false(child(p, id, "2").removed);
}

#define WITHHOLD ",\"withhold\":{\"reason\":\"risk_to_child\",\"authorised_by\":\"DI Nobody\"}"

static void withholding_settles_with_its_reason_and_a_later_revision_releases(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, WITHHOLD), NIGHT);

    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE withheld_reason = 'risk_to_child'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'incident.withheld'"
                            " AND detail LIKE '%reason=risk_to_child'"),
                     1);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(child(p, id, "1").stage, STAGE_MATCH);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE withheld_reason IS NULL"), 1);
}

static void a_withdrawal_settles_all_and_a_later_notify_takes_it_back(void **state)
{
    struct place *p = *state;
    int64_t id = told(p, "A1"), fresh;

    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), DUE + 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHDRAWN);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    /* Its school had been told, and has been all the while. */
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ""), DUE + 2);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);

    fresh = put(p, call_out(p, "B1", 1, "withdraw", ZELDA, ""), NIGHT);
    assert_int_equal(child(p, fresh, "1").state, CHILD_WITHDRAWN);
    put(p, call_out(p, "B1", 2, "notify", ZELDA, ""), NIGHT + 1);
    assert_int_equal(child(p, fresh, "1").state, CHILD_OPEN);
    assert_int_equal(child(p, fresh, "1").stage, STAGE_MATCH);
}

static void a_stored_message_that_is_no_longer_acceptable_does_not_bar_its_revision(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    struct incident *incident;

    run(p, "UPDATE message SET body = x'7b7d'");
    assert_int_equal(incidents_load(p->db, id, &incident, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 1);
    assert_int_equal(child(p, id, "1").stage, STAGE_MATCH);
    OK(p, incidents_load(p->db, id, &incident, &p->err));
    assert_int_equal(incident->revision, 2);
    incident_free(incident);
}

static void a_reference_that_two_forces_use_needs_the_force(void **state)
{
    struct place *p = *state;
    struct incident_row row;

    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    run(p, "INSERT INTO incident(force, police_ref, revision, message_id, type, action,"
           " attended_at, accepted_at, revised_at)"
           " SELECT 'cumbria', 'A1', 1, message_id, type, action, 1, 1, 1 FROM incident");
    assert_int_equal(incidents_find(p->db, NULL, "A1", &row, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(incidents_find(p->db, "cumbria", "A1", &row, &p->err), 1);
    assert_string_equal(row.force, "cumbria");
    assert_int_equal(incidents_find(p->db, "kent", "A1", &row, &p->err), 0);
}

static void work_is_handed_out_oldest_first_and_up_to_the_limit(void **state)
{
    struct place *p = *state;
    int64_t a = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    int64_t b = put(p, call_out(p, "B1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t ids[4];

    assert_int_equal(incidents_with_work(p->db, STAGE_MATCH, 0, ids, 4, &p->err), 2);
    assert_int_equal(ids[0], a);
    assert_int_equal(ids[1], b);
    assert_int_equal(incidents_with_work(p->db, STAGE_MATCH, 0, ids, 1, &p->err), 1);
    assert_int_equal(incidents_with_work(p->db, STAGE_PLAN, 0, ids, 4, &p->err), 0);
    decided(p, child(p, a, "2").child_id, "none");
    assert_int_equal(incidents_with_work(p->db, STAGE_PLAN, 0, ids, 4, &p->err), 1);
    assert_int_equal(ids[0], a);
}

#define RECEIPTS(status)                                                                           \
    "SELECT count(*) FROM outbox WHERE kind = 'receipt' AND payload LIKE '%\"" status "\"%'"

static void a_change_of_state_is_audited_and_receipted_once(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    int64_t one = child(p, id, "1").child_id, two = child(p, id, "2").child_id;

    OK(p, incidents_set_state(p->db, one, CHILD_REVIEW, "matcher", NIGHT, &p->err));
    OK(p, incidents_set_state(p->db, one, CHILD_REVIEW, "matcher", NIGHT, &p->err));
    assert_int_equal(ask(p, RECEIPTS("progress")), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'child.state'"
                            " AND detail = 'from=open to=review' AND who = 'matcher'"),
                     1);
    /* Another in the same second: the receipt that has not left says both. */
    OK(p, incidents_set_state(p->db, two, CHILD_REVIEW, "matcher", NIGHT, &p->err));
    assert_int_equal(ask(p, RECEIPTS("progress")), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE payload LIKE"
                            " '%\"1\",\"state\":\"review\"%\"2\",\"state\":\"review\"%'"),
                     1);
    OK(p, incidents_set_state(p->db, two, CHILD_OPEN, "matcher", NIGHT + 1, &p->err));
    assert_int_equal(ask(p, RECEIPTS("progress")), 2);
}

static void an_incident_closes_with_the_last_answer_and_not_before(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    int64_t one = child(p, id, "1").child_id, two = child(p, id, "2").child_id;
    int64_t school, desk;

    decided(p, one, "match");
    decided(p, two, "none");
    school = planned(p, id, 1, "school", "100001", 1, &one, 1);
    desk = planned(p, id, 1, "la", "879", 4, &two, 1);
    send_one(p, "email", DUE);
    send_one(p, "email", DUE);
    assert_int_equal(state_of(p, id, "1"), CHILD_TOLD);
    assert_int_equal(state_of(p, id, "2"), CHILD_WITH_LA_DESK);
    assert_int_equal(notices_answer(p->db, school, "una", DUE + 10, &p->err), 1);
    assert_int_equal(state_of(p, id, "1"), CHILD_ANSWERED);
    assert_int_equal(ask(p, RECEIPTS("closed")), 0); /* the desk has yet to answer */
    assert_int_equal(notices_answer(p->db, desk, "desk", DUE + 20, &p->err), 1);
    assert_int_equal(state_of(p, id, "2"), CHILD_WITH_LA_DESK);
    assert_int_equal(ask(p, RECEIPTS("closed")), 1);
    assert_int_equal(ask(p, "SELECT closed_at FROM incident"), DUE + 20);
    assert_int_equal(notices_answer(p->db, desk, "desk", DUE + 30, &p->err), 0);
    OK(p, notices_restate(p->db, two, "planner", DUE + 31, &p->err));
    assert_int_equal(ask(p, RECEIPTS("closed")), 1);
    /* A revision that adds a child opens it again. */
    put(p,
        call_out(p, "A1", 2, "notify",
                 ZELDA "," YORICK ",{\"child_ref\":\"3\",\"forename\":\"Xanthe\"}", ""),
        DUE + 40);
    assert_int_equal(ask(p, "SELECT closed_at FROM incident"), -1);
}

static void a_new_roll_is_matched_against_whoever_is_undecided(void **state)
{
    struct place *p = *state;
    int64_t open = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t by_person = put(p, call_out(p, "B1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t desk = put(p, call_out(p, "C1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t one;

    decided(p, child(p, open, "1").child_id, "review");
    decided(p, child(p, by_person, "1").child_id, "none");
    run(p, "UPDATE decision SET made_by = 'officer' WHERE decision_id = 2");
    one = child(p, desk, "1").child_id;
    decided(p, one, "none");
    planned(p, desk, 1, "la", "879", 4, &one, 1);
    send_one(p, "email", DUE);
    told(p, "D1");

    assert_int_equal(incidents_rematch_undecided(p->db, NIGHT, &p->err), 2);
    assert_int_equal(child(p, open, "1").stage, STAGE_MATCH);
    assert_int_equal(child(p, desk, "1").stage, STAGE_MATCH);
    assert_int_equal(child(p, by_person, "1").stage, STAGE_PLAN);
    assert_int_equal(incidents_rematch_undecided(p->db, NIGHT, &p->err), 0);
    /* Once the desk has answered it is a person's, and no roll takes it away. */
    assert_int_equal(notices_answer(p->db, 1, "desk", DUE + 1, &p->err), 1);
    OK(p, incidents_set_stage(p->db, one, STAGE_DONE, &p->err));
    OK(p, incidents_set_stage(p->db, child(p, open, "1").child_id, STAGE_DONE, &p->err));
    assert_int_equal(incidents_rematch_undecided(p->db, NIGHT, &p->err), 1);
    assert_int_equal(child(p, desk, "1").stage, STAGE_DONE);
}

static void a_new_contact_replans_what_is_owed_and_what_nobody_is_owed(void **state)
{
    struct place *p = *state;
    int64_t owed = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t none = put(p, call_out(p, "B1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t one = child(p, owed, "1").child_id, two = child(p, none, "1").child_id, done;

    told(p, "C1");
    done = child(p, 3, "1").child_id;
    decided(p, one, "match");
    planned(p, owed, 1, "school", "100001", 1, &one, 1);
    OK(p, incidents_set_stage(p->db, two, STAGE_DONE, &p->err));
    assert_int_equal(incidents_replan_unsent(p->db, NIGHT, &p->err), 2);
    assert_int_equal(child(p, owed, "1").stage, STAGE_PLAN);
    assert_int_equal(child(p, none, "1").stage, STAGE_PLAN);
    assert_int_equal(ask(p, "SELECT stage = 'done' FROM child WHERE child_id = 3"), 1);
    assert_int_equal(done, 3);
}

static struct incidents_account account(struct place *p, time_t since)
{
    struct incidents_account a;

    OK(p, incidents_account(p->db, since, &a, &p->err));
    return a;
}

static void the_account_finds_whoever_would_be_forgotten(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    int64_t one = child(p, id, "1").child_id, two = child(p, id, "2").child_id, notice;

    put(p, call_out(p, "B1", 1, "withdraw", ZELDA, ""), NIGHT + 100);
    assert_int_equal(account(p, 0).incidents, 2);
    assert_int_equal(account(p, 0).children, 3);
    assert_int_equal(account(p, 0).by_state[CHILD_OPEN], 2);
    assert_int_equal(account(p, 0).by_state[CHILD_WITHDRAWN], 1);
    assert_int_equal(account(p, NIGHT + 1).children, 1);
    assert_int_equal(account(p, 0).forgotten, 0);

    decided(p, one, "match");
    decided(p, two, "none");
    notice = planned(p, id, 1, "school", "100001", 1, &one, 1);
    planned(p, id, 1, "la", "879", -1, &two, 1);
    assert_int_equal(account(p, 0).forgotten, 0);
    assert_int_equal(account(p, 0).stuck, 1); /* a desk without a contact */
    assert_int_equal(notices_cancel(p->db, notice, "a test", NIGHT, &p->err), 1);
    assert_int_equal(account(p, 0).forgotten, 1);
    OK(p, incidents_set_stage(p->db, one, STAGE_PLAN, &p->err));
    assert_int_equal(account(p, 0).forgotten, 0);
    assert_int_equal(account(p, 0).unproved, 0);
    OK(p, incidents_set_state(p->db, one, CHILD_TOLD, "a test", NIGHT, &p->err));
    assert_int_equal(account(p, 0).unproved, 1);
}

/* The disk fills up at each page in turn: all of a call-out is stored, or nothing. */
static void a_full_disk_leaves_no_half_incident(void **state)
{
    struct place *p = *state;
    char limit[64];
    int64_t pages, message_id, incident_id;
    struct incident *incident;
    struct incident_ident ident;
    struct problems problems;
    struct buf more;
    const char *json;
    int rc = -1, failures = 0;

    run(p, "VACUUM"); /* no page to spare */
    pages = ask(p, "PRAGMA page_count");
    buf_init(&more, 8192);
    buf_add_text(&more, ",\"circumstances\":\"");
    for (int i = 0; i < 3900; i++)
        buf_add_char(&more, 'x');
    buf_add_char(&more, '"');
    json = call_out(p, "A1", 1, "notify", ZELDA "," YORICK, buf_text(&more));
    problems_init(&problems);
    OK(p, incident_parse(json, strlen(json), FORCE, NIGHT, &incident, &ident, &problems, &p->err));
    assert_non_null(incident);
    for (; rc < 0; pages++) {
        snprintf(limit, sizeof limit, "PRAGMA max_page_count=%" PRId64, pages);
        run(p, limit);
        OK(p, db_begin(p->db, &p->err));
        rc = incidents_keep_message(p->db, TOPIC, json, strlen(json), "accepted", NULL, NIGHT,
                                    &message_id, &p->err);
        if (rc == 0)
            rc = incidents_put(p->db, incident, message_id, NIGHT, &incident_id, &p->err);
        if (rc == 0) {
            OK(p, db_commit(p->db, &p->err));
        } else {
            assert_int_equal(p->err.code, ERR_SYSTEM);
            db_rollback(p->db);
            assert_int_equal(ask(p, "SELECT count(*) FROM message"), 0);
            failures++;
        }
        assert_int_equal(ask(p, "SELECT count(*) FROM incident"), rc == 0);
        assert_int_equal(ask(p, "SELECT count(*) FROM child"), rc == 0 ? 2 : 0);
    }
    assert_true(failures > 0);
    incident_free(incident);
    problems_release(&problems);
    buf_release(&more);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_new_incident_has_all_its_children_to_match),
        T(what_is_loaded_is_what_the_store_has_now),
        T(an_unchanged_revision_leaves_a_told_child_told),
        T(a_changed_child_is_matched_anew_and_its_sibling_is_not),
        T(a_told_child_whose_birth_date_changes_is_open_again),
        T(a_change_of_words_keeps_the_decision_and_marks_the_notice_out_of_date),
        T(a_child_not_yet_matched_stays_to_be_matched),
        T(a_child_no_longer_named_is_withdrawn_until_it_is_named_again),
        T(withholding_settles_with_its_reason_and_a_later_revision_releases),
        T(a_withdrawal_settles_all_and_a_later_notify_takes_it_back),
        T(a_stored_message_that_is_no_longer_acceptable_does_not_bar_its_revision),
        T(a_reference_that_two_forces_use_needs_the_force),
        T(work_is_handed_out_oldest_first_and_up_to_the_limit),
        T(a_change_of_state_is_audited_and_receipted_once),
        T(an_incident_closes_with_the_last_answer_and_not_before),
        T(a_new_roll_is_matched_against_whoever_is_undecided),
        T(a_new_contact_replans_what_is_owed_and_what_nobody_is_owed),
        T(the_account_finds_whoever_would_be_forgotten),
        T(a_full_disk_leaves_no_half_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
