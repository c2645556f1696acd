#include "deliver/ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/claims.h"

enum {
    AT_ONCE_WITHOUT_KEY = 16, /* an adapter that is done at once: items of one round */
    LEASE_SPARE = 60, /* beyond an adapter's own timeout: for recording when the store is busy */
    SHUT_MOST = 600,
    STRAYS_SECONDS = 60,
    SILENT_TRIES = 3,
    SILENT_SECONDS = 15,
};

static int limit_of(const struct config *conf, const struct adapter *adapter, const char *key,
                    int otherwise)
{
    for (const struct config_key *k = adapter->keys; k->name; k++) {
        if (strcmp(k->name, key) == 0 && config_text(conf, adapter->section, key))
            return (int)config_int(conf, adapter->section, key);
    }
    return otherwise;
}

int ways_open(struct ways *ways, const struct config *conf, struct err *err)
{
    for (size_t i = 0; adapters[i] && i < WAYS_MAX; i++) {
        struct way *w = &ways->list[ways->count++];

        w->adapter = adapters[i];
        w->most = AT_ONCE_WITHOUT_KEY;
        w->lease_seconds = LEASE_SPARE;
        if (!config_has(conf, adapters[i]->section))
            continue;
        w->most = limit_of(conf, adapters[i], "concurrency", AT_ONCE_WITHOUT_KEY);
        w->hosts.most = limit_of(conf, adapters[i], "per_host", 0);
        w->lease_seconds += limit_of(conf, adapters[i], "timeout", 0);
        if (adapters[i]->open(conf, &w->self, err) < 0)
            return -1;
    }
    return 0;
}

void ways_close(struct ways *ways)
{
    for (size_t i = 0; i < ways->count; i++) {
        if (ways->list[i].self)
            ways->list[i].adapter->close(ways->list[i].self);
        line_release(&ways->list[i].line);
    }
}

static struct way *find_way(struct ways *ways, const char *name)
{
    for (size_t i = 0; i < ways->count; i++) {
        if (strcmp(ways->list[i].adapter->name, name) == 0)
            return &ways->list[i];
    }
    return NULL;
}

int ways_take_over(struct ways *ways, struct db *db, time_t now, struct err *err)
{
    struct shut *rows = NULL;
    size_t count = 0;
    int rc = shut_list(db, &rows, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct way *w = find_way(ways, rows[i].adapter);

        if (w && w->self && rows[i].until <= rows[i].since) {
            w->shut = rows[i];
            w->silent = SILENT_TRIES;
            w->silent_since = rows[i].since;
            w->late_at = now + WAY_LATE_SECONDS;
            continue;
        }
        rows[i].tries = 0;
        rc = shut_put(db, &rows[i], err);
    }
    free(rows);
    return rc;
}

int ways_find_strays(struct ways *ways, struct db *db, time_t now, struct err *err)
{
    char names[WAYS_MAX][OUTBOX_ADAPTER_SIZE];
    int n;

    if (now < ways->strays_at)
        return 0;
    n = claims_adapters_due(db, now, names, WAYS_MAX, err);
    if (n < 0)
        return -1;
    ways->strays_at = now + STRAYS_SECONDS;
    for (int i = 0; i < n && ways->count < WAYS_MAX; i++) {
        struct adapter *stray = &ways->strays[ways->strays_count];
        char *name = ways->stray_names[ways->strays_count];

        if (find_way(ways, names[i]))
            continue;
        memcpy(name, names[i], OUTBOX_ADAPTER_SIZE);
        stray->name = name;
        ways->strays_count++;
        ways->list[ways->count++] = (struct way){
            .adapter = stray, .most = AT_ONCE_WITHOUT_KEY, .lease_seconds = LEASE_SPARE};
    }
    return 0;
}

static void note(struct way *w, const struct outcome *why)
{
    snprintf(w->shut.adapter, sizeof w->shut.adapter, "%s", w->adapter->name);
    w->shut.since = w->circuit.since;
    w->shut.until = w->circuit.until;
    w->shut.tries = w->circuit.trips;
    w->shut.code = why ? why->code : 0;
    snprintf(w->shut.detail, sizeof w->shut.detail, "%s", why ? why->detail : "");
    w->changed = true;
}

void way_hold(struct way *w, const struct outcome *why, time_t now)
{
    if (!circuit_trip(&w->circuit, SHUT_MOST, now))
        return;
    note(w, why);
    log_event(w->circuit.trips == 1 ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG, "adapter.held",
              "adapter=%s seconds=%lld code=%d detail=\"%s\"", w->adapter->name,
              (long long)(w->circuit.until - now), why->code, why->detail);
}

void way_silent(struct way *w, const struct outcome *why, time_t now)
{
    if (w->silent++ == 0 || w->silent_since > now)
        w->silent_since = now;
    if (w->silent < SILENT_TRIES || now < w->silent_since + SILENT_SECONDS || w->shut.tries > 0)
        return;
    note(w, why);
    w->shut.since = w->silent_since;
    w->shut.until = w->silent_since; /* it goes on being tried */
    w->shut.tries = w->silent;
    log_event(LOG_LEVEL_ERROR, "adapter.silent", "adapter=%s tries=%d detail=\"%s\"",
              w->adapter->name, w->silent, why->detail);
}

/* Any answer about a message shows that the way is open. */
void way_unhold(struct way *w)
{
    bool was_shut = circuit_close(&w->circuit) || w->shut.tries > 0;

    w->silent = 0;
    if (!was_shut)
        return;
    note(w, NULL);
    log_event(LOG_LEVEL_INFO, "adapter.open", "adapter=%s", w->adapter->name);
}

int way_write(const struct way *w, struct db *db, struct err *err)
{
    return w->changed ? shut_put(db, &w->shut, err) : 0;
}

void way_written(struct way *w)
{
    w->changed = false;
}

int way_heed(struct way *w, struct db *db, struct err *err)
{
    time_t until;
    int rc;

    if (w->circuit.trips == 0 || w->changed)
        return 0;
    rc = shut_until(db, w->adapter->name, &until, err);
    if (rc == 1 && until < w->circuit.until)
        w->circuit.until = until;
    return rc < 0 ? -1 : 0;
}

void ways_mind_the_clock(struct ways *ways, time_t now)
{
    for (size_t i = 0; i < ways->count; i++) {
        struct way *w = &ways->list[i];

        circuit_mind_the_clock(&w->circuit, SHUT_MOST, now);
        for (size_t j = 0; j < w->hosts.count; j++)
            circuit_mind_the_clock(&w->hosts.list[j].circuit, HOST_SHUT_MOST, now);
    }
    if (ways->strays_at > now + STRAYS_SECONDS)
        ways->strays_at = now;
}

int way_room(const struct way *w, time_t now)
{
    return circuit_room(&w->circuit, w->most, w->in_flight, now);
}
