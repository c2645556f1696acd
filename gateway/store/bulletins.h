/* gateway/store/bulletins.h - what is told that is no call-out: a warning to a desk, an exercise to a
 * contact. One row is one message to one contact.
 *
 *   stored ──planned──▶ due ◀──claim──▶ leased ──▶ sent ──answer──▶ answered_at
 *                        │  later, until give_up_at    └──never──▶ failed
 *                        └─ its warning is over, or its contact is no longer to be told: cancelled
 *
 * They ride the adapters beside the outbox and never in it: a table of their own, so that nothing
 * that counts notices can count one. Unlike a notice, one that cannot be sent within a day is given
 * up. The references say what they are: EW-… a warning, EX-… an exercise.
 */
#ifndef STORE_BULLETINS_H
#define STORE_BULLETINS_H

#include <stdbool.h>
#include <stddef.h>

#include "intake/incident.h"
#include "store/notices.h"
#include "store/outbox.h"

struct bulletin {
    int64_t bulletin_id;
    int64_t warning_id, drill_id; /* one of them is -1 */
    int64_t contact_id;
    char reference[NOTICE_REFERENCE_SIZE];
    char force[FORCE_SIZE]; /* an exercise's, in whose name it goes; "" none */
    char state[16];
    time_t sent_at, answered_at; /* -1 */
};
int bulletins_get(struct db *db, int64_t bulletin_id, struct bulletin *out,
                  struct err *err) MUST_CHECK; /* 1, 0, -1 */
/* As people type it. */
int bulletins_by_reference(struct db *db, const char *reference, struct bulletin *out,
                           struct err *err) MUST_CHECK;

/* A warning's message to a contact, due at once. In the caller's transaction. */
int bulletins_warn(struct db *db, int64_t warning_id, int64_t contact_id, const char *adapter,
                   time_t now, struct err *err) MUST_CHECK;

/* An exercise for contacts, stored for the daemon to plan. force or la_code may be NULL. In a
 * transaction of its own. */
struct drill_contact {
    int64_t contact_id;
    char adapter[16];
};
int drills_add(struct db *db, const char *force, const char *la_code,
               const struct drill_contact *contacts, size_t count, const char *who, time_t now,
               int64_t *drill_id, struct err *err) MUST_CHECK;
/* Plans what is stored: due now, or cancelled when its contact is no longer to be told. Returns how
 * many, -1. In a transaction of its own, when there is anything. */
int drills_plan(struct db *db, time_t now, struct err *err) MUST_CHECK;

/* An exercise's answer: 1, 0 it was answered already, -1 (ERR_INVALID: it has not been sent, or is
 * no exercise). In the caller's transaction. */
int bulletins_answer(struct db *db, int64_t bulletin_id, const char *who, time_t now,
                     struct err *err) MUST_CHECK;

/* As the outbox's functions of these names, for items whose `bulletin` is set. */
int bulletins_sent(struct db *db, const struct outbox_item *item, int code, const char *detail,
                   int ms, time_t now, struct err *err) MUST_CHECK;
int bulletins_later(struct db *db, const struct outbox_item *item, const char *verdict, int code,
                    const char *detail, int ms, time_t next_at, time_t now,
                    struct err *err) MUST_CHECK;
int bulletins_never(struct db *db, const struct outbox_item *item, int code, const char *detail,
                    int ms, time_t now, struct err *err) MUST_CHECK;

/* As outbox_undelivered, which calls it. */
int bulletins_undelivered(struct db *db, const char *key, int code, const char *detail,
                          time_t again_at, time_t now, struct err *err) MUST_CHECK;

/* What came of exercises, newest drill first, then by contact. drill_id -1: the last 50 drills. */
struct drill_line {
    int64_t drill_id, contact_id;
    char force[FORCE_SIZE], la_code[LA_CODE_SIZE], who[65];
    char reference[NOTICE_REFERENCE_SIZE];
    struct door door;
    char role[16], adapter[16], state[16], verdict[16];
    char detail[512];
    int64_t tries;
    time_t stored_at, planned_at, sent_at, answered_at; /* -1 not yet */
    char answered_by[65];
};
int drills_report(struct db *db, int64_t drill_id, struct drill_line **out, size_t *count,
                  struct err *err) MUST_CHECK; /* *out for free() */

#endif
