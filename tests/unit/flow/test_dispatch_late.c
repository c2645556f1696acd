/* Ways on which nobody answers, and what waits for them past its time. */
#include "dispatch_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "deliver/round.h"

/* A port at which nobody is, until it is closed. */
static int nobody_at(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

static void configure(struct night *n, const char *section)
{
    FILE *file = fopen(n->conf_path, "a");

    fputs(section, file);
    fclose(file);
    dispatch_free(n->d);
    config_free(n->conf);
    OK(n->p, settings_load(n->conf_path, &n->conf, &n->p->err));
    start(n);
}

#define STAGES(n, stage) ask((n)->p, "SELECT count(*) FROM child WHERE stage = '" stage "'")
#define BY(n) ask((n)->p, "SELECT max(give_up_at) FROM outbox")

/* A port that nobody answers at, to be closed. */
static int dead_relay(struct night *n)
{
    char section[160];
    int port, fd = nobody_at(&port);

    snprintf(section, sizeof section,
             "[adapter \"email\"]\nhost = 127.0.0.1\nport = %d\ntls = none\n"
             "from = encompass@example.test\n",
             port);
    configure(n, section);
    return fd;
}

#define BY_MAIL(n) run((n)->p, "UPDATE outbox SET adapter = 'email' WHERE kind = 'notice'")
static struct way *email(struct night *n)
{
    struct way *w = n->d->ways.list;

    while (strcmp(w->adapter->name, "email") != 0)
        w++;
    return w;
}

#define SHUT(n) ask((n)->p, "SELECT count(*) FROM shut")

static void a_mail_server_that_does_not_answer_is_said_to_be_down_until_it_does(void **state)
{
    struct night *n = *state;
    int fd = dead_relay(n);

    owed(n, "A1", "100001", 1);
    BY_MAIL(n);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(n->p, "SELECT count(*) FROM shut"), 0);
        at(n, DUE + i * 60);
        turn(n);
    }
    assert_int_equal(ATTEMPTS(n), 3);
    assert_string_equal(word(n, "SELECT adapter FROM shut"), "email");
    assert_in_range(ask(n->p, "SELECT since FROM shut"), DUE, DUE + SLOW);
    assert_int_equal(ask(n->p, "SELECT until = since FROM shut"), 1); /* it is not waited for */
    assert_int_equal(logged(n, "error adapter.silent"), 1);
    /* It goes on being tried, and what waits for it past its time is planning's. */
    assert_int_equal(STAGES(n, "plan"), 0);
    at(n, BY(n) + 1);
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 1);
    run(n->p, "UPDATE child SET stage = 'done'"); /* nobody else can be told */
    turn(n);
    assert_int_equal(ATTEMPTS(n), 4);
    assert_int_equal(STAGES(n, "plan"), 0); /* not at every try */
    STATE(n, "due");
    assert_int_equal(logged(n, "error adapter.silent"), 1);
    close(fd);
}

/* Whoever else is told by mail would be thought to be within reach. */
static void before_a_way_is_known_to_be_silent_nothing_is_passed_on(void **state)
{
    struct night *n = *state;
    int fd = dead_relay(n);
    time_t by;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100001", 1);
    BY_MAIL(n);
    by = BY(n);
    at(n, by + 1);
    turn(n);
    assert_int_equal(ATTEMPTS(n), 2);
    assert_int_equal(SHUT(n), 0);
    assert_int_equal(STAGES(n, "plan"), 0);
    assert_int_equal(ask(n->p, "SELECT count(*) FROM outbox WHERE late_at IS NOT NULL"), 0);
    at(n, by + 1 + 10 + SLOW); /* what is past its time is not waited for long */
    turn(n);
    assert_int_equal(SHUT(n), 1);
    at(n, by + 1 + 10 + 2 * SLOW);
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 2);
    close(fd);
}

/* A message that the relay never answers, while it takes those of others. */
static void an_item_that_a_way_which_answers_others_never_brings_is_plannings(void **state)
{
    struct night *n = *state;
    int fd = dead_relay(n);
    time_t by;

    owed(n, "A1", "100001", 1);
    BY_MAIL(n);
    by = BY(n);
    for (int tries = 1; tries <= 3; tries++) {
        assert_int_equal(STAGES(n, "plan"), 0);
        at(n, by + tries * (10 + SLOW));
        turn(n);
        assert_int_equal(ATTEMPTS(n), tries);
        way_unhold(email(n));
    }
    assert_int_equal(STAGES(n, "plan"), 1);
    assert_int_equal(SHUT(n), 0);
    close(fd);
}

static void what_was_silent_at_a_stop_is_silent_at_the_start_and_tried_until_it_answers(
    void **state)
{
    struct night *n = *state;
    int fd = dead_relay(n);
    time_t by;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100002", 3);
    by = BY(n);
    BY_MAIL(n);
    run(n->p, "UPDATE outbox SET adapter = 'spool' WHERE contact_id = 3;"
              "INSERT INTO shut VALUES ('email', 7, 7, 3, 0, 'connection'),"
              " ('spool', 7, 7, 3, 0, 'connection'), ('webhook', 7, 7, 3, 0, 'not configured'),"
              " ('notify', 7, 99, 3, 403, 'refused')");
    dispatch_free(n->d);
    at(n, by + 1);
    start(n);
    assert_string_equal(word(n, "SELECT group_concat(adapter, ' ') FROM"
                                " (SELECT adapter FROM shut ORDER BY adapter)"),
                        "email spool");
    turn(n);
    /* The one is silent still, and whom it cannot bring is planning's; the other has answered. */
    assert_string_equal(word(n, "SELECT adapter FROM shut"), "email");
    assert_int_equal(logged(n, "adapter.open"), 1);
    assert_int_equal(logged(n, "adapter.silent"), 0);
    STATE(n, "due sent");
    assert_int_equal(STAGES(n, "plan"), 1);
    assert_int_equal(ask(n->p, "SELECT late_at IS NOT NULL FROM outbox WHERE contact_id = 1"), 1);
    close(fd);
}

/* What was silent has a moment to answer before what is late is looked for. */
static void a_start_does_not_pass_on_what_it_has_not_tried(void **state)
{
    struct night *n = *state;
    time_t by;

    owed(n, "A1", "100001", 1);
    by = BY(n);
    run(n->p, "INSERT INTO shut VALUES ('spool', 7, 7, 3, 0, 'connection')");
    dispatch_free(n->d);
    at(n, by + 1);
    start(n);
    turn(n);
    STATE(n, "sent");
    assert_int_equal(STAGES(n, "plan"), 0);
    assert_int_equal(SHUT(n), 0);
}

static void a_morning_that_waits_for_what_is_down_is_not_looked_through_every_second(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    run(n->p, "INSERT INTO hold(scope, id, why, who, held_at)"
              " VALUES ('adapter', 'spool', 'repair', 'tester', 5)");
    turn(n);
    run(n->p, "UPDATE outbox SET give_up_at = 5 WHERE kind = 'notice'");
    at(n, DUE + 2);
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 0);
    at(n, DUE + SLOW + 5);
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 1);
    /* Where there is more, and where the clock was set back, at once. */
    owed(n, "A2", "100001", 1);
    at(n, DUE - 3600);
    run(n->p, "UPDATE outbox SET give_up_at = 5 WHERE kind = 'notice'");
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 2);
}

static void what_waits_behind_a_shut_adapter_past_its_time_is_plannings(void **state)
{
    struct night *n = *state;
    time_t by;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100001", 1);
    by = BY(n);
    shut(n, true);
    at(n, by - 40); /* shut for fifteen seconds, then for thirty */
    turn(n);
    at(n, by - 20);
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 1);
    assert_int_equal(ask(n->p, "SELECT count(*) FROM outbox WHERE late_at IS NOT NULL"), 1);
    at(n, by + 1);
    turn(n);
    assert_int_equal(STAGES(n, "plan"), 2);
    STATE(n, "due due");
    shut(n, false);
}

static void what_waits_for_a_web_server_that_is_silent_past_its_time_is_plannings(void **state)
{
    struct night *n = *state;
    char sql[128], secret[128];
    int port, fd = nobody_at(&port);
    FILE *file;

    snprintf(secret, sizeof secret, "%s/secret", n->p->folder);
    file = fopen(secret, "w");
    fputs("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", file);
    fclose(file);
    snprintf(sql, sizeof sql,
             "UPDATE contact SET address = 'http://127.0.0.1:%d/' WHERE contact_id = 3", port);
    run(n->p, sql);
    configure(n, "[adapter \"webhook\"]\nsecret_file = secret\nallow_loopback = yes\n");
    for (int i = 0; i < 5; i++) {
        char ref[8];

        snprintf(ref, sizeof ref, "A%d", i);
        owed(n, ref, "100002", 3);
    }
    at(n, BY(n));
    turn(n);
    /* Two have been tried; the others have not, for the host is shut. */
    assert_int_equal(ATTEMPTS(n), 2);
    assert_int_equal(STAGES(n, "plan"), 2);
    at(n, BY(n) + SLOW);
    turn(n);
    assert_int_equal(ATTEMPTS(n), 2);
    assert_int_equal(STAGES(n, "plan"), 5);
    run(n->p, "UPDATE child SET stage = 'done'"); /* nobody else can be told */
    for (int i = 1; i <= 4; i++) {
        at(n, BY(n) + i * 300);
        turn(n);
    }
    assert_in_range(ATTEMPTS(n), 5, 20);
    assert_int_equal(ask(n->p, "SELECT count(*) FROM shut"), 0); /* of this one alone */
    unlink(secret);
    close(fd);
}

static void a_few_tries_within_a_moment_are_no_silence_and_an_answer_ends_it(void **state)
{
    static const struct adapter adapter = {.name = "email"};
    struct way w = {.adapter = &adapter};
    const struct outcome why = {.detail = "connection"};

    (void)state;
    for (int i = 0; i < 5; i++)
        way_silent(&w, &why, 1000 + i);
    assert_int_equal(w.shut.tries, 0);
    way_silent(&w, &why, 1015);
    assert_int_equal(w.shut.tries, 6);
    assert_int_equal(w.shut.since, 1000);
    assert_true(w.changed);
    way_unhold(&w);
    assert_int_equal(w.shut.tries, 0);
    assert_true(w.changed);
    way_silent(&w, &why, 1020);
    assert_int_equal(w.shut.tries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(a_mail_server_that_does_not_answer_is_said_to_be_down_until_it_does),
        DISPATCH_TEST(before_a_way_is_known_to_be_silent_nothing_is_passed_on),
        DISPATCH_TEST(an_item_that_a_way_which_answers_others_never_brings_is_plannings),
        DISPATCH_TEST(what_was_silent_at_a_stop_is_silent_at_the_start_and_tried_until_it_answers),
        DISPATCH_TEST(a_start_does_not_pass_on_what_it_has_not_tried),
        DISPATCH_TEST(a_morning_that_waits_for_what_is_down_is_not_looked_through_every_second),
        DISPATCH_TEST(what_waits_behind_a_shut_adapter_past_its_time_is_plannings),
        DISPATCH_TEST(what_waits_for_a_web_server_that_is_silent_past_its_time_is_plannings),
        DISPATCH_TEST(a_few_tries_within_a_moment_are_no_silence_and_an_answer_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
