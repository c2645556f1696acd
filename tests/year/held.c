#include "held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "events.h"
#include "gate.h"
#include "life.h"
#include "promise.h"
#include "store/holds.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

enum {
    HELD_MOST = 200,
    KINDS = 3,
    DAYS_AT_LEAST_AFTER = 5, /* so that all that was held is told by the end */
    GIVES_WAY_WITHIN = 5 * 3600,
};

static struct held {
    enum hold_scope scope;
    char id[HOLD_ID_SIZE];
    int door;            /* of an establishment */
    int64_t incident_id; /* of a notice */
    time_t from, until;  /* 0: it stands */
} list[HELD_MOST];
static int count;

void held_draw(int days)
{
    for (int i = 0; i < 3 + days / 10; i++) {
        day_t day = YEAR_BEGINS + chance_between(2, days - DAYS_AT_LEAST_AFTER);

        events_add(london_moment(day, chance_between(0, 10 * 3600)), HOLD, i % KINDS, 0, NULL);
    }
}

/* One that waits, as `encompass plan` shows them: 1, 0 none, -1. */
static int some_notice(struct held *h, struct err *err)
{
    sqlite3_stmt *row;
    int64_t n = 0;
    int rc = sql_int(gate_office, &n, err,
                     "SELECT count(*) FROM notice WHERE state = 'owed'"
                     " AND kind IN ('notice','correction') AND namespace IN ('school','centre')",
                     "");

    if (rc < 0 || n == 0)
        return rc < 0 ? -1 : 0;
    if (sql_query(gate_office, &row, err,
                  "SELECT reference, incident_id FROM notice WHERE state = 'owed'"
                  " AND kind IN ('notice','correction') AND namespace IN ('school','centre')"
                  " ORDER BY notice_id LIMIT 1 OFFSET ?",
                  "i", (int64_t)chance_below((int)n)) < 0)
        return -1;
    rc = sql_row(gate_office, row, err);
    if (rc == 1) {
        snprintf(h->id, sizeof h->id, "%s", sql_text(row, 0));
        h->incident_id = sqlite3_column_int64(row, 1);
    }
    sql_done(row);
    return rc;
}

static int choose(struct held *h, struct err *err)
{
    static const char *const ways[] = {"email", "webhook", "spool"};

    switch (h->scope) {
    case HOLD_ADAPTER:
        snprintf(h->id, sizeof h->id, "%s", CHANCE_OF_LIST(ways));
        return 1;
    case HOLD_ESTABLISHMENT:
        h->door = chance_below(doors_count - LAS - FORCES);
        snprintf(h->id, sizeof h->id, "%s/%.20s", doors[h->door].namespace, doors[h->door].urn);
        return 1;
    case HOLD_NOTICE:
        break;
    }
    return some_notice(h, err);
}

static int commit(int rc, struct err *err)
{
    return rc < 0 || db_commit(gate_office, err) < 0 ? life_failed(err, "hold") : 0;
}

int held_begin(int kind)
{
    static const enum hold_scope scopes[KINDS] = {HOLD_ESTABLISHMENT, HOLD_ADAPTER, HOLD_NOTICE};
    static const int hours[KINDS] = {80, 5, 50};
    struct held *h = &list[count];
    struct err err = {.code = ERR_NONE};
    int rc;

    if (count == HELD_MOST)
        return 0;
    *h = (struct held){.scope = scopes[kind], .door = -1, .incident_id = -1};
    gate_clock.shift = now + skew;
    rc = choose(h, &err);
    if (rc == 0)
        return 0;
    if (rc < 0 || db_begin(gate_office, &err) < 0)
        return life_failed(&err, "hold");
    rc = holds_add(gate_office, h->scope, h->id, "being checked", "officer", clock_now(&gate_clock),
                   &err);
    if (commit(rc, &err) < 0)
        return -1;
    if (rc == 0) /* held already */
        return 0;
    h->from = clock_now(&gate_clock);
    tally.holds++;
    events_add(now + chance_between(1800, hours[kind] * 3600), RELEASE, count++, 0, NULL);
    return 0;
}

/* Whoever was held past their time has given way: somebody else has each child, or is to. */
static void check_gave_way(const struct held *h)
{
    struct err err = {.code = ERR_NONE};
    time_t at = clock_now(&gate_clock);
    int64_t n = -1;

    if (h->scope == HOLD_ADAPTER || at - h->from < GIVES_WAY_WITHIN)
        return;
    if (sql_int(gate_office, &n, &err,
                "SELECT count(*) FROM notice n JOIN notice_child nc USING (notice_id)"
                " WHERE n.kind = 'notice' AND n.state = 'owed'"
                " AND (n.reference = ?1 OR n.namespace || '/' || n.urn = ?1)"
                " AND max(n.answer_by, ?2) < ?3 AND NOT EXISTS (SELECT 1"
                "  FROM notice_child oc JOIN notice o USING (notice_id)"
                "  WHERE oc.child_id = nc.child_id AND o.notice_id <> n.notice_id"
                "  AND o.kind IN ('desk','notice') AND o.state IN ('owed','told','answered'))",
                "tii", h->id, (int64_t)h->from, (int64_t)(at - GIVES_WAY_WITHIN)) < 0)
        fprintf(stderr, "year: %s\n", err.text);
    if (n != 0)
        promise_broken("P2", -1,
                       "%lld children held at %s past their time, and it did not give way",
                       (long long)n, h->id);
}

int held_end(int number)
{
    struct held *h = &list[number];
    struct err err = {.code = ERR_NONE};
    int rc;

    gate_clock.shift = now + skew;
    check_gave_way(h);
    if (db_begin(gate_office, &err) < 0)
        return life_failed(&err, "release");
    rc = holds_release(gate_office, h->scope, h->id, "officer", clock_now(&gate_clock), &err);
    if (rc == 0)
        promise_broken("P6", -1, "the store knows nothing of the hold of %s", h->id);
    h->until = clock_now(&gate_clock);
    return commit(rc, &err);
}

/* Itself, or what has been planned in its place: of the same incident, to the same door. */
static bool is_same_notice(const struct held *h, const char *reference)
{
    struct err err = {.code = ERR_NONE};
    int64_t n = 0;

    if (sql_int(
            gate_daemon, &n, &err,
            "SELECT count(*) FROM notice h JOIN notice n USING (incident_id, namespace, urn, kind)"
            " WHERE h.reference = ? AND n.reference = ?",
            "tt", h->id, reference) < 0)
        fprintf(stderr, "year: %s\n", err.text);
    return n > 0;
}

static bool is_of(const struct held *h, int contact, const char *reference)
{
    switch (h->scope) {
    case HOLD_ADAPTER:
        return strcmp(h->id, contacts[contact].adapter) == 0;
    case HOLD_ESTABLISHMENT: /* an exercise there is how somebody checks it */
        return h->door == contacts[contact].door && strncmp(reference, "OE-", 3) == 0;
    case HOLD_NOTICE:
        break;
    }
    return is_same_notice(h, reference);
}

bool held_is(int contact, const char *reference)
{
    for (int i = 0; i < count; i++) {
        if (list[i].until == 0 && is_of(&list[i], contact, reference))
            return true;
    }
    return false;
}

static bool may_have_kept(const struct held *h, const struct late_telling *t)
{
    return h->scope == HOLD_ADAPTER || h->incident_id == t->incident_id ||
           h->door == contacts[t->contact].door;
}

time_t held_last(const struct late_telling *t, time_t due)
{
    time_t last = -1;

    for (int i = 0; i < count; i++) {
        const struct held *h = &list[i];
        time_t until = h->until == 0 || h->until > t->at ? t->at : h->until;

        if (may_have_kept(h, t) && h->from <= t->at && until >= due && until > last)
            last = until;
    }
    return last;
}
