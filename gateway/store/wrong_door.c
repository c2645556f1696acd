#include "store/wrong_door.h"

#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/followers.h"
#include "store/notices.h"
#include "store/remember.h"
#include "store/roster.h"
#include "store/sql.h"

static int rule_out(struct db *db, const struct notice_row *notice, int64_t child_id,
                    const char *who, time_t now, struct err *err)
{
    const struct audit_about about = {notice->incident_id, child_id, notice->notice_id, -1};

    if (sql_run(db, err,
                "INSERT INTO ruled_out(child_id, namespace, urn, notice_id, at, who)"
                " VALUES (?,?,?,?,?,?)",
                "ittiit", child_id, notice->door.namespace, notice->door.urn, notice->notice_id,
                (int64_t)now, who) < 0)
        return -1;
    return audit_add(db, now, who, "child.wrong_door", &about, err, "reference=%s door=%s/%s",
                     notice->reference, notice->door.namespace, notice->door.urn);
}

/* What the matcher found stands beside the new decision, for whoever decides now. A child that has
 * since been taken for another, or for none, is decided already. */
static int back_to_review(struct db *db, const struct notice_row *notice, int64_t child_id,
                          const char *who, time_t now, struct err *err)
{
    struct decision review = {.outcome = MATCH_REVIEW,
                              .rule = "the establishment said that it is not its pupil"};
    struct decision_row before;
    int64_t told;
    int rc = roster_decision(db, child_id, &before, err);

    if (rc < 0 || notices_pupil(db, notice->notice_id, child_id, &told, err) < 0)
        return -1;
    if (rc == 1 && before.outcome == MATCH_MATCH)
        rc = roster_is_one_child(db, before.pupil_key, told, err);
    else
        rc = 0;
    if (rc <= 0)
        return rc < 0 ? -1 : incidents_set_stage(db, child_id, STAGE_PLAN, err);
    if (remember_end(db, child_id, who, now, err) < 0 ||
        roster_decide(db, child_id, &review, who, now, err) < 0)
        return -1;
    return sql_run(db, err,
                   "INSERT INTO candidate(decision_id, rank, pupil_key, score, evidence)"
                   " SELECT c.decision_id, k.rank, k.pupil_key, k.score, k.evidence"
                   " FROM child c JOIN candidate k ON k.decision_id = ?1"
                   " WHERE c.child_id = ?2 AND c.decision_id <> ?1",
                   "ii", before.decision_id, child_id);
}

/* A child of whom nobody is to be told any more stays so: 1 it is, 0, -1. */
static int is_settled(struct db *db, int64_t child_id, struct err *err)
{
    int64_t one;

    return sql_int(db, &one, err,
                   "SELECT 1 FROM child WHERE child_id = ? AND state IN ('withheld','withdrawn')",
                   "i", child_id);
}

/* One child: 1; 0 it had been said of it; -1. */
static int say(struct db *db, const struct notice_row *notice, int64_t child_id, const char *who,
               time_t now, struct err *err)
{
    int said = wrong_door_is(db, child_id, &notice->door, err);

    if (said != 0)
        return said < 0 ? -1 : 0;
    if (rule_out(db, notice, child_id, who, now, err) < 0)
        return -1;
    said = is_settled(db, child_id, err);
    if (said != 0)
        return said;
    return back_to_review(db, notice, child_id, who, now, err) < 0 ||
                   notices_restate(db, child_id, who, now, err) < 0
               ? -1
               : 1;
}

/* When the door has none of its children left. */
static int answer(struct db *db, const struct notice_row *notice, const char *who, time_t now,
                  struct err *err)
{
    const struct audit_about about = {notice->incident_id, -1, notice->notice_id, -1};
    int64_t one;
    int stands = sql_int(db, &one, err, "SELECT 1 FROM notice_stands WHERE notice_id = ? LIMIT 1",
                         "i", notice->notice_id);

    if (stands != 0)
        return stands < 0 ? -1 : 0;
    if (notices_answer(db, notice->notice_id, who, now, err) < 0 ||
        sql_run(db, err, "UPDATE notice SET not_ours = 1 WHERE notice_id = ?", "i",
                notice->notice_id) < 0)
        return -1;
    return audit_add(db, now, who, "notice.not_ours", &about, err, "reference=%s",
                     notice->reference);
}

int wrong_door_say(struct db *db, int64_t notice_id, int64_t child_id, const char *who, time_t now,
                   struct err *err)
{
    struct notice_row notice;
    int64_t *children = NULL;
    size_t count = 0, said = 0;
    int rc = notices_get(db, notice_id, &notice, err);

    if (rc < 0)
        return -1;
    if (rc == 0 || notice.kind != NOTICE_NOTICE)
        return err_set(err, ERR_INVALID, "only an establishment's notice can be not its pupil's");
    if (notice.state != NOTICE_TOLD && notice.state != NOTICE_ANSWERED)
        return err_set(err, ERR_INVALID, "notice %s is %s: nobody has been told yet",
                       notice.reference, notice_state_word(notice.state));
    if (notices_children(db, notice_id, &children, &count, err) < 0)
        return -1;
    rc = 0;
    for (size_t i = 0; rc >= 0 && i < count; i++) {
        if (child_id >= 0 && children[i] != child_id)
            continue;
        rc = say(db, &notice, children[i], who, now, err);
        said += rc == 1;
    }
    free(children);
    if (rc < 0 || (said > 0 && answer(db, &notice, who, now, err) < 0))
        return -1;
    return said > 0;
}

static int exists(int rc)
{
    return rc < 0 ? -1 : rc == 1;
}

int wrong_door_is(struct db *db, int64_t child_id, const struct door *door, struct err *err)
{
    int64_t one;

    return exists(sql_int(db, &one, err,
                          "SELECT 1 FROM ruled_out WHERE child_id = ? AND namespace = ?"
                          " AND urn = ?",
                          "itt", child_id, door->namespace, door->urn));
}

int wrong_door_leads(struct db *db, int64_t child_id, const struct door *door, struct err *err)
{
    struct door doors[FOLLOWERS_MAX];
    time_t at;
    int rc = wrong_door_at(db, child_id, &at, err), count;

    if (rc <= 0) /* as nearly always */
        return rc;
    count = followers_of(db, door, doors, err);
    rc = count < 0 ? -1 : 0;
    for (int i = 0; rc == 0 && i < count; i++)
        rc = wrong_door_is(db, child_id, &doors[i], err);
    return rc;
}

/* Of one row of the roll, where it is still held. */
static int leads_from_row(struct db *db, int64_t child_id, int64_t pupil_key, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc, led = 0;

    if (sql_query(db, &stmt, err,
                  "SELECT namespace, urn FROM enrolment WHERE pupil_key = ? AND ended_at IS NULL",
                  "i", pupil_key) < 0)
        return -1;
    while (led == 0 && (rc = sql_row(db, stmt, err)) == 1) {
        struct door door;

        memset(&door, 0, sizeof door);
        led = sql_copy(stmt, 0, door.namespace, sizeof door.namespace, err) < 0 ||
                      sql_copy(stmt, 1, door.urn, sizeof door.urn, err) < 0
                  ? -1
                  : wrong_door_leads(db, child_id, &door, err);
    }
    sql_done(stmt);
    return led == 0 && rc < 0 ? -1 : led;
}

int wrong_door_of_pupil(struct db *db, int64_t child_id, int64_t pupil_key, struct err *err)
{
    int64_t keys[ROSTER_ROWS_MAX];
    size_t count = 0;
    time_t at;
    int rc = wrong_door_at(db, child_id, &at, err);

    if (rc <= 0)
        return rc;
    rc = roster_rows(db, pupil_key, keys, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = leads_from_row(db, child_id, keys[i], err);
    return rc;
}

int wrong_door_at(struct db *db, int64_t child_id, time_t *at, struct err *err)
{
    int64_t last;
    int rc =
        sql_int(db, &last, err, "SELECT max(at) FROM ruled_out WHERE child_id = ?", "i", child_id);

    if (rc == 1)
        *at = (time_t)last;
    return rc;
}
