#include "store/barred.h"

#include <stdlib.h>
#include <string.h>

#include "store/followers.h"
#include "store/sql.h"

/* One more, zeroed; NULL: see err. */
static struct incident_do_not_tell *next(struct barred *b, struct err *err)
{
    struct incident_do_not_tell *more = reallocarray(b->list, b->count + 1, sizeof *more);

    if (!more) {
        err_memory(err);
        return NULL;
    }
    b->list = more;
    return memset(&more[b->count++], 0, sizeof *more);
}

/* By address, at every door, whom an entry fits at one. */
static int add_people(struct db *db, const struct incident_do_not_tell *entry,
                      const struct door *door, struct barred *b, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT address FROM contact WHERE namespace = ?1 AND urn = ?2"
                  " AND ended_at IS NULL AND (?3 = '' OR role = ?3)"
                  " AND (?4 IS NULL OR address = ?4 COLLATE NOCASE)",
                  "tttp", door->namespace, door->urn, entry->role, &entry->contact) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1) {
        struct incident_do_not_tell *one = next(b, err);

        if (!one || personal_set_text(&one->contact, sql_text(stmt, 0), err) < 0) {
            rc = -1;
            break;
        }
    }
    sql_done(stmt);
    return rc;
}

/* At the entry's establishment, and at those that have followed it. */
static int add(struct db *db, const struct incident_do_not_tell *entry, const char *namespace,
               struct barred *b, struct err *err)
{
    struct door doors[FOLLOWERS_MAX], door;
    int rc = 0, n;

    memset(&door, 0, sizeof door);
    memccpy(door.namespace, namespace, '\0', sizeof door.namespace - 1);
    memccpy(door.urn, entry->school_urn, '\0', sizeof door.urn - 1);
    n = followers_of(db, &door, doors, err);
    for (int i = 0; i < n && rc == 0; i++)
        rc = add_people(db, entry, &doors[i], b, err);
    return n < 0 ? -1 : rc;
}

int barred_read(struct db *db, const struct incident *incident, struct barred *out, struct err *err)
{
    int rc = 0;

    *out = (struct barred){.list = NULL};
    for (size_t i = 0; rc == 0 && i < incident->do_not_tell_count; i++) {
        struct incident_do_not_tell *one = next(out, err);

        if (!one) {
            rc = -1;
        } else {
            *one = incident->do_not_tell[i];
            out->from_incident++;
        }
    }
    for (size_t i = 0; rc == 0 && i < incident->do_not_tell_count; i++) {
        const struct incident_do_not_tell *entry = &incident->do_not_tell[i];

        if (!entry->school_urn[0])
            continue;
        rc = add(db, entry, "school", out, err);
        if (rc == 0)
            rc = add(db, entry, "centre", out, err);
    }
    if (rc < 0)
        barred_release(out);
    return rc;
}

void barred_release(struct barred *b)
{
    for (size_t i = b->from_incident; i < b->count; i++)
        personal_release(&b->list[i].contact);
    free(b->list);
    *b = (struct barred){.list = NULL};
}
