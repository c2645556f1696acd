#include "late.h"

#include <stdio.h>

#include "gate.h"
#include "held.h"
#include "settled.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

static struct {
    time_t from, until;
} excuses[100];
static int excuses_count;

void late_excuse(time_t from, time_t until)
{
    if (excuses_count < 100) {
        excuses[excuses_count].from = from;
        excuses[excuses_count++].until = until;
    }
}

static time_t closings[200];
static int closings_count;

void late_closing(time_t at)
{
    if (closings_count < 200)
        closings[closings_count++] = at;
}

static time_t last_closing(time_t before)
{
    int i = closings_count;

    while (i > 0 && closings[i - 1] > before)
        i--;
    return i > 0 ? closings[i - 1] : -1;
}

/* The last moment that a query finds before one: ?1 an id, ?2 that moment. -1 none. */
static time_t last(const char *sql, int64_t id, time_t before)
{
    struct err err = {.code = ERR_NONE};
    int64_t at = -1;

    if (sql_int(gate_daemon, &at, &err, sql, "ii", id, (int64_t)before) < 0)
        fprintf(stderr, "year: %s\n", err.text);
    return (time_t)at;
}

/* Until when the mail server was down, or the clock wrong, for what was due at that moment. */
static time_t last_excuse(time_t due, time_t at)
{
    time_t until = -1;

    for (int i = 0; i < excuses_count; i++) {
        if (due < excuses[i].until && at > excuses[i].from && excuses[i].until > until)
            until = excuses[i].until;
    }
    return until < at ? until : at;
}

static time_t last_revision(const struct callout *c, time_t at)
{
    time_t found = -1;

    for (int r = 2; r <= c->revision; r++) {
        if (c->accepted_at[r] && c->accepted_at[r] <= at && c->accepted_at[r] > found)
            found = c->accepted_at[r];
    }
    return found;
}

/* The last that each reason for being late had to do with it. */
static time_t last_of(enum late why, const struct late_telling *t, const struct callout *c,
                      time_t due)
{
    switch (why) {
    case LATE_OURS:
        return last_excuse(due, t->at);
    case LATE_DECIDED:
        return last("SELECT max(d.made_at) FROM notice_child nc JOIN decision d USING (child_id)"
                    " WHERE nc.notice_id = ?1 AND d.made_by <> 'matcher' AND d.made_at <= ?2",
                    t->notice_id, t->at);
    case LATE_REFUSED: /* by those of that door who were to be told first, or by who is told now */
        return last("SELECT max(a.at) FROM notice n JOIN notice m ON m.incident_id = n.incident_id"
                    " AND m.namespace = n.namespace AND m.urn = n.urn"
                    " JOIN outbox o ON o.notice_id = m.notice_id JOIN attempt a USING (item_id)"
                    " WHERE n.notice_id = ?1 AND a.verdict <> 'sent' AND a.at <= ?2",
                    t->notice_id, t->at);
    case LATE_CLOSED:
        return last_closing(t->at);
    case LATE_SETTLED:
        return settled_last(t->at);
    case LATE_HELD:
        return held_last(t, due);
    case LATE_REVISED:
        return last_revision(c, t->at);
    case LATE_REGISTER:
        return last("SELECT max(at) FROM (SELECT max(at) AS at FROM import WHERE at <= ?2"
                    " UNION ALL SELECT max(d.made_at) FROM notice_child nc"
                    "  JOIN decision d USING (child_id) WHERE nc.notice_id = ?1 AND d.made_at <= ?2"
                    "  AND (SELECT count(*) FROM decision e WHERE e.child_id = d.child_id) > 1)",
                    t->notice_id, t->at);
    case LATE_ANSWERED:
        return last(
            "SELECT max(at) FROM (SELECT max(m.answered_at) AS at FROM notice n"
            "  JOIN notice m USING (incident_id)"
            "  WHERE n.notice_id = ?1 AND m.answered_at <= ?2"
            " UNION ALL SELECT max(r.at) FROM notice n JOIN child c USING (incident_id)"
            "  JOIN ruled_out r USING (child_id) WHERE n.notice_id = ?1 AND r.at <= ?2"
            " UNION ALL SELECT max(d.made_at) FROM notice n JOIN child c USING (incident_id)"
            "  JOIN decision d USING (child_id) WHERE n.notice_id = ?1 AND d.made_at <= ?2)",
            t->notice_id, t->at);
    case LATE_FOR_NOTHING:
    case LATES:
        break;
    }
    return -1;
}

static enum late why_late(const struct late_telling *t, const struct callout *c, unsigned days,
                          time_t due)
{
    int door = contacts[t->contact].door;

    for (enum late why = 0; why < LATE_FOR_NOTHING; why++) {
        time_t since = last_of(why, t, c, due);

        if (since >= due && t->at <= world_late_after(door, days, since))
            return why;
    }
    return LATE_FOR_NOTHING;
}

/* When the police had first said what makes it due: of a child that was withheld, its release. */
static time_t first_said(const struct callout *c, int position, time_t at)
{
    time_t first = -1;

    for (int r = c->revision; r > 0; r--) {
        if (c->accepted_at[r] == 0 || c->accepted_at[r] > at)
            continue;
        if (!callouts_names(&c->children[position], r) || callouts_is_withheld(c, r))
            break;
        first = c->accepted_at[r];
    }
    return first;
}

bool late_is_explained(const struct late_telling *t, struct callout *c)
{
    unsigned fresh = t->children & ~c->told;
    int door = contacts[t->contact].door;
    bool explained = true;

    c->told |= fresh;
    for (int i = 0; i < c->children_count; i++) {
        time_t first = first_said(c, i, t->at);
        unsigned days = world_days_at(&pupils[c->children[i].pupil], door, t->at);
        enum late why;

        if ((fresh >> i & 1) == 0)
            continue;
        if (t->at <= world_late_after(door, days, first)) {
            c->told_before_bell |= 1u << i;
            continue;
        }
        c->told_late |= 1u << i;
        why = why_late(t, c, days, world_due(door, days, first));
        tally.late[why]++;
        explained = explained && why != LATE_FOR_NOTHING;
    }
    return explained;
}
