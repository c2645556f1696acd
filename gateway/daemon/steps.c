#include "daemon/steps.h"

#include "follow/escalator.h"
#include "match/link.h"
#include "plan/planner.h"

enum {
    STEP_MS = 20, /* for matching, and for planning, while intake waits */
    INCIDENTS_AT_ONCE = 4,
};

/* Incidents are matched and planned one by one, each in a commit of its own, which takes as long as
 * the disk does: so it is time that bounds a step, not a number. */
static int work_off(struct steps *s, int (*step)(struct db *, int, time_t, struct err *),
                    struct err *err)
{
    int64_t end = clock_monotonic_ms() + STEP_MS;
    int n;

    do
        n = step(s->db, INCIDENTS_AT_ONCE, clock_now(s->clock), err);
    while (n == INCIDENTS_AT_ONCE && clock_monotonic_ms() < end);
    s->more |= n == INCIDENTS_AT_ONCE;
    return n;
}

static int match(struct steps *s, struct err *err)
{
    return work_off(s, link_run, err);
}

static int plan(struct steps *s, struct err *err)
{
    return work_off(s, planner_run, err);
}

static int watch(struct steps *s, struct err *err)
{
    return watch_run(&s->watch, s->db, clock_now(s->clock), &s->next, err);
}

static int deliver(struct steps *s, struct err *err)
{
    return dispatch_run(s->dispatch, &s->next, err);
}

static int follow(struct steps *s, struct err *err)
{
    return work_off(s, escalator_run, err);
}

const struct step all_steps[STEPS] = {
    {"match", match}, {"plan", plan}, {"watch", watch}, {"deliver", deliver}, {"follow", follow},
};
