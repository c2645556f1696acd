/* gateway/deliver/asking.h - services are asked what has become of what they took over.
 *
 * What is to be asked stands in the store (store/deliveries.h) and is found there each time, so that
 * nothing is lost with the process; an answer that was not recorded is asked for again. It never
 * blocks: transfers run in the multi handle beside those that send.
 */
#ifndef DELIVER_ASKING_H
#define DELIVER_ASKING_H

#include <curl/curl.h>

#include "deliver/ways.h"
#include "store/db.h"

/* A transfer's private pointer: whoever put it in the multi handle hears of its end, when it has been
 * taken out. */
struct transfer_end {
    void (*take)(void *who, CURLcode how);
    void *who;
};

struct asking {
    CURLM *multi;
    struct ask *flying;
    struct ask *ended; /* to be recorded */
};

/* Records what has been heard, and asks what is to be asked of ways that are open. *next is brought
 * forward to when there is more. -1: the store failed. */
int asking_run(struct asking *a, struct ways *ways, struct db *db, time_t now, time_t *next,
               struct err *err) MUST_CHECK;

/* Drops what is under way; before ways_close. */
void asking_stop(struct asking *a);

#endif
