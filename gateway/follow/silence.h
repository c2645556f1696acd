/* gateway/follow/silence.h - when nothing, or too little, has come for too long. Pure.
 *
 * Each rule says the moment from which a desk is to be warned, so that the daemon knows when to look
 * again; -1: not as things stand.
 *
 *   feed      quiet for quiet_hours, and SILENCE_MISSED messages would have come in them by the
 *             force's own usual; or sooner, from an hour on, when SILENCE_SURELY_MISSED would have.
 *             Usual is the four weeks before its last message, by the hour of the week in London: a
 *             force that sends a hundred a night is missed within hours at 02:00, one that sends one
 *             a week is not. A force that is known for less than a week has no usual: quiet_hours.
 *   broker    the session is gone for SILENCE_BROKER_SECONDS
 *   contact   without one success in between, two notices refused for good, or five tries put off
 *             over half an hour
 *   roll      roll_days after its last import
 *   adapter   nothing can be sent by it for SILENCE_ADAPTER_SECONDS
 */
#ifndef FOLLOW_SILENCE_H
#define FOLLOW_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    SILENCE_MISSED = 6,           /* e^-6: by chance once in 400 such gaps */
    SILENCE_SURELY_MISSED = 20,   /* nights come in clusters, so not at the first sign */
    SILENCE_LEAST_SECONDS = 3600, /* no feed is missed sooner, however many it usually brings */
    SILENCE_USUAL_WEEKS = 4,
    SILENCE_BROKER_SECONDS = 300,
    SILENCE_ADAPTER_SECONDS = 300,
    SILENCE_REFUSED = 2,
    SILENCE_PUT_OFF = 5,
    SILENCE_PUT_OFF_SECONDS = 1800,
};

struct silence_hour {
    int64_t hour; /* since 1970, UTC */
    int64_t messages;
};

struct silence_feed {
    time_t first_at, last_at;         /* of all that ever came */
    const struct silence_hour *hours; /* any order; those outside the four weeks are passed over */
    size_t count;
    int quiet_hours; /* 0: nobody minds */
};
time_t silence_of_feed(const struct silence_feed *feed);

/* since: when the session was lost. */
time_t silence_of_broker(time_t since);

struct silence_try { /* a failed one */
    time_t at;
    bool refused; /* for good, rather than put off */
};
/* tries: since the last success, oldest first. */
time_t silence_of_contact(const struct silence_try *tries, size_t count);

/* since: when it was shut, or fell silent. */
time_t silence_of_adapter(time_t since);

time_t silence_of_roll(time_t imported_at, int roll_days);

#endif
