#include "store/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/sql.h"
#include "store/token.h"

enum { KEY_CHARACTERS = 26 };

void outbox_item_release(struct outbox_item *item)
{
    free(item->topic);
    free(item->payload);
    free(item->correlation);
    item->topic = NULL;
    item->payload = NULL;
    item->correlation = NULL;
    item->correlation_length = 0;
}

int outbox_add_receipt(struct db *db, const char *topic, const char *payload,
                       const void *correlation, size_t correlation_length, time_t now,
                       struct err *err)
{
    char key[KEY_CHARACTERS + 1];

    if (token_make(key, KEY_CHARACTERS, err) < 0)
        return -1;
    return sql_run(db, err,
                   "INSERT INTO outbox(kind, topic, payload, correlation, adapter, key, due_at,"
                   " state, created_at) VALUES ('receipt',?,?,?,'mqtt',?,?,'due',?)",
                   "ttbtii", topic, payload, correlation, correlation_length, key, (int64_t)now,
                   (int64_t)now);
}

int outbox_add_standing(struct db *db, int64_t incident_id, const char *topic, const char *payload,
                        time_t now, struct err *err)
{
    char key[OUTBOX_KEY_SIZE];

    snprintf(key, sizeof key, "%lld@%lld", (long long)incident_id, (long long)now);
    if (sql_run(db, err,
                "INSERT INTO outbox(kind, topic, payload, correlation, adapter, key, due_at, state,"
                " created_at) VALUES ('receipt',?,?,x'','mqtt',?,?,'due',?)"
                " ON CONFLICT(key) DO UPDATE SET payload = excluded.payload"
                " WHERE state = 'due' AND tries = 0",
                "tttii", topic, payload, key, (int64_t)now, (int64_t)now) < 0)
        return -1;
    if (sql_changes(db) > 0)
        return 0;
    return outbox_add_receipt(db, topic, payload, NULL, 0, now, err);
}

/* kind: notice or reminder. */
static int add(struct db *db, const char *kind, int64_t notice_id, int64_t contact_id,
               const char *adapter, time_t due_at, time_t give_up_at, time_t now, struct err *err)
{
    struct audit_about about = {-1, -1, notice_id, -1};
    char key[KEY_CHARACTERS + 1];

    if (token_make(key, KEY_CHARACTERS, err) < 0 ||
        sql_run(db, err,
                "INSERT INTO outbox(kind, notice_id, contact_id, adapter, key, due_at, give_up_at,"
                " state, created_at) VALUES (?,?,?,?,?,?,?,'due',?)",
                "tiittiii", kind, notice_id, contact_id, adapter, key, (int64_t)due_at,
                (int64_t)give_up_at, (int64_t)now) < 0)
        return -1;
    about.item_id = sql_last_id(db);
    if (sql_int(db, &about.incident_id, err, "SELECT incident_id FROM notice WHERE notice_id = ?",
                "i", notice_id) < 0)
        return -1;
    return audit_add(db, now, "planner",
                     strcmp(kind, "reminder") == 0 ? "reminder.added" : "item.added", &about, err,
                     "contact=%lld adapter=%s due_at=%lld", (long long)contact_id, adapter,
                     (long long)due_at);
}

int outbox_add_notice(struct db *db, int64_t notice_id, int64_t contact_id, const char *adapter,
                      time_t due_at, time_t give_up_at, time_t now, struct err *err)
{
    return add(db, "notice", notice_id, contact_id, adapter, due_at, give_up_at, now, err);
}

int outbox_add_reminder(struct db *db, int64_t notice_id, int64_t contact_id, const char *adapter,
                        time_t due_at, time_t give_up_at, time_t now, struct err *err)
{
    return add(db, "reminder", notice_id, contact_id, adapter, due_at, give_up_at, now, err);
}

/* The next of an adapter's items that are due, passing over notices with a child that is being
 * matched or planned anew. Read one at a time: what is made of one can change the next. */
#define FREE_TO_GO                                                                                 \
    " NOT EXISTS (SELECT 1 FROM notice_child nc JOIN child c USING (child_id)"                     \
    "  WHERE nc.notice_id = o.notice_id AND c.stage <> 'done')"

static int copy(char **out, const void *from, size_t length, struct err *err)
{
    char *bytes = malloc(length + 1);

    if (!bytes)
        return err_memory(err);
    if (length > 0)
        memcpy(bytes, from, length);
    bytes[length] = '\0';
    *out = bytes;
    return 0;
}

static int item_of(sqlite3_stmt *stmt, struct outbox_item *out, struct err *err)
{
    char *correlation = NULL;

    memset(out, 0, sizeof *out);
    out->item_id = sqlite3_column_int64(stmt, 0);
    out->notice_id = sql_moment(stmt, 1);
    out->contact_id = sql_moment(stmt, 2);
    out->tries = sqlite3_column_int(stmt, 5);
    out->due_at = sqlite3_column_int64(stmt, 6);
    out->give_up_at = sql_moment(stmt, 7);
    out->correlation_length = (size_t)sqlite3_column_bytes(stmt, 10);
    if (sql_copy(stmt, 3, out->key, sizeof out->key, err) < 0 ||
        sql_copy(stmt, 4, out->adapter, sizeof out->adapter, err) < 0)
        return -1;
    if (out->notice_id >= 0)
        return 0;
    if (copy(&out->topic, sql_text(stmt, 8), strlen(sql_text(stmt, 8)), err) < 0 ||
        copy(&out->payload, sql_text(stmt, 9), strlen(sql_text(stmt, 9)), err) < 0 ||
        copy(&correlation, sqlite3_column_blob(stmt, 10), out->correlation_length, err) < 0) {
        outbox_item_release(out);
        return -1;
    }
    out->correlation = correlation;
    return 0;
}

/* Leases that have run out are due again, at the moment at which they were. */
static int end_leases(struct db *db, const char *adapter, time_t now, struct err *err)
{
    return sql_run(db, err,
                   "UPDATE outbox SET state = 'due', lease_until = NULL"
                   " WHERE state = 'leased' AND adapter = ? AND lease_until <= ?",
                   "ti", adapter, (int64_t)now);
}

static int lease(struct db *db, int64_t item_id, time_t until, struct err *err)
{
    return sql_run(db, err, "UPDATE outbox SET state = 'leased', lease_until = ? WHERE item_id = ?",
                   "ii", (int64_t)until, item_id);
}

/* Its contact has ended or is verified no longer: planning picks whom instead. */
static int send_back(struct db *db, const struct outbox_item *item, time_t now, struct err *err)
{
    struct audit_about about = {-1, -1, item->notice_id, item->item_id};

    if (sql_run(db, err, "UPDATE outbox SET state = 'cancelled' WHERE item_id = ?", "i",
                item->item_id) < 0 ||
        sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                " (SELECT child_id FROM notice_child WHERE notice_id = ?)",
                "i", item->notice_id) < 0 ||
        sql_run(db, err,
                "UPDATE notice SET follow_at = ? WHERE notice_id = ? AND state = 'told'"
                " AND follow_at IS NOT NULL",
                "ii", (int64_t)now, item->notice_id) < 0 ||
        sql_int(db, &about.incident_id, err, "SELECT incident_id FROM notice WHERE notice_id = ?",
                "i", item->notice_id) < 0)
        return -1;
    return audit_add(db, now, "dispatcher", "item.returned", &about, err,
                     "contact=%lld is no longer to be told", (long long)item->contact_id);
}

/* 1: *out is leased, 0: none is due, -1. */
static int claim_one(struct db *db, const char *adapter, time_t now, time_t until,
                     struct outbox_item *out, struct err *err)
{
    sqlite3_stmt *stmt;
    bool may_go = false;
    int rc;

    do {
        if (sql_query(db, &stmt, err,
                      "SELECT o.item_id, o.notice_id, o.contact_id, o.key, o.adapter, o.tries,"
                      " o.due_at, o.give_up_at, o.topic, o.payload, o.correlation,"
                      " k.verified_at IS NOT NULL AND k.ended_at IS NULL, o.kind = 'reminder'"
                      " FROM outbox o JOIN contact k USING (contact_id)"
                      " WHERE o.state = 'due' AND o.adapter = ? AND o.due_at <= ?"
                      " AND o.kind <> 'receipt' AND" FREE_TO_GO " ORDER BY o.due_at LIMIT 1",
                      "ti", adapter, (int64_t)now) < 0)
            return -1;
        rc = sql_row(db, stmt, err);
        if (rc == 1) {
            may_go = sqlite3_column_int(stmt, 11) != 0;
            rc = item_of(stmt, out, err) < 0 ? -1 : 1;
            out->is_reminder = sqlite3_column_int(stmt, 12) != 0;
        }
        sql_done(stmt);
        if (rc == 1 && !may_go && send_back(db, out, now, err) < 0)
            rc = -1;
    } while (rc == 1 && !may_go);
    if (rc == 1 && lease(db, out->item_id, until, err) < 0)
        rc = -1;
    return rc;
}

/* Whether there is something to take the write lock for. */
static int anything_due(struct db *db, const char *adapter, time_t now, struct err *err)
{
    time_t next;
    int rc = outbox_next_due(db, adapter, &next, err);

    return rc == 1 ? next <= now : rc;
}

int outbox_claim(struct db *db, const char *adapter, time_t now, int lease_seconds,
                 struct outbox_item *out, int limit, struct err *err)
{
    int n = 0, rc = anything_due(db, adapter, now, err);

    if (rc <= 0)
        return rc;
    if (db_begin(db, err) < 0)
        return -1;
    rc = end_leases(db, adapter, now, err);
    while (rc == 0 && n < limit) {
        rc = claim_one(db, adapter, now, now + lease_seconds, &out[n], err);
        if (rc <= 0)
            break;
        n++;
        rc = 0;
    }
    if (rc == 0 && db_commit(db, err) == 0)
        return n;
    db_rollback(db);
    return -1;
}

static int lease_receipts(struct db *db, time_t now, int lease_seconds, struct outbox_item *out,
                          int limit, int *n, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (end_leases(db, "mqtt", now, err) < 0 ||
        sql_query(db, &stmt, err,
                  "SELECT item_id, notice_id, contact_id, key, adapter, tries, due_at, give_up_at,"
                  " topic, payload, correlation FROM outbox"
                  " WHERE state = 'due' AND adapter = 'mqtt' AND due_at <= ? AND kind = 'receipt'"
                  " ORDER BY due_at, item_id LIMIT ?",
                  "ii", (int64_t)now, (int64_t)limit) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        if (item_of(stmt, &out[*n], err) < 0) {
            rc = -1;
            break;
        }
        ++*n;
    }
    sql_done(stmt);
    for (int i = 0; rc == 0 && i < *n; i++)
        rc = lease(db, out[i].item_id, now + lease_seconds, err);
    return rc;
}

int outbox_claim_receipts(struct db *db, time_t now, int lease_seconds, struct outbox_item *out,
                          int limit, struct err *err)
{
    int n = 0, rc = anything_due(db, "mqtt", now, err);

    if (rc <= 0)
        return rc;
    if (db_begin(db, err) < 0)
        return -1;
    if (lease_receipts(db, now, lease_seconds, out, limit, &n, err) == 0 && db_commit(db, err) == 0)
        return n;
    db_rollback(db);
    while (n > 0)
        outbox_item_release(&out[--n]);
    return -1;
}

int outbox_next_due(struct db *db, const char *adapter, time_t *out, struct err *err)
{
    int64_t due, lease_ends;
    int is_due, is_leased;

    is_due = sql_int(db, &due, err,
                     "SELECT o.due_at FROM outbox o WHERE o.state = 'due' AND o.adapter = ?"
                     " AND" FREE_TO_GO " ORDER BY o.due_at LIMIT 1",
                     "t", adapter);
    if (is_due < 0)
        return -1;
    is_leased = sql_int(db, &lease_ends, err,
                        "SELECT lease_until FROM outbox WHERE state = 'leased' AND adapter = ?"
                        " ORDER BY lease_until LIMIT 1",
                        "t", adapter);
    if (is_leased < 0)
        return -1;
    if (is_due && is_leased)
        *out = due < lease_ends ? due : lease_ends;
    else if (is_due || is_leased)
        *out = is_due ? due : lease_ends;
    return is_due || is_leased;
}

int outbox_adapters_due(struct db *db, time_t now, char (*out)[OUTBOX_ADAPTER_SIZE], int limit,
                        struct err *err)
{
    sqlite3_stmt *stmt;
    int rc, n = 0;

    if (sql_query(
            db, &stmt, err,
            /* From adapter to adapter by the index: a holiday's items are not read for it. */
            "WITH RECURSIVE a(adapter) AS ("
            " SELECT min(adapter) FROM outbox WHERE state = 'due' UNION ALL"
            " SELECT (SELECT min(adapter) FROM outbox WHERE state = 'due'"
            "  AND adapter > a.adapter) FROM a WHERE a.adapter IS NOT NULL)"
            " SELECT adapter FROM a WHERE adapter <> 'mqtt' AND EXISTS (SELECT 1 FROM outbox o"
            "  WHERE o.state = 'due' AND o.adapter = a.adapter AND o.due_at <= ?) LIMIT ?",
            "ii", (int64_t)now, (int64_t)limit) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        if (sql_copy(stmt, 0, out[n], OUTBOX_ADAPTER_SIZE, err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int outbox_release_leases(struct db *db, time_t now, struct err *err)
{
    int n;

    if (db_begin(db, err) < 0)
        return -1;
    if (sql_run(db, err,
                "UPDATE outbox SET state = 'due', lease_until = NULL WHERE state = 'leased'",
                "") < 0) {
        db_rollback(db);
        return -1;
    }
    n = sql_changes(db);
    if (n > 0) {
        const struct audit_about about = AUDIT_ABOUT_NOTHING;

        if (audit_add(db, now, "dispatcher", "leases.released", &about, err, "items=%d", n) < 0) {
            db_rollback(db);
            return -1;
        }
    }
    return db_commit(db, err) < 0 ? -1 : n;
}
