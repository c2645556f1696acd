/* gateway/store/shut.h - adapters that are shut at the moment, for whoever looks: status, metrics.
 * Written by the dispatcher alone (deliver/ways.h), which starts with those that were silent. */
#ifndef STORE_SHUT_H
#define STORE_SHUT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "store/outbox.h"

struct shut {
    char adapter[OUTBOX_ADAPTER_SIZE];
    time_t since,
        until; /* until: when it is tried next; as since: nobody answers, and it is tried on */
    int tries; /* that were in vain */
    int code;
    char detail[160]; /* of the last; codes and words of ours */
};

/* In the caller's transaction. tries 0: it is open. */
int shut_put(struct db *db, const struct shut *shut, struct err *err) MUST_CHECK;

/* When that adapter is tried next; a command can have brought it forward. 1, 0 it is open, -1. */
int shut_until(struct db *db, const char *adapter, time_t *out, struct err *err) MUST_CHECK;

/* The adapters that nothing can be told by at the moment: shut, or held (store/holds.h). */
enum { WAYS_DOWN_MAX = 16 };
struct ways_down {
    char adapters[WAYS_DOWN_MAX][OUTBOX_ADAPTER_SIZE];
    size_t count;
};
int ways_down_read(struct db *db, struct ways_down *out, struct err *err) MUST_CHECK;
bool ways_down_has(const struct ways_down *down, const char *adapter);

int shut_list(struct db *db, struct shut **out, size_t *count,
              struct err *err) MUST_CHECK; /* *out for free() */

#endif
