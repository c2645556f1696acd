/* What is not delivered by its time goes on to whoever can be reached, each once; where nobody can, it
 * stays and is tried again. */
#include "planner_fixture.h"

#define STATE_OF(contact)                                                                          \
    "SELECT CASE state WHEN 'due' THEN 1 WHEN 'failed' THEN 2 WHEN 'cancelled' THEN 3"             \
    " WHEN 'sent' THEN 4 END FROM outbox WHERE contact_id = " #contact
enum { IS_DUE = 1, IS_FAILED, IS_CANCELLED, IS_SENT };
#define DUE_TO "SELECT contact_id FROM outbox WHERE kind = 'notice' AND state = 'due'"
#define LATES "SELECT count(*) FROM audit WHERE event = 'item.late'"
#define BY (SEND_AT + 2700)   /* 08:15, when the answer is wanted */
#define BELL (SEND_AT + 4500) /* 08:45 */

/* Tried as its time runs out, and put off until after. */
static void put_off(struct place *p, const char *adapter, const char *verdict, int code)
{
    struct outbox_item item;
    time_t at;

    assert_int_equal(outbox_claim(p->db, adapter, BELL + 8 * 3600, 60, &item, 1, &p->err), 1);
    at = item.give_up_at - 20;
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_later(p->db, &item, verdict, code, "not now", 12, at + 120, true, at, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
}

static void refuse(struct place *p, const char *adapter, time_t now)
{
    struct outbox_item item;

    assert_int_equal(outbox_claim(p->db, adapter, now, 60, &item, 1, &p->err), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_never(p->db, &item, 410, "gone", 12, now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
}

static void shut(struct place *p, const char *adapter)
{
    OK(p, sql_run(p->db, &p->err, "INSERT INTO shut VALUES (?, ?, ?, 3, 0, 'no answer')", "tii",
                  adapter, (int64_t)SEND_AT, (int64_t)BELL));
}

static void a_full_mailbox_then_the_deputys_then_the_desk_before_the_bell(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, 1), 1);
    put_off(p, "email", "later", 452);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 2);
    assert_int_equal(ask(p, STATE_OF(1)), IS_FAILED);
    assert_int_equal(ask(p, LATES), 1);
    /* A third of the time for whoever comes after. */
    assert_int_equal(ask(p, "SELECT give_up_at FROM outbox WHERE contact_id = 2"), BY + 900);
    put_off(p, "email", "later", 452);
    plan_at(p, BY + 900);
    assert_int_equal(ask(p, STATE_OF(2)), IS_FAILED);
    assert_int_equal(notice(p, 1).state, NOTICE_FAILED);
    assert_int_equal(waits_for(p, 2), 4);
    assert_string_equal(desk_reason_word(notice(p, 2).reason), "no-contact");
    assert_true(notice(p, 2).due_at < BELL);
    send_one(p, "email", BY + 900);
    plan_at(p, BY + 900);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 3);
    nobody_is_forgotten(p);
}

static void while_all_are_told_by_the_way_that_is_down_it_waits_for_the_first(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    shut(p, "email");
    put_off(p, "email", "later", 0);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, LATES), 0);
    send_one(p, "email", BELL);
    assert_int_equal(notice(p, 1).told_contact, 1);
    nobody_is_forgotten(p);
}

/* Broken ways are not even tried: the store is looked through for what waits for them. */
static void behind_a_shut_adapter_the_deputy_is_told_by_another(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 2");
    zelda(p);
    plan_at(p, NIGHT);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BY - 1, &p->err), 0);
    assert_int_equal(claims_late(p->db, "webhook", BY, &p->err), 0);
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 1);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 2);
    assert_int_equal(ask(p, STATE_OF(1)), IS_FAILED);
    send_one(p, "webhook", BY);
    /* It works again: the key adult is not told what the deputy has. */
    run(p, "DELETE FROM shut; UPDATE child SET stage = 'plan'");
    plan_at(p, BY + 60);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 2);
    assert_int_equal(ask(p, STATE_OF(1)), IS_FAILED);
    nobody_is_forgotten(p);
}

static void behind_a_shut_adapter_the_desk_is_told_by_another(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 4");
    zelda(p);
    plan_at(p, NIGHT);
    shut(p, "email");
    put_off(p, "email", "broken", 535);
    plan_at(p, BY);
    assert_int_equal(ask(p, STATE_OF(1)), IS_FAILED);
    assert_int_equal(notice(p, 1).state, NOTICE_FAILED);
    assert_int_equal(waits_for(p, 2), 4);
    send_one(p, "webhook", BY);
    /* It works again: whoever was given up is not told after the desk. */
    run(p, "DELETE FROM shut; UPDATE child SET stage = 'plan'");
    plan_at(p, BY + 60);
    assert_int_equal(ask(p, STATE_OF(1)), IS_FAILED);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE contact_id = 1"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'desk'"), 1);
    nobody_is_forgotten(p);
}

static void an_adapter_that_is_held_is_no_other_way(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 2;"
           "UPDATE contact SET ended_at = 6 WHERE contact_id IN (4, 5);"
           "INSERT INTO hold(scope, id, why, who, held_at)"
           " VALUES ('adapter', 'webhook', 'repair', 'tester', 5)");
    zelda(p);
    plan_at(p, NIGHT);
    put_off(p, "email", "later", 452);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 1);
}

static void where_nobody_else_is_it_is_tried_again_and_looked_at_again(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id IN (2, 4, 5)");
    zelda(p);
    plan_at(p, NIGHT);
    put_off(p, "email", "later", 452);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    /* Not planned anew at every try. */
    put_off(p, "email", "later", 452);
    assert_int_equal(plan_at(p, BY), 0);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BY + 500, &p->err), 0);
    assert_int_equal(claims_late(p->db, "email", BY + 600, &p->err), 1);
    plan_at(p, BY + 600);
    send_one(p, "email", BY + 700);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
}

static void a_desk_whose_mailbox_is_full_gives_way_to_the_forces(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, 1), 5);
    /* Nobody behind the force's own. */
    put_off(p, "email", "later", 452);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 5);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);

    run(p, "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
           " verified_at) VALUES (9, 'force', '" FORCE "', 'la_desk', 'Vic', 'email',"
           " 'vic@example.test', 5); UPDATE child SET stage = 'plan'");
    plan_at(p, BY + 60);
    assert_int_equal(waits_for(p, 1), 9);
    assert_int_equal(ask(p, STATE_OF(5)), IS_FAILED);
    nobody_is_forgotten(p);
}

/* Nothing that is held is sent in its stead either. */
static void what_is_held_at_a_desk_waits_though_its_way_is_down_and_another_could_be_told(
    void **state)
{
    static const char *const holds[] = {
        "INSERT INTO hold(scope, id, why, who, held_at)"
        " SELECT 'notice', reference, 'wrong?', 'tester', 5 FROM notice",
        "DELETE FROM hold; INSERT INTO hold(scope, id, why, who, held_at)"
        " SELECT 'establishment', namespace || '/' || urn, 'wrong?', 'tester', 5 FROM notice",
    };
    struct place *p = *state;

    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id IN (1, 2);"
           "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 5");
    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, 1), 4);
    shut(p, "email");
    for (size_t i = 0; i < ARRAY_SIZE(holds); i++) {
        run(p, holds[i]);
        assert_int_equal(claims_late(p->db, "email", BY, &p->err), 0);
        /* Nor one whose time was up before it was held. */
        run(p, "UPDATE outbox SET late_at = give_up_at; UPDATE child SET stage = 'plan'");
        plan_at(p, BY);
        assert_int_equal(waits_for(p, 1), 4);
        assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
        run(p, "UPDATE outbox SET late_at = NULL");
    }
    run(p, "DELETE FROM hold");
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 1);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 2), 5);
}

/* The same desk has the task of both children now: who was late with the one's is not left out. */
static void a_desk_that_is_late_with_one_task_has_the_next_that_takes_it_in(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "none", -1, NIGHT);
    plan_at(p, NIGHT);
    put_off(p, "email", "later", 452);
    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), BY);
    decided_as(p, child(p, id, "1").child_id, "none", -1, BY);
    decided_as(p, child(p, id, "2").child_id, "none", -1, BY);
    plan_at(p, BY);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 1);
    assert_int_equal(waits_for(p, 2), 5);
    assert_int_equal(ask(p, LATES), 0);
    /* And it stays with the desk, as there is no other. */
    run(p, "UPDATE outbox SET late_at = give_up_at WHERE state = 'due';"
           "UPDATE child SET stage = 'plan'");
    plan_at(p, BELL);
    assert_int_equal(waits_for(p, 2), 5);
    send_one(p, "email", BELL);
    nobody_is_forgotten(p);
}

/* A reviewer decides about the brother while the relay is down: one notice of both, to the same person,
 * though a desk waits with a task about the sister too. */
static void a_school_that_is_late_with_one_child_has_the_notice_that_takes_in_another(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id = 2;"
           "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
           " VALUES (1, 'school', '100003', 1)"); /* nobody is there: a desk's task */
    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, 1), 5); /* whose child he is */
    assert_int_equal(waits_for(p, 2), 4); /* her other school */
    assert_int_equal(waits_for(p, 3), 1);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 3);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 3), 1);
    decided_as(p, child(p, id, "2").child_id, "match", 2, BY);
    plan_at(p, BY + 60);
    run(p, "UPDATE child SET stage = 'plan'"); /* and by whatever else has it planned */
    plan_at(p, BY + 120);
    assert_int_equal(ask(p, LATES), 0);
    assert_int_equal(ask(p, "SELECT o.contact_id FROM outbox o JOIN notice n USING (notice_id)"
                            " JOIN notice_child c USING (notice_id) WHERE o.state = 'due'"
                            " AND n.kind = 'notice' GROUP BY o.item_id HAVING count(*) = 2"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.failed'"), 0);
    run(p, "DELETE FROM shut");
    nobody_is_forgotten(p);
}

static void one_that_is_late_with_two_is_not_given_up_when_the_one_goes_to_a_desk(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id = 2");
    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 1);
    decided_as(p, child(p, id, "2").child_id, "review", -1, BY);
    plan_at(p, BY + 60);
    assert_int_equal(ask(p, LATES), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due' AND contact_id = 1"),
                     1);
}

/* And where the deputy can be told of both, the key adult's turn is over. */
static void a_key_adult_who_is_late_gives_way_in_the_notice_that_takes_in_another(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 2");
    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "review", -1, NIGHT);
    plan_at(p, NIGHT);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 2);
    decided_as(p, child(p, id, "2").child_id, "match", 2, BY);
    plan_at(p, BY + 60);
    assert_int_equal(ask(p, STATE_OF(1)), IS_FAILED);
    assert_int_equal(ask(p, LATES), 1);
    assert_int_equal(ask(p, DUE_TO), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'notice.failed'"), 0);
    /* Not back to her: her way is down still. */
    put_off(p, "webhook", "later", 503);
    plan_at(p, BELL);
    assert_int_equal(ask(p, DUE_TO), 2);
    nobody_is_forgotten(p);
}

/* It is hers to close, though a later notice went on to another. */
static void who_was_told_and_then_passed_over_has_what_follows_of_what_was_told(void **state)
{
    struct place *p = *state;
    int64_t id = zelda(p);

    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 2");
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), SEND_AT + 600);
    decided_as(p, child(p, id, "2").child_id, "match", 2, SEND_AT + 600);
    plan_at(p, SEND_AT + 600);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BELL, &p->err), 1);
    plan_at(p, BELL);
    assert_int_equal(ask(p, DUE_TO), 2);
    send_one(p, "webhook", BELL);
    run(p, "DELETE FROM shut");
    put(p, call_out(p, "A1", 3, "withdraw", ZELDA "," YORICK, ""), BELL + 600);
    plan_at(p, BELL + 600);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"), 2);
    assert_int_equal(ask(p, "SELECT o.contact_id FROM outbox o JOIN notice n USING (notice_id)"
                            " WHERE o.state = 'due' AND n.amends = 1"),
                     1);
    assert_int_equal(ask(p, "SELECT o.contact_id FROM outbox o JOIN notice n USING (notice_id)"
                            " WHERE o.state = 'due' AND n.amends = 2"),
                     2);
}

static void when_nobody_is_left_a_desk_that_was_passed_over_has_it_again(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id IN (1, 2);"
           "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 5");
    zelda(p);
    plan_at(p, NIGHT);
    assert_int_equal(waits_for(p, 1), 4);
    put_off(p, "email", "later", 452);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 2), 5);
    refuse(p, "webhook", BY + 60);
    plan_at(p, BY + 60);
    assert_int_equal(ask(p, DUE_TO), 4);
    /* It stays with that desk, late as it is, whatever else has it planned. */
    for (int i = 1; i < 4; i++) {
        put_off(p, "email", "later", 452);
        run(p, "UPDATE child SET stage = 'plan'");
        plan_at(p, BELL + i * 600);
        assert_int_equal(ask(p, DUE_TO), 4);
    }
    send_one(p, "email", BELL + 3600);
    plan_at(p, BELL + 3600);
    assert_int_equal(ask(p, "SELECT told_contact FROM notice WHERE state = 'told'"), 4);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 3);
    nobody_is_forgotten(p);
}

/* The same notice, and under the same key. */
static void when_nobody_is_left_a_key_adult_who_was_passed_over_has_it_again(void **state)
{
    struct place *p = *state;

    run(p, "UPDATE contact SET ended_at = 6 WHERE contact_id IN (4, 5);"
           "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 2");
    zelda(p);
    plan_at(p, NIGHT);
    put_off(p, "email", "later", 452);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 2);
    refuse(p, "webhook", BY + 60);
    plan_at(p, BY + 60);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 2);
    for (int i = 1; i < 4; i++) {
        put_off(p, "email", "later", 452);
        run(p, "UPDATE child SET stage = 'plan'");
        plan_at(p, BELL + i * 600);
        assert_int_equal(waits_for(p, 1), 1);
    }
    send_one(p, "email", BELL + 3600);
    assert_int_equal(notice(p, 1).told_contact, 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice"), 1);
    nobody_is_forgotten(p);
}

/* All mailboxes are full, all web servers refuse. */
static void where_nobody_can_be_reached_it_does_not_go_round_in_circles(void **state)
{
    struct place *p = *state;
    time_t t = BY;

    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id IN (2, 5)");
    zelda(p);
    plan_at(p, NIGHT);
    for (int i = 0; i < 2; i++, t += 3600) { /* the school, then the desks */
        put_off(p, "email", "later", 452);
        plan_at(p, t);
        refuse(p, "webhook", t);
        plan_at(p, t);
    }
    assert_int_equal(ask(p, DUE_TO), 1); /* the key adult after all */
    put_off(p, "email", "later", 452);
    t += 3600;
    plan_at(p, t);
    assert_int_equal(ask(p, DUE_TO), 4); /* the desk after all */
    for (int i = 0; i < 3; i++, t += 3600) {
        put_off(p, "email", "later", 452);
        run(p, "UPDATE child SET stage = 'plan'");
        plan_at(p, t);
        assert_int_equal(ask(p, DUE_TO), 4);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 6);
    /* Who has refused is not asked again for having been late before. */
    refuse(p, "email", t);
    plan_at(p, t);
    assert_int_equal(ask(p, DUE_TO), 1);
    refuse(p, "email", t);
    plan_at(p, t);
    assert_int_equal(ask(p, DUE_TO), -1);
    nobody_is_forgotten(p);
}

static void a_clock_that_leapt_and_was_put_right_has_nobody_passed_over(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    shut(p, "email");
    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 2");
    assert_int_equal(claims_late(p->db, "email", BY + 86400, &p->err), 1);
    plan_at(p, SEND_AT);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 1);
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 2);
}

static void withdrawn_while_it_waits_it_is_no_longer_wanted_rather_than_undelivered(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    put_off(p, "email", "later", 452);
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), BY);
    plan_at(p, BY);
    assert_int_equal(ask(p, STATE_OF(1)), IS_CANCELLED);
    assert_int_equal(notice(p, 1).state, NOTICE_CANCELLED);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"), 1);
    assert_int_equal(ask(p, LATES), 0);
}

/* What moves to another day has its time again. */
static void a_school_that_shuts_has_more_time(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    shut(p, "email");
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 1);
    run(p, "INSERT INTO term(namespace, urn, kind, from_day, to_day)"
           " SELECT 'school', '100001', 'closure', date(due_at, 'unixepoch'),"
           " date(due_at, 'unixepoch') FROM notice");
    plan_at(p, BY);
    assert_int_equal(waits_for(p, 1), 1);
    assert_int_equal(notice(p, 1).due_at, MONDAY);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE late_at IS NULL"), 1);
}

static void reminders_corrections_and_what_another_has_had_are_not_passed_on(void **state)
{
    struct place *p = *state;

    zelda(p);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", YORICK, ""), SEND_AT + 60);
    run(p, "UPDATE child SET stage = 'plan' WHERE stage = 'match'");
    plan_at(p, SEND_AT + 60);
    shut(p, "email");
    run(p, "UPDATE outbox SET give_up_at = 5 WHERE state = 'due'");
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox o JOIN notice n USING (notice_id)"
                            " WHERE o.state = 'due' AND n.amends IS NOT NULL"),
                     1);
    run(p, "UPDATE outbox SET state = 'cancelled' WHERE state = 'due' AND notice_id IN"
           " (SELECT notice_id FROM notice WHERE amends IS NULL)");
    assert_int_equal(claims_late(p->db, "email", BY, &p->err), 0);
    for (int64_t id = 1; id <= ask(p, "SELECT max(item_id) FROM outbox"); id++)
        assert_int_equal(outbox_late(p->db, id, BY, &p->err), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_full_mailbox_then_the_deputys_then_the_desk_before_the_bell),
        T(while_all_are_told_by_the_way_that_is_down_it_waits_for_the_first),
        T(behind_a_shut_adapter_the_deputy_is_told_by_another),
        T(behind_a_shut_adapter_the_desk_is_told_by_another),
        T(an_adapter_that_is_held_is_no_other_way),
        T(where_nobody_else_is_it_is_tried_again_and_looked_at_again),
        T(a_desk_whose_mailbox_is_full_gives_way_to_the_forces),
        T(what_is_held_at_a_desk_waits_though_its_way_is_down_and_another_could_be_told),
        T(a_desk_that_is_late_with_one_task_has_the_next_that_takes_it_in),
        T(a_school_that_is_late_with_one_child_has_the_notice_that_takes_in_another),
        T(one_that_is_late_with_two_is_not_given_up_when_the_one_goes_to_a_desk),
        T(a_key_adult_who_is_late_gives_way_in_the_notice_that_takes_in_another),
        T(who_was_told_and_then_passed_over_has_what_follows_of_what_was_told),
        T(when_nobody_is_left_a_desk_that_was_passed_over_has_it_again),
        T(when_nobody_is_left_a_key_adult_who_was_passed_over_has_it_again),
        T(where_nobody_can_be_reached_it_does_not_go_round_in_circles),
        T(a_clock_that_leapt_and_was_put_right_has_nobody_passed_over),
        T(withdrawn_while_it_waits_it_is_no_longer_wanted_rather_than_undelivered),
        T(a_school_that_shuts_has_more_time),
        T(reminders_corrections_and_what_another_has_had_are_not_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
