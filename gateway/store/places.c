#include "store/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/registers.h"
#include "store/roll_index.h"
#include "store/roster.h"
#include "store/sql.h"
#include "store/wrong_door.h"

static int read_telephone(struct db *db, struct roll_place *p, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    /* What is too long for a number is none. */
    if (sql_query(db, &stmt, err,
                  "SELECT telephone FROM establishment"
                  " WHERE namespace = ? AND urn = ? AND length(CAST(telephone AS BLOB)) < ?",
                  "tti", p->door.namespace, p->door.urn, (int64_t)sizeof p->telephone) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1)
        rc = sql_copy(stmt, 0, p->telephone, sizeof p->telephone, err);
    sql_done(stmt);
    return rc < 0 ? -1 : 0;
}

static int read_place(struct db *db, const struct door *door, bool follows, struct roll_place *out,
                      struct err *err)
{
    struct establishment e;
    int rc = registers_establishment(db, door, &e, err);

    if (rc < 0)
        return -1;
    *out = (struct roll_place){.door = *door, .follows = follows};
    out->closed = rc == 0 || !establishment_is_open(&e);
    snprintf(out->name, sizeof out->name, "%s", rc == 1 && e.name[0] ? e.name : door->urn);
    return rc == 1 ? read_telephone(db, out, err) : 0;
}

/* The new count, which is the old one where there is no room or the door has been ruled out; -1. */
static int add_door(struct db *db, int64_t child_id, const struct door *door, bool follows,
                    struct roll_place *out, int count, struct err *err)
{
    int ruled_out = count < ROLL_PLACES_MAX ? wrong_door_is(db, child_id, door, err) : 1;

    if (ruled_out != 0)
        return ruled_out < 0 ? -1 : count;
    return read_place(db, door, follows, &out[count], err) < 0 ? -1 : count + 1;
}

/* A place on roll and, of a closed one, who has followed it; the new count, -1. */
static int add_place(struct db *db, int64_t child_id, const struct enrolment *e,
                     struct roll_place *out, int count, struct err *err)
{
    struct door door = {.namespace = ""}, successors[ROLL_PLACES_MAX];
    int before = count, n;

    snprintf(door.namespace, sizeof door.namespace, "%s", e->namespace);
    snprintf(door.urn, sizeof door.urn, "%s", e->urn);
    count = add_door(db, child_id, &door, false, out, count, err);
    if (count <= before || !out[before].closed)
        return count;
    n = registers_successors(db, &door, successors, ROLL_PLACES_MAX, err);
    for (int i = 0; i < n && count >= 0; i++)
        count = add_door(db, child_id, &successors[i], true, out, count, err);
    return n < 0 ? -1 : count;
}

int places_of_child(struct db *db, int64_t child_id, day_t on,
                    struct roll_place out[ROLL_PLACES_MAX], struct err *err)
{
    struct enrolment *enrolments = NULL;
    struct decision_row decision;
    size_t enrolments_count = 0;
    int count = 0, rc = roll_index_is_current(db, err);

    if (rc <= 0)
        return rc;
    rc = roster_decision(db, child_id, &decision, err);
    if (rc <= 0 || decision.outcome != MATCH_MATCH)
        return rc < 0 ? -1 : 0;
    if (roster_enrolments(db, decision.pupil_key, on, &enrolments, &enrolments_count, err) < 0)
        return -1;
    for (size_t i = 0; count >= 0 && i < enrolments_count; i++)
        count = add_place(db, child_id, &enrolments[i], out, count, err);
    free(enrolments);
    return count;
}
