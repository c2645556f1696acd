/* adapters/adapter.h - a way out: a row in a table.
 *
 * An adapter starts a transfer and reads its end. It does not wait, retry, log or know the store:
 * deliver/dispatch does that for all. spool is the smallest whole example.
 */
#ifndef ADAPTERS_ADAPTER_H
#define ADAPTERS_ADAPTER_H

#include <curl/curl.h>
#include <stddef.h>

#include "adapters/probe.h"
#include "base/config.h"
#include "base/err.h"
#include "deliver/message.h"

enum verdict {
    VERDICT_SENT,   /* the far side has taken it over */
    VERDICT_LATER,  /* worth another try before the deadline */
    VERDICT_NEVER,  /* this recipient will not take it: the next contact now */
    VERDICT_BROKEN, /* the way itself is shut, as by a refused login: hold all, tell us */
};
const char *verdict_word(enum verdict verdict);

enum { OUTCOME_CHILDREN = 20, OUTCOME_CHILD_REF = 33 }; /* as of an incident */

/* What became of a try. */
struct outcome {
    int code;         /* SMTP reply or HTTP status; 0 when there was none */
    char detail[160]; /* for log and audit: codes and words of ours, nothing of the far side's
                             free text, no address */
    int retry_after;  /* seconds that the far side asks for; -1 none */
    struct personal answered_by; /* a 2xx that answers too (webhook); absent otherwise */
    bool not_our_pupil;          /* a 2xx that says: not our pupil (webhook) */
    /* Of these alone, by child_ref; none: of all that the notice names. */
    char not_ours[OUTCOME_CHILDREN][OUTCOME_CHILD_REF];
    size_t not_ours_count;
    bool contact_ends; /* 410: this address is gone for good */
    bool alone; /* what is broken, or silent, is this receiver's: others of the same way go on */
    char handle[40]; /* what `ask` knows by: the far side will say more of it; "" no more to hear */
};

/* What became of a message that a far side had taken over. */
enum delivery {
    DELIVERY_UNHEARD,   /* no answer worth anything: ask again */
    DELIVERY_UNDER_WAY, /* not known yet */
    DELIVERY_DONE,      /* it has arrived, or no more will be known of it */
    DELIVERY_FAILED,    /* it reached nobody, and will not: the next contact */
    DELIVERY_AGAIN,     /* it never left there: the same contact again */
};

struct adapter {
    const char *name;    /* the word of contact.adapter */
    const char *section; /* of encompass.conf: adapter "email" */
    const struct config_key *keys;
    unsigned reads; /* of a message: MESSAGE_...; 0: all of it */
    int (*open)(const struct config *conf, void **self, struct err *err);
    /* Makes a transfer ready for curl_multi_add_handle; *transfer NULL means that all is done
     * already and judge can be asked at once (spool), or else see `ended`. The message is borrowed until judge returns.
     * *work is the adapter's own state of this transfer, handed to judge, which frees it. -1:
     * ERR_INVALID when this message can never go this way (no mail address): as VERDICT_NEVER;
     * anything else is worth another try. */
    int (*start)(void *self, const struct message *message, CURL **transfer, void **work,
                 struct err *err);
    /* NULL, or both: what start has begun goes on in threads of the adapter's own, and *transfer is NULL
     * until the end. multi is woken (curl_multi_wakeup) when something has ended; NULL: nobody is.
     * ended: the work of one that has, which judge is to be asked about with CURLE_OK; NULL none. */
    void (*wake)(void *self, CURLM *multi);
    void *(*ended)(void *self);
    /* Reads the transfer's end, frees work and cleans the transfer up; *outcome is all zero with
     * retry_after -1 before. how is CURLE_ABORTED_BY_CALLBACK for a transfer that is dropped: the
     * verdict is of no interest then, but for VERDICT_SENT of one in a thread, which has ended so. */
    enum verdict (*judge)(void *self, CURL *transfer, void *work, CURLcode how,
                          struct outcome *outcome);
    /* NULL, or asked when a transfer has ended, before judge: the next transfer of the same message
     * (a token was fetched first, or a message looked up), with the one that ended cleaned up; NULL
     * that was all, judge it. All of a message's transfers together keep to the timeout. */
    CURL *(*go_on)(void *self, CURL *transfer, void *work, CURLcode how);
    /* NULL, or both: what has become of a message that outcome.handle was given for. As start and
     * judge; outcome's code and detail are for log and audit. */
    int (*ask)(void *self, const char *handle, CURL **transfer, void **work, struct err *err);
    enum delivery (*hear)(void *self, CURL *transfer, void *work, CURLcode how,
                          struct outcome *outcome);
    /* NULL, or: the address of a page when names may not travel to this recipient now, and a message
     * without them is to lead there, the reference behind it; NULL the message may go as it is. */
    const char *(*minimal)(void *self, const struct personal *to_address);
    int heard_of_for; /* seconds from the sending on during which `ask` can know; 0 no ask */
    /* NULL, or both (probe.h): the nth place that the configuration names, 1; 0 there are no more. And
     * one that is tried, which may take most_seconds; several at a time, each in a thread of its own. */
    int (*place)(void *self, size_t n, struct probe *out);
    void (*probe)(void *self, struct probe *probe);
    void (*close)(void *self);
};

extern const struct adapter email_adapter, webhook_adapter, notify_adapter, spool_adapter;

/* Keys that an adapter with transfers has; dispatch reads them from its section. */
#define ADAPTER_KEYS(most_at_once, seconds)                                                        \
    {.name = "concurrency",                                                                        \
     .kind = CONFIG_INT,                                                                           \
     .otherwise = (most_at_once),                                                                  \
     .least = 1,                                                                                   \
     .most = 64,                                                                                   \
     .help = "most transfers at a time"},                                                          \
    {                                                                                              \
        .name = "timeout", .kind = CONFIG_SECONDS, .otherwise = (seconds), .least = 1,             \
        .most = 600, .help = "most time for one transfer"                                          \
    }

/* NULL-terminated. */
extern const struct adapter *const adapters[];
const struct adapter *adapter_find(const char *name);

#endif
