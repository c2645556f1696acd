#include "deliver/retry.h"

/* The last try before giving up lies in this stretch before it: near enough to use the time, early
 * enough to be over by then. */
enum { ASK_LEAST = 30, ASK_MOST = 3600 };
enum { LAST_FROM = 60, LAST_UNTIL = 15, ASKED_MOST = 3600, DOUBLINGS_MOST = 20 };

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Uniform in [least, most]. */
static int pick(int least, int most, uint32_t random)
{
    if (most <= least)
        return least;
    return least + (int)(((uint64_t)random * ((uint64_t)(most - least) + 1)) >> 32);
}

time_t retry_at(const struct retry_policy *p, int tries, int retry_after, time_t now,
                time_t give_up_at, uint32_t random)
{
    int asked = retry_after > ASKED_MOST ? ASKED_MOST : retry_after;
    int floor = larger(p->floor, asked);
    int64_t top = p->base;
    int wait;

    for (int i = 0; i < tries && i < DOUBLINGS_MOST && top < p->cap; i++)
        top *= 2;
    if (top > p->cap)
        top = p->cap;
    if (now >= give_up_at)
        return now + larger(pick(p->cap / 2, p->cap, random), floor);
    wait = larger(pick(p->floor, (int)top, random), floor);
    if (now < give_up_at - LAST_FROM && now + wait > give_up_at - LAST_UNTIL &&
        now + floor <= give_up_at - LAST_UNTIL) {
        time_t earliest = give_up_at - LAST_FROM;

        if (earliest < now + floor)
            earliest = now + floor;
        return earliest + pick(0, (int)(give_up_at - LAST_UNTIL - earliest), random);
    }
    return now + wait;
}

time_t ask_again_at(time_t sent_at, time_t now)
{
    time_t wait = (now - sent_at) / 2;

    if (wait < ASK_LEAST) /* a clock that was set back, too */
        wait = ASK_LEAST;
    return now + (wait > ASK_MOST ? ASK_MOST : wait);
}
