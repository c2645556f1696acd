/* gateway/deliver/turns.h - whose turn it is, of what is due by one adapter. Pure.
 *
 *   the earliest deadline first; of equals the urgent first (high risk, a missing child), then what has
 *   been due for longest; a warning or an exercise after every notice
 *   one establishment has a quarter of the places, and more only while nobody else wants them: a
 *   school with 500 notices does not hold up the others
 *   one host has two places until it has answered; each answer earns it one more, to three quarters
 *   of all or what is configured. One that accepts and then says nothing costs two places for one timeout, then is shut
 *   (circuit.h) and tried with one.
 */
#ifndef DELIVER_TURNS_H
#define DELIVER_TURNS_H

#include <stddef.h>
#include <stdint.h>

#include "deliver/circuit.h"
#include "store/claims.h"

struct waiting {
    struct claim claim;
    uint64_t door, host; /* keyed hashes; host 0: the adapter has but one, or none */
    bool taken;
};

/* A host that something has gone to lately. */
struct host {
    uint64_t host;
    struct circuit circuit;
    int earned; /* places, beyond the first two */
    time_t seen_at;
};
enum { HOSTS_MAX = 128, HOST_SHUT_MOST = 60 /* seconds */ };
struct hosts {
    struct host list[HOSTS_MAX];
    size_t count;
    int most; /* places of one host; 0: three quarters of all */
};

/* A transfer to it has ended: it answered, whatever it said, or not a word came. true: that opened or
 * shut it. host 0: nothing happens. */
bool hosts_answered(struct hosts *hosts, uint64_t host, int places, time_t now);
bool hosts_silent(struct hosts *hosts, uint64_t host, time_t now);

/* What is under way. */
struct flying {
    uint64_t door, host;
};

/* Marks as taken, and writes to picked in their order, whose turn it is: at most room of the list,
 * which is in order. places: how many the adapter has in all. Returns how many. */
size_t turns_pick(struct waiting *list, size_t count, const struct flying *flying,
                  size_t flying_count, const struct hosts *hosts, int places, int room, time_t now,
                  size_t *picked);

#endif
