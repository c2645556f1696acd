#include "plan/reminder.h"

#include <stddef.h>

#include "plan/amend.h"

/* Where it was told, while one child at least is still there of whom it holds; NULL none is. */
static const struct plan_door *standing_door(const struct gathered *g, size_t notice)
{
    for (size_t i = 0; i < g->told_count; i++) {
        if (g->told[i].notice == notice && g->told[i].at_door &&
            g->told[i].owed.kind != NOTICE_WITHDRAWAL)
            return &g->doors[g->told[i].door];
    }
    return NULL;
}

static int remind(struct db *db, const struct gathered *g, size_t i, time_t now, struct err *err)
{
    const struct notice_row *notice = &g->notices[i];
    const struct plan_door *door = notice->state == NOTICE_TOLD ? standing_door(g, i) : NULL;
    const struct contact *contact;
    const struct morning *morning;
    time_t at;

    if (!door || !establishment_is_open(&door->establishment))
        return notices_remind(db, notice, NULL, -1, -1, now, err);
    morning = &door->policy.morning;
    at = calendar_reminder(&door->calendar, morning, notice->rule, notice->told_at);
    contact = amend_whom(&g->in, door, NOTICE_CORRECTION, notice->told_contact);
    if (at < 0 || !contact)
        return notices_remind(db, notice, NULL, -1, -1, now, err);
    return notices_remind(db, notice, contact, at,
                          calendar_answer_by(&door->calendar, morning, at > now ? at : now), now,
                          err);
}

int reminder_run(struct db *db, const struct gathered *g, time_t now, struct err *err)
{
    for (size_t i = 0; i < g->notices_count; i++) {
        if (g->notices[i].kind == NOTICE_NOTICE && g->notices[i].told_at >= 0 &&
            remind(db, g, i, now, err) < 0)
            return -1;
    }
    return 0;
}
