/* tests/unit/claiming.h - leases what is due in its order, as a dispatcher without other cares does. */
#ifndef TESTS_CLAIMING_H
#define TESTS_CLAIMING_H

#include "store/claims.h"

enum { CLAIMING_MAX = 64 };

struct claiming {
    struct claim list[CLAIMING_MAX];
    size_t count;
    bool bulletins;
};

static inline bool claiming_see(void *self, const struct claim *claim, const char *address)
{
    struct claiming *c = self;

    (void)address;
    if (claim->bulletin == c->bulletins)
        c->list[c->count++] = *claim;
    return c->count < CLAIMING_MAX;
}

/* Up to limit items to out, each for outbox_item_release; returns how many, -1. */
static inline int claiming(struct db *db, bool bulletins, const char *adapter, time_t now,
                           int lease_seconds, struct outbox_item *out, int limit, struct err *err)
{
    struct claiming c = {.bulletins = bulletins};
    int n = 0;

    if (claims_end_leases(db, adapter, now, err) < 0 ||
        claims_due(db, adapter, now, claiming_see, &c, err) < 0)
        return -1;
    if (c.count == 0)
        return 0;
    if (db_begin(db, err) < 0)
        return -1;
    for (size_t i = 0; i < c.count && n < limit; i++) {
        int rc = claims_take(db, &c.list[i], now, lease_seconds, &out[n], err);

        if (rc < 0) {
            db_rollback(db);
            return -1;
        }
        n += rc;
    }
    return db_commit(db, err) < 0 ? -1 : n;
}

static inline int outbox_claim(struct db *db, const char *adapter, time_t now, int lease_seconds,
                               struct outbox_item *out, int limit, struct err *err)
{
    return claiming(db, false, adapter, now, lease_seconds, out, limit, err);
}

static inline int bulletins_claim(struct db *db, const char *adapter, time_t now, int lease_seconds,
                                  struct outbox_item *out, int limit, struct err *err)
{
    return claiming(db, true, adapter, now, lease_seconds, out, limit, err);
}

#endif
