/* What is owed agrees with the plan, whatever has been told, has failed or is under way. */
#include "store_fixture.h"

#include "plan/planner.h"
#include "store/registers.h"

/* The morning after NIGHT, a Friday, and the one after the weekend. */
#define SEND_AT london_moment(london_day(NIGHT), 7 * 3600 + 1800)
#define MONDAY (SEND_AT + 3 * 86400)

static const char planner_registers[] =
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code,"
    " postcode, outward) VALUES"
    " ('school', '100001', '879', 'Example Primary', 1, '', 1, 'PL4 8AA', 'PL4'),"
    " ('school', '100002', '879', 'Example Secondary', 1, '', 1, 'PL4 8AB', 'PL4'),"
    " ('school', '100003', '879', 'Nobody There', 1, '', 1, 'PL4 8AC', 'PL4'),"
    " ('school', '200001', '878', 'Moor Primary', 1, '', 1, 'EX20 1AA', 'EX20'),"
    " ('centre', '20001', '879', 'Example Centre', 47, '', 1, 'PL4 8AD', 'PL4');"
    "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
    " ('879', 'term', '2026-11-02', '2026-12-18');"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
    " VALUES (5, 'force', '" FORCE "', 'la_desk', 'Vpu', 'email', 'vpu@example.test', 5),"
    " (6, 'la', '878', 'la_desk', 'Devon', 'email', 'devon@example.test', 5);"
    "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
    " (1, 'school', '100001', 1), (2, 'school', '100001', 1);";

static int setup(void **state)
{
    return place_setup(state) < 0 || (run(*state, planner_registers), 0) ? -1 : 0;
}

static void decided_as(struct place *p, int64_t child_id, const char *outcome, int64_t pupil_key,
                       time_t at)
{
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO decision(child_id, made_at, made_by, outcome, pupil_key, rule)"
                  " VALUES (?, ?, 'matcher', ?, ?, 'a rule')",
                  "iitm", child_id, (int64_t)at, outcome, pupil_key));
    OK(p, sql_run(p->db, &p->err,
                  "UPDATE child SET stage = 'plan', decision_id = ? WHERE child_id = ?", "ii",
                  sql_last_id(p->db), child_id));
}

/* A night with Zelda, matched to pupil 1 at school 100001. */
static int64_t zelda(struct place *p)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    return id;
}

static int plan_at(struct place *p, time_t now)
{
    int n = planner_run(p->db, 10, now, &p->err);

    if (n < 0)
        fail_msg("%s", p->err.text);
    return n;
}

static struct notice_row notice(struct place *p, int64_t notice_id)
{
    struct notice_row n;

    if (notices_get(p->db, notice_id, &n, &p->err) != 1)
        fail_msg("no notice %" PRId64, notice_id);
    return n;
}

/* The contact that an owed notice waits for; -1 nobody. */
static int64_t waits_for(struct place *p, int64_t notice_id)
{
    int64_t contact_id = -1;
    bool leased;

    OK(p, notices_waits_for(p->db, notice_id, &contact_id, &leased, &p->err));
    return contact_id;
}

/* The item due now is refused for good. */
static void fail_one(struct place *p, time_t now)
{
    struct outbox_item item;

    assert_int_equal(outbox_claim(p->db, "email", now, 60, &item, 1, &p->err), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_never(p->db, &item, 550, "no such mailbox", 12, now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
}

static void nobody_is_forgotten(struct place *p)
{
    struct incidents_account a;

    OK(p, incidents_account(p->db, 0, &a, &p->err));
    assert_int_equal(a.forgotten, 0);
    assert_int_equal(a.unproved, 0);
}

static void a_matched_child_is_owed_to_its_school_before_the_bell(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    struct notice_row n;

    assert_int_equal(plan_at(p, NIGHT + 5), 1);
    n = notice(p, 1);
    assert_int_equal(n.incident_id, id);
    assert_int_equal(n.kind, NOTICE_NOTICE);
    assert_string_equal(n.door.urn, "100001");
    assert_int_equal(n.basis, BASIS_STATUTORY);
    assert_int_equal(n.due_at, SEND_AT);
    assert_int_equal(n.answer_by, SEND_AT + 2700);
    assert_string_equal(n.rule, "school-morning");
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE notice_id = 1"), SEND_AT);
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(plan_at(p, NIGHT + 6), 0);
    nobody_is_forgotten(p);
}

static void siblings_at_one_school_share_a_notice(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT), *ids;
    size_t count;

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 0); /* Yorick is to be matched first */
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    OK(p, notices_children(p->db, 1, &ids, &count, &p->err));
    assert_int_equal(count, 2);
    free(ids);
}

static void planning_again_leaves_what_is_owed_as_it_was(void **state)
{
    struct place *p = *state;
    struct notice_row before, after;
    int64_t key;

    zelda(p);
    plan_at(p, NIGHT);
    before = notice(p, 1);
    key = ask(p, "SELECT item_id FROM outbox WHERE key = (SELECT key FROM outbox)");
    for (time_t now = NIGHT; now < SEND_AT + 7200; now += 1800) {
        OK(p, incidents_replan_unsent(p->db, &p->err));
        assert_int_equal(plan_at(p, now), 1);
    }
    after = notice(p, 1);
    assert_string_equal(after.reference, before.reference);
    assert_int_equal(after.due_at, before.due_at);
    assert_int_equal(after.answer_by, before.answer_by);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    assert_int_equal(ask(p, "SELECT item_id FROM outbox WHERE state = 'due'"), key);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.changed'"), 0);
}

static void a_changed_calendar_moves_a_notice_under_its_reference(void **state)
{
    struct place *p = *state;
    struct notice_row before, after;

    zelda(p);
    plan_at(p, NIGHT);
    before = notice(p, 1);
    run(p, "INSERT INTO term(namespace, urn, kind, from_day, to_day) VALUES"
           " ('school', '100001', 'inset', '2026-11-20', '2026-11-20')");
    OK(p, incidents_replan_unsent(p->db, &p->err));
    assert_int_equal(plan_at(p, NIGHT), 1);
    after = notice(p, 1);
    assert_string_equal(after.reference, before.reference);
    assert_int_equal(after.due_at, MONDAY);
    assert_int_equal(ask(p, "SELECT due_at FROM outbox WHERE state = 'due'"), MONDAY);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
}

static void an_unsent_notice_takes_up_a_revision_under_its_reference(void **state)
{
    struct place *p = *state;
    struct notice_row before, after;

    zelda(p);
    plan_at(p, NIGHT);
    before = notice(p, 1);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"circumstances\":\"More is known.\""),
        NIGHT + 600);
    assert_int_equal(plan_at(p, NIGHT + 601), 1);
    after = notice(p, 1);
    assert_string_equal(after.reference, before.reference);
    assert_int_equal(after.revision, 2);
    assert_int_equal(after.due_at, SEND_AT);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
}

static void a_revision_does_not_tell_twice_and_tells_of_the_child_it_adds(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p), *ids;
    size_t count;

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), SEND_AT + 600);
    decided_as(p, child(p, id, "2").child_id, "match", 2, SEND_AT + 600);
    assert_int_equal(plan_at(p, SEND_AT + 601), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
    assert_int_equal(notice(p, 2).state, NOTICE_OWED);
    assert_int_equal(notice(p, 2).due_at, SEND_AT + 601); /* at once: it is a school day */
    OK(p, notices_children(p->db, 2, &ids, &count, &p->err));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], child(p, id, "2").child_id);
    free(ids);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    nobody_is_forgotten(p);
}

static void a_child_told_before_and_matched_anew_is_told_still(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p,
        call_out(p, "A1", 2, "notify",
                 "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\"}", ""),
        SEND_AT + 600);
    assert_int_equal(child(p, id, "1").stage, STAGE_MATCH);
    decided_as(p, child(p, id, "1").child_id, "match", 1, SEND_AT + 601);
    assert_int_equal(plan_at(p, SEND_AT + 602), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    nobody_is_forgotten(p);
}

static void a_sibling_decided_later_is_told_of_at_a_school_that_was_told_before(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "review", -1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    send_one(p, "email", SEND_AT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "2").state, CHILD_WITH_LA_DESK);
    decided_as(p, child(p, id, "2").child_id, "match", 2, SEND_AT + 900);
    assert_int_equal(plan_at(p, SEND_AT + 901), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 3);
    assert_string_equal(notice(p, 3).door.urn, "100001");
    assert_int_equal(notice(p, 3).due_at, SEND_AT + 901);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'told'"), 2);
    assert_int_equal(child(p, id, "2").state, CHILD_OPEN);
    send_one(p, "email", SEND_AT + 902);
    assert_int_equal(child(p, id, "2").state, CHILD_TOLD);
}

static void a_desk_is_told_once_however_often_the_roll_comes_anew(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    decided_as(p, child(p, id, "1").child_id, "none", -1, SEND_AT + 60);
    assert_int_equal(plan_at(p, SEND_AT + 61), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    nobody_is_forgotten(p);
}

static void a_desk_that_was_asked_who_the_child_is_hears_that_the_school_cannot_be_told(
    void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    run(p, "UPDATE enrolment SET urn = '100003' WHERE pupil_key = 1");
    decided_as(p, child(p, id, "1").child_id, "match", 1, SEND_AT + 60);
    assert_int_equal(plan_at(p, SEND_AT + 61), 1);
    assert_int_equal(notice(p, 2).reason, DESK_NO_CONTACT);
    send_one(p, "email", SEND_AT + 62);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 63), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 2); /* and hears it once */
}

static void a_contact_that_fails_is_followed_by_the_next_until_somebody_is_told(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    char reference[NOTICE_REFERENCE_SIZE];

    plan_at(p, NIGHT);
    memcpy(reference, notice(p, 1).reference, sizeof reference);
    fail_one(p, SEND_AT); /* the key adult */
    nobody_is_forgotten(p);
    assert_int_equal(plan_at(p, SEND_AT + 1), 1);
    assert_int_equal(waits_for(p, 1), 2);
    assert_string_equal(notice(p, 1).reference, reference);
    fail_one(p, SEND_AT + 2); /* the deputy */
    assert_int_equal(plan_at(p, SEND_AT + 3), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_FAILED);
    assert_int_equal(notice(p, 2).reason, DESK_NO_CONTACT);
    assert_string_equal(notice(p, 2).door.urn, "879");
    assert_int_equal(waits_for(p, 2), 4);
    fail_one(p, SEND_AT + 4); /* the authority's desk */
    assert_int_equal(plan_at(p, SEND_AT + 5), 1);
    assert_int_equal(notice(p, 2).state, NOTICE_FAILED);
    assert_string_equal(notice(p, 3).door.namespace, "force");
    assert_int_equal(waits_for(p, 3), 5);
    fail_one(p, SEND_AT + 6); /* the force's */
    assert_int_equal(plan_at(p, SEND_AT + 7), 1);
    assert_int_equal(notice(p, 4).state, NOTICE_OWED);
    assert_int_equal(waits_for(p, 4), -1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    nobody_is_forgotten(p);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 1);
}

static void a_notice_that_nobody_can_take_waits_for_whoever_comes(void **state)
{
    struct place *p = *state;
    struct incidents_account a;

    run(p, "UPDATE contact SET ended_at = 9");
    zelda(p);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(notice(p, 1).kind, NOTICE_DESK);
    assert_int_equal(waits_for(p, 1), -1);
    OK(p, incidents_account(p->db, 0, &a, &p->err));
    assert_int_equal(a.stuck, 1);
    run(p, "UPDATE contact SET ended_at = NULL WHERE contact_id = 4");
    OK(p, incidents_replan_unsent(p->db, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 60), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(waits_for(p, 1), 4);
    OK(p, incidents_account(p->db, 0, &a, &p->err));
    assert_int_equal(a.stuck, 0);
    run(p, "UPDATE contact SET ended_at = NULL");
    OK(p, incidents_replan_unsent(p->db, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 61), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_string_equal(notice(p, 2).door.urn, "100001");
    nobody_is_forgotten(p);
}

static void a_contact_who_leaves_before_the_morning_is_followed_by_the_deputy(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    OK(p, registers_end_contact(p->db, 1, "left", NIGHT + 60, &p->err));
    assert_int_equal(plan_at(p, NIGHT + 61), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(waits_for(p, 1), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE contact_id = 1"
                            " AND state = 'cancelled'"),
                     1);
    run(p, "UPDATE contact SET ended_at = NULL WHERE contact_id = 1");
    OK(p, incidents_replan_unsent(p->db, &p->err));
    assert_int_equal(plan_at(p, NIGHT + 62), 1);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND kind = 'notice'"),
                     1);
}

static void what_is_withdrawn_before_it_is_sent_is_not_sent(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), NIGHT + 60);
    assert_int_equal(plan_at(p, NIGHT + 61), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"
                            " AND state <> 'cancelled'"),
                     0);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHDRAWN);
}

static void what_is_withheld_is_told_to_nobody(void **state)
{
    struct place *p = *state;
    int64_t id = put(p,
                     call_out(p, "A1", 1, "notify", ZELDA,
                              ",\"withhold\":{\"reason\":\"risk\",\"authorised_by\":\"DI\"}"),
                     NIGHT);

    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 0);
    assert_int_equal(child(p, id, "1").state, CHILD_WITHHELD);
    nobody_is_forgotten(p);
}

static void a_send_under_way_is_waited_for(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    struct outbox_item item;

    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), SEND_AT + 1);
    assert_int_equal(plan_at(p, SEND_AT + 2), 0);
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    assert_int_equal(notice(p, 1).state, NOTICE_OWED);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_sent(p->db, &item, 250, "taken over", 12, SEND_AT + 3, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    assert_int_equal(plan_at(p, SEND_AT + 4), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
}

static void a_send_under_way_that_the_plan_still_wants_holds_nothing_up(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);
    struct outbox_item item;

    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_PLAN, &p->err));
    assert_int_equal(plan_at(p, SEND_AT + 2), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    outbox_item_release(&item);
}

static void one_that_waits_does_not_stand_in_the_others_way(void **state)
{
    struct place *p = *state;
    int64_t other;
    struct outbox_item item;

    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(outbox_claim(p->db, "email", SEND_AT, 60, &item, 1, &p->err), 1);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), SEND_AT + 1);
    other = put(p, call_out(p, "B2", 1, "notify", YORICK, ""), SEND_AT + 1);
    decided_as(p, child(p, other, "2").child_id, "match", 2, SEND_AT + 1);
    assert_int_equal(planner_run(p->db, 1, SEND_AT + 2, &p->err), 1);
    assert_int_equal(notice(p, 2).incident_id, other);
    outbox_item_release(&item);
}

/* The desk's door that a child with that home and pupil comes to. */
static void comes_to(struct place *p, const char *police_ref, const char *home, int64_t pupil_key,
                     const char *urn)
{
    char json[400];
    int64_t id;

    snprintf(json, sizeof json,
             "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
             "\"date_of_birth\":\"2017-03-09\",\"address\":{\"address\":\"1 Street\","
             "\"postcode\":%s}}",
             home);
    id = put(p, call_out(p, police_ref, 1, "notify", json, ""), NIGHT);
    decided_as(p, child(p, id, "1").child_id, pupil_key < 0 ? "none" : "match", pupil_key, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_string_equal(notice(p, ask(p, "SELECT max(notice_id) FROM notice")).door.urn, urn);
}

static void the_home_authority_is_told_by_the_home_then_by_the_roll_then_by_the_force(void **state)
{
    struct place *p = *state;

    run(p, "DELETE FROM enrolment; UPDATE pupil SET la_code = '878', postcode = 'PL4 8ZZ'"
           " WHERE pupil_key = 1; UPDATE pupil SET la_code = '878' WHERE pupil_key = 2");
    comes_to(p, "A1", "\"EX20 1ZZ\"", 1, "878"); /* the home, as the police gave it */
    comes_to(p, "A2", "null", 1, "879");         /* the home on the roll */
    comes_to(p, "A3", "null", 2, "878");         /* the roll's own authority */
    comes_to(p, "A4", "\"ZE1 0AA\"", -1, FORCE); /* nobody knows: the force's desk */
    run(p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'home_la', '879')");
    comes_to(p, "A5", "\"ZE1 0AA\"", -1, "879");
}

static void a_toddler_comes_to_the_centre_in_reach_where_the_authority_has_agreed(void **state)
{
    struct place *p = *state;
    static const char toddler[] =
        "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","
        "\"date_of_birth\":\"2024-03-09\",\"address\":{\"address\":\"1 Street\","
        "\"postcode\":\"PL4 8ZZ\"}}";
    int64_t id = put(p, call_out(p, "A1", 1, "notify", toddler, ""), NIGHT);

    run(p, "INSERT INTO reach VALUES ('centre', '20001', 'PL4 8');"
           "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
           " verified_at) VALUES (9, 'centre', '20001', 'dsl', 'Cas', 'email', 'cas@example.test',"
           " 5)");
    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(notice(p, 1).reason, DESK_UNDER_FIVE);
    run(p, "INSERT INTO policy VALUES ('la', '879', 'childrens_centres', 'on')");
    OK(p, incidents_replan_unsent(p->db, &p->err));
    assert_int_equal(plan_at(p, NIGHT), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_string_equal(notice(p, 2).door.urn, "20001");
    assert_int_equal(notice(p, 2).basis, BASIS_LOCAL);
    assert_int_equal(waits_for(p, 2), 9);
}

/* Whatever is known and whoever is there: after planning every child has a notice that is owed. */
static void nobody_is_forgotten_whatever_is_on_file(void **state)
{
    static const char *const outcomes[] = {"match", "review", "none"};
    static const char *const lacks[] = {
        "UPDATE contact SET verified_at = NULL WHERE namespace = 'school'",
        "UPDATE establishment SET status_code = 2",
        "DELETE FROM term",
        "UPDATE contact SET ended_at = 1 WHERE namespace = 'la'",
        "DELETE FROM enrolment",
        "DELETE FROM establishment",
        "UPDATE contact SET ended_at = 1",
    };
    struct place *p = *state;
    int64_t count = 0;

    for (size_t l = 0; l <= ARRAY_SIZE(lacks); l++) {
        for (size_t o = 0; o < ARRAY_SIZE(outcomes); o++) {
            char ref[16];
            int64_t id;

            snprintf(ref, sizeof ref, "R%zu-%zu", l, o);
            id = put(p, call_out(p, ref, 1, "notify", ZELDA "," YORICK, ""), NIGHT);
            decided_as(p, child(p, id, "1").child_id, outcomes[o], o == 0 ? 1 : -1, NIGHT);
            decided_as(p, child(p, id, "2").child_id, outcomes[(o + l) % 3],
                       (o + l) % 3 == 0 ? 2 : -1, NIGHT);
            assert_int_equal(plan_at(p, NIGHT + (time_t)l * 86400), 1);
            count += 2;
            nobody_is_forgotten(p);
            assert_int_equal(ask(p, "SELECT count(DISTINCT child_id) FROM notice_child"
                                    " JOIN notice USING (notice_id) WHERE state = 'owed'"),
                             count);
        }
        if (l < ARRAY_SIZE(lacks))
            run(p, lacks[l]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_matched_child_is_owed_to_its_school_before_the_bell),
        T(siblings_at_one_school_share_a_notice),
        T(planning_again_leaves_what_is_owed_as_it_was),
        T(a_changed_calendar_moves_a_notice_under_its_reference),
        T(an_unsent_notice_takes_up_a_revision_under_its_reference),
        T(a_revision_does_not_tell_twice_and_tells_of_the_child_it_adds),
        T(a_child_told_before_and_matched_anew_is_told_still),
        T(a_sibling_decided_later_is_told_of_at_a_school_that_was_told_before),
        T(a_desk_is_told_once_however_often_the_roll_comes_anew),
        T(a_desk_that_was_asked_who_the_child_is_hears_that_the_school_cannot_be_told),
        T(a_contact_that_fails_is_followed_by_the_next_until_somebody_is_told),
        T(a_notice_that_nobody_can_take_waits_for_whoever_comes),
        T(a_contact_who_leaves_before_the_morning_is_followed_by_the_deputy),
        T(what_is_withdrawn_before_it_is_sent_is_not_sent),
        T(what_is_withheld_is_told_to_nobody),
        T(a_send_under_way_is_waited_for),
        T(a_send_under_way_that_the_plan_still_wants_holds_nothing_up),
        T(one_that_waits_does_not_stand_in_the_others_way),
        T(the_home_authority_is_told_by_the_home_then_by_the_roll_then_by_the_force),
        T(a_toddler_comes_to_the_centre_in_reach_where_the_authority_has_agreed),
        T(nobody_is_forgotten_whatever_is_on_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
