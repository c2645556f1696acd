/* gateway/deliver/round.h - what a round of the dispatcher writes into the store; and what a dispatcher
 * consists of, for dispatch.c and round.c alone. */
#ifndef DELIVER_ROUND_H
#define DELIVER_ROUND_H

#include <curl/curl.h>

#include "base/clock.h"
#include "deliver/answers.h"
#include "deliver/flight.h"
#include "deliver/prepare.h"

struct dispatch {
    struct db *db;
    const struct clock *clock;
    CURLM *multi;
    struct templates *templates;
    struct ways ways;
    struct asking asking;
    struct prepare_links links; /* base_url NULL: none are made */
    struct flight *flying;
    struct flight *ended; /* not yet recorded: kept until the store takes it */
    time_t heeded_at, seen_at;
    bool taken_over; /* what the one before has left word of */
    bool retired;    /* begins nothing more */
    bool drained;    /* nothing is waited for any more */
};

/* What a round writes, in one transaction: the ends of what has ended, and the claims of what goes
 * next, which must stand before it goes (P4). When the store fails the ends stay, and are recorded by
 * a later call: an outcome that is lost would be a message sent twice. claimed: the last first; NULL:
 * none are made. */
int round_write(struct dispatch *d, time_t now, struct flight **claimed,
                struct err *err) MUST_CHECK;

/* Whether somebody waits whose turn the next round can be. */
bool round_goes_on(const struct dispatch *d, time_t now);

#endif
