/* gateway/deliver/retry.h - when to try again. Pure: the random number is an argument.
 *
 * Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015):
 * uniform in [floor, min(cap, base * 2^tries)], within the deadline. Before give_up_at there is
 * always one more try close to it. After it, tries go on at the cap: nothing expires (P2).
 */
#ifndef DELIVER_RETRY_H
#define DELIVER_RETRY_H

#include <stdint.h>
#include <time.h>

struct retry_policy {
    int base, cap, floor; /* seconds; 5, 300, 2 */
};
#define RETRY_DEFAULT ((struct retry_policy){5, 300, 2})

/* tries: how many there have been, the one that just failed among them. retry_after: what the far
 * side asked for, -1 none: kept as a floor, at most an hour. random: uniform over uint32_t. */
time_t retry_at(const struct retry_policy *policy, int tries, int retry_after, time_t now,
                time_t give_up_at, uint32_t random);

/* When to ask again what has become of a message that a service took over at sent_at: after half a
 * minute, then after half as long again as it is ago, at most an hour. */
time_t ask_again_at(time_t sent_at, time_t now);

#endif
