#include "store/name_counts.h"

#include <stdlib.h>
#include <string.h>

#include "match/keys.h"
#include "store/roll_index.h"
#include "store/sql.h"
#include "store/statement.h"

enum { ROOM = 2 * NAME_COUNTS_MOST };

struct name_counts {
    int64_t mark;
    size_t used;
    struct {
        int64_t key, pupils;
        bool known;
    } of[ROOM]; /* open addressing */
};

void name_counts_free(struct name_counts *counts)
{
    free(counts);
}

static void forget(struct name_counts *c)
{
    memset(c->of, 0, sizeof c->of);
    c->used = 0;
}

int name_counts_settle(struct db *db, struct err *err)
{
    int64_t mark = 0;
    int rc = roll_index_look(db, &mark, err);

    if (rc < 0)
        return -1;
    if (!db->name_counts) {
        db->name_counts = calloc(1, sizeof *db->name_counts);
        if (!db->name_counts)
            return err_memory(err);
    } else if (db->name_counts->mark != mark) {
        forget(db->name_counts);
    }
    db->name_counts->mark = mark;
    return rc;
}

static int ask(struct db *db, int64_t key, int64_t *out, struct err *err)
{
    struct name_counts *c = db->name_counts;
    size_t i = (size_t)key % ROOM;

    while (c->of[i].known && c->of[i].key != key)
        i = (i + 1) % ROOM;
    if (!c->of[i].known) {
        int64_t pupils = 0;

        if (sql_int(db, &pupils, err, "SELECT pupils FROM name_count WHERE key = ?", "i", key) < 0)
            return -1;
        if (c->used == NAME_COUNTS_MOST) {
            forget(c);
            i = (size_t)key % ROOM;
        }
        c->of[i].key = key;
        c->of[i].pupils = pupils;
        c->of[i].known = true;
        c->used++;
    }
    *out = c->of[i].pupils;
    return 0;
}

int name_counts_pupils(struct db *db, int64_t *out, struct err *err)
{
    return ask(db, 0, out, err);
}

static int fill(struct db *db, enum name_place place, char names[][NAME_SIZE], size_t count,
                unsigned *held, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int64_t pupils;

        if (ask(db, (int64_t)key_of_name(place, names[i]), &pupils, err) < 0)
            return -1;
        held[i] = (unsigned)pupils;
    }
    return 0;
}

int name_counts_fill(struct db *db, struct person *p, struct err *err)
{
    if (fill(db, NAME_AS_FORENAME, p->forenames, p->forenames_count, p->forenames_held, err) < 0)
        return -1;
    return fill(db, NAME_AS_SURNAME, p->surnames, p->surnames_count, p->surnames_held, err);
}
