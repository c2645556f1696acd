#include "store/roll_index.h"

#include <stdlib.h>
#include <string.h>

#include "match/keys.h"
#include "match/normalise.h"
#include "match/packed.h"
#include "match/person.h"
#include "store/remember.h"
#include "store/roster.h"
#include "store/schools.h"
#include "store/sorter.h"
#include "store/sql.h"

enum { CHUNK = 4 << 20 /* entries in memory: 32 MiB */ };

/* By how much the number of pupils who bear a name changes. */
struct change_of_count {
    uint64_t key; /* 0: free */
    int64_t by;
};

struct roll_index {
    struct db *db;
    struct sorter *added, *gone;
    struct change_of_count *counts; /* open addressing */
    size_t counts_used, counts_room;
    int64_t pupils; /* more than before */
    bool anew;
    char *folder;
};

static int new_sorters(struct roll_index *x, struct err *err)
{
    sorter_free(x->added);
    sorter_free(x->gone);
    x->added = x->gone = NULL;
    if (sorter_new(x->folder, CHUNK, &x->added, err) < 0)
        return -1;
    return sorter_new(x->folder, CHUNK, &x->gone, err);
}

int roll_index_new(struct db *db, struct roll_index **out, struct err *err)
{
    const char *slash = strrchr(db_path(db), '/');
    struct roll_index *x = calloc(1, sizeof *x);
    int current;

    if (!x)
        return err_memory(err);
    x->db = db;
    x->folder = slash ? strndup(db_path(db), (size_t)(slash - db_path(db)) + 1) : strdup(".");
    current = x->folder ? roll_index_is_current(db, err) : err_memory(err);
    x->anew = current == 0;
    if (current < 0 || new_sorters(x, err) < 0) {
        roll_index_free(x);
        return -1;
    }
    *out = x;
    return 0;
}

void roll_index_free(struct roll_index *x)
{
    if (!x)
        return;
    sorter_free(x->added);
    sorter_free(x->gone);
    free(x->counts);
    free(x->folder);
    free(x);
}

static struct change_of_count *count_at(const struct roll_index *x, uint64_t key)
{
    size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (x->counts_room - 1);

    while (x->counts[i].key != 0 && x->counts[i].key != key)
        i = (i + 1) & (x->counts_room - 1);
    return &x->counts[i];
}

static int grow_counts(struct roll_index *x, struct err *err)
{
    struct change_of_count *old = x->counts;
    size_t old_room = x->counts_room;

    x->counts_room = old_room ? 2 * old_room : 4096;
    x->counts = calloc(x->counts_room, sizeof *x->counts);
    if (!x->counts) {
        x->counts = old;
        x->counts_room = old_room;
        return err_memory(err);
    }
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].key != 0)
            *count_at(x, old[i].key) = old[i];
    }
    free(old);
    return 0;
}

static int count(struct roll_index *x, uint64_t key, int by, struct err *err)
{
    struct change_of_count *c;

    if (2 * (x->counts_used + 1) > x->counts_room && grow_counts(x, err) < 0)
        return -1;
    c = count_at(x, key);
    x->counts_used += c->key == 0;
    c->key = key;
    c->by += by;
    return 0;
}

/* In the roll's order, so it is written at once. One that is taken away is added as it has become. */
static int write_folded(struct roll_index *x, int64_t pupil_key, const struct person *pupil,
                        struct err *err)
{
    unsigned char bytes[PACKED_MAX];
    size_t length = person_pack(pupil, bytes);
    int rc = sql_run(x->db, err,
                     "INSERT INTO pupil_folded(pupil_key, person) VALUES (?1, ?2)"
                     " ON CONFLICT (pupil_key) DO UPDATE SET person = ?2",
                     "ib", pupil_key, bytes, length);

    personal_wipe(bytes, length);
    return rc;
}

static int gather(struct roll_index *x, struct sorter *into, int by, int64_t pupil_key,
                  const struct person *pupil, struct err *err)
{
    struct key keys[KEYS_MAX];
    size_t n = keys_of(pupil, KEYS_PUPIL, keys);

    if (pupil_key >> PUPIL_BITS != 0)
        return err_set(err, ERR_LIMIT, "the roll has more pupils than its index has numbers for");
    for (size_t i = 0; i < n; i++) {
        if (sorter_add(into, keys[i].bits << PUPIL_BITS | (uint64_t)pupil_key, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < pupil->forenames_count; i++) {
        if (count(x, key_of_name(NAME_AS_FORENAME, pupil->forenames[i]), by, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < pupil->surnames_count; i++) {
        if (count(x, key_of_name(NAME_AS_SURNAME, pupil->surnames[i]), by, err) < 0)
            return -1;
    }
    x->pupils += by;
    return by > 0 ? write_folded(x, pupil_key, pupil, err) : 0;
}

int roll_index_add(struct roll_index *x, int64_t pupil_key, const struct person *pupil,
                   struct err *err)
{
    return x->anew ? 0 : gather(x, x->added, 1, pupil_key, pupil, err);
}

int roll_index_take_away(struct roll_index *x, int64_t pupil_key, const struct person *pupil,
                         struct err *err)
{
    return x->anew ? 0 : gather(x, x->gone, -1, pupil_key, pupil, err);
}

/* The pages of the old index are filled again in this transaction: writing zeros into each of them
 * first, as the store does with all that goes (db.c), would take longer than all the rest. */
static int empty(struct roll_index *x, struct err *err)
{
    struct err later;
    int rc = sql_script(x->db,
                        "PRAGMA secure_delete=FAST;"
                        "DELETE FROM pupil_block; DELETE FROM name_count;"
                        "DELETE FROM pupil_folded;",
                        err);

    if (sql_script(x->db, "PRAGMA secure_delete=ON;", rc < 0 ? &later : err) < 0)
        return -1;
    return rc;
}

static int gather_all(struct roll_index *x, struct err *err)
{
    int64_t pupil_key = 0;
    int rc;

    if (empty(x, err) < 0)
        return -1;
    while (
        (rc = sql_int(x->db, &pupil_key, err,
                      "SELECT pupil_key FROM pupil WHERE pupil_key > ? ORDER BY pupil_key LIMIT 1",
                      "i", pupil_key)) == 1) {
        struct pupil pupil;
        struct person person;

        if (roster_pupil(x->db, pupil_key, &pupil, err) < 0)
            return -1;
        roster_person(&pupil, &person);
        pupil_release(&pupil);
        rc = remember_add_to(x->db, pupil_key, &person, err);
        if (rc == 0)
            rc = gather(x, x->added, 1, pupil_key, &person, err);
        person_wipe(&person);
        if (rc < 0)
            return -1;
    }
    return rc;
}

static int write_counts(struct roll_index *x, struct err *err)
{
    static const char more[] = "INSERT INTO name_count(key, pupils) VALUES (?1, ?2)"
                               " ON CONFLICT (key) DO UPDATE SET pupils = pupils + ?2";

    for (size_t i = 0; i < x->counts_room; i++) {
        const struct change_of_count *c = &x->counts[i];

        if (c->key != 0 && c->by != 0 &&
            sql_run(x->db, err, more, "ii", (int64_t)c->key, c->by) < 0)
            return -1;
    }
    return sql_run(x->db, err, more, "ii", (int64_t)0, x->pupils);
}

/* Who made the keys: this program, with that library. */
static int64_t version(void)
{
    return (int64_t)KEYS_VERSION * 1000 + normalise_version();
}

int roll_index_write(struct roll_index *x, struct err *err)
{
    uint64_t entry;
    int rc;

    if (x->anew && gather_all(x, err) < 0)
        return -1;
    while ((rc = sorter_next(x->gone, &entry, err)) == 1) {
        if (sql_run(x->db, err, "DELETE FROM pupil_block WHERE entry = ?", "i", (int64_t)entry) < 0)
            return -1;
    }
    while (rc >= 0 && (rc = sorter_next(x->added, &entry, err)) == 1) {
        if (sql_run(x->db, err, "INSERT OR IGNORE INTO pupil_block(entry) VALUES (?)", "i",
                    (int64_t)entry) < 0)
            return -1;
    }
    if (rc < 0 || write_counts(x, err) < 0 || schools_fold_all(x->db, err) < 0)
        return -1;
    return sql_run(x->db, err,
                   "INSERT INTO roll_index(one, keys_version, mark) VALUES (1, ?1, random())"
                   " ON CONFLICT (one) DO UPDATE SET keys_version = ?1, mark = random()",
                   "i", version());
}

int roll_index_look(struct db *db, int64_t *mark, struct err *err)
{
    sqlite3_stmt *stmt;
    int64_t number = 0;
    int rc;

    *mark = 0;
    if (sql_query(db, &stmt, err, "SELECT keys_version, mark FROM roll_index WHERE one = 1", "") <
        0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        number = sqlite3_column_int64(stmt, 0);
        *mark = sqlite3_column_int64(stmt, 1);
    }
    sql_done(stmt);
    if (rc != 0)
        return rc < 0 ? -1 : number == version();
    rc = sql_int(db, &number, err, "SELECT max(pupil_key) FROM pupil", "");
    return rc < 0 ? -1 : rc == 0; /* without pupils it is */
}

int roll_index_is_current(struct db *db, struct err *err)
{
    int64_t mark;

    return roll_index_look(db, &mark, err);
}

int roll_index_bring_up(struct db *db, struct err *err)
{
    struct roll_index *x = NULL;
    int rc = roll_index_is_current(db, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (db_begin(db, err) < 0)
        return -1;
    rc = roll_index_new(db, &x, err);
    if (rc == 0)
        rc = roll_index_write(x, err);
    roll_index_free(x);
    if (rc == 0)
        return db_commit(db, err) < 0 ? -1 : 1;
    db_rollback(db);
    return -1;
}
