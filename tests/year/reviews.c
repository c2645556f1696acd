#include "reviews.h"

#include <stdio.h>
#include <stdlib.h>

#include "callouts.h"
#include "chance.h"
#include "events.h"
#include "gate.h"
#include "life.h"
#include "promise.h"
#include "store/review.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

enum {
    EVENING = 17 * 3600 + 2400, /* from then on a school's notice waits for the morning */
    NIGHT_ENDS = 5 * 3600,
    UNDONE_MOST = 64,
    WRONG_MOST = 64,
};

static int64_t last_decision;

/* Children of whom somebody has taken back who they are. */
static struct undone {
    struct place_said child;
    int64_t after; /* the last decision there was, of any child */
} undone[UNDONE_MOST];
static int undone_count;

/* Children whom an officer has taken for another. */
static struct place_said wrong[WRONG_MOST];
static int wrong_ones;

static int wrong_one(int callout, int position)
{
    for (int i = 0; i < wrong_ones; i++) {
        if (wrong[i].callout == callout && wrong[i].position == position)
            return i;
    }
    return -1;
}

int reviews_note(void)
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

/* Whose child it is, by the store's numbers; callout -1 none. */
static struct place_said child_of_row(int64_t child_id)
{
    struct err err = {.code = ERR_NONE};
    struct place_said found = {-1, -1};
    sqlite3_stmt *row;

    if (sql_query(gate_daemon, &row, &err,
                  "SELECT i.police_ref, c.child_ref FROM child c JOIN incident i USING"
                  " (incident_id) WHERE c.child_id = ?",
                  "i", child_id) < 0)
        return found;
    if (sql_row(gate_daemon, row, &err) == 1)
        found = (struct place_said){callouts_number(sql_text(row, 0)), atoi(sql_text(row, 1)) - 1};
    sql_done(row);
    return found;
}

/* A wrong school would be told, but for somebody who takes it back in time: only in the night, of what
 * nobody tells at once, and when nothing else is to come. */
static bool may_be_wrong(const struct callout *c)
{
    int second = london_second(now);

    return (second >= EVENING || second < NIGHT_ENDS) && skew == 0 && !c->missing &&
           c->revision == c->last_made;
}

/* Somebody else's child, at a school that is told in the morning. */
static int some_wrong_pupil(int pupil)
{
    for (;;) {
        int i = chance_below(pupils_count);
        const struct pupil_truth *p = &pupils[i];
        int age = day_age(p->born, london_day(now));

        if (p->family != pupils[pupil].family && !p->left && p->doors_count == 1 && age > 5 &&
            age < 16 && p->days == 0 && doors[p->doors[0]].timing != AT_ONCE)
            return i;
    }
}

static int pupil_key_of(int pupil, int64_t *out, struct err *err)
{
    char pupil_id[16];

    snprintf(pupil_id, sizeof pupil_id, "P%06d", pupil);
    *out = REVIEW_NONE_OF_THEM;
    return sql_int(gate_office, out, err,
                   "SELECT pupil_key FROM pupil p WHERE pupil_id = ?1 ORDER BY EXISTS (SELECT 1"
                   " FROM enrolment e WHERE e.pupil_key = p.pupil_key AND e.ended_at IS NULL) DESC",
                   "t", pupil_id);
}

/* In the office's own transaction: 1, 0, -1; what cannot be decided any more is 0. */
static int decided(int rc, const char *what, struct err *err)
{
    if (rc < 0)
        db_rollback(gate_office);
    else if (db_commit(gate_office, err) < 0)
        rc = -1;
    if (rc < 0 && err->code != ERR_INVALID)
        return life_failed(err, what);
    return rc < 0 ? 0 : rc;
}

/* A person looks, and knows; or thinks so. */
int reviews_decide(int64_t child_id)
{
    struct place_said child = child_of_row(child_id);
    struct err err = {.code = ERR_NONE};
    int64_t pupil_key = REVIEW_NONE_OF_THEM;
    const struct said_child *said;
    bool is_wrong;
    int rc;

    if (child.callout < 0)
        return -1;
    said = &callouts[child.callout].children[child.position];
    is_wrong = wrong_ones < WRONG_MOST && may_be_wrong(&callouts[child.callout]) && chance_of(0.3);
    gate_clock.shift = now + skew;
    if (is_wrong || !said->stranger) {
        int pupil = is_wrong ? some_wrong_pupil(said->pupil) : said->pupil;

        if (pupil_key_of(pupil, &pupil_key, &err) < 0)
            return life_failed(&err, "review");
    }
    if (db_begin(gate_office, &err) < 0)
        return life_failed(&err, "review");
    rc = decided(review_decide(gate_office, child_id, pupil_key, is_wrong, "officer",
                               clock_now(&gate_clock), &err),
                 "review", &err);
    if (rc < 1)
        return rc;
    tally.reviews++;
    if (is_wrong) {
        wrong[wrong_ones++] = child;
        events_add(now + chance_between(600, 3000), UNDO, child_id, 1, NULL);
    } else if (chance_of(0.15)) {
        events_add(now + chance_between(300, 20 * 3600), UNDO, child_id, 0, NULL);
    }
    return 0;
}

static bool is_told(struct place_said child)
{
    unsigned taken_back = 0, bit = 1u << child.position;

    for (const struct telling *t = callouts[child.callout].tellings; t; t = t->next) {
        if (t->kind == 'w')
            taken_back |= t->children;
        if (t->kind == 'n' && !world_is_desk(contacts[t->contact].door) &&
            (t->children & bit & ~taken_back) != 0)
            return true;
    }
    return false;
}

/* A filter has come to keep the child back: then there is nothing to undo, but to decide. */
static int decide_otherwise(int64_t child_id, struct place_said child)
{
    const struct said_child *said = &callouts[child.callout].children[child.position];
    struct err err = {.code = ERR_NONE};
    int64_t pupil_key = REVIEW_NONE_OF_THEM;
    int rc;

    if ((!said->stranger && pupil_key_of(said->pupil, &pupil_key, &err) < 0) ||
        db_begin(gate_office, &err) < 0)
        return life_failed(&err, "review");
    rc = decided(review_decide(gate_office, child_id, pupil_key, true, "officer",
                               clock_now(&gate_clock), &err),
                 "review", &err);
    if (rc == 0)
        promise_broken("P3", child.callout, "a wrong decision could not be put right: %s",
                       err.text);
    return rc < 0 ? -1 : 0;
}

int reviews_undo(int64_t child_id, bool is_wrong)
{
    struct place_said child = child_of_row(child_id);
    struct err err = {.code = ERR_NONE};
    int at = wrong_one(child.callout, child.position), rc;

    if (is_wrong && at >= 0)
        wrong[at] = wrong[--wrong_ones];
    gate_clock.shift = now + skew;
    if (child.callout < 0 || db_begin(gate_office, &err) < 0)
        return life_failed(&err, "undo");
    rc = decided(
        review_undo(gate_office, child_id, chance_of(0.5), "officer", clock_now(&gate_clock), &err),
        "undo", &err);
    if (rc < 0)
        return -1;
    if (rc == 1 && is_told(child))
        promise_broken("P6", child.callout, "undone, and an establishment had been told");
    if (rc == 0 && is_wrong)
        return decide_otherwise(child_id, child);
    if (rc == 1 && undone_count < UNDONE_MOST)
        undone[undone_count++] = (struct undone){child, last_decision};
    tally.undone += rc;
    return 0;
}

bool reviews_are_wrong(void)
{
    return wrong_ones > 0;
}

bool reviews_is_wrong(int callout, int position)
{
    return wrong_one(callout, position) >= 0;
}

/* Decided anew since: then it is forgotten. */
static bool is_decided(const struct undone *u)
{
    struct err err = {.code = ERR_NONE};
    char reference[32], child_ref[16];
    int64_t n = 0;

    callouts_reference(u->child.callout, reference);
    snprintf(child_ref, sizeof child_ref, "%d", u->child.position + 1);
    if (sql_int(gate_daemon, &n, &err,
                "SELECT count(*) FROM incident i JOIN child c USING (incident_id)"
                " JOIN decision d ON d.decision_id = c.decision_id"
                " WHERE i.force = ? AND i.police_ref = ? AND c.child_ref = ? AND d.decision_id > ?",
                "ttti", forces[callouts[u->child.callout].force], reference, child_ref,
                u->after) < 0)
        fprintf(stderr, "year: %s\n", err.text);
    return n > 0;
}

bool reviews_is_undone(int callout, int position)
{
    for (int i = 0; i < undone_count; i++) {
        if (undone[i].child.callout != callout || undone[i].child.position != position)
            continue;
        if (!is_decided(&undone[i]))
            return true;
        undone[i--] = undone[--undone_count];
    }
    return false;
}

void reviews_check(void)
{
    struct err err = {.code = ERR_NONE};
    int64_t n = -1;

    if (sql_int(gate_office, &n, &err, "SELECT count(*) FROM audit WHERE event = 'child.undone'",
                "") < 0)
        fprintf(stderr, "year: %s\n", err.text);
    if (n != tally.undone)
        promise_broken("P6", -1, "%ld decisions were taken back, and the audit says so of %lld",
                       tally.undone, (long long)n);
}
