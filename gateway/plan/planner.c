#include "plan/planner.h"

#include <stdlib.h>
#include <string.h>

#include "plan/amender.h"
#include "plan/gather.h"
#include "plan/plan.h"
#include "plan/reminder.h"
#include "store/incidents.h"
#include "store/notices.h"

enum { SHARE_LEAST = 60 };

/* One incident's plan, made into rows. */
struct making {
    struct db *db;
    const struct gathered *g;
    const struct plan *plan;
    bool *made; /* by planned notice: one that is owed already is it */
    time_t now;
};

static bool is_same_children(const struct plan_notice *planned, const int64_t *ids, size_t count)
{
    if (planned->children_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;

        while (j < count && planned->child_ids[j] != ids[i])
            j++;
        if (j == count)
            return false;
    }
    return true;
}

static bool is_same_door(const struct making *m, const struct notice_row *owed,
                         const struct plan_notice *planned)
{
    const struct door *door = &m->g->in.doors[planned->door].establishment.door;

    return planned->kind == owed->kind && strcmp(door->namespace, owed->door.namespace) == 0 &&
           strcmp(door->urn, owed->door.urn) == 0;
}

/* Of whom an owed notice is, and is still: one that was told, came back and is owed again can have been
 * taken back of a child meanwhile. *out for free(); none where these differ: it is to be made anew. */
static int children_of(const struct making *m, const struct notice_row *owed, int64_t **out,
                       size_t *count, struct err *err)
{
    size_t standing = 0;

    if (notices_standing(m->db, owed->notice_id, out, &standing, err) < 0)
        return -1;
    free(*out);
    *out = NULL;
    if (notices_children(m->db, owed->notice_id, out, count, err) < 0)
        return -1;
    if (standing < *count)
        *count = 0;
    return 0;
}

/* The planned notice that an owed one already is: 1, 0 none, -1. */
static int find_planned(const struct making *m, const struct notice_row *owed, size_t *out,
                        struct err *err)
{
    int64_t *ids = NULL;
    size_t count = 0, i = 0;

    if (children_of(m, owed, &ids, &count, err) < 0)
        return -1;
    for (; i < m->plan->count; i++) {
        const struct plan_notice *planned = &m->plan->notices[i];

        if (is_same_door(m, owed, planned) && is_same_children(planned, ids, count))
            break;
    }
    free(ids);
    *out = i;
    return i < m->plan->count;
}

static const struct contact *contact_of(const struct making *m, const struct plan_notice *planned)
{
    const struct plan_door *door = &m->g->in.doors[planned->door];

    for (size_t i = 0; i < door->contacts_count; i++) {
        if (door->contacts[i].contact_id == planned->contact_id)
            return &door->contacts[i];
    }
    return NULL;
}

/* A time that was due and is past is still the same: that it became now, or the next morning, is no
 * change to what is being tried. */
static bool is_under_way(const struct making *m, const struct notice_row *owed,
                         const struct plan_notice *planned)
{
    return owed->due_at <= m->now && planned->due.first_at <= m->now;
}

static int keep_up(const struct making *m, const struct notice_row *owed,
                   const struct plan_notice *planned, struct err *err)
{
    struct plan_notice changed = *planned;

    if (is_under_way(m, owed, planned)) {
        changed.due.at = owed->due_at;
        changed.due.rule = owed->rule;
    }
    if (changed.due.at == owed->due_at)
        changed.due.answer_by = owed->answer_by;
    if (changed.due.at == owed->due_at && changed.due.answer_by == owed->answer_by &&
        changed.due.remind_at == owed->remind_at && changed.basis == owed->basis &&
        changed.reason == owed->reason && strcmp(changed.due.rule, owed->rule) == 0 &&
        m->g->row.revision == owed->revision)
        return 0;
    return notices_change(m->db, owed, m->g->row.revision, &changed, m->now, err);
}

/* Whoever comes after one whose time was up has a third of the time, as after one who does not answer
 * (follow/escalate.h). */
static time_t until(const struct making *m, const struct plan_notice *planned, bool follows)
{
    int share = m->g->in.doors[planned->door].policy.morning.answer_within / 3;
    time_t at = planned->due.at > m->now ? planned->due.at : m->now;

    at += share < SHARE_LEAST ? SHARE_LEAST : share;
    return follows && at < planned->due.answer_by ? at : planned->due.answer_by;
}

static int give_to(const struct making *m, const struct notice_row *owed,
                   const struct plan_notice *planned, struct err *err)
{
    const struct contact *contact = contact_of(m, planned);
    int passed = contact ? notices_pass_on(m->db, owed, m->now, err) : 0, rc;

    if (passed < 0 || notices_recall(m->db, owed, m->now, err) < 0)
        return -1;
    if (!contact)
        return 0;
    rc = notices_add_item(m->db, owed->notice_id, contact->contact_id, contact->adapter,
                          planned->due.at, until(m, planned, passed > 0), m->now, err);
    if (rc == 0)
        return err_set(err, ERR_STORE, "notice %s: its next contact has been tried",
                       owed->reference);
    return rc < 0 ? -1 : 0;
}

/* An owed notice that the plan still wants: 1; 0 it is being sent to somebody else; -1. */
static int make_agree(const struct making *m, const struct notice_row *owed,
                      const struct plan_notice *planned, struct err *err)
{
    int64_t contact_id = -1;
    bool leased = false;

    if (notices_waits_for(m->db, owed->notice_id, &contact_id, &leased, err) < 0)
        return -1;
    if (leased)
        return contact_id == planned->contact_id;
    if (keep_up(m, owed, planned, err) < 0 || notices_rest_anew(m->db, owed->notice_id, err) < 0 ||
        (contact_id != planned->contact_id && give_to(m, owed, planned, err) < 0))
        return -1;
    return 1;
}

static bool has_child(const struct plan_notice *planned, int64_t child_id)
{
    for (size_t i = 0; i < planned->children_count; i++) {
        if (planned->child_ids[i] == child_id)
            return true;
    }
    return false;
}

/* A desk stands in for any door; for a place below school age another place does too. */
static bool can_stand_in(const struct notice_row *owed, const struct plan_notice *planned)
{
    return planned->kind == NOTICE_DESK ||
           (owed->kind == NOTICE_NOTICE && strcmp(owed->door.namespace, "school") != 0);
}

/* What becomes, by the plan, of the children of a notice that it does not have in this form. */
struct lot {
    bool taken_in; /* one is told of there all the same, with others or with fewer */
    bool kept;     /* and by whom the notice waits for */
    bool passed;   /* one is told of by somebody else in that one's place */
};

static void add_lot(const struct making *m, const struct notice_row *owed, int64_t child_id,
                    int64_t waits_for, struct lot *out)
{
    bool elsewhere = false;

    for (size_t i = 0; i < m->plan->count; i++) {
        const struct plan_notice *planned = &m->plan->notices[i];
        bool another = planned->contact_id >= 0 && planned->contact_id != waits_for;

        if (!has_child(planned, child_id))
            continue;
        if (is_same_door(m, owed, planned)) {
            out->taken_in = true;
            out->kept |= !another;
            out->passed |= another;
            return;
        }
        elsewhere |= another && can_stand_in(owed, planned);
    }
    out->passed |= elsewhere;
}

static int read_lot(const struct making *m, const struct notice_row *owed, int64_t waits_for,
                    struct lot *out, struct err *err)
{
    int64_t *ids = NULL;
    size_t count = 0;

    *out = (struct lot){.passed = false};
    if (notices_children(m->db, owed->notice_id, &ids, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        add_lot(m, owed, ids[i], waits_for, out);
    free(ids);
    return 0;
}

/* Whether nobody is left whom it could wait for: 1, 0, -1. */
static int is_given_up(const struct making *m, const struct notice_row *owed, struct err *err)
{
    struct notice_failed *failed = NULL;
    int64_t contact_id;
    size_t count = 0;
    bool leased;
    int rc = notices_waits_for(m->db, owed->notice_id, &contact_id, &leased, err);

    if (rc == 0 && notices_contacts_failed(m->db, m->g->row.incident_id, &owed->door, &failed,
                                           &count, err) < 0)
        rc = -1;
    free(failed);
    return rc < 0 ? -1 : rc == 0 && count > 0;
}

/* An owed notice that the plan no longer wants: 1; 0 it is being sent; -1. */
static int take_back(const struct making *m, const struct notice_row *owed, struct err *err)
{
    int64_t contact_id = -1;
    struct lot lot;
    bool leased;
    int rc;

    if (notices_waits_for(m->db, owed->notice_id, &contact_id, &leased, err) < 0 ||
        read_lot(m, owed, contact_id, &lot, err) < 0 ||
        (lot.passed && !lot.kept && notices_pass_on(m->db, owed, m->now, err) < 0))
        return -1;
    rc = lot.taken_in ? 0 : is_given_up(m, owed, err);
    if (rc < 0)
        return -1;
    return rc == 1 ? notices_fail(m->db, owed->notice_id, "no contact is left", m->now, err)
                   : notices_cancel(m->db, owed->notice_id, "no longer wanted", m->now, err);
}

static int add(const struct making *m, const struct plan_notice *planned, struct err *err)
{
    const struct contact *contact = contact_of(m, planned);
    int64_t notice_id;

    return notices_add(m->db, m->g->row.incident_id, m->g->row.revision, planned,
                       &m->g->in.doors[planned->door].establishment.door,
                       contact ? contact->adapter : NULL, m->now, &notice_id, err);
}

/* What is owed agrees with the plan: 1; 0 a send is under way that does not fit it; -1. */
static int reconcile(const struct making *m, struct err *err)
{
    for (size_t i = 0; i < m->g->notices_count; i++) {
        const struct notice_row *owed = &m->g->notices[i];
        size_t which;
        int rc;

        if (owed->state != NOTICE_OWED ||
            (owed->kind != NOTICE_NOTICE && owed->kind != NOTICE_DESK))
            continue;
        rc = find_planned(m, owed, &which, err);
        if (rc == 1) {
            m->made[which] = true;
            rc = make_agree(m, owed, &m->plan->notices[which], err);
        } else if (rc == 0) {
            rc = take_back(m, owed, err);
        }
        if (rc <= 0)
            return rc;
    }
    for (size_t i = 0; i < m->plan->count; i++) {
        if (!m->made[i] && add(m, &m->plan->notices[i], err) < 0)
            return -1;
    }
    return 1;
}

static int settle_children(const struct making *m, struct err *err)
{
    for (size_t i = 0; i < m->g->children_count; i++) {
        const struct child_row *child = &m->g->children[i];
        const struct plan_child *planned = &m->g->planned[i];
        enum plan_filter filter =
            planned->settled ? FILTER_NONE : plan_filtered(&m->g->in, planned);

        if (!planned->settled &&
            incidents_filter(m->db, child, filter == FILTER_NONE ? NULL : plan_filter_word(filter),
                             m->now, err) < 0)
            return -1;
        if (child->stage != STAGE_DONE &&
            incidents_set_stage(m->db, child->child_id, STAGE_DONE, err) < 0)
            return -1;
        if (notices_restate(m->db, child->child_id, "planner", m->now, err) < 0)
            return -1;
    }
    return 0;
}

/* 1; 0 to be planned later, and what it may have changed is to be undone; -1. */
static int plan_incident(struct db *db, int64_t incident_id, time_t now, struct shelf *shelf,
                         struct err *err)
{
    struct plan plan = {0};
    struct gathered g;
    struct making m = {.db = db, .g = &g, .plan = &plan, .now = now};
    int rc = gather(db, incident_id, now, shelf, &g, err);

    if (rc == 1 && plan_make(&g.in, &plan, err) < 0)
        rc = -1;
    if (rc == 1) {
        m.made = calloc(plan.count + 1, sizeof *m.made);
        rc = m.made ? reconcile(&m, err) : err_memory(err);
    }
    if (rc == 1)
        rc = amender_run(db, &g, now, err);
    if (rc == 1 && reminder_run(db, &g, now, err) < 0)
        rc = -1;
    if (rc == 1 && settle_children(&m, err) < 0)
        rc = -1;
    free(m.made);
    plan_release(&plan);
    gathered_release(&g);
    return rc;
}

static int plan_one(struct db *db, int64_t incident_id, time_t now, void *shelf, struct err *err)
{
    int rc = plan_incident(db, incident_id, now, shelf, err);

    return rc < 0 ? err_context(err, "incident %lld", (long long)incident_id) : rc;
}

int planner_run(struct db *db, struct work_turn *turn, time_t now, struct err *err)
{
    struct shelf shelf = {NULL, 0};
    int n = incidents_work_off(db, STAGE_PLAN, turn, plan_one, now, &shelf, err);

    shelf_release(&shelf);
    return n;
}

int planner_pretend(struct db *db, time_t at, struct err *err)
{
    if (incidents_replan_unsent(db, at, err) < 0)
        return -1;
    return planner_run(db, WORK_ALL, at, err) < 0 && err_may_pass(err) ? -1 : 0;
}
