#include "store/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/receipt.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/sql.h"

/* The children in force come first; of those that revisions have removed, a receipt lists no more
 * than keeps it small, or a sender that renames its children each time could make one too long. */
enum { RECEIPT_MAX = 64 * 1024, LISTED_MAX = 200 };

int standing_json(struct db *db, int64_t incident_id, int64_t revision, const char *status,
                  time_t now, struct buf *out, struct err *err)
{
    struct receipt_child *children = NULL;
    struct child_row *rows = NULL;
    struct incident_ident ident;
    struct incident_row incident;
    size_t count;
    int rc = incidents_get(db, incident_id, &incident, err);

    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no incident has number %lld", (long long)incident_id);
    if (rc < 0 || incidents_children(db, incident_id, &rows, &count, err) < 0)
        return -1;
    rc = -1;
    if (count > LISTED_MAX)
        count = LISTED_MAX;
    children = calloc(count > 0 ? count : 1, sizeof *children);
    if (!children) {
        err_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(children[i].child_ref, sizeof children[i].child_ref, "%s", rows[i].child_ref);
        snprintf(children[i].state, sizeof children[i].state, "%s",
                 child_state_word(rows[i].state));
    }
    memset(&ident, 0, sizeof ident);
    snprintf(ident.force, sizeof ident.force, "%s", incident.force);
    snprintf(ident.police_ref, sizeof ident.police_ref, "%s", incident.police_ref);
    ident.revision = revision < 0 ? incident.revision : revision;
    receipt_json(&ident, status, now, NULL, children, count, out);
    rc = buf_check(out, err);
out:
    free(children);
    free(rows);
    return rc;
}

static int queue(struct db *db, int64_t incident_id, const char *status, time_t now,
                 struct err *err)
{
    struct incident_row incident;
    struct buf json, topic;
    int rc = incidents_get(db, incident_id, &incident, err);

    if (rc < 1)
        return rc;
    buf_init(&json, RECEIPT_MAX);
    buf_init(&topic, 256);
    receipt_topic(incident.force, &topic);
    rc = buf_check(&topic, err);
    if (rc == 0)
        rc = standing_json(db, incident_id, -1, status, now, &json, err);
    if (rc == 0)
        rc = outbox_add_standing(db, incident_id, buf_text(&topic), buf_text(&json), now, err);
    buf_release(&topic);
    buf_release(&json);
    return rc;
}

/* Nothing more will come of it: see the header. */
static int is_settled(struct db *db, int64_t incident_id, int64_t *out, struct err *err)
{
    return sql_int(db, out, err,
                   "SELECT NOT EXISTS (SELECT 1 FROM child WHERE incident_id = ?1"
                   "  AND (state = 'open' OR state = 'review' OR state = 'told'))"
                   " AND NOT EXISTS (SELECT 1 FROM notice n JOIN notice_stands nc USING (notice_id)"
                   "  JOIN child c USING (child_id) WHERE n.incident_id = ?1"
                   "  AND n.state IN ('owed','told') AND c.state NOT IN ('withheld','withdrawn')"
                   "  AND NOT (n.state = 'told' AND n.desk_at IS NOT NULL AND EXISTS"
                   "   (SELECT 1 FROM notice_stands ds JOIN notice d ON d.notice_id = ds.notice_id"
                   "    WHERE ds.child_id = nc.child_id AND d.reason = 'no-answer'"
                   "    AND d.state = 'answered')))"
                   " AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.incident_id = ?1"
                   "  AND n.state = 'owed' AND n.kind = 'correction')",
                   "i", incident_id);
}

int standing_changed(struct db *db, int64_t incident_id, bool was_change, time_t now,
                     struct err *err)
{
    const struct audit_about about = {incident_id, -1, -1, -1};
    int64_t settled = 0, closed_at;
    int was_closed;

    if (is_settled(db, incident_id, &settled, err) < 0)
        return -1;
    was_closed = sql_int(db, &closed_at, err,
                         "SELECT closed_at FROM incident WHERE incident_id = ?", "i", incident_id);
    if (was_closed < 0)
        return -1;
    if (settled != was_closed &&
        (sql_run(db, err, "UPDATE incident SET closed_at = ? WHERE incident_id = ?", "mi",
                 settled ? (int64_t)now : (int64_t)-1, incident_id) < 0 ||
         audit_add(db, now, "gateway", settled ? "incident.closed" : "incident.reopened", &about,
                   err, "%s", "") < 0))
        return -1;
    if (settled && !was_closed)
        return queue(db, incident_id, "closed", now, err);
    return was_change ? queue(db, incident_id, "progress", now, err) : 0;
}
