/* gateway/store/deliveries.h - what a service has taken over and will say more of.
 *
 *   added with outbox_sent ──asked, less often each time──▶ delivered | failed | again | unknown
 *                            ▲────────── under way ─────────┘
 *
 * Found by when it is to be asked alone, so that a daemon that was killed goes on asking. The key is
 * that of the item, outbox's or bulletin's; one that is sent again begins anew under it.
 */
#ifndef STORE_DELIVERIES_H
#define STORE_DELIVERIES_H

#include "store/outbox.h"

enum { DELIVERY_HANDLE_SIZE = 40 };

struct delivery_row {
    char key[OUTBOX_KEY_SIZE];
    char handle[DELIVERY_HANDLE_SIZE]; /* its number there */
    time_t sent_at;                    /* the last time */
    int sent;                          /* how often */
};

/* In the caller's transaction, as all but the questions. */
int deliveries_add(struct db *db, const char *key, const char *adapter, const char *handle,
                   time_t now, time_t ask_at, struct err *err) MUST_CHECK;

/* Those of an adapter that are to be asked for at now, longest waiting first: up to limit of them;
 * returns how many, -1. */
int deliveries_to_ask(struct db *db, const char *adapter, time_t now, struct delivery_row *out,
                      int limit, struct err *err) MUST_CHECK;

/* When the next one is: 1, 0 none, -1. */
int deliveries_next(struct db *db, const char *adapter, time_t *out, struct err *err) MUST_CHECK;

int deliveries_ask_at(struct db *db, const char *key, time_t at, struct err *err) MUST_CHECK;

/* It is asked for no more. how: delivered, failed, again, unknown; the first and the last go to the
 * audit, for what comes back does so by outbox_undelivered. code and detail as of a try. */
int deliveries_end(struct db *db, const char *key, const char *how, int code, const char *detail,
                   time_t now, struct err *err) MUST_CHECK;

#endif
