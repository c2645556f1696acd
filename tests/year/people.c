#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callouts.h"
#include "chance.h"
#include "checks.h"
#include "drills.h"
#include "follow/answer.h"
#include "life.h"
#include "promise.h"
#include "tally.h"
#include "world.h"

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
    if (!item->taken || r.contact < 0 || drills_is_of(item->reference))
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

    if (drills_is_of(e->text))
        return drills_answer(e);
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
