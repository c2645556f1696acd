/* Posts to a web server: its answers, and transfers that last. */
#include "dispatch_fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

/* A web server of one answer. */
struct server {
    pthread_t thread;
    int listening;
    const char *answer;
    bool slow; /* the answer takes a moment */
    char secret[128];
};

static void *serve(void *user)
{
    struct server *s = user;
    int fd = accept(s->listening, NULL, NULL);
    char request[16384];
    size_t length = 0;

    while (length < sizeof request - 1) {
        ssize_t got = recv(fd, request + length, sizeof request - 1 - length, 0);

        if (got <= 0)
            break;
        length += (size_t)got;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") && request[length - 1] == '}')
            break;
    }
    if (s->slow)
        usleep(300000);
    send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

/* A server, and a notice that is owed to Vera, who is reached there. */
static void serve_vera(struct night *n, struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    char url[128];
    FILE *file;

    s->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listening, 1), 0);
    getsockname(s->listening, (struct sockaddr *)&address, &length);
    pthread_create(&s->thread, NULL, serve, s);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    OK(n->p, sql_run(n->p->db, &n->p->err, "UPDATE contact SET address = ? WHERE contact_id = 3",
                     "t", url));
    snprintf(s->secret, sizeof s->secret, "%s/secret", n->p->folder);
    file = fopen(s->secret, "w");
    fputs("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", file);
    fclose(file);
    file = fopen(n->conf_path, "a");
    fputs("[adapter \"webhook\"]\nsecret_file = secret\nallow_loopback = yes\n", file);
    fclose(file);
    dispatch_free(n->d);
    config_free(n->conf);
    OK(n->p, settings_load(n->conf_path, &n->conf, &n->p->err));
    start(n);
    owed(n, "A1", "100002", 3);
}

static void server_end(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->listening);
    unlink(s->secret);
}

/* Sends it; answer is the server's. */
static void posted(struct night *n, const char *answer)
{
    struct server s = {.answer = answer};

    serve_vera(n, &s);
    turn(n);
    server_end(&s);
}

static void an_answer_in_a_posts_reply_answers_the_notice(void **state)
{
    struct night *n = *state;

    posted(n, "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"answered_by\": \"Vera\"}");
    STATE(n, "sent");
    assert_string_equal(word(n, "SELECT state FROM notice"), "answered");
    assert_string_equal(word(n, "SELECT answered_by FROM notice"), "webhook");
    assert_string_equal(word(n, "SELECT state FROM child"), "answered");
}

static void a_posts_reply_can_say_which_child_is_not_theirs(void **state)
{
    struct night *n = *state;

    posted(n, "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"not_our_pupil\": [\"1\"]}");
    assert_string_equal(word(n, "SELECT state FROM notice"), "answered");
    assert_int_equal(ask(n->p, "SELECT count(*) FROM ruled_out WHERE who = 'webhook'"), 1);
}

static void a_child_that_the_notice_does_not_name_is_passed_over_and_the_answer_counts(void **state)
{
    struct night *n = *state;

    posted(n, "HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n"
              "{\"not_our_pupil\": [\"9\"], \"answered_by\": \"Vera\"}");
    STATE(n, "sent");
    assert_string_equal(word(n, "SELECT state FROM notice"), "answered");
    assert_int_equal(ask(n->p, "SELECT count(*) FROM ruled_out"), 0);
}

static void a_contact_that_is_gone_ends_and_the_next_has_its_turn(void **state)
{
    struct night *n = *state;

    posted(n, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
    STATE(n, "failed");
    assert_in_range(ask(n->p, "SELECT ended_at FROM contact WHERE contact_id = 3"), DUE,
                    DUE + SLOW);
    assert_string_equal(word(n, "SELECT stage FROM child"), "plan");
}

static void a_receiver_that_asks_for_time_is_given_it(void **state)
{
    struct night *n = *state;

    posted(n, "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
    STATE(n, "due");
    assert_in_range(ask(n->p, "SELECT due_at FROM outbox WHERE kind = 'notice'"), DUE + 120,
                    DUE + 420 + SLOW);
    assert_int_equal(ask(n->p, "SELECT code FROM attempt"), 503);
}

/* Stopped while a post is under way: its end is waited for, so the next start does not repeat it. */
static void a_stop_waits_for_what_is_under_way(void **state)
{
    struct night *n = *state;
    struct server s = {.answer = "HTTP/1.1 204 No Content\r\n\r\n", .slow = true};

    serve_vera(n, &s);
    n->next = DUE + 100;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    assert_int_equal(dispatch_in_flight(n->d), 1);
    STATE(n, "leased");
    dispatch_free(n->d);
    n->d = NULL;
    STATE(n, "sent");
    server_end(&s);
}

/* A receiver that takes the post and says nothing: a stop does not wait for it. */
static void what_a_stop_cuts_off_is_on_record_and_due_again_under_its_key(void **state)
{
    struct night *n = *state;
    struct server s = {.answer = "", .slow = true};
    int64_t began;
    char key[OUTBOX_KEY_SIZE];

    serve_vera(n, &s);
    n->next = DUE + 100;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    snprintf(key, sizeof key, "%s", word(n, "SELECT key FROM outbox WHERE kind = 'notice'"));
    began = clock_monotonic_ms();
    dispatch_drain(n->d, began + 600);
    assert_in_range(clock_monotonic_ms() - began, 0, 600 + SLOW * 100);
    assert_int_equal(dispatch_in_flight(n->d), 0);
    STATE(n, "due");
    assert_in_range(ask(n->p, "SELECT due_at FROM outbox WHERE kind = 'notice'"), DUE, DUE + SLOW);
    assert_string_equal(word(n, "SELECT detail FROM attempt"), "stopped before it ended");
    assert_string_equal(word(n, "SELECT key FROM outbox WHERE kind = 'notice'"), key);
    server_end(&s);
}

/* A new configuration: the old dispatcher's transfer ends as it would have, the new one goes on. */
static void one_dispatcher_leaves_while_another_has_taken_over(void **state)
{
    struct night *n = *state;
    struct server s = {.answer = "HTTP/1.1 204 No Content\r\n\r\n", .slow = true};
    struct dispatch *old;

    serve_vera(n, &s);
    run(n->p, "INSERT INTO shut VALUES ('webhook', 7, 7, 3, 0, 'connection')");
    dispatch_free(n->d);
    start(n);
    n->next = DUE + 100;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    old = n->d;
    dispatch_retire(old);
    start(n);
    owed(n, "B2", "100001", 1);
    while (!dispatch_is_done(old)) {
        OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
        OK(n->p, dispatch_run(old, &n->next, &n->p->err));
        curl_multi_poll(n->multi, NULL, 0, 20, NULL);
    }
    dispatch_free(old);
    /* How the ways stand is the new one's to say, which has not heard. */
    assert_int_equal(ask(n->p, "SELECT count(*) FROM shut"), 1);
    assert_int_equal(dispatch_in_flight(n->d), 0);
    assert_int_equal(ask(n->p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"
                               " AND state = 'sent'"),
                     2);
    assert_int_equal(ATTEMPTS(n), 2);
    server_end(&s);
}

static void a_retired_dispatcher_begins_nothing(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    dispatch_retire(n->d);
    n->next = DUE + 100;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    assert_true(dispatch_is_done(n->d));
    STATE(n, "due");
}

/* A machine that slept, or a clock that was put right, has leases run out beside a post that is under
 * way here: it is not begun a second time. */
static void a_clock_that_leaps_sends_nothing_twice(void **state)
{
    struct night *n = *state;
    struct server s = {.answer = "HTTP/1.1 204 No Content\r\n\r\n", .slow = true};

    serve_vera(n, &s);
    n->next = DUE + 100;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    at(n, DUE + 3600);
    for (int i = 0; i < 3; i++) {
        OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
        assert_int_equal(dispatch_in_flight(n->d), 1);
    }
    turn(n);
    STATE(n, "sent");
    assert_int_equal(ATTEMPTS(n), 1);
    server_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(an_answer_in_a_posts_reply_answers_the_notice),
        DISPATCH_TEST(a_posts_reply_can_say_which_child_is_not_theirs),
        DISPATCH_TEST(a_child_that_the_notice_does_not_name_is_passed_over_and_the_answer_counts),
        DISPATCH_TEST(a_contact_that_is_gone_ends_and_the_next_has_its_turn),
        DISPATCH_TEST(a_receiver_that_asks_for_time_is_given_it),
        DISPATCH_TEST(a_stop_waits_for_what_is_under_way),
        DISPATCH_TEST(what_a_stop_cuts_off_is_on_record_and_due_again_under_its_key),
        DISPATCH_TEST(one_dispatcher_leaves_while_another_has_taken_over),
        DISPATCH_TEST(a_retired_dispatcher_begins_nothing),
        DISPATCH_TEST(a_clock_that_leaps_sends_nothing_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
