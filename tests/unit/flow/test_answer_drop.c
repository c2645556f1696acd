/* Answers as files in a folder that others can write to: what one of them holds or is holds up no
 * other, and one that is refused has changed nothing. */
#include "planner_fixture.h"

#include <ftw.h>
#include <sodium.h>
#include <sys/stat.h>

#include "deliver/answers.h"
#include "follow/answer_drop.h"

enum { MORE_THAN_A_LOOK = 600 };

static const unsigned char secret[] = "thirty-two bytes, for a drill ok";
static struct answer_drop *drop;
static struct config *conf;

static const char *path_of(struct place *p, const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return path;
}

static void keep(struct place *p, const char *name, const char *text)
{
    FILE *file = fopen(path_of(p, name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int opened(void **state)
{
    static const struct config_section sections[] = {{"answers", answers_keys}, {NULL, NULL}};
    struct place *p;
    char line[160], bytes[64];

    if (setup(state) < 0)
        return -1;
    p = *state;
    snprintf(line, sizeof line, "whsec_%s\n",
             sodium_bin2base64(bytes, sizeof bytes, secret, sizeof secret - 1,
                               sodium_base64_VARIANT_ORIGINAL));
    keep(p, "secret", line);
    keep(p, "conf", "[answers]\nfolder = answers\nsecret_file = secret\n");
    assert_int_equal(mkdir(path_of(p, "answers"), 0700), 0);
    OK(p, config_load(path_of(p, "conf"), sections, &conf, &p->err));
    OK(p, answer_drop_open(conf, &drop, &p->err));
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int closed(void **state)
{
    struct place *p = *state;

    answer_drop_close(drop);
    config_free(conf);
    unlink(path_of(p, "conf"));
    unlink(path_of(p, "secret"));
    return nftw(path_of(p, "answers"), remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0
               ? place_teardown(state)
               : -1;
}

static void put_answer(struct place *p, const char *name, const char *body, time_t at)
{
    crypto_auth_hmacsha256_state mac_state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char head[64], signature[64], text[1024];
    int n = snprintf(head, sizeof head, "a.%lld.", (long long)at);

    crypto_auth_hmacsha256_init(&mac_state, secret, sizeof secret - 1);
    crypto_auth_hmacsha256_update(&mac_state, (const unsigned char *)head, (size_t)n);
    crypto_auth_hmacsha256_update(&mac_state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&mac_state, mac);
    sodium_bin2base64(signature, sizeof signature, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, sizeof text,
             "webhook-id: a\nwebhook-timestamp: %lld\nwebhook-signature: v1,%s\n\n%s",
             (long long)at, signature, body);
    snprintf(head, sizeof head, "answers/%s", name);
    keep(p, head, text);
}

/* Zelda and Yorick, one notice to their school, told. */
static void told(struct place *p)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "match", 2, NIGHT);
    plan_at(p, NIGHT);
    send_one(p, "email", SEND_AT);
    assert_int_equal(notice(p, 1).state, NOTICE_TOLD);
}

static void look(struct place *p, time_t now)
{
    time_t next = now + 3600;

    OK(p, answer_drop_run(drop, p->db, now, &next, &p->err));
    assert_true(next <= now + 1);
}

static bool is_there(struct place *p, const char *name)
{
    return access(path_of(p, name), F_OK) == 0;
}

static void one_that_is_refused_has_changed_nothing(void **state)
{
    struct place *p = *state;
    char body[128];
    int64_t audits;

    told(p);
    audits = ask(p, "SELECT count(*) FROM audit");
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"not_our_pupil\":[\"1\",\"99\"]}",
             notice(p, 1).reference);
    put_answer(p, "a.answer", body, SEND_AT);
    look(p, SEND_AT + 60);
    assert_true(is_there(p, "answers/refused/a.answer"));
    assert_int_equal(ask(p, "SELECT count(*) FROM ruled_out"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit"), audits);
    snprintf(body, sizeof body,
             "{\"reference\":\"%s\",\"not_our_pupil\":[\"1\"],\"answered_by\":\"x\"}",
             notice(p, 1).reference);
    put_answer(p, "b.answer", body, SEND_AT);
    look(p, SEND_AT + 120);
    assert_false(is_there(p, "answers/b.answer"));
    assert_int_equal(ask(p, "SELECT count(*) FROM ruled_out"), 1);
    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
}

static void what_is_no_file_holds_up_no_answer(void **state)
{
    struct place *p = *state;
    char name[64], body[128];

    told(p);
    for (int i = 0; i < MORE_THAN_A_LOOK; i++) {
        snprintf(name, sizeof name, "answers/0%d.answer", i);
        assert_int_equal(i % 3 == 0   ? mkdir(path_of(p, name), 0700)
                         : i % 3 == 1 ? mkfifo(path_of(p, name), 0600)
                                      : symlink("/dev/zero", path_of(p, name)),
                         0);
    }
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"answered_by\":\"x\"}",
             notice(p, 1).reference);
    put_answer(p, "z.answer", body, SEND_AT);
    look(p, SEND_AT + 60);
    assert_false(is_there(p, "answers/z.answer"));
    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
}

/* An answer that the store does not take is no other's trouble. */
static void one_that_the_store_does_not_take_holds_up_no_other(void **state)
{
    struct place *p = *state;
    time_t next = SEND_AT + 3600;
    char body[128];

    told(p);
    run(p, "CREATE TRIGGER odd BEFORE INSERT ON ruled_out"
           " BEGIN SELECT raise(ABORT, 'a fault of one row'); END");
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"not_our_pupil\":true}",
             notice(p, 1).reference);
    put_answer(p, "a.answer", body, SEND_AT);
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"answered_by\":\"x\"}",
             notice(p, 1).reference);
    put_answer(p, "b.answer", body, SEND_AT);
    assert_int_equal(answer_drop_run(drop, p->db, SEND_AT + 60, &next, &p->err), -1);
    assert_int_equal(p->err.code, ERR_STORE);
    assert_true(is_there(p, "answers/a.answer"));
    assert_false(is_there(p, "answers/b.answer"));
    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
    run(p, "DROP TRIGGER odd");
    look(p, SEND_AT + 120);
    assert_false(is_there(p, "answers/a.answer"));
    assert_int_equal(ask(p, "SELECT count(*) FROM ruled_out"), 2);
}

/* Those that wait are read in turns: a look is bounded, and what comes behind them has its turn. */
static void those_that_wait_hold_up_no_other(void **state)
{
    struct place *p = *state;
    char name[64], body[128];

    told(p);
    run(p, "INSERT INTO notice(notice_id, reference, incident_id, revision, kind, namespace, urn,"
           " basis, rule, due_at, answer_by, state, planned_at) VALUES (90, 'OE-0000-0090', 1, 1,"
           " 'correction', 'school', '100001', 'statutory', 'x', 1, 1, 'owed', 1)");
    for (int i = 0; i < MORE_THAN_A_LOOK; i++) {
        snprintf(name, sizeof name, "0%d.answer", i);
        put_answer(p, name, "{\"reference\":\"OE-0000-0090\",\"answered_by\":\"x\"}", SEND_AT);
    }
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"answered_by\":\"x\"}",
             notice(p, 1).reference);
    put_answer(p, "z.answer", body, SEND_AT);
    look(p, SEND_AT + 60);
    assert_true(is_there(p, "answers/z.answer"));
    for (int i = 1; i < MORE_THAN_A_LOOK && is_there(p, "answers/z.answer"); i++)
        look(p, SEND_AT + 60 + i);
    assert_int_equal(notice(p, 1).state, NOTICE_ANSWERED);
    /* When their time is up they are told why, by turns. */
    for (int i = 0; i < MORE_THAN_A_LOOK && !is_there(p, "answers/refused/00.answer"); i++)
        look(p, SEND_AT + 700 + i);
    assert_true(is_there(p, "answers/refused/00.answer"));
}

/* What is left of many that can be taken is taken at once, by turns. */
static void many_are_taken_by_turns_at_once(void **state)
{
    struct place *p = *state;
    time_t next = SEND_AT + 3600;
    char name[64];
    int turns = 0;

    told(p);
    for (int i = 0; i < MORE_THAN_A_LOOK; i++) {
        snprintf(name, sizeof name, "answers/%d.answer", i);
        keep(p, name, "no answer");
    }
    for (next = SEND_AT; next == SEND_AT; turns++) {
        next = SEND_AT + 3600;
        OK(p, answer_drop_run(drop, p->db, SEND_AT, &next, &p->err));
    }
    assert_true(turns >= 2);
    assert_int_equal(next, SEND_AT + 1);
    for (int i = 0; i < MORE_THAN_A_LOOK; i++) {
        snprintf(name, sizeof name, "answers/refused/%d.answer", i);
        assert_true(is_there(p, name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_is_refused_has_changed_nothing, opened, closed),
        cmocka_unit_test_setup_teardown(what_is_no_file_holds_up_no_answer, opened, closed),
        cmocka_unit_test_setup_teardown(one_that_the_store_does_not_take_holds_up_no_other, opened,
                                        closed),
        cmocka_unit_test_setup_teardown(those_that_wait_hold_up_no_other, opened, closed),
        cmocka_unit_test_setup_teardown(many_are_taken_by_turns_at_once, opened, closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
