#include "store/registers_write.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/sql.h"

/* One register. select takes the keys and gives the values, then the row's number where it has one;
 * insert and update take all columns, then the import's number where the table keeps it. */
struct table {
    const char *const *columns;
    size_t keys, count;
    bool numbered, keeps_import;
    const char *select, *insert, *update;
};

static const char *const establishment_columns[] = {
    "namespace",  "urn",     "la_code",  "name",    "type_code", "type_name", "status_code",
    "phase_code", "low_age", "high_age", "street",  "locality",  "town",      "postcode",
    "outward",    "opened",  "closed",   "website", "telephone", NULL};
static const char *const authority_columns[] = {"la_code", "name", NULL};
static const char *const link_columns[] = {"namespace", "urn",         "link_urn", "type",
                                           "name",      "established", NULL};
static const char *const contact_columns[] = {"namespace", "urn",       "role",      "adapter",
                                              "address",   "name",      "language",  "verified_at",
                                              "ended_at",  "ended_why", "telephone", NULL};
static const char *const reach_columns[] = {"postcode_prefix", "namespace", "urn", NULL};
static const char *const term_columns[] = {"la_code", "namespace", "urn",  "kind", "from_day",
                                           "to_day",  "title",     "days", NULL};
static const char *const bank_holiday_columns[] = {"division", "day", "title", NULL};
static const char *const policy_columns[] = {"scope", "id", "key", "value", NULL};
static const char *const pupil_columns[] = {"la_code",
                                            "pupil_id",
                                            "upn",
                                            "forename",
                                            "middle_names",
                                            "surname",
                                            "preferred_forename",
                                            "former_surname",
                                            "gender",
                                            "dob",
                                            "house",
                                            "street",
                                            "town",
                                            "postcode",
                                            "nc_year",
                                            NULL};
static const char *const enrolment_columns[] = {"pupil_key", "namespace", "urn",    "school",
                                                "enrolment", "from_day",  "to_day", "days",
                                                "ended_at",  NULL};

static const struct table tables[REGISTERS] = {
    [REGISTER_ESTABLISHMENT] =
        {.columns = establishment_columns,
         .keys = 2,
         .count = 19,
         .select = "SELECT la_code, name, type_code, type_name, status_code, phase_code, low_age,"
                   " high_age, street, locality, town, postcode, outward, opened, closed, website,"
                   " telephone FROM establishment WHERE namespace = ? AND urn = ?",
         .insert = "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name,"
                   " status_code, phase_code, low_age, high_age, street, locality, town, postcode,"
                   " outward, opened, closed, website, telephone)"
                   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
         .update = "UPDATE establishment SET la_code = ?3, name = ?4, type_code = ?5,"
                   " type_name = ?6, status_code = ?7, phase_code = ?8, low_age = ?9,"
                   " high_age = ?10, street = ?11, locality = ?12, town = ?13, postcode = ?14,"
                   " outward = ?15, opened = ?16, closed = ?17, website = ?18, telephone = ?19"
                   " WHERE namespace = ?1 AND urn = ?2"},
    [REGISTER_AUTHORITY] = {.columns = authority_columns,
                            .keys = 1,
                            .count = 2,
                            .select = "SELECT name FROM authority WHERE la_code = ?",
                            .insert = "INSERT INTO authority(la_code, name) VALUES (?,?)",
                            .update = "UPDATE authority SET name = ?2 WHERE la_code = ?1"},
    [REGISTER_LINK] = {.columns = link_columns,
                       .keys = 4,
                       .count = 6,
                       .select = "SELECT name, established FROM establishment_link"
                                 " WHERE namespace = ? AND urn = ? AND link_urn = ? AND type = ?",
                       .insert =
                           "INSERT INTO establishment_link(namespace, urn, link_urn, type, name,"
                           " established) VALUES (?,?,?,?,?,?)",
                       .update =
                           "UPDATE establishment_link SET name = ?5, established = ?6"
                           " WHERE namespace = ?1 AND urn = ?2 AND link_urn = ?3 AND type = ?4"},
    [REGISTER_CONTACT] =
        {.columns = contact_columns,
         .keys = 5,
         .count = 11,
         .numbered = true,
         .keeps_import = true,
         .select = "SELECT name, language, verified_at, ended_at, ended_why, telephone, contact_id"
                   " FROM contact WHERE namespace = ? AND urn = ? AND role = ? AND adapter = ?"
                   " AND address = ?",
         .insert = "INSERT INTO contact(namespace, urn, role, adapter, address, name, language,"
                   " verified_at, ended_at, ended_why, telephone, seen_import)"
                   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
         .update = "UPDATE contact SET name = ?6, language = ?7, verified_at = ?8, ended_at = ?9,"
                   " ended_why = ?10, telephone = ?11, seen_import = ?12"
                   " WHERE namespace = ?1 AND urn = ?2"
                   " AND role = ?3 AND adapter = ?4 AND address = ?5"},
    [REGISTER_REACH] = {.columns = reach_columns,
                        .keys = 3,
                        .count = 3,
                        .select = "SELECT 1 FROM reach WHERE postcode_prefix = ? AND namespace = ?"
                                  " AND urn = ?",
                        .insert = "INSERT INTO reach(postcode_prefix, namespace, urn)"
                                  " VALUES (?,?,?)"},
    [REGISTER_TERM] =
        {.columns = term_columns,
         .keys = 6,
         .count = 8,
         .numbered = true,
         .select = "SELECT title, days, term_id FROM term WHERE ifnull(la_code,'') = ifnull(?,'')"
                   " AND ifnull(namespace,'') = ifnull(?,'') AND ifnull(urn,'') = ifnull(?,'')"
                   " AND kind = ? AND from_day = ? AND to_day = ?",
         .insert = "INSERT INTO term(la_code, namespace, urn, kind, from_day, to_day, title, days)"
                   " VALUES (?,?,?,?,?,?,?,?)",
         .update = "UPDATE term SET title = ?7, days = ?8 WHERE ifnull(la_code,'') = ifnull(?1,'')"
                   " AND ifnull(namespace,'') = ifnull(?2,'') AND ifnull(urn,'') = ifnull(?3,'')"
                   " AND kind = ?4 AND from_day = ?5 AND to_day = ?6"},
    [REGISTER_BANK_HOLIDAY] =
        {.columns = bank_holiday_columns,
         .keys = 2,
         .count = 3,
         .select = "SELECT title FROM bank_holiday WHERE division = ? AND day = ?",
         .insert = "INSERT INTO bank_holiday(division, day, title) VALUES (?,?,?)",
         .update = "UPDATE bank_holiday SET title = ?3 WHERE division = ?1 AND day = ?2"},
    [REGISTER_POLICY] =
        {.columns = policy_columns,
         .keys = 3,
         .count = 4,
         .select = "SELECT value FROM policy WHERE scope = ? AND id = ? AND key = ?",
         .insert = "INSERT INTO policy(scope, id, key, value) VALUES (?,?,?,?)",
         .update = "UPDATE policy SET value = ?4 WHERE scope = ?1 AND id = ?2 AND key = ?3"},
    [REGISTER_PUPIL] =
        {.columns = pupil_columns,
         .keys = 2,
         .count = 15,
         .numbered = true,
         .keeps_import = true,
         .select = "SELECT upn, forename, middle_names, surname, preferred_forename,"
                   " former_surname, gender, dob, house, street, town, postcode, nc_year,"
                   " pupil_key FROM pupil WHERE la_code = ? AND pupil_id = ?",
         .insert = "INSERT INTO pupil(la_code, pupil_id, upn, forename, middle_names, surname,"
                   " preferred_forename, former_surname, gender, dob, house, street, town,"
                   " postcode, nc_year, seen_import)"
                   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
         .update = "UPDATE pupil SET upn = ?3, forename = ?4, middle_names = ?5, surname = ?6,"
                   " preferred_forename = ?7, former_surname = ?8, gender = ?9, dob = ?10,"
                   " house = ?11, street = ?12, town = ?13, postcode = ?14, nc_year = ?15,"
                   " seen_import = ?16 WHERE la_code = ?1 AND pupil_id = ?2"},
    [REGISTER_ENROLMENT] =
        {.columns = enrolment_columns,
         .keys = 3,
         .count = 9,
         .numbered = true,
         .keeps_import = true,
         .select = "SELECT school, enrolment, from_day, to_day, days, ended_at, enrolment_id"
                   " FROM enrolment WHERE pupil_key = ? AND namespace = ? AND urn = ?",
         .insert = "INSERT INTO enrolment(pupil_key, namespace, urn, school, enrolment, from_day,"
                   " to_day, days, ended_at, seen_import) VALUES (?,?,?,?,?,?,?,?,?,?)",
         .update = "UPDATE enrolment SET school = ?4, enrolment = ?5, from_day = ?6, to_day = ?7,"
                   " days = ?8, ended_at = ?9, seen_import = ?10 WHERE pupil_key = ?1"
                   " AND namespace = ?2 AND urn = ?3"},
};

/* Compares the row that the select stands on with the values. */
static bool differs(const struct table *t, sqlite3_stmt *row, const char *const *values,
                    const struct register_watch *watch)
{
    bool any = false;

    for (size_t i = t->keys; i < t->count; i++) {
        const char *before = sql_text(row, (int)(i - t->keys));

        if (before == NULL && values[i] == NULL)
            continue;
        if (before && values[i] && strcmp(before, values[i]) == 0)
            continue;
        any = true;
        if (!watch)
            break;
        watch->differs(watch->self, t->columns[i], before ? before : "",
                       values[i] ? values[i] : "");
    }
    return any;
}

static int write_row(struct db *db, const struct table *t, const char *sql,
                     const char *const *values, int64_t import_id, struct err *err)
{
    const char *texts[REGISTER_COLUMNS_MAX + 1];
    char number[24];
    sqlite3_stmt *stmt;
    int rc;

    memcpy(texts, values, t->count * sizeof *texts);
    snprintf(number, sizeof number, "%" PRId64, import_id);
    texts[t->count] = number;
    if (sql_query_texts(db, &stmt, err, sql, texts, t->count + t->keeps_import) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    assert(rc != 1);
    sql_done(stmt);
    return rc;
}

int registers_put(struct db *db, enum register_kind kind, const char *const *values,
                  int64_t import_id, const struct register_watch *watch, enum change *out,
                  int64_t *id, struct err *err)
{
    const struct table *t = &tables[kind];
    sqlite3_stmt *row;
    bool changed = false;
    int rc;

    assert(t->count <= REGISTER_COLUMNS_MAX && !t->columns[t->count]);
    if (sql_query_texts(db, &row, err, t->select, values, t->keys) < 0)
        return -1;
    rc = sql_row(db, row, err);
    if (rc == 1) {
        changed = differs(t, row, values, watch);
        if (id && t->numbered)
            *id = sqlite3_column_int64(row, (int)(t->count - t->keys));
    }
    sql_done(row);
    if (rc < 0)
        return -1;
    *out = rc == 0 ? CHANGE_ADDED : changed ? CHANGE_CHANGED : CHANGE_NONE;
    if (*out == CHANGE_NONE)
        return 0;
    if (write_row(db, t, rc == 0 ? t->insert : t->update, values, import_id, err) < 0)
        return -1;
    if (rc == 0 && id && t->numbered)
        *id = sql_last_id(db);
    return 0;
}

int registers_import_begin(struct db *db, const char *kind, const char *who, time_t now,
                           int64_t *import_id, struct err *err)
{
    /* A roll touches the keys all over their tree: pages that leave the cache are written twice. */
    if (sql_script(db, "PRAGMA cache_size = -131072", err) < 0 ||
        sql_run(db, err, "INSERT INTO import(kind, at, who) VALUES (?,?,?)", "tit", kind,
                (int64_t)now, who) < 0)
        return -1;
    *import_id = sql_last_id(db);
    return 0;
}

int registers_import_end(struct db *db, int64_t import_id, int64_t read_rows, int64_t added,
                         int64_t changed, int64_t ended, struct err *err)
{
    return sql_run(db, err,
                   "UPDATE import SET read_rows = ?, added = ?, changed = ?, ended = ?"
                   " WHERE import_id = ?",
                   "iiiii", read_rows, added, changed, ended, import_id);
}

int registers_has_establishment(struct db *db, const char *namespace, const char *urn,
                                struct err *err)
{
    int64_t one;

    return sql_int(db, &one, err, "SELECT 1 FROM establishment WHERE namespace = ? AND urn = ?",
                   "tt", namespace, urn);
}

static const char ENDED_BY_IMPORT[] = "import:";

int registers_contact_standing(struct db *db, const char *namespace, const char *urn,
                               const char *role, const char *adapter, const char *address,
                               struct register_contact *out, struct err *err)
{
    sqlite3_stmt *row;
    int rc;

    if (sql_query(db, &row, err,
                  "SELECT contact_id, verified_at, ended_at, ended_why, telephone FROM contact"
                  " WHERE namespace = ? AND urn = ? AND role = ? AND adapter = ? AND address = ?",
                  "ttttt", namespace, urn, role, adapter, address) < 0)
        return -1;
    rc = sql_row(db, row, err);
    if (rc == 1) {
        const char *why = sql_text(row, 3);

        if (sql_copy(row, 4, out->telephone, sizeof out->telephone, err) < 0)
            rc = -1;
        out->contact_id = sqlite3_column_int64(row, 0);
        out->verified_at = sql_moment(row, 1);
        out->ended_at = sql_moment(row, 2);
        out->ended_by_import =
            why && strncmp(why, ENDED_BY_IMPORT, sizeof ENDED_BY_IMPORT - 1) == 0;
    }
    sql_done(row);
    return rc;
}

int64_t registers_terms_overlapping(struct db *db, const char *la_code, const char *namespace,
                                    const char *urn, const char *from_day, const char *to_day,
                                    struct err *err)
{
    int64_t n = 0;

    if (sql_int(db, &n, err,
                "SELECT count(*) FROM term WHERE ifnull(la_code,'') = ifnull(?1,'')"
                " AND ifnull(namespace,'') = ifnull(?2,'') AND ifnull(urn,'') = ifnull(?3,'')"
                " AND kind = 'term' AND from_day <= ?5 AND to_day >= ?4"
                " AND NOT (from_day = ?4 AND to_day = ?5)",
                "ttttt", la_code, namespace, urn, from_day, to_day) < 0)
        return -1;
    return n;
}

int registers_seen_reset(struct db *db, struct err *err)
{
    return sql_script(db,
                      "CREATE TEMP TABLE IF NOT EXISTS seen(key PRIMARY KEY) WITHOUT ROWID;"
                      "DELETE FROM temp.seen;",
                      err);
}

int registers_seen(struct db *db, int64_t id, struct err *err)
{
    if (sql_run(db, err, "INSERT OR IGNORE INTO temp.seen(key) VALUES (?)", "i", id) < 0)
        return -1;
    return sql_changes(db) > 0;
}

int registers_seen_text(struct db *db, const char *text, struct err *err)
{
    if (sql_run(db, err, "INSERT OR IGNORE INTO temp.seen(key) VALUES (?)", "t", text) < 0)
        return -1;
    return sql_changes(db) > 0;
}

int registers_is_seen(struct db *db, const char *text, struct err *err)
{
    int64_t one;

    return sql_int(db, &one, err, "SELECT 1 FROM temp.seen WHERE key = ?", "t", text);
}

/* The three questions share their bounds; end takes now as its last parameter where it has one. */
struct absence {
    size_t args;
    const char *running, *list, *end;
    bool end_takes_now;
};

#define ENROLMENTS_OF_LA                                                                           \
    "ended_at IS NULL AND pupil_key IN (SELECT pupil_key FROM pupil WHERE la_code = ?1)"
#define CONTACTS_OF_LA                                                                             \
    "ended_at IS NULL AND ((namespace = 'la' AND urn = ?1) OR EXISTS"                              \
    " (SELECT 1 FROM establishment AS e WHERE e.namespace = contact.namespace"                     \
    "  AND e.urn = contact.urn AND e.la_code = ?1))"
/* The same person and role at another address, which the file has. */
#define REPLACED                                                                                   \
    "old.ended_at IS NULL AND EXISTS (SELECT 1 FROM contact AS new"                                \
    " WHERE new.namespace = old.namespace AND new.urn = old.urn AND new.role = old.role"           \
    " AND new.adapter = old.adapter AND new.name = old.name AND new.ended_at IS NULL"              \
    " AND new.contact_id IN (SELECT key FROM temp.seen))"
#define REACH_OF_LA                                                                                \
    "EXISTS (SELECT 1 FROM establishment AS e WHERE e.namespace = reach.namespace"                 \
    " AND e.urn = reach.urn AND e.la_code = ?1)"
#define TERMS_OF_DOOR                                                                              \
    "ifnull(la_code,'') = ifnull(?1,'') AND ifnull(namespace,'') = ifnull(?2,'')"                  \
    " AND ifnull(urn,'') = ifnull(?3,'') AND to_day >= ?4 AND from_day <= ?5"
#define HOLIDAYS_BETWEEN "division = ?1 AND day >= ?2 AND day <= ?3"
#define SEEN " (SELECT key FROM temp.seen)"

static const struct absence absences[] = {
    [ABSENT_ENROLMENTS] = {1, "SELECT count(*) FROM enrolment WHERE " ENROLMENTS_OF_LA,
                           "SELECT (SELECT pupil_id FROM pupil"
                           "  WHERE pupil.pupil_key = enrolment.pupil_key)"
                           " || ' at ' || namespace || ' ' || urn FROM enrolment"
                           " WHERE " ENROLMENTS_OF_LA " AND enrolment_id NOT IN" SEEN,
                           "UPDATE enrolment SET ended_at = ?2 WHERE " ENROLMENTS_OF_LA
                           " AND enrolment_id NOT IN" SEEN,
                           true},
    [ABSENT_CONTACTS] = {1, "SELECT count(*) FROM contact WHERE " CONTACTS_OF_LA,
                         "SELECT namespace || ' ' || urn || ' ' || role || ' ' || adapter"
                         " FROM contact WHERE " CONTACTS_OF_LA " AND contact_id NOT IN" SEEN,
                         "UPDATE contact SET ended_at = ?2, ended_why = 'import: absent'"
                         " WHERE " CONTACTS_OF_LA " AND contact_id NOT IN" SEEN,
                         true},
    [ABSENT_REPLACED_CONTACTS] =
        {0, "SELECT count(*) FROM contact WHERE ended_at IS NULL",
         "SELECT namespace || ' ' || urn || ' ' || role || ' ' || adapter"
         " FROM contact AS old WHERE " REPLACED " AND old.contact_id NOT IN" SEEN,
         "UPDATE contact AS old SET ended_at = ?1, ended_why = 'import: another address'"
         " WHERE " REPLACED " AND old.contact_id NOT IN" SEEN,
         true},
    [ABSENT_REACH] = {1, "SELECT count(*) FROM reach WHERE " REACH_OF_LA,
                      "SELECT postcode_prefix || '/' || namespace || '/' || urn AS label"
                      " FROM reach WHERE " REACH_OF_LA " AND label NOT IN" SEEN,
                      "DELETE FROM reach WHERE " REACH_OF_LA
                      " AND postcode_prefix || '/' || namespace || '/' || urn NOT IN" SEEN,
                      false},
    [ABSENT_TERMS] = {5, "SELECT count(*) FROM term WHERE " TERMS_OF_DOOR,
                      "SELECT kind || ' ' || from_day || ' to ' || to_day || ' ' || title"
                      " FROM term WHERE " TERMS_OF_DOOR " AND term_id NOT IN" SEEN,
                      "DELETE FROM term WHERE " TERMS_OF_DOOR " AND term_id NOT IN" SEEN, false},
    [ABSENT_BANK_HOLIDAYS] = {3, "SELECT count(*) FROM bank_holiday WHERE " HOLIDAYS_BETWEEN,
                              "SELECT division || '/' || day AS label FROM bank_holiday"
                              " WHERE " HOLIDAYS_BETWEEN " AND label NOT IN" SEEN,
                              "DELETE FROM bank_holiday WHERE " HOLIDAYS_BETWEEN
                              " AND division || '/' || day NOT IN" SEEN,
                              false},
};

int registers_absent(struct db *db, enum register_absence which, const char *const *args,
                     void (*label)(void *self, const char *text), void *self,
                     struct register_absent *out, struct err *err)
{
    const struct absence *a = &absences[which];
    sqlite3_stmt *row;
    int rc;

    if (sql_query_texts(db, &row, err, a->running, args, a->args) < 0)
        return -1;
    rc = sql_row(db, row, err);
    out->running = rc == 1 ? sqlite3_column_int64(row, 0) : 0;
    sql_done(row);
    if (rc < 0 || sql_query_texts(db, &row, err, a->list, args, a->args) < 0)
        return -1;
    out->absent = 0;
    while ((rc = sql_row(db, row, err)) == 1) {
        out->absent++;
        if (label)
            label(self, sql_text(row, 0));
    }
    sql_done(row);
    return rc;
}

int registers_end_absent(struct db *db, enum register_absence which, const char *const *args,
                         time_t now, struct err *err)
{
    const struct absence *a = &absences[which];
    const char *all[ABSENCE_ARGS_MAX + 1];
    char moment[24];
    sqlite3_stmt *stmt;
    int rc;

    memcpy(all, args, a->args * sizeof *all);
    snprintf(moment, sizeof moment, "%" PRId64, (int64_t)now);
    all[a->args] = moment;
    if (sql_query_texts(db, &stmt, err, a->end, all, a->args + a->end_takes_now) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}
