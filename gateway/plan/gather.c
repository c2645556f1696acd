#include "plan/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/registers.h"
#include "store/roster.h"
#include "store/wrong_door.h"

/* Where chains of successors end that a mistake of the register has made long. */
enum { DOORS_MAX = 400 };

static bool same_door(const struct door *a, const struct door *b)
{
    return strcmp(a->namespace, b->namespace) == 0 && strcmp(a->urn, b->urn) == 0;
}

/* Those whose time is up, and those behind a way that is down. */
static int mark_late(struct db *db, const struct gathered *g, const struct door *door,
                     struct contact *contacts, size_t count, struct err *err)
{
    int64_t *late = NULL;
    size_t n = 0;

    if (g->notices_count > 0 &&
        notices_contacts_late(db, g->row.incident_id, door, g->in.now, &late, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < n; j++)
            contacts[i].late |= contacts[i].contact_id == late[j];
        contacts[i].down = ways_down_has(&g->down, contacts[i].adapter);
    }
    free(late);
    return 0;
}

/* Contacts that have refused a notice of this incident, and those who were passed over. */
static int mark_failed(struct db *db, const struct gathered *g, const struct door *door,
                       struct contact *contacts, size_t count, struct err *err)
{
    struct notice_failed *failed = NULL;
    size_t n = 0;

    if (notices_contacts_failed(db, g->row.incident_id, door, &failed, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < n; j++) {
            if (contacts[i].contact_id != failed[j].contact_id)
                continue;
            contacts[i].failed = !failed[j].passed;
            contacts[i].passed = failed[j].passed;
        }
    }
    free(failed);
    return 0;
}

/* What is on file about a door, but for who has followed it. */
static int fill_door(struct db *db, struct gathered *g, const struct door *door,
                     struct plan_door *out, struct err *err)
{
    struct contact *contacts = NULL;

    if (shelf_door(g->shelf, db, door, g->row.force, out, err) < 0 ||
        registers_contacts(db, door, &contacts, &out->contacts_count, err) < 0)
        return -1;
    out->contacts = contacts;
    if (g->notices_count > 0 && mark_failed(db, g, door, contacts, out->contacts_count, err) < 0)
        return -1;
    return mark_late(db, g, door, contacts, out->contacts_count, err);
}

/* The doors that have followed a closed one; they are read in behind it. */
static int find_successors(struct db *db, struct gathered *g, size_t index, struct err *err)
{
    const struct establishment closed = g->doors[index].establishment;
    struct door doors[PLAN_SUCCESSORS];
    int n;

    if (closed.status_code != ESTABLISHMENT_CLOSED || g->in.doors_count >= DOORS_MAX)
        return 0;
    n = registers_successors(db, &closed.door, doors, PLAN_SUCCESSORS, err);
    for (int i = 0; i < n; i++) {
        size_t successor;

        if (gather_door(db, g, doors[i].namespace, doors[i].urn, &successor, err) < 0)
            return -1;
        g->doors[index].successors[i] = successor; /* the array may have moved meanwhile */
        g->doors[index].successors_count = (size_t)i + 1;
    }
    return n < 0 ? -1 : 0;
}

int gather_door(struct db *db, struct gathered *g, const char *namespace, const char *urn,
                size_t *out, struct err *err)
{
    struct plan_door *more;
    struct door door;

    memset(&door, 0, sizeof door);
    memccpy(door.namespace, namespace, '\0', sizeof door.namespace - 1);
    memccpy(door.urn, urn, '\0', sizeof door.urn - 1);
    for (*out = 0; *out < g->in.doors_count; ++*out) {
        if (same_door(&g->doors[*out].establishment.door, &door))
            return 0;
    }
    more = reallocarray(g->doors, g->in.doors_count + 1, sizeof *more);
    if (!more)
        return err_memory(err);
    g->doors = more;
    g->in.doors = more;
    memset(&more[*out], 0, sizeof more[*out]);
    more[*out].establishment.door = door;
    g->in.doors_count++;
    if (fill_door(db, g, &door, &more[*out], err) < 0)
        return -1;
    return find_successors(db, g, *out, err);
}

/* The authority of a home, told by its postcode: 1, 0, -1. */
static int la_of(struct db *db, const struct personal *postcode, char la_code[LA_CODE_SIZE],
                 struct err *err)
{
    return personal_is_set(postcode)
               ? registers_home_la(db, personal_reveal(postcode), la_code, err)
               : 0;
}

static int settled_by_force(struct db *db, const char *force, char la_code[LA_CODE_SIZE],
                            struct err *err)
{
    struct policy_row *rows = NULL;
    struct policy policy;
    size_t count = 0;

    if (registers_policies(db, force, NULL, NULL, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, force, NULL, NULL, &policy);
    free(rows);
    memcpy(la_code, policy.home_la, LA_CODE_SIZE);
    return la_code[0] ? 1 : 0;
}

/* The force in whose area the home authority lies, when that is another one. */
static int find_home_force(struct db *db, struct gathered *g, struct plan_child *out,
                           struct err *err)
{
    const struct policy *policy = &g->doors[out->desk].policy;
    char force[FORCE_SIZE];

    if (policy->home_force[0] == '\0' || strcmp(policy->home_force, g->row.force) == 0)
        return 0;
    memcpy(force, policy->home_force, sizeof force); /* the doors may move */
    out->lives_elsewhere = true;
    return gather_door(db, g, "force", force, &out->home_force_desk, err);
}

static int find_desks(struct db *db, struct gathered *g, const struct incident_child *said,
                      const struct pupil *pupil, struct plan_child *out, struct err *err)
{
    char la_code[LA_CODE_SIZE];
    int rc = said ? la_of(db, &said->home.postcode, la_code, err) : 0;

    if (rc == 0)
        rc = la_of(db, &pupil->postcode, la_code, err);
    if (rc == 0 && pupil->la_code[0]) {
        memcpy(la_code, pupil->la_code, sizeof la_code);
        rc = 1;
    }
    if (rc == 0)
        rc = settled_by_force(db, g->row.force, la_code, err);
    if (rc < 0 || gather_door(db, g, "force", g->row.force, &out->force_desk, err) < 0)
        return -1;
    out->desk = out->force_desk;
    if (rc == 1 && (gather_door(db, g, "la", la_code, &out->desk, err) < 0 ||
                    find_home_force(db, g, out, err) < 0))
        return -1;
    return 0;
}

/* The day that a roll is read for: the next working day, on which somebody can be told. */
static day_t day_of_telling(const struct gathered *g, const struct plan_child *child)
{
    const struct plan_door *desk = &g->doors[child->desk];
    struct due due;

    calendar_due_desk(&desk->calendar, &desk->policy.morning, child->tell_from, g->in.now, &due);
    return london_day(due.at);
}

static int find_enrolments(struct db *db, struct gathered *g, int64_t pupil_key,
                           struct plan_child *out, struct err *err)
{
    struct enrolment *rows = NULL;
    size_t count = 0;
    int rc = roster_enrolments(db, pupil_key, day_of_telling(g, out), &rows, &count, err);

    for (size_t i = 0; rc == 0 && i < count && out->enrolled_count < PLAN_DOORS_PER_CHILD; i++) {
        size_t *door = &out->enrolled[out->enrolled_count];

        out->attends[out->enrolled_count] = rows[i].days;
        rc = gather_door(db, g, rows[i].namespace, rows[i].urn, door, err);
        if (rc == 0)
            rc = wrong_door_leads(db, out->child_id, &g->doors[*door].establishment.door, err);
        if (rc == 0)
            out->enrolled_count++;
        rc = rc < 0 ? -1 : 0;
    }
    free(rows);
    return rc;
}

static int find_centres(struct db *db, struct gathered *g, const struct incident_child *said,
                        const struct pupil *pupil, struct plan_child *out, struct err *err)
{
    const struct personal *home =
        said && personal_is_set(&said->home.postcode) ? &said->home.postcode : &pupil->postcode;
    struct door doors[PLAN_DOORS_PER_CHILD];
    int n;

    if (!personal_is_set(home))
        return 0;
    n = registers_centres(db, personal_reveal(home), doors, PLAN_DOORS_PER_CHILD, err);
    for (int i = 0; i < n; i++) {
        size_t *door = &out->centres[out->centres_count];
        int rc = gather_door(db, g, doors[i].namespace, doors[i].urn, door, err);

        if (rc == 0)
            rc = wrong_door_leads(db, out->child_id, &g->doors[*door].establishment.door, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            out->centres_count++;
    }
    return n < 0 ? -1 : 0;
}

/* Health visitors, who have the authority's door, may say that a child is not theirs; its desk may not. */
static int find_refusal(struct db *db, const struct gathered *g, struct plan_child *out,
                        struct err *err)
{
    int rc = wrong_door_is(db, out->child_id, &g->doors[out->desk].establishment.door, err);

    out->visitors_refuse = rc == 1;
    return rc < 0 ? -1 : 0;
}

static const struct incident_child *as_said(const struct incident *incident, const char *child_ref)
{
    for (size_t i = 0; i < incident->children_count; i++) {
        if (strcmp(incident->children[i].child_ref, child_ref) == 0)
            return &incident->children[i];
    }
    return NULL;
}

static int gather_child(struct db *db, struct gathered *g, const struct child_row *row,
                        struct plan_child *out, struct err *err)
{
    const struct incident_child *said = as_said(g->incident, row->child_ref);
    struct decision_row decision = {.outcome = MATCH_NONE, .pupil_key = -1};
    struct pupil pupil;
    int rc = -1;

    snprintf(decision.made_by, sizeof decision.made_by, "matcher");
    memset(&pupil, 0, sizeof pupil);
    out->child_id = row->child_id;
    out->tell_from = row->tell_from;
    out->born = said ? said->date_of_birth : DAY_NONE;
    out->age = said ? said->age : -1;
    out->present = said ? said->present : PRESENT_UNKNOWN;
    out->settled = row->removed || row->state == CHILD_WITHDRAWN ||
                   (row->state == CHILD_WITHHELD && !row->filtered);
    if (out->settled)
        return told_gather(db, g, row, &decision, out, err);
    if (roster_decision(db, row->child_id, &decision, err) < 0)
        goto out;
    out->outcome = decision.outcome;
    if (decision.outcome == MATCH_MATCH) {
        if (roster_pupil(db, decision.pupil_key, &pupil, err) < 0)
            goto out;
        if (pupil.born != DAY_NONE)
            out->born = pupil.born;
    }
    if (find_desks(db, g, said, &pupil, out, err) < 0 || find_refusal(db, g, out, err) < 0 ||
        (decision.outcome == MATCH_MATCH &&
         find_enrolments(db, g, decision.pupil_key, out, err) < 0) ||
        find_centres(db, g, said, &pupil, out, err) < 0 ||
        told_gather(db, g, row, &decision, out, err) < 0)
        goto out;
    rc = 0;
out:
    pupil_release(&pupil);
    return rc;
}

static bool is_to_be_matched(const struct child_row *child)
{
    return child->stage == STAGE_MATCH && child->state != CHILD_WITHHELD &&
           child->state != CHILD_WITHDRAWN;
}

int gather(struct db *db, int64_t incident_id, time_t now, struct shelf *shelf,
           struct gathered *out, struct err *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    shelf_clear_if_full(shelf);
    out->shelf = shelf;
    rc = incidents_get(db, incident_id, &out->row, err);
    if (rc <= 0)
        return rc < 0 ? -1 : err_set(err, ERR_NONE_SUCH, "no such incident");
    if (incidents_children(db, incident_id, &out->children, &out->children_count, err) < 0)
        return -1;
    for (size_t i = 0; i < out->children_count; i++) {
        if (is_to_be_matched(&out->children[i]))
            return 0;
    }
    if (ways_down_read(db, &out->down, err) < 0 ||
        incidents_load(db, incident_id, &out->incident, err) < 0 ||
        barred_read(db, out->incident, &out->barred, err) < 0 ||
        notices_of_incident(db, incident_id, &out->notices, &out->notices_count, err) < 0)
        return -1;
    out->planned = calloc(out->children_count + 1, sizeof *out->planned);
    if (!out->planned)
        return err_memory(err);
    out->in = (struct plan_input){
        .accepted_at = out->row.revised_at,
        .now = now,
        .type = out->incident->type,
        .risk = out->incident->risk,
        .is_marac = incident_is_referred(out->incident, "marac"),
        .do_not_tell = out->barred.list,
        .do_not_tell_count = out->barred.count,
        .children = out->planned,
        .children_count = out->children_count,
    };
    for (size_t i = 0; i < out->children_count; i++) {
        if (gather_child(db, out, &out->children[i], &out->planned[i], err) < 0)
            return -1;
    }
    return 1;
}

void gathered_release(struct gathered *g)
{
    for (size_t i = 0; i < g->in.doors_count; i++)
        contacts_free(g->doors[i].contacts, g->doors[i].contacts_count);
    for (size_t i = 0; g->planned && i < g->children_count; i++)
        free(g->planned[i].told);
    free(g->planned);
    free(g->told);
    free(g->doors);
    free(g->children);
    free(g->notices);
    barred_release(&g->barred);
    incident_free(g->incident);
}
