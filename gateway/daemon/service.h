/* gateway/daemon/service.h - what the service manager is told (sd_notify(3)): ready, alive, reading the
 * configuration again, stopping. Without one nothing happens. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

struct service {
    int64_t watchdog_ms; /* between two signs of life; 0: nobody waits for them */
    int64_t alive_ms;    /* the last one */
    bool connected;      /* as last told */
};

/* A start that takes minutes says why, and that it goes on. */
void service_starting(const char *what);
void service_ready(struct service *s);

/* Once a turn of the loop, and from nowhere else: no thread, no timer. A loop that hangs is killed. */
void service_alive(struct service *s, bool connected);

void service_reloading(void);
void service_reloaded(struct service *s, const char *refused); /* NULL: it took over */
void service_stopping(void);

/* All is recorded and said. What follows is taking leave of servers, some of which may hang (libcurl
 * waits two minutes for the answer to a QUIT): a second, and the process ends with status 0. */
void service_end_soon(void);

#endif
