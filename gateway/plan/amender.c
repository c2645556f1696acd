#include "plan/amender.h"

#include <stdlib.h>
#include <string.h>

/* Those children of one notice that was told for whom the same is owed. */
struct group {
    const struct notice_row *notice;
    size_t door;
    struct amendment owed;
    int64_t *child_ids;
    size_t count;
    bool made; /* an owed row is it */
};

struct amending {
    struct db *db;
    const struct gathered *g;
    struct group *groups;
    size_t count;
    time_t now;
};

static struct group *group_of(struct amending *a, const struct told *told, struct err *err)
{
    const struct notice_row *notice = &a->g->notices[told->notice];
    struct group *more;

    for (size_t i = 0; i < a->count; i++) {
        if (a->groups[i].notice == notice && a->groups[i].owed.kind == told->owed.kind &&
            a->groups[i].owed.reason == told->owed.reason)
            return &a->groups[i];
    }
    more = reallocarray(a->groups, a->count + 1, sizeof *more);
    if (!more) {
        err_memory(err);
        return NULL;
    }
    a->groups = more;
    more += a->count;
    *more = (struct group){.notice = notice, .door = told->door, .owed = told->owed};
    more->child_ids = calloc(a->g->children_count, sizeof *more->child_ids);
    if (!more->child_ids) {
        err_memory(err);
        return NULL;
    }
    a->count++;
    return more;
}

static int group_all(struct amending *a, struct err *err)
{
    for (size_t i = 0; i < a->g->told_count; i++) {
        const struct told *told = &a->g->told[i];
        struct group *group;

        if (told->owed.kind == NOTICE_NOTICE)
            continue;
        group = group_of(a, told, err);
        if (!group)
            return -1;
        group->child_ids[group->count++] = told->child_id;
    }
    return 0;
}

static bool has(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

/* Items for those who were told, or who stand in for them; none for anybody else. */
static int give(const struct amending *a, const struct group *group,
                const struct notice_row *amendment, const struct due *due, struct err *err)
{
    const struct plan_door *door = &a->g->doors[group->door];
    int64_t *told = NULL, *to;
    size_t count = 0, n = 0;
    int rc = notices_contacts_told(a->db, group->notice->notice_id, &told, &count, err);

    if (rc < 0)
        return -1;
    to = calloc(count + 1, sizeof *to);
    if (!to)
        rc = err_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct contact *contact = amend_whom(&a->g->in, door, group->owed.kind, told[i]);

        if (!contact || has(to, n, contact->contact_id))
            continue;
        to[n++] = contact->contact_id;
        rc = notices_add_item(a->db, amendment->notice_id, contact->contact_id, contact->adapter,
                              due->at, due->answer_by, a->now, err) < 0
                 ? -1
                 : 0;
    }
    if (rc == 0)
        rc = notices_keep_items(a->db, amendment, to, n, a->now, err);
    free(told);
    free(to);
    return rc;
}

static int is_group(const struct amending *a, const struct group *group,
                    const struct notice_row *owed, struct err *err)
{
    int64_t *ids = NULL;
    size_t count = 0;
    bool same;

    if (group->notice->notice_id != owed->amends || group->owed.kind != owed->kind ||
        group->owed.reason != owed->reason)
        return 0;
    if (notices_children(a->db, owed->notice_id, &ids, &count, err) < 0)
        return -1;
    same = count == group->count;
    for (size_t i = 0; same && i < count; i++)
        same = has(group->child_ids, group->count, ids[i]);
    free(ids);
    return same;
}

static struct plan_notice planned(const struct amending *a, const struct group *group)
{
    return (struct plan_notice){
        .kind = group->owed.kind,
        .door = group->door,
        .basis = group->notice->basis,
        .reason = group->owed.reason,
        .due = amend_due(&a->g->in, &a->g->doors[group->door], group->owed.kind),
        .contact_id = -1,
        .amends = group->notice->notice_id,
        .child_ids = group->child_ids,
        .children_count = group->count,
    };
}

/* One that is owed already: its time stays, its revision is the one in force. */
static int keep(const struct amending *a, const struct group *group, const struct notice_row *owed,
                struct err *err)
{
    struct plan_notice same = planned(a, group);
    int64_t contact_id;
    bool leased = false;

    same.due.at = owed->due_at;
    same.due.answer_by = owed->answer_by;
    same.due.rule = owed->rule;
    if (notices_waits_for(a->db, owed->notice_id, &contact_id, &leased, err) < 0)
        return -1;
    if (leased)
        return 0;
    if (owed->revision != a->g->row.revision &&
        notices_change(a->db, owed, a->g->row.revision, &same, a->now, err) < 0)
        return -1;
    if (same.due.at < a->now)
        same.due.at = a->now;
    return give(a, group, owed, &same.due, err);
}

static int settle(const struct amending *a, const struct notice_row *owed, struct err *err)
{
    for (size_t i = 0; i < a->count; i++) {
        int rc = a->groups[i].made ? 0 : is_group(a, &a->groups[i], owed, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        a->groups[i].made = true;
        return keep(a, &a->groups[i], owed, err) < 0 ? -1 : 1;
    }
    return notices_cancel(a->db, owed->notice_id, "no longer wanted", a->now, err);
}

static int make(const struct amending *a, const struct group *group, struct err *err)
{
    struct plan_notice notice = planned(a, group);
    struct notice_row made;

    if (notices_add(a->db, a->g->row.incident_id, a->g->row.revision, &notice, &group->notice->door,
                    NULL, a->now, &made.notice_id, err) < 0 ||
        notices_get(a->db, made.notice_id, &made, err) < 0)
        return -1;
    return give(a, group, &made, &notice.due, err);
}

/* One that was told to one of its recipients and refused by another: who stands in for that one has it
 * too, once. Where nobody is left it stays to be seen: the call list has it. */
static int pass_on(struct db *db, struct gathered *g, const struct notice_row *told, time_t now,
                   struct err *err)
{
    struct notice_item *items = NULL;
    size_t count = 0, door = 0;
    int rc = notices_items(db, told->notice_id, &items, &count, err);

    for (size_t i = 0; rc >= 0 && i < count; i++) {
        const struct contact *contact;
        struct due due;

        if (!items[i].failed)
            continue;
        rc = gather_door(db, g, told->door.namespace, told->door.urn, &door, err);
        if (rc < 0)
            break;
        contact = amend_whom(&g->in, &g->doors[door], told->kind, items[i].contact_id);
        if (!contact)
            continue;
        due = amend_due(&g->in, &g->doors[door], told->kind);
        rc = notices_add_item(db, told->notice_id, contact->contact_id, contact->adapter, due.at,
                              due.answer_by, now, err);
    }
    free(items);
    return rc < 0 ? -1 : 0;
}

/* Whether somebody else may still hear of what was told, for want of an answer. At an establishment not
 * where the child is no longer: the circle is not made wider (follow/escalator.c). */
static bool may_go_on(const struct gathered *g, size_t notice)
{
    for (size_t i = 0; i < g->told_count; i++) {
        if (g->told[i].notice == notice && g->told[i].owed.kind != NOTICE_WITHDRAWAL &&
            (g->told[i].at_door || g->notices[notice].kind == NOTICE_DESK))
            return true;
    }
    return false;
}

int amender_run(struct db *db, struct gathered *g, time_t now, struct err *err)
{
    struct amending a = {.db = db, .g = g, .now = now};
    int rc = group_all(&a, err) < 0 ? -1 : 1;

    for (size_t i = 0; rc == 1 && i < g->notices_count; i++) {
        const struct notice_row *owed = &g->notices[i];

        if (owed->amends >= 0 && owed->state == NOTICE_OWED)
            rc = settle(&a, owed, err);
        else if (owed->amends >= 0 && owed->state == NOTICE_TOLD)
            rc = pass_on(db, g, owed, now, err) < 0 ? -1 : 1;
        else if (owed->state == NOTICE_TOLD && !may_go_on(g, i))
            rc = notices_recall(db, owed, now, err) < 0 ? -1 : 1;
    }
    for (size_t i = 0; rc == 1 && i < a.count; i++) {
        if (!a.groups[i].made && make(&a, &a.groups[i], err) < 0)
            rc = -1;
    }
    for (size_t i = 0; i < a.count; i++)
        free(a.groups[i].child_ids);
    free(a.groups);
    return rc;
}
