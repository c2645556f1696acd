#include "daemon/service.h"

#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"

enum { START_MORE_MINUTES = 10 };

void service_starting(const char *what)
{
    sd_notifyf(0, "STATUS=%s\nEXTEND_TIMEOUT_USEC=%d", what, START_MORE_MINUTES * 60 * 1000000);
}

static const char *standing(const struct service *s)
{
    return s->connected ? "connected to the broker" : "no broker";
}

void service_ready(struct service *s)
{
    uint64_t us = 0;

    if (sd_watchdog_enabled(0, &us) > 0)
        s->watchdog_ms = (int64_t)(us / 3000);
    sd_notifyf(0, "READY=1\nSTATUS=%s", standing(s));
}

void service_alive(struct service *s, bool connected)
{
    int64_t now = clock_monotonic_ms();

    if (s->watchdog_ms > 0 && now - s->alive_ms >= s->watchdog_ms) {
        sd_notify(0, "WATCHDOG=1");
        s->alive_ms = now;
    }
    if (connected != s->connected) {
        s->connected = connected;
        sd_notifyf(0, "STATUS=%s", standing(s));
    }
}

void service_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_ms() * 1000);
}

void service_reloaded(struct service *s, const char *refused)
{
    if (refused)
        sd_notifyf(0, "READY=1\nSTATUS=the configuration of before stays in force: %s", refused);
    else
        sd_notifyf(0, "READY=1\nSTATUS=%s", standing(s));
}

void service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

static void end(int number)
{
    (void)number;
    _exit(0);
}

void service_end_soon(void)
{
    signal(SIGALRM, end);
    alarm(1);
}
