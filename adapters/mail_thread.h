/* adapters/mail_thread.h - one SMTP transfer in a thread of its own.
 *
 * libcurl up to 7.88 and beyond waits for the reply to a mail's content inside curl_multi_perform
 * (lib/smtp.c, smtp_done): ten mails to a server that takes half a second for each took five seconds,
 * with nothing else done meanwhile. So the transfer runs by curl_easy_perform in a thread, and what
 * the caller's multi handle is given is a stand-in: an HTTP transfer by a local socket, which ends when
 * the thread has said the word. (A pair of sockets would be plainer, but 7.88 calls connect on one that
 * its caller says is connected.) Nothing of the mail is ever on it.
 */
#ifndef ADAPTERS_MAIL_THREAD_H
#define ADAPTERS_MAIL_THREAD_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct mail_thread {
    CURL *transfer;
    pthread_t id;
    bool runs;
    CURLcode how;
    int listener, ours; /* where the stand-in comes in, and our end of it */
    int64_t until_ms;   /* by clock_monotonic_ms: not even a leave is taken beyond */
    atomic_bool *stop;  /* of all threads of the adapter */
};

/* Runs a transfer, which is the caller's and set up whole but for its progress function, for at most
 * so long. *stand_in is for the caller's multi handle, and for curl_easy_cleanup. The rest is for
 * mail_thread_end, also on failure. t stays where it is until then. */
int mail_thread_start(struct mail_thread *t, CURL *transfer, long timeout_seconds,
                      atomic_bool *stop, CURL **stand_in, struct err *err) MUST_CHECK;

/* Waits for the thread, which has ended or has been told to stop, and says how it ended. */
CURLcode mail_thread_end(struct mail_thread *t);

#endif
