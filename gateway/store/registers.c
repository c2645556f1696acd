#include "store/registers.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/sql.h"

/* A postcode's halves, upper case: "pl4 8aa" is PL4 and 8AA. */
struct halves {
    char outward[5];
    char inward[4];
};

static bool split_postcode(const char *postcode, struct halves *out)
{
    char folded[8];
    size_t length = 0;

    for (const char *p = postcode; *p; p++) {
        if (!isalnum((unsigned char)*p))
            continue;
        if (length == sizeof folded - 1)
            return false;
        folded[length++] = (char)toupper((unsigned char)*p);
    }
    if (length < 5)
        return false;
    snprintf(out->outward, sizeof out->outward, "%.*s", (int)length - 3, folded);
    snprintf(out->inward, sizeof out->inward, "%.3s", folded + length - 3);
    return isalpha((unsigned char)out->outward[0]) && isdigit((unsigned char)out->inward[0]);
}

static bool is_namespace(const struct door *door, const char *namespace)
{
    return strcmp(door->namespace, namespace) == 0;
}

static int desk(struct db *db, const struct door *door, struct establishment *out, struct err *err)
{
    bool la = is_namespace(door, "la");
    int rc = la ? registers_authority_name(db, door->urn, out->name, sizeof out->name, err) : 0;

    if (rc < 0)
        return -1;
    if (rc == 0)
        snprintf(out->name, sizeof out->name, "%s %s", la ? "Local authority" : "Police force",
                 door->urn);
    if (la)
        snprintf(out->la_code, sizeof out->la_code, "%.*s", LA_CODE_SIZE - 1, door->urn);
    out->status_code = ESTABLISHMENT_OPEN;
    return 1;
}

static int or_unknown(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? -1 : sqlite3_column_int(stmt, column);
}

int registers_establishment(struct db *db, const struct door *door, struct establishment *out,
                            struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    out->door = *door;
    out->phase_code = out->low_age = out->high_age = -1;
    if (is_namespace(door, "la") || is_namespace(door, "force"))
        return desk(db, door, out, err);
    if (sql_query(db, &stmt, err,
                  "SELECT la_code, name, type_code, status_code, phase_code, low_age, high_age"
                  " FROM establishment WHERE namespace = ? AND urn = ?",
                  "tt", door->namespace, door->urn) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        if (sql_copy(stmt, 0, out->la_code, sizeof out->la_code, err) < 0 ||
            sql_copy(stmt, 1, out->name, sizeof out->name, err) < 0)
            rc = -1;
        out->type_code = sqlite3_column_int(stmt, 2);
        out->status_code = sqlite3_column_int(stmt, 3);
        out->phase_code = or_unknown(stmt, 4);
        out->low_age = or_unknown(stmt, 5);
        out->high_age = or_unknown(stmt, 6);
    }
    sql_done(stmt);
    return rc;
}

int registers_telephone(struct db *db, const struct door *door, char *out, size_t size,
                        struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT telephone FROM establishment WHERE namespace = ? AND urn = ?"
                  " AND telephone <> ''",
                  "tt", door->namespace, door->urn) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && sql_copy(stmt, 0, out, size, err) < 0)
        rc = -1;
    sql_done(stmt);
    return rc;
}

void contact_release(struct contact *contact)
{
    personal_release(&contact->name);
    personal_release(&contact->address);
    personal_release(&contact->telephone);
}

void contacts_free(struct contact *contacts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        contact_release(&contacts[i]);
    free(contacts);
}

/* The columns that read_contact expects, in its order. */
#define CONTACT_COLUMNS                                                                            \
    "contact_id, namespace, urn, role, name, adapter, address, language, verified_at IS NOT NULL," \
    " telephone"

static int read_contact(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct contact *out = row;

    out->contact_id = sqlite3_column_int64(stmt, 0);
    if (!contact_role_parse(sql_text(stmt, 3), &out->role))
        return err_set(err, ERR_STORE, "contact %lld: a role that nobody knows",
                       (long long)out->contact_id);
    if (sql_copy(stmt, 1, out->door.namespace, sizeof out->door.namespace, err) < 0 ||
        sql_copy(stmt, 2, out->door.urn, sizeof out->door.urn, err) < 0 ||
        sql_copy(stmt, 5, out->adapter, sizeof out->adapter, err) < 0 ||
        sql_copy(stmt, 7, out->language, sizeof out->language, err) < 0 ||
        sql_personal(stmt, 4, &out->name, err) < 0 ||
        sql_personal(stmt, 6, &out->address, err) < 0 ||
        sql_personal(stmt, 9, &out->telephone, err) < 0)
        return -1;
    out->verified = sqlite3_column_int(stmt, 8) != 0;
    return 0;
}

static void release_contact(void *row)
{
    contact_release(row);
}

int registers_contacts(struct db *db, const struct door *door, struct contact **out, size_t *count,
                       struct err *err)
{
    static const struct sql_rows rows = {sizeof **out, read_contact, release_contact};
    struct contact *contacts;
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT " CONTACT_COLUMNS " FROM contact"
                  " WHERE namespace = ? AND urn = ? AND ended_at IS NULL"
                  " ORDER BY CASE role WHEN 'dsl' THEN 0 WHEN 'deputy' THEN 1 ELSE 2 END,"
                  "  verified_at IS NULL, contact_id",
                  "tt", door->namespace, door->urn) < 0)
        return -1;
    contacts = sql_rows(db, stmt, &rows, count, err);
    if (!contacts)
        return -1;
    *out = contacts;
    return 0;
}

int registers_desk_mail(struct db *db, const struct door *desk, struct personal *out,
                        struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT address FROM contact WHERE namespace = ? AND urn = ?"
                  " AND role = 'la_desk' AND adapter = 'email' AND verified_at IS NOT NULL"
                  " AND ended_at IS NULL ORDER BY contact_id LIMIT 1",
                  "tt", desk->namespace, desk->urn) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && personal_set_text(out, sql_text(stmt, 0), err) < 0)
        rc = -1;
    sql_done(stmt);
    return rc;
}

int registers_contact(struct db *db, int64_t contact_id, struct contact *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    if (sql_query(db, &stmt, err, "SELECT " CONTACT_COLUMNS " FROM contact WHERE contact_id = ?",
                  "i", contact_id) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && read_contact(stmt, out, err) < 0) {
        contact_release(out);
        rc = -1;
    }
    sql_done(stmt);
    return rc;
}

int registers_end_contact(struct db *db, int64_t contact_id, const char *why, time_t now,
                          struct err *err)
{
    if (sql_run(db, err,
                "UPDATE contact SET ended_at = ?, ended_why = ?"
                " WHERE contact_id = ? AND ended_at IS NULL",
                "iti", (int64_t)now, why, contact_id) < 0)
        return -1;
    if (sql_changes(db) == 0)
        return 0;
    /* What was still to go there is planned anew now, not when it is due. */
    if (sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                " (SELECT notice_child.child_id FROM outbox JOIN notice_child USING (notice_id)"
                "  WHERE outbox.contact_id = ? AND outbox.state = 'due')",
                "i", contact_id) < 0)
        return -1;
    return audit_add(db, now, "gateway", "contact.ended", &AUDIT_ABOUT_NOTHING, err,
                     "contact=%lld why=%s", (long long)contact_id, why);
}

static int read_range(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct calendar_range *out = row;
    static const char *const words[] = {"term", "closure", "inset", "bank"};
    const char *kind = sql_text(stmt, 0);
    size_t k = 0;

    while (k < ARRAY_SIZE(words) && strcmp(words[k], kind) != 0)
        k++;
    out->from = sql_day(stmt, 1);
    out->to = sql_day(stmt, 2);
    out->own = sqlite3_column_int(stmt, 3) != 0;
    out->days = sql_text(stmt, 4) ? weekdays_parse(sql_text(stmt, 4)) : 0;
    if (k == ARRAY_SIZE(words) || out->from == DAY_NONE || out->to == DAY_NONE)
        return err_set(err, ERR_STORE, "a term or bank holiday that is none");
    out->kind = (enum calendar_kind)k;
    return 0;
}

int registers_calendar(struct db *db, const struct door *door, const char *la_code,
                       struct calendar *out, struct err *err)
{
    static const struct sql_rows rows = {sizeof(struct calendar_range), read_range, NULL};
    sqlite3_stmt *stmt;

    static_assert(CALENDAR_TERM == 0 && CALENDAR_BANK_HOLIDAY == 3, "read_range's words");
    out->ranges = NULL;
    out->count = 0;
    if (sql_query(db, &stmt, err,
                  "SELECT kind, from_day, to_day, 1, days FROM term WHERE namespace = ? AND urn = ?"
                  " UNION ALL"
                  " SELECT kind, from_day, to_day, 0, days FROM term WHERE la_code = ?"
                  " UNION ALL"
                  " SELECT 'bank', day, day, 0, NULL FROM bank_holiday"
                  "  WHERE division = 'england-and-wales'",
                  "ttt", door->namespace, door->urn, la_code) < 0)
        return -1;
    out->ranges = sql_rows(db, stmt, &rows, &out->count, err);
    return out->ranges ? 0 : -1;
}

/* Up to limit doors of a query that has begun, namespace and urn first. How many, -1. */
static int read_doors(struct db *db, sqlite3_stmt *stmt, struct door *out, int limit,
                      struct err *err)
{
    int n = 0, rc = 1;

    while (n < limit && (rc = sql_row(db, stmt, err)) == 1) {
        memset(&out[n], 0, sizeof out[n]);
        if (sql_copy(stmt, 0, out[n].namespace, sizeof out[n].namespace, err) < 0 ||
            sql_copy(stmt, 1, out[n].urn, sizeof out[n].urn, err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    sql_done(stmt);
    return rc < 0 ? -1 : n;
}

int registers_successors(struct db *db, const struct door *door, struct door *out, int limit,
                         struct err *err)
{
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT DISTINCT namespace, link_urn FROM establishment_link"
                  " WHERE namespace = ? AND urn = ? AND link_urn <> urn"
                  " AND type LIKE 'Successor%' ORDER BY link_urn",
                  "tt", door->namespace, door->urn) < 0)
        return -1;
    return read_doors(db, stmt, out, limit, err);
}

static int read_policy(sqlite3_stmt *stmt, void *row, struct err *err)
{
    struct policy_row *out = row;

    return sql_copy(stmt, 0, out->scope, sizeof out->scope, err) < 0 ||
                   sql_copy(stmt, 1, out->id, sizeof out->id, err) < 0 ||
                   sql_copy(stmt, 2, out->key, sizeof out->key, err) < 0 ||
                   sql_copy(stmt, 3, out->value, sizeof out->value, err) < 0
               ? -1
               : 0;
}

int registers_policies(struct db *db, const char *force, const char *la_code,
                       const struct door *door, struct policy_row **out, size_t *count,
                       struct err *err)
{
    static const struct sql_rows reader = {sizeof **out, read_policy, NULL};
    struct policy_row *rows;
    sqlite3_stmt *stmt;

    if (sql_query(db, &stmt, err,
                  "SELECT scope, id, key, value FROM policy WHERE scope = 'all'"
                  " UNION ALL SELECT scope, id, key, value FROM policy"
                  " WHERE scope = 'force' AND id = ?"
                  " UNION ALL SELECT scope, id, key, value FROM policy"
                  " WHERE scope = 'la' AND id = ?"
                  " UNION ALL SELECT scope, id, key, value FROM policy"
                  " WHERE scope = ? AND id = ? AND scope IN ('school','centre')",
                  "tttt", force, la_code, door ? door->namespace : NULL,
                  door ? door->urn : NULL) < 0)
        return -1;
    rows = sql_rows(db, stmt, &reader, count, err);
    if (!rows)
        return -1;
    *out = rows;
    return 0;
}

int registers_centres(struct db *db, const char *postcode, struct door *out, int limit,
                      struct err *err)
{
    struct halves home;
    char area[5] = "", with[3][12];
    sqlite3_stmt *stmt;

    if (!split_postcode(postcode, &home))
        return 0;
    for (int i = 0; i < 3; i++)
        snprintf(with[i], sizeof with[i], "%s %.*s", home.outward, i + 1, home.inward);
    for (size_t i = 0; isalpha((unsigned char)home.outward[i]); i++)
        area[i] = home.outward[i];
    if (sql_query(db, &stmt, err,
                  "SELECT namespace, urn, max(length(postcode_prefix)) AS reaches FROM reach"
                  " WHERE postcode_prefix IN (?,?,?,?,?)"
                  " GROUP BY namespace, urn ORDER BY reaches DESC, namespace, urn",
                  "ttttt", area, home.outward, with[0], with[1], with[2]) < 0)
        return -1;
    return read_doors(db, stmt, out, limit, err);
}

/* What the establishments of an area say their authority is. */
struct area {
    char la_code[LA_CODE_SIZE]; /* "" nobody has said */
    bool agree;
};

static void hear(struct area *area, const char *la_code)
{
    if (area->la_code[0] == '\0')
        snprintf(area->la_code, sizeof area->la_code, "%s", la_code);
    area->agree = area->agree && strcmp(area->la_code, la_code) == 0;
}

int registers_home_la(struct db *db, const char *postcode, char la_code[LA_CODE_SIZE],
                      struct err *err)
{
    struct area sector = {"", true}, outward = {"", true}, *nearest;
    struct halves home, there;
    sqlite3_stmt *stmt;
    int rc;

    la_code[0] = '\0';
    if (!split_postcode(postcode, &home))
        return 0;
    /* Closed ones name authorities that were abolished since. */
    if (sql_query(db, &stmt, err,
                  "SELECT la_code, postcode FROM establishment"
                  " WHERE outward = ? AND la_code <> '' AND status_code <> 2"
                  " AND postcode IS NOT NULL",
                  "t", home.outward) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        char code[LA_CODE_SIZE];

        if (sql_copy(stmt, 0, code, sizeof code, err) < 0) {
            rc = -1;
            break;
        }
        hear(&outward, code);
        if (split_postcode(sql_text(stmt, 1), &there) && there.inward[0] == home.inward[0])
            hear(&sector, code);
    }
    sql_done(stmt);
    if (rc < 0)
        return -1;
    nearest = sector.la_code[0] != '\0' ? &sector : &outward;
    if (nearest->la_code[0] == '\0' || !nearest->agree)
        return 0;
    snprintf(la_code, LA_CODE_SIZE, "%s", nearest->la_code);
    return 1;
}

int registers_authority_name(struct db *db, const char *la_code, char *out, size_t size,
                             struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err, "SELECT name FROM authority WHERE la_code = ?", "t", la_code) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1 && sql_copy(stmt, 0, out, size, err) < 0)
        rc = -1;
    sql_done(stmt);
    return rc;
}
