#include "store/report_metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "store/report.h"
#include "store/report_list.h"

static int read_backlog(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct metrics_backlog *b = into;

    (void)db;
    b->waiting = sqlite3_column_int64(stmt, 1);
    b->due = sqlite3_column_int64(stmt, 2);
    b->leased = sqlite3_column_int64(stmt, 3);
    return sql_copy(stmt, 0, b->adapter, sizeof b->adapter, err);
}

static int backlog(struct db *db, time_t now, struct metrics_figures *out, struct err *err)
{
    struct report_list list = REPORT_LIST(struct metrics_backlog, read_backlog);
    int rc = sql_query(
        db, &list.stmt, err,
        "SELECT adapter, sum(state = 'due' AND due_at > ?1), sum(state = 'due' AND due_at <= ?1),"
        " sum(state = 'leased') FROM ("
        " SELECT adapter, state, due_at FROM outbox WHERE state = 'due' UNION ALL"
        " SELECT adapter, state, due_at FROM outbox WHERE state = 'leased' UNION ALL"
        " SELECT adapter, state, due_at FROM bulletin WHERE state IN ('due','leased'))"
        " GROUP BY adapter ORDER BY adapter",
        "i", (int64_t)now);

    rc = report_rows(db, &list, rc, err);
    return report_list_out(&list, rc, &out->backlog, &out->backlog_count);
}

static int read_tries(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct metrics_tries *t = into;

    (void)db;
    t->count = sqlite3_column_int64(stmt, 2);
    return sql_copy(stmt, 0, t->adapter, sizeof t->adapter, err) < 0
               ? -1
               : sql_copy(stmt, 1, t->verdict, sizeof t->verdict, err);
}

static int tries(struct db *db, struct metrics_figures *out, struct err *err)
{
    struct report_list list = REPORT_LIST(struct metrics_tries, read_tries);
    int rc = sql_query(db, &list.stmt, err,
                       "SELECT o.adapter, a.verdict, count(*) FROM attempt a"
                       " JOIN outbox o ON o.item_id = a.item_id GROUP BY 1, 2 ORDER BY 1, 2",
                       "");

    rc = report_rows(db, &list, rc, err);
    return report_list_out(&list, rc, &out->tries, &out->tries_count);
}

static int standing(struct db *db, struct metrics_figures *out, struct err *err)
{
    struct warning *warnings = NULL;
    struct report_review *reviews = NULL;
    size_t count = 0;
    int rc = warnings_standing(db, &warnings, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        out->warnings[warnings[i].kind]++;
    free(warnings);
    if (rc == 0)
        rc = report_reviews(db, -1, &reviews, &count, err);
    if (rc == 0)
        out->reviews = (int64_t)count;
    free(reviews);
    return rc;
}

/* A commit writes the log beside the store, and now and then the store. */
static int files(struct db *db, struct metrics_figures *out, struct err *err)
{
    struct statvfs disk;
    struct stat st;
    struct buf log;

    if (stat(db_path(db), &st) < 0 || statvfs(db_path(db), &disk) < 0)
        return err_errno(err, "the store's file");
    out->store_bytes = st.st_size;
    out->last_commit = st.st_mtime;
    out->free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    buf_init(&log, 4096);
    buf_addf(&log, "%s-wal", db_path(db));
    if (!log.failed && stat(buf_text(&log), &st) == 0) {
        out->store_bytes += st.st_size;
        if (st.st_mtime > out->last_commit)
            out->last_commit = st.st_mtime;
    }
    buf_release(&log);
    return 0;
}

int metrics_figures(struct db *db, time_t now, struct metrics_figures *out, struct err *err)
{
    *out = (struct metrics_figures){.backlog = NULL};
    return backlog(db, now, out, err) < 0 || tries(db, out, err) < 0 || standing(db, out, err) < 0
               ? -1
               : files(db, out, err);
}

void metrics_figures_release(struct metrics_figures *f)
{
    free(f->backlog);
    free(f->tries);
    *f = (struct metrics_figures){.backlog = NULL};
}
