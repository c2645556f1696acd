#include "cli/effects.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/json.h"
#include "cli/table.h"
#include "follow/words.h"
#include "plan/planner.h"

enum { HOLD_MS = 50 }; /* the store, at a time */

int effects_before(struct db *db, struct effects *e, struct err *err)
{
    struct report_filter filter = REPORT_FILTER_NONE;

    e->newest = 0;
    if (report_notices(db, &filter, &e->before, &e->count, err) < 0)
        return -1;
    for (size_t i = 0; i < e->count; i++) {
        if (e->before[i].notice.notice_id > e->newest)
            e->newest = e->before[i].notice.notice_id;
    }
    return 0;
}

void effects_release(struct effects *e)
{
    free(e->before);
    *e = (struct effects){NULL, 0, 0};
}

/* An incident whose message cannot be read any more is the daemon's to speak of. */
static int plan_all(struct db *db, time_t now, struct err *err)
{
    struct work_turn turn = {INT_MAX, HOLD_MS, 0};
    int n;

    do
        n = planner_run(db, &turn, now, err);
    while (n > 0);
    return n < 0 && err_may_pass(err) ? -1 : 0;
}

static void add(cJSON *list, const struct report_notice *r, const char *what, time_t was, time_t is)
{
    cJSON *o = json_push_object(list);

    json_text(o, "what", what);
    json_text(o, "reference", r->notice.reference);
    json_text(o, "namespace", r->notice.door.namespace);
    json_text(o, "urn", r->notice.door.urn);
    json_text(o, "establishment", r->establishment);
    json_moment(o, "was_due_at", was);
    json_moment(o, "due_at", is);
}

static int compare(struct db *db, const struct effects *e, cJSON *list, struct err *err)
{
    struct report_filter filter = REPORT_FILTER_NONE;
    struct report_notice *now = NULL;
    size_t count = 0;

    for (size_t i = 0; i < e->count; i++) {
        const struct notice_row *was = &e->before[i].notice;
        struct notice_row is;

        if (notices_get(db, was->notice_id, &is, err) < 0)
            return -1;
        if (is.state == NOTICE_CANCELLED)
            add(list, &e->before[i], "cancelled", was->due_at, -1);
        else if (is.state == NOTICE_OWED && is.due_at != was->due_at)
            add(list, &e->before[i], "moved", was->due_at, is.due_at);
    }
    if (report_notices(db, &filter, &now, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (now[i].notice.notice_id > e->newest)
            add(list, &now[i], "new", -1, now[i].notice.due_at);
    }
    free(now);
    return 0;
}

int effects_after(struct cli *cli, struct db *db, struct effects *e, cJSON *list, struct err *err)
{
    if (plan_all(db, clock_now(&cli->clock), err) < 0)
        return -1;
    return compare(db, e, list, err);
}

static void cell(struct table *t, const cJSON *o, const char *name)
{
    char text[WORDS_MOMENT_SIZE];
    time_t at = -1;

    if (!moment_parse(json_get_text(o, name), &at))
        at = -1;
    table_cell(t, COLOUR_PLAIN, "%s", words_moment_short(at, text));
}

void effects_print(const cJSON *list)
{
    static const char *const headings[] = {"WHAT",    "REFERENCE", "DOOR", "ESTABLISHMENT",
                                           "WAS DUE", "IS DUE",    NULL};
    const cJSON *o;
    struct table *t;

    if (cJSON_GetArraySize(list) == 0) {
        puts("This moves no notice that is still to be sent.");
        return;
    }
    t = table_new(headings);
    cJSON_ArrayForEach(o, list)
    {
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "what"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "reference"));
        table_cell(t, COLOUR_PLAIN, "%s %s", json_get_text(o, "namespace"),
                   json_get_text(o, "urn"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "establishment"));
        cell(t, o, "was_due_at");
        cell(t, o, "due_at");
    }
    table_print(t, stdout);
    table_free(t);
}
