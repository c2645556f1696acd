/* gateway/store/warnings.h - what a desk is warned of, until its cause is gone; and what the rules of
 * follow/silence.h judge by.
 *
 * At most one of a kind stands for a door; a row stays when it is cleared. The door of what concerns
 * the gateway itself is (gateway, broker), or (gateway, the adapter's name).
 *
 * A list is written to *out for free().
 */
#ifndef STORE_WARNINGS_H
#define STORE_WARNINGS_H

#include "follow/silence.h"
#include "intake/incident.h"
#include "plan/establishment.h"
#include "store/db.h"

enum warning_kind {
    WARNING_FEED_QUIET,
    WARNING_BROKER_LOST,
    WARNING_CONTACT_FAILING,
    WARNING_ROLL_OLD,
    WARNING_ADAPTER_SHUT,
    WARNING_KINDS
};
const char *warning_kind_word(enum warning_kind kind); /* feed-quiet, … */

struct warning {
    int64_t warning_id;
    enum warning_kind kind;
    struct door door;
    time_t since; /* when what is wrong began */
    time_t raised_at;
    int64_t told, telling; /* messages to desks: sent, and on their way */
};

/* Those that stand, oldest first. */
int warnings_standing(struct db *db, struct warning **out, size_t *count,
                      struct err *err) MUST_CHECK;
int warnings_get(struct db *db, int64_t warning_id, struct warning *out,
                 struct err *err) MUST_CHECK; /* 1, 0, -1 */

/* In the caller's transaction, with the audit. */
int warnings_raise(struct db *db, enum warning_kind kind, const struct door *door, time_t since,
                   time_t now, int64_t *warning_id, struct err *err) MUST_CHECK;
/* What of it has not left yet is not sent any more. */
int warnings_clear(struct db *db, const struct warning *warning, time_t now,
                   struct err *err) MUST_CHECK;

/* Whether one of that kind and door was cleared at or after `since`. 1, 0, -1. */
int warnings_cleared_since(struct db *db, enum warning_kind kind, const struct door *door,
                           time_t since, struct err *err) MUST_CHECK;

/* The feeds that have ever brought a message before now. */
struct warning_feed {
    char force[FORCE_SIZE];
    time_t first_at, last_at; /* first_at: to the hour */
};
int warnings_feeds(struct db *db, time_t now, struct warning_feed **out, size_t *count,
                   struct err *err) MUST_CHECK;
int warnings_feed_hours(struct db *db, const char *force, time_t from, time_t to,
                        struct silence_hour **out, size_t *count, struct err *err) MUST_CHECK;

/* A try at a contact has failed, or has not: then what failed before is forgotten. In the caller's
 * transaction. */
int warnings_failed(struct db *db, int64_t contact_id, bool refused, time_t now,
                    struct err *err) MUST_CHECK;
int warnings_worked(struct db *db, int64_t contact_id, struct err *err) MUST_CHECK;

/* The tries of contacts that have failed since the contact's last success, or since it was verified,
 * by contact, oldest first; those of the last 90 days. */
struct warning_try {
    int64_t contact_id;
    struct door door;
    struct silence_try tried;
};
int warnings_tries(struct db *db, time_t now, struct warning_try **out, size_t *count,
                   struct err *err) MUST_CHECK;

struct warning_roll {
    char la_code[LA_CODE_SIZE];
    time_t imported_at;
};
int warnings_rolls(struct db *db, struct warning_roll **out, size_t *count,
                   struct err *err) MUST_CHECK;

/* The doors of that namespace, force or la, that have a desk's contact who can be told. */
int warnings_desks(struct db *db, const char *namespace, struct door **out, size_t *count,
                   struct err *err) MUST_CHECK;

#endif
