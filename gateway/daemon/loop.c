#include "daemon/loop.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/steps.h"
#include "intake/subscriber.h"
#include "store/claims.h"

enum {
    ROUND_MS = 1000, /* at most between two rounds */
    BACK_OFF_LEAST_MS = 250,
    BACK_OFF_MOST_MS = 15000,
    PATIENCE_MS = 3000, /* for the store's lock, so that a stop is heard in time */
};

/* Whether the store has failed a step. */
struct pace {
    int64_t not_before_ms; /* it has: the step waits */
    int64_t back_off_ms;   /* 0: it has not */
};

/* A round is intake and then the steps. */
enum { INTAKE, TURNS = STEPS + 1 };

struct loop {
    struct steps steps;
    CURLM *multi;
    struct subscriber *subscriber; /* NULL: no broker is configured */
    struct pace paces[TURNS];
    int signals;
    bool stopping;

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

static const char *name_of(size_t turn)
{
    return turn == INTAKE ? "intake" : all_steps[turn - 1].name;
}

static int take_turn(struct loop *l, size_t turn, struct err *err)
{
    return turn == INTAKE ? intake(l, err) : all_steps[turn - 1].run(&l->steps, err);
}

/* The subscriber waits before it tries the store again, and does nothing meanwhile. */
static bool is_undecided(const struct loop *l, size_t turn)
{
    return turn == INTAKE && l->subscriber && subscriber_store_failed(l->subscriber);
}

/* Said once an episode; the waits grow, so that a command that holds the store for long gets on. */
static void step_failed(struct pace *pace, const char *name, const struct err *err)
{
    if (pace->back_off_ms == 0)
        log_event(err->code == ERR_BUSY ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "store.failed",
                  "step=%s error=\"%s\"", name, err->text);
    pace->back_off_ms = pace->back_off_ms == 0 ? BACK_OFF_LEAST_MS : pace->back_off_ms * 2;
    if (pace->back_off_ms > BACK_OFF_MOST_MS)
        pace->back_off_ms = BACK_OFF_MOST_MS;
    pace->not_before_ms = clock_monotonic_ms() + pace->back_off_ms;
}

static void run_steps(struct loop *l)
{
    for (size_t i = 0; i < TURNS; i++) {
        struct pace *pace = &l->paces[i];
        struct err err = {.code = ERR_NONE};

        read_signals(l); /* a step that waits for the store's lock can take seconds */
        if (l->stopping)
            return;
        if (clock_monotonic_ms() < pace->not_before_ms)
            continue;
        l->steps.messages_wait = l->subscriber && subscriber_is_busy(l->subscriber);
        if (take_turn(l, i, &err) < 0) {
            step_failed(pace, name_of(i), &err);
        } else if (pace->back_off_ms > 0 && !is_undecided(l, i)) {
            log_event(LOG_LEVEL_INFO, "store.recovered", "step=%s", name_of(i));
            pace->back_off_ms = 0;
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
    int wait = l->steps.more ? 0 : ROUND_MS;
    unsigned n = 1;

    wait = until((int64_t)(l->steps.next - clock_now(l->steps.clock)) * 1000, wait);
    for (size_t i = 0; i < TURNS; i++) {
        if (l->paces[i].not_before_ms > now)
            wait = until(l->paces[i].not_before_ms - now, wait);
    }
    if (l->subscriber && now >= l->paces[INTAKE].not_before_ms) {
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
        l->steps.more = false;
        l->steps.next = clock_now(l->steps.clock) + ROUND_MS / 1000;
        watch_broker(&l->steps.watch, l->subscriber != NULL,
                     l->subscriber && subscriber_connected(l->subscriber),
                     clock_now(l->steps.clock));
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
    struct loop l = {.steps = {.db = db, .clock = clock}, .signals = -1};
    uint64_t watchdog_us = 0;
    int leases;
    int rc = -1;

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
    leases = claims_release(db, clock_now(clock), err);
    if (leases < 0 || dispatch_new(conf, db, clock, l.multi, &l.steps.dispatch, err) < 0)
        goto out;
    if (answer_drop_open(conf, &l.steps.answers, err) < 0)
        goto out;
    l.steps.bounces.folder = config_text(conf, "adapter \"email\"", "bounce_maildir");
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
    dispatch_free(l.steps.dispatch);
    answer_drop_close(l.steps.answers);
    if (l.signals >= 0)
        close(l.signals);
    curl_multi_cleanup(l.multi);
    if (rc == 0)
        log_event(LOG_LEVEL_INFO, "daemon.stopped", "store=%s", db_path(db));
    return rc;
}
