#include "follow/escalator.h"

#include <stdlib.h>
#include <string.h>

#include "follow/escalate.h"
#include "plan/gather.h"
#include "store/incidents.h"
#include "store/notices.h"

enum { BATCH = 64, SOON = 10, LATER = 600, LATER_MOST = 24 * 3600 };

static int read_tries(struct db *db, const struct notice_row *notice, struct escalate_try **out,
                      size_t *count, struct err *err)
{
    struct notice_item *items = NULL;
    struct escalate_try *tries;
    size_t n = 0;

    if (notices_items(db, notice->notice_id, &items, &n, err) < 0)
        return -1;
    tries = calloc(n + 1, sizeof *tries);
    if (!tries) {
        free(items);
        return err_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        tries[i] = (struct escalate_try){
            .contact_id = items[i].contact_id,
            .at = items[i].failed ? items[i].ended_at : items[i].added_at,
            .failed = items[i].failed,
            .followed =
                items[i].added_at >= notice->told_at && items[i].contact_id != notice->told_contact,
        };
    free(items);
    *out = tries;
    *count = n;
    return 0;
}

static int act(struct db *db, const struct notice_row *notice, const struct escalation *next,
               time_t now, struct err *err)
{
    switch (next->step) {
    case ESCALATE_WAIT:
        return notices_follow_at(db, notice->notice_id, next->at, err);
    case ESCALATE_CONTACT:
        return notices_escalate(db, notice, next->contact, next->answer_by, now, err);
    case ESCALATE_DESK:
        return notices_escalate_to_desk(db, notice, now, err);
    case ESCALATE_END:
        break;
    }
    return notices_follow_at(db, notice->notice_id, -1, err);
}

static bool is_among(size_t door, const size_t *doors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (doors[i] == door)
            return true;
    }
    return false;
}

/* Whom a rule's next contact gives way to, where every child that was told of has left: nobody when
 * all go elsewhere now, for they are told of there; else the desk. */
static enum escalate_step without_pupils(const struct gathered *g, int64_t notice_id, size_t door)
{
    enum escalate_step step = ESCALATE_END;

    for (size_t i = 0; i < g->told_count; i++) {
        if (g->notices[g->told[i].notice].notice_id != notice_id ||
            g->told[i].owed.kind == NOTICE_WITHDRAWAL)
            continue;
        for (size_t j = 0; j < g->children_count; j++) {
            const struct plan_child *child = &g->planned[j];

            if (child->child_id != g->told[i].child_id)
                continue;
            if (is_among(door, child->enrolled, child->enrolled_count) ||
                is_among(door, child->centres, child->centres_count))
                return ESCALATE_CONTACT;
            if (child->enrolled_count == 0)
                step = ESCALATE_DESK;
        }
    }
    return step;
}

/* What is taken back can be given back before anybody has heard of it: until that is told it is looked
 * at now and then, less and less often. */
static struct escalation look_again(const struct notice_row *notice, time_t now)
{
    time_t wait = (now - notice->told_at) / 4;

    wait = wait < LATER ? LATER : wait > LATER_MOST ? LATER_MOST : wait;
    return (struct escalation){.step = ESCALATE_WAIT, .at = now + wait};
}

/* Not while a child of the incident is being matched. Those of whom nothing stands any more are waited
 * for by nobody. Where the child has left since, the circle is not made wider. */
static int follow(struct db *db, const struct notice_row *notice, time_t now, struct shelf *shelf,
                  struct err *err)
{
    struct escalate_input in = {.told_at = notice->told_at,
                                .answer_by = notice->answer_by,
                                .is_task = notice->kind == NOTICE_DESK};
    struct escalate_try *tries = NULL;
    struct escalation next = {.step = ESCALATE_END};
    struct gathered g;
    bool standing = false;
    size_t door = 0;
    int rc = gather(db, notice->incident_id, now, shelf, &g, err);

    for (size_t i = 0; rc == 1 && i < g.told_count && !standing; i++) {
        if (g.notices[g.told[i].notice].notice_id != notice->notice_id)
            continue;
        standing = g.told[i].owed.kind != NOTICE_WITHDRAWAL;
        door = g.told[i].door;
        next = look_again(notice, now);
    }
    if (rc == 1 && standing) {
        rc = read_tries(db, notice, &tries, &in.tries_count, err) < 0 ? -1 : 1;
        in.in = &g.in;
        in.door = &g.doors[door];
        in.tries = tries;
        next = (struct escalation){.step = ESCALATE_END};
        if (rc == 1 && in.tries_count > 0)
            next = escalate(&in);
        if (next.step == ESCALATE_CONTACT && !in.is_task)
            next.step = without_pupils(&g, notice->notice_id, door);
    }
    if (rc == 0)
        next = (struct escalation){.step = ESCALATE_WAIT, .at = now + SOON};
    if (rc >= 0 && act(db, notice, &next, now, err) < 0)
        rc = -1;
    free(tries);
    gathered_release(&g);
    return rc < 0 ? -1 : 0;
}

/* Between the list and its turn it may have been answered. */
static int follow_one(struct db *db, int64_t notice_id, time_t now, void *shelf, struct err *err)
{
    struct notice_row notice;
    int rc = notices_get(db, notice_id, &notice, err);

    if (rc == 1 && notice.state == NOTICE_TOLD)
        rc = follow(db, &notice, now, shelf, err);
    return rc < 0 ? err_context(err, "notice %lld", (long long)notice_id) : 1;
}

int escalator_run(struct db *db, struct work_turn *turn, time_t now, struct err *err)
{
    int64_t ids[BATCH];
    struct shelf shelf = {NULL, 0};
    struct work work;
    int n = notices_to_follow(db, now, ids, turn->pieces < BATCH ? turn->pieces : BATCH, err);

    if (n <= 0)
        return n;
    if (work_begin(&work, db, turn, err) < 0)
        return -1;
    for (int i = 0; i < n && work_goes_on(&work); i++) {
        /* One that can no longer be read holds up no other, however long it has taken to find out. */
        if (work_piece(&work, follow_one, ids[i], now, &shelf) < 0 && work_is_sound(&work) &&
            notices_follow_at(db, ids[i], now + LATER, &work.why) < 0)
            break;
    }
    shelf_release(&shelf);
    return work_end(&work, err);
}
