/* gateway/store/outbox.h - what we owe to recipients, until each item is settled.
 *
 *    due ──claim──▶ leased ──sent──▶ sent
 *     ▲               │  ├──never──▶ failed: the notice's next contact, by the planner
 *     ├─later, or the lease ran out  └──cancelled by a new plan (from due only)
 *     ├─late, and somebody else can have it: failed, by the planner (outbox_late)
 *     └─sent, and came back: failed too, or where it never left, due again (outbox_undelivered)
 *
 * Items are added in their incident's own transaction, so nothing is planned and not owed. A crash
 * between sending and recording lets the lease run out, and the item is sent again under the same
 * key: twice is possible, not at all is not.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "store/db.h"

enum { OUTBOX_KEY_SIZE = 40, OUTBOX_ADAPTER_SIZE = 16 };

struct outbox_item {
    int64_t item_id;
    int64_t notice_id, contact_id; /* -1 for a receipt; a bulletin is of no notice */
    bool is_reminder;
    bool is_repeat; /* it was leased before: it may have been sent, whatever is recorded */
    bool bulletin;  /* no item of the outbox but one of bulletins.h, whose number item_id is */
    char key[OUTBOX_KEY_SIZE];
    char adapter[OUTBOX_ADAPTER_SIZE];
    int tries;      /* before this one */
    int unanswered; /* of these: since its time was up, without a word from anybody */
    time_t due_at, give_up_at;
    char *topic, *payload; /* a receipt's; owned */
    void *correlation;
    size_t correlation_length;
};
void outbox_item_release(struct outbox_item *item);

/* A receipt for the police. topic and payload are copied. */
int outbox_add_receipt(struct db *db, const char *topic, const char *payload,
                       const void *correlation, size_t correlation_length, time_t now,
                       struct err *err) MUST_CHECK;

/* The receipt of an incident's new standing. One of the same incident and second that has not left
 * yet gives way to it: five siblings told by one notice are one receipt. */
int outbox_add_standing(struct db *db, int64_t incident_id, const char *topic, const char *payload,
                        time_t now, struct err *err) MUST_CHECK;

/* A notice's item for one contact. key is made here: 26 random characters. */
int outbox_add_notice(struct db *db, int64_t notice_id, int64_t contact_id, const char *adapter,
                      time_t due_at, time_t give_up_at, time_t now, struct err *err) MUST_CHECK;

/* The same that reminds of a notice that was told; one of a notice (store/notices.h has when). */
int outbox_add_reminder(struct db *db, int64_t notice_id, int64_t contact_id, const char *adapter,
                        time_t due_at, time_t give_up_at, time_t now, struct err *err) MUST_CHECK;

/* Lease receipts, oldest first: up to limit of them to out, each for outbox_item_release; returns how
 * many, 0 none is due at now, -1. In a transaction of its own. What goes by an adapter is leased by
 * claims.h. */
int outbox_claim_receipts(struct db *db, time_t now, int lease_seconds, struct outbox_item *out,
                          int limit, struct err *err) MUST_CHECK;

/* The try's end, each in the caller's transaction; a notice's is recorded with its attempt and the
 * audit, a receipt's with its row alone.
 *   sent   item sent, notice told (the first time), its children restated (notices.h)
 *   later  due again at next_at; with is_late, past its time by then, planning's (outbox_late)
 *   never  item failed; the children of an owed notice, and of a reminder, a correction or a
 *          withdrawal, go back to planning, which picks whom next
 * A try that ends after its item was cancelled is recorded all the same: what was sent was sent.
 * code is the protocol's (SMTP reply, HTTP status, 0); detail is ours, no personal data. */
int outbox_sent(struct db *db, const struct outbox_item *item, int code, const char *detail, int ms,
                time_t now, struct err *err) MUST_CHECK;
int outbox_later(struct db *db, const struct outbox_item *item, const char *verdict, int code,
                 const char *detail, int ms, time_t next_at, bool is_late, time_t now,
                 struct err *err) MUST_CHECK;
int outbox_never(struct db *db, const struct outbox_item *item, int code, const char *detail,
                 int ms, time_t now, struct err *err) MUST_CHECK;

/* In a query: an item o that has failed was late, and another was to have it; it was not refused. */
#define OUTBOX_PASSED " (o.late_at IS NOT NULL AND ifnull(o.verdict,'') NOT IN ('never','held'))"

/* Its time is up, and it is not delivered: planning looks for somebody else whom a way leads to that
 * works. An owed notice's item alone; looked for again after OUTBOX_LATE_AGAIN seconds, not sooner.
 * 1, 0 there is nothing to do, -1. In the caller's transaction. */
enum { OUTBOX_LATE_AGAIN = 600 };
int outbox_late(struct db *db, int64_t item_id, time_t now, struct err *err) MUST_CHECK;

/* What was sent under that key has not reached anybody: a bounce, or the service that took it over
 * says so. again_at -1: the item has failed, and the next contact is picked as after outbox_never;
 * else it never left there and is due again, unless nobody waits for it any more. A notice that nobody else has had is owed again, and its
 * children are untold; one that is answered stays answered, one that the desk has for want of an
 * answer stays with it. A bulletin's item ends alike. 1; 0 nothing was sent under that key, or it has
 * come back already; -1. In the caller's transaction. */
int outbox_undelivered(struct db *db, const char *key, int code, const char *detail,
                       time_t again_at, time_t now, struct err *err) MUST_CHECK;

/* How what has that key stands, a bulletin's item too. OUTBOX_UNKNOWN: the store failed. */
enum outbox_standing { OUTBOX_UNKNOWN, OUTBOX_NONE, OUTBOX_UNDER_WAY, OUTBOX_SENT, OUTBOX_OVER };
enum outbox_standing outbox_standing(struct db *db, const char *key, struct err *err) MUST_CHECK;

/* Word that what was sent under that key is delayed on its way: noted. In the caller's transaction. */
int outbox_delayed(struct db *db, const char *key, const char *detail, time_t now,
                   struct err *err) MUST_CHECK;

#endif
