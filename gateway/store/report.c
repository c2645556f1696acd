#include "store/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/date.h"
#include "store/sql.h"

enum { NOON = 12 * 3600, LATE_AFTER = 60 };

int report_begin(struct db *db, struct err *err)
{
    return sql_run(db, err, "BEGIN", "");
}

void report_end(struct db *db)
{
    db_rollback(db);
}

/* proc(5): "1: FLOCK  ADVISORY  WRITE 1234 fe:00:10956088 0 EOF", the last number of the three being
 * the file's. One that waits has "->" before its kind, and holds nothing. */
static int64_t find_lock(FILE *locks, const struct stat *file)
{
    char line[256];

    while (fgets(line, sizeof line, locks)) {
        const char *kind = strstr(line, ": FLOCK"), *writes = strstr(line, "WRITE ");
        const char *inode = strrchr(line, ':');

        if (kind && writes && inode && strtoull(inode + 1, NULL, 10) == file->st_ino)
            return strtol(writes + strlen("WRITE "), NULL, 10);
    }
    return 0;
}

int64_t report_daemon(struct db *db)
{
    struct buf path;
    struct stat file;
    FILE *locks = NULL;
    int64_t pid = 0;

    buf_init(&path, 4096);
    buf_addf(&path, "%s-daemon", db_path(db));
    if (stat(buf_text(&path), &file) == 0) {
        locks = fopen("/proc/locks", "re");
        pid = locks ? find_lock(locks, &file) : -1;
    }
    if (locks)
        fclose(locks);
    buf_release(&path);
    return pid;
}

time_t report_night_began(time_t now)
{
    day_t day = london_day(now);

    return london_moment(london_second(now) >= NOON ? day : day - 1, NOON);
}

static int count_messages(struct db *db, time_t since, struct report_counts *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err,
                       "SELECT outcome, count(*) FROM message WHERE received_at >= ? GROUP BY 1",
                       "i", (int64_t)since);

    if (rc < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        const char *outcome = sql_text(stmt, 0);
        int64_t n = sqlite3_column_int64(stmt, 1);

        out->messages += n;
        if (strcmp(outcome, "accepted") == 0)
            out->accepted = n;
        else if (strcmp(outcome, "repeat") == 0)
            out->repeated = n;
        else
            out->refused = n;
    }
    sql_done(stmt);
    return rc;
}

static void add_decision(struct report_counts *out, const char *outcome, int64_t n)
{
    if (!outcome)
        out->undecided += n;
    else if (strcmp(outcome, "match") == 0)
        out->matched += n;
    else if (strcmp(outcome, "review") == 0)
        out->in_review += n;
    else
        out->no_match += n;
}

static int count_decisions(struct db *db, time_t since, struct report_status *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err,
                       "SELECT d.outcome, count(*), sum(i.revised_at >= ?),"
                       " sum(c.stage = 'match'), sum(c.stage = 'plan')"
                       " FROM child c JOIN incident i ON i.incident_id = c.incident_id"
                       " LEFT JOIN decision d ON d.decision_id = c.decision_id GROUP BY 1",
                       "i", (int64_t)since);

    if (rc < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        add_decision(&out->all, sql_text(stmt, 0), sqlite3_column_int64(stmt, 1));
        add_decision(&out->since, sql_text(stmt, 0), sqlite3_column_int64(stmt, 2));
        out->to_match += sqlite3_column_int64(stmt, 3);
        out->to_plan += sqlite3_column_int64(stmt, 4);
    }
    sql_done(stmt);
    return rc;
}

static int count_notices(struct db *db, time_t now, struct report_status *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(
        db, &stmt, err,
        "SELECT state, count(*), sum(namespace IN ('la','force')),"
        " sum(state = 'owed' AND due_at < ?1 - ?2),"
        " sum(told_at > answer_by AND awaited), sum(state = 'told' AND answer_by < ?1 AND awaited),"
        " min(due_at), min(CASE WHEN awaited THEN answer_by END)"
        " FROM (SELECT *, EXISTS (SELECT 1 FROM notice_stands s"
        "   WHERE s.notice_id = notice.notice_id) AS awaited FROM notice)"
        " GROUP BY state",
        "ii", (int64_t)now, (int64_t)LATE_AFTER);

    if (rc < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        enum notice_state state = NOTICE_OWED;

        while (state < NOTICE_CANCELLED && strcmp(notice_state_word(state), sql_text(stmt, 0)) != 0)
            state++;
        out->notices[state] = sqlite3_column_int64(stmt, 1);
        if (state == NOTICE_CANCELLED)
            continue;
        out->desk_notices += sqlite3_column_int64(stmt, 2);
        out->late += sqlite3_column_int64(stmt, 3);
        out->told_late += sqlite3_column_int64(stmt, 4);
        out->unanswered += sqlite3_column_int64(stmt, 5);
        if (state == NOTICE_OWED)
            out->next_due = sql_moment(stmt, 6);
        if (state == NOTICE_TOLD)
            out->next_answer_by = sql_moment(stmt, 7);
    }
    sql_done(stmt);
    return rc;
}

/* A query of one row: a count and the oldest of its moments. */
static int count_and_oldest(struct db *db, const char *sql, int64_t *n, time_t *oldest,
                            struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err, sql, "");

    if (rc < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *n = sqlite3_column_int64(stmt, 0);
        *oldest = sql_moment(stmt, 1);
    }
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int read_troubles(struct db *db, struct report_status *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = sql_query(db, &stmt, err,
                       /* Beside one max() SQLite takes the other columns from its row. */
                       "SELECT adapter, verdict, count(*), max(tries), detail,"
                       " (SELECT min(due_at) FROM outbox w WHERE w.state IN ('due','leased')"
                       "  AND w.adapter = o.adapter AND w.verdict = o.verdict)"
                       " FROM outbox o"
                       " WHERE state IN ('due','leased') AND verdict IN ('later','broken')"
                       " GROUP BY adapter, verdict ORDER BY 1, 2",
                       "");

    if (rc < 0)
        return -1;
    while (out->troubles_count < REPORT_ADAPTERS && (rc = sql_row(db, stmt, err)) == 1) {
        struct report_trouble *t = &out->troubles[out->troubles_count++];

        if (sql_copy(stmt, 0, t->adapter, sizeof t->adapter, err) < 0 ||
            sql_copy(stmt, 1, t->verdict, sizeof t->verdict, err) < 0 ||
            sql_copy(stmt, 4, t->detail, sizeof t->detail, err) < 0) {
            rc = -1;
            break;
        }
        t->items = sqlite3_column_int64(stmt, 2);
        t->most_tries = sqlite3_column_int64(stmt, 3);
        t->next_try = sql_moment(stmt, 5);
    }
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int read_status(struct db *db, time_t since, time_t now, struct report_status *out,
                       struct err *err)
{
    int64_t messages = 0;

    if (count_messages(db, 0, &out->all, err) < 0 ||
        count_messages(db, since, &out->since, err) < 0 ||
        incidents_account(db, 0, &out->all.account, err) < 0 ||
        incidents_account(db, since, &out->since.account, err) < 0 ||
        count_decisions(db, since, out, err) < 0 || count_notices(db, now, out, err) < 0 ||
        read_troubles(db, out, err) < 0 ||
        sql_int(db, &out->wrong_doors, err, "SELECT count(DISTINCT child_id) FROM ruled_out", "") <
            0)
        return -1;
    if (count_and_oldest(db, "SELECT count(*), max(received_at) FROM message", &messages,
                         &out->last_message_at, err) < 0 ||
        count_and_oldest(db,
                         "SELECT count(*), min(created_at) FROM outbox"
                         " WHERE kind = 'receipt' AND state IN ('due','leased')",
                         &out->receipts_waiting, &out->receipts_oldest, err) < 0 ||
        count_and_oldest(db,
                         "SELECT count(*), min(received_at) FROM message"
                         " WHERE outcome = 'refused' AND handled_at IS NULL",
                         &out->refused_waiting, &out->refused_oldest, err) < 0)
        return -1;
    return 0;
}

int report_status(struct db *db, time_t since, time_t now, struct report_status *out,
                  struct err *err)
{
    int rc;

    *out = (struct report_status){.next_due = -1,
                                  .next_answer_by = -1,
                                  .last_message_at = -1,
                                  .receipts_oldest = -1,
                                  .refused_oldest = -1};
    if (report_begin(db, err) < 0)
        return -1;
    rc = read_status(db, since, now, out, err);
    report_end(db);
    return rc;
}
