#include "daemon/loop.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/parts.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/steps.h"
#include "store/claims.h"

enum {
    ROUND_MS = 1000, /* at most between two rounds */
    BACK_OFF_LEAST_MS = 250,
    BACK_OFF_MOST_MS = 15000,
    PATIENCE_MS = 3000, /* for the store's lock */
    STOP_MS = 4500,     /* from a stop's signal to our end: five seconds are promised */
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
    struct parts parts;
    struct pace paces[TURNS];
    struct service service;
    int signals;
    bool reload;
    bool stopping;
    bool ending; /* what is under way is brought to its end */
    int64_t stop_by_ms;
};

static bool is_connected(const struct loop *l)
{
    return l->parts.subscriber && subscriber_connected(l->parts.subscriber);
}

/* SIGUSR1 more, SIGUSR2 less; until a reload, which sets what the configuration says. */
static void change_level(int by)
{
    int before = (int)log_level(), level = before + by;

    if (level < LOG_LEVEL_ERROR || level > LOG_LEVEL_DEBUG)
        return;
    if (level > before)
        log_set_level((enum log_level)level);
    /* As grave as it must be to be seen on either side. */
    log_event(level > before ? (enum log_level)level : (enum log_level)before, "log.level",
              "level=%s", log_level_word((enum log_level)level));
    log_set_level((enum log_level)level);
}

static void take_signal(struct loop *l, int number)
{
    switch (number) {
    case SIGHUP:
        l->reload = true;
        break;
    case SIGUSR1:
        change_level(+1);
        break;
    case SIGUSR2:
        change_level(-1);
        break;
    default:
        if (l->stopping)
            break;
        log_event(LOG_LEVEL_INFO, "daemon.stopping", "signal=%d under_way=%d", number,
                  dispatch_in_flight(l->parts.dispatch));
        l->stopping = true;
        l->stop_by_ms = clock_monotonic_ms() + STOP_MS;
    }
}

static void read_signals(struct loop *l)
{
    struct signalfd_siginfo info;

    while (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info)
        take_signal(l, (int)info.ssi_signo);
}

/* Asked by the store while it waits for another's lock. */
static bool wait_on(void *user)
{
    struct loop *l = user;

    if (l->ending)
        return clock_monotonic_ms() < l->stop_by_ms;
    read_signals(l);
    return !l->stopping;
}

/* The steps work with what the configuration in force has made. */
static void take_over(struct loop *l)
{
    l->steps.dispatch = l->parts.dispatch;
    l->steps.answers = l->parts.answers;
    l->steps.bounces.folder = config_text(l->parts.conf, "adapter \"email\"", "bounce_maildir");
}

/* All or nothing: whatever is wrong with the new configuration, the old one goes on. */
static void reload(struct loop *l)
{
    const char *path = config_file(l->parts.conf);
    struct config *conf = NULL;
    struct err err = {.code = ERR_NONE};
    enum log_level level;

    l->reload = false;
    service_reloading();
    if (settings_load(path, &conf, &err) < 0 ||
        log_level_parse(config_text(conf, "log", "level"), &level, &err) < 0 ||
        parts_replace(&l->parts, conf, &err) < 0) {
        log_event(LOG_LEVEL_ERROR, "daemon.reload.refused",
                  "error=\"%s\" detail=\"the configuration of before stays in force\"", err.text);
    } else {
        log_set_level(level);
        take_over(l);
        log_event(LOG_LEVEL_INFO, "daemon.reloaded", "config=%s level=%s", path,
                  log_level_word(level));
    }
    config_free(conf);
    service_reloaded(&l->service, err.code == ERR_NONE ? NULL : err.text);
}

static int intake(struct loop *l, struct err *err)
{
    return l->parts.subscriber ? subscriber_run(l->parts.subscriber, err) : 0;
}

static const char *name_of(size_t turn)
{
    return turn == INTAKE ? "intake" : all_steps[turn - 1].name;
}

static int take_turn(struct loop *l, size_t turn, struct err *err)
{
    if (turn == INTAKE)
        return intake(l, err);
    if (turn == 1 && parts_run_leaving(&l->parts, &l->steps.next, err) < 0)
        return -1;
    return all_steps[turn - 1].run(&l->steps, err);
}

/* The subscriber waits before it tries the store again, and does nothing meanwhile. */
static bool is_undecided(const struct loop *l, size_t turn)
{
    return turn == INTAKE && l->parts.subscriber && subscriber_store_failed(l->parts.subscriber);
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
        l->steps.messages_wait = l->parts.subscriber && subscriber_is_busy(l->parts.subscriber);
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
    if (l->parts.subscriber && now >= l->paces[INTAKE].not_before_ms) {
        bool want_write;
        int ms;
        int fd = subscriber_socket(l->parts.subscriber, &want_write, &ms);

        wait = until(ms, wait);
        if (fd >= 0)
            fds[n++] = (struct curl_waitfd){
                .fd = fd,
                .events = (short)(CURL_WAIT_POLLIN | (want_write ? CURL_WAIT_POLLOUT : 0))};
    }
    curl_multi_poll(l->parts.multi, fds, n, wait, NULL);
}

static void export_figures(struct loop *l)
{
    const struct metrics_daemon daemon = {.running = true,
                                          .known = true,
                                          .connected = is_connected(l),
                                          .under_way = dispatch_in_flight(l->parts.dispatch)};

    if (l->parts.exporter)
        exporter_turn(l->parts.exporter, &daemon);
}

static void turn(struct loop *l)
{
    while (!l->stopping) {
        l->steps.more = false;
        l->steps.next = clock_now(l->steps.clock) + ROUND_MS / 1000;
        watch_broker(&l->steps.watch, l->parts.subscriber != NULL, is_connected(l),
                     clock_now(l->steps.clock));
        run_steps(l);
        if (l->reload && !l->stopping)
            reload(l);
        export_figures(l);
        service_alive(&l->service, is_connected(l));
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
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int loop_run(struct config *conf, struct db *db, const struct clock *clock, struct err *err)
{
    struct loop l = {
        .steps = {.db = db, .clock = clock}, .parts = {.db = db, .clock = clock}, .signals = -1};
    int leases;
    int rc = -1;

    l.parts.multi = curl_multi_init();
    if (!l.parts.multi) {
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
    if (leases < 0 || parts_open(&l.parts, conf, err) < 0)
        goto out;
    take_over(&l);
    db_ask_while_waiting(db, wait_on, &l);
    log_event(LOG_LEVEL_INFO, "daemon.started", "version=%s store=%s leases=%d pretended_clock=%s",
              ENCOMPASS_VERSION, db_path(db), leases, clock->pretended ? "yes" : "no");
    service_ready(&l.service);
    turn(&l);
    service_stopping();
    l.ending = true;
    parts_close(&l.parts, l.stop_by_ms);
    log_event(LOG_LEVEL_INFO, "daemon.stopped", "store=%s", db_path(db));
    rc = 0;
out:
    db_ask_while_waiting(db, NULL, NULL);
    if (l.signals >= 0)
        close(l.signals);
    if (rc == 0)
        service_end_soon();
    curl_multi_cleanup(l.parts.multi);
    return rc;
}
