/* A service that has taken a message over is asked what became of it, until it says so or can know no
 * more; and what it says is acted on once. */
#include "planner_fixture.h"

#include "deliver/asking.h"
#include "deliver/retry.h"
#include "store/deliveries.h"

#define MINUTES(n) (SEND_AT + (n)*60)
#define WEEK (7 * 86400)

/* What the service says next, and how often it has been asked. */
static enum delivery says;
static int asked, open_asks;

static int fake_ask(void *self, const char *handle, CURL **transfer, void **work, struct err *err)
{
    (void)self;
    (void)err;
    assert_string_equal(handle, "their-number");
    *transfer = curl_easy_init();
    curl_easy_setopt(*transfer, CURLOPT_URL, "http://127.0.0.1:9/");
    curl_easy_setopt(*transfer, CURLOPT_PROXY, "");
    *work = &open_asks;
    open_asks++;
    asked++;
    return 0;
}

static enum delivery fake_hear(void *self, CURL *transfer, void *work, CURLcode how,
                               struct outcome *outcome)
{
    (void)self;
    (void)how;
    assert_ptr_equal(work, &open_asks);
    assert_int_equal(outcome->retry_after, -1);
    open_asks--;
    curl_easy_cleanup(transfer);
    outcome->code = 200;
    snprintf(outcome->detail, sizeof outcome->detail, "a status");
    return says;
}

static const struct adapter fake = {
    .name = "email", .ask = fake_ask, .hear = fake_hear, .heard_of_for = WEEK};

struct desk {
    struct place *p;
    struct ways ways;
    struct asking asking;
    time_t next;
};

static int desk_setup(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    void *p = NULL;

    if (setup(&p) < 0)
        return -1;
    d->p = p;
    d->asking.multi = curl_multi_init();
    d->ways.list[d->ways.count++] = (struct way){.adapter = &fake, .self = d};
    says = DELIVERY_UNDER_WAY;
    asked = open_asks = 0;
    *state = d;
    return 0;
}

static int desk_teardown(void **state)
{
    struct desk *d = *state;
    void *p = d->p;

    asking_stop(&d->asking);
    curl_multi_cleanup(d->asking.multi);
    free(d);
    return place_teardown(&p) < 0 || open_asks != 0 ? -1 : 0;
}

static void collect(struct desk *d)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(d->asking.multi, &left))) {
        struct transfer_end *end = NULL;
        CURL *transfer = m->easy_handle;
        CURLcode how = m->data.result;

        curl_easy_getinfo(transfer, CURLINFO_PRIVATE, (char **)&end);
        curl_multi_remove_handle(d->asking.multi, transfer);
        end->take(end->who, how);
    }
}

/* A round of the daemon's, to its end. */
static void ask_at(struct desk *d, time_t now)
{
    int running = 1;

    d->next = now + WEEK;
    OK(d->p, asking_run(&d->asking, &d->ways, d->p->db, now, &d->next, &d->p->err));
    while (d->asking.flying) {
        curl_multi_perform(d->asking.multi, &running);
        collect(d);
        if (d->asking.flying)
            curl_multi_poll(d->asking.multi, NULL, 0, 50, NULL);
    }
    OK(d->p, asking_run(&d->asking, &d->ways, d->p->db, now, &d->next, &d->p->err));
    assert_false(db_in_transaction(d->p->db));
}

static void hand_over(struct desk *d, time_t now)
{
    struct place *p = d->p;
    char key[OUTBOX_KEY_SIZE] = "";
    sqlite3_stmt *stmt;

    send_one(p, "email", now);
    OK(p,
       sql_query(p->db, &stmt, &p->err,
                 "SELECT key FROM outbox WHERE state = 'sent' ORDER BY item_id DESC LIMIT 1", ""));
    assert_int_equal(sql_row(p->db, stmt, &p->err), 1);
    OK(p, sql_copy(stmt, 0, key, sizeof key, &p->err));
    sql_done(stmt);
    OK(p, db_begin(p->db, &p->err));
    OK(p,
       deliveries_add(p->db, key, "email", "their-number", now, ask_again_at(now, now), &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static int64_t told_zelda(struct desk *d)
{
    int64_t id = zelda(d->p);

    plan_at(d->p, NIGHT);
    hand_over(d, SEND_AT);
    return id;
}

static int64_t still_asked(struct place *p)
{
    return ask(p, "SELECT count(*) FROM delivery WHERE ask_at IS NOT NULL");
}

static int64_t ended(struct place *p, const char *how)
{
    int64_t n = 0;

    OK(p, sql_int(p->db, &n, &p->err, "SELECT count(*) FROM delivery WHERE ended = ?", "t", how));
    return n;
}

static void it_is_asked_less_and_less_often_until_it_is_delivered(void **state)
{
    struct desk *d = *state;
    int64_t id = told_zelda(d);
    time_t t = SEND_AT;
    int rounds = 0;

    ask_at(d, SEND_AT + 29);
    assert_int_equal(asked, 0);
    assert_int_equal(d->next, SEND_AT + 30);
    while (t < SEND_AT + 3 * 86400) {
        ask_at(d, t);
        if (d->next <= t)
            fail_msg("it is not waited for");
        assert_true(d->next <= t + 3600);
        t = d->next;
        rounds++;
    }
    assert_in_range(rounds, 70, 110); /* in three days */
    says = DELIVERY_DONE;
    ask_at(d, t);
    assert_int_equal(still_asked(d->p), 0);
    assert_int_equal(ended(d->p, "delivered"), 1);
    assert_int_equal(ask(d->p, "SELECT count(*) FROM audit WHERE event = 'item.delivered'"
                               " AND item_id = 1 AND incident_id = 1"),
                     1);
    assert_int_equal(child(d->p, id, "1").state, CHILD_TOLD);
    asked = 0;
    ask_at(d, t + 86400);
    assert_int_equal(asked, 0);
}

static void after_a_week_it_is_asked_no_more(void **state)
{
    struct desk *d = *state;
    int64_t id = told_zelda(d);

    ask_at(d, SEND_AT + WEEK - 1);
    assert_int_equal(asked, 1);
    assert_int_equal(still_asked(d->p), 1);
    ask_at(d, d->next);
    assert_int_equal(asked, 1);
    assert_int_equal(ended(d->p, "unknown"), 1);
    assert_int_equal(ask(d->p, "SELECT count(*) FROM audit WHERE event = 'item.unheard'"), 1);
    assert_int_equal(child(d->p, id, "1").state, CHILD_TOLD);
}

static void what_failed_there_goes_to_the_next_contact(void **state)
{
    struct desk *d = *state;
    int64_t id = told_zelda(d);

    says = DELIVERY_FAILED;
    ask_at(d, MINUTES(2));
    assert_int_equal(child(d->p, id, "1").state, CHILD_OPEN);
    plan_at(d->p, MINUTES(2));
    assert_int_equal(waits_for(d->p, 1), 2);
    assert_int_equal(ended(d->p, "failed"), 1);
    ask_at(d, MINUTES(60));
    assert_int_equal(asked, 1);
    nobody_is_forgotten(d->p);
}

/* Three times in all: who says each time that it never left has to give way to the next contact. */
static void what_never_left_there_is_sent_again_and_not_for_ever(void **state)
{
    struct desk *d = *state;

    told_zelda(d);
    says = DELIVERY_AGAIN;
    ask_at(d, MINUTES(2));
    assert_int_equal(ended(d->p, "again"), 1);
    plan_at(d->p, MINUTES(2));
    assert_int_equal(waits_for(d->p, 1), 1);
    hand_over(d, MINUTES(3));
    assert_int_equal(still_asked(d->p), 1);
    ask_at(d, MINUTES(5));
    plan_at(d->p, MINUTES(5));
    assert_int_equal(waits_for(d->p, 1), 1);
    hand_over(d, MINUTES(6));
    ask_at(d, MINUTES(8));
    plan_at(d->p, MINUTES(8));
    assert_int_equal(ended(d->p, "failed"), 1);
    assert_int_equal(waits_for(d->p, 1), 2);
    nobody_is_forgotten(d->p);
}

static void no_answer_changes_nothing_and_is_asked_for_again(void **state)
{
    struct desk *d = *state;
    int64_t id = told_zelda(d);

    says = DELIVERY_UNHEARD;
    ask_at(d, MINUTES(2));
    assert_int_equal(still_asked(d->p), 1);
    assert_true(d->next > MINUTES(2));
    assert_int_equal(child(d->p, id, "1").state, CHILD_TOLD);
}

/* As when the daemon ends between the answer and its record. */
static void what_was_heard_and_not_recorded_is_asked_again(void **state)
{
    struct desk *d = *state;
    int running;

    told_zelda(d);
    says = DELIVERY_DONE;
    OK(d->p, asking_run(&d->asking, &d->ways, d->p->db, MINUTES(2), &d->next, &d->p->err));
    while (d->asking.flying) {
        curl_multi_perform(d->asking.multi, &running);
        collect(d);
    }
    asking_stop(&d->asking);
    assert_int_equal(still_asked(d->p), 1);
    ask_at(d, MINUTES(2));
    assert_int_equal(asked, 2);
    assert_int_equal(ended(d->p, "delivered"), 1);
}

static void a_way_that_is_shut_is_not_asked(void **state)
{
    struct desk *d = *state;

    told_zelda(d);
    d->ways.list[0].circuit.until = MINUTES(10);
    ask_at(d, MINUTES(2));
    assert_int_equal(asked, 0);
    ask_at(d, MINUTES(10));
    assert_int_equal(asked, 1);
}

static void nothing_is_asked_twice_at_a_time_nor_too_much_at_once(void **state)
{
    struct desk *d = *state;

    run(d->p, "INSERT INTO delivery(key, adapter, handle, sent_at, ask_at)"
              " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
              " SELECT 'key' || i, 'email', 'their-number', 1795160000, 1795160030 FROM n");
    for (int i = 0; i < 3; i++)
        OK(d->p, asking_run(&d->asking, &d->ways, d->p->db, 1795160100, &d->next, &d->p->err));
    assert_int_equal(asked, 8);
    for (int i = 0; i < 4; i++)
        ask_at(d, 1795160100);
    assert_int_equal(asked, 30);
    assert_int_equal(still_asked(d->p), 30);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_asked_less_and_less_often_until_it_is_delivered),
        TEST(after_a_week_it_is_asked_no_more),
        TEST(what_failed_there_goes_to_the_next_contact),
        TEST(what_never_left_there_is_sent_again_and_not_for_ever),
        TEST(no_answer_changes_nothing_and_is_asked_for_again),
        TEST(what_was_heard_and_not_recorded_is_asked_again),
        TEST(a_way_that_is_shut_is_not_asked),
        TEST(nothing_is_asked_twice_at_a_time_nor_too_much_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
