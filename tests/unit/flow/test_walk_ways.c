/* The same through mornings on which ways are shut or held, times run out, what was taken over comes
 * back, nobody answers, and the daemon and its clock do not go on as they should. */
#include "walk.h"

#include "follow/answer.h"
#include "follow/escalator.h"
#include "store/holds.h"
#include "store/shut.h"

static const char *const ways[] = {"email", "webhook"};

static const char registers[] =
    "UPDATE contact SET adapter = 'webhook' WHERE contact_id IN (2, 5);"
    "INSERT INTO term(la_code, kind, from_day, to_day) VALUES ('879', 'term', '2027-01-04', '2027-02-12'), ('879', 'closure', '2026-11-23', '2026-12-01');"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
    " VALUES (7, 'school', '100002', 'deputy', 'Dee', 'email', 'dee@example.test', 5),"
    " (8, 'school', '100001', 'dsl', 'Dot', 'webhook', 'https://dot.example.test', 5);";

static bool is_down(struct walk *w, const char *adapter)
{
    struct ways_down down;

    OK(w->p, ways_down_read(w->p->db, &down, &w->p->err));
    return ways_down_has(&down, adapter);
}

/* The daemon is killed, and it starts again. */
static void crash(struct walk *w)
{
    assert_true(claims_release(w->p->db, w->now, &w->p->err) >= 0);
}

static void end_try(struct walk *w, const struct outbox_item *item, unsigned how)
{
    struct place *p = w->p;

    OK(p, db_begin(p->db, &p->err));
    if (how == 0)
        OK(p, outbox_never(p->db, item, 550, "no such mailbox", 1, w->now, &p->err));
    else if (how == 1)
        OK(p, outbox_later(p->db, item, "later", 451, "later", 1, w->now + 120, true, w->now,
                           &p->err));
    else
        OK(p, outbox_sent(p->db, item, 250, "", 1, w->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static void deliver(struct walk *w)
{
    struct outbox_item item;
    const char *adapter = ways[pick(w, 2)];
    unsigned how = pick(w, 8);

    if (is_down(w, adapter) || !claim(w, adapter, &item))
        return;
    if (pick(w, 6) == 0)
        publish(w); /* while it is on its way */
    if (pick(w, 3) == 0)
        plan(w);
    if (how == 2)
        crash(w);
    else
        end_try(w, &item, how);
    outbox_item_release(&item);
}

static void shut_or_open(struct walk *w)
{
    struct place *p = w->p;
    const char *adapter = ways[pick(w, 2)];

    if (pick(w, 2))
        OK(p, sql_run(p->db, &p->err,
                      "INSERT INTO shut VALUES (?, 5, 5, 3, 0, '') ON CONFLICT DO NOTHING", "t",
                      adapter));
    else
        OK(p, sql_run(p->db, &p->err, "DELETE FROM shut WHERE adapter = ?", "t", adapter));
}

static void hold_or_release(struct walk *w)
{
    static const char *const doors[] = {"school/100001", "school/100002", "la/879"};
    enum hold_scope scope = (enum hold_scope)pick(w, 3);
    int64_t last = ask(w->p, "SELECT max(notice_id) FROM notice");
    unsigned which = pick(w, 3);
    struct place *p = w->p;
    char id[64];

    if (scope == HOLD_NOTICE && last < 1)
        return;
    snprintf(id, sizeof id, "%s",
             scope == HOLD_NOTICE    ? notice(p, 1 + pick(w, (unsigned)last)).reference
             : scope == HOLD_ADAPTER ? ways[which % 2]
                                     : doors[which]);
    OK(p, db_begin(p->db, &p->err));
    if (pick(w, 3) == 0)
        OK(p, holds_add(p->db, scope, id, "why", "una", w->now, &p->err));
    else
        OK(p, holds_release(p->db, scope, id, "una", w->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

/* What the dispatcher does once a second. */
static void heed(struct walk *w)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        OK(w->p, holds_give_way(w->p->db, ways[i], w->now, &w->p->err));
        if (is_down(w, ways[i]))
            OK(w->p, claims_late(w->p->db, ways[i], w->now, &w->p->err));
    }
}

static void a_round(struct walk *w)
{
    decide(w);
    plan(w);
    heed(w);
    plan(w);
    OK(w->p, escalator_run(w->p->db, WORK_ALL, w->now, &w->p->err));
    plan(w);
}

static void come_back(struct walk *w)
{
    struct place *p = w->p;
    time_t again_at = pick(w, 3) ? -1 : w->now + 30;
    sqlite3_stmt *stmt;
    char key[64];
    int rc;

    OK(p, sql_query(p->db, &stmt, &p->err,
                    "SELECT key FROM outbox WHERE state = 'sent' AND kind <> 'receipt'"
                    " ORDER BY item_id DESC LIMIT 1 OFFSET ?",
                    "i", (int64_t)pick(w, 3)));
    rc = sql_row(p->db, stmt, &p->err);
    snprintf(key, sizeof key, "%s", rc == 1 ? sql_text(stmt, 0) : "");
    sql_done(stmt);
    if (rc != 1)
        return;
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_undelivered(p->db, key, 550, "came back", again_at, w->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static void not_ours(struct walk *w)
{
    struct place *p = w->p;
    int64_t id = ask(p, "SELECT notice_id FROM notice WHERE state = 'told' AND kind = 'notice'"
                        " ORDER BY notice_id DESC");

    if (id < 0)
        return;
    OK(p, db_begin(p->db, &p->err));
    OK(p, answer_take(p->db, id, SAID(ANSWER_NOT_OURS, "una"), w->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static void ring(struct walk *w)
{
    const struct answer_said said = {NULL, "una", ANSWER_TAKEN, true};
    struct place *p = w->p;
    int64_t id = ask(p, "SELECT notice_id FROM notice WHERE state IN ('told','owed')"
                        " AND kind IN ('notice','desk') ORDER BY notice_id DESC");

    if (id > 0 && pick(w, 3) == 0)
        OK(p, answer_notice(p->db, notice(p, id).reference, &said, w->now, &p->err));
}

static void wait_on(struct walk *w)
{
    static const int much[] = {60, 600, 900, 1800, 2700, 3600, 7 * 3600, 86400, 6 * 86400};

    w->now += much[pick(w, ARRAY_SIZE(much))];
    if (pick(w, 12) == 0)
        w->now -= 7200; /* somebody sets the clock */
}

/* ---- what must hold besides ---- */

static void followed(struct walk *w)
{
    struct place *p = w->p;
    int64_t left, twice;

    /* told, not answered, and nobody comes after them */
    left = ask(p, "SELECT n.notice_id FROM notice n JOIN notice_stands s USING (notice_id)"
                  " JOIN child c ON c.child_id = s.child_id JOIN decision d USING (decision_id)"
                  " WHERE n.state = 'told' AND n.kind = 'notice' AND n.follow_at IS NULL"
                  " AND n.desk_at IS NULL AND c.state = 'told' AND d.outcome = 'match'"
                  " AND NOT EXISTS (SELECT 1 FROM child x"
                  "  WHERE x.incident_id = c.incident_id AND x.stage <> 'done')"
                  " AND EXISTS (SELECT 1 FROM enrolment e"
                  "  WHERE e.pupil_key = d.pupil_key AND e.urn = n.urn)");
    if (left > 0)
        fail_msg("walk %d, step %d: nobody follows notice %d", w->walk, w->step, (int)left);
    twice = ask(p, "SELECT s.child_id FROM notice n JOIN notice_stands s USING (notice_id)"
                   " JOIN outbox o USING (notice_id)"
                   " WHERE n.kind = 'notice' AND o.kind = 'notice' AND o.state = 'sent'"
                   " GROUP BY s.child_id, o.contact_id HAVING count(*) > 1");
    if (twice > 0)
        fail_msg("walk %d, step %d: one person has two notices of child %d", w->walk, w->step,
                 (int)twice);
}

static void wait_and_see(struct walk *w)
{
    followed(w);
    wait_on(w);
}

static const struct walk_move moves[] = {
    {"publish", publish, 2},
    {"decide", decide, 2},
    {"plan", plan, 2},
    {"round", a_round, 20},
    {"deliver", deliver, 20},
    {"answer", answer, 1},
    {"change_contacts", change_contacts, 1},
    {"change_roll", change_roll, 1},
    {"review", review, 1},
    {"wait", wait_and_see, 14},
    {"shut_or_open", shut_or_open, 3},
    {"hold_or_release", hold_or_release, 2},
    {"come_back", come_back, 2},
    {"not_ours", not_ours, 1},
    {"ring", ring, 1},
};

static void nobody_is_forgotten_when_ways_fail(void **state)
{
    (void)state;
    walk_all(60, 160, moves, ARRAY_SIZE(moves), registers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_forgotten_when_ways_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
