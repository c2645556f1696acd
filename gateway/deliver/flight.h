/* gateway/deliver/flight.h - one item on its way, from its claim until its end is recorded. For
 * dispatch alone. */
#ifndef DELIVER_FLIGHT_H
#define DELIVER_FLIGHT_H

#include <curl/curl.h>

#include "deliver/asking.h"
#include "deliver/prepare.h"
#include "deliver/ways.h"

struct flight {
    struct transfer_end end;
    struct flight *next;
    struct dispatch *of;
    struct way *way;
    uint64_t door, host; /* as turns.h knows them */
    struct outbox_item item;
    struct prepared prepared;
    bool made; /* prepared holds its message */
    CURL *transfer;
    void *work;
    int64_t started_ms;
    /* Its end. */
    enum verdict verdict;
    struct outcome outcome;
    bool ours;     /* it broke on our side of the adapter: this item alone */
    bool settled;  /* the way and the host know of it, and next_at stands */
    bool in_doubt; /* whether it is the way that does not work is not known yet */
    bool kept;     /* it could not be recorded, and that was said */
    int ms;
    time_t next_at;
};

struct flight *flight_unlink(struct flight **list, struct flight *f);
void flight_add(struct flight **list, struct flight *f); /* at its end */
void flight_free(struct flight *f);
void flight_free_all(struct flight *list);

/* What its end says of its way and its host, and when the item is tried again: once. */
void flight_settle(struct flight *f, time_t now);

/* In the caller's transaction. */
int flight_record(struct db *db, const struct flight *f, time_t now, struct err *err) MUST_CHECK;

/* The line in the log. */
void flight_say(const struct flight *f, time_t now);

#endif
