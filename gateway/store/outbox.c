#include "store/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/claims.h"
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

    /* Behind what has been written of it since: a revision is accepted in that second, too. */
    snprintf(key, sizeof key, "%lld@%lld", (long long)incident_id, (long long)now);
    if (sql_run(db, err, "DELETE FROM outbox WHERE key = ? AND state = 'due' AND tries = 0", "t",
                key) < 0 ||
        sql_run(db, err,
                "INSERT INTO outbox(kind, topic, payload, correlation, adapter, key, due_at, state,"
                " created_at) VALUES ('receipt',?,?,x'','mqtt',?,?,'due',?)"
                " ON CONFLICT(key) DO NOTHING",
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
                " state, created_at, urgent) VALUES (?1,?2,?3,?4,?5,?6,?7,'due',?8,"
                " (SELECT i.urgent AND n.kind <> 'withdrawal' FROM notice n"
                "  JOIN incident i USING (incident_id) WHERE n.notice_id = ?2))",
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
    time_t due = 0;
    int n = 0, rc = claims_next_due(db, "mqtt", &due, err);

    if (rc <= 0 || due > now)
        return rc < 0 ? -1 : 0;
    if (db_begin(db, err) < 0)
        return -1;
    if (lease_receipts(db, now, lease_seconds, out, limit, &n, err) == 0 && db_commit(db, err) == 0)
        return n;
    db_rollback(db);
    while (n > 0)
        outbox_item_release(&out[--n]);
    return -1;
}
