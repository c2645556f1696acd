/* Receipts on their way to the police. There is no broker: what is handed over is refused at once,
 * or, with a peer that only listens, is answered by the test. */
#include "store_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/log.h"
#include "intake/receipts.h"

enum { A_MOMENT_MS = 50, ROOM = 250 };

struct sender {
    struct place *p;
    struct clock clock;
    struct receipts *receipts;
    struct mosquitto *mosq;
    int peer;
};

static int setup(void **state)
{
    struct sender *s;
    void *p = NULL;

    if (place_setup(&p) < 0 || !(s = calloc(1, sizeof *s)))
        return -1;
    s->p = p;
    s->peer = -1;
    log_open(stderr, &s->clock, LOG_LEVEL_ERROR);
    mosquitto_lib_init();
    s->mosq = mosquitto_new("test", true, NULL);
    s->receipts = receipts_new(s->p->db, &s->clock);
    *state = s;
    return s->mosq && s->receipts ? 0 : -1;
}

static int teardown(void **state)
{
    struct sender *s = *state;
    void *p = s->p;

    receipts_free(s->receipts);
    mosquitto_destroy(s->mosq);
    if (s->peer >= 0)
        close(s->peer);
    mosquitto_lib_cleanup();
    log_open(stderr, &(struct clock){0}, LOG_LEVEL_ERROR);
    free(s);
    return place_teardown(&p);
}

static void owe(struct sender *s, int count)
{
    for (int i = 0; i < count; i++)
        OK(s->p, outbox_add_receipt(s->p->db, TOPIC, "{}", NULL, 0, clock_now(&s->clock) - 1,
                                    &s->p->err));
}

static int publish(struct sender *s)
{
    int n = receipts_publish(s->receipts, s->mosq, &s->p->err);

    OK(s->p, n);
    return n;
}

static void record(struct sender *s)
{
    OK(s->p, db_begin(s->p->db, &s->p->err));
    OK(s->p, receipts_record(s->receipts, &s->p->err));
    OK(s->p, db_commit(s->p->db, &s->p->err));
    receipts_recorded(s->receipts);
}

/* It takes what is sent and says nothing. */
static void connect_to_a_peer(struct sender *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;

    s->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->peer, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->peer, 1), 0);
    assert_int_equal(getsockname(s->peer, (struct sockaddr *)&at, &length), 0);
    assert_int_equal(mosquitto_int_option(s->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5),
                     MOSQ_ERR_SUCCESS);
    assert_int_equal(mosquitto_connect(s->mosq, "127.0.0.1", ntohs(at.sin_port), 60),
                     MOSQ_ERR_SUCCESS);
}

static int64_t leased(struct sender *s)
{
    int64_t n = -1;

    OK(s->p,
       sql_int(s->p->db, &n, &s->p->err, "SELECT count(*) FROM outbox WHERE state = 'leased'", ""));
    return n;
}

static void the_first_goes_at_once_and_those_of_the_next_moment_together(void **state)
{
    struct sender *s = *state;

    assert_int_equal(receipts_wait_ms(s->receipts), -1);
    owe(s, 1);
    assert_int_equal(publish(s), 1);
    assert_true(receipts_have_answers(s->receipts)); /* all that there are */
    record(s);
    owe(s, 1);
    if (receipts_wait_ms(s->receipts) > A_MOMENT_MS / 2) { /* the machine is not that busy */
        assert_int_equal(publish(s), 0);
        assert_in_range(receipts_wait_ms(s->receipts), 0, A_MOMENT_MS);
    }
    owe(s, 1);
    usleep((A_MOMENT_MS + 1) * 1000);
    assert_int_equal(receipts_wait_ms(s->receipts), 0);
    assert_int_equal(publish(s), 2);
}

static void of_more_than_go_at_once_none_wait(void **state)
{
    struct sender *s = *state;

    owe(s, ROOM + 3);
    assert_int_equal(publish(s), ROOM);
    assert_int_equal(receipts_wait_ms(s->receipts), -1);
    record(s);
    assert_int_equal(publish(s), 3);
    assert_int_equal(receipts_on_their_way(s->receipts), 3);
}

static void what_is_answered_is_recorded_with_whatever_is_committed(void **state)
{
    struct sender *s = *state;

    connect_to_a_peer(s);
    owe(s, 3);
    assert_int_equal(publish(s), 3);
    receipts_answered(s->receipts, 1, 0); /* libmosquitto counts from 1 */
    receipts_answered(s->receipts, 2, 0);
    OK(s->p, db_begin(s->p->db, &s->p->err)); /* a message has come, too */
    assert_true(receipts_have_answers(s->receipts));
    OK(s->p, receipts_record(s->receipts, &s->p->err));
    OK(s->p, db_commit(s->p->db, &s->p->err));
    receipts_recorded(s->receipts);
    assert_int_equal(receipts_on_their_way(s->receipts), 1);
    assert_int_equal(leased(s), 1);
}

static void what_was_not_recorded_is_not_forgotten(void **state)
{
    struct sender *s = *state;

    connect_to_a_peer(s);
    owe(s, 2);
    assert_int_equal(publish(s), 2);
    receipts_answered(s->receipts, 1, 0);
    receipts_recorded(s->receipts);
    assert_int_equal(receipts_on_their_way(s->receipts), 2);
    usleep((A_MOMENT_MS + 1) * 1000);
    assert_true(receipts_have_answers(s->receipts));
    record(s);
    assert_int_equal(receipts_on_their_way(s->receipts), 1);
    assert_int_equal(leased(s), 1);
}

static void a_moment_that_is_over_is_acted_on_and_then_nothing_is_gathered(void **state)
{
    struct sender *s = *state;

    owe(s, 1);
    assert_int_equal(publish(s), 1);
    record(s);
    usleep((A_MOMENT_MS + 1) * 1000);
    assert_int_equal(receipts_wait_ms(s->receipts), 0);
    assert_int_equal(publish(s), 0);
    assert_int_equal(receipts_wait_ms(s->receipts), -1);
    owe(s, 1);
    assert_int_equal(publish(s), 1);
    record(s);
    OK(s->p, receipts_abandon(s->receipts, &s->p->err));
    assert_int_equal(receipts_wait_ms(s->receipts), -1);
}

static void what_a_connection_ended_over_goes_before_what_waited_behind_it(void **state)
{
    struct sender *s = *state;
    int64_t before;

    connect_to_a_peer(s);
    owe(s, ROOM + 2);
    assert_int_equal(publish(s), ROOM);
    OK(s->p, receipts_abandon(s->receipts, &s->p->err));
    assert_int_equal(leased(s), 0);
    OK(s->p, publish(s));
    OK(s->p, sql_int(s->p->db, &before, &s->p->err,
                     "SELECT max(item_id) FROM outbox WHERE state = 'leased'", ""));
    assert_int_equal(before, ROOM);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_goes_at_once_and_those_of_the_next_moment_together),
        T(of_more_than_go_at_once_none_wait),
        T(what_is_answered_is_recorded_with_whatever_is_committed),
        T(what_was_not_recorded_is_not_forgotten),
        T(a_moment_that_is_over_is_acted_on_and_then_nothing_is_gathered),
        T(what_a_connection_ended_over_goes_before_what_waited_behind_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
