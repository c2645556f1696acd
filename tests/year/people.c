#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callouts.h"
#include "chance.h"
#include "checks.h"
#include "follow/answer.h"
#include "life.h"
#include "promise.h"
#include "store/review.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

static int64_t last_decision;

/* After how long somebody answers; -1 never. */
static int patience_of(enum temper temper)
{
    const int hour = 3600;

    switch (temper) {
    case PROMPT:
        return chance_between(120, 2400);
    case SLOW:
        return chance_between(1 * hour, 40 * hour);
    case FLAKY:
    case FULL:
        return chance_between(900, 5 * hour);
    default:
        return -1;
    }
}

int people_received(const struct post_item *item)
{
    struct received r;
    int after;

    checks_received(item, &r);
    if (promise_too_many())
        return -1;
    if (!item->taken || r.contact < 0)
        return 0;
    if (item->answers)
        callouts_answered(r.callout, item->reference, item->at);
    after = patience_of(contacts[r.contact].temper);
    /* Children leave, and the roll does not know yet. */
    if (r.kind == 'n' && chance_of(0.01))
        events_add(now + chance_between(300, 30 * 3600), ANSWER, 1, r.callout, item->reference);
    else if (after > 0 && !chance_of(0.03))
        events_add(now + after, ANSWER, 0, r.callout, item->reference);
    return 0;
}

int people_answer(const struct event *e)
{
    struct err err = {.code = ERR_NONE};
    enum answer answer = e->number ? ANSWER_NOT_OURS : ANSWER_TAKEN;
    int rc;

    gate_clock.shift = now + skew;
    /* By the link, which is another program's; most of them here as by a webhook's body. */
    rc = answer_notice(now % 8 == 0 ? gate_office : gate_daemon, e->text, SAID(answer, "somebody"),
                       clock_now(&gate_clock), &err);
    if (rc < 0)
        return err.code == ERR_INVALID || err.code == ERR_NONE_SUCH ? 0
                                                                    : life_failed(&err, "answer");
    if (e->revision >= 0)
        callouts_answered(e->revision, e->text, now + skew);
    if (answer == ANSWER_NOT_OURS && rc == 1)
        checks_not_ours(e->revision, e->text, now + skew);
    tally.answers++;
    return 0;
}

int people_note_reviews(void)
{
    struct err err = {.code = ERR_NONE};
    sqlite3_stmt *row;
    int rc;

    if (sql_query(gate_daemon, &row, &err,
                  "SELECT decision_id, child_id, outcome = 'review' FROM decision"
                  " WHERE decision_id > ? ORDER BY decision_id",
                  "i", last_decision) < 0)
        return life_failed(&err, "decisions");
    while ((rc = sql_row(gate_daemon, row, &err)) == 1) {
        last_decision = sqlite3_column_int64(row, 0);
        if (sqlite3_column_int(row, 2) && chance_of(0.9))
            events_add(now + chance_between(900, 20 * 3600), REVIEW, sqlite3_column_int64(row, 1),
                       0, NULL);
    }
    sql_done(row);
    return rc < 0 ? life_failed(&err, "decisions") : 0;
}

/* Whose child it is, by the store's numbers; NULL none. */
static const struct said_child *child_of_row(int64_t child_id)
{
    struct err err = {.code = ERR_NONE};
    const struct said_child *found = NULL;
    sqlite3_stmt *row;

    if (sql_query(gate_daemon, &row, &err,
                  "SELECT i.police_ref, c.child_ref FROM child c JOIN incident i USING"
                  " (incident_id) WHERE c.child_id = ?",
                  "i", child_id) < 0)
        return NULL;
    if (sql_row(gate_daemon, row, &err) == 1) {
        int number = callouts_number(sql_text(row, 0));

        if (number >= 0)
            found = &callouts[number].children[atoi(sql_text(row, 1)) - 1];
    }
    sql_done(row);
    return found;
}

/* A person looks, and knows. */
int people_review(int64_t child_id)
{
    const struct said_child *said = child_of_row(child_id);
    struct err err = {.code = ERR_NONE};
    int64_t pupil_key = -1;
    char pupil_id[16];
    int rc;

    if (!said)
        return -1;
    snprintf(pupil_id, sizeof pupil_id, "P%06d", said->pupil);
    gate_clock.shift = now + skew;
    if (!said->stranger &&
        sql_int(gate_office, &pupil_key, &err,
                "SELECT pupil_key FROM pupil p WHERE pupil_id = ?1 ORDER BY EXISTS (SELECT 1"
                " FROM enrolment e WHERE e.pupil_key = p.pupil_key AND e.ended_at IS NULL) DESC",
                "t", pupil_id) < 0)
        return life_failed(&err, "review");
    if (db_begin(gate_office, &err) < 0)
        return life_failed(&err, "review");
    rc = review_decide(gate_office, child_id, pupil_key, false, "officer", clock_now(&gate_clock),
                       &err);
    if (rc < 0)
        db_rollback(gate_office);
    else if (db_commit(gate_office, &err) < 0)
        rc = -1;
    if (rc < 0 && err.code != ERR_INVALID)
        return life_failed(&err, "review");
    tally.reviews += rc == 1;
    return 0;
}
