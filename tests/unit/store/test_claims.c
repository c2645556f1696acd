/* Whose turn it is by the store's order, what is held, and what a hold gives way to. */
#include "store_fixture.h"

#include "store/holds.h"
#include "store/shut.h"

static int64_t owed(struct place *p, const char *police_ref, const char *urn, const char *more)
{
    int64_t id = put(p, call_out(p, police_ref, 1, "notify", ZELDA, more), NIGHT);
    int64_t child_id = child(p, id, "1").child_id;

    decided(p, child_id, "match");
    return planned(p, id, 1, "school", urn, 1, &child_id, 1);
}

static int claim(struct place *p, time_t now, struct outbox_item *out)
{
    int n = outbox_claim(p->db, "email", now, 60, out, 8, &p->err);

    OK(p, n);
    return n;
}

static void in_one(struct place *p, int rc)
{
    OK(p, rc);
    OK(p, db_commit(p->db, &p->err));
}

static void hold(struct place *p, enum hold_scope scope, const char *id)
{
    OK(p, db_begin(p->db, &p->err));
    in_one(p, holds_add(p->db, scope, id, "being checked", "j.officer", NIGHT, &p->err));
}

static void release(struct place *p, enum hold_scope scope, const char *id)
{
    OK(p, db_begin(p->db, &p->err));
    in_one(p, holds_release(p->db, scope, id, "j.officer", NIGHT, &p->err));
}

static const char *reference(struct place *p)
{
    static char text[32];
    sqlite3_stmt *stmt;

    OK(p, sql_query(p->db, &stmt, &p->err, "SELECT reference FROM notice WHERE notice_id = 1", ""));
    assert_int_equal(sql_row(p->db, stmt, &p->err), 1);
    snprintf(text, sizeof text, "%s", sql_text(stmt, 0));
    sql_done(stmt);
    return text;
}

static void the_earliest_deadline_is_first_and_of_equals_the_urgent(void **state)
{
    struct place *p = *state;
    struct outbox_item items[8];

    owed(p, "A1", "100001", "");
    owed(p, "B1", "100001", ",\"risk\":\"high\"");
    owed(p, "C1", "100001", "");
    run(p, "UPDATE outbox SET give_up_at = give_up_at - 60 WHERE notice_id = 3");
    assert_int_equal(claim(p, DUE, items), 3);
    assert_int_equal(items[0].notice_id, 3);
    assert_int_equal(items[1].notice_id, 2);
    assert_int_equal(items[2].notice_id, 1);
}

static void a_revision_that_makes_it_urgent_moves_it_forward(void **state)
{
    struct place *p = *state;

    owed(p, "A1", "100001", "");
    put(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"risk\":\"high\""), NIGHT + 60);
    assert_int_equal(ask(p, "SELECT urgent FROM outbox WHERE notice_id = 1"), 1);
    put(p, call_out(p, "A1", 3, "notify", ZELDA, ""), NIGHT + 120);
    assert_int_equal(ask(p, "SELECT urgent FROM outbox WHERE notice_id = 1"), 0);
}

/* A revision names a sibling more, and the notice that is held is cancelled for another. */
static void what_is_planned_in_the_place_of_a_held_notice_is_held(void **state)
{
    struct place *p = *state;
    struct outbox_item items[8];
    int64_t incident, child_id;

    owed(p, "A1", "100001", "");
    incident = ask(p, "SELECT incident_id FROM incident");
    child_id = child(p, incident, "1").child_id;
    hold(p, HOLD_NOTICE, reference(p));
    run(p, "UPDATE notice SET state = 'cancelled'; UPDATE outbox SET state = 'cancelled'"
           " WHERE kind = 'notice'");
    planned(p, incident, 1, "school", "100001", 1, &child_id, 1);
    owed(p, "B1", "100001", "");
    assert_int_equal(claim(p, DUE, items), 1);
    assert_int_equal(items[0].notice_id, 3);
    outbox_item_release(&items[0]);
    release(p, HOLD_NOTICE, reference(p));
    assert_int_equal(claim(p, DUE, items), 1);
    assert_int_equal(items[0].notice_id, 2);
    outbox_item_release(&items[0]);
}

static void what_is_held_waits_until_it_is_released(void **state)
{
    struct place *p = *state;
    struct outbox_item items[8];
    const char *ids[3] = {NULL, "email", "school/100001"};
    time_t next;

    owed(p, "A1", "100001", "");
    ids[HOLD_NOTICE] = reference(p);
    for (enum hold_scope s = HOLD_NOTICE; s <= HOLD_ESTABLISHMENT; s++) {
        struct hold *list = NULL;
        struct hold of;
        size_t count = 0;

        hold(p, s, ids[s]);
        assert_int_equal(claim(p, DUE, items), 0);
        assert_int_equal(claims_next_due(p->db, "email", &next, &p->err), 0);
        OK(p, holds_standing(p->db, &list, &count, &p->err));
        assert_int_equal(count, 1);
        assert_int_equal(list[0].scope, s);
        assert_string_equal(list[0].id, ids[s]);
        assert_int_equal(list[0].waiting, 1);
        free(list);
        assert_int_equal(holds_of_notice(p->db, 1, &of, &p->err), 1);
        assert_string_equal(of.who, "j.officer");
        release(p, s, ids[s]);
        assert_int_equal(holds_of_notice(p->db, 1, &of, &p->err), 0);
        assert_int_equal(claims_next_due(p->db, "email", &next, &p->err), 1);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event IN ('hold.set','hold.released')"
                            " AND who = 'j.officer'"),
                     6);
    assert_int_equal(claim(p, DUE, items), 1);
}

static int count_steps(void *steps)
{
    ++*(int *)steps;
    return 0;
}

/* A thousand of the machine's steps are what a few rows take. */
static int thousands_of_steps(struct place *p)
{
    struct claiming c = {.bulletins = false};
    int steps = 0;
    time_t next;

    sqlite3_progress_handler(sql_handle(p->db), 1000, count_steps, &steps);
    OK(p, claims_due(p->db, "email", DUE, claiming_see, &c, &p->err));
    assert_int_equal(c.count, 0);
    assert_int_equal(claims_next_due(p->db, "email", &next, &p->err), 0);
    OK(p, holds_give_way(p->db, "email", DUE, &p->err));
    sqlite3_progress_handler(sql_handle(p->db), 0, NULL, NULL);
    return steps;
}

/* A morning's many that wait behind a held adapter are not read every second. */
static void the_many_behind_a_held_adapter_cost_nothing(void **state)
{
    struct place *p = *state;

    owed(p, "A1", "100001", "");
    run(p, "WITH RECURSIVE i(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM i WHERE n < 2000)"
           "INSERT INTO notice(notice_id, reference, incident_id, revision, kind, namespace, urn,"
           " basis, rule, due_at, answer_by, state, planned_at)"
           " SELECT n, 'OE-' || n, incident_id, 1, 'notice', 'school', 200000 + n, 'statutory',"
           " 'x', due_at, answer_by, 'owed', 1 FROM i, notice WHERE notice_id = 1;"
           "INSERT INTO outbox(kind, notice_id, contact_id, adapter, key, due_at, give_up_at,"
           " state, created_at) SELECT 'notice', n.notice_id, 1, 'email', 'k' || n.notice_id,"
           " o.due_at, o.give_up_at, 'due', 1 FROM notice n, outbox o"
           " WHERE n.notice_id > 1 AND o.item_id = 1");
    hold(p, HOLD_ADAPTER, "email");
    assert_int_equal(thousands_of_steps(p), 0);
}

static void what_is_held_meanwhile_is_not_taken(void **state)
{
    struct place *p = *state;
    struct claiming c = {.bulletins = false};
    struct outbox_item item;

    owed(p, "A1", "100001", "");
    OK(p, claims_due(p->db, "email", DUE, claiming_see, &c, &p->err));
    assert_int_equal(c.count, 1);
    hold(p, HOLD_ESTABLISHMENT, "school/100001");
    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(claims_take(p->db, &c.list[0], DUE, 60, &item, &p->err), 0);
    db_rollback(p->db);
}

static void a_hold_gives_way_when_the_notices_time_is_up(void **state)
{
    struct place *p = *state;
    time_t deadline = NIGHT + 25200;

    owed(p, "A1", "100001", "");
    owed(p, "B1", "100002", "");
    hold(p, HOLD_ESTABLISHMENT, "school/100001");
    assert_int_equal(holds_give_way(p->db, "email", deadline - 1, &p->err), 0);
    assert_int_equal(holds_give_way(p->db, "email", deadline, &p->err), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE notice_id = 1 AND state = 'failed'"
                            " AND verdict = 'held'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE notice_id = 2 AND state = 'due'"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE stage = 'plan'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.held'"), 1);
    assert_int_equal(holds_give_way(p->db, "email", deadline + 1, &p->err), 0);
}

/* There is nobody behind a desk: it waits, and is counted. */
static void what_is_owed_to_a_desk_waits_on(void **state)
{
    struct place *p = *state;
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    int64_t child_id = child(p, id, "1").child_id;

    decided(p, child_id, "none");
    planned(p, id, 1, "la", "879", 4, &child_id, 1);
    hold(p, HOLD_ESTABLISHMENT, "la/879");
    assert_int_equal(holds_give_way(p->db, "email", NIGHT + 90000, &p->err), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'due' AND kind = 'notice'"),
                     1);
}

static void retry_brings_forward_what_was_tried_and_nothing_else(void **state)
{
    struct place *p = *state;
    struct outbox_item items[8];
    const struct shut shut = {.adapter = "email", .since = DUE, .until = DUE + 600, .tries = 3};
    time_t until;

    owed(p, "A1", "100001", "");
    owed(p, "B1", "100001", "");
    run(p, "UPDATE outbox SET due_at = due_at + 86400 WHERE notice_id = 2");
    assert_int_equal(claim(p, DUE, items), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, shut_put(p->db, &shut, &p->err));
    in_one(p, outbox_later(p->db, &items[0], "later", 451, "", 1, DUE + 300, true, DUE, &p->err));
    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(holds_retry(p->db, HOLD_ADAPTER, "email", "j.officer", DUE + 5, &p->err), 1);
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(claim(p, DUE + 5, items), 1);
    assert_int_equal(items[0].notice_id, 1);
    assert_int_equal(shut_until(p->db, "email", &until, &p->err), 1);
    assert_int_equal(until, DUE + 5);
}

/* It can be asked whether it has them already, once it has had the time to take them over. */
static void what_was_on_its_way_to_notify_when_a_daemon_ended_waits_a_moment(void **state)
{
    struct place *p = *state;
    struct outbox_item items[8];

    owed(p, "A1", "100001", "");
    owed(p, "B1", "100002", "");
    run(p, "UPDATE outbox SET adapter = 'notify' WHERE item_id = 2");
    assert_int_equal(claim(p, DUE, items), 1);
    assert_false(items[0].is_repeat);
    assert_int_equal(outbox_claim(p->db, "notify", DUE, 60, items, 8, &p->err), 1);
    assert_false(items[0].is_repeat);
    OK(p, claims_release(p->db, DUE + 1, &p->err));
    assert_int_equal(claim(p, DUE + 1, items), 1);
    assert_true(items[0].is_repeat);
    assert_int_equal(outbox_claim(p->db, "notify", DUE + 20, 60, items, 8, &p->err), 0);
    assert_int_equal(outbox_claim(p->db, "notify", DUE + 21, 60, items, 8, &p->err), 1);
    assert_true(items[0].is_repeat);
}

/* Of a held notice at a held door, and of one beside it: one each. */
static void a_hold_is_looked_at_for_what_it_keeps_and_each_of_that_gives_way_once(void **state)
{
    struct place *p = *state;
    const time_t deadline = NIGHT + 25200;
    int steps = 0;

    owed(p, "A1", "100001", "");
    owed(p, "A2", "100001", "");
    for (int i = 0; i < 200; i++) {
        char police_ref[16];

        snprintf(police_ref, sizeof police_ref, "B%d", i);
        owed(p, police_ref, "100002", "");
    }
    hold(p, HOLD_NOTICE, reference(p));
    hold(p, HOLD_ESTABLISHMENT, "school/100001");
    assert_int_equal(holds_give_way(p->db, "email", deadline, &p->err), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.held'"), 2);
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(sql_handle(p->db), s));)
        steps += strstr(sqlite3_sql(s), "FROM hold h CROSS JOIN")
                     ? sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 0)
                     : 0;
    assert_in_range(steps, 1, 300);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_on_its_way_to_notify_when_a_daemon_ended_waits_a_moment),
        T(the_earliest_deadline_is_first_and_of_equals_the_urgent),
        T(a_revision_that_makes_it_urgent_moves_it_forward),
        T(what_is_planned_in_the_place_of_a_held_notice_is_held),
        T(what_is_held_waits_until_it_is_released),
        T(the_many_behind_a_held_adapter_cost_nothing),
        T(what_is_held_meanwhile_is_not_taken),
        T(a_hold_gives_way_when_the_notices_time_is_up),
        T(what_is_owed_to_a_desk_waits_on),
        T(retry_brings_forward_what_was_tried_and_nothing_else),
        T(a_hold_is_looked_at_for_what_it_keeps_and_each_of_that_gives_way_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
