/* tests/unit/planner_fixture.h - the store's fixture with establishments, a term and a roll, and the
 * steps around planning. */
#ifndef PLANNER_FIXTURE_H
#define PLANNER_FIXTURE_H

#include "store_fixture.h"

#include "plan/planner.h"
#include "store/registers.h"

/* The morning after NIGHT, a Friday, and the one after the weekend. */
#define SEND_AT london_moment(london_day(NIGHT), 7 * 3600 + 1800)
#define MONDAY (SEND_AT + 3 * 86400)

static const char planner_registers[] =
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code,"
    " postcode, outward) VALUES"
    " ('school', '100001', '879', 'Example Primary', 1, '', 1, 'PL4 8AA', 'PL4'),"
    " ('school', '100002', '879', 'Example Secondary', 1, '', 1, 'PL4 8AB', 'PL4'),"
    " ('school', '100003', '879', 'Nobody There', 1, '', 1, 'PL4 8AC', 'PL4'),"
    " ('school', '200001', '878', 'Moor Primary', 1, '', 1, 'EX20 1AA', 'EX20'),"
    " ('centre', '20001', '879', 'Example Centre', 47, '', 1, 'PL4 8AD', 'PL4');"
    "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
    " ('879', 'term', '2026-11-02', '2026-12-18');"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
    " VALUES (5, 'force', '" FORCE "', 'la_desk', 'Vpu', 'email', 'vpu@example.test', 5),"
    " (6, 'la', '878', 'la_desk', 'Devon', 'email', 'devon@example.test', 5);"
    "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
    " (1, 'school', '100001', 1), (2, 'school', '100001', 1);";

static inline int setup(void **state)
{
    return place_setup(state) < 0 || (run(*state, planner_registers), 0) ? -1 : 0;
}

static inline void decided_as(struct place *p, int64_t child_id, const char *outcome,
                              int64_t pupil_key, time_t at)
{
    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO decision(child_id, made_at, made_by, outcome, pupil_key, rule)"
                  " VALUES (?, ?, 'matcher', ?, ?, 'a rule')",
                  "iitm", child_id, (int64_t)at, outcome, pupil_key));
    OK(p, sql_run(p->db, &p->err,
                  "UPDATE child SET stage = 'plan', decision_id = ? WHERE child_id = ?", "ii",
                  sql_last_id(p->db), child_id));
}

/* A night with Zelda, matched to pupil 1 at school 100001. */
static inline int64_t zelda(struct place *p)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    return id;
}

static inline int plan_at(struct place *p, time_t now)
{
    int n = planner_run(p->db, WORK_ALL, now, &p->err);

    if (n < 0)
        fail_msg("%s", p->err.text);
    return n;
}

static inline struct notice_row notice(struct place *p, int64_t notice_id)
{
    struct notice_row n;

    if (notices_get(p->db, notice_id, &n, &p->err) != 1)
        fail_msg("no notice %" PRId64, notice_id);
    return n;
}

/* The contact that an owed notice waits for; -1 nobody. */
static inline int64_t waits_for(struct place *p, int64_t notice_id)
{
    int64_t contact_id = -1;
    bool leased;

    OK(p, notices_waits_for(p->db, notice_id, &contact_id, &leased, &p->err));
    return contact_id;
}

/* The item due now is refused for good. */
static inline void fail_one(struct place *p, time_t now)
{
    struct outbox_item item;

    assert_int_equal(outbox_claim(p->db, "email", now, 60, &item, 1, &p->err), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_never(p->db, &item, 550, "no such mailbox", 12, now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
}

static inline void nobody_is_forgotten(struct place *p)
{
    struct incidents_account a;

    OK(p, incidents_account(p->db, 0, &a, &p->err));
    assert_int_equal(a.forgotten, 0);
    assert_int_equal(a.unproved, 0);
}

#endif
