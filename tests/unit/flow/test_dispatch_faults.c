/* Crashes, stores that fail, and notices that cannot be made. */
#include "dispatch_fixture.h"

static const char store_fails[] = "CREATE TEMP TRIGGER store_fails BEFORE INSERT ON main.attempt"
                                  " BEGIN SELECT raise(ABORT, 'the disk is full'); END";

/* Killed between sending and recording: the next start sends under the same key. */
static void a_crash_before_recording_repeats_under_the_same_key(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    run(n->p, store_fails);
    n->next = DUE + 100;
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), 0);
    assert_int_equal(files(n), 1);
    dispatch_free(n->d);
    n->d = NULL;
    run(n->p, "DROP TRIGGER store_fails");
    STATE(n, "leased");
    OK(n->p, claims_release(n->p->db, DUE, &n->p->err));
    start(n);
    turn(n);
    assert_int_equal(files(n), 1);
    STATE(n, "sent");
    assert_int_equal(ATTEMPTS(n), 1);
}

/* Without a crash the outcome is kept, and recorded when the store can: sent once. */
static void an_outcome_that_the_store_cannot_take_is_not_lost(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    run(n->p, store_fails);
    n->next = DUE + 100;
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), 0);
    assert_int_equal(files(n), 1);
    empty_spool(n);
    at(n, DUE + 600); /* the lease has run out meanwhile */
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), 0);
    assert_int_equal(logged(n, "outbox.unrecorded"), 1);
    run(n->p, "DROP TRIGGER store_fails");
    turn(n);
    STATE(n, "sent");
    assert_int_equal(files(n), 0);
}

/* Of two that have been sent the store takes one: the other is kept, is said once, and is recorded
 * when it can be. */
static void an_end_that_the_store_does_not_take_holds_up_no_other(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100001", 1);
    run(n->p, "CREATE TEMP TRIGGER not_this_one BEFORE INSERT ON main.attempt"
              " WHEN new.item_id = (SELECT min(item_id) FROM outbox)"
              " BEGIN SELECT raise(ABORT, 'not this one'); END");
    n->next = DUE + 100;
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), 0);
    STATE(n, "leased sent");
    owed(n, "A3", "100001", 1);
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), 0);
    STATE(n, "leased sent sent");
    assert_int_equal(files(n), 3);
    assert_int_equal(logged(n, "outbox.unrecorded"), 1);
    run(n->p, "DROP TRIGGER not_this_one");
    turn(n);
    STATE(n, "sent sent sent");
    assert_int_equal(ATTEMPTS(n), 3);
}

static void a_notice_that_cannot_be_made_stops_no_other_and_is_seen(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100002", 2);
    run(n->p, "DELETE FROM establishment WHERE urn = '100001'");
    turn(n);
    STATE(n, "due sent");
    assert_int_equal(files(n), 1);
    assert_string_equal(
        word(n, "SELECT verdict FROM outbox WHERE kind = 'notice' AND state = 'due'"), "broken");
    assert_in_range(ask(n->p, "SELECT due_at FROM outbox WHERE kind = 'notice' AND state = 'due'"),
                    DUE + 2, DUE + 300 + SLOW);
    assert_int_equal(logged(n, "error outbox.tried"), 1);
    assert_int_equal(logged(n, "adapter.held"), 0);
    run(n->p, "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name,"
              " status_code) VALUES ('school', '100001', '879', 'Back', 1, 'x', 1)");
    at(n, DUE + 300 + SLOW);
    turn(n);
    STATE(n, "sent sent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(a_crash_before_recording_repeats_under_the_same_key),
        DISPATCH_TEST(an_outcome_that_the_store_cannot_take_is_not_lost),
        DISPATCH_TEST(an_end_that_the_store_does_not_take_holds_up_no_other),
        DISPATCH_TEST(a_notice_that_cannot_be_made_stops_no_other_and_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
