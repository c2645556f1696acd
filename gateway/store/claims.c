#include "store/claims.h"

#include <assert.h>
#include <string.h>

#include "store/audit.h"
#include "store/holds.h"
#include "store/sql.h"

enum {
    SETTLE_SECONDS = 20,
    LATE_AT_ONCE = 256,
    WAIT_MOST = 3600 + 60, /* what a far side may ask for (deliver/retry.h), and a bit */
};

/* As outbox_late has it. */
static_assert(OUTBOX_LATE_AGAIN == 600, "IS_LATE says so too");
#define IS_LATE(now)                                                                               \
    " AND o.kind = 'notice' AND n.kind IN ('notice','desk') AND n.state = 'owed'"                  \
    " AND o.give_up_at <= " now " AND (o.late_at IS NULL OR o.late_at <= " now " - 600"            \
    "  OR o.late_at > " now ")"

/* Notices with a child that is being matched or planned anew wait for that. */
#define FREE_TO_GO                                                                                 \
    " NOT EXISTS (SELECT 1 FROM notice_child nc JOIN child c USING (child_id)"                     \
    "  WHERE nc.notice_id = o.notice_id AND c.stage <> 'done')"

/* Of the few holds that stand; store/holds.h. */
#define ADAPTER_FREE                                                                               \
    " NOT EXISTS (SELECT 1 FROM hold WHERE released_at IS NULL AND scope = 'adapter'"              \
    "  AND id = o.adapter)"
#define NOT_HELD ADAPTER_FREE " AND" HOLDS_LET_GO

#define MAY_GO " k.verified_at IS NOT NULL AND k.ended_at IS NULL"

/* From adapter to adapter by the index: a holiday's items are not read for it. */
#define ADAPTERS(table)                                                                            \
    "WITH RECURSIVE a(adapter) AS ("                                                               \
    " SELECT min(adapter) FROM " table " WHERE state = 'due' UNION ALL"                            \
    " SELECT (SELECT min(adapter) FROM " table " WHERE state = 'due'"                              \
    "  AND adapter > a.adapter) FROM a WHERE a.adapter IS NOT NULL)"                               \
    " SELECT adapter FROM a WHERE adapter <> 'mqtt' AND EXISTS (SELECT 1 FROM " table " o"         \
    "  WHERE o.state = 'due' AND o.adapter = a.adapter AND o.due_at <= ?) LIMIT ?"

#define NEXT_LEASE(table)                                                                          \
    "SELECT min(lease_until) FROM " table " WHERE state = 'leased' AND adapter = ?"

#define END_LEASES(table)                                                                          \
    "UPDATE " table " SET state = 'due', lease_until = NULL"                                       \
    " WHERE state = 'leased' AND adapter = ? AND lease_until <= ?"

/* GOV.UK Notify can be asked whether it has a message already, once it has had the time to take over
 * what was on its way to it. */
#define RELEASE(table)                                                                             \
    "UPDATE " table " SET state = 'due', lease_until = NULL,"                                      \
    " due_at = CASE adapter WHEN 'notify' THEN max(due_at, ?) ELSE due_at END"                     \
    " WHERE state = 'leased'"

/* Both tables by one shape. */
static const struct kind {
    bool bulletin;
    /* id, urgent, give_up_at, due_at, namespace, urn, address, is late */
    const char *due;
    /* notice_id, contact_id, key, adapter, tries, due_at, give_up_at, may go, is a reminder, leases,
     * tries since give_up_at that nobody answered */
    const char *one;
    const char *lease, *next_due, *next_lease, *end_leases, *adapters, *release;
} kinds[] = {
    {
        .bulletin = false,
        .due =
            "SELECT o.item_id, o.urgent, o.give_up_at, o.due_at, n.namespace, n.urn, k.address,"
            " 1" IS_LATE(
                "?2") " FROM outbox o INDEXED BY outbox_turn JOIN notice n USING (notice_id)"
                      " JOIN contact k USING (contact_id)"
                      " WHERE o.state = 'due' AND o.kind <> 'receipt' AND o.adapter = ?1 AND o.due_at <= ?2"
                      " AND" FREE_TO_GO " AND" NOT_HELD
                      " ORDER BY o.give_up_at, o.urgent DESC, o.due_at, o.item_id",
        .one = "SELECT o.notice_id, o.contact_id, o.key, o.adapter, o.tries, o.due_at,"
               " o.give_up_at," MAY_GO ", o.kind = 'reminder', o.leases,"
               " (SELECT count(*) FROM attempt a WHERE a.item_id = o.item_id"
               "  AND a.at >= o.give_up_at AND a.verdict = 'later' AND a.code = 0)"
               " FROM outbox o JOIN notice n USING (notice_id) JOIN contact k USING (contact_id)"
               " WHERE o.item_id = ? AND o.state = 'due' AND o.due_at <= ?"
               " AND" FREE_TO_GO " AND" NOT_HELD,
        .lease =
            "UPDATE outbox SET state = 'leased', lease_until = ?, leases = leases + 1 WHERE item_id = ?",
        .next_due = "SELECT o.due_at FROM outbox o LEFT JOIN notice n USING (notice_id)"
                    " WHERE o.state = 'due' AND o.adapter = ? AND" FREE_TO_GO " AND" NOT_HELD
                    " ORDER BY o.due_at LIMIT 1",
        .next_lease = NEXT_LEASE("outbox"),
        .end_leases = END_LEASES("outbox"),
        .adapters = ADAPTERS("outbox"),
        .release = RELEASE("outbox"),
    },
    {
        .bulletin = true,
        .due = "SELECT o.bulletin_id, 0, o.give_up_at, o.due_at, k.namespace, k.urn, k.address, 0"
               " FROM bulletin o JOIN contact k USING (contact_id)"
               " WHERE o.state = 'due' AND o.adapter = ? AND o.due_at <= ? AND" ADAPTER_FREE
               " ORDER BY o.due_at, o.bulletin_id",
        .one = "SELECT -1, o.contact_id, o.key, o.adapter, o.tries, o.due_at, o.give_up_at," MAY_GO
               ", 0, o.leases, 0 FROM bulletin o JOIN contact k USING (contact_id)"
               " WHERE o.bulletin_id = ? AND o.state = 'due' AND o.due_at <= ? AND" ADAPTER_FREE,
        .lease =
            "UPDATE bulletin SET state = 'leased', lease_until = ?, leases = leases + 1 WHERE bulletin_id = ?",
        .next_due = "SELECT o.due_at FROM bulletin o WHERE o.state = 'due' AND o.adapter = ?"
                    " AND" ADAPTER_FREE " ORDER BY o.due_at LIMIT 1",
        .next_lease = NEXT_LEASE("bulletin"),
        .end_leases = END_LEASES("bulletin"),
        .adapters = ADAPTERS("bulletin"),
        .release = RELEASE("bulletin"),
    },
};

/* 1 go on, 0 see has had enough, -1. */
static int see_kind(struct db *db, const struct kind *kind, const char *adapter, time_t now,
                    claims_see *see, void *self, struct err *err)
{
    sqlite3_stmt *stmt;
    bool more = true;
    int rc;

    if (sql_query(db, &stmt, err, kind->due, "ti", adapter, (int64_t)now) < 0)
        return -1;
    while (more && (rc = sql_row(db, stmt, err)) == 1) {
        struct claim claim = {
            .id = sqlite3_column_int64(stmt, 0),
            .bulletin = kind->bulletin,
            .urgent = sqlite3_column_int(stmt, 1) != 0,
            .deadline = sqlite3_column_int64(stmt, 2),
            .due = sqlite3_column_int64(stmt, 3),
            .late = sqlite3_column_int(stmt, 7) != 0,
        };

        if (sql_copy(stmt, 4, claim.door.namespace, sizeof claim.door.namespace, err) < 0 ||
            sql_copy(stmt, 5, claim.door.urn, sizeof claim.door.urn, err) < 0) {
            rc = -1;
            break;
        }
        more = see(self, &claim, sql_text(stmt, 6));
    }
    sql_done(stmt);
    return rc < 0 ? -1 : more;
}

/* Asked once, not of each of the many that can wait behind it: 1, 0, -1. */
static int is_held(struct db *db, const char *adapter, struct err *err)
{
    int64_t one;

    return sql_int(db, &one, err,
                   "SELECT 1 FROM hold WHERE released_at IS NULL AND scope = 'adapter'"
                   " AND id = ?",
                   "t", adapter);
}

int claims_due(struct db *db, const char *adapter, time_t now, claims_see *see, void *self,
               struct err *err)
{
    int rc = is_held(db, adapter, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    rc = 1;

    for (size_t i = 0; i < ARRAY_SIZE(kinds) && rc == 1; i++)
        rc = see_kind(db, &kinds[i], adapter, now, see, self, err);
    return rc < 0 ? -1 : 0;
}

/* Its contact has ended or is verified no longer: planning picks whom instead. */
static int send_back(struct db *db, const struct outbox_item *item, time_t now, struct err *err)
{
    struct audit_about about = {-1, -1, item->notice_id, item->item_id};

    if (sql_run(db, err, "UPDATE outbox SET state = 'cancelled' WHERE item_id = ?", "i",
                item->item_id) < 0 ||
        sql_run(db, err,
                "UPDATE child SET stage = 'plan' WHERE stage = 'done' AND child_id IN"
                " (SELECT child_id FROM notice_child WHERE notice_id = ?)",
                "i", item->notice_id) < 0 ||
        sql_run(db, err,
                "UPDATE notice SET follow_at = ? WHERE notice_id = ? AND state = 'told'"
                " AND follow_at IS NOT NULL",
                "ii", (int64_t)now, item->notice_id) < 0 ||
        sql_int(db, &about.incident_id, err, "SELECT incident_id FROM notice WHERE notice_id = ?",
                "i", item->notice_id) < 0)
        return -1;
    return audit_add(db, now, "dispatcher", "item.returned", &about, err,
                     "contact=%lld is no longer to be told", (long long)item->contact_id);
}

static int read_one(struct db *db, const struct claim *claim, time_t now, struct outbox_item *out,
                    bool *may_go, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc;

    memset(out, 0, sizeof *out);
    if (sql_query(db, &stmt, err, kinds[claim->bulletin].one, "ii", claim->id, (int64_t)now) < 0)
        return -1;
    rc = sql_row(db, stmt, err);
    if (rc == 1) {
        out->item_id = claim->id;
        out->bulletin = claim->bulletin;
        out->notice_id = sqlite3_column_int64(stmt, 0);
        out->contact_id = sqlite3_column_int64(stmt, 1);
        out->tries = sqlite3_column_int(stmt, 4);
        out->due_at = sqlite3_column_int64(stmt, 5);
        out->give_up_at = sqlite3_column_int64(stmt, 6);
        *may_go = sqlite3_column_int(stmt, 7) != 0;
        out->is_reminder = sqlite3_column_int(stmt, 8) != 0;
        out->is_repeat = sqlite3_column_int(stmt, 9) > 0;
        out->unanswered = sqlite3_column_int(stmt, 10);
        if (sql_copy(stmt, 2, out->key, sizeof out->key, err) < 0 ||
            sql_copy(stmt, 3, out->adapter, sizeof out->adapter, err) < 0)
            rc = -1;
    }
    sql_done(stmt);
    return rc;
}

int claims_take(struct db *db, const struct claim *claim, time_t now, int lease_seconds,
                struct outbox_item *out, struct err *err)
{
    bool may_go = false;
    int rc = read_one(db, claim, now, out, &may_go, err);

    if (rc <= 0)
        return rc;
    if (may_go)
        return sql_run(db, err, kinds[claim->bulletin].lease, "ii", (int64_t)(now + lease_seconds),
                       claim->id) < 0
                   ? -1
                   : 1;
    if (!claim->bulletin)
        return send_back(db, out, now, err);
    return sql_run(db, err, "UPDATE bulletin SET state = 'cancelled' WHERE bulletin_id = ?", "i",
                   claim->id);
}

int claims_late_items(struct db *db, const int64_t *item_ids, size_t count, time_t now,
                      struct err *err)
{
    int rc = 0, n = 0;

    if (count == 0)
        return 0;
    if (db_begin(db, err) < 0)
        return -1;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = outbox_late(db, item_ids[i], now, err);
        n += rc > 0;
    }
    if (rc >= 0)
        return db_commit(db, err) < 0 ? -1 : n;
    db_rollback(db);
    return -1;
}

int claims_late(struct db *db, const char *adapter, time_t now, struct err *err)
{
    int64_t ids[LATE_AT_ONCE];
    sqlite3_stmt *stmt;
    size_t n = 0;
    int rc;

    if (sql_query(db, &stmt, err,
                  "SELECT o.item_id FROM outbox o INDEXED BY outbox_turn JOIN notice n"
                  " USING (notice_id) WHERE o.state = 'due' AND o.adapter = ?1"
                  " AND o.kind <> 'receipt' AND o.give_up_at <= ?2" IS_LATE(
                      "?2") " AND" HOLDS_LET_GO " LIMIT ?3",
                  "tii", adapter, (int64_t)now, (int64_t)LATE_AT_ONCE) < 0)
        return -1;
    while ((rc = sql_row(db, stmt, err)) == 1)
        ids[n++] = sqlite3_column_int64(stmt, 0);
    sql_done(stmt);
    return rc < 0 ? -1 : claims_late_items(db, ids, n, now, err);
}

int claims_next_due(struct db *db, const char *adapter, time_t *out, struct err *err)
{
    int found = 0, held = is_held(db, adapter, err);

    if (held < 0)
        return -1;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(kinds); i++) {
        const struct kind *kind = &kinds[i / 2];
        int64_t at;
        int rc;

        if (held && i % 2 == 0)
            continue;
        rc = sql_int(db, &at, err, i % 2 ? kind->next_lease : kind->next_due, "t", adapter);

        if (rc < 0)
            return -1;
        if (rc == 1 && (!found || at < *out))
            *out = at;
        found |= rc;
    }
    return found;
}

static int end_leases(struct db *db, const char *adapter, time_t now, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (sql_run(db, err, kinds[i].end_leases, "ti", adapter, (int64_t)now) < 0)
            return -1;
    }
    return 0;
}

int claims_end_leases(struct db *db, const char *adapter, time_t now, struct err *err)
{
    bool any = false;

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        int64_t at;
        int rc = sql_int(db, &at, err, kinds[i].next_lease, "t", adapter);

        if (rc < 0)
            return -1;
        any |= rc == 1 && at <= now;
    }
    if (!any)
        return 0;
    if (db_begin(db, err) < 0)
        return -1;
    if (end_leases(db, adapter, now, err) == 0)
        return db_commit(db, err);
    db_rollback(db);
    return -1;
}

int claims_adapters_due(struct db *db, time_t now, char (*out)[OUTBOX_ADAPTER_SIZE], int limit,
                        struct err *err)
{
    int n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(kinds) && n < limit; i++) {
        sqlite3_stmt *stmt;
        int rc;

        if (sql_query(db, &stmt, err, kinds[i].adapters, "ii", (int64_t)now, (int64_t)(limit - n)) <
            0)
            return -1;
        while ((rc = sql_row(db, stmt, err)) == 1) {
            rc = sql_copy(stmt, 0, out[n], OUTBOX_ADAPTER_SIZE, err);
            if (rc < 0)
                break;
            n++;
        }
        sql_done(stmt);
        if (rc < 0)
            return -1;
    }
    return n;
}

int claims_release(struct db *db, time_t now, struct err *err)
{
    const struct audit_about about = AUDIT_ABOUT_NOTHING;
    int n = 0, rc = db_begin(db, err);

    if (rc < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(kinds) && rc == 0; i++) {
        rc = sql_run(db, err, kinds[i].release, "i", (int64_t)now + SETTLE_SECONDS);
        n += sql_changes(db);
    }
    if (rc == 0 && n > 0)
        rc = audit_add(db, now, "dispatcher", "leases.released", &about, err, "items=%d", n);
    if (rc == 0)
        return db_commit(db, err) < 0 ? -1 : n;
    db_rollback(db);
    return -1;
}

int claims_mind_the_clock(struct db *db, time_t now, struct err *err)
{
    static const char *const put_right[] = {
        "UPDATE outbox SET due_at = ?1 WHERE state = 'due' AND due_at > ?1 + ?2"
        " AND (kind = 'receipt' OR (tries > 0 AND due_at > (SELECT n.due_at FROM notice n"
        "  WHERE n.notice_id = outbox.notice_id)))",
        "UPDATE bulletin SET due_at = ?1 WHERE state = 'due' AND due_at > ?1 + ?2",
        "UPDATE delivery SET ask_at = ?1 WHERE ask_at > ?1 + ?2",
    };
    int n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(put_right); i++) {
        if (sql_run(db, err, put_right[i], "ii", (int64_t)now, (int64_t)WAIT_MOST) < 0)
            return -1;
        n += sql_changes(db);
    }
    return n;
}
