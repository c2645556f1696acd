#include "deliver/round.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/claims.h"

enum { PLACES_MAX = 64 /* of one way: ADAPTER_KEYS' most */ };

/* A lease can run out beside a transfer that is under way: when the clock leaps. Claiming it has made
 * the lease new. */
static bool is_in(const struct flight *list, const char *key)
{
    while (list && strcmp(list->item.key, key) != 0)
        list = list->next;
    return list != NULL;
}

static bool wants_turns(const struct way *w, time_t now)
{
    return w->line.left > 0 && way_room(w, now) > 0;
}

bool round_goes_on(const struct dispatch *d, time_t now)
{
    for (size_t i = 0; i < d->ways.count; i++) {
        if (wants_turns(&d->ways.list[i], now))
            return true;
    }
    return false;
}

/* Whose turn it is, of those in line: up to PLACES_MAX to picked. */
static size_t pick(struct dispatch *d, struct way *w, const struct flight *claimed, int room,
                   time_t now, size_t *picked)
{
    const struct flight *const lists[] = {d->flying, claimed};
    struct flying flying[2 * PLACES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        for (const struct flight *f = lists[i]; f && n < ARRAY_SIZE(flying); f = f->next) {
            if (f->way == w)
                flying[n++] = (struct flying){f->door, f->host};
        }
    }
    n = turns_pick(w->line.list, w->line.count, flying, n, &w->hosts, w->most,
                   room < PLACES_MAX ? room : PLACES_MAX, now, picked);
    w->line.left -= n;
    return n;
}

/* 1; 0 it is no longer to be had; -1. */
static int claim_one(struct dispatch *d, struct way *w, const struct waiting *of, time_t now,
                     struct flight **claimed, struct err *err)
{
    struct flight *f = calloc(1, sizeof *f); /* first: what is claimed must get off */
    int rc =
        f ? claims_take(d->db, &of->claim, now, w->lease_seconds, &f->item, err) : err_memory(err);

    if (rc == 1 && !is_in(d->flying, f->item.key) && !is_in(d->ended, f->item.key)) {
        f->of = d;
        f->way = w;
        f->door = of->door;
        f->host = of->host;
        f->next = *claimed;
        *claimed = f;
        return 1;
    }
    free(f);
    return rc < 0 ? -1 : 0;
}

/* Into claimed, the last first. */
static int claim(struct dispatch *d, struct way *w, time_t now, struct flight **claimed,
                 struct err *err)
{
    int room = way_room(w, now);
    size_t picked[PLACES_MAX], n = 1;

    while (room > 0 && w->line.left > 0 && n > 0) {
        n = pick(d, w, *claimed, room, now, picked);
        for (size_t i = 0; i < n; i++) {
            int rc = claim_one(d, w, &w->line.list[picked[i]], now, claimed, err);

            if (rc < 0)
                return -1;
            room -= rc;
        }
    }
    return 0;
}

/* 1 recorded; 0 the store does not take this one, which is said once; -1 the store has failed. */
static int record_one(struct dispatch *d, struct flight *f, time_t now, struct err *err)
{
    struct err undone;
    int rc = db_part_begin(d->db, err);

    if (rc == 0)
        rc = flight_record(d->db, f, now, err);
    else
        return -1;
    if (!db_in_transaction(d->db) || db_part_end(d->db, rc == 0, rc < 0 ? &undone : err) < 0)
        return -1;
    if (rc == 0)
        return 1;
    if (err_may_pass(err))
        return -1;
    if (!f->kept)
        log_failure("outbox.unrecorded", err);
    f->kept = true;
    return 0;
}

/* What the store takes goes from ended to recorded. */
static int record_all(struct dispatch *d, time_t now, struct flight **recorded, struct err *err)
{
    struct flight **at = &d->ended;

    while (*at) {
        struct flight *f = *at;
        int rc = record_one(d, f, now, err);

        if (rc < 0)
            return -1;
        if (rc == 0) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        f->next = *recorded;
        *recorded = f;
    }
    return 0;
}

static int write_all(struct dispatch *d, time_t now, struct flight **recorded,
                     struct flight **claimed, struct err *err)
{
    int rc = record_all(d, now, recorded, err);

    for (size_t i = 0; i < d->ways.count && rc == 0; i++) {
        struct way *w = &d->ways.list[i];

        rc = d->retired ? 0 : way_write(w, d->db, err); /* the next one's to say */
        if (rc == 0 && claimed)
            rc = claim(d, w, now, claimed, err);
    }
    if (rc == 0)
        return db_commit(d->db, err);
    db_rollback(d->db);
    return -1;
}

int round_write(struct dispatch *d, time_t now, struct flight **claimed, struct err *err)
{
    struct flight *recorded = NULL;
    bool any = d->ended != NULL;
    int rc;

    for (struct flight *f = d->ended; f; f = f->next)
        flight_settle(f, now);
    for (size_t i = 0; i < d->ways.count; i++)
        any |= claimed && wants_turns(&d->ways.list[i], now);
    if (!any)
        return 0;
    rc = db_begin(d->db, err);
    if (rc == 0)
        rc = write_all(d, now, &recorded, claimed, err);
    while (recorded) {
        struct flight *f = flight_unlink(&recorded, recorded);

        if (rc == 0) {
            flight_say(f, now);
            flight_free(f);
        } else {
            flight_add(&d->ended, f);
        }
    }
    for (size_t i = 0; i < d->ways.count && rc == 0; i++)
        way_written(&d->ways.list[i]);
    return rc;
}
