/* gateway/store/incidents.h - messages, incidents and their children, as rows.
 *
 *   child.stage   match ──▶ plan ──▶ done      which step has work with it; back to match when a
 *                   ▲         ▲        │       register or revision changes what is known, back to
 *                   └─────────┴────────┘       plan when a contact, calendar, policy or answer does
 *   child.state   open, review, told, answered, with_la_desk, withheld, withdrawn (contracts.md)
 *
 * Every function works in the caller's transaction. Whoever changes a state queues the progress
 * receipt with it, so incidents_set_state is the only way to do it.
 */
#ifndef STORE_INCIDENTS_H
#define STORE_INCIDENTS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "intake/incident.h"
#include "store/work.h"

enum child_stage { STAGE_MATCH, STAGE_PLAN, STAGE_DONE };
enum child_state {
    CHILD_OPEN,
    CHILD_REVIEW,
    CHILD_TOLD,
    CHILD_ANSWERED,
    CHILD_WITH_LA_DESK,
    CHILD_WITHHELD,
    CHILD_WITHDRAWN,
};
const char *child_state_word(enum child_state state); /* the contract's word */
/* false when the word is none */
bool child_state_parse(const char *word, enum child_state *out);

struct child_row {
    int64_t child_id, incident_id;
    int64_t decision_id; /* -1 none yet */
    char child_ref[CHILD_REF_SIZE];
    enum child_stage stage;
    enum child_state state;
    bool removed;  /* a later revision no longer names it: state withdrawn */
    bool filtered; /* withheld by a filter of the force's policy, not by the police's word */
    /* The revision that last changed what a notice would say of it: a notice told under a lower one
     * is out of date, and a correction is owed. */
    int64_t changed_revision;
    time_t
        tell_from; /* accepted then, in the first of the revisions that name it and hold nothing back */
};

struct incident_row {
    int64_t incident_id;
    int64_t revision;
    int64_t message_id;
    time_t accepted_at; /* the first revision's; planning counts from each child's tell_from */
    time_t revised_at;
    char force[FORCE_SIZE];
    char police_ref[POLICE_REF_SIZE];
};

/* Keeps a message and what became of it. problems NULL: none. */
int incidents_keep_message(struct db *db, const char *topic, const void *body, size_t length,
                           const char *outcome, const struct problems *problems, time_t now,
                           int64_t *message_id, struct err *err) MUST_CHECK;

/* The stored revision of (force, police_ref): 1, 0 none, -1. */
int incidents_revision(struct db *db, const char *force, const char *police_ref,
                       int64_t *incident_id, int64_t *revision, struct err *err) MUST_CHECK;

/* Stores a new incident or a revision that is higher than the stored one:
 *   withdraw       every child becomes withdrawn
 *   withhold       every child becomes withheld, with the reason
 *   else, a child  new, or what matching looks at has changed: open, to be matched anew
 *                  else it keeps decision and state; one that was withheld or withdrawn takes the
 *                  state that its notices and its decision give (notices_restate)
 *   not named      withdrawn, removed
 * A child that was there goes to stage plan where it is not to be matched, so that what is owed is
 * made to agree. No receipt is queued: accept_message receipts the whole. *incident_id is written. */
int incidents_put(struct db *db, const struct incident *incident, int64_t message_id, time_t now,
                  int64_t *incident_id, struct err *err) MUST_CHECK;

/* By id or by reference: 1, 0 none such, -1. */
int incidents_get(struct db *db, int64_t incident_id, struct incident_row *out,
                  struct err *err) MUST_CHECK;
int incidents_find(struct db *db, const char *force /* NULL: any; more than one is ERR_INVALID */,
                   const char *police_ref, struct incident_row *out, struct err *err) MUST_CHECK;

/* The incident itself, from the message in force. *out may be shared; it is for incident_free.
 * ERR_NONE_SUCH; ERR_INVALID when this program would no longer accept the message. */
int incidents_load(struct db *db, int64_t incident_id, struct incident **out,
                   struct err *err) MUST_CHECK;

/* The same of an earlier revision. */
int incidents_load_revision(struct db *db, int64_t incident_id, int64_t revision,
                            struct incident **out, struct err *err) MUST_CHECK;

/* Children in the order of the message; *out is for free(). */
int incidents_children(struct db *db, int64_t incident_id, struct child_row **out, size_t *count,
                       struct err *err) MUST_CHECK;

/* Up to limit incidents beyond `after` (0: all) that have a child at that stage, oldest first;
 * returns the number or -1. */
int incidents_with_work(struct db *db, enum child_stage stage, int64_t after, int64_t *incident_ids,
                        int limit, struct err *err) MUST_CHECK;

/* A turn of them, each by one(), many to a transaction (work.h). One that fails by itself, as when its
 * message can no longer be read, stays at its stage and holds up no other; a store that is busy, full
 * or out of memory ends the turn. Returns how many were done; -1 tells of a failure that ended it,
 * or when nothing could be done for failures. */
int incidents_work_off(struct db *db, enum child_stage stage, struct work_turn *turn, work_fn *one,
                       time_t now, void *user, struct err *err) MUST_CHECK;

int incidents_set_stage(struct db *db, int64_t child_id, enum child_stage stage,
                        struct err *err) MUST_CHECK;

/* Moves a child to a state (no change: nothing happens), writes the audit, and queues the receipt
 * of the incident's new standing (standing.h). who is 'matcher', 'planner', 'dispatcher' or a
 * person's login. */
int incidents_set_state(struct db *db, int64_t child_id, enum child_state state, const char *who,
                        time_t now, struct err *err) MUST_CHECK;

/* A filter of the force's policy keeps the child back, or (reason NULL) no longer does: withheld under
 * filter:risk or filter:present, each use with an audit of its own; else open again. One that is so
 * already is left. */
int incidents_filter(struct db *db, const struct child_row *child, const char *reason, time_t now,
                     struct err *err) MUST_CHECK;

/* What a change of registers makes worth doing again, for children not yet told. rematch: open, in
 * review, or with the desk for want of a match; what a person decided stays. replan: those with an owed
 * notice or reminder, those open or in review with none, those that a filter keeps back, and those with
 * the desk, for whom there may be a school to tell by now. With the desk: as long as it has not answered
 * for that child, and is not left with it (PLAN_DESK_DAYS). Returns the number of children, or -1. */
int incidents_rematch_undecided(struct db *db, time_t now, struct err *err) MUST_CHECK;
int incidents_replan_unsent(struct db *db, time_t now, struct err *err) MUST_CHECK;

/* Promise P2 as a query, over incidents whose revision in force came at or after `since` (0: all). */
enum { CHILD_STATES = CHILD_WITHDRAWN + 1 };
struct incidents_account {
    int64_t incidents, children;
    int64_t by_state[CHILD_STATES];
    int64_t stuck;     /* children whose owed notice has nobody to go to: a person must act */
    int64_t forgotten; /* open or in review, no step has work with it, nothing is owed: must be 0 */
    int64_t unproved;  /* told, answered or with the desk, and no notice was: must be 0 */
};
int incidents_account(struct db *db, time_t since, struct incidents_account *out,
                      struct err *err) MUST_CHECK;

#endif
