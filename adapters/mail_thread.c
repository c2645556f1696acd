#include "adapters/mail_thread.h"

#include <string.h>
#include <sys/socket.h>
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

static void *run(void *user)
{
    struct mail_thread *t = user;

    t->how = curl_easy_perform(t->transfer);
    if (t->how == CURLE_ABORTED_BY_CALLBACK && !atomic_load(t->stop))
        t->how = CURLE_OPERATION_TIMEDOUT;
    if (send(t->ours, word, sizeof word - 1, MSG_NOSIGNAL) < 0)
        shutdown(t->ours, SHUT_WR);
    return NULL;
}

static curl_socket_t give_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct mail_thread *t = user;
    int fd = t->theirs;

    (void)purpose, (void)address;
    t->theirs = -1;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int is_connected(void *user, curl_socket_t fd, curlsocktype purpose)
{
    (void)user, (void)fd, (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static CURL *make_stand_in(struct mail_thread *t, long timeout_seconds, struct err *err)
{
    CURL *c = transfer_new("http://127.0.0.1/", "http", NULL, timeout_seconds, err);

    if (!c)
        return NULL;
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, give_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, is_connected);
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
    return c;
}

int mail_thread_start(struct mail_thread *t, CURL *transfer, long timeout_seconds,
                      atomic_bool *stop, CURL **stand_in, struct err *err)
{
    int pair[2];

    *t = (struct mail_thread){.transfer = transfer,
                              .how = CURLE_FAILED_INIT,
                              .ours = -1,
                              .theirs = -1,
                              .until_ms = clock_monotonic_ms() + timeout_seconds * 1000,
                              .stop = stop};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return err_errno(err, "socketpair");
    t->ours = pair[0];
    t->theirs = pair[1];
    curl_easy_setopt(transfer, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(transfer, CURLOPT_XFERINFOFUNCTION, goes_on);
    curl_easy_setopt(transfer, CURLOPT_XFERINFODATA, t);
    *stand_in = make_stand_in(t, timeout_seconds + SPARE_SECONDS, err);
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
    if (t->runs)
        pthread_join(t->id, NULL);
    t->runs = false;
    if (t->ours >= 0)
        close(t->ours);
    if (t->theirs >= 0)
        close(t->theirs);
    t->ours = t->theirs = -1;
    return t->how;
}
