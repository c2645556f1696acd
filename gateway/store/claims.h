/* gateway/store/claims.h - what is due by one adapter, and its leasing: notices and reminders of the
 * outbox, and bulletins.
 *
 * Whose turn it is is the dispatcher's to say (deliver/turns.h): it sees what is due in its order and
 * takes what it picks. What is seen is not promised: at the taking each is looked at once more.
 */
#ifndef STORE_CLAIMS_H
#define STORE_CLAIMS_H

#include "plan/establishment.h"
#include "store/outbox.h"

struct claim {
    int64_t id; /* of the item, or the bulletin */
    bool bulletin;
    bool urgent;          /* high risk, or a missing child */
    time_t deadline, due; /* no longer worth a try at this recipient; worth one from */
    bool late;            /* its deadline is past, and that is not yet known to planning */
    struct door door;     /* where it goes to */
};

/* Calls see for what is due at now and not held, the earliest deadline first, of equals the urgent
 * first; bulletins after the outbox. Until it returns false. address is the contact's: personal,
 * borrowed. Those with a child that is being matched or planned anew are left out, so what was
 * planned before a revision or withdrawal never overtakes it. */
typedef bool claims_see(void *self, const struct claim *claim, const char *address);
int claims_due(struct db *db, const char *adapter, time_t now, claims_see *see, void *self,
               struct err *err) MUST_CHECK;

/* Leases it, in the caller's transaction: 1, *out is for outbox_item_release; 0 it is no longer to
 * be had, -1. One whose contact has ended or is no longer verified (P3) is not: a notice goes back to
 * planning, a bulletin is cancelled. */
int claims_take(struct db *db, const struct claim *claim, time_t now, int lease_seconds,
                struct outbox_item *out, struct err *err) MUST_CHECK;

/* What waits for that adapter, which is shut or held, and whose time is up is planning's (outbox_late);
 * not what is held itself, or whose door is (holds.h has what becomes of that).
 * Some of them; the next call has the next. In a transaction of its own, if any. Returns how many. */
int claims_late(struct db *db, const char *adapter, time_t now, struct err *err) MUST_CHECK;
/* The same of these items. */
int claims_late_items(struct db *db, const int64_t *item_ids, size_t count, time_t now,
                      struct err *err) MUST_CHECK;

/* When the next of that adapter ("mqtt": receipts) is due or its lease runs out. 1, 0 none, -1. */
int claims_next_due(struct db *db, const char *adapter, time_t *out, struct err *err) MUST_CHECK;

/* Leases of that adapter that have run out are due again. In a transaction of its own, if any. */
int claims_end_leases(struct db *db, const char *adapter, time_t now, struct err *err) MUST_CHECK;

/* The adapters that something due waits for: up to limit words; returns how many, -1. */
int claims_adapters_due(struct db *db, time_t now, char (*out)[OUTBOX_ADAPTER_SIZE], int limit,
                        struct err *err) MUST_CHECK;

/* All leases end now: at start, by the daemon that holds the store's lock, nobody else can be
 * sending. Those of GOV.UK Notify wait a moment more, for it can be asked what it has taken over. In a
 * transaction of its own. Returns how many. */
int claims_release(struct db *db, time_t now, struct err *err) MUST_CHECK;

/* A clock that was set back: what waits for another try, or to be asked about, for longer than it can
 * have been meant is due now; receipts, which never wait for a morning, are too. In the caller's
 * transaction. Returns how many. */
int claims_mind_the_clock(struct db *db, time_t now, struct err *err) MUST_CHECK;

#endif
