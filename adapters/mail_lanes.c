#include "adapters/mail_lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"

enum {
    LANES_MOST = 64,           /* the highest `concurrency` */
    STACK_BYTES = 1024 * 1024, /* names are resolved in threads of libcurl's own */
};

enum state { FREE, TAKEN, RUNS, OVER, READ };

struct mail_lane {
    struct mail_lanes *of;
    pthread_t id;
    pthread_cond_t changed;
    enum state state; /* under the lock, like all that follows but the handle's inside */
    CURL *handle;
    const void *to;
    void *work;
    int64_t until_ms; /* by clock_monotonic_ms */
    CURLcode how;
};

struct mail_lanes {
    pthread_mutex_t lock;
    CURLM *wake;
    bool woken; /* and has not looked at all that is over since */
    bool closing;
    atomic_bool stop;
    size_t count;
    struct mail_lane lanes[LANES_MOST];
};

struct mail_lanes *mail_lanes_new(struct err *err)
{
    struct mail_lanes *l = calloc(1, sizeof *l);

    if (!l) {
        err_memory(err);
        return NULL;
    }
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

/* curl says QUIT when it shuts a connection, and would wait two minutes for the reply. It still says it. */
static void hang_up(CURL *c)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
        shutdown(fd, SHUT_RD);
}

/* Asked about once a second. */
static int goes_on(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct mail_lane *lane = user;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&lane->of->stop) || clock_monotonic_ms() > lane->until_ms;
}

static CURLcode perform(struct mail_lane *lane)
{
    CURLcode how = curl_easy_perform(lane->handle);

    if (how != CURLE_OK)
        hang_up(lane->handle); /* curl keeps a connection whose server fell silent */
    return how == CURLE_ABORTED_BY_CALLBACK && !atomic_load(&lane->of->stop)
               ? CURLE_OPERATION_TIMEDOUT
               : how;
}

static void *drive(void *user)
{
    struct mail_lane *lane = user;
    struct mail_lanes *l = lane->of;

    pthread_mutex_lock(&l->lock);
    for (;;) {
        CURLcode how;

        while (lane->state != RUNS && !l->closing)
            pthread_cond_wait(&lane->changed, &l->lock);
        if (lane->state != RUNS)
            break;
        pthread_mutex_unlock(&l->lock);
        how = perform(lane);
        pthread_mutex_lock(&l->lock);
        lane->how = how;
        lane->state = OVER;
        pthread_cond_broadcast(&lane->changed);
        if (l->wake && !l->woken)
            curl_multi_wakeup(l->wake);
        l->woken = true;
    }
    pthread_mutex_unlock(&l->lock);
    if (lane->handle) {
        hang_up(lane->handle);
        curl_easy_cleanup(lane->handle);
    }
    return NULL;
}

void mail_lanes_free(struct mail_lanes *l)
{
    if (!l)
        return;
    atomic_store(&l->stop, true);
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    for (size_t i = 0; i < l->count; i++)
        pthread_cond_broadcast(&l->lanes[i].changed);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->count; i++) {
        pthread_join(l->lanes[i].id, NULL);
        pthread_cond_destroy(&l->lanes[i].changed);
    }
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void mail_lanes_wake(struct mail_lanes *l, CURLM *multi)
{
    pthread_mutex_lock(&l->lock);
    l->wake = multi;
    l->woken = false;
    pthread_mutex_unlock(&l->lock);
}

static int add_lane(struct mail_lanes *l, struct err *err)
{
    struct mail_lane *lane = &l->lanes[l->count];
    pthread_attr_t how;
    int rc;

    if (l->count == LANES_MOST)
        return err_set(err, ERR_SYSTEM, "more mails at a time than there are lanes");
    *lane = (struct mail_lane){.of = l, .state = FREE};
    pthread_cond_init(&lane->changed, NULL);
    pthread_attr_init(&how);
    pthread_attr_setstacksize(&how, STACK_BYTES);
    rc = pthread_create(&lane->id, &how, drive, lane);
    pthread_attr_destroy(&how);
    if (rc != 0) {
        pthread_cond_destroy(&lane->changed);
        return err_set(err, ERR_SYSTEM, "no thread can be had");
    }
    l->count++;
    return 0;
}

/* Only this side frees lanes and takes them, so what is free stays so. */
static struct mail_lane *find_free(struct mail_lanes *l, const void *to)
{
    struct mail_lane *other = NULL;

    for (size_t i = 0; i < l->count; i++) {
        struct mail_lane *lane = &l->lanes[i];

        if (lane->state == FREE && lane->handle && lane->to == to)
            return lane;
        if (lane->state == FREE && !other)
            other = lane;
    }
    return other;
}

struct mail_lane *mail_lanes_take(struct mail_lanes *l, const void *to, struct err *err)
{
    struct mail_lane *lane;
    int rc = 0;

    pthread_mutex_lock(&l->lock);
    lane = find_free(l, to);
    if (!lane) {
        rc = add_lane(l, err);
        lane = rc == 0 ? &l->lanes[l->count - 1] : NULL;
    }
    if (lane) {
        lane->state = TAKEN;
        lane->to = to;
    }
    pthread_mutex_unlock(&l->lock);
    return lane;
}

CURL *mail_lane_handle(struct mail_lane *lane)
{
    return lane->handle;
}

void mail_lane_set_handle(struct mail_lane *lane, CURL *handle)
{
    lane->handle = handle;
}

void mail_lane_run(struct mail_lane *lane, long timeout_seconds, void *work)
{
    curl_easy_setopt(lane->handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(lane->handle, CURLOPT_XFERINFOFUNCTION, goes_on);
    curl_easy_setopt(lane->handle, CURLOPT_XFERINFODATA, lane);
    pthread_mutex_lock(&lane->of->lock);
    lane->work = work;
    lane->until_ms = clock_monotonic_ms() + timeout_seconds * 1000;
    lane->state = RUNS;
    pthread_mutex_unlock(&lane->of->lock);
    pthread_cond_broadcast(&lane->changed); /* it finds the lock free */
}

void *mail_lanes_next_over(struct mail_lanes *l)
{
    void *work = NULL;

    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->count && !work; i++) {
        if (l->lanes[i].state == OVER) {
            l->lanes[i].state = READ;
            work = l->lanes[i].work;
        }
    }
    if (!work)
        l->woken = false;
    pthread_mutex_unlock(&l->lock);
    return work;
}

CURLcode mail_lane_wait(struct mail_lane *lane)
{
    CURLcode how;

    pthread_mutex_lock(&lane->of->lock);
    while (lane->state == RUNS)
        pthread_cond_wait(&lane->changed, &lane->of->lock);
    how = lane->how;
    pthread_mutex_unlock(&lane->of->lock);
    return how;
}

void mail_lanes_stop(struct mail_lanes *l)
{
    atomic_store(&l->stop, true);
}

void mail_lane_end(struct mail_lane *lane)
{
    if (lane->handle)
        curl_easy_reset(lane->handle);
    pthread_mutex_lock(&lane->of->lock);
    lane->work = NULL;
    lane->state = FREE;
    pthread_mutex_unlock(&lane->of->lock);
}
