#include "plan/told.h"

#include <stdlib.h>
#include <string.h>

#include "deliver/values.h"
#include "plan/gather.h"
#include "plan/whom.h"
#include "store/roster.h"
#include "store/wrong_door.h"

/* A desk that was told because nobody knew whose child it is has not been told what came out once
 * somebody did, nor that it was a wrong door. */
static bool stands(const struct notice_row *notice, const struct decision_row *decision,
                   const struct plan_child *child)
{
    if (notice->kind == NOTICE_NOTICE)
        return true;
    if (notice->reason == DESK_MARAC) /* nor that no establishment is told after all */
        return false;
    if (notice->told_at < child->wrong_door_at)
        return false;
    return decision->outcome != MATCH_MATCH || notice->told_at >= decision->made_at ||
           (notice->reason != DESK_REVIEW && notice->reason != DESK_NO_MATCH);
}

static size_t named(const struct incident *incident, const char *child_ref)
{
    size_t i = 0;

    while (i < incident->children_count && strcmp(incident->children[i].child_ref, child_ref) != 0)
        i++;
    return i;
}

/* Whether that door would be told otherwise of the child now. A revision that this program would no
 * longer accept has nothing to compare with, and counts as other. */
static int says_otherwise(struct db *db, const struct gathered *g, const struct notice_row *notice,
                          const struct plan_door *door, const struct child_row *row,
                          int64_t revision, bool *out, struct err *err)
{
    struct incident *then = NULL;
    size_t was, is = named(g->incident, row->child_ref);
    struct render_input before = {.notice = notice,
                                  .children = &was,
                                  .children_count = 1,
                                  .language = "en",
                                  .establishment = door->establishment.name};
    struct render_input after = before;
    struct err why;
    int rc = incidents_load_revision(db, notice->incident_id, revision, &then, &why);

    *out = true;
    if (rc < 0)
        return why.code == ERR_INVALID ? 0 : err_set(err, why.code, "%s", why.text);
    was = named(then, row->child_ref);
    before.incident = then;
    after.incident = g->incident;
    after.children = &is;
    if (was < then->children_count && is < g->incident->children_count) {
        before.fields = policy_fields_for(&door->policy, incident_is_protected(then));
        after.fields = policy_fields_for(&door->policy, incident_is_protected(g->incident));
        rc = values_same(&before, &after, out, err);
        *out = !*out;
    }
    incident_free(then);
    return rc;
}

static bool is_at(const struct plan_input *in, const struct plan_child *child, size_t door)
{
    if (door == child->desk || door == child->force_desk ||
        (child->lives_elsewhere && door == child->home_force_desk))
        return true;
    for (size_t i = 0; i < child->enrolled_count; i++) {
        if (child->enrolled[i] == door || plan_followed(in, child->enrolled[i]) == door)
            return true;
    }
    for (size_t i = 0; i < child->centres_count; i++) {
        if (child->centres[i] == door || plan_followed(in, child->centres[i]) == door)
            return true;
    }
    return false;
}

static int add(struct gathered *g, const struct told *told, struct err *err)
{
    struct told *more = reallocarray(g->told, g->told_count + 1, sizeof *more);

    if (!more)
        return err_memory(err);
    more[g->told_count++] = *told;
    g->told = more;
    return 0;
}

static int judge(struct db *db, struct gathered *g, size_t index, const struct child_row *row,
                 const struct decision_row *decision, struct plan_child *child, int64_t revision,
                 struct err *err)
{
    const struct notice_row *notice = &g->notices[index];
    struct told told = {.notice = index, .child_id = row->child_id};
    struct telling t = {.to_desk = notice->kind == NOTICE_DESK,
                        .withdrawn = row->removed || row->state == CHILD_WITHDRAWN,
                        .withheld = row->state == CHILD_WITHHELD && !row->filtered,
                        .outcome = decision->outcome,
                        .by_person = strcmp(decision->made_by, "matcher") != 0};
    int64_t pupil_key;

    if (gather_door(db, g, notice->door.namespace, notice->door.urn, &told.door, err) < 0 ||
        notices_pupil(db, notice->notice_id, row->child_id, &pupil_key, err) < 0)
        return -1;
    if (!t.to_desk) {
        int rc = wrong_door_is(db, row->child_id, &notice->door, err);

        if (rc < 0)
            return -1;
        t.ruled_out = rc == 1;
        rc = roster_is_one_child(db, pupil_key, decision->pupil_key, err);
        if (rc < 0)
            return -1;
        t.same_pupil = rc == 1;
    }
    t.at_door = !child->settled && is_at(&g->in, child, told.door);
    if (t.at_door && row->changed_revision > revision &&
        says_otherwise(db, g, notice, &g->doors[told.door], row, revision, &t.changed, err) < 0)
        return -1;
    told.at_door = t.at_door;
    told.owed = amend_judge(&t);
    child->desk_knows |= t.to_desk && told.owed.kind != NOTICE_WITHDRAWAL;
    child->desk_instead |= t.to_desk && told.owed.kind != NOTICE_WITHDRAWAL &&
                           notice->reason != DESK_MARAC && notice->reason != DESK_NO_ANSWER &&
                           !(t.by_person && decision->made_at >= notice->told_at);
    if (told.owed.kind != NOTICE_WITHDRAWAL) {
        if (!t.to_desk &&
            door_is_desk(&g->doors[told.door])) /* whose door is the authority's, too */
            child->visitors_told |= told.door == child->desk;
        else if (stands(notice, decision, child))
            child->told[child->told_count++] = told.door;
    }
    return add(g, &told, err);
}

/* Since when nobody has answered whom nobody stands in for. */
static void find_unanswered(const struct gathered *g, size_t first, struct plan_child *child)
{
    for (size_t i = first; i < g->told_count; i++) {
        const struct notice_row *notice = &g->notices[g->told[i].notice];
        bool stood_in = false;

        if (notice->state != NOTICE_TOLD || notice->desk_at < 0 ||
            g->told[i].owed.kind == NOTICE_WITHDRAWAL)
            continue;
        for (size_t j = first; j < g->told_count; j++) {
            const struct notice_row *task = &g->notices[g->told[j].notice];

            stood_in |= task->reason == DESK_NO_ANSWER && task->told_at >= notice->desk_at &&
                        g->told[j].owed.kind != NOTICE_WITHDRAWAL;
        }
        if (stood_in)
            continue;
        child->unanswered_since = notice->desk_at;
        child->desk_is_silent = notice->kind == NOTICE_DESK;
    }
}

int told_gather(struct db *db, struct gathered *g, const struct child_row *row,
                const struct decision_row *decision, struct plan_child *child, struct err *err)
{
    size_t first = g->told_count;

    if (wrong_door_at(db, row->child_id, &child->wrong_door_at, err) < 0)
        return -1;

    child->told = calloc(g->notices_count + 1, sizeof *child->told);
    if (!child->told)
        return err_memory(err);
    for (size_t i = 0; i < g->notices_count; i++) {
        const struct notice_row *notice = &g->notices[i];
        int64_t revision = -1;
        bool over = false;
        int rc;

        if ((notice->kind != NOTICE_NOTICE && notice->kind != NOTICE_DESK) ||
            (notice->state != NOTICE_TOLD && notice->state != NOTICE_ANSWERED))
            continue;
        rc = notices_last_told(db, notice, row->child_id, &revision, &over, err);
        if (rc == 1 && !over)
            rc = judge(db, g, i, row, decision, child, revision, err);
        if (rc < 0)
            return -1;
    }
    find_unanswered(g, first, child);
    return 0;
}
