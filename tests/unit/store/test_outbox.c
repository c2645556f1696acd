/* The outbox: leases, tries and their ends, and what stands in the way of a send. */
#include "store_fixture.h"

#include "store/audit.h"

/* An incident of one child, its notice owed to contact 1 (email) at DUE. */
static int64_t owed(struct place *p, const char *police_ref, int64_t contact_id)
{
    int64_t id = put(p, call_out(p, police_ref, 1, "notify", ZELDA, ""), NIGHT);
    int64_t child_id = child(p, id, "1").child_id;

    decided(p, child_id, "match");
    planned(p, id, 1, "school", "100001", contact_id, &child_id, 1);
    return id;
}

static int claim(struct place *p, const char *adapter, time_t now, struct outbox_item *out,
                 int limit)
{
    int n = outbox_claim(p->db, adapter, now, 60, out, limit, &p->err);

    OK(p, n);
    assert_false(db_in_transaction(p->db));
    return n;
}

static void what_is_due_soonest_is_leased_first_and_by_its_own_adapter(void **state)
{
    struct place *p = *state;
    struct outbox_item items[4];

    owed(p, "A1", 1);
    owed(p, "B1", 1);
    owed(p, "C1", 3);
    run(p, "UPDATE outbox SET due_at = due_at - 100 WHERE item_id = 2");
    assert_int_equal(claim(p, "email", DUE - 101, items, 4), 0);
    assert_int_equal(claim(p, "email", DUE, items, 4), 2);
    assert_int_equal(items[0].item_id, 2);
    assert_int_equal(items[1].item_id, 1);
    assert_int_equal(items[1].notice_id, 1);
    assert_int_equal(items[1].contact_id, 1);
    assert_int_equal(items[1].tries, 0);
    assert_int_equal(items[1].give_up_at, NIGHT + 25200);
    assert_int_equal(strlen(items[1].key), 26);
    assert_string_equal(items[1].adapter, "email");
    assert_int_equal(claim(p, "email", DUE, items, 4), 0);
    assert_int_equal(claim(p, "webhook", DUE, items, 1), 1);
    assert_int_equal(items[0].item_id, 3);
}

/* As after a crash between sending and recording. */
static void a_lease_that_runs_out_sends_again_under_the_same_key(void **state)
{
    struct place *p = *state;
    struct outbox_item first, second;
    time_t next;

    owed(p, "A1", 1);
    assert_int_equal(claim(p, "email", DUE, &first, 1), 1);
    assert_int_equal(claims_next_due(p->db, "email", &next, &p->err), 1);
    assert_int_equal(next, DUE + 60);
    assert_int_equal(claim(p, "email", DUE + 59, &second, 1), 0);
    assert_int_equal(claim(p, "email", DUE + 60, &second, 1), 1);
    assert_string_equal(first.key, second.key);
    assert_int_equal(second.item_id, first.item_id);
}

static void a_daemon_that_starts_ends_all_leases(void **state)
{
    struct place *p = *state;
    struct outbox_item item;

    owed(p, "A1", 1);
    assert_int_equal(claim(p, "email", DUE, &item, 1), 1);
    assert_int_equal(claims_release(p->db, DUE + 1, &p->err), 1);
    assert_int_equal(claim(p, "email", DUE + 1, &item, 1), 1);
}

static void a_contact_that_is_no_longer_verified_gets_nothing(void **state)
{
    struct place *p = *state;
    int64_t a = owed(p, "A1", 1), b = owed(p, "B1", 2), c = owed(p, "C1", 4);
    struct outbox_item items[4];

    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 1");
    run(p, "UPDATE contact SET ended_at = 7 WHERE contact_id = 2");
    assert_int_equal(claim(p, "email", DUE, items, 4), 1);
    assert_int_equal(items[0].contact_id, 4);
    assert_int_equal(child(p, a, "1").stage, STAGE_PLAN);
    assert_int_equal(child(p, b, "1").stage, STAGE_PLAN);
    assert_int_equal(child(p, c, "1").stage, STAGE_DONE);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.returned'"), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 3);
    /* Verified again, it may be told after all. */
    assert_int_equal(notices_add_item(p->db, 1, 1, "email", DUE, DUE, DUE, &p->err), 1);
}

static void what_is_being_planned_anew_is_not_overtaken_by_the_old_plan(void **state)
{
    struct place *p = *state;
    int64_t id = owed(p, "A1", 1);
    struct outbox_item item;
    time_t next;

    put(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), NIGHT + 1);
    assert_int_equal(claim(p, "email", DUE, &item, 1), 0);
    assert_int_equal(claims_next_due(p->db, "email", &next, &p->err), 0);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_MATCH, &p->err));
    assert_int_equal(claim(p, "email", DUE, &item, 1), 0);
    OK(p, incidents_set_stage(p->db, child(p, id, "1").child_id, STAGE_DONE, &p->err));
    assert_int_equal(claims_next_due(p->db, "email", &next, &p->err), 1);
    assert_int_equal(next, DUE);
    assert_int_equal(claim(p, "email", DUE, &item, 1), 1);
}

static void what_was_sent_is_told_and_recorded(void **state)
{
    struct place *p = *state;
    int64_t id = owed(p, "A1", 1);
    struct outbox_item item;
    struct notice_row n;

    assert_int_equal(claim(p, "email", DUE, &item, 1), 1);
    OK(p, outbox_sent(p->db, &item, 250, "taken over", 640, DUE + 1, &p->err));
    assert_int_equal(notices_get(p->db, 1, &n, &p->err), 1);
    assert_int_equal(n.state, NOTICE_TOLD);
    assert_int_equal(n.told_at, DUE + 1);
    assert_int_equal(n.told_contact, 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(ask(p, "SELECT count(*) FROM attempt WHERE try = 1 AND verdict = 'sent'"
                            " AND code = 250 AND ms = 640"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.sent'"), 1);
    assert_int_equal(claim(p, "email", DUE + 1000, &item, 1), 0);
}

/* Two tries under way, as when a lease ran out during a slow send: both are recorded, and the
 * notice keeps its first telling. */
static void a_second_end_of_a_send_changes_nothing_but_its_record(void **state)
{
    struct place *p = *state;
    int64_t id = owed(p, "A1", 1);
    struct outbox_item item;

    assert_int_equal(claim(p, "email", DUE, &item, 1), 1);
    OK(p, outbox_sent(p->db, &item, 250, "", 1, DUE + 1, &p->err));
    OK(p, outbox_sent(p->db, &item, 250, "", 1, DUE + 2, &p->err));
    OK(p, outbox_later(p->db, &item, "later", 451, "", 1, DUE + 9, true, DUE + 3, &p->err));
    OK(p, outbox_never(p->db, &item, 550, "", 1, DUE + 4, &p->err));
    assert_int_equal(ask(p, "SELECT told_at FROM notice"), DUE + 1);
    assert_int_equal(ask(p, "SELECT sent_at FROM outbox WHERE state = 'sent' AND item_id = 1"),
                     DUE + 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM attempt"), 4);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(child(p, id, "1").stage, STAGE_DONE);
}

static void later_is_due_again_at_its_time_under_its_key(void **state)
{
    struct place *p = *state;
    struct outbox_item first, second;

    owed(p, "A1", 1);
    assert_int_equal(claim(p, "email", DUE, &first, 1), 1);
    OK(p, outbox_later(p->db, &first, "later", 451, "mailbox busy", 5, DUE + 30, true, DUE + 1,
                       &p->err));
    assert_int_equal(claim(p, "email", DUE + 29, &second, 1), 0);
    assert_int_equal(claim(p, "email", DUE + 30, &second, 1), 1);
    assert_int_equal(second.tries, 1);
    assert_string_equal(first.key, second.key);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.later'"), 1);
}

static void never_hands_the_children_back_to_planning(void **state)
{
    struct place *p = *state;
    int64_t id = owed(p, "A1", 1);
    struct outbox_item item;

    assert_int_equal(claim(p, "email", DUE, &item, 1), 1);
    OK(p, outbox_never(p->db, &item, 550, "no such user", 5, DUE + 1, &p->err));
    assert_int_equal(child(p, id, "1").stage, STAGE_PLAN);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    assert_int_equal(ask(p, "SELECT count(*) FROM notice WHERE state = 'owed'"), 1);
    assert_int_equal(claim(p, "email", DUE + 1000, &item, 1), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE state = 'failed'"), 1);
}

static void receipts_leave_oldest_first_and_are_whole(void **state)
{
    struct place *p = *state;
    struct outbox_item items[4];
    time_t next;

    OK(p,
       outbox_add_receipt(p->db, "encompass/v1/a/receipt", "{\"n\":1}", "c\0d", 3, NIGHT, &p->err));
    OK(p,
       outbox_add_receipt(p->db, "encompass/v1/a/receipt", "{\"n\":2}", NULL, 0, NIGHT, &p->err));
    OK(p,
       outbox_add_receipt(p->db, "encompass/v1/b/receipt", "{\"n\":3}", NULL, 0, NIGHT, &p->err));
    owed(p, "A1", 1);
    assert_int_equal(claims_next_due(p->db, "mqtt", &next, &p->err), 1);
    assert_int_equal(next, NIGHT);
    assert_int_equal(outbox_claim_receipts(p->db, NIGHT, 60, items, 2, &p->err), 2);
    assert_string_equal(items[0].payload, "{\"n\":1}");
    assert_string_equal(items[0].topic, "encompass/v1/a/receipt");
    assert_int_equal(items[0].notice_id, -1);
    assert_int_equal(items[0].correlation_length, 3);
    assert_memory_equal(items[0].correlation, "c\0d", 3);
    assert_string_equal(items[1].payload, "{\"n\":2}");
    assert_int_equal(items[1].correlation_length, 0);
    OK(p, outbox_sent(p->db, &items[0], 0, NULL, 0, NIGHT, &p->err));
    OK(p, outbox_later(p->db, &items[1], "later", 0, "broker away", 0, NIGHT + 5, true, NIGHT,
                       &p->err));
    outbox_item_release(&items[0]);
    outbox_item_release(&items[1]);
    assert_int_equal(outbox_claim_receipts(p->db, NIGHT + 5, 60, items, 4, &p->err), 2);
    assert_string_equal(items[0].payload, "{\"n\":3}");
    assert_string_equal(items[1].payload, "{\"n\":2}");
    outbox_item_release(&items[0]);
    outbox_item_release(&items[1]);
    assert_int_equal(ask(p, "SELECT count(*) FROM attempt"), 0);
}

static void a_standing_that_has_left_is_not_overwritten(void **state)
{
    struct place *p = *state;
    struct outbox_item item;

    OK(p, outbox_add_standing(p->db, 1, "t", "one", NIGHT, &p->err));
    OK(p, outbox_add_standing(p->db, 1, "t", "two", NIGHT, &p->err));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE payload = 'two'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox"), 1);
    OK(p, outbox_add_standing(p->db, 2, "t", "another's", NIGHT, &p->err));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox"), 2);
    assert_int_equal(outbox_claim_receipts(p->db, NIGHT, 60, &item, 1, &p->err), 1);
    outbox_item_release(&item);
    OK(p, outbox_add_standing(p->db, 1, "t", "three", NIGHT, &p->err));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE payload IN ('two','three')"), 2);
}

static void a_standing_does_not_overtake_what_was_written_before_it(void **state)
{
    struct place *p = *state;
    struct outbox_item items[4];

    OK(p, outbox_add_standing(p->db, 1, "t", "told", NIGHT, &p->err));
    OK(p, outbox_add_receipt(p->db, "t", "a revision is accepted", NULL, 0, NIGHT, &p->err));
    OK(p, outbox_add_standing(p->db, 1, "t", "told of it", NIGHT, &p->err));
    assert_int_equal(outbox_claim_receipts(p->db, NIGHT, 60, items, 4, &p->err), 2);
    assert_string_equal(items[0].payload, "a revision is accepted");
    assert_string_equal(items[1].payload, "told of it");
    outbox_item_release(&items[0]);
    outbox_item_release(&items[1]);
}

/* Each statement that a night has used is looked at as SQLite would run it. */
static void what_runs_every_second_reads_no_whole_table(void **state)
{
    struct place *p = *state;
    char *used[128];
    size_t count = 0;
    struct outbox_item items[2];
    int64_t ids[2];
    sqlite3_stmt *stmt = NULL;

    owed(p, "A1", 1);
    assert_int_equal(claim(p, "email", DUE, items, 1), 1);
    OK(p, outbox_sent(p->db, &items[0], 250, "", 1, DUE, &p->err));
    put(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), DUE);
    assert_int_equal(notices_answer(p->db, 1, "una", DUE, &p->err), 1);
    assert_int_equal(outbox_claim_receipts(p->db, DUE, 60, items, 1, &p->err), 1);
    outbox_item_release(&items[0]);
    assert_int_equal(incidents_with_work(p->db, STAGE_PLAN, 0, ids, 2, &p->err), 1);

    while ((stmt = sqlite3_next_stmt(sql_handle(p->db), stmt))) {
        assert_true(count < ARRAY_SIZE(used));
        used[count++] = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(stmt));
    }
    assert_true(count > 30);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(used[i], "PRAGMA") &&
            sqlite3_prepare_v2(sql_handle(p->db), used[i], -1, &stmt, NULL) == SQLITE_OK) {
            while (sqlite3_step(stmt) == SQLITE_ROW) {
                const char *detail = (const char *)sqlite3_column_text(stmt, 3);

                if ((strstr(detail, "SCAN") && !strstr(detail, "CONSTANT ROW")) ||
                    (strstr(detail, "TEMP B-TREE") && strstr(used[i], "LIMIT")))
                    fail_msg("%s: %s", used[i], detail);
            }
            sqlite3_finalize(stmt);
        }
        sqlite3_free(used[i]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_due_soonest_is_leased_first_and_by_its_own_adapter),
        T(a_lease_that_runs_out_sends_again_under_the_same_key),
        T(a_daemon_that_starts_ends_all_leases),
        T(a_contact_that_is_no_longer_verified_gets_nothing),
        T(what_is_being_planned_anew_is_not_overtaken_by_the_old_plan),
        T(what_was_sent_is_told_and_recorded),
        T(a_second_end_of_a_send_changes_nothing_but_its_record),
        T(later_is_due_again_at_its_time_under_its_key),
        T(never_hands_the_children_back_to_planning),
        T(receipts_leave_oldest_first_and_are_whole),
        T(a_standing_that_has_left_is_not_overwritten),
        T(a_standing_does_not_overtake_what_was_written_before_it),
        T(what_runs_every_second_reads_no_whole_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
