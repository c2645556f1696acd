#include "store/repeats.h"

#include <stdlib.h>
#include <string.h>

#include "store/registers.h"
#include "store/report_list.h"
#include "store/roll_index.h"
#include "store/roster.h"

static int read_other(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct repeats_other *o = into;

    (void)db;
    o->incident_id = sqlite3_column_int64(stmt, 0);
    o->attended_at = sqlite3_column_int64(stmt, 3);
    if (sql_copy(stmt, 1, o->force, sizeof o->force, err) < 0 ||
        sql_copy(stmt, 2, o->police_ref, sizeof o->police_ref, err) < 0)
        return -1;
    if (!child_state_parse(sql_text(stmt, 4), &o->state))
        return err_set(err, ERR_STORE, "a child of incident %lld has no known state",
                       (long long)o->incident_id);
    return 0;
}

/* Those of one row of the roll, added to the list. */
static int read_others(struct db *db, int64_t pupil_key, int64_t child_id,
                       const struct incident *incident, struct report_list *list, struct err *err)
{
    int rc = sql_query(db, &list->stmt, err,
                       "SELECT i.incident_id, i.force, i.police_ref, i.attended_at, c.state"
                       " FROM decision d JOIN child c ON c.child_id = d.child_id"
                       " JOIN incident i ON i.incident_id = c.incident_id"
                       " WHERE d.pupil_key = ?1 AND c.decision_id = d.decision_id"
                       " AND NOT c.removed AND c.state NOT IN ('withheld','withdrawn')"
                       " AND i.type = ?2 AND i.attended_at BETWEEN ?3 AND ?4"
                       " AND i.incident_id <>"
                       "  (SELECT incident_id FROM child WHERE child_id = ?5)",
                       "itiii", pupil_key, incident_type_word(incident->type),
                       (int64_t)repeat_since(incident->attended_at), (int64_t)incident->attended_at,
                       child_id);

    return report_rows(db, list, rc, err);
}

static int by_moment(const void *a, const void *b)
{
    const struct repeats_other *x = a, *y = b;

    if (x->attended_at != y->attended_at)
        return x->attended_at < y->attended_at ? -1 : 1;
    return (x->incident_id > y->incident_id) - (x->incident_id < y->incident_id);
}

/* Whether another force lets its call-outs be counted. */
static int force_counts(struct db *db, const char *force, bool *out, struct err *err)
{
    struct policy_row *rows = NULL;
    struct policy policy;
    size_t count = 0;

    if (registers_policies(db, force, NULL, NULL, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, force, NULL, NULL, &policy);
    free(rows);
    *out = policy.repeats;
    return 0;
}

/* One that names the child twice is one; those of forces that do not count them go. */
static int sift(struct db *db, const char *force, struct repeats *out, struct err *err)
{
    size_t kept = 0;

    if (out->others_count > 0)
        qsort(out->others, out->others_count, sizeof *out->others, by_moment);
    for (size_t i = 0; i < out->others_count; i++) {
        const struct repeats_other *o = &out->others[i];
        bool counts = true;

        if (kept > 0 && out->others[kept - 1].incident_id == o->incident_id)
            continue;
        if (strcmp(o->force, force) != 0 && force_counts(db, o->force, &counts, err) < 0)
            return -1;
        if (counts)
            out->others[kept++] = *o;
    }
    out->others_count = kept;
    return 0;
}

static int count(const struct incident *incident, const struct policy *policy, struct repeats *out,
                 struct err *err)
{
    time_t *moments = calloc(out->others_count + 1, sizeof *moments);

    if (!moments)
        return err_memory(err);
    for (size_t i = 0; i < out->others_count; i++)
        moments[i] = out->others[i].attended_at;
    out->count = repeat_count(policy, incident->attended_at, moments, out->others_count);
    out->counted = true;
    free(moments);
    return 0;
}

/* By the pupil alone while the roll's index is of another version: a notice does not wait for it. */
static int rows_of(struct db *db, int64_t pupil_key, int64_t rows[ROSTER_ROWS_MAX], size_t *count,
                   struct err *err)
{
    int rc = roll_index_is_current(db, err);

    if (rc == 1)
        return roster_rows(db, pupil_key, rows, count, err);
    rows[0] = pupil_key;
    *count = 1;
    return rc;
}

int repeats_find(struct db *db, int64_t child_id, const struct incident *incident,
                 const struct policy *policy, struct repeats *out, struct err *err)
{
    struct report_list list = REPORT_LIST(struct repeats_other, read_other);
    struct decision_row decision;
    int64_t rows[ROSTER_ROWS_MAX];
    size_t rows_count = 0;
    int rc;

    memset(out, 0, sizeof *out);
    if (!policy->repeats || incident->type == INCIDENT_MISSING_FOUND)
        return 0;
    rc = roster_decision(db, child_id, &decision, err);
    if (rc <= 0 || decision.outcome != MATCH_MATCH)
        return rc < 0 ? -1 : 0;
    rc = rows_of(db, decision.pupil_key, rows, &rows_count, err);
    for (size_t i = 0; rc == 0 && i < rows_count; i++)
        rc = read_others(db, rows[i], child_id, incident, &list, err);
    rc = report_list_out(&list, rc, &out->others, &out->others_count);
    if (rc == 0)
        rc = sift(db, incident->force, out, err);
    if (rc == 0)
        rc = count(incident, policy, out, err);
    if (rc < 0)
        repeats_release(out);
    return rc;
}

void repeats_release(struct repeats *r)
{
    free(r->others);
    *r = (struct repeats){.counted = false};
}
