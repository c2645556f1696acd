#include "adapters/mail_thread.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/transfer.h"
#include "base/clock.h"

enum { SPARE_SECONDS = 5 };

static const char word[] = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";

/* Asked about once a second. */
static int goes_on(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct mail_thread *t = user;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(t->stop) || clock_monotonic_ms() > t->until_ms;
}

/* The stand-in, and nobody else on this machine who may try the name. -1: it is not wanted any more. */
static int let_in(int listener)
{
    for (;;) {
        struct ucred peer = {.pid = -1};
        socklen_t length = sizeof peer;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
            return -1;
        if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
            peer.pid == getpid())
            return fd;
        if (fd >= 0)
            close(fd);
    }
}

static void *run(void *user)
{
    struct mail_thread *t = user;

    t->how = curl_easy_perform(t->transfer);
    if (t->how == CURLE_ABORTED_BY_CALLBACK && !atomic_load(t->stop))
        t->how = CURLE_OPERATION_TIMEDOUT;
    t->ours = let_in(t->listener);
    if (t->ours >= 0 && send(t->ours, word, sizeof word - 1, MSG_NOSIGNAL) < 0)
        shutdown(t->ours, SHUT_RDWR);
    return NULL;
}

/* Under a name of the kernel's own choice, in no folder (unix(7), autobind); name is without its leading
 * zero byte. */
static int listen_somewhere(char name[sizeof((struct sockaddr_un *)0)->sun_path])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(sa_family_t);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 4) == 0) {
        length = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
            length > offsetof(struct sockaddr_un, sun_path) + 1) {
            size_t n = length - offsetof(struct sockaddr_un, sun_path) - 1;

            memcpy(name, address.sun_path + 1, n);
            name[n] = '\0';
            return fd;
        }
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static CURL *make_stand_in(const char *name, long timeout_seconds, struct err *err)
{
    CURL *c = transfer_new("http://127.0.0.1/", "http", NULL, timeout_seconds, err);

    if (!c)
        return NULL;
    if (curl_easy_setopt(c, CURLOPT_ABSTRACT_UNIX_SOCKET, name) != CURLE_OK) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
    return c;
}

int mail_thread_start(struct mail_thread *t, CURL *transfer, long timeout_seconds,
                      atomic_bool *stop, CURL **stand_in, struct err *err)
{
    char name[sizeof((struct sockaddr_un *)0)->sun_path];

    *t = (struct mail_thread){.transfer = transfer,
                              .how = CURLE_FAILED_INIT,
                              .listener = listen_somewhere(name),
                              .ours = -1,
                              .until_ms = clock_monotonic_ms() + timeout_seconds * 1000,
                              .stop = stop};
    if (t->listener < 0)
        return err_errno(err, "a local socket");
    curl_easy_setopt(transfer, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(transfer, CURLOPT_XFERINFOFUNCTION, goes_on);
    curl_easy_setopt(transfer, CURLOPT_XFERINFODATA, t);
    *stand_in = make_stand_in(name, timeout_seconds + SPARE_SECONDS, err);
    if (!*stand_in)
        return -1;
    if (pthread_create(&t->id, NULL, run, t) != 0) {
        curl_easy_cleanup(*stand_in);
        *stand_in = NULL;
        return err_set(err, ERR_SYSTEM, "no thread can be had");
    }
    t->runs = true;
    return 0;
}

CURLcode mail_thread_end(struct mail_thread *t)
{
    if (t->listener >= 0)
        shutdown(t->listener, SHUT_RDWR); /* nobody comes in who has not */
    if (t->runs)
        pthread_join(t->id, NULL);
    t->runs = false;
    if (t->ours >= 0)
        close(t->ours);
    if (t->listener >= 0)
        close(t->listener);
    t->ours = t->listener = -1;
    return t->how;
}
