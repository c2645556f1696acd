#include "daemon/exporter.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { FILE_MODE = 0644 }; /* for node_exporter; nothing in it is anybody's own */

struct exporter {
    const char *path;
    char *draft; /* written first; does not end in .prom, so nobody collects it */
    char *store;
    const struct clock *clock;
    int64_t every_ms, next_ms, began_ms;
    int64_t ended_ms; /* the thread's while it is under way */
    bool failing;     /* said already */

    pthread_t thread;
    bool under_way;
    atomic_bool ended;
    struct db *db; /* kept from round to round; the thread's while it is under way */
    struct metrics_daemon daemon;
    struct err err; /* of the round that has ended; ERR_NONE: the file is written */
};

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
    return 0;
}

static int put_file(const struct exporter *e, const struct buf *text, struct err *err)
{
    int fd = open(e->draft, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    int rc = -1;

    if (fd >= 0 && fchmod(fd, FILE_MODE) == 0 && write_all(fd, buf_text(text), text->length) == 0 &&
        rename(e->draft, e->path) == 0)
        rc = 0;
    if (rc < 0)
        err_set(err, ERR_SYSTEM, "[metrics] file: %s: %s", e->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

static void round_of(struct exporter *e)
{
    struct buf text;

    e->err.code = ERR_NONE;
    buf_init(&text, METRICS_BYTES_MAX);
    if (metrics_text(e->db, clock_now(e->clock), &e->daemon, &text, &e->err) == 0 &&
        put_file(e, &text, &e->err) == 0)
        e->err.code = ERR_NONE;
    buf_release(&text);
}

static void *run(void *user)
{
    struct exporter *e = user;

    round_of(e);
    e->ended_ms = clock_monotonic_ms();
    atomic_store(&e->ended, true);
    return NULL;
}

static void say(struct exporter *e)
{
    if (e->err.code != ERR_NONE && !e->failing)
        log_event(LOG_LEVEL_WARNING, "metrics.failed", "error=\"%s\"", e->err.text);
    else if (e->err.code == ERR_NONE && e->failing)
        log_event(LOG_LEVEL_INFO, "metrics.written", "file=%s", e->path);
    e->failing = e->err.code != ERR_NONE;
}

static void begin(struct exporter *e, const struct metrics_daemon *daemon)
{
    sigset_t all, before;
    int rc;

    if (!e->db && db_open(e->store, &e->db, &e->err) < 0) {
        say(e);
        return;
    }
    e->daemon = *daemon;
    atomic_store(&e->ended, false);
    sigfillset(&all); /* signals are for the loop */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&e->thread, NULL, run, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    e->under_way = rc == 0;
    if (rc != 0) {
        err_set(&e->err, ERR_SYSTEM, "a thread: %s", strerror(rc));
        say(e);
    }
}

void exporter_turn(struct exporter *e, const struct metrics_daemon *daemon)
{
    int64_t now = clock_monotonic_ms();

    if (e->under_way && atomic_load(&e->ended)) {
        pthread_join(e->thread, NULL);
        e->under_way = false;
        e->next_ms = metrics_next_ms(e->began_ms, e->ended_ms, e->every_ms);
        say(e);
    }
    if (e->under_way || now < e->next_ms)
        return;
    e->began_ms = now;
    e->next_ms = now + e->every_ms;
    begin(e, daemon);
}

int exporter_new(const struct config *conf, const char *store, const struct clock *clock,
                 struct exporter **out, struct err *err)
{
    const char *path = config_text(conf, "metrics", "file");
    struct exporter *e;

    *out = NULL;
    if (!path)
        return 0;
    e = calloc(1, sizeof *e);
    if (!e)
        return err_memory(err);
    e->path = path;
    e->clock = clock;
    e->every_ms = config_int(conf, "metrics", "every") * 1000;
    e->store = strdup(store);
    if (!e->store || asprintf(&e->draft, "%s-new", path) < 0) {
        free(e->store);
        free(e);
        return err_memory(err);
    }
    *out = e;
    return 0;
}

void exporter_free(struct exporter *e)
{
    if (!e)
        return;
    if (e->under_way) {
        while (!atomic_load(&e->ended)) { /* a query that is begun later is broken off too */
            db_interrupt(e->db);
            usleep(1000);
        }
        pthread_join(e->thread, NULL);
    }
    if (e->db) /* else it has never written, and the draft is that of the one in force */
        unlink(e->draft);
    db_close(e->db);
    free(e->draft);
    free(e->store);
    free(e);
}
