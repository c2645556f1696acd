/* Revisions: what a new message makes of an incident and its children. */
#include <stdlib.h>
#include <string.h>

#include "intake/incident_same.h"
#include "match/person.h"
#include "store/audit.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/remember.h"
#include "store/sql.h"

/* A revision under way: the new message, and the one that was in force, NULL for a new incident. */
struct put {
    struct db *db;
    const struct incident *incident;
    const struct incident *before;
    int64_t incident_id;
    time_t now;
};

/* Open: not settled by the message itself. */
static enum child_state settled_as(const struct incident *incident)
{
    if (incident->action == INCIDENT_WITHDRAW)
        return CHILD_WITHDRAWN;
    return incident->withhold_reason[0] ? CHILD_WITHHELD : CHILD_OPEN;
}

static int audit_child(const struct put *p, int64_t child_id, enum child_state from,
                       enum child_state to, struct err *err)
{
    const struct audit_about about = {p->incident_id, child_id, -1, -1};

    if (from == to)
        return 0;
    return audit_add(p->db, p->now, "police", "child.state", &about, err, "from=%s to=%s",
                     child_state_word(from), child_state_word(to));
}

static int add_child(const struct put *p, size_t position, struct err *err)
{
    const struct incident *incident = p->incident;
    enum child_state state = settled_as(incident);

    /* A new child that is settled has nothing owed that a plan would have to undo. */
    return sql_run(
        p->db, err,
        "INSERT INTO child(incident_id, child_ref, stage, state, withheld_reason, position,"
        " changed_revision, tell_from) VALUES (?,?,?,?,?,?,?,?)",
        "ittttiii", p->incident_id, incident->children[position].child_ref,
        state == CHILD_OPEN ? "match" : "done", child_state_word(state),
        state == CHILD_WITHHELD ? incident->withhold_reason : NULL, (int64_t)position,
        incident->revision, (int64_t)p->now);
}

/* What a person has accepted of a pupil rests on what the police said of the child. */
static int forget(const struct put *p, const struct child_row *row, struct err *err)
{
    return remember_end(p->db, row->child_id, "police", p->now, err);
}

static bool same_place(const struct incident_place *a, const struct incident_place *b)
{
    return strcmp(personal_reveal(&a->address), personal_reveal(&b->address)) == 0 &&
           strcmp(personal_reveal(&a->postcode), personal_reveal(&b->postcode)) == 0;
}

/* A child that was there, as the new message has it at that position. */
static int revise_child(const struct put *p, const struct child_row *row, size_t position,
                        struct err *err)
{
    const struct incident *incident = p->incident;
    const struct incident_child *child = &incident->children[position];
    const struct incident_child *old = incident_child_named(p->before, row->child_ref);
    bool same_match = p->before && old && incident_child_same_to_match(old, child) &&
                      same_place(person_place(p->before, old), person_place(incident, child)) &&
                      london_day(p->before->attended_at) == london_day(incident->attended_at);
    bool same_all = same_match && incident_child_same_to_tell(old, child) &&
                    incident_same_to_tell(p->before, incident);
    bool was_held = row->state == CHILD_WITHHELD || row->state == CHILD_WITHDRAWN;
    bool decided = same_match && row->decision_id >= 0;
    bool hides =
        incident_is_protected(incident) && !(p->before && incident_is_protected(p->before));
    enum child_state state = settled_as(incident);
    const char *stage = "plan";

    if ((!same_match || hides || state == CHILD_WITHDRAWN) && forget(p, row, err) < 0)
        return -1;
    if (state == CHILD_OPEN) {
        if (!decided || row->stage == STAGE_MATCH)
            stage = "match";
        if (!was_held) {
            if (same_match)
                state = row->state;
        } else if (decided && notices_child_state(p->db, row->child_id, &state, err) < 0) {
            return -1;
        }
    }
    if (sql_run(p->db, err,
                "UPDATE child SET stage = ?, state = ?, withheld_reason = ?, position = ?,"
                " removed = 0, changed_revision = ?,"
                " tell_from = CASE WHEN ? THEN ? ELSE tell_from END,"
                " decision_id = CASE WHEN ? THEN decision_id END WHERE child_id = ?",
                "tttiiiiii", stage, child_state_word(state),
                state == CHILD_WITHHELD ? incident->withhold_reason : NULL, (int64_t)position,
                same_all ? row->changed_revision : incident->revision, (int64_t)was_held,
                (int64_t)p->now, (int64_t)same_match, row->child_id) < 0)
        return -1;
    return audit_child(p, row->child_id, row->state, state, err);
}

static int remove_child(const struct put *p, const struct child_row *row, struct err *err)
{
    if (row->removed)
        return 0;
    if (forget(p, row, err) < 0 ||
        sql_run(p->db, err,
                "UPDATE child SET stage = 'plan', state = 'withdrawn', withheld_reason = NULL,"
                " removed = 1 WHERE child_id = ?",
                "i", row->child_id) < 0)
        return -1;
    return audit_child(p, row->child_id, row->state, CHILD_WITHDRAWN, err);
}

static int put_children(const struct put *p, struct err *err)
{
    const struct incident *incident = p->incident;
    bool was_there[INCIDENT_CHILDREN_MAX] = {false};
    struct child_row *rows;
    size_t count;
    int rc = 0;

    if (incidents_children(p->db, p->incident_id, &rows, &count, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct incident_child *child = incident_child_named(incident, rows[i].child_ref);

        if (child) {
            was_there[child - incident->children] = true;
            rc = revise_child(p, &rows[i], (size_t)(child - incident->children), err);
        } else {
            rc = remove_child(p, &rows[i], err);
        }
    }
    for (size_t i = 0; rc == 0 && i < incident->children_count; i++) {
        if (!was_there[i])
            rc = add_child(p, i, err);
    }
    free(rows);
    return rc;
}

/* The revision that is in force until now. One that this program would no longer accept has nothing
 * to compare with: every child counts as changed. */
static int load_before(struct db *db, int64_t incident_id, struct incident **out, struct err *err)
{
    struct err why;

    if (incidents_load(db, incident_id, out, &why) == 0 || why.code == ERR_INVALID)
        return 0;
    return err_set(err, why.code, "%s", why.text);
}

static int put_incident(struct put *p, bool is_new, int64_t message_id, struct err *err)
{
    const struct incident *incident = p->incident;

    if (is_new) {
        if (sql_run(p->db, err,
                    "INSERT INTO incident(force, police_ref, revision, message_id, type, action,"
                    " attended_at, accepted_at, revised_at, urgent) VALUES (?,?,?,?,?,?,?,?,?,?)",
                    "ttiittiiii", incident->force, incident->police_ref, incident->revision,
                    message_id, incident_type_word(incident->type),
                    incident_action_word(incident->action), (int64_t)incident->attended_at,
                    (int64_t)p->now, (int64_t)p->now, (int64_t)incident_is_urgent(incident)) < 0)
            return -1;
        p->incident_id = sql_last_id(p->db);
    } else if (sql_run(p->db, err,
                       "UPDATE incident SET revision = ?, message_id = ?, type = ?, action = ?,"
                       " attended_at = ?, revised_at = ?, urgent = ?, closed_at = NULL"
                       " WHERE incident_id = ?",
                       "iittiiii", incident->revision, message_id,
                       incident_type_word(incident->type), incident_action_word(incident->action),
                       (int64_t)incident->attended_at, (int64_t)p->now,
                       (int64_t)incident_is_urgent(incident), p->incident_id) < 0 ||
               sql_run(p->db, err,
                       "UPDATE outbox SET urgent = ?1 WHERE state = 'due' AND notice_id IN"
                       " (SELECT notice_id FROM notice WHERE incident_id = ?2"
                       "  AND kind <> 'withdrawal')",
                       "ii", (int64_t)incident_is_urgent(incident), p->incident_id) < 0) {
        return -1;
    }
    return sql_run(p->db, err,
                   "INSERT INTO incident_revision(incident_id, revision, message_id, accepted_at)"
                   " VALUES (?,?,?,?)",
                   "iiii", p->incident_id, incident->revision, message_id, (int64_t)p->now);
}

static int audit_incident(const struct put *p, bool is_new, struct err *err)
{
    const struct incident *incident = p->incident;
    const struct audit_about about = {p->incident_id, -1, -1, -1};
    const char *event = is_new ? "incident.accepted" : "incident.revised";

    if (incident->action == INCIDENT_WITHDRAW)
        event = "incident.withdrawn";
    else if (incident->withhold_reason[0])
        event = "incident.withheld";
    return audit_add(p->db, p->now, "police", event, &about, err, "revision=%lld children=%zu%s%s",
                     (long long)incident->revision, incident->children_count,
                     incident->withhold_reason[0] ? " reason=" : "", incident->withhold_reason);
}

int incidents_put(struct db *db, const struct incident *incident, int64_t message_id, time_t now,
                  int64_t *incident_id, struct err *err)
{
    struct incident *before = NULL;
    struct put p = {.db = db, .incident = incident, .incident_id = -1, .now = now};
    int64_t revision;
    int found = incidents_revision(db, incident->force, incident->police_ref, &p.incident_id,
                                   &revision, err);
    int rc = -1;

    if (found < 0 || (found == 1 && load_before(db, p.incident_id, &before, err) < 0))
        goto out;
    p.before = before;
    if (put_incident(&p, found == 0, message_id, err) < 0 || put_children(&p, err) < 0 ||
        audit_incident(&p, found == 0, err) < 0)
        goto out;
    *incident_id = p.incident_id;
    rc = 0;
out:
    incident_free(before);
    return rc;
}
