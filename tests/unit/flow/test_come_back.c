/* What was taken over by a mail server or a service and then did not reach anybody: nobody has been
 * told, so somebody else is. */
#include "planner_fixture.h"

#include "follow/answer.h"
#include "follow/escalator.h"
#include "store/bulletins.h"

#define MINUTES(n) (SEND_AT + (n)*60)

static int64_t told_zelda(struct place *p)
{
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    return id;
}

static void key_of(struct place *p, int64_t item_id, char out[OUTBOX_KEY_SIZE])
{
    sqlite3_stmt *stmt;

    OK(p,
       sql_query(p->db, &stmt, &p->err, "SELECT key FROM outbox WHERE item_id = ?", "i", item_id));
    assert_int_equal(sql_row(p->db, stmt, &p->err), 1);
    OK(p, sql_copy(stmt, 0, out, OUTBOX_KEY_SIZE, &p->err));
    sql_done(stmt);
}

static int come_back(struct place *p, int64_t item_id, time_t again_at, time_t now)
{
    char key[OUTBOX_KEY_SIZE];
    int rc;

    key_of(p, item_id, key);
    OK(p, db_begin(p->db, &p->err));
    rc = outbox_undelivered(p->db, key, 550, "bounced 5.1.1", again_at, now, &p->err);
    OK(p, rc);
    OK(p, db_commit(p->db, &p->err));
    return rc;
}

static int64_t item_of(struct place *p, int64_t contact_id)
{
    int64_t id = -1;

    OK(p, sql_int(p->db, &id, &p->err,
                  "SELECT item_id FROM outbox WHERE contact_id = ? AND kind = 'notice'", "i",
                  contact_id));
    return id;
}

static void a_notice_that_comes_back_is_owed_and_goes_to_the_next_contact_at_once(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    assert_int_equal(come_back(p, item_of(p, 1), -1, MINUTES(3)), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_OWED);
    assert_int_equal(notice(p, 1).told_at, -1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(plan_at(p, MINUTES(3)), 1);
    assert_int_equal(waits_for(p, 1), 2);
    send_one(p, "email", MINUTES(3));
    assert_int_equal(notice(p, 1).told_contact, 2);
    assert_int_equal(notice(p, 1).told_at, MINUTES(3));
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.returned'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM attempt WHERE verdict = 'never'"), 1);
    nobody_is_forgotten(p);
}

static void when_nobody_there_can_be_reached_the_desk_is_told(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    come_back(p, item_of(p, 1), -1, MINUTES(3));
    plan_at(p, MINUTES(3));
    send_one(p, "email", MINUTES(3));
    assert_int_equal(come_back(p, item_of(p, 2), -1, MINUTES(5)), 1);
    plan_at(p, MINUTES(5));
    assert_int_equal(notice(p, 1).state, NOTICE_FAILED);
    assert_int_equal(notice(p, 2).kind, NOTICE_DESK);
    assert_int_equal(notice(p, 2).reason, DESK_NO_CONTACT);
    send_one(p, "email", MINUTES(5));
    assert_int_equal(child(p, id, "1").state, CHILD_WITH_LA_DESK);
    nobody_is_forgotten(p);
}

/* A bounce is reported as often as a mail server likes. */
static void it_comes_back_once(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    assert_int_equal(come_back(p, item_of(p, 1), -1, MINUTES(3)), 1);
    assert_int_equal(come_back(p, item_of(p, 1), -1, MINUTES(4)), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM attempt WHERE verdict = 'never'"), 1);
    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(outbox_undelivered(p->db, "nobody's", 0, "", -1, MINUTES(4), &p->err), 0);
    OK(p, db_commit(p->db, &p->err));
}

static void an_answered_notice_stays_answered(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    OK(p, answer_take(p->db, 1, SAID(ANSWER_TAKEN, "una"), MINUTES(2), &p->err));
    assert_int_equal(come_back(p, item_of(p, 1), -1, MINUTES(3)), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
    assert_int_equal(child(p, id, "1").state, CHILD_ANSWERED);
    assert_int_equal(plan_at(p, MINUTES(3)), 0);
}

static void where_another_has_it_that_one_is_who_was_told(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    assert_int_equal(escalator_run(p->db, WORK_ALL, MINUTES(45), &p->err), 1);
    send_one(p, "email", MINUTES(45));
    assert_int_equal(come_back(p, item_of(p, 1), -1, MINUTES(46)), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
    assert_int_equal(notice(p, 1).told_contact, 2);
    assert_int_equal(notice(p, 1).told_at, MINUTES(45));
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
}

/* Who was told for want of an answer is not reached: the one after is not waited for. */
static void the_next_after_one_who_is_not_reached_is_told_at_once(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    assert_int_equal(escalator_run(p->db, WORK_ALL, MINUTES(45), &p->err), 1);
    send_one(p, "email", MINUTES(45));
    assert_int_equal(escalator_run(p->db, WORK_ALL, MINUTES(47), &p->err), 0);
    come_back(p, item_of(p, 2), -1, MINUTES(47));
    assert_int_equal(escalator_run(p->db, WORK_ALL, MINUTES(47), &p->err), 1);
    assert_int_equal(plan_at(p, MINUTES(47)), 1);
    assert_int_equal(notice(p, 2).kind, NOTICE_DESK);
    assert_int_equal(notice(p, 2).reason, DESK_NO_ANSWER);
}

static void what_never_left_there_goes_to_the_same_contact_again_under_its_key(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);
    char first[OUTBOX_KEY_SIZE];
    struct outbox_item item;

    key_of(p, item_of(p, 1), first);
    assert_int_equal(come_back(p, item_of(p, 1), MINUTES(4), MINUTES(3)), 1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    plan_at(p, MINUTES(3));
    assert_int_equal(outbox_claim(p->db, "email", MINUTES(3), 60, &item, 1, &p->err), 0);
    assert_int_equal(outbox_claim(p->db, "email", MINUTES(4), 60, &item, 1, &p->err), 1);
    assert_int_equal(item.contact_id, 1);
    assert_string_equal(item.key, first);
    nobody_is_forgotten(p);
}

/* A sibling was decided later, and a notice of it is owed to the same school. */
static void beside_one_that_is_owed_there_it_joins_that_one(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), MINUTES(1));
    decided_as(p, child(p, id, "2").child_id, "match", 2, MINUTES(1));
    plan_at(p, MINUTES(1));
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 1);
    assert_int_equal(come_back(p, item_of(p, 1), -1, MINUTES(2)), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_FAILED);
    plan_at(p, MINUTES(2));
    assert_int_equal(ask(p, "SELECT count(*) FROM notice_child nc JOIN notice n USING (notice_id)"
                            " WHERE n.state = 'owed' AND n.kind = 'notice'"),
                     2);
    nobody_is_forgotten(p);
}

/* ... and is not told twice of the one, by both. */
static void what_never_left_there_is_not_sent_again_beside_one_that_is_owed_there(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), MINUTES(1));
    decided_as(p, child(p, id, "2").child_id, "match", 2, MINUTES(1));
    plan_at(p, MINUTES(1));
    assert_int_equal(come_back(p, item_of(p, 1), MINUTES(3), MINUTES(2)), 1);
    plan_at(p, MINUTES(2));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND kind = 'notice'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice_child JOIN outbox o USING (notice_id)"
                            " WHERE o.state = 'due' AND o.kind = 'notice' AND o.contact_id = 1"),
                     2);
    nobody_is_forgotten(p);
}

/* The deputy has taken it. */
static void what_never_left_there_is_not_sent_again_once_it_is_answered(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    OK(p, answer_take(p->db, 1, SAID(ANSWER_TAKEN, "una"), MINUTES(2), &p->err));
    assert_int_equal(come_back(p, item_of(p, 1), MINUTES(4), MINUTES(3)), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state IN ('due','sent')"
                            " AND kind = 'notice'"),
                     0);
    assert_int_equal(come_back(p, item_of(p, 1), MINUTES(4), MINUTES(3)), 0);
}

/* Nobody there has answered, so it is the desk's; and then it is withdrawn. */
static void what_never_left_there_is_not_sent_again_once_it_is_taken_back(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 2");
    assert_int_equal(escalator_run(p->db, WORK_ALL, MINUTES(45), &p->err), 1);
    plan_at(p, MINUTES(45));
    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), MINUTES(50));
    plan_at(p, MINUTES(50));
    assert_int_equal(come_back(p, item_of(p, 1), MINUTES(70), MINUTES(60)), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND notice_id = 1"),
                     0);
    plan_at(p, MINUTES(60)); /* nor is there anything to take back from anybody */
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND kind = 'notice'"),
                     0);
}

/* The notice of two comes back when the withdrawal of one has been told, and then that one is given back:
 * what is told from then on is told of both. */
static void one_that_was_taken_back_of_a_notice_that_comes_back_is_told_of_anew(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), MINUTES(1));
    plan_at(p, MINUTES(1));
    send_one(p, "email", MINUTES(1));
    come_back(p, ask(p, "SELECT item_id FROM outbox WHERE notice_id = 1 AND kind = 'notice'"),
              MINUTES(3), MINUTES(2));
    put(p, call_out(p, "A1", 3, "notify", ZELDA "," YORICK, ""), MINUTES(2));
    decided_as(p, child(p, id, "2").child_id, "match", 2, MINUTES(2));
    plan_at(p, MINUTES(2));
    nobody_is_forgotten(p);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice_stands JOIN notice n USING (notice_id)"
                            " JOIN outbox o USING (notice_id)"
                            " WHERE n.state = 'owed' AND o.state = 'due' AND o.contact_id = 1"),
                     2);
}

/* The child has gone to another school since the deputy was to be told. */
static void what_never_left_there_is_not_sent_again_where_the_child_is_no_longer(void **state)
{
    struct place *p = *state;

    told_zelda(p);
    assert_int_equal(escalator_run(p->db, WORK_ALL, MINUTES(45), &p->err), 1);
    send_one(p, "email", MINUTES(45));
    run(p, "UPDATE enrolment SET urn = '100002' WHERE pupil_key = 1");
    assert_int_equal(come_back(p, item_of(p, 2), MINUTES(47), MINUTES(46)), 1);
    plan_at(p, MINUTES(46));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due'"
                            " AND contact_id = 2"),
                     0);
    nobody_is_forgotten(p);
}

/* The withdrawal of one waits, and is taken back with what it was about: what is told then is of the other
 * alone. */
static void one_that_is_withdrawn_is_not_told_of_when_the_notice_of_both_comes_back(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), MINUTES(1));
    plan_at(p, MINUTES(1));
    come_back(p, ask(p, "SELECT item_id FROM outbox WHERE notice_id = 1 AND kind = 'notice'"),
              MINUTES(3), MINUTES(2));
    plan_at(p, MINUTES(2));
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"
                            " AND state = 'owed'"),
                     0);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice_stands s JOIN notice n"
                            " ON n.notice_id = s.notice_id WHERE n.state = 'owed'"),
                     1);
    nobody_is_forgotten(p);
}

/* The one is withdrawn, given back, and the other withdrawn: that the first withdrawal has not reached
 * anybody does not leave the first child to nobody. */
static void a_withdrawal_that_comes_back_beside_a_siblings_takes_nothing_back(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT), item;

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ""), MINUTES(1));
    plan_at(p, MINUTES(1));
    send_one(p, "email", MINUTES(1));
    item = ask(p, "SELECT item_id FROM outbox JOIN notice USING (notice_id)"
                  " WHERE notice.kind = 'withdrawal' AND outbox.state = 'sent'");
    put(p, call_out(p, "A1", 3, "notify", YORICK, ""), MINUTES(2));
    decided_as(p, child(p, id, "2").child_id, "match", 2, MINUTES(2));
    plan_at(p, MINUTES(2));
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"
                            " AND state = 'owed'"),
                     1);
    come_back(p, item, -1, MINUTES(3));
    plan_at(p, MINUTES(3));
    nobody_is_forgotten(p);
    assert_int_equal(child(p, id, "2").state, CHILD_TOLD);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE kind = 'withdrawal'"
                            " AND state = 'failed'"),
                     0);
}

static void a_reminder_that_comes_back_leaves_the_notice_told(void **state)
{
    struct place *p = *state;
    int64_t id = told_zelda(p);

    run(p, "INSERT INTO outbox(kind, notice_id, contact_id, adapter, key, due_at, state, sent_at,"
           " created_at) VALUES ('reminder', 1, 1, 'email', 'again', 1, 'sent', 2, 1)");
    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(outbox_undelivered(p->db, "again", 0, "", -1, MINUTES(9), &p->err), 1);
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
}

static void an_exercise_that_comes_back_has_failed(void **state)
{
    static const struct drill_contact una = {1, "email"};
    struct place *p = *state;
    struct outbox_item item;
    int64_t drill_id;

    OK(p, drills_add(p->db, FORCE, NULL, &una, 1, "op", NIGHT, &drill_id, &p->err));
    OK(p, drills_plan(p->db, NIGHT, &p->err));
    assert_int_equal(bulletins_claim(p->db, "email", NIGHT, 60, &item, 1, &p->err), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, bulletins_sent(p->db, &item, 250, "taken over", 1, NIGHT, &p->err));
    assert_int_equal(outbox_undelivered(p->db, item.key, 550, "bounced", -1, NIGHT + 5, &p->err),
                     1);
    assert_int_equal(outbox_undelivered(p->db, item.key, 550, "bounced", -1, NIGHT + 6, &p->err),
                     0);
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin WHERE state = 'failed'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'exercise.returned'"), 1);
    outbox_item_release(&item);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_notice_that_comes_back_is_owed_and_goes_to_the_next_contact_at_once),
        TEST(when_nobody_there_can_be_reached_the_desk_is_told),
        TEST(it_comes_back_once),
        TEST(an_answered_notice_stays_answered),
        TEST(where_another_has_it_that_one_is_who_was_told),
        TEST(the_next_after_one_who_is_not_reached_is_told_at_once),
        TEST(what_never_left_there_goes_to_the_same_contact_again_under_its_key),
        TEST(beside_one_that_is_owed_there_it_joins_that_one),
        TEST(what_never_left_there_is_not_sent_again_beside_one_that_is_owed_there),
        TEST(what_never_left_there_is_not_sent_again_once_it_is_answered),
        TEST(what_never_left_there_is_not_sent_again_once_it_is_taken_back),
        TEST(one_that_was_taken_back_of_a_notice_that_comes_back_is_told_of_anew),
        TEST(one_that_is_withdrawn_is_not_told_of_when_the_notice_of_both_comes_back),
        TEST(what_never_left_there_is_not_sent_again_where_the_child_is_no_longer),
        TEST(a_withdrawal_that_comes_back_beside_a_siblings_takes_nothing_back),
        TEST(a_reminder_that_comes_back_leaves_the_notice_told),
        TEST(an_exercise_that_comes_back_has_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
