/* Children that nobody is told of: by whose word, and whether the force has listed the reason. */
#include <stdlib.h>
#include <string.h>

#include "store/registers.h"
#include "store/report.h"
#include "store/report_list.h"

static int read_withheld(struct db *db, sqlite3_stmt *stmt, void *into, struct err *err)
{
    struct report_withheld *w = into;

    (void)db;
    w->children = sqlite3_column_int64(stmt, 2);
    w->is_filter = strncmp(sql_text(stmt, 1) ? sql_text(stmt, 1) : "", "filter:", 7) == 0;
    w->is_listed = true;
    return sql_copy(stmt, 0, w->force, sizeof w->force, err) < 0 ||
                   sql_copy(stmt, 1, w->reason, sizeof w->reason, err) < 0
               ? -1
               : 0;
}

static int look_up(struct db *db, struct report_withheld *w, struct err *err)
{
    struct policy_row *rows = NULL;
    struct policy policy;
    size_t count = 0;

    if (w->is_filter)
        return 0;
    if (registers_policies(db, w->force, NULL, NULL, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, w->force, NULL, NULL, &policy);
    free(rows);
    w->is_listed = policy_lists_reason(&policy, w->reason);
    return 0;
}

int report_withheld(struct db *db, struct report_withheld **out, size_t *count, struct err *err)
{
    struct report_list list = REPORT_LIST(struct report_withheld, read_withheld);
    struct report_withheld *items;
    int rc = sql_query(db, &list.stmt, err,
                       "SELECT i.force, c.withheld_reason, count(*) FROM child c"
                       " JOIN incident i USING (incident_id) WHERE c.state = 'withheld'"
                       " GROUP BY i.force, c.withheld_reason ORDER BY 1, 2",
                       "");

    rc = report_rows(db, &list, rc, err);
    items = list.items;
    for (size_t i = 0; rc == 0 && i < list.count; i++)
        rc = look_up(db, &items[i], err);
    return report_list_out(&list, rc, out, count);
}
