#include "store/policies.h"

#include <stdio.h>
#include <string.h>

#include "store/audit.h"
#include "store/sql.h"

/* How a policy's changes are found again: "scope=la id=879 key=fields ". */
static void name_of(const struct policy_row *row, char *out, size_t size)
{
    snprintf(out, size, "scope=%s id=%s key=%s ", row->scope, row->id[0] ? row->id : "-", row->key);
}

/* The value that stands: 1, 0 none, -1. */
static int standing(struct db *db, const struct policy_row *row, char value[POLICY_VALUE_SIZE],
                    struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err, "SELECT value FROM policy WHERE scope = ? AND id = ? AND key = ?",
                  "ttt", row->scope, row->id, row->key) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && sql_copy(stmt, 0, value, POLICY_VALUE_SIZE, err) < 0)
        rc = -1;
    sql_done(stmt);
    return rc;
}

int policies_note(struct db *db, const struct policy_row *row, bool unset, const char *who,
                  time_t now, struct err *err)
{
    char name[192];

    name_of(row, name, sizeof name);
    if (unset)
        return audit_add(db, now, who, "policy.unset", &AUDIT_ABOUT_NOTHING, err, "%s", name);
    return audit_add(db, now, who, "policy.set", &AUDIT_ABOUT_NOTHING, err, "%svalue=%s", name,
                     row->value);
}

int policies_set(struct db *db, const struct policy_row *row, const char *who, time_t now,
                 struct err *err)
{
    char was[POLICY_VALUE_SIZE] = "";
    int rc = standing(db, row, was, err);

    if (rc < 0)
        return -1;
    if (rc == 1 && strcmp(was, row->value) == 0)
        return 0;
    if (sql_run(db, err,
                "INSERT INTO policy(scope, id, key, value) VALUES (?,?,?,?)"
                " ON CONFLICT(scope, id, key) DO UPDATE SET value = excluded.value",
                "tttt", row->scope, row->id, row->key, row->value) < 0 ||
        policies_note(db, row, false, who, now, err) < 0)
        return -1;
    return 1;
}

int policies_unset(struct db *db, const struct policy_row *row, const char *who, time_t now,
                   struct err *err)
{
    if (sql_run(db, err, "DELETE FROM policy WHERE scope = ? AND id = ? AND key = ?", "ttt",
                row->scope, row->id, row->key) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    return policies_note(db, row, true, who, now, err) < 0 ? -1 : 1;
}

int policies_changed(struct db *db, const struct policy_row *row, time_t *at,
                     char who[POLICY_WHO_SIZE], struct err *err)
{
    sqlite3_stmt *stmt;
    char name[192];
    int rc;

    name_of(row, name, sizeof name);
    if (sql_query(db, &stmt, err,
                  "SELECT at, who FROM audit WHERE event IN ('policy.set','policy.unset')"
                  " AND substr(detail, 1, length(?1)) = ?1 ORDER BY audit_id DESC LIMIT 1",
                  "t", name) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        *at = sqlite3_column_int64(stmt, 0);
        if (sql_copy(stmt, 1, who, POLICY_WHO_SIZE, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}
