#include "deliver/ways.h"

#include <string.h>

#include "base/log.h"
#include "store/bulletins.h"

enum {
    AT_ONCE_WITHOUT_KEY = 16, /* an adapter that is done at once: items of one round */
    LEASE_SPARE = 60, /* beyond an adapter's own timeout: for recording when the store is busy */
    HOLD_FIRST = 15,  /* a way that is shut is tried again after this, doubled each time */
    HOLD_MOST = 600,
    STRAYS_SECONDS = 60,
};

static int limit_of(const struct config *conf, const struct adapter *adapter, const char *key,
                    int otherwise)
{
    for (const struct config_key *k = adapter->keys; k->name; k++) {
        if (strcmp(k->name, key) == 0)
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
    }
}

static bool has_way(const struct ways *ways, const char *name)
{
    for (size_t i = 0; i < ways->count; i++) {
        if (strcmp(ways->list[i].adapter->name, name) == 0)
            return true;
    }
    return false;
}

int ways_find_strays(struct ways *ways, struct db *db, time_t now, struct err *err)
{
    char names[WAYS_MAX][OUTBOX_ADAPTER_SIZE];
    int n, more;

    if (now < ways->strays_at)
        return 0;
    n = outbox_adapters_due(db, now, names, WAYS_MAX, err);
    more = n < 0 ? -1 : bulletins_adapters_due(db, now, names + n, WAYS_MAX - n, err);
    if (more < 0)
        return -1;
    n += more;
    ways->strays_at = now + STRAYS_SECONDS;
    for (int i = 0; i < n && ways->count < WAYS_MAX; i++) {
        struct adapter *stray = &ways->strays[ways->strays_count];
        char *name = ways->stray_names[ways->strays_count];

        if (has_way(ways, names[i]))
            continue;
        memcpy(name, names[i], OUTBOX_ADAPTER_SIZE);
        stray->name = name;
        ways->strays_count++;
        ways->list[ways->count++] = (struct way){
            .adapter = stray, .most = AT_ONCE_WITHOUT_KEY, .lease_seconds = LEASE_SPARE};
    }
    return 0;
}

/* Shut: nothing more goes this way for a while, and then one at a time until one gets through. */
void way_hold(struct way *w, const struct outcome *why, time_t now)
{
    int seconds = HOLD_FIRST;

    if (now < w->held_until)
        return;
    for (int i = 0; i < w->holds && seconds < HOLD_MOST; i++)
        seconds *= 2;
    if (seconds > HOLD_MOST)
        seconds = HOLD_MOST;
    w->held_until = now + seconds;
    log_event(w->holds == 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG, "adapter.held",
              "adapter=%s seconds=%d code=%d detail=\"%s\"", w->adapter->name, seconds, why->code,
              why->detail);
    w->holds++;
}

/* Any answer about a message shows that the way is open. */
void way_unhold(struct way *w)
{
    if (w->holds > 0)
        log_event(LOG_LEVEL_INFO, "adapter.open", "adapter=%s", w->adapter->name);
    w->holds = 0;
    w->held_until = 0;
}

void ways_mind_the_clock(struct ways *ways, time_t now)
{
    for (size_t i = 0; i < ways->count; i++) {
        if (ways->list[i].held_until > now + HOLD_MOST)
            ways->list[i].held_until = now;
    }
    if (ways->strays_at > now + STRAYS_SECONDS)
        ways->strays_at = now;
}

int way_room(const struct way *w, time_t now)
{
    int most = w->holds > 0 ? 1 : w->most;

    return now < w->held_until || w->in_flight >= most ? 0 : most - w->in_flight;
}
