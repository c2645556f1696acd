#include "store/schools.h"

#include "base/personal.h"
#include "store/sql.h"

int schools_read(struct db *db, int64_t pupil_key, struct schools *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    schools_init(out);
    if (sql_query(db, &stmt, err,
                  "SELECT ended_at IS NULL, namespace, urn, school, enrolment = 'main', to_day"
                  " FROM enrolment WHERE pupil_key = ?"
                  " ORDER BY enrolment <> 'main', enrolment_id",
                  "i", pupil_key) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        out->ever = true;
        if (sqlite3_column_int(stmt, 0))
            schools_add(out, sql_text(stmt, 1), sql_text(stmt, 2), sql_text(stmt, 3),
                        sqlite3_column_int(stmt, 4) != 0, sql_day(stmt, 5));
    }
    sql_done(stmt);
    return rc;
}

static int fold(struct db *db, int64_t pupil_key, struct err *err)
{
    unsigned char bytes[SCHOOLS_PACKED_MAX];
    struct schools schools;
    size_t length;
    int rc;

    if (schools_read(db, pupil_key, &schools, err) < 0)
        return -1;
    length = schools_pack(&schools, bytes);
    rc = sql_run(db, err, "UPDATE pupil_folded SET schools = ? WHERE pupil_key = ?", "bi", bytes,
                 length, pupil_key);
    personal_wipe(&schools, sizeof schools);
    personal_wipe(bytes, length);
    return rc;
}

int schools_fold_all(struct db *db, struct err *err)
{
    int64_t pupil_key = 0;
    int rc;

    while ((rc = sql_int(db, &pupil_key, err,
                         "SELECT pupil_key FROM pupil_folded WHERE schools IS NULL"
                         " AND pupil_key > ? ORDER BY pupil_key LIMIT 1",
                         "i", pupil_key)) == 1) {
        if (fold(db, pupil_key, err) < 0)
            return -1;
    }
    return rc;
}
