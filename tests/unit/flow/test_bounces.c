/* A report of a failed delivery, from the maildir to the next contact. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "planner_fixture.h"

#include "follow/bounces.h"

struct box {
    char folder[64];
    struct bounces bounces;
    struct bounces_count found;
    bool more;
};

static void folder_of(struct box *b, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", b->folder, name);
}

static struct box box_make(void)
{
    struct box b = {.folder = "/tmp/encompass-maildir-XXXXXX"};
    char path[128];

    assert_non_null(mkdtemp(b.folder));
    for (size_t i = 0; i < 2; i++) {
        folder_of(&b, i == 0 ? "new" : "cur", path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    return b;
}

/* How many files; removes them when asked to. first: a name. */
static int files(struct box *b, const char *name, char first[256], bool away)
{
    char path[128];
    const struct dirent *entry;
    DIR *folder;
    int n = 0;

    folder_of(b, name, path);
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        if (first)
            snprintf(first, 256, "%s", entry->d_name);
        if (away)
            assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
        n++;
    }
    closedir(folder);
    return n;
}

static void box_remove(struct box *b)
{
    char path[128];

    for (size_t i = 0; i < 2; i++) {
        files(b, i == 0 ? "new" : "cur", NULL, true);
        folder_of(b, i == 0 ? "new" : "cur", path);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(b->folder), 0);
}

static void arrives(struct box *b, const char *name, const char *key, const char *action)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/new/%s", b->folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "To: bounces+%s@gateway.example\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.example\n\n"
            "Final-Recipient: rfc822; zelda.quibble@school.example\nAction: %s\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 zelda.quibble unknown\n\n--b--\n",
            key, action);
    fclose(f);
}

static void looked_at(struct place *p, struct box *b, time_t now)
{
    time_t next = now + 3600;

    b->bounces.folder = b->folder;
    b->bounces.look_at = 0;
    b->more = false;
    OK(p, bounces_run(&b->bounces, p->db, now, &next, &b->more, &b->found, &p->err));
    assert_in_range(next, now, now + 60);
}

static void key_of(struct place *p, char out[OUTBOX_KEY_SIZE])
{
    sqlite3_stmt *stmt;

    OK(p, sql_query(p->db, &stmt, &p->err, "SELECT key FROM outbox WHERE notice_id = 1", ""));
    assert_int_equal(sql_row(p->db, stmt, &p->err), 1);
    OK(p, sql_copy(stmt, 0, out, OUTBOX_KEY_SIZE, &p->err));
    sql_done(stmt);
}

static int64_t told(struct place *p, char key[OUTBOX_KEY_SIZE])
{
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    key_of(p, key);
    send_one(p, "email", SEND_AT);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    return id;
}

static void what_came_back_is_the_next_contact_s_and_is_read_once(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char key[OUTBOX_KEY_SIZE], name[256];
    int64_t id = told(p, key), first = waits_for(p, 1);

    arrives(&b, "1773646202.M1.relay", key, "failed");
    looked_at(p, &b, SEND_AT + 60);
    assert_int_equal(b.found.failed, 1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    plan_at(p, SEND_AT + 60);
    assert_int_not_equal(waits_for(p, 1), -1);
    assert_int_not_equal(waits_for(p, 1), first);
    assert_int_equal(files(&b, "new", NULL, false), 0);
    assert_int_equal(files(&b, "cur", name, false), 1);
    assert_string_equal(name, "1773646202.M1.relay:2,S");
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.returned'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE detail LIKE '%quibble%'"), 0);
    nobody_is_forgotten(p);

    arrives(&b, "again", key, "failed"); /* as after a crash between the commit and the move */
    looked_at(p, &b, SEND_AT + 120);
    assert_int_equal(b.found.failed, 0);
    assert_int_equal(b.found.repeated, 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.returned'"), 1);
    box_remove(&b);
}

static void what_is_delayed_stays_told(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char key[OUTBOX_KEY_SIZE];
    int64_t id = told(p, key);

    arrives(&b, "one", key, "delayed");
    looked_at(p, &b, SEND_AT + 60);
    assert_int_equal(b.found.delayed, 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'item.delayed'"), 1);
    arrives(&b, "two", key, "delivered");
    looked_at(p, &b, SEND_AT + 60);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    assert_int_equal(files(&b, "cur", NULL, false), 2);
    box_remove(&b);
}

static void a_report_that_overtakes_the_record_waits(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char key[OUTBOX_KEY_SIZE];
    int64_t id = zelda(p);

    plan_at(p, NIGHT);
    key_of(p, key);
    arrives(&b, "early", key, "failed");
    looked_at(p, &b, SEND_AT);
    assert_int_equal(files(&b, "new", NULL, false), 1);
    send_one(p, "email", SEND_AT);
    looked_at(p, &b, SEND_AT + 1);
    assert_int_equal(b.found.failed, 1);
    assert_int_equal(child(p, id, "1").state, CHILD_OPEN);
    box_remove(&b);
}

static void what_is_not_ours_changes_nothing_and_is_counted(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char key[OUTBOX_KEY_SIZE], path[256], name[256];
    int64_t id = told(p, key);
    FILE *f;

    key[3] = key[3] == 'A' ? 'B' : 'A';
    arrives(&b, "forged", key, "failed");
    looked_at(p, &b, SEND_AT + 60);
    assert_int_equal(b.found.foreign, 1);
    assert_int_equal(child(p, id, "1").state, CHILD_TOLD);
    files(&b, "cur", NULL, true);
    snprintf(path, sizeof path, "%s/new/person:2,", b.folder);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("From: a@b.example\n\nReceived, thank you.\n", f);
    fclose(f);
    looked_at(p, &b, SEND_AT + 120);
    assert_int_equal(b.found.other, 1);
    assert_int_equal(files(&b, "cur", name, false), 1);
    assert_string_equal(name, "person:2,"); /* for a person to read */
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'bounces.read'"), 2);
    box_remove(&b);
}

static void more_than_one_look_can_take_is_taken_by_the_next(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char name[32];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%d", i);
        arrives(&b, name, "S0000000000000000000000000", "failed");
    }
    looked_at(p, &b, SEND_AT);
    assert_true(b.more);
    looked_at(p, &b, SEND_AT);
    assert_false(b.more);
    assert_int_equal(files(&b, "new", NULL, false), 0);
    assert_int_equal(files(&b, "cur", NULL, false), 50);
    box_remove(&b);
}

/* A link, a folder, a pipe and a file of gigabytes are no report, and hold up none. */
static void what_is_no_file_holds_up_nothing(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char key[OUTBOX_KEY_SIZE], path[256];

    told(p, key);
    snprintf(path, sizeof path, "%s/new/link", b.folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/new/pipe", b.folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/new/large", b.folder);
    arrives(&b, "large", "S0000000000000000000000000", "failed");
    assert_int_equal(truncate(path, 4LL << 30), 0);
    arrives(&b, "real", key, "failed");
    looked_at(p, &b, SEND_AT + 60);
    assert_int_equal(b.found.failed, 1);
    assert_int_equal(b.found.foreign, 1);
    assert_int_equal(files(&b, "new", NULL, false), 2);
    assert_true(b.bounces.shut); /* said in the log */
    box_remove(&b);
}

/* What cannot be read is said, and slows nothing down. */
static void many_are_read_at_once_beside_what_cannot_be(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char name[32], path[256];

    snprintf(path, sizeof path, "%s/new/link", b.folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%d", i);
        arrives(&b, name, "S0000000000000000000000000", "failed");
    }
    looked_at(p, &b, SEND_AT);
    assert_true(b.more && b.bounces.shut);
    assert_int_equal(b.bounces.look_at, SEND_AT);
    looked_at(p, &b, SEND_AT);
    assert_false(b.more);
    assert_int_equal(files(&b, "new", NULL, false), 1);
    box_remove(&b);
}

static void one_that_the_store_does_not_take_holds_up_no_other(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    char key[OUTBOX_KEY_SIZE], name[256];
    time_t next = SEND_AT + 3600;

    told(p, key);
    arrives(&b, "odd", key, "failed");
    arrives(&b, "foreign", "S0000000000000000000000000", "failed");
    run(p, "CREATE TRIGGER odd BEFORE UPDATE ON outbox WHEN NEW.state = 'failed'"
           " BEGIN SELECT raise(ABORT, 'a fault of one row'); END");
    b.bounces.folder = b.folder;
    assert_int_equal(
        bounces_run(&b.bounces, p->db, SEND_AT + 60, &next, &b.more, &b.found, &p->err), -1);
    assert_int_equal(p->err.code, ERR_STORE);
    assert_int_equal(b.found.failed, 0);
    assert_int_equal(b.found.foreign, 1);
    assert_int_equal(files(&b, "cur", NULL, false), 1);
    assert_int_equal(files(&b, "new", name, false), 1);
    assert_string_equal(name, "odd");
    run(p, "DROP TRIGGER odd");
    looked_at(p, &b, SEND_AT + 120);
    assert_int_equal(b.found.failed, 1);
    box_remove(&b);
}

static void a_maildir_that_is_none_is_said_and_looked_at_again(void **state)
{
    struct place *p = *state;
    struct box b = box_make();
    struct err err;

    assert_int_equal(bounces_check(b.folder, &err), 0);
    box_remove(&b);
    assert_int_equal(bounces_check(b.folder, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    looked_at(p, &b, SEND_AT);
    assert_true(b.bounces.shut);
    assert_int_equal(mkdir(b.folder, 0700), 0);
    for (size_t i = 0; i < 2; i++) {
        char path[128];

        folder_of(&b, i == 0 ? "new" : "cur", path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    looked_at(p, &b, SEND_AT + 60);
    assert_false(b.bounces.shut);
    box_remove(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_came_back_is_the_next_contact_s_and_is_read_once,
                                        setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_is_delayed_stays_told, setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_report_that_overtakes_the_record_waits, setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_is_not_ours_changes_nothing_and_is_counted, setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(more_than_one_look_can_take_is_taken_by_the_next, setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_holds_up_nothing, setup, place_teardown),
        cmocka_unit_test_setup_teardown(many_are_read_at_once_beside_what_cannot_be, setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(one_that_the_store_does_not_take_holds_up_no_other, setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_maildir_that_is_none_is_said_and_looked_at_again, setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
