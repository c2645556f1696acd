/* tests/unit/night.h - one night and its morning through every step of the daemon, small enough to be
 * played some thousand times: what goes wrong on the way, the caller says.
 *
 * The broker's part: a message that was not committed is offered again (at least once), and one that
 * was, sometimes too. The service manager's part: night_again after a crash.
 */
#ifndef NIGHT_H
#define NIGHT_H

#include "store_fixture.h"

#include <curl/curl.h>
#include <dirent.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/settings.h"
#include "daemon/steps.h"
#include "follow/answer.h"
#include "intake/accept.h"
#include "store/bulletins.h"
#include "store/db.h"
#include "store/roll_write.h"

struct night {
    char folder[64], path[96], spool[96], conf_path[96];
    struct db *db;
    struct config *conf;
    struct clock clock;
    CURLM *multi;
    struct steps steps;
    struct err err;
    size_t kept; /* messages whose commit has returned: the broker was told */

    unsigned char *filled; /* the store's file as it was at first */
    size_t filled_size;
    char *expected; /* how all stands after a night without faults */
};

#define NIGHT_CHILD(ref, forename, surname, born)                                                  \
    "{\"child_ref\":\"" ref "\",\"forename\":\"" forename "\",\"surname\":\"" surname              \
    "\",\"date_of_birth\":\"" born "\"}"
#define NIGHT_CALL_OUT(ref, revision, action, children)                                            \
    "{\"version\":1,\"force\":\"" FORCE "\",\"police_ref\":\"" ref "\",\"revision\":" revision     \
    ",\"type\":\"domestic_abuse\",\"action\":\"" action                                            \
    "\",\"attended_at\":\"2026-11-19T23:41:00Z\",\"children\":[" children "]}"

/* In the order in which they come; each at its minute of the night. The fourth is the second once
 * more. Alfie is told at once by a correction of what was told; Nobody is on no roll. */
static const struct {
    int minutes; /* after NIGHT */
    const char *json;
} night_messages[] = {
    {0, NIGHT_CALL_OUT("A1", "1", "notify",
                       NIGHT_CHILD("1", "Zelda", "Quibblethwaite", "2017-03-09") "," NIGHT_CHILD(
                           "2", "Yorick", "Quibblethwaite", "2019-05-01"))},
    {20, NIGHT_CALL_OUT("A2", "1", "notify", NIGHT_CHILD("1", "Nobody", "Known", "2016-01-02"))},
    {30,
     NIGHT_CALL_OUT("A3", "1", "notify", NIGHT_CHILD("1", "Xanthe", "Pumblechook", "2012-08-20"))},
    {31, NIGHT_CALL_OUT("A2", "1", "notify", NIGHT_CHILD("1", "Nobody", "Known", "2016-01-02"))},
    {60,
     NIGHT_CALL_OUT("A4", "1", "notify", NIGHT_CHILD("1", "Xanthe", "Pumblechook", "2012-08-20"))},
    {90, NIGHT_CALL_OUT("A4", "2", "withdraw",
                        NIGHT_CHILD("1", "Xanthe", "Pumblechook", "2012-08-20"))},
    {91, "{\"version\":1,\"force\":\"" FORCE "\"}"},
    {120, NIGHT_CALL_OUT("A3", "2", "notify",
                         NIGHT_CHILD("1", "Xanthe", "Pumblechook", "2012-08-20") "," NIGHT_CHILD(
                             "2", "Wilf", "Pumblechook", "2013-11-11"))},
    {330, NIGHT_CALL_OUT("A1", "2", "notify",
                         NIGHT_CHILD("1", "Zelda", "Quibblethwaite", "2017-03-09"))},
};
enum { NIGHT_MESSAGES = ARRAY_SIZE(night_messages), NIGHT_ROUNDS = 12 };

/* When the daemon's rounds are looked at, in minutes after NIGHT (02:35): the first messages, the
 * rest, the send time at 07:30, when the primary school answers, the last message, when answers are
 * overdue, when the desks' are. */
static const int night_hours[] = {0, 32, 121, 295, 310, 331, 345, 400, 500};
enum { NIGHT_HOURS = ARRAY_SIZE(night_hours) };

static const char night_registers[] =
    "INSERT INTO authority(la_code, name) VALUES ('879', 'Plymouth');"
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code,"
    " postcode, outward) VALUES"
    " ('school', '100001', '879', 'Example Primary', 1, '', 1, 'PL4 8AA', 'PL4'),"
    " ('school', '100002', '879', 'Example Secondary', 1, '', 1, 'PL4 8AB', 'PL4');"
    "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
    " ('879', 'term', '2026-11-02', '2026-12-18');"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
    " VALUES (1, 'school', '100001', 'dsl', 'Una', 'spool', 'una', 5),"
    " (2, 'school', '100001', 'deputy', 'Dee', 'spool', 'dee', 5),"
    " (3, 'school', '100002', 'dsl', 'Vera', 'spool', 'vera', 5),"
    " (4, 'la', '879', 'la_desk', 'Desk', 'spool', 'desk', 5),"
    " (5, 'force', '" FORCE "', 'la_desk', 'Vpu', 'spool', 'vpu', 5);";

static inline void night_must(struct night *n, int rc, const char *what)
{
    if (rc < 0)
        fail_msg("%s: %s", what, n->err.text);
}
#define MUST(n, call) night_must(n, call, #call)

static inline int64_t night_ask(struct night *n, const char *sql)
{
    int64_t value = -1;

    MUST(n, sql_int(n->db, &value, &n->err, sql, ""));
    return value;
}

static inline void night_enrol(struct night *n, struct roll_index *index, const char *id,
                               const char *forename, const char *surname, const char *born,
                               const char *urn)
{
    struct pupil pupil = {.pupil_key = -1, .la_code = "879", .gender = SEX_UNKNOWN};
    enum change change;
    int64_t key;

    snprintf(pupil.pupil_id, sizeof pupil.pupil_id, "%s", id);
    MUST(n, personal_set_text(&pupil.forename, forename, &n->err));
    MUST(n, personal_set_text(&pupil.surname, surname, &n->err));
    pupil.born = day_parse(born);
    MUST(n, roll_put_pupil(n->db, index, &pupil, 1, NULL, &change, &key, &n->err));
    MUST(n, sql_run(n->db, &n->err,
                    "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                    " VALUES (?, 'school', ?, 1)",
                    "it", key, urn));
    pupil_release(&pupil);
}

static inline void night_take(struct night *n);

/* A folder with a store that is filled, closed. In memory where there is such a place: a disk that
 * syncs is no part of what is tried. */
static inline void night_make(struct night *n)
{
    struct roll_index *index = NULL;
    FILE *file;

    *n = (struct night){.db = NULL};
    snprintf(n->folder, sizeof n->folder, "%s/encompass-test-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(n->folder))
        fail_msg("%s", n->folder);
    snprintf(n->path, sizeof n->path, "%s/store.db", n->folder);
    snprintf(n->spool, sizeof n->spool, "%s/spool", n->folder);
    snprintf(n->conf_path, sizeof n->conf_path, "%s/encompass.conf", n->folder);
    mkdir(n->spool, 0700);
    file = fopen(n->conf_path, "w");
    fprintf(file, "[morning]\ntemplates = " PROJECT_DIR "/templates\n"
                  "[adapter \"spool\"]\nfolder = spool\n");
    fclose(file);
    MUST(n, settings_load(n->conf_path, &n->conf, &n->err));
    MUST(n, db_create(n->path, &n->err));
    MUST(n, db_open(n->path, &n->db, &n->err));
    MUST(n, sql_script(n->db, night_registers, &n->err));
    MUST(n, db_begin(n->db, &n->err));
    MUST(n, roll_index_new(n->db, &index, &n->err));
    night_enrol(n, index, "p1", "Zelda", "Quibblethwaite", "2017-03-09", "100001");
    night_enrol(n, index, "p2", "Yorick", "Quibblethwaite", "2019-05-01", "100001");
    night_enrol(n, index, "p3", "Xanthe", "Pumblechook", "2012-08-20", "100002");
    night_enrol(n, index, "p4", "Wilf", "Pumblechook", "2013-11-11", "100002");
    MUST(n, roll_index_write(index, &n->err));
    roll_index_free(index);
    MUST(n, db_commit(n->db, &n->err));
    db_close(n->db);
    n->db = NULL;
    night_take(n);
}

static inline void night_minute(struct night *n, int minutes)
{
    n->clock =
        (struct clock){.shift = NIGHT + (time_t)minutes * 60, .pretended = true, .stands = true};
}

/* The daemon starts, as loop_run does. -1: it could not. */
static inline int night_begin(struct night *n)
{
    n->multi = curl_multi_init();
    n->steps = (struct steps){.clock = &n->clock};
    if (db_open(n->path, &n->db, &n->err) < 0 ||
        sql_script(n->db, "PRAGMA wal_autocheckpoint=24", &n->err) <
            0 || /* pages: some in a night */
        claims_release(n->db, clock_now(&n->clock), &n->err) < 0 ||
        dispatch_new(n->conf, n->db, &n->clock, n->multi, &n->steps.dispatch, &n->err) < 0)
        return -1;
    n->steps.db = n->db;
    return 0;
}

/* ... and ends, in whatever way. */
static inline void night_end(struct night *n)
{
    dispatch_free(n->steps.dispatch);
    n->steps.dispatch = NULL;
    db_close(n->db);
    n->db = NULL;
    curl_multi_cleanup(n->multi);
    n->multi = NULL;
}

/* Two messages a commit, as a batch of intake. */
static inline int night_intake(struct night *n, int minutes)
{
    while (n->kept < NIGHT_MESSAGES && night_messages[n->kept].minutes <= minutes) {
        size_t kept = n->kept;

        if (db_begin(n->db, &n->err) < 0)
            return -1;
        for (; kept < NIGHT_MESSAGES && kept < n->kept + 2; kept++) {
            const char *json = night_messages[kept].json;
            const struct inbound in = {.topic = TOPIC, .payload = json, .length = strlen(json)};
            enum accepted how;

            if (night_messages[kept].minutes > minutes)
                break;
            if (accept_message(n->db, &in, clock_now(&n->clock), &how, &n->err) < 0) {
                db_rollback(n->db);
                return -1;
            }
        }
        if (db_commit(n->db, &n->err) < 0)
            return -1;
        n->kept = kept;
    }
    return 0;
}

/* Whoever was told at the primary school answers. */
static inline int night_answer(struct night *n, int minutes)
{
    char reference[64] = "";
    sqlite3_stmt *stmt;

    if (minutes < 310)
        return 0;
    if (sql_query(n->db, &stmt, &n->err,
                  "SELECT reference FROM notice WHERE urn = '100001' AND kind = 'notice'"
                  " AND state = 'told'",
                  "") < 0)
        return -1;
    if (sql_row(n->db, stmt, &n->err) == 1)
        snprintf(reference, sizeof reference, "%s", sql_text(stmt, 0));
    sql_done(stmt);
    return reference[0] == '\0' ? 0
                                : answer_notice(n->db, reference, SAID(ANSWER_TAKEN, "una"),
                                                clock_now(&n->clock), &n->err);
}

/* The rounds of one of night_hours. A step that fails is run again in the next round, as the loop
 * does. stop: asked after each step, whether to leave off at once. */
static inline void night_hour(struct night *n, size_t hour, bool (*stop)(void))
{
    int minutes = night_hours[hour];

    night_minute(n, minutes);
    for (int round = 0; round < NIGHT_ROUNDS; round++) {
        n->steps.next = clock_now(&n->clock) + 1;
        n->steps.more = false;
        if (night_intake(n, minutes) < 0 && stop())
            return;
        for (size_t i = 0; i < STEPS; i++) {
            if (all_steps[i].run(&n->steps, &n->err) < 0)
                assert_false(db_in_transaction(n->db));
            if (stop())
                return;
        }
        if (night_answer(n, minutes) < 0 && stop())
            return;
    }
}

static inline int night_files(struct night *n)
{
    DIR *dir = opendir(n->spool);
    int count = 0;

    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* How everything stands, in one text, without numbers that a fault may change (keys, how often a
 * message came). The caller's to free. */
static inline char *night_standing(struct night *n)
{
    static const char *const questions[] = {
        "SELECT group_concat(line, char(10)) FROM (SELECT police_ref || ' ' || i.revision || ' ' ||"
        " child_ref || ' ' || c.state || ' ' || c.stage AS line"
        " FROM child c JOIN incident i USING (incident_id) ORDER BY 1)",
        "SELECT group_concat(line, char(10)) FROM (SELECT police_ref || ' ' || n.kind || ' ' || n.urn"
        " || ' ' || ifnull(reason,'') || ' ' || n.state || ' ' || n.due_at || ' ' ||"
        " ifnull(told_at,'-') || ' ' || ifnull(told_contact,'-') AS line"
        " FROM notice n JOIN incident i USING (incident_id) ORDER BY 1)",
        "SELECT group_concat(line, char(10)) FROM (SELECT police_ref || ' ' || n.kind || ' ' ||"
        " o.kind || ' ' || o.contact_id || ' ' || o.state || ' ' || o.due_at || ' ' ||"
        " (SELECT count(*) FROM attempt a WHERE a.item_id = o.item_id AND a.verdict = 'sent')"
        " AS line FROM outbox o JOIN notice n USING (notice_id) JOIN incident i USING (incident_id)"
        " ORDER BY 1)",
        "SELECT group_concat(line, char(10)) FROM (SELECT topic || ' ' ||"
        " (payload ->> 'police_ref') || ' ' || (payload ->> 'status') || ' ' || count(*) AS line FROM outbox WHERE kind = 'receipt'"
        " AND payload ->> 'status' IN ('accepted','closed') GROUP BY topic,"
        " payload ->> 'police_ref', payload ->> 'status' ORDER BY 1)",
    };
    struct buf out;

    buf_init(&out, 65536);
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        sqlite3_stmt *stmt;

        MUST(n, sql_query(n->db, &stmt, &n->err, questions[i], ""));
        if (sql_row(n->db, stmt, &n->err) == 1)
            buf_addf(&out, "%s\n\n", sql_text(stmt, 0));
        sql_done(stmt);
    }
    buf_addf(&out, "%d files\n", night_files(n));
    return buf_take(&out);
}

/* What must hold whatever has happened (P1, P2, P4). */
static inline void night_account(struct night *n, const char *when)
{
    struct incidents_account a;
    int64_t twice, lost;

    MUST(n, incidents_account(n->db, 0, &a, &n->err));
    twice = night_ask(n, "SELECT count(*) FROM attempt WHERE verdict = 'sent' GROUP BY item_id"
                         " HAVING count(*) > 1");
    lost = (int64_t)n->kept - night_ask(n, "SELECT count(*) FROM message");
    if (a.forgotten || a.unproved || twice > 0 || lost > 0)
        fail_msg("%s: %d forgotten, %d unproved, %d sent twice, %d messages lost", when,
                 (int)a.forgotten, (int)a.unproved, (int)twice, (int)lost);
    if (night_ask(n, "SELECT count(*) FROM pragma_foreign_key_check") != 0 ||
        night_ask(n, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") !=
            0)
        fail_msg("%s: the store is damaged", when);
}

/* The folder as night_make left it; what a run has left behind goes. */
static inline void night_empty_spool(struct night *n)
{
    DIR *dir = opendir(n->spool);
    char path[512];

    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", n->spool, e->d_name);
        if (e->d_name[0] != '.' || strstr(e->d_name, ".new"))
            unlink(path);
    }
    closedir(dir);
}

static inline void night_take(struct night *n)
{
    struct stat st;
    FILE *file = fopen(n->path, "rb");

    if (!file || fstat(fileno(file), &st) < 0)
        fail_msg("%s", n->path);
    n->filled_size = (size_t)st.st_size;
    n->filled = malloc(n->filled_size);
    assert_int_equal(fread(n->filled, 1, n->filled_size, file), n->filled_size);
    fclose(file);
}

/* The store and the spool as they were at first. */
static inline void night_put_back(struct night *n)
{
    char path[160];
    FILE *file;

    if (n->db) /* a test before this one has failed */
        night_end(n);
    file = fopen(n->path, "wb");
    assert_int_equal(fwrite(n->filled, 1, n->filled_size, file), n->filled_size);
    fclose(file);
    snprintf(path, sizeof path, "%s-wal", n->path);
    unlink(path);
    snprintf(path, sizeof path, "%s-shm", n->path);
    unlink(path);
    night_empty_spool(n);
    n->kept = 0;
}

/* Ends a run: all stands as expected; or, where a fault took time, every child does. */
static inline void night_finish(struct night *n, const char *what, bool to_the_minute)
{
    char *standing;
    size_t children;

    night_account(n, what);
    assert_int_equal(n->kept, NIGHT_MESSAGES);
    standing = night_standing(n);
    if (!n->expected)
        n->expected = strdup(standing);
    children = (size_t)(strstr(n->expected, "\n\n") - n->expected);
    if (strncmp(standing, n->expected, to_the_minute ? SIZE_MAX : children) != 0)
        fail_msg("%s: stands otherwise:\n%s\ninstead of\n%s", what, standing, n->expected);
    if (night_files(n) !=
        night_ask(n, "SELECT count(*) FROM outbox WHERE state = 'sent' AND adapter = 'spool'"))
        fail_msg("%s: what was told and what is said to be differ:\n%s", what, standing);
    if (night_ask(n, "SELECT count(*) FROM child WHERE state IN ('open','review')") != 0)
        fail_msg("%s: a child is open in the end:\n%s", what, standing);
    free(standing);
    night_end(n);
}

static inline void night_remove(struct night *n)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm",
                                        "store.db-daemon", "encompass.conf"};
    char path[160];

    night_empty_spool(n);
    rmdir(n->spool);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s", n->folder, names[i]);
        unlink(path);
    }
    rmdir(n->folder);
    config_free(n->conf);
    free(n->filled);
    free(n->expected);
}

#endif
