#include "match/link.h"

#include <stdlib.h>
#include <string.h>

#include "match/keys.h"
#include "match/person.h"
#include "match/weights.h"
#include "store/incidents.h"
#include "store/roster.h"
#include "store/wrong_door.h"

/* One child of the call-out under way. */
struct linked {
    const struct child_row *row;
    bool ours; /* decided here; else its decision stands, and is only compared with */
};

static const struct incident_child *named(const struct incident *incident, const char *child_ref)
{
    for (size_t i = 0; i < incident->children_count; i++) {
        if (strcmp(incident->children[i].child_ref, child_ref) == 0)
            return &incident->children[i];
    }
    return NULL;
}

/* A pupil whose establishment has said that the child is not its own is not matched to it again but
 * by a person. */
static int heed_wrong_door(struct db *db, int64_t child_id, struct decision *d, struct err *err)
{
    int rc = d->outcome == MATCH_MATCH
                 ? wrong_door_of_pupil(db, child_id, d->candidates[0].pupil_key, err)
                 : 0;

    if (rc == 1) {
        d->outcome = MATCH_REVIEW;
        d->rule = "that pupil's establishment has said that it is not its own";
    }
    return rc < 0 ? -1 : 0;
}

/* home: to be taken for the child's; NULL: as the call-out says. */
static int decide(struct db *db, const struct incident *incident, const struct child_row *row,
                  const struct incident_child *child, const struct home *home, struct decision *out,
                  struct err *err)
{
    struct person person;
    struct matcher matcher = {weights_in_use(), 0};
    struct candidate *candidates;
    struct key keys[KEYS_MAX];
    size_t count;
    int rc;

    person_from_child(incident, child, &person);
    if (home)
        person_lives_at(&person, home);
    if (roster_count(db, &matcher.pupils, err) < 0 || roster_count_names(db, &person, err) < 0) {
        person_wipe(&person);
        return -1;
    }
    rc = roster_candidates(db, keys, keys_of(&person, KEYS_CHILD, keys), person.seen_on,
                           &candidates, &count, err);
    if (rc == 0) {
        match_decide(&matcher, &person, candidates, count, out);
        roster_candidates_free(candidates, count);
        rc = heed_wrong_door(db, row->child_id, out, err);
    }
    person_wipe(&person);
    return rc;
}

/* The child's decision, made anew unless a person made the one in force. */
static int link_child(struct db *db, const struct incident *incident, struct linked *l,
                      struct decision *out, struct err *err)
{
    const struct incident_child *child = named(incident, l->row->child_ref);
    struct decision_row in_force;
    int rc = roster_decision(db, l->row->child_id, &in_force, err);

    memset(out, 0, sizeof *out);
    if (rc < 0)
        return -1;
    l->ours = rc == 0 || strcmp(in_force.made_by, "matcher") == 0;
    if (l->ours) {
        if (!child)
            return err_set(err, ERR_STORE, "incident %lld: its message does not name child %lld",
                           (long long)l->row->incident_id, (long long)l->row->child_id);
        return decide(db, incident, l->row, child, NULL, out, err);
    }
    out->outcome = in_force.outcome;
    out->candidates[0].pupil_key = in_force.pupil_key;
    return 0;
}

static bool is_somewhere(const struct home *home)
{
    return home->postcode[0] || (home->house[0] && home->street[0]);
}

static bool is_one_home(const struct home *a, const struct home *b)
{
    return strcmp(a->postcode, b->postcode) == 0 && strcmp(a->street, b->street) == 0 &&
           strcmp(a->house, b->house) == 0;
}

/* The home of a child who was found that none before it has; NULL it has none such. */
static const struct home *new_home(const struct decision *others, size_t i)
{
    if (others[i].outcome != MATCH_MATCH || !is_somewhere(&others[i].home))
        return NULL;
    for (size_t j = 0; j < i; j++) {
        if (others[j].outcome == MATCH_MATCH && is_one_home(&others[j].home, &others[i].home))
            return NULL;
    }
    return &others[i].home;
}

/* Where the homes of the others lead a child who was not found; found is as of match_together. */
static int link_with(struct db *db, const struct incident *incident, const struct child_row *row,
                     const struct decision *others, size_t count, struct decision *found,
                     struct err *err)
{
    const struct incident_child *child = named(incident, row->child_ref);

    memset(found, 0, sizeof *found);
    for (size_t i = 0; i < count; i++) {
        const struct home *home = new_home(others, i);
        struct decision as_there;
        int rc;

        if (!home)
            continue;
        rc = decide(db, incident, row, child, home, &as_there, err);
        if (rc == 0)
            match_together(found, &as_there);
        personal_wipe(&as_there, sizeof as_there);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Children who were not found may live with those who were. */
static int link_together(struct db *db, const struct incident *incident,
                         const struct linked *linked, struct decision *decisions, size_t count,
                         struct err *err)
{
    struct decision *found = calloc(INCIDENT_CHILDREN_MAX, sizeof *found);
    int rc = found ? 0 : err_memory(err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (linked[i].ours && decisions[i].outcome != MATCH_MATCH)
            rc = link_with(db, incident, linked[i].row, decisions, count, &found[i], err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (found[i].outcome != MATCH_NONE)
            decisions[i] = found[i];
    }
    if (found)
        personal_wipe(found, INCIDENT_CHILDREN_MAX * sizeof *found);
    free(found);
    return rc;
}

/* By which the rows of one child are known: of each that is a match the pupil's key, or that of another
 * before it whose pupil is the same child by another row. */
static int find_child_keys(struct db *db, const struct decision *decisions, size_t count,
                           int64_t child_keys[INCIDENT_CHILDREN_MAX], struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        child_keys[i] = decisions[i].candidates[0].pupil_key;
        for (size_t j = 0; j < i && decisions[i].outcome == MATCH_MATCH; j++) {
            int rc = decisions[j].outcome == MATCH_MATCH
                         ? roster_is_one_child(db, decisions[i].candidates[0].pupil_key,
                                               decisions[j].candidates[0].pupil_key, err)
                         : 0;

            if (rc < 0)
                return -1;
            if (rc == 0)
                continue;
            child_keys[i] = child_keys[j];
            break;
        }
    }
    return 0;
}

static bool is_concerned(const struct child_row *row)
{
    return !row->removed && row->state != CHILD_WITHHELD && row->state != CHILD_WITHDRAWN;
}

/* Whether the decision is to be recorded: the child is this step's work, or it was open and is now
 * found to be taken for the same pupil as another child of the call-out. */
static bool is_work(const struct child_row *row, const struct decision *d, bool was_match)
{
    return row->stage == STAGE_MATCH ||
           (row->state == CHILD_OPEN && was_match && d->outcome == MATCH_REVIEW);
}

static int link_children(struct db *db, const struct incident *incident,
                         const struct child_row *rows, size_t count, time_t now, struct err *err)
{
    struct linked linked[INCIDENT_CHILDREN_MAX];
    bool was_match[INCIDENT_CHILDREN_MAX];
    struct decision *decisions = calloc(INCIDENT_CHILDREN_MAX, sizeof *decisions);
    int64_t child_keys[INCIDENT_CHILDREN_MAX];
    size_t n = 0;
    int rc = decisions ? 0 : err_memory(err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!is_concerned(&rows[i])) {
            if (rows[i].stage == STAGE_MATCH)
                rc = incidents_set_stage(db, rows[i].child_id, STAGE_PLAN, err);
        } else if (n < INCIDENT_CHILDREN_MAX) {
            linked[n] = (struct linked){&rows[i], false};
            rc = link_child(db, incident, &linked[n], &decisions[n], err);
            was_match[n] = decisions[n].outcome == MATCH_MATCH;
            n++;
        }
    }
    if (rc == 0)
        rc = link_together(db, incident, linked, decisions, n, err);
    if (rc == 0)
        rc = find_child_keys(db, decisions, n, child_keys, err);
    if (rc == 0)
        match_family(decisions, child_keys, n);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct child_row *row = linked[i].row;

        if (linked[i].ours && is_work(row, &decisions[i], was_match[i]))
            rc = roster_decide(db, row->child_id, &decisions[i], "matcher", now, err);
        else if (row->stage == STAGE_MATCH)
            rc = incidents_set_stage(db, row->child_id, STAGE_PLAN, err);
    }
    if (decisions)
        personal_wipe(decisions, INCIDENT_CHILDREN_MAX * sizeof *decisions);
    free(decisions);
    return rc;
}

/* 1, -1. */
static int link_incident(struct db *db, int64_t incident_id, time_t now, void *none,
                         struct err *err)
{
    struct incident *incident = NULL;
    struct child_row *rows = NULL;
    size_t count = 0;
    int rc = incidents_load(db, incident_id, &incident, err);

    (void)none;
    if (rc == 0)
        rc = incidents_children(db, incident_id, &rows, &count, err);
    if (rc == 0)
        rc = link_children(db, incident, rows, count, now, err);
    free(rows);
    incident_free(incident);
    return rc == 0 ? 1 : err_context(err, "matching incident %lld", (long long)incident_id);
}

int link_run(struct db *db, struct work_turn *turn, time_t now, struct err *err)
{
    return incidents_work_off(db, STAGE_MATCH, turn, link_incident, now, NULL, err);
}
