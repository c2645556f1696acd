/* Mails that are on their way at a stop, in threads of their own. */
#include "dispatch_fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* A mail server of one mail. */
struct server {
    pthread_t thread;
    int listening;
    bool silent;        /* once it has the content */
    atomic_bool has_it; /* and has said so, if it does */
};

static bool say(int fd, const char *reply)
{
    return send(fd, reply, strlen(reply), MSG_NOSIGNAL) > 0;
}

/* To the end of a line, or of the content. */
static bool hear(int fd, const char *end, char *out, size_t size)
{
    size_t n = 0;

    while (n + 1 < size && recv(fd, out + n, 1, 0) == 1) {
        out[++n] = '\0';
        if (n >= strlen(end) && strcmp(out + n - strlen(end), end) == 0)
            return true;
    }
    return false;
}

static void *serve(void *user)
{
    struct server *s = user;
    int fd = accept(s->listening, NULL, NULL);
    static char text[65536];
    bool goes_on = say(fd, "220 here\r\n");

    while (goes_on && hear(fd, "\r\n", text, sizeof text)) {
        if (strncmp(text, "DATA", 4) != 0) {
            goes_on = say(fd, "250 fine\r\n");
            continue;
        }
        goes_on = say(fd, "354 go on\r\n") && hear(fd, "\r\n.\r\n", text, sizeof text) &&
                  (s->silent || say(fd, "250 taken\r\n"));
        atomic_store(&s->has_it, true);
    }
    close(fd);
    return NULL;
}

/* A notice that is owed by mail is on its way to the server, which has it. */
static void on_its_way(struct night *n, struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    FILE *file = fopen(n->conf_path, "a");

    s->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listening, 1), 0);
    getsockname(s->listening, (struct sockaddr *)&address, &length);
    pthread_create(&s->thread, NULL, serve, s);
    fprintf(file,
            "[adapter \"email\"]\nhost = 127.0.0.1\nport = %d\ntls = none\n"
            "from = encompass@example.test\n",
            ntohs(address.sin_port));
    fclose(file);
    dispatch_free(n->d);
    config_free(n->conf);
    OK(n->p, settings_load(n->conf_path, &n->conf, &n->p->err));
    start(n);
    owed(n, "A1", "100001", 1);
    run(n->p, "UPDATE outbox SET adapter = 'email', give_up_at = 5 WHERE kind = 'notice'");
    n->next = DUE + 100;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    assert_int_equal(dispatch_in_flight(n->d), 1);
    for (int i = 0; i < SLOW * 100 && !atomic_load(&s->has_it); i++)
        usleep(10000);
    assert_true(atomic_load(&s->has_it));
    usleep(300000); /* for the thread on our side to hear of it */
}

static void server_end(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->listening);
}

static void a_mail_that_was_taken_over_before_a_stop_looked_is_on_record_as_sent(void **state)
{
    struct night *n = *state;
    struct server s = {.silent = false};

    on_its_way(n, &s);
    dispatch_drain(n->d, clock_monotonic_ms());
    STATE(n, "sent");
    assert_int_equal(ask(n->p, "SELECT code FROM attempt"), 250);
    assert_int_equal(ATTEMPTS(n), 1);
    dispatch_free(n->d);
    n->d = NULL;
    server_end(&s);
}

static void one_that_a_stop_cuts_off_is_due_again_and_passed_on_to_nobody(void **state)
{
    struct night *n = *state;
    struct server s = {.silent = true};

    on_its_way(n, &s);
    dispatch_drain(n->d, clock_monotonic_ms());
    STATE(n, "due");
    assert_string_equal(word(n, "SELECT detail FROM attempt"), "stopped before it ended");
    assert_string_equal(word(n, "SELECT stage FROM child"), "done");
    dispatch_free(n->d);
    n->d = NULL;
    server_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(a_mail_that_was_taken_over_before_a_stop_looked_is_on_record_as_sent),
        DISPATCH_TEST(one_that_a_stop_cuts_off_is_due_again_and_passed_on_to_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
