/* tests/unit/importing.h - an empty store, and files made of texts that are imported into it. */
#ifndef IMPORTING_H
#define IMPORTING_H

#include "store_fixture.h"

#include "registers/import.h"

#define NOON ((time_t)1795608000) /* 2026-11-25 12:00 UTC */
#define DEFAULTS ((struct import_options){.who = "tester", .now = NOON})

static struct import_result result; /* of the last import */

static inline int importing_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    snprintf(p->folder, sizeof p->folder, "/tmp/encompass-test-XXXXXX");
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/store.db", p->folder);
    *state = p;
    return db_create(p->path, &p->err) < 0 || db_open(p->path, &p->db, &p->err) < 0 ? -1 : 0;
}

static inline int importing_teardown(void **state)
{
    import_result_release(&result);
    return place_teardown(state);
}

static inline int import_bytes(struct place *p, const char *kind, const char *bytes, size_t length,
                               struct import_options options)
{
    char path[128];
    FILE *file;
    int rc;

    snprintf(path, sizeof path, "%s/file", p->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
    import_result_release(&result);
    p->err = (struct err){.code = ERR_NONE};
    rc = import_run(p->db, import_kind_find(kind), path, &options, &result, &p->err);
    unlink(path);
    return rc;
}

static inline int import_text(struct place *p, const char *kind, const char *text,
                              struct import_options options)
{
    return import_bytes(p, kind, text, strlen(text), options);
}

/* It lands, with these counts. */
static inline void lands(struct place *p, const char *kind, const char *text,
                         struct import_options options, int added, int changed, int ended,
                         int unchanged)
{
    if (import_text(p, kind, text, options) < 0)
        fail_msg("%s %s", p->err.text, result.mistakes.kept > 0 ? result.mistakes.line[0] : "");
    assert_int_equal(result.added, added);
    assert_int_equal(result.changed, changed);
    assert_int_equal(result.ended, ended);
    assert_int_equal(result.unchanged, unchanged);
}

/* It is refused, its nth mistake (or the error itself) ends in this, and the store is as it was. */
static inline void is_refused(struct place *p, const char *kind, const char *text,
                              struct import_options options, const char *ending)
{
    int64_t audits = ask(p, "SELECT count(*) FROM audit"),
            imports = ask(p, "SELECT count(*) FROM import");
    const char *said;

    assert_int_equal(import_text(p, kind, text, options), -1);
    said = result.mistakes.kept > 0 ? result.mistakes.line[0] : p->err.text;
    if (strlen(said) < strlen(ending) || strcmp(said + strlen(said) - strlen(ending), ending) != 0)
        fail_msg("\"%s\" does not end in \"%s\"", said, ending);
    assert_false(db_in_transaction(p->db));
    assert_int_equal(ask(p, "SELECT count(*) FROM audit"), audits);
    assert_int_equal(ask(p, "SELECT count(*) FROM import"), imports);
}

/* One text; "" for none. */
static inline const char *ask_text(struct place *p, const char *sql)
{
    static char text[256];
    sqlite3_stmt *row;

    text[0] = '\0';
    OK(p, sql_query(p->db, &row, &p->err, sql, ""));
    if (sql_row(p->db, row, &p->err) == 1 && sql_text(row, 0))
        snprintf(text, sizeof text, "%s", sql_text(row, 0));
    sql_done(row);
    return text;
}

static inline bool warned(const char *part)
{
    for (size_t i = 0; i < result.warnings.kept; i++) {
        if (strstr(result.warnings.line[i], part))
            return true;
    }
    return false;
}

#endif
