/* gateway/store/holds.h - what an operator keeps from going out: a notice, an adapter, an
 * establishment; and bringing forward what waits for another try.
 *
 * A hold stands until it is released, and is seen in status and explain. It keeps a child from nobody
 * for good: when a notice's time is up it gives way, to the next contact, and where none is free to
 * the desk; one that only the adapter's hold keeps, where another adapter leads to them, else it waits
 * (outbox_late). What is owed to a desk waits on, late and counted.
 */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "store/db.h"

enum hold_scope { HOLD_NOTICE, HOLD_ADAPTER, HOLD_ESTABLISHMENT };
const char *hold_scope_word(enum hold_scope scope); /* notice, adapter, establishment */

enum { HOLD_ID_SIZE = 40, HOLD_WHY_SIZE = 101 };

struct hold {
    enum hold_scope scope;
    char id[HOLD_ID_SIZE]; /* a reference, an adapter's name, "school/100001" */
    char why[HOLD_WHY_SIZE], who[65];
    time_t held_at;
    int64_t waiting; /* items that it keeps back */
};

/* Each in the caller's transaction, with the audit. add: 1, 0 it is held already; release: 1, 0 it
 * is not held; -1. why: nothing about people. */
int holds_add(struct db *db, enum hold_scope scope, const char *id, const char *why,
              const char *who, time_t now, struct err *err) MUST_CHECK;
int holds_release(struct db *db, enum hold_scope scope, const char *id, const char *who, time_t now,
                  struct err *err) MUST_CHECK;

/* Those that stand, oldest first; *out is for free(). */
int holds_standing(struct db *db, struct hold **out, size_t *count, struct err *err) MUST_CHECK;

/* The hold that keeps a notice back itself or through its establishment, or one of its items through
 * the adapter: 1, 0 none, -1. */
int holds_of_notice(struct db *db, int64_t notice_id, struct hold *out, struct err *err) MUST_CHECK;

/* In a query: a notice n is the one of that reference, or has been planned in its place since: of the
 * same incident, to the same door, with a sibling more, say. */
#define HOLDS_NOTICE(id)                                                                           \
    " EXISTS (SELECT 1 FROM notice hn WHERE hn.reference = " id                                    \
    "  AND hn.incident_id = n.incident_id AND hn.namespace = n.namespace AND hn.urn = n.urn"       \
    "  AND hn.kind = n.kind)"

/* In a query: a notice n is not held itself, nor is its door. */
#define HOLDS_LET_GO                                                                               \
    " NOT EXISTS (SELECT 1 FROM hold WHERE released_at IS NULL AND scope = 'notice'"               \
    "  AND" HOLDS_NOTICE(                                                                          \
        "hold.id") ")"                                                                             \
                   " AND NOT EXISTS (SELECT 1 FROM hold WHERE released_at IS NULL"                 \
                   "  AND scope = 'establishment' AND id = n.namespace || '/' || n.urn)"

/* Notices by that adapter that are held and whose time is up go to planning, for whom is next.
 * Returns how many. In a transaction of its own, if any. */
int holds_give_way(struct db *db, const char *adapter, time_t now, struct err *err) MUST_CHECK;

/* What was tried, and waits to be tried again, is due now; an adapter that is shut is tried. Returns
 * how many items. In the caller's transaction, with the audit. */
int holds_retry(struct db *db, enum hold_scope scope, const char *id, const char *who, time_t now,
                struct err *err) MUST_CHECK;

#endif
