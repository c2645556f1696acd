#include "daemon/steps.h"

#include "follow/escalator.h"
#include "match/link.h"
#include "plan/planner.h"

/* Milliseconds for matching, for planning and for follow-up; and while messages wait to be kept. */
enum { STEP_MS = 20, SHORT_STEP_MS = 4 };

/* A step that did all it could in time may have more to do. */
static int go_on(struct steps *s, struct work_turn *turn,
                 int (*step)(struct db *, struct work_turn *, time_t, struct err *),
                 struct err *err)
{
    int n;

    turn->pieces = INT_MAX;
    turn->ms = s->messages_wait ? SHORT_STEP_MS : STEP_MS;
    n = step(s->db, turn, clock_now(s->clock), err);
    s->more |= n > 0;
    return n;
}

static int match(struct steps *s, struct err *err)
{
    return go_on(s, &s->matched, link_run, err);
}

static int plan(struct steps *s, struct err *err)
{
    return go_on(s, &s->planned, planner_run, err);
}

static int watch(struct steps *s, struct err *err)
{
    return watch_run(&s->watch, s->db, clock_now(s->clock), &s->next, err);
}

static int deliver(struct steps *s, struct err *err)
{
    return dispatch_run(s->dispatch, &s->next, err);
}

static int bounces(struct steps *s, struct err *err)
{
    struct bounces_count count;

    return bounces_run(&s->bounces, s->db, clock_now(s->clock), &s->next, &s->more, &count, err);
}

static int answers(struct steps *s, struct err *err)
{
    return answer_drop_run(s->answers, s->db, clock_now(s->clock), &s->next, err);
}

static int follow(struct steps *s, struct err *err)
{
    return go_on(s, &s->followed, escalator_run, err);
}

const struct step all_steps[STEPS] = {
    {"match", match},     {"plan", plan},       {"watch", watch},   {"deliver", deliver},
    {"bounces", bounces}, {"answers", answers}, {"follow", follow},
};
