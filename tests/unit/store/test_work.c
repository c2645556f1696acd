/* Pieces of work share a commit, and nothing else. */
#include "store_fixture.h"

#include <pthread.h>

#include "base/clock.h"
#include "store/work.h"

/* Pieces write their number; some are not to be. */
enum { UNREADABLE = 3, NOT_YET = 4, FULL = 5, RUINOUS = 6 };

static int piece(struct db *db, int64_t id, time_t now, void *user, struct err *err)
{
    (void)user;
    if (sql_run(db, err, "INSERT INTO bank_holiday VALUES ('x', ?, ?)", "ii", id, (int64_t)now) < 0)
        return -1;
    switch (id) {
    case UNREADABLE:
        return err_set(err, ERR_INVALID, "it cannot be read");
    case NOT_YET:
        return 0;
    case FULL:
        return err_set(err, ERR_SYSTEM, "the disk is full");
    case RUINOUS: /* as SQLite does of itself when the disk fails */
        db_rollback(db);
        return err_set(err, ERR_STORE, "it is gone");
    default:
        return 1;
    }
}

static int work_through(struct place *p, const struct work_turn *turn, const int64_t *ids, int n)
{
    struct work w;

    OK(p, work_begin(&w, p->db, turn, &p->err));
    for (int i = 0; i < n && work_goes_on(&w); i++)
        work_piece(&w, piece, ids[i], NIGHT, NULL);
    return work_end(&w, &p->err);
}

static const char *kept(struct place *p)
{
    static char text[64];
    sqlite3_stmt *stmt;

    OK(p, sql_query(p->db, &stmt, &p->err,
                    "SELECT ifnull(group_concat(day, ' '), '') FROM bank_holiday", ""));
    assert_int_equal(sql_row(p->db, stmt, &p->err), 1);
    snprintf(text, sizeof text, "%s", sql_text(stmt, 0));
    sql_done(stmt);
    return text;
}

static void a_piece_that_fails_neither_stops_nor_spoils_the_others(void **state)
{
    struct place *p = *state;

    assert_int_equal(work_through(p, WORK_ALL, (int64_t[]){1, UNREADABLE, 2, NOT_YET, 8}, 5), 3);
    assert_string_equal(kept(p), "1 2 8");
    assert_false(db_in_transaction(p->db));
}

static void failures_alone_are_a_failure(void **state)
{
    struct place *p = *state;

    assert_int_equal(work_through(p, WORK_ALL, (int64_t[]){UNREADABLE, NOT_YET}, 2), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_string_equal(kept(p), "");
}

static void what_was_done_before_the_disk_was_full_is_kept(void **state)
{
    struct place *p = *state;

    assert_int_equal(work_through(p, WORK_ALL, (int64_t[]){1, FULL, 2}, 3), -1);
    assert_int_equal(p->err.code, ERR_SYSTEM);
    assert_string_equal(kept(p), "1");
}

static void nothing_goes_on_when_the_transaction_is_gone(void **state)
{
    struct place *p = *state;

    assert_int_equal(work_through(p, WORK_ALL, (int64_t[]){1, RUINOUS, 2}, 3), -1);
    assert_string_equal(p->err.text, "it is gone");
    assert_string_equal(kept(p), "");
    assert_int_equal(work_through(p, WORK_ALL, (int64_t[]){1, 2}, 2), 2);
}

static void a_turn_ends_by_number_and_by_time(void **state)
{
    struct place *p = *state;
    const int64_t ids[] = {1, UNREADABLE, 2, 7};

    assert_int_equal(work_through(p, &(struct work_turn){2, INT_MAX, 0}, ids, 4), 2);
    assert_string_equal(kept(p), "1 2");
    assert_int_equal(work_through(p, &(struct work_turn){0, INT_MAX, 0}, ids, 4), 0);
}

static void a_turn_with_no_time_at_all_does_one_piece(void **state)
{
    struct place *p = *state;

    assert_int_equal(work_through(p, &(struct work_turn){INT_MAX, 0, 0}, (int64_t[]){1, 2}, 2), 1);
    assert_string_equal(kept(p), "1");
}

static void *let_go_later(void *held)
{
    usleep(60 * 1000);
    db_rollback(held);
    return NULL;
}

/* A command that writes one transaction behind another would leave the steps none. */
static void the_time_for_which_another_has_the_lock_is_not_counted(void **state)
{
    struct place *p = *state;
    struct work w;
    struct db *other;
    pthread_t thread;
    int64_t now = clock_monotonic_ms();

    OK(p, db_open(p->path, &other, &p->err));
    OK(p, db_begin(other, &p->err));
    assert_int_equal(pthread_create(&thread, NULL, let_go_later, other), 0);
    OK(p, work_begin(&w, p->db, &(struct work_turn){INT_MAX, 20, 0}, &p->err));
    assert_true(clock_monotonic_ms() >= now + 60);
    assert_true(w.until_ms >= now + 80);
    assert_int_equal(work_end(&w, &p->err), 0);
    pthread_join(thread, NULL);
    db_close(other);
}

static void an_open_transaction_stays_its_owners(void **state)
{
    struct place *p = *state;

    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(work_through(p, WORK_ALL, (int64_t[]){1, UNREADABLE, 2}, 3), 2);
    assert_true(db_in_transaction(p->db));
    assert_string_equal(kept(p), "1 2");
    db_rollback(p->db);
    assert_string_equal(kept(p), "");
}

static int slow_and_mostly_in_vain(struct db *db, int64_t id, time_t now, void *user,
                                   struct err *err)
{
    (void)now;
    (void)user;
    usleep(1100);
    if (id <= 100)
        return err_set(err, ERR_INVALID, "it cannot be read");
    return sql_run(db, err, "UPDATE child SET stage = 'plan' WHERE incident_id = ?", "i", id) < 0
               ? -1
               : 1;
}

/* However little time there is: those that fail are gone through by many turns, not by each. */
static void those_that_always_fail_do_not_use_up_every_turn(void **state)
{
    struct place *p = *state;
    struct work_turn turn = {INT_MAX, 1, 0};
    int turns = 0;

    for (int i = 0; i < 101; i++) {
        char ref[16];

        snprintf(ref, sizeof ref, "A%d", i);
        put(p, call_out(p, ref, 1, "notify", ZELDA, ""), NIGHT);
    }
    while (ask(p, "SELECT count(*) FROM child WHERE stage = 'plan'") == 0) {
        int64_t before = turn.after;

        if (incidents_work_off(p->db, STAGE_MATCH, &turn, slow_and_mostly_in_vain, NIGHT, NULL,
                               &p->err) < 0)
            assert_true(turn.after > before || turn.after == 0);
        assert_true(++turns <= 102);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_piece_that_fails_neither_stops_nor_spoils_the_others),
        T(failures_alone_are_a_failure),
        T(what_was_done_before_the_disk_was_full_is_kept),
        T(nothing_goes_on_when_the_transaction_is_gone),
        T(a_turn_ends_by_number_and_by_time),
        T(a_turn_with_no_time_at_all_does_one_piece),
        T(the_time_for_which_another_has_the_lock_is_not_counted),
        T(an_open_transaction_stays_its_owners),
        T(those_that_always_fail_do_not_use_up_every_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
