/* What is owed is told, once, to whom it may be told, whatever goes wrong. */
#include "store_fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/settings.h"
#include "deliver/dispatch.h"
#include "deliver/prepare.h"

static const char more_registers[] =
    "INSERT INTO authority(la_code, name) VALUES ('879', 'Plymouth');"
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code)"
    " VALUES ('school', '100001', '879', 'Example Primary', 1, 'Community school', 1),"
    " ('school', '100002', '879', 'Example Secondary', 1, 'Community school', 1);"
    "UPDATE contact SET adapter = 'spool' WHERE adapter = 'email';";

enum { SLOW = 9 }; /* seconds that a test may take on a busy machine */

/* A store, a folder, and a dispatcher under a clock of its own. */
struct night {
    struct place *p;
    char spool[96];
    char conf_path[96];
    struct config *conf;
    struct clock clock;
    CURLM *multi;
    struct dispatch *d;
    time_t next;
    FILE *log;
    char *logged;
    size_t logged_length;
};

/* The clock runs on from there: what follows allows it some seconds. */
static void at(struct night *n, time_t now)
{
    n->clock = (struct clock){.shift = now - time(NULL), .pretended = true};
}

static void start(struct night *n)
{
    OK(n->p, dispatch_new(n->conf, n->p->db, &n->clock, n->multi, &n->d, &n->p->err));
}

static int dispatch_setup(void **state)
{
    struct night *n = calloc(1, sizeof *n);
    void *p = NULL;
    FILE *file;

    if (place_setup(&p) < 0)
        return -1;
    n->p = p;
    run(n->p, more_registers);
    snprintf(n->spool, sizeof n->spool, "%s/spool", n->p->folder);
    snprintf(n->conf_path, sizeof n->conf_path, "%s/encompass.conf", n->p->folder);
    mkdir(n->spool, 0700);
    file = fopen(n->conf_path, "w");
    fprintf(file, "[morning]\ntemplates = " PROJECT_DIR "/templates\n"
                  "[adapter \"spool\"]\nfolder = spool\n");
    fclose(file);
    OK(n->p, settings_load(n->conf_path, &n->conf, &n->p->err));
    n->multi = curl_multi_init();
    n->log = open_memstream(&n->logged, &n->logged_length);
    at(n, DUE);
    log_open(n->log, &n->clock, LOG_LEVEL_DEBUG);
    start(n);
    *state = n;
    return 0;
}

static const char *file_name(const struct night *n, const char *key)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s.txt", n->spool, key);
    return path;
}

static int files(const struct night *n)
{
    DIR *dir = opendir(n->spool);
    int count = 0;

    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        count += e->d_name[0] != '.' || strstr(e->d_name, ".new");
    closedir(dir);
    return count;
}

static void empty_spool(const struct night *n)
{
    DIR *dir = opendir(n->spool);
    char path[512];

    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", n->spool, e->d_name);
        if (unlink(path) < 0)
            rmdir(path);
    }
    closedir(dir);
}

static int dispatch_teardown(void **state)
{
    static const char *const personal[] = {
        "Quibblethwaite", "Zelda", "Yorick", "example.test", "Una", "Vera", "upstairs"};
    struct night *n = *state;
    void *p = n->p;
    int found = 0;

    dispatch_free(n->d);
    curl_multi_cleanup(n->multi);
    config_free(n->conf);
    fflush(n->log);
    for (size_t i = 0; i < ARRAY_SIZE(personal); i++)
        found += strstr(n->logged, personal[i]) != NULL; /* P5 */
    log_open(stderr, &(struct clock){0}, LOG_LEVEL_ERROR);
    fclose(n->log);
    free(n->logged);
    empty_spool(n);
    rmdir(n->spool);
    unlink(n->conf_path);
    free(n);
    return place_teardown(&p) < 0 || found > 0 ? -1 : 0;
}

/* Until nothing is under way. */
static void turn(struct night *n)
{
    n->next = INT32_MAX * (time_t)4;
    do {
        OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
        if (dispatch_in_flight(n->d) > 0)
            curl_multi_poll(n->multi, NULL, 0, 100, NULL);
    } while (dispatch_in_flight(n->d) > 0);
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
}

/* A call-out about one child, planned for a school and a contact; its notice. */
static int64_t owed(struct night *n, const char *police_ref, const char *urn, int64_t contact_id)
{
    int64_t incident_id = put(n->p, call_out(n->p, police_ref, 1, "notify", ZELDA, ""), NIGHT);
    int64_t child_id = child(n->p, incident_id, "1").child_id;
    int64_t notice_id;

    decided(n->p, child_id, "match");
    notice_id = planned(n->p, incident_id, 1, "school", urn, contact_id, &child_id, 1);
    run(n->p, "UPDATE outbox SET adapter = 'spool' WHERE adapter = 'email'");
    return notice_id;
}

static const char *word(struct night *n, const char *sql)
{
    static char text[128];
    sqlite3_stmt *stmt;

    OK(n->p, sql_query(n->p->db, &stmt, &n->p->err, sql, ""));
    text[0] = '\0';
    if (sql_row(n->p->db, stmt, &n->p->err) == 1)
        snprintf(text, sizeof text, "%s", sql_text(stmt, 0));
    sql_done(stmt);
    return text;
}

#define STATE(n, expected)                                                                         \
    assert_string_equal(word(n, "SELECT group_concat(state, ' ') FROM outbox"                      \
                                " WHERE kind = 'notice'"),                                         \
                        expected)
#define ATTEMPTS(n) ask((n)->p, "SELECT count(*) FROM attempt")

static void what_is_owed_is_told_when_it_is_due_and_once(void **state)
{
    struct night *n = *state;
    char text[4096] = "";
    FILE *file;

    owed(n, "A1", "100001", 1);
    at(n, DUE - 60);
    turn(n);
    assert_int_equal(files(n), 0);
    assert_int_equal(n->next, DUE);
    at(n, DUE);
    turn(n);
    STATE(n, "sent");
    assert_int_equal(files(n), 1);
    file = fopen(file_name(n, word(n, "SELECT key FROM outbox WHERE kind = 'notice'")), "r");
    assert_non_null(file);
    assert_in_range(fread(text, 1, sizeof text - 1, file), 1, sizeof text - 1);
    fclose(file);
    assert_non_null(strstr(text, "\nTo: Una\n"));
    assert_non_null(strstr(text, "* Zelda Quibblethwaite\n"));
    assert_non_null(strstr(text, "Example Primary"));
    assert_null(strstr(text, "upstairs")); /* name only, by default */
    assert_string_equal(word(n, "SELECT state FROM notice"), "told");
    assert_int_equal(ask(n->p, "SELECT told_contact FROM notice"), 1);
    assert_string_equal(word(n, "SELECT state FROM child"), "told");
    for (int i = 0; i < 5; i++) {
        at(n, DUE + 3600 * (i + 1));
        turn(n);
    }
    assert_int_equal(ATTEMPTS(n), 1);
}

static void the_field_policy_of_the_force_is_kept(void **state)
{
    struct night *n = *state;
    char text[8192] = "";
    FILE *file;

    run(n->p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'fields', 'full'),"
              " ('la', '879', 'fields', 'full')");
    owed(n, "A1", "100001", 1);
    turn(n);
    file = fopen(file_name(n, word(n, "SELECT key FROM outbox WHERE kind = 'notice'")), "r");
    assert_non_null(file);
    assert_in_range(fread(text, 1, sizeof text - 1, file), 1, sizeof text - 1);
    fclose(file);
    assert_non_null(strstr(text, "upstairs"));
}

static const char store_fails[] = "CREATE TEMP TRIGGER store_fails BEFORE INSERT ON main.attempt"
                                  " BEGIN SELECT raise(ABORT, 'the disk is full'); END";

/* Killed between sending and recording: the next start sends under the same key. */
static void a_crash_before_recording_repeats_under_the_same_key(void **state)
{
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    run(n->p, store_fails);
    n->next = DUE + 100;
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), -1);
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
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), -1);
    assert_int_equal(files(n), 1);
    empty_spool(n);
    at(n, DUE + 600); /* the lease has run out meanwhile */
    assert_int_equal(dispatch_run(n->d, &n->next, &n->p->err), -1);
    run(n->p, "DROP TRIGGER store_fails");
    turn(n);
    STATE(n, "sent");
    assert_int_equal(files(n), 0);
}

static void nobody_is_told_who_is_not_verified_at_that_moment(void **state)
{
    static const char *const ends[] = {"UPDATE contact SET verified_at = NULL WHERE contact_id = 1",
                                       "UPDATE contact SET ended_at = 7 WHERE contact_id = 2"};
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100001", 2);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        run(n->p, ends[i]);
    turn(n);
    assert_int_equal(files(n), 0);
    STATE(n, "cancelled cancelled");
    assert_int_equal(ask(n->p, "SELECT count(*) FROM child WHERE stage = 'plan'"), 2);
    assert_int_equal(ATTEMPTS(n), 0);
}

/* Another program can take the verification back between the claim and the sending. */
static void a_claimed_item_is_not_made_for_a_contact_that_is_no_longer_verified(void **state)
{
    struct night *n = *state;
    struct templates *templates;
    struct prepared prepared;
    struct outbox_item item;

    owed(n, "A1", "100001", 1);
    OK(n->p, templates_load(PROJECT_DIR "/templates", &templates, &n->p->err));
    assert_int_equal(outbox_claim(n->p->db, "spool", DUE, 60, &item, 1, &n->p->err), 1);
    assert_int_equal(prepare_item(n->p->db, templates, &item, DUE, &prepared, &n->p->err), 1);
    assert_string_equal(prepared.message.key, item.key);
    prepared_release(&prepared);
    run(n->p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 1");
    assert_int_equal(prepare_item(n->p->db, templates, &item, DUE, &prepared, &n->p->err), 0);
    outbox_item_release(&item);
    templates_free(templates);
}

/* A folder in the place of every item's file. */
static void shut(struct night *n, bool shut)
{
    sqlite3_stmt *stmt;

    OK(n->p,
       sql_query(n->p->db, &stmt, &n->p->err, "SELECT key FROM outbox WHERE kind = 'notice'", ""));
    while (sql_row(n->p->db, stmt, &n->p->err) == 1) {
        if (shut)
            mkdir(file_name(n, sql_text(stmt, 0)), 0700);
        else
            rmdir(file_name(n, sql_text(stmt, 0)));
    }
    sql_done(stmt);
}

static int logged(struct night *n, const char *event)
{
    int count = 0;

    fflush(n->log);
    for (const char *p = n->logged; (p = strstr(p, event)); p += strlen(event))
        count++;
    return count;
}

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
    turn(n);
    STATE(n, "due sent");
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

static void many_are_told_in_one_go(void **state)
{
    struct night *n = *state;
    char police_ref[16];

    for (int i = 0; i < 100; i++) {
        snprintf(police_ref, sizeof police_ref, "B%d", i);
        owed(n, police_ref, "100001", 1);
    }
    for (int i = 0; i < 20; i++) {
        turn(n);
        if (n->next > DUE + SLOW)
            break;
    }
    assert_int_equal(ask(n->p, "SELECT count(*) FROM notice WHERE state = 'told'"), 100);
    assert_int_equal(files(n), 100);
    assert_int_equal(ATTEMPTS(n), 100);
}

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
#define T(name) cmocka_unit_test_setup_teardown(name, dispatch_setup, dispatch_teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_owed_is_told_when_it_is_due_and_once),
        T(the_field_policy_of_the_force_is_kept),
        T(a_crash_before_recording_repeats_under_the_same_key),
        T(an_outcome_that_the_store_cannot_take_is_not_lost),
        T(nobody_is_told_who_is_not_verified_at_that_moment),
        T(a_claimed_item_is_not_made_for_a_contact_that_is_no_longer_verified),
        T(a_clock_that_is_set_back_does_not_hold_a_way_for_longer),
        T(a_way_that_is_shut_is_held_tried_by_one_and_opened_for_all),
        T(a_notice_that_cannot_be_made_stops_no_other_and_is_seen),
        T(an_adapter_that_is_not_configured_gives_the_next_contact_its_turn),
        T(an_adapter_that_there_is_not_gives_the_next_contact_its_turn),
        T(many_are_told_in_one_go),
        T(an_answer_in_a_posts_reply_answers_the_notice),
        T(a_posts_reply_can_say_which_child_is_not_theirs),
        T(a_child_that_the_notice_does_not_name_is_passed_over_and_the_answer_counts),
        T(a_contact_that_is_gone_ends_and_the_next_has_its_turn),
        T(a_stop_waits_for_what_is_under_way),
        T(a_clock_that_leaps_sends_nothing_twice),
        T(a_receiver_that_asks_for_time_is_given_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
