#include "intake/dial.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct dial {
    struct broker_client *client;
    bool clean_start;
    pthread_t thread;
    int rc;
    int ended; /* eventfd */
    atomic_bool done;
    atomic_int holders; /* the thread and the caller; the last one frees */
};

static void let_go(struct dial *d)
{
    if (atomic_fetch_sub(&d->holders, 1) > 1)
        return;
    broker_client_free(d->client);
    if (d->ended >= 0)
        close(d->ended);
    free(d);
}

static void *connect_aside(void *arg)
{
    struct dial *d = arg;

    d->rc = broker_connect(d->client, d->clean_start);
    atomic_store(&d->done, true);
    /* Eight bytes on an empty counter: it cannot fail, and a lost wake-up costs one round. */
    if (eventfd_write(d->ended, 1) < 0) {
    }
    let_go(d);
    return NULL;
}

int dial_start_take(struct broker_client *client, bool clean_start, struct dial **out,
                    struct err *err)
{
    struct dial *d = calloc(1, sizeof *d);
    sigset_t all, before;
    int rc;

    if (!d) {
        broker_client_free(client);
        return err_memory(err);
    }
    d->client = client;
    d->clean_start = clean_start;
    atomic_init(&d->done, false);
    atomic_init(&d->holders, 1);
    d->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->ended < 0) {
        err_errno(err, "eventfd");
        let_go(d);
        return -1;
    }
    sigfillset(&all); /* signals are for the daemon's own loop */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&d->holders, 2);
    rc = pthread_create(&d->thread, NULL, connect_aside, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        atomic_store(&d->holders, 1);
        let_go(d);
        return err_set(err, ERR_SYSTEM, "a thread for connecting: error %d", rc);
    }
    *out = d;
    return 0;
}

int dial_fd(const struct dial *d)
{
    return d->ended;
}

int dial_ended(struct dial *d, struct broker_client **client, int *rc)
{
    if (!atomic_load(&d->done))
        return 0;
    *client = d->client;
    *rc = d->rc;
    d->client = NULL;
    return 1;
}

void dial_free(struct dial *d)
{
    if (!d)
        return;
    /* One that is done has only its end before it, in which OpenSSL frees what it kept for the thread:
     * a process that exits in the middle of that would leave it in pieces. */
    if (atomic_load(&d->done))
        pthread_join(d->thread, NULL);
    else
        pthread_detach(d->thread);
    let_go(d);
}
