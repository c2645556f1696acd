#include "settled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "chance.h"
#include "events.h"
#include "gate.h"
#include "life.h"
#include "plan/policy.h"
#include "promise.h"
#include "store/incidents.h"
#include "store/policies.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

/* From and until when, in parts of a hundred of the year: in the night, when the morning's notices
 * wait, and by day. */
static struct spell {
    int force;
    const char *key, *value;
    int from, until, second;
    bool stands;
    time_t began, ended; /* 0 not yet */
} spells[] = {
    {1, "filter_risk", "medium", 25, 35, 3 * 3600 + 40, false, 0, 0},
    {1, "filter_risk", "high", 60, 66, 12 * 3600, false, 0, 0},
    {0, "filter_present", "heard", 40, 48, 22 * 3600, false, 0, 0},
    {0, "filter_present", "present", 68, 74, 5 * 3600, false, 0, 0},
    {0, "marac_desk", "off", 52, 60, 2 * 3600, false, 0, 0},
    {1, "repeats", "off", 12, 22, 3 * 3600, false, 0, 0},
    {0, "repeats_week", "3", 10, 50, 4 * 3600, false, 0, 0},
    {0, "repeats_quarter", "5", 10, 90, 4 * 3600, false, 0, 0},
};

static time_t changes[2 * ARRAY_SIZE(spells)];
static int changes_count;

static time_t moment_of(int days, int part, int second)
{
    return london_moment(YEAR_BEGINS + days * part / 100, second + chance_below(600));
}

void settled_draw(int days)
{
    for (size_t i = 0; i < ARRAY_SIZE(spells); i++) {
        events_add(moment_of(days, spells[i].from, spells[i].second), SETTLE, (int64_t)i, 1, NULL);
        events_add(moment_of(days, spells[i].until, spells[i].second), SETTLE, (int64_t)i, 0, NULL);
    }
}

const char *settled_now(int force, const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(spells); i++) {
        if (spells[i].stands && spells[i].force == force && strcmp(spells[i].key, key) == 0)
            return spells[i].value;
    }
    return NULL;
}

bool settled_stood(int force, const char *key, time_t from, time_t until)
{
    for (size_t i = 0; i < ARRAY_SIZE(spells); i++) {
        const struct spell *s = &spells[i];

        if (s->force == force && strcmp(s->key, key) == 0 && s->began > 0 && s->began <= until &&
            (s->ended == 0 || s->ended >= from))
            return true;
    }
    return false;
}

int settled_number(int force, const char *key, int otherwise)
{
    const char *value = settled_now(force, key);

    return value ? atoi(value) : otherwise;
}

static int least_risk(const char *value)
{
    return !value ? 0 : strcmp(value, "medium") == 0 ? 2 : 3;
}

bool settled_filters(const struct callout *c, const struct said_child *said)
{
    const char *near = settled_now(c->force, "filter_present");
    const char *present = callouts_present(said);
    int risk = callouts_risk(c, c->revision);

    if (c->missing)
        return false;
    if (risk > 0 && risk < least_risk(settled_now(c->force, "filter_risk")))
        return true;
    return near && (strcmp(present, "not_present") == 0 ||
                    (strcmp(near, "present") == 0 && strcmp(present, "heard") == 0));
}

time_t settled_last(time_t before)
{
    int i = changes_count;

    while (i > 0 && changes[i - 1] > before)
        i--;
    return i > 0 ? changes[i - 1] : -1;
}

/* What the store says of one that should be kept back, or should not be: its state, and whether the
 * audit says why. */
static bool is_kept_back(int number, int position, bool *explained)
{
    struct err err = {.code = ERR_NONE};
    char reference[32], child_ref[16];
    int64_t found = 0, audited = 0;

    callouts_reference(number, reference);
    snprintf(child_ref, sizeof child_ref, "%d", position + 1);
    if (sql_int(gate_office, &found, &err,
                "SELECT count(*) FROM child c JOIN incident i USING (incident_id)"
                " WHERE i.force = ? AND i.police_ref = ? AND c.child_ref = ?"
                " AND c.state = 'withheld' AND c.withheld_reason GLOB 'filter:*'",
                "ttt", forces[callouts[number].force], reference, child_ref) < 0 ||
        sql_int(gate_office, &audited, &err,
                "SELECT count(*) FROM audit a JOIN incident i USING (incident_id)"
                " JOIN child c USING (child_id) WHERE i.force = ? AND i.police_ref = ?"
                " AND c.child_ref = ? AND a.event = 'child.filtered'",
                "ttt", forces[callouts[number].force], reference, child_ref) < 0)
        fprintf(stderr, "year: %s\n", err.text);
    *explained = audited > 0;
    return found > 0;
}

static bool is_told(const struct callout *c, int position)
{
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if ((t->children >> position & 1) != 0)
            return true;
    }
    return false;
}

/* Before a filter goes: all that it had to keep back it has, each with a word in the audit. */
static void check_filtered(int force)
{
    for (int i = 0; i < callouts_count; i++) {
        const struct callout *c = &callouts[i];

        if (c->force != force || c->revision == 0 || callouts_is_withheld(c, c->revision) ||
            callouts_is_withdrawn(c, c->revision))
            continue;
        for (int j = 0; j < c->children_count; j++) {
            const struct said_child *said = &c->children[j];
            bool explained;

            if (!callouts_names(said, c->revision) || is_told(c, j) || !settled_filters(c, said))
                continue;
            tally.filtered++;
            if (!is_kept_back(i, j, &explained))
                promise_broken("P2", i, "a filter is on, and child %d is not kept back by it",
                               j + 1);
            else if (!explained)
                promise_broken("P6", i, "a filter keeps child %d back, and the audit does not say",
                               j + 1);
        }
    }
}

int settled_change(int number, bool begins)
{
    struct spell *spell = &spells[number];
    struct policy_row row;
    struct err err = {.code = ERR_NONE};
    int rc;

    gate_clock.shift = now + skew;
    if (!begins && strncmp(spell->key, "filter", 6) == 0)
        check_filtered(spell->force);
    memset(&row, 0, sizeof row);
    snprintf(row.scope, sizeof row.scope, "force");
    snprintf(row.id, sizeof row.id, "%s", forces[spell->force]);
    snprintf(row.key, sizeof row.key, "%s", spell->key);
    snprintf(row.value, sizeof row.value, "%s", spell->value);
    if (policy_check(&row, &err) < 0 || db_begin(gate_office, &err) < 0)
        return life_failed(&err, "policy");
    rc = begins ? policies_set(gate_office, &row, "officer", clock_now(&gate_clock), &err)
                : policies_unset(gate_office, &row, "officer", clock_now(&gate_clock), &err);
    if (rc < 0 || incidents_replan_unsent(gate_office, clock_now(&gate_clock), &err) < 0 ||
        db_commit(gate_office, &err) < 0)
        return life_failed(&err, "policy");
    spell->stands = begins;
    *(begins ? &spell->began : &spell->ended) = clock_now(&gate_clock);
    changes[changes_count++] = clock_now(&gate_clock);
    return 0;
}
