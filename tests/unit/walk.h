/* tests/unit/walk.h - what can happen to call-outs, in whatever order, and what must hold after each
 * step: nobody is forgotten (P2), nobody told by a wrong door (P3), nothing sent twice (P4). */
#ifndef TESTS_WALK_H
#define TESTS_WALK_H

#include "planner_fixture.h"

#include "intake/accept.h"
#include "store/review.h"
#include "store/roster.h"

enum { INCIDENTS = 2, CHILDREN = 3, PUPILS = 4 };

struct walk {
    struct place *p;
    uint32_t state;
    time_t now;
    int revisions[INCIDENTS];
    int walk, step;
    const char *last; /* what was done */
};

static inline unsigned pick(struct walk *w, unsigned n)
{
    w->state = w->state * 1664525u + 1013904223u;
    return (w->state >> 8) % n;
}

static const char walk_registers[] =
    "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (3, '879', 'p3', 1),"
    " (4, '879', 'p4', 1);"
    "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
    " (2, 'school', '100002', 1), (3, 'school', '100003', 1), (4, 'school', '100002', 1);";

/* ---- what can happen ---- */

static inline void publish(struct walk *w)
{
    static const char *const forenames[] = {"Zelda", "Yorick", "Xanthe", "Wilf"};
    unsigned which = pick(w, INCIDENTS), kind = pick(w, 8);
    struct place *p = w->p;
    struct buf children;
    enum accepted how;
    char ref[8];
    int named = 0;

    buf_init(&children, 4096);
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (pick(w, 3) == 0 && (named > 0 || i + 1 < CHILDREN))
            continue;
        buf_addf(&children, "%s{\"child_ref\":\"%u\",\"forename\":\"%s\",\"relationship\":\"%u\"}",
                 named++ > 0 ? "," : "", i + 1, forenames[pick(w, 4) ? i : 3], pick(w, 2));
    }
    snprintf(ref, sizeof ref, "A%u", which);
    const char *json = call_out(p, ref, ++w->revisions[which], kind == 0 ? "withdraw" : "notify",
                                buf_text(&children),
                                kind == 1 ? ",\"withhold\":{\"reason\":\"risk\","
                                            "\"authorised_by\":\"DI 7\"}"
                                          : "");
    const struct inbound in = {.topic = TOPIC, .payload = json, .length = strlen(json)};

    OK(p, db_begin(p->db, &p->err));
    OK(p, accept_message(p->db, &in, w->now, &how, &p->err));
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(how, ACCEPTED);
    buf_release(&children);
}

/* As matching does, with the dice for evidence. */
static inline void decide(struct walk *w)
{
    struct place *p = w->p;
    int64_t child_id;

    while ((child_id = ask(p, "SELECT child_id FROM child WHERE stage = 'match' LIMIT 1")) > 0) {
        struct decision d = {.rule = "dice", .outcome = (enum match_outcome)pick(w, 3)};
        int64_t made_by_a_person = -1, concerned = -1;

        OK(p, sql_int(p->db, &made_by_a_person, &p->err,
                      "SELECT 1 FROM child JOIN decision d USING (decision_id)"
                      " WHERE child.child_id = ? AND d.made_by <> 'matcher'",
                      "i", child_id));
        OK(p, sql_int(p->db, &concerned, &p->err,
                      "SELECT 1 FROM child WHERE child_id = ?"
                      " AND state NOT IN ('withheld','withdrawn')",
                      "i", child_id));
        d.candidates_count = d.outcome == MATCH_NONE ? 0 : 1;
        d.candidates[0].pupil_key = 1 + pick(w, PUPILS);
        OK(p, db_begin(p->db, &p->err));
        if (made_by_a_person > 0 || concerned < 0)
            OK(p, incidents_set_stage(p->db, child_id, STAGE_PLAN, &p->err));
        else
            OK(p, roster_decide(p->db, child_id, &d, "matcher", w->now, &p->err));
        OK(p, db_commit(p->db, &p->err));
    }
}

static inline void plan(struct walk *w)
{
    plan_at(w->p, w->now);
}

/* What is about to go concerns each of the children that it speaks of, at the door that its decision
 * points to (P3); what goes on to somebody else, one at least. */
static inline int claim(struct walk *w, const char *adapter, struct outbox_item *item)
{
    struct place *p = w->p;
    int64_t wrong = 0;

    if (outbox_claim(p->db, adapter, w->now, 60, item, 1, &p->err) != 1)
        return 0;
    OK(p, sql_int(p->db, &wrong, &p->err,
                  "SELECT EXISTS (SELECT 1 FROM notice"
                  "  WHERE notice_id = ?1 AND kind IN ('notice','desk'))"
                  " AND (count(*) = 0"
                  "  OR total(wrong) > CASE state WHEN 'told' THEN count(*) - 1 ELSE 0 END) FROM"
                  " (SELECT n.state, c.state IN ('withheld','withdrawn')"
                  "  OR (n.kind = 'notice' AND (d.outcome IS NOT 'match' OR NOT EXISTS"
                  "   (SELECT 1 FROM enrolment e WHERE e.pupil_key = d.pupil_key"
                  "    AND e.urn = n.urn))) AS wrong"
                  "  FROM notice n JOIN notice_stands USING (notice_id)"
                  "  JOIN child c USING (child_id) LEFT JOIN decision d USING (decision_id)"
                  "  WHERE n.notice_id = ?1)",
                  "i", item->notice_id));
    if (wrong > 0)
        fail_msg("walk %d, step %d: notice %d is no longer its children's", w->walk, w->step,
                 (int)item->notice_id);
    return 1;
}

static inline void answer(struct walk *w)
{
    struct place *p = w->p;
    int64_t id =
        ask(p, "SELECT notice_id FROM notice WHERE state = 'told' ORDER BY notice_id DESC");

    if (id < 0)
        return;
    OK(p, db_begin(p->db, &p->err));
    OK(p, notices_answer(p->db, id, "una", w->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static inline void change_contacts(struct walk *w)
{
    struct place *p = w->p;
    int64_t contact = 1 + pick(w, 6);

    OK(p, db_begin(p->db, &p->err));
    OK(p, sql_run(p->db, &p->err,
                  "UPDATE contact SET verified_at = CASE WHEN ? THEN 5 END, ended_at = NULL"
                  " WHERE contact_id = ?",
                  "ii", (int64_t)pick(w, 3), contact));
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static inline void change_roll(struct walk *w)
{
    struct place *p = w->p;

    OK(p, db_begin(p->db, &p->err));
    OK(p, incidents_rematch_undecided(p->db, NIGHT, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static inline void review(struct walk *w)
{
    struct place *p = w->p;
    int64_t child_id = 1 + pick(w, INCIDENTS * CHILDREN);

    OK(p, db_begin(p->db, &p->err));
    if (review_decide(p->db, child_id, pick(w, 2) ? 1 + (int64_t)pick(w, PUPILS) : -1, pick(w, 2),
                      "una", w->now, &p->err) < 0)
        db_rollback(p->db); /* no such child, or told */
    else
        OK(p, db_commit(p->db, &p->err));
}

/* ---- what must hold ---- */

static inline void account(struct walk *w)
{
    struct place *p = w->p;
    struct incidents_account a;
    int64_t twice, elsewhere, idle, over;

    OK(p, incidents_account(p->db, 0, &a, &p->err));
    /* but for what has come back in between */
    twice = ask(p, "SELECT count(*) FROM attempt a WHERE verdict = 'sent' GROUP BY item_id"
                   " HAVING count(*) > 1 + (SELECT count(*) FROM attempt b"
                   "  WHERE b.item_id = a.item_id AND b.detail = 'came back')");
    /* told, and not one of the schools that the decision points to, nor a desk in its stead */
    elsewhere =
        ask(p, "SELECT c.child_id FROM child c JOIN decision d USING (decision_id)"
               " WHERE c.stage = 'done' AND c.state IN ('told','answered')"
               " AND NOT EXISTS (SELECT 1 FROM notice_child nc JOIN notice n USING (notice_id)"
               "  WHERE nc.child_id = c.child_id AND n.state IN ('told','answered')"
               "  AND (n.kind = 'desk' OR n.urn IN (SELECT urn FROM enrolment e"
               "   WHERE e.pupil_key = d.pupil_key)))");
    if (elsewhere > 0)
        fail_msg("walk %d, step %d, %s: child %d was told elsewhere", w->walk, w->step, w->last,
                 (int)elsewhere);
    /* owed to nobody, though there is somebody at the door whom it has not failed to reach; who was
     * told by telephone alone has no correction by message */
    idle = ask(p, "SELECT n.notice_id FROM notice n JOIN contact k USING (namespace, urn)"
                  " WHERE n.state = 'owed' AND n.amends IS NULL"
                  " AND k.verified_at IS NOT NULL AND k.ended_at IS NULL"
                  " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.notice_id = n.notice_id"
                  "  AND o.state IN ('due','leased'))"
                  " AND NOT EXISTS (SELECT 1 FROM notice_child JOIN child c USING (child_id)"
                  "  WHERE notice_id = n.notice_id AND c.stage <> 'done')"
                  " AND NOT EXISTS (SELECT 1 FROM outbox o JOIN notice m USING (notice_id)"
                  "  WHERE m.incident_id = n.incident_id AND o.contact_id = k.contact_id"
                  "  AND o.state = 'failed' AND NOT" OUTBOX_PASSED ")");
    if (idle > 0)
        fail_msg("walk %d, step %d, %s: notice %d waits for nobody", w->walk, w->step, w->last,
                 (int)idle);
    over = ask(p, "SELECT o.item_id FROM outbox o JOIN notice n USING (notice_id)"
                  " WHERE o.state = 'due' AND n.state NOT IN ('owed','told')");
    if (over > 0)
        fail_msg("walk %d, step %d, %s: item %d is due, and its notice is over", w->walk, w->step,
                 w->last, (int)over);
    if (a.forgotten || a.unproved || twice > 0)
        fail_msg("walk %d, step %d, %s: %d forgotten, %d unproved, %d sent twice", w->walk, w->step,
                 w->last, (int)a.forgotten, (int)a.unproved, (int)twice);
}

/* Everything gets through from here on: nobody is open in the end. */
static inline void settle(struct walk *w)
{
    struct place *p = w->p;
    struct incidents_account a;

    run(p, "UPDATE contact SET verified_at = 5, ended_at = NULL; DELETE FROM shut;"
           "UPDATE hold SET released_at = 5 WHERE released_at IS NULL");
    OK(p, incidents_replan_unsent(p->db, NIGHT, &p->err));
    w->last = "settle";
    for (int i = 0; i < 40; i++) {
        static const char *const adapters[] = {"email", "webhook"};
        struct outbox_item item;

        decide(w);
        plan(w);
        account(w);
        OK(p, db_begin(p->db, &p->err)); /* a review ends */
        for (int64_t id = 1; id <= INCIDENTS * CHILDREN; id++) {
            int64_t pupil_key = 1 + (int64_t)pick(w, PUPILS);

            if (review_decide(p->db, id, pupil_key, false, "una", w->now, &p->err) < 0)
                assert_true(p->err.code == ERR_INVALID || p->err.code == ERR_NONE_SUCH);
        }
        OK(p, db_commit(p->db, &p->err));
        plan(w);
        for (size_t way = 0; way < 2; way++) {
            while (claim(w, adapters[way], &item)) {
                OK(p, db_begin(p->db, &p->err));
                OK(p, outbox_sent(p->db, &item, 250, "", 1, w->now, &p->err));
                OK(p, db_commit(p->db, &p->err));
                outbox_item_release(&item);
                account(w);
            }
        }
        w->now += 6 * 3600;
    }
    OK(p, incidents_account(p->db, 0, &a, &p->err));
    /* but for those whose last contact has refused; a correction can be stuck, too */
    if (a.by_state[CHILD_OPEN] + a.by_state[CHILD_REVIEW] > a.stuck)
        fail_msg("walk %d: %d children are open in the end, %d in review, %d said to be stuck",
                 w->walk, (int)a.by_state[CHILD_OPEN], (int)a.by_state[CHILD_REVIEW], (int)a.stuck);
    if (ask(p, "SELECT count(*) FROM notice JOIN outbox o USING (notice_id)"
               " WHERE notice.state = 'owed' AND o.state IN ('due','leased')") > 0)
        fail_msg("walk %d: something is owed in the end", w->walk);
}

/* ---- a step ---- */

struct walk_move {
    const char *name;
    void (*run)(struct walk *w);
    unsigned weight;
};

static inline void walk_step(struct walk *w, const struct walk_move *moves, size_t count)
{
    unsigned total = 0, n, i = 0;

    for (size_t m = 0; m < count; m++)
        total += moves[m].weight;
    n = pick(w, total);
    while (n >= moves[i].weight)
        n -= moves[i++].weight;
    w->last = moves[i].name;
    moves[i].run(w);
    account(w);
}

static inline void walk_all(int walks, int steps, const struct walk_move *moves, size_t count,
                            const char *registers)
{
    for (int walk = 0; walk < walks; walk++) {
        void *made;
        struct walk w = {.walk = walk, .state = (uint32_t)walk * 2654435761u + 1, .now = NIGHT};

        assert_int_equal(setup(&made), 0);
        w.p = made;
        run(w.p, walk_registers);
        run(w.p, registers);
        run(w.p, "PRAGMA synchronous=OFF");
        for (w.step = 0; w.step < steps; w.step++)
            walk_step(&w, moves, count);
        settle(&w);
        place_teardown(&made);
    }
}

#endif
