#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/audit.h"
#include "store/schema.h"
#include "store/sql.h"

struct place {
    char folder[64];
    char path[96];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    snprintf(p->folder, sizeof p->folder, "/tmp/encompass-test-XXXXXX");
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/store.db", p->folder);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-daemon"};
    struct place *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        char name[128];

        snprintf(name, sizeof name, "%s%s", p->path, suffixes[i]);
        unlink(name);
    }
    rmdir(p->folder);
    free(p);
    return 0;
}

static struct db *opened(struct place *p)
{
    struct db *db;
    struct err err;

    assert_int_equal(db_create(p->path, &err), 0);
    assert_int_equal(db_open(p->path, &db, &err), 0);
    return db;
}

static void a_new_store_has_the_newest_schema_and_is_its_owners_alone(void **state)
{
    struct place *p = *state;
    struct db *db = opened(p);
    struct stat st;
    struct err err;
    int64_t n;

    assert_int_equal(sql_int(db, &n, &err, "PRAGMA user_version", ""), 1);
    assert_int_equal(n, schema_newest());
    assert_int_equal(sql_int(db, &n, &err, "PRAGMA synchronous", ""), 1);
    assert_int_equal(n, 2); /* FULL */
    assert_int_equal(sql_int(db, &n, &err, "PRAGMA foreign_keys", ""), 1);
    assert_int_equal(n, 1);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    db_close(db);
}

/* What is committed into a file without a name is lost with the process. */
static void nothing_is_committed_to_a_file_that_is_no_longer_at_its_path(void **state)
{
    struct place *p = *state;
    struct db *db = opened(p);
    char away[sizeof p->path + 8];
    struct err err;
    int64_t n;

    snprintf(away, sizeof away, "%s-away", p->path);
    for (int replaced = 0; replaced < 2; replaced++) {
        assert_int_equal(rename(p->path, away), 0);
        if (replaced)
            fclose(fopen(p->path, "we"));
        assert_int_equal(db_begin(db, &err), 0);
        assert_int_equal(
            sql_run(db, &err, "INSERT INTO policy VALUES ('all', '', 'cut_off', '1')", ""), 0);
        assert_int_equal(db_commit(db, &err), -1);
        assert_int_equal(err.code, ERR_SYSTEM);
        assert_non_null(strstr(err.text, p->path));
        assert_false(db_in_transaction(db));
        assert_int_equal(rename(away, p->path), 0);
        assert_int_equal(sql_int(db, &n, &err, "SELECT count(*) FROM policy", ""), 1);
        assert_int_equal(n, 0);
    }
    assert_int_equal(db_begin(db, &err), 0);
    assert_int_equal(db_commit(db, &err), 0);
    db_close(db);
}

static void a_store_that_a_newer_program_wrote_is_refused(void **state)
{
    struct place *p = *state;
    struct db *db = opened(p);
    struct err err;

    assert_int_equal(sql_script(db, "PRAGMA user_version=1000", &err), 0);
    db_close(db);
    assert_int_equal(db_open(p->path, &db, &err), -1);
    assert_int_equal(err.code, ERR_STORE);
    assert_non_null(strstr(err.text, "newer program"));
}

static void a_file_that_is_no_store_is_refused_and_left_as_it_is(void **state)
{
    struct place *p = *state;
    struct db *db;
    struct err err;
    FILE *f = fopen(p->path, "w");
    char read[32] = "";

    assert_non_null(f);
    fputs("what a pupil wrote", f);
    fclose(f);
    assert_int_equal(db_open(p->path, &db, &err), -1);
    assert_int_equal(err.code, ERR_STORE);
    assert_int_equal(db_create(p->path, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    f = fopen(p->path, "r");
    assert_non_null(fgets(read, sizeof read, f));
    fclose(f);
    assert_string_equal(read, "what a pupil wrote");
}

static void a_new_store_is_one_whole_file_whatever_a_crash_left_before(void **state)
{
    struct place *p = *state;
    char draft[128];
    struct err err;
    struct db *db;
    FILE *f;

    snprintf(draft, sizeof draft, "%s-new", p->path);
    f = fopen(draft, "w");
    assert_non_null(f);
    fputs("half a store", f);
    fclose(f);
    db = opened(p);
    db_close(db);
    assert_int_equal(access(draft, F_OK), -1);
    unlink(p->path);
    assert_int_equal(rmdir(p->folder), 0); /* nothing else was left */
    assert_int_equal(mkdir(p->folder, 0700), 0);
    snprintf(draft, sizeof draft, "%s/nowhere/store.db", p->folder);
    assert_int_equal(db_create(draft, &err), -1);
    assert_int_equal(err.code, ERR_SYSTEM);
}

/* SQLite would play it into the new store. */
static void no_store_is_made_beside_the_log_of_another(void **state)
{
    struct place *p = *state;
    struct db *db = opened(p);
    struct err err;

    assert_int_equal(sql_script(db, "INSERT INTO policy VALUES ('all', '', 'cut_off', '1')", &err),
                     0);
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(db_create(p->path, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "-wal"));
    assert_int_equal(access(p->path, F_OK), -1);
    db_close(db);
}

static void only_one_daemon_has_a_store(void **state)
{
    struct place *p = *state;
    struct db *one = opened(p), *two;
    struct err err;

    assert_int_equal(db_open(p->path, &two, &err), 0);
    assert_int_equal(db_lock_daemon(one, &err), 0);
    assert_int_equal(db_lock_daemon(two, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    db_close(one);
    assert_int_equal(db_lock_daemon(two, &err), 0);
    db_close(two);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct db *db = opened(*state);
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    struct err err;
    int64_t n = -1;

    assert_int_equal(db_begin(db, &err), 0);
    assert_int_equal(audit_add(db, 1, "test", "store.tried", &about, &err, "n=%d", 1), 0);
    db_rollback(db);
    assert_int_equal(sql_int(db, &n, &err, "SELECT count(*) FROM audit", ""), 1);
    assert_int_equal(n, 0);
    db_close(db);
}

static void the_audit_is_only_added_to(void **state)
{
    struct db *db = opened(*state);
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    struct err err;

    assert_int_equal(audit_add(db, 1, "test", "store.tried", &about, &err, "n=%d", 1), 0);
    assert_int_equal(sql_run(db, &err, "DELETE FROM audit", ""), -1);
    assert_int_equal(sql_run(db, &err, "UPDATE audit SET who = 'nobody'", ""), -1);
    db_close(db);
}

static int64_t number(struct db *db, const char *sql)
{
    struct err err;
    int64_t n = -1;

    assert_int_equal(sql_int(db, &n, &err, sql, ""), 1);
    return n;
}

/* What the steps after 12 took away, and what they added. */
#define BACK_TO_STEP_12                                                                            \
    "DROP INDEX notice_owed; CREATE INDEX notice_open ON notice(due_at);"                          \
    "ALTER TABLE roll_index DROP COLUMN mark;"                                                     \
    "DROP INDEX message_waits; CREATE INDEX message_waits ON message(topic);"                      \
    "ALTER TABLE message DROP COLUMN gives_ref;"                                                   \
    "DROP TRIGGER enrolment_comes; DROP TRIGGER enrolment_changes; DROP TRIGGER enrolment_goes;"   \
    "DROP INDEX pupil_folded_part; ALTER TABLE pupil_folded DROP COLUMN schools;"                  \
    "DROP TABLE notice_child; CREATE TABLE notice_child ("                                         \
    " notice_id INTEGER NOT NULL REFERENCES notice, child_id INTEGER NOT NULL REFERENCES child,"   \
    " PRIMARY KEY (notice_id, child_id)) STRICT, WITHOUT ROWID;"

/* The tables that step 13 makes anew hold what they held, and lean on one another as before. */
static void warnings_and_their_messages_outlive_a_schema_step(void **state)
{
    struct db *db = opened(*state);
    struct err err;

    assert_int_equal(
        sql_script(db,
                   "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address)"
                   " VALUES (1, 'la', '879', 'la_desk', 'Desk', 'email', 'desk@example.test');"
                   "INSERT INTO drill(drill_id, force, who, stored_at) VALUES (4, 'f', 'me', 5);"
                   "INSERT INTO warning VALUES (3, 'roll-old', 'la', '879', 5, 6, NULL);"
                   "INSERT INTO bulletin(reference, warning_id, drill_id, contact_id, adapter, key,"
                   " state, stored_at, due_at, give_up_at, leases) VALUES"
                   " ('EW-1', 3, NULL, 1, 'email', 'a', 'sent', 7, 8, 9, 2),"
                   " ('EX-1', NULL, 4, 1, 'email', 'b', 'due', 7, 8, 9, 0);" BACK_TO_STEP_12
                   "PRAGMA user_version=12",
                   &err),
        0);
    assert_int_equal(schema_upgrade(db, &err), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM warning WHERE warning_id = 3"
                                " AND kind = 'roll-old' AND cleared_at IS NULL"),
                     1);
    assert_int_equal(number(db, "SELECT leases FROM bulletin WHERE warning_id = 3"), 2);
    assert_int_equal(number(db, "SELECT count(*) FROM bulletin WHERE drill_id = 4"), 1);
    assert_int_equal(sql_run(db, &err,
                             "INSERT INTO warning VALUES (5, 'adapter-shut', 'gateway', 'email',"
                             " 5, 6, NULL)",
                             ""),
                     0);
    assert_int_equal(sql_run(db, &err, "UPDATE bulletin SET warning_id = 99 WHERE key = 'a'", ""),
                     -1);
    assert_int_equal(sql_run(db, &err,
                             "INSERT INTO warning VALUES (6, 'roll-old', 'la', '879',"
                             " 5, 6, NULL)",
                             ""),
                     -1);
    assert_int_equal(sql_run(db, &err,
                             "INSERT INTO warning VALUES (6, 'rain', 'la', '879',"
                             " 5, 6, NULL)",
                             ""),
                     -1);
    db_close(db);
}

/* Of what was told by the one that was in force then, of what waits by the last. */
static void what_was_told_before_a_schema_step_rests_on_a_decision_after_it(void **state)
{
    struct db *db = opened(*state);
    struct err err;

    assert_int_equal(
        sql_script(
            db,
            BACK_TO_STEP_12
            "INSERT INTO message(message_id, received_at, topic, body, outcome) VALUES"
            " (1, 5, 't', x'', 'accepted');"
            "INSERT INTO incident VALUES (1, 'f', 'A1', 1, 1, 'domestic_abuse', 'notify', 5, 5, 5,"
            " NULL, 0);"
            "INSERT INTO child(child_id, incident_id, child_ref, stage, state, position,"
            " changed_revision) VALUES (1, 1, '1', 'done', 'told', 0, 1),"
            " (2, 1, '2', 'done', 'open', 1, 1);"
            "INSERT INTO decision(decision_id, child_id, made_at, made_by, outcome, rule) VALUES"
            " (1, 1, 5, 'matcher', 'none', 'r'), (2, 1, 9, 'me', 'review', 'r'),"
            " (3, 2, 5, 'matcher', 'none', 'r'), (4, 1, 20, 'me', 'none', 'r');"
            "INSERT INTO notice(notice_id, reference, incident_id, revision, kind, namespace, urn,"
            " basis, rule, due_at, answer_by, state, told_at, planned_at) VALUES"
            " (1, 'OE-1', 1, 1, 'desk', 'la', '879', 'local', 'r', 5, 6, 'told', 10, 5),"
            " (2, 'OE-2', 1, 1, 'desk', 'la', '878', 'local', 'r', 5, 6, 'owed', NULL, 5);"
            "INSERT INTO notice_child VALUES (1, 1), (1, 2), (2, 1);"
            "PRAGMA user_version=12",
            &err),
        0);
    assert_int_equal(schema_upgrade(db, &err), 0);
    assert_int_equal(number(db, "SELECT group_concat(decision_id, '') + 0 FROM (SELECT decision_id"
                                " FROM notice_child ORDER BY notice_id, child_id)"),
                     234);
    db_close(db);
}

/* Of what is written most: a row with that word in that column, or one like it. */
static const struct checked {
    const char *table, *column, *words; /* the last is none of the column's */
    const char *others, *values;
} checked[] = {
    {"message", "outcome", "accepted repeat refused lost", "received_at, topic, body",
     "5, 'topic', x''"},
    {"child", "stage", "match plan done sent",
     "incident_id, child_ref, state, position,"
     " changed_revision",
     "99, '1', 'open', 0, 1"},
    {"child", "state", "open review told answered with_la_desk withheld withdrawn lost",
     "incident_id, child_ref, stage, position, changed_revision", "99, '1', 'plan', 0, 1"},
    {"decision", "outcome", "none review perhaps", "child_id, made_at, made_by, rule",
     "99, 5, 'me', 'so'"},
    {"notice", "kind", "notice desk correction withdrawal rumour",
     "reference, incident_id,"
     " revision, namespace, urn, basis, rule, due_at, answer_by, state, planned_at",
     "'OE-1', 99, 1, 'la', '879', 'local', 'so', 5, 6, 'owed', 4"},
    {"notice", "state", "owed told answered failed cancelled lost",
     "reference, incident_id,"
     " revision, namespace, urn, basis, rule, due_at, answer_by, kind, planned_at",
     "'OE-1', 99, 1, 'la', '879', 'local', 'so', 5, 6, 'desk', 4"},
    {"outbox", "kind", "notice reminder letter",
     "notice_id, contact_id, adapter, key, due_at,"
     " state, created_at",
     "99, 99, 'email', 'k', 5, 'due', 4"},
    {"outbox", "state", "due leased sent failed cancelled lost",
     "notice_id, contact_id, adapter,"
     " key, due_at, kind, created_at",
     "99, 99, 'email', 'k', 5, 'notice', 4"},
};

static int put(struct db *db, const struct checked *c, const char *word, struct err *err)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "SAVEPOINT word; INSERT INTO %s(%s, %s) VALUES ('%s', %s);"
             " ROLLBACK TO word; RELEASE word;",
             c->table, c->column, c->others, word, c->values);
    return sql_script(db, sql, err);
}

static void a_word_that_is_none_of_its_columns_is_refused(void **state)
{
    struct db *db = opened(*state);
    struct err err;

    assert_int_equal(sql_script(db, "PRAGMA foreign_keys=OFF", &err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(checked); i++) {
        char words[128], *at = words, *word;

        snprintf(words, sizeof words, "%s", checked[i].words);
        while ((word = strsep(&at, " "))) {
            int rc = put(db, &checked[i], word, &err);

            if (rc < 0)
                assert_int_equal(sql_script(db, "ROLLBACK TO word; RELEASE word", &err), 0);
            assert_int_equal(rc, at ? 0 : -1);
        }
    }
    db_close(db);
}

/* SQLite makes one for each row where a CHECK has a list of three words or more. */
static void no_row_is_checked_by_a_table_made_for_it(void **state)
{
    static const char *const writes[] = {
        "EXPLAIN UPDATE child SET stage = 'plan', state = 'open' WHERE child_id = 1",
        "EXPLAIN UPDATE outbox SET state = 'sent' WHERE item_id = 1",
        "EXPLAIN UPDATE notice SET state = 'told', told_at = 5 WHERE notice_id = 1",
        "EXPLAIN INSERT INTO outbox(kind, topic, payload, correlation, adapter, key, due_at, state,"
        " created_at) VALUES ('receipt', 't', 'p', x'', 'mqtt', 'k', 5, 'due', 4)",
        "EXPLAIN INSERT INTO decision(child_id, made_at, made_by, outcome, rule)"
        " VALUES (1, 5, 'me', 'none', 'so')",
        "EXPLAIN INSERT INTO message(received_at, topic, body, outcome)"
        " VALUES (5, 't', x'', 'accepted')",
    };
    struct db *db = opened(*state);
    struct err err;

    for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
        sqlite3_stmt *stmt;
        int rc;

        assert_int_equal(sql_query(db, &stmt, &err, writes[i], ""), 0);
        while ((rc = sql_row(db, stmt, &err)) == 1)
            assert_string_not_equal(sql_text(stmt, 1), "OpenEphemeral");
        assert_int_equal(rc, 0);
        sql_done(stmt);
    }
    db_close(db);
}

static void another_connections_commit_shows_in_the_version_of_the_data(void **state)
{
    struct place *p = *state;
    struct db *one = opened(p), *two;
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    struct err err;
    int64_t before, after;

    assert_int_equal(db_open(p->path, &two, &err), 0);
    assert_int_equal(db_version_of_data(one, &before, &err), 0);
    assert_int_equal(audit_add(two, 1, "test", "store.tried", &about, &err, "n=%d", 1), 0);
    assert_int_equal(db_version_of_data(one, &after, &err), 0);
    assert_int_not_equal(before, after);
    db_close(one);
    db_close(two);
}

/* As a daemon in the busiest morning: one transaction behind another, for as long as it is let. */
static void write_on_and_on(const char *path)
{
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    struct err err;
    struct db *db;
    int64_t until = clock_monotonic_ms() + 8000;

    if (db_open(path, &db, &err) < 0)
        _exit(1);
    while (clock_monotonic_ms() < until) {
        if (db_begin(db, &err) < 0 ||
            audit_add(db, 1, "test", "store.tried", &about, &err, "n=%d", 1) < 0)
            _exit(1);
        usleep(20000);
        if (db_commit(db, &err) < 0)
            _exit(1);
        usleep(300); /* the daemon reads, between two */
    }
    _exit(0);
}

static void one_who_writes_on_and_on_locks_nobody_out(void **state)
{
    struct place *p = *state;
    struct db *db = opened(p);
    struct err err;
    pid_t writer = fork();
    int64_t began, longest = 0;

    if (writer == 0)
        write_on_and_on(p->path);
    usleep(100000);
    for (int i = 0; i < 20; i++) {
        began = clock_monotonic_ms();
        assert_int_equal(db_begin(db, &err), 0);
        assert_int_equal(db_commit(db, &err), 0);
        if (clock_monotonic_ms() - began > longest)
            longest = clock_monotonic_ms() - began;
    }
    assert_int_equal(kill(writer, 0), 0); /* it writes still */
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    db_close(db);
    assert_in_range(longest, 0, 1500);
}

/* Patience ends where it was set to. */
static void who_waits_too_long_is_told_that_the_store_is_busy(void **state)
{
    struct place *p = *state;
    struct db *one = opened(p), *two;
    int64_t began;
    struct err err;

    assert_int_equal(db_open(p->path, &two, &err), 0);
    db_set_patience(two, 50);
    assert_int_equal(db_begin(one, &err), 0);
    began = clock_monotonic_ms();
    assert_int_equal(db_begin(two, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    assert_in_range(clock_monotonic_ms() - began, 50, 5000);
    db_close(one);
    db_close(two);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_new_store_has_the_newest_schema_and_is_its_owners_alone),
        T(nothing_is_committed_to_a_file_that_is_no_longer_at_its_path),
        T(a_store_that_a_newer_program_wrote_is_refused),
        T(a_file_that_is_no_store_is_refused_and_left_as_it_is),
        T(a_new_store_is_one_whole_file_whatever_a_crash_left_before),
        T(no_store_is_made_beside_the_log_of_another),
        T(only_one_daemon_has_a_store),
        T(what_is_rolled_back_was_never_there),
        T(the_audit_is_only_added_to),
        T(warnings_and_their_messages_outlive_a_schema_step),
        T(what_was_told_before_a_schema_step_rests_on_a_decision_after_it),
        T(a_word_that_is_none_of_its_columns_is_refused),
        T(no_row_is_checked_by_a_table_made_for_it),
        T(another_connections_commit_shows_in_the_version_of_the_data),
        T(one_who_writes_on_and_on_locks_nobody_out),
        T(who_waits_too_long_is_told_that_the_store_is_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
