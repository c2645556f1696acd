#include "deliver/turns.h"

enum { HOST_FIRST = 2 };

static struct host *host_find(struct hosts *hosts, uint64_t host)
{
    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->list[i].host == host)
            return &hosts->list[i];
    }
    return NULL;
}

/* In the place of the one that nothing has gone to for longest, when there is no other. */
static struct host *host_at(struct hosts *hosts, uint64_t host, time_t now)
{
    struct host *h = host_find(hosts, host);

    if (!h && hosts->count < HOSTS_MAX) {
        h = &hosts->list[hosts->count++];
        *h = (struct host){.host = host};
    } else if (!h) {
        h = &hosts->list[0];
        for (size_t i = 1; i < hosts->count; i++) {
            if (hosts->list[i].seen_at < h->seen_at)
                h = &hosts->list[i];
        }
        *h = (struct host){.host = host};
    }
    h->seen_at = now;
    return h;
}

bool hosts_answered(struct hosts *hosts, uint64_t host, int places, time_t now)
{
    struct host *h;

    if (host == 0)
        return false;
    h = host_at(hosts, host, now);
    if (h->earned < places)
        h->earned++;
    return circuit_close(&h->circuit);
}

bool hosts_silent(struct hosts *hosts, uint64_t host, time_t now)
{
    struct host *h;

    if (host == 0)
        return false;
    h = host_at(hosts, host, now);
    h->earned = 0;
    return circuit_trip(&h->circuit, HOST_SHUT_MOST, now);
}

/* How many more may go to that host. */
static int host_room(const struct hosts *hosts, uint64_t host, int places, int under_way,
                     time_t now)
{
    int most = hosts->most > 0 ? hosts->most : places - places / 4, limit = HOST_FIRST;

    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *h = &hosts->list[i];

        if (h->host != host)
            continue;
        limit += h->earned;
        return circuit_room(&h->circuit, limit < most ? limit : most, under_way, now);
    }
    return (limit < most ? limit : most) - under_way;
}

struct picking {
    struct waiting *list;
    const struct flying *flying;
    size_t flying_count;
    size_t *picked, n;
};

static int under_way(const struct picking *p, uint64_t host, uint64_t door)
{
    int n = 0;

    for (size_t i = 0; i < p->flying_count; i++)
        n += host ? p->flying[i].host == host : p->flying[i].door == door;
    for (size_t i = 0; i < p->n; i++)
        n += host ? p->list[p->picked[i]].host == host : p->list[p->picked[i]].door == door;
    return n;
}

size_t turns_pick(struct waiting *list, size_t count, const struct flying *flying,
                  size_t flying_count, const struct hosts *hosts, int places, int room, time_t now,
                  size_t *picked)
{
    struct picking p = {list, flying, flying_count, picked, 0};
    int of_a_door = places / 4 > 0 ? places / 4 : 1;

    /* What its share leaves out comes after everybody else. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < count && (int)p.n < room; i++) {
            struct waiting *w = &list[i];

            if (w->taken || (round == 0 && under_way(&p, 0, w->door) >= of_a_door) ||
                (w->host != 0 &&
                 host_room(hosts, w->host, places, under_way(&p, w->host, 0), now) <= 0))
                continue;
            w->taken = true;
            picked[p.n++] = i;
        }
    }
    return p.n;
}
