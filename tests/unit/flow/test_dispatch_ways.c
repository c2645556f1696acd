/* Ways that are shut, held, not configured or unknown. */
#include "dispatch_fixture.h"

#include "store/holds.h"

static void a_clock_that_is_set_back_does_not_hold_a_way_for_longer(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    at(n, DUE + 7200);
    shut(n, true);
    turn(n);
    STATE(n, "due");
    shut(n, false);
    at(n, DUE + 600);
    owed(n, "A2", "100001", 1);
    run(n->p, "UPDATE child SET stage = 'done';" /* nobody else can be told */
              "UPDATE outbox SET due_at = due_at + 86400 WHERE notice_id = 2;"
              "UPDATE notice SET due_at = due_at + 86400 WHERE notice_id = 2");
    turn(n);
    STATE(n, "sent due");
    assert_int_equal(logged(n, "clock.set_back"), 1);
}

/* It was put right while we were not there. */
static void a_start_does_not_wait_for_a_moment_that_a_clock_ahead_has_set(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    at(n, DUE + 86400);
    shut(n, true);
    turn(n);
    OK(n->p, outbox_add_receipt(n->p->db, "t", "{}", NULL, 0, DUE + 86400, &n->p->err));
    run(n->p, "UPDATE child SET stage = 'done'");
    shut(n, false);
    dispatch_free(n->d);
    at(n, DUE + 600);
    start(n);
    turn(n);
    STATE(n, "sent");
    assert_in_range(ask(n->p, "SELECT due_at FROM outbox WHERE kind = 'receipt'"), DUE,
                    DUE + 600 + SLOW);
    assert_int_equal(logged(n, "clock.set_back"), 0);
}

static void a_way_that_is_shut_is_held_tried_by_one_and_opened_for_all(void **state)
{
    struct night *n = *state;
    time_t held_until;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100001", 1);
    owed(n, "A3", "100001", 1);
    shut(n, true);
    turn(n);
    assert_int_equal(ATTEMPTS(n), 3); /* claimed together, before anybody knew */
    assert_int_equal(ask(n->p, "SELECT count(*) FROM attempt WHERE verdict = 'broken'"), 3);
    STATE(n, "due due due");
    held_until = n->next;
    assert_in_range(held_until, DUE + 15, DUE + 15 + SLOW);
    at(n, held_until - SLOW);
    turn(n);
    assert_int_equal(ATTEMPTS(n), 3);
    at(n, held_until);
    turn(n);
    assert_int_equal(ATTEMPTS(n), 4);
    assert_in_range(n->next, held_until + 30, held_until + 30 + SLOW);
    assert_int_equal(logged(n, "error adapter.held"), 1);
    shut(n, false);
    at(n, n->next);
    turn(n);
    turn(n);
    STATE(n, "sent sent sent");
    assert_int_equal(files(n), 3);
    assert_int_equal(logged(n, "adapter.open"), 1);
}

static void what_is_shut_stands_in_the_store_and_an_operator_can_have_it_tried(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    shut(n, true);
    turn(n);
    assert_string_equal(word(n, "SELECT adapter FROM shut"), "spool");
    assert_in_range(ask(n->p, "SELECT until - since FROM shut"), 15, 15);
    shut(n, false);
    OK(n->p, db_begin(n->p->db, &n->p->err));
    assert_int_equal(holds_retry(n->p->db, HOLD_ADAPTER, "spool", "j.officer", DUE + 1, &n->p->err),
                     1);
    OK(n->p, db_commit(n->p->db, &n->p->err));
    at(n, DUE + 2);
    turn(n);
    STATE(n, "sent");
    assert_int_equal(ask(n->p, "SELECT count(*) FROM shut"), 0);
}

static void a_start_tries_what_was_shut(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    shut(n, true);
    turn(n);
    dispatch_free(n->d);
    start(n);
    assert_int_equal(ask(n->p, "SELECT count(*) FROM shut"), 0);
    shut(n, false);
    run(n->p, "UPDATE outbox SET due_at = 0 WHERE kind = 'notice'");
    turn(n);
    STATE(n, "sent");
}

/* The desk behind it is told in the same breath, when the daemon plans it. */
static void what_is_held_waits_and_gives_way_at_its_time(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    OK(n->p, db_begin(n->p->db, &n->p->err));
    OK(n->p, holds_add(n->p->db, HOLD_ESTABLISHMENT, "school/100001", "repair", "j.officer", DUE,
                       &n->p->err));
    OK(n->p, db_commit(n->p->db, &n->p->err));
    turn(n);
    STATE(n, "due");
    assert_int_equal(files(n), 0);
    at(n, NIGHT + 25200);
    turn(n);
    STATE(n, "failed");
    assert_string_equal(word(n, "SELECT stage FROM child"), "plan");
}

static void what_is_held_is_not_looked_through_every_second(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    OK(n->p, db_begin(n->p->db, &n->p->err));
    OK(n->p, holds_add(n->p->db, HOLD_ESTABLISHMENT, "school/100001", "repair", "j.officer", DUE,
                       &n->p->err));
    OK(n->p, db_commit(n->p->db, &n->p->err));
    turn(n);
    run(n->p, "UPDATE outbox SET give_up_at = 5 WHERE kind = 'notice'");
    at(n, DUE + 2);
    turn(n);
    STATE(n, "due");
    at(n, DUE + SLOW + 5);
    turn(n);
    STATE(n, "failed");
}

/* Whether somebody else is told is for planning, which knows who is reached by another. */
static void what_a_held_adapter_keeps_past_its_time_is_plannings_and_goes_on_release(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    OK(n->p, db_begin(n->p->db, &n->p->err));
    OK(n->p, holds_add(n->p->db, HOLD_ADAPTER, "spool", "repair", "j.officer", DUE, &n->p->err));
    OK(n->p, db_commit(n->p->db, &n->p->err));
    turn(n);
    assert_string_equal(word(n, "SELECT stage FROM child"), "done");
    at(n, NIGHT + 25200);
    turn(n);
    STATE(n, "due");
    assert_string_equal(word(n, "SELECT stage FROM child"), "plan");
    run(n->p, "UPDATE child SET stage = 'done'"); /* nobody else can be told */
    OK(n->p, db_begin(n->p->db, &n->p->err));
    assert_int_equal(
        holds_release(n->p->db, HOLD_ADAPTER, "spool", "j.officer", NIGHT + 25300, &n->p->err), 1);
    OK(n->p, db_commit(n->p->db, &n->p->err));
    at(n, NIGHT + 25300);
    turn(n);
    STATE(n, "sent");
}

static void an_adapter_that_is_not_configured_gives_the_next_contact_its_turn(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100002", 3);
    turn(n);
    STATE(n, "failed");
    assert_string_equal(word(n, "SELECT stage FROM child"), "plan");
    assert_string_equal(word(n, "SELECT verdict FROM outbox WHERE kind = 'notice'"), "never");
}

static void an_adapter_that_there_is_not_gives_the_next_contact_its_turn(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100002", 3);
    owed(n, "A2", "100001", 1);
    run(n->p, "UPDATE outbox SET adapter = 'pigeon' WHERE adapter = 'webhook'");
    turn(n);
    STATE(n, "failed sent");
    assert_int_equal(ask(n->p, "SELECT count(*) FROM child WHERE stage = 'plan'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(a_clock_that_is_set_back_does_not_hold_a_way_for_longer),
        DISPATCH_TEST(a_start_does_not_wait_for_a_moment_that_a_clock_ahead_has_set),
        DISPATCH_TEST(a_way_that_is_shut_is_held_tried_by_one_and_opened_for_all),
        DISPATCH_TEST(what_is_shut_stands_in_the_store_and_an_operator_can_have_it_tried),
        DISPATCH_TEST(a_start_tries_what_was_shut),
        DISPATCH_TEST(what_is_held_waits_and_gives_way_at_its_time),
        DISPATCH_TEST(what_is_held_is_not_looked_through_every_second),
        DISPATCH_TEST(what_a_held_adapter_keeps_past_its_time_is_plannings_and_goes_on_release),
        DISPATCH_TEST(an_adapter_that_is_not_configured_gives_the_next_contact_its_turn),
        DISPATCH_TEST(an_adapter_that_there_is_not_gives_the_next_contact_its_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
