/* gateway/deliver/circuit.h - a way that may be shut: an adapter, a host. Pure.
 *
 *    open ──tripped──▶ shut ──after a while──▶ tried with one ──it got through──▶ open
 *                       ▲──── tripped again: shut for twice as long ────┘
 */
#ifndef DELIVER_CIRCUIT_H
#define DELIVER_CIRCUIT_H

#include <stdbool.h>
#include <time.h>

enum { CIRCUIT_FIRST = 15 /* seconds that it is shut at first */ };

struct circuit { /* all zero: open */
    int trips;   /* in a row */
    time_t since, until;
};

/* It does not work. Shut for 15 s, doubled each time, at most `most`. false: it was shut already, and
 * this one had gone before. */
bool circuit_trip(struct circuit *c, int most, time_t now);
/* It works. false: it was open. */
bool circuit_close(struct circuit *c);

/* How many more may go, of `limit` at a time. */
int circuit_room(const struct circuit *c, int limit, int under_way, time_t now);

/* A clock that was set back: what is shut for longer than it can have been meant is tried now. */
void circuit_mind_the_clock(struct circuit *c, int most, time_t now);

#endif
