#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/name_counts.h"
#include "store/parsed.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/statement.h"

enum { PATIENCE_MS = 10000, LOOK_AGAIN_US = 700 };

const char *db_path(const struct db *db)
{
    return db->path;
}

/* One thread has a store's connection, and nobody asks SQLite how much memory it has: its locks for
 * both are left out. Refused once SQLite has begun, which is as well. */
static void without_locks(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* SQLite's own wait grows to a tenth of a second, and whoever writes one transaction behind another is
 * never met between two of them: so it is looked often. 1 look again, 0 give up. */
static int wait_for_writer(void *self, int looks)
{
    struct db *db = self;

    if (looks == 0)
        db->waiting_since = clock_monotonic_ms();
    if (clock_monotonic_ms() - db->waiting_since >= db->patience_ms ||
        (db->go_on && !db->go_on(db->go_on_user)))
        return 0;
    usleep(LOOK_AGAIN_US);
    return 1;
}

static int open_file(const char *path, struct db **out, struct err *err)
{
    struct db *db = calloc(1, sizeof *db);
    int rc = -1;

    if (!db)
        return err_memory(err);
    without_locks();
    db->daemon_lock = -1;
    db->path = strdup(path);
    if (!db->path) {
        err_memory(err);
        goto out;
    }
    if (sqlite3_open_v2(path, &db->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        err_set(err, ERR_STORE, "store %s: %s", path,
                db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
        goto out;
    }
    sqlite3_extended_result_codes(db->handle, 0);
    db_set_patience(db, PATIENCE_MS);
    sqlite3_busy_handler(db->handle, wait_for_writer, db);
    if (sql_script(
            db,
            "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
            "PRAGMA secure_delete=ON;" /* what is gone is not left in the file */
            "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA mmap_size=134217728;",
            err) < 0)
        goto out;
    if (sqlite3_prepare_v3(db->handle, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &db->rollback,
                           NULL) != SQLITE_OK) {
        sql_failure(db, err);
        goto out;
    }
    *out = db;
    db = NULL;
    rc = 0;
out:
    db_close(db);
    return rc;
}

int db_open(const char *path, struct db **out, struct err *err)
{
    struct db *db;

    if (access(path, F_OK) < 0)
        return err_set(err, ERR_STORE, "store %s: %s (encompass init makes one)", path,
                       strerror(errno));
    if (open_file(path, &db, err) < 0)
        return -1;
    if (schema_upgrade(db, err) < 0) {
        db_close(db);
        return -1;
    }
    *out = db;
    return 0;
}

/* A whole new store under a name of its own. */
static int create_at(const char *path, struct err *err)
{
    struct db *db = NULL;
    int rc = -1;
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || fchmod(fd, 0600) < 0) {
        rc = err_set(err, ERR_SYSTEM, "store %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return rc;
    }
    close(fd);
    if (open_file(path, &db, err) == 0 && sql_script(db, "PRAGMA journal_mode=WAL;", err) == 0 &&
        schema_create(db, err) == 0)
        rc = 0;
    db_close(db); /* the last connection: all of it is in the one file then, and synced */
    return rc;
}

/* The folder's entry is on disk, so that the file is there after a power cut. */
static int sync_folder(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd, rc = 0;

    if (!folder)
        return err_memory(err);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0 || fsync(fd) < 0)
        rc = err_errno(err, "the store's folder");
    if (fd >= 0)
        close(fd);
    return rc;
}

static int taken(const char *path, int number, struct err *err)
{
    return err_set(err, number == EEXIST ? ERR_INVALID : ERR_SYSTEM, "store %s: %s", path,
                   strerror(number));
}

/* A log that an earlier store has left beside path would be taken for the new one's, and played into
 * it. It can hold what was acknowledged, so it is not for us to remove. */
static int no_old_log(const char *path, struct err *err)
{
    struct buf log;
    int rc;

    buf_init(&log, 4096);
    buf_addf(&log, "%s-wal", path);
    rc = buf_check(&log, err);
    if (rc == 0 && access(buf_text(&log), F_OK) == 0)
        rc = err_set(err, ERR_INVALID,
                     "%s: is an earlier store's, and may hold what it was told last; move it away "
                     "together with that store",
                     buf_text(&log));
    buf_release(&log);
    return rc;
}

int db_create(const char *path, struct err *err)
{
    struct buf draft;
    int rc = -1;

    if (access(path, F_OK) == 0)
        return taken(path, EEXIST, err);
    if (no_old_log(path, err) < 0)
        return -1;
    buf_init(&draft, 4096);
    buf_addf(&draft, "%s-new", path);
    if (buf_check(&draft, err) < 0)
        return -1;
    if (create_at(buf_text(&draft), err) < 0)
        goto out;
    /* Not rename: what has come to stand at path meanwhile is not ours to replace. */
    if (link(buf_text(&draft), path) < 0) {
        taken(path, errno, err);
        goto out;
    }
    rc = 0;
out:
    unlink(buf_text(&draft));
    buf_release(&draft);
    return rc < 0 ? -1 : sync_folder(path, err);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_rollback(db);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(db->statements[i].stmt);
    sqlite3_finalize(db->rollback);
    sqlite3_close(db->handle);
    if (db->daemon_lock >= 0)
        close(db->daemon_lock);
    parsed_free(db->parsed);
    name_counts_free(db->name_counts);
    free(db->path);
    free(db);
}

void db_set_patience(struct db *db, int ms)
{
    db->patience_ms = ms;
}

void db_ask_while_waiting(struct db *db, bool (*go_on)(void *user), void *user)
{
    db->go_on = go_on;
    db->go_on_user = user;
}

void db_interrupt(struct db *db)
{
    sqlite3_interrupt(db->handle);
}

bool db_in_transaction(const struct db *db)
{
    return db->handle && !sqlite3_get_autocommit(db->handle);
}

int db_begin(struct db *db, struct err *err)
{
    assert(!db_in_transaction(db));
    return sql_run(db, err, "BEGIN IMMEDIATE", "");
}

int db_begin_reading(struct db *db, struct err *err)
{
    assert(!db_in_transaction(db));
    return sql_run(db, err, "BEGIN DEFERRED", "");
}

/* SQLite goes on writing to a file that has no name any more, and what it holds ends with us. */
static int still_there(struct db *db, struct err *err)
{
    int moved = 0;

    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
        !moved)
        return 0;
    return err_set(err, ERR_SYSTEM,
                   "store %s: the file was moved, removed or replaced; put it back, or restart",
                   db->path);
}

int db_commit(struct db *db, struct err *err)
{
    if (still_there(db, err) < 0 || sql_run(db, err, "COMMIT", "") < 0) {
        db_rollback(db);
        return -1;
    }
    return 0;
}

void db_rollback(struct db *db)
{
    if (!db_in_transaction(db))
        return;
    sqlite3_step(db->rollback);
    sqlite3_reset(db->rollback);
}

int db_part_begin(struct db *db, struct err *err)
{
    assert(db_in_transaction(db));
    return sql_run(db, err, "SAVEPOINT part", "");
}

int db_part_end(struct db *db, bool keep, struct err *err)
{
    if (!keep && sql_run(db, err, "ROLLBACK TO part", "") < 0)
        return -1;
    return sql_run(db, err, "RELEASE part", "");
}

int db_version_of_data(struct db *db, int64_t *out, struct err *err)
{
    return sql_int(db, out, err, "PRAGMA data_version", "") == 1 ? 0 : -1;
}

int db_lock_daemon(struct db *db, struct err *err)
{
    struct buf path;
    int fd;

    buf_init(&path, 4096);
    buf_addf(&path, "%s-daemon", db->path);
    if (buf_check(&path, err) < 0)
        return -1;
    fd = open(buf_text(&path), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    buf_release(&path);
    if (fd < 0)
        return err_errno(err, "the daemon's lock file");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return err_set(err, ERR_BUSY, "store %s: another daemon is running on it", db->path);
    }
    db->daemon_lock = fd;
    return 0;
}
