#include "cli/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "follow/words.h"
#include "store/registers.h"
#include "store/remember.h"
#include "store/repeats.h"
#include "store/roster.h"

static int candidates_json(struct telling *t, cJSON *o, int64_t decision_id)
{
    cJSON *list = json_add_list(o, "candidates");
    struct report_candidate *candidates = NULL;
    size_t count = 0;

    if (report_candidates(t->db, decision_id, &candidates, &count, t->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct report_candidate *c = &candidates[i];
        cJSON *candidate = json_push_object(list);
        struct buf words;

        buf_init(&words, 4096);
        words_evidence(c->evidence, &words);
        json_number(candidate, "rank", c->rank);
        json_text(candidate, "la", c->la_code);
        json_text(candidate, "pupil_id", c->pupil_id);
        json_real(candidate, "score", c->score);
        json_parsed(candidate, "evidence", c->evidence);
        json_text(candidate, "evidence_words", buf_text(&words));
        buf_clear(&words);
        words_sure(c->score, &words);
        json_text(candidate, "sure", buf_text(&words));
        buf_release(&words);
    }
    free(candidates);
    return 0;
}

/* Of an establishment that is closed: who has followed it, for that is who is told. */
static int successor_json(struct telling *t, cJSON *place, const struct door *door)
{
    struct door successors[2];
    struct establishment e;
    char name[REPORT_NAME_SIZE], words[REPORT_NAME_SIZE + 96];
    int n, rc = registers_establishment(t->db, door, &e, t->err);

    if (rc < 0)
        return -1;
    if (rc == 0 || e.status_code != ESTABLISHMENT_CLOSED)
        return 0;
    n = registers_successors(t->db, door, successors, 2, t->err);
    if (n < 0 || (n == 1 && report_door_name(t->db, &successors[0], name, t->err) < 0))
        return -1;
    if (n == 1)
        snprintf(words, sizeof words, "%s (%s %s)", name, successors[0].namespace,
                 successors[0].urn);
    json_text(place, "followed_by", n == 0 ? "nobody" : n == 1 ? words : "several");
    return 0;
}

static int on_roll_json(struct telling *t, cJSON *o, int64_t pupil_key)
{
    cJSON *list = json_add_list(o, "on_roll");
    struct enrolment *enrolments = NULL;
    size_t count = 0;
    int rc = 0;

    if (pupil_key >= 0)
        rc = roster_enrolments(t->db, pupil_key, london_day(t->people.incident->attended_at),
                               &enrolments, &count, t->err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        cJSON *place = json_push_object(list);
        char name[REPORT_NAME_SIZE];
        struct door door = {.namespace = ""};

        snprintf(door.namespace, sizeof door.namespace, "%s", enrolments[i].namespace);
        snprintf(door.urn, sizeof door.urn, "%s", enrolments[i].urn);
        rc = report_door_name(t->db, &door, name, t->err);
        json_text(place, "namespace", door.namespace);
        json_text(place, "urn", door.urn);
        json_text(place, "name", name);
        json_text(place, "enrolment", enrolments[i].kind);
        if (rc == 0)
            rc = successor_json(t, place, &door);
    }
    free(enrolments);
    return rc;
}

static int decisions_json(struct telling *t, cJSON *o, int64_t child_id)
{
    static const char *const outcomes[] = {"none", "review", "match"};
    cJSON *list = json_add_list(o, "decisions");
    struct report_decision *decisions = NULL;
    size_t count = 0;
    int rc = report_decisions(t->db, child_id, &decisions, &count, t->err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct report_decision *d = &decisions[i];
        cJSON *decision = json_push_object(list);

        json_moment(decision, "at", d->made_at);
        json_text(decision, "by", d->made_by);
        json_text(decision, "by_words", words_decided_by(d->made_by));
        json_text(decision, "outcome", outcomes[d->outcome]);
        json_text(decision, "words", words_outcome(d->outcome));
        json_text(decision, "rule", d->rule);
        json_text(decision, "la", d->la_code);
        json_text(decision, "pupil_id", d->pupil_id);
        json_real(decision, "score", d->score);
        json_real(decision, "margin", d->margin);
        rc = candidates_json(t, decision, d->decision_id);
    }
    if (rc == 0)
        rc = on_roll_json(t, o, count > 0 ? decisions[count - 1].pupil_key : -1);
    free(decisions);
    return rc;
}

/* What is kept for the decision: what kind of thing, never what. */
static int remembered_json(struct telling *t, cJSON *o, int64_t child_id)
{
    cJSON *list = json_add_list(o, "remembered");
    struct remembered *kept = NULL;
    size_t count = 0;

    if (remember_list(t->db, -1, child_id, &kept, &count, t->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        cJSON *entry = json_push_object(list);

        json_text(entry, "words", remembered_word(kept[i].kind));
        json_moment(entry, "at", kept[i].at);
        json_text(entry, "by", kept[i].who);
    }
    remembered_free(kept, count);
    return 0;
}

/* The references of the notices that are about the child. */
static int child_notices_json(struct telling *t, cJSON *o, int64_t child_id)
{
    cJSON *list = json_add_list(o, "notices");

    for (size_t i = 0; i < t->notices_count; i++) {
        int64_t *ids = NULL;
        size_t count = 0;

        if (notices_children(t->db, t->notices[i].notice.notice_id, &ids, &count, t->err) < 0)
            return -1;
        for (size_t j = 0; j < count; j++) {
            if (ids[j] == child_id)
                json_push_text(list, t->notices[i].notice.reference);
        }
        free(ids);
    }
    return 0;
}

/* The other call-outs about the child, when the force has them counted. */
static int repeats_json(struct telling *t, cJSON *o, const struct child_row *row)
{
    struct policy_row *rows = NULL;
    struct policy policy;
    struct repeats repeats;
    size_t count = 0;
    cJSON *counts, *list;

    if (registers_policies(t->db, t->row.force, NULL, NULL, &rows, &count, t->err) < 0)
        return -1;
    policy_resolve(rows, count, t->row.force, NULL, NULL, &policy);
    free(rows);
    if (repeats_find(t->db, row->child_id, t->people.incident, &policy, &repeats, t->err) < 0)
        return -1;
    if (repeats.counted) {
        counts = json_add_object(o, "repeats");
        json_number(counts, "in_week", repeats.count.week);
        json_number(counts, "in_three_months", repeats.count.quarter);
        json_number(counts, "in_twelve_months", repeats.count.year);
        json_bool(counts, "often", repeats.count.often);
        list = json_add_list(counts, "others");
        for (size_t i = 0; i < repeats.others_count; i++) {
            const struct repeats_other *other = &repeats.others[i];
            cJSON *one = json_push_object(list);

            json_text(one, "force", other->force);
            json_text(one, "police_ref", other->police_ref);
            json_moment(one, "attended_at", other->attended_at);
            json_text(one, "state", child_state_word(other->state));
            json_text(one, "state_words", words_child_state(other->state));
        }
    }
    repeats_release(&repeats);
    return 0;
}

int explain_child(struct telling *t, cJSON *list, const struct child_row *row)
{
    static const char *const waits[] = {[STAGE_MATCH] = "look for the child on the rolls",
                                        [STAGE_PLAN] = "plan who is told",
                                        [STAGE_DONE] = NULL};
    const struct incident_child *child = people_child(&t->people, row);
    cJSON *o = json_push_object(list);

    json_number(o, "child_id", row->child_id);
    json_text(o, "child_ref", row->child_ref);
    json_text(o, "state", child_state_word(row->state));
    json_text(o, "state_words",
              row->filtered ? "withheld: a filter of the force's own policy keeps the child back"
                            : words_child_state(row->state));
    json_bool(o, "removed", row->removed);
    json_text(o, "waits_for", waits[row->stage]);
    if (t->names && child) {
        struct personal name = {NULL, 0};

        if (people_name(child, &name, t->err) < 0)
            return -1;
        json_personal(o, "name", &name);
        personal_release(&name);
    }
    return decisions_json(t, o, row->child_id) < 0 || remembered_json(t, o, row->child_id) < 0 ||
                   repeats_json(t, o, row) < 0
               ? -1
               : child_notices_json(t, o, row->child_id);
}
