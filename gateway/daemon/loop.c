#include "daemon/loop.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "deliver/dispatch.h"
#include "intake/subscriber.h"
#include "match/link.h"
#include "plan/planner.h"
#include "store/outbox.h"

enum {
    ROUND_MS = 1000, /* at most between two rounds */
    STEP_MS = 20,    /* for matching, and for planning, while intake waits */
    INCIDENTS_AT_ONCE = 4,
    BACK_OFF_LEAST_MS = 250,
    BACK_OFF_MOST_MS = 15000,
    PATIENCE_MS = 3000, /* for the store's lock, so that a stop is heard in time */
};

struct loop;

/* A bounded piece of a step's work: how much it did, -1 the store failed. */
struct step {
    const char *name;
    int (*run)(struct loop *l, struct err *err);
    int64_t not_before_ms; /* the store has failed it: it waits */
    int64_t back_off_ms;   /* 0: it has not */
};

struct loop {
    struct db *db;
    const struct clock *clock;
    CURLM *multi;
    struct dispatch *dispatch;
    struct subscriber *subscriber; /* NULL: no broker is configured */
    struct step steps[4];
    int signals;
    bool stopping;
    bool more;   /* there is work for another round at once */
    time_t next; /* when the next is due, by our clock */

    int64_t watchdog_ms; /* between two signs of life; 0: nobody waits for them */
    int64_t alive_ms;    /* the last one */
    bool connected;      /* as last told to the service manager */
};

static void sign_of_life(struct loop *l)
{
    int64_t now = clock_monotonic_ms();
    bool connected = l->subscriber && subscriber_connected(l->subscriber);

    if (l->watchdog_ms > 0 && now - l->alive_ms >= l->watchdog_ms) {
        sd_notify(0, "WATCHDOG=1");
        l->alive_ms = now;
    }
    if (connected != l->connected) {
        sd_notify(0, connected ? "STATUS=connected to the broker" : "STATUS=no broker");
        l->connected = connected;
    }
}

static void read_signals(struct loop *l)
{
    struct signalfd_siginfo info;

    while (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            log_event(LOG_LEVEL_INFO, "daemon.hangup",
                      "detail=\"ignored; restart to read the configuration again\"");
            continue;
        }
        log_event(LOG_LEVEL_INFO, "daemon.stopping", "signal=%d", (int)info.ssi_signo);
        l->stopping = true;
    }
}

static int intake(struct loop *l, struct err *err)
{
    return l->subscriber ? subscriber_run(l->subscriber, err) : 0;
}

/* Incidents are matched and planned one by one, each in a commit of its own, which takes as long as
 * the disk does: so it is time that bounds a step, not a number. */
static int work_off(struct loop *l, int (*step)(struct db *, int, time_t, struct err *),
                    struct err *err)
{
    int64_t end = clock_monotonic_ms() + STEP_MS;
    int n;

    do
        n = step(l->db, INCIDENTS_AT_ONCE, clock_now(l->clock), err);
    while (n == INCIDENTS_AT_ONCE && clock_monotonic_ms() < end);
    l->more |= n == INCIDENTS_AT_ONCE;
    return n;
}

static int match(struct loop *l, struct err *err)
{
    return work_off(l, link_run, err);
}

static int plan(struct loop *l, struct err *err)
{
    return work_off(l, planner_run, err);
}

static int deliver(struct loop *l, struct err *err)
{
    return dispatch_run(l->dispatch, &l->next, err);
}

static const struct step all_steps[] = {
    {.name = "intake", .run = intake},
    {.name = "match", .run = match},
    {.name = "plan", .run = plan},
    {.name = "deliver", .run = deliver},
};

/* Said once an episode; the waits grow, so that a command that holds the store for long gets on. */
static void step_failed(struct step *step, const struct err *err)
{
    if (step->back_off_ms == 0)
        log_event(err->code == ERR_BUSY ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "store.failed",
                  "step=%s error=\"%s\"", step->name, err->text);
    step->back_off_ms = step->back_off_ms == 0 ? BACK_OFF_LEAST_MS : step->back_off_ms * 2;
    if (step->back_off_ms > BACK_OFF_MOST_MS)
        step->back_off_ms = BACK_OFF_MOST_MS;
    step->not_before_ms = clock_monotonic_ms() + step->back_off_ms;
}

static void run_steps(struct loop *l)
{
    for (size_t i = 0; i < ARRAY_SIZE(l->steps); i++) {
        struct step *step = &l->steps[i];
        struct err err = {.code = ERR_NONE};

        read_signals(l); /* a step that waits for the store's lock can take seconds */
        if (l->stopping)
            return;
        if (clock_monotonic_ms() < step->not_before_ms)
            continue;
        if (step->run(l, &err) < 0) {
            step_failed(step, &err);
        } else if (step->back_off_ms > 0) {
            log_event(LOG_LEVEL_INFO, "store.recovered", "step=%s", step->name);
            step->back_off_ms = 0;
        }
    }
}

static int until(int64_t ms, int most)
{
    return ms <= 0 ? 0 : ms < most ? (int)ms : most;
}

/* Waits for the broker, a transfer, a signal, or until there is something to do. */
static void wait_for_work(struct loop *l)
{
    struct curl_waitfd fds[2] = {{.fd = l->signals, .events = CURL_WAIT_POLLIN}};
    int64_t now = clock_monotonic_ms();
    int wait = l->more ? 0 : ROUND_MS;
    unsigned n = 1;

    wait = until((int64_t)(l->next - clock_now(l->clock)) * 1000, wait);
    for (size_t i = 0; i < ARRAY_SIZE(l->steps); i++) {
        if (l->steps[i].back_off_ms > 0)
            wait = until(l->steps[i].not_before_ms - now, wait);
    }
    if (l->subscriber && now >= l->steps[0].not_before_ms) {
        bool want_write;
        int ms;
        int fd = subscriber_socket(l->subscriber, &want_write, &ms);

        wait = until(ms, wait);
        if (fd >= 0)
            fds[n++] = (struct curl_waitfd){
                .fd = fd,
                .events = (short)(CURL_WAIT_POLLIN | (want_write ? CURL_WAIT_POLLOUT : 0))};
    }
    curl_multi_poll(l->multi, fds, n, wait, NULL);
}

static void turn(struct loop *l)
{
    while (!l->stopping) {
        l->more = false;
        l->next = clock_now(l->clock) + ROUND_MS / 1000;
        run_steps(l);
        sign_of_life(l);
        if (!l->stopping)
            wait_for_work(l);
    }
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int loop_run(const struct config *conf, struct db *db, const struct clock *clock, struct err *err)
{
    struct loop l = {.db = db, .clock = clock, .signals = -1};
    uint64_t watchdog_us = 0;
    int leases;
    int rc = -1;

    memcpy(l.steps, all_steps, sizeof l.steps);
    l.multi = curl_multi_init();
    if (!l.multi) {
        err_memory(err);
        goto out;
    }
    l.signals = open_signals();
    if (l.signals < 0) {
        err_errno(err, "signalfd");
        goto out;
    }
    db_set_patience(db, PATIENCE_MS);
    leases = outbox_release_leases(db, clock_now(clock), err);
    if (leases < 0 || dispatch_new(conf, db, clock, l.multi, &l.dispatch, err) < 0)
        goto out;
    if (config_has(conf, "mqtt")) {
        if (subscriber_new(conf, db, clock, &l.subscriber, err) < 0)
            goto out;
    } else {
        log_event(LOG_LEVEL_WARNING, "mqtt.absent", "detail=\"no [mqtt] in %s: nothing comes in\"",
                  config_file(conf));
    }
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        l.watchdog_ms = (int64_t)(watchdog_us / 3000);
    log_event(LOG_LEVEL_INFO, "daemon.started", "version=%s store=%s leases=%d pretended_clock=%s",
              ENCOMPASS_VERSION, db_path(db), leases, clock->pretended ? "yes" : "no");
    sd_notify(0, "READY=1\nSTATUS=no broker");
    turn(&l);
    sd_notify(0, "STOPPING=1");
    rc = 0;
out:
    subscriber_free(l.subscriber);
    dispatch_free(l.dispatch);
    if (l.signals >= 0)
        close(l.signals);
    curl_multi_cleanup(l.multi);
    if (rc == 0)
        log_event(LOG_LEVEL_INFO, "daemon.stopped", "store=%s", db_path(db));
    return rc;
}
