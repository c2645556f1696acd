/* tests/year/events.h - what is going to happen in a simulated year, in order of time, and how late
 * it is. */
#ifndef YEAR_EVENTS_H
#define YEAR_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/date.h"

enum what {
    DAY,     /* number: of this day the call-outs are drawn */
    PUBLISH, /* number, revision; text: this very message again */
    ANSWER,  /* text: the notice's reference; number: not our pupil */
    REVIEW,  /* number: the child's row */
    OUTAGE,  /* number: on, off */
    CLOCK,   /* number: seconds ahead */
    ROLLS,   /* number: a new school year, or some have moved */
    SNOW,    /* number: how it is said, an enum snow */
    THAW,    /* number: the door that opens after all, revision: of how many days */
    MERGER,  /* number: how many schools follow the one that closes */
    LEAVER,
    VERIFY,  /* number: the contact */
    SETTLE,  /* number: a policy that stands for a while, revision: it begins */
    HOLD,    /* number: of what kind, a hold_scope */
    RELEASE, /* number: of which hold */
    UNDO,    /* number: the child's row */
    DRILL,
    NO_DESK, /* number: 1 an authority has nobody at its desk, 0 it has again */
    NIGHT_ROLL,
    MONTH, /* number: of a store of what age, an enum statements_age */
    TICK,
    END,
};

struct event {
    time_t at;
    uint64_t order; /* of making, between events of one moment */
    enum what what;
    int64_t number;
    int revision;
    char *text; /* for free() */
};

extern time_t now;  /* as it is; the gateway's clock may be ahead or behind */
extern time_t skew; /* by so much */

void events_add(time_t at, enum what what, int64_t number, int revision, const char *text);
time_t events_first_at(void);
enum what events_first_is(void);
struct event events_take(void); /* the first; there is always one: END */
void events_release(void);

#endif
