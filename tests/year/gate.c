#include "gate.h"

#include <curl/curl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "chance.h"
#include "daemon/settings.h"
#include "daemon/steps.h"
#include "match/knowledge.h"
#include "post.h"
#include "statements.h"
#include "store/claims.h"
#include "store/roll_index.h"
#include "store/sql.h"

enum { ROUNDS_MOST = 2000 };

struct clock gate_clock = {.pretended = true, .stands = true};
struct db *gate_office, *gate_daemon;
int gate_crashes, gate_life;

static char store_path[512];
static struct config *conf;
static CURLM *multi;
static struct steps steps;

static double seconds[STEPS + 1]; /* the last is intake's */

static double processor(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void gate_statements_in(enum statements_age age)
{
    statements_note(gate_daemon);
    statements_in(age);
}

void gate_print_time(void)
{
    double all = processor();

    printf("%10.1f s of the processor:", all);
    for (int i = 0; i <= STEPS; i++) {
        printf(" %s %.1f,", i < STEPS ? all_steps[i].name : "intake", seconds[i]);
        all -= seconds[i];
    }
    printf(" all else %.1f\n", all);
}

int gate_make(const char *folder, struct err *err)
{
    char path[600];
    FILE *out;

    snprintf(path, sizeof path, "%s/encompass.conf", folder);
    snprintf(store_path, sizeof store_path, "%s/store.db", folder);
    out = fopen(path, "we");
    if (!out)
        return err_errno(err, path);
    fprintf(
        out,
        "[store]\npath = %s\n[match]\nnames = %s/config/names\n[morning]\ntemplates = %s/templates\n"
        "[adapter \"email\"]\nconcurrency = 50\n[adapter \"webhook\"]\nconcurrency = 50\n"
        "[adapter \"spool\"]\nfolder = %s/spool\n",
        store_path, PROJECT_DIR, PROJECT_DIR, folder);
    fclose(out);
    return db_create(store_path, err) < 0 || settings_load(path, &conf, err) < 0
               ? -1
               : knowledge_open(conf, err);
}

int gate_open(struct err *err)
{
    if (db_open(store_path, &gate_daemon, err) < 0 || db_open(store_path, &gate_office, err) < 0 ||
        db_lock_daemon(gate_daemon, err) < 0 || roll_index_bring_up(gate_daemon, err) < 0 ||
        claims_release(gate_daemon, clock_now(&gate_clock), err) < 0)
        return -1;
    multi = curl_multi_init();
    steps = (struct steps){.db = gate_daemon, .clock = &gate_clock};
    return dispatch_new(conf, gate_daemon, &gate_clock, multi, &steps.dispatch, err);
}

void gate_close(void)
{
    dispatch_free(steps.dispatch);
    curl_multi_cleanup(multi);
    if (gate_daemon)
        statements_note(gate_daemon);
    db_close(gate_office);
    db_close(gate_daemon);
    gate_office = gate_daemon = NULL;
    steps.dispatch = NULL;
    multi = NULL;
}

int gate_accept(const struct gate_message *message, enum accepted *what, struct err *err)
{
    const struct inbound in = {
        .topic = message->topic, .payload = message->text, .length = strlen(message->text)};
    enum accepted accepted;
    double from = processor();

    if (db_begin(gate_daemon, err) < 0)
        return -1;
    if (accept_message(gate_daemon, &in, clock_now(&gate_clock), &accepted, err) < 0) {
        db_rollback(gate_daemon);
        return -1;
    }
    if (db_commit(gate_daemon, err) < 0)
        return -1;
    *what = accepted;
    seconds[STEPS] += processor() - from;
    return 0;
}

/* It looks once a minute, as nothing in a year does: here it looks whenever something happens. */
static bool only_looks(const struct step *step)
{
    return strcmp(step->name, "watch") == 0;
}

/* The daemon comes round every second, and so its follow step says nothing of when. */
static int bring_forward(time_t now, time_t *next, struct err *err)
{
    int64_t at = -1;
    int rc = sql_int(gate_daemon, &at, err,
                     "SELECT min(follow_at) FROM notice WHERE follow_at IS NOT NULL AND state = "
                     "'told' AND follow_at > ?",
                     "i", (int64_t)now);

    if (rc == 1 && at < *next)
        *next = at;
    return rc < 0 ? -1 : 0;
}

int gate_run(time_t *next, struct err *err)
{
    for (int round = 0; round < ROUNDS_MOST; round++) {
        time_t now = clock_now(&gate_clock), soonest = now + 366 * 86400;
        int before = sqlite3_total_changes(sql_handle(gate_daemon));

        steps.more = false;
        watch_broker(&steps.watch, true, true, now);
        for (int i = 0; i < STEPS; i++) {
            double from = processor();

            steps.next = soonest;
            if (all_steps[i].run(&steps, err) < 0)
                return err_context(err, "step %s", all_steps[i].name);
            seconds[i] += processor() - from;
            if (!only_looks(&all_steps[i]))
                soonest = steps.next;
        }
        /* The daemon comes round every second: until a round changes nothing. */
        if (!steps.more && soonest > now &&
            sqlite3_total_changes(sql_handle(gate_daemon)) == before) {
            *next = soonest;
            return bring_forward(now, next, err);
        }
    }
    return err_set(err, ERR_LIMIT, "the steps do not come to rest");
}

/* Being killed */

static int writes_left = -1; /* -1: nobody is to be killed */

void crash_point(void)
{
    if (writes_left >= 0 && writes_left-- == 0)
        raise(SIGKILL);
}

typedef ssize_t write_fn(int fd, const void *bytes, size_t length);
typedef ssize_t pwrite_fn(int fd, const void *bytes, size_t length, off_t at);
static write_fn *real_write;
static pwrite_fn *real_pwrite;

static ssize_t counted_write(int fd, const void *bytes, size_t length)
{
    crash_point();
    return real_write(fd, bytes, length);
}

static ssize_t counted_pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    crash_point();
    return real_pwrite(fd, bytes, length, at);
}

/* The seam that SQLite has for its own tests. */
static void count_writes(int nth)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    static const char *const names[] = {"pwrite64", "pwrite"};

    real_write = (write_fn *)vfs->xGetSystemCall(vfs, "write");
    if (real_write)
        vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)counted_write);
    for (int i = 0; i < 2 && !real_pwrite; i++) {
        real_pwrite = (pwrite_fn *)vfs->xGetSystemCall(vfs, names[i]);
        if (real_pwrite)
            vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)counted_pwrite);
    }
    writes_left = nth;
}

/* Seen by both processes. */
struct shared {
    bool acknowledged;
    enum accepted what;
};

static void live_and_die(const struct gate_message *message, int nth, struct shared *shared)
{
    struct err err = {.code = ERR_NONE};
    time_t next;

    if (gate_open(&err) < 0)
        goto failed;
    count_writes(nth);
    if (message) {
        enum accepted what;

        if (gate_accept(message, &what, &err) < 0)
            goto failed;
        shared->what = what;
        shared->acknowledged = true;
    }
    if (gate_run(&next, &err) < 0)
        goto failed;
    writes_left = -1;
    gate_close();
    _exit(0);
failed:
    fprintf(stderr, "year: the daemon failed: %s\n", err.text);
    _exit(1);
}

/* 1 it was killed, 0 it came to its end, -1. */
static int wait_for(pid_t child, struct err *err)
{
    int status = 0;

    chance_new_life();
    if (child < 0 || waitpid(child, &status, 0) != child)
        return err_errno(err, "another process");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return 1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_SYSTEM, "another process ended with status %d", status);
    return 0;
}

int gate_run_killed(const struct gate_message *message, int nth, enum accepted *what,
                    struct err *err)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;
    int rc;

    if (shared == MAP_FAILED)
        return err_errno(err, "mmap");
    gate_close();
    child = fork();
    if (child == 0)
        live_and_die(message, nth, shared);
    rc = wait_for(child, err);
    if (rc >= 0 && shared->acknowledged)
        *what = shared->what;
    munmap(shared, sizeof *shared);
    gate_crashes += rc > 0;
    return rc < 0 ? -1 : gate_open(err);
}

static void work_and_die(gate_work *work, void *what, int nth)
{
    struct err err = {.code = ERR_NONE};
    struct db *db;

    if (db_open(store_path, &db, &err) < 0) {
        fprintf(stderr, "year: %s\n", err.text);
        _exit(1);
    }
    count_writes(nth);
    if (work(db, what) < 0)
        _exit(1);
    writes_left = -1;
    db_close(db);
    _exit(0);
}

int gate_office_killed(gate_work *work, void *what, int nth, bool *done, struct err *err)
{
    pid_t child;
    int rc;

    gate_close();
    child = fork();
    if (child == 0)
        work_and_die(work, what, nth);
    rc = wait_for(child, err);
    *done = rc == 0;
    return rc < 0 ? -1 : gate_open(err);
}
