#include "deliver/asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "deliver/retry.h"
#include "store/deliveries.h"

enum {
    AT_ONCE = 8, /* of a way */
    LOOKED_AT = 2 * AT_ONCE,
    SENT_MOST = 3, /* to one contact, where a service says that it never left there */
    AGAIN_SECONDS = 30,
};

struct ask {
    struct transfer_end end;
    struct ask *next;
    struct asking *of;
    struct way *way;
    struct delivery_row row;
    CURL *transfer;
    void *work;
    enum delivery heard;
    bool too_late; /* for an answer: the service knows it no longer */
    struct outcome outcome;
};

static void push(struct ask **list, struct ask *ask)
{
    ask->next = *list;
    *list = ask;
}

static void unlink_ask(struct ask **list, struct ask *ask)
{
    while (*list != ask)
        list = &(*list)->next;
    *list = ask->next;
}

static void hear(struct ask *ask, CURLcode how)
{
    ask->outcome = (struct outcome){.retry_after = -1};
    ask->heard =
        ask->way->adapter->hear(ask->way->self, ask->transfer, ask->work, how, &ask->outcome);
}

static void ask_ended(void *who, CURLcode how)
{
    struct ask *ask = who;

    unlink_ask(&ask->of->flying, ask);
    hear(ask, how);
    push(&ask->of->ended, ask);
}

static int bring_back(struct db *db, const struct ask *ask, bool again, time_t now, struct err *err)
{
    const struct outcome *o = &ask->outcome;

    return deliveries_end(db, ask->row.key, again ? "again" : "failed", o->code, o->detail, now,
                          err) < 0 ||
                   outbox_undelivered(db, ask->row.key, o->code, o->detail,
                                      again ? now + AGAIN_SECONDS : -1, now, err) < 0
               ? -1
               : 0;
}

static int record_one(struct db *db, const struct ask *ask, time_t now, struct err *err)
{
    const struct outcome *o = &ask->outcome;

    if (ask->too_late)
        return deliveries_end(db, ask->row.key, "unknown", 0, "not heard of in time", now, err);
    switch (ask->heard) {
    case DELIVERY_DONE:
        return deliveries_end(db, ask->row.key, "delivered", o->code, o->detail, now, err);
    case DELIVERY_FAILED:
        return bring_back(db, ask, false, now, err);
    case DELIVERY_AGAIN:
        return bring_back(db, ask, ask->row.sent < SENT_MOST, now, err);
    case DELIVERY_UNHEARD:
    case DELIVERY_UNDER_WAY:
        break;
    }
    return deliveries_ask_at(db, ask->row.key, ask_again_at(ask->row.sent_at, now), err);
}

static void say(const struct ask *ask)
{
    static const char *const words[] = {"unheard", "under-way", "delivered", "failed", "again"};
    bool final = ask->too_late || ask->heard >= DELIVERY_DONE;

    log_event(final ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "delivery.asked",
              "adapter=%s heard=%s code=%d detail=\"%s\"", ask->way->adapter->name,
              ask->too_late ? "nothing" : words[ask->heard], ask->outcome.code,
              ask->outcome.detail);
}

static void forget(struct asking *a)
{
    while (a->ended) {
        struct ask *ask = a->ended;

        a->ended = ask->next;
        free(ask);
    }
}

/* What the store does not take is asked again. */
static int record(struct asking *a, struct db *db, time_t now, struct err *err)
{
    int rc;

    if (!a->ended)
        return 0;
    rc = db_begin(db, err);
    for (struct ask *ask = a->ended; rc == 0 && ask; ask = ask->next) {
        rc = record_one(db, ask, now, err);
        if (rc < 0)
            db_rollback(db);
    }
    if (rc == 0)
        rc = db_commit(db, err);
    for (struct ask *ask = a->ended; rc == 0 && ask; ask = ask->next)
        say(ask);
    forget(a);
    return rc;
}

static int flying(const struct asking *a, const struct way *w)
{
    int n = 0;

    for (const struct ask *ask = a->flying; ask; ask = ask->next)
        n += ask->way == w;
    return n;
}

static bool is_flying(const struct asking *a, const char *key)
{
    for (const struct ask *ask = a->flying; ask; ask = ask->next) {
        if (strcmp(ask->row.key, key) == 0)
            return true;
    }
    return false;
}

/* An ask that cannot be begun is begun another time: the row is as it was. */
static void begin(struct asking *a, struct way *w, const struct delivery_row *row, time_t now)
{
    struct ask *ask = calloc(1, sizeof *ask);
    struct err ignored;

    if (!ask)
        return;
    *ask = (struct ask){.end = {ask_ended, ask}, .of = a, .way = w, .row = *row};
    if (now >= row->sent_at + w->adapter->heard_of_for) {
        ask->too_late = true;
        push(&a->ended, ask);
        return;
    }
    if (w->adapter->ask(w->self, row->handle, &ask->transfer, &ask->work, &ignored) < 0) {
        free(ask);
        return;
    }
    curl_easy_setopt(ask->transfer, CURLOPT_PRIVATE, &ask->end);
    if (curl_multi_add_handle(a->multi, ask->transfer) != CURLM_OK) {
        hear(ask, CURLE_OUT_OF_MEMORY);
        free(ask);
        return;
    }
    push(&a->flying, ask);
}

static int ask_way(struct asking *a, struct way *w, struct db *db, time_t now, time_t *next,
                   struct err *err)
{
    struct delivery_row rows[LOOKED_AT];
    int room = AT_ONCE - flying(a, w), n, rc;
    time_t at;

    if (!w->self || !w->adapter->ask || now < w->circuit.until)
        return 0;
    rc = deliveries_next(db, w->adapter->name, &at, err);
    if (rc <= 0)
        return rc;
    if (at > now) {
        if (at < *next)
            *next = at;
        return 0;
    }
    n = room > 0 ? deliveries_to_ask(db, w->adapter->name, now, rows, LOOKED_AT, err) : 0;
    for (int i = 0; i < n && room > 0; i++) {
        if (is_flying(a, rows[i].key))
            continue;
        begin(a, w, &rows[i], now);
        room--;
    }
    return n < 0 ? -1 : 0;
}

int asking_run(struct asking *a, struct ways *ways, struct db *db, time_t now, time_t *next,
               struct err *err)
{
    if (record(a, db, now, err) < 0)
        return -1;
    for (size_t i = 0; i < ways->count; i++) {
        if (ask_way(a, &ways->list[i], db, now, next, err) < 0)
            return -1;
    }
    return record(a, db, now, err);
}

void asking_stop(struct asking *a)
{
    while (a->flying) {
        struct ask *ask = a->flying;

        a->flying = ask->next;
        curl_multi_remove_handle(a->multi, ask->transfer);
        hear(ask, CURLE_ABORTED_BY_CALLBACK);
        free(ask);
    }
    forget(a);
}
