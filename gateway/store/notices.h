/* gateway/store/notices.h - notices: one message about one incident to one door.
 *
 *   owed ──sent──▶ told ──answer──▶ answered
 *    │  └─every contact failed─▶ failed (the planner gives it to the next door: the desk)
 *    └─no longer wanted─▶ cancelled
 *
 * A child's state follows from its notices, and notices_restate is where: any owed is open, but for
 * a task beside the establishment's own notice (no-answer, marac) (review
 * while a person decides), every one told is told, every one answered is answered; told to a desk
 * alone, or to one that has answered for a school that did not, is with_la_desk. So a child of two schools is told once both are. Failed and cancelled
 * notices do not count, nor do corrections and withdrawals, which follow a telling; nor does a telling
 * that is taken back (the view notice_stands). Withheld and withdrawn are not touched.
 */
#ifndef STORE_NOTICES_H
#define STORE_NOTICES_H

#include "plan/plan.h"
#include "store/db.h"
#include "store/incidents.h"

enum notice_state { NOTICE_OWED, NOTICE_TOLD, NOTICE_ANSWERED, NOTICE_FAILED, NOTICE_CANCELLED };
const char *notice_state_word(enum notice_state state);

enum { NOTICE_REFERENCE_SIZE = 16 };

struct notice_row {
    int64_t notice_id, incident_id, revision;
    char reference
        [NOTICE_REFERENCE_SIZE]; /* OE-7F3K-2Q9M: random, says nothing, fit for a subject */
    enum notice_kind kind;
    struct door door;
    enum basis basis;
    enum desk_reason reason;
    char rule[33];
    time_t due_at, answer_by;
    time_t remind_at; /* -1: no longer closure follows */
    enum notice_state state;
    time_t told_at;       /* -1 not yet */
    time_t answered_at;   /* -1 not yet */
    int64_t told_contact; /* -1 */
    time_t desk_at;       /* nobody there has answered, and it became the desk's; -1 */
    int64_t amends;       /* of a correction or withdrawal: what was told; else -1 */
};

/* Stores a planned notice with its children and, when it has a contact, its outbox item, under a
 * new reference and key. One incident owes at most one notice to a door, and at most one correction
 * and one withdrawal for a reason of each notice that was told (plan_notice.amends). Children's stage and
 * state are the planner's business. */
int notices_add(struct db *db, int64_t incident_id, int64_t revision,
                const struct plan_notice *notice, const struct door *door, const char *adapter,
                time_t now, int64_t *notice_id, struct err *err) MUST_CHECK;

int notices_of_incident(struct db *db, int64_t incident_id, struct notice_row **out, size_t *count,
                        struct err *err) MUST_CHECK; /* *out for free() */
int notices_children(struct db *db, int64_t notice_id, int64_t **child_ids, size_t *count,
                     struct err *err) MUST_CHECK;
/* Those of them for whom it stands: neither taken back nor ruled out (the view notice_stands). Of a
 * correction or withdrawal: none. */
int notices_standing(struct db *db, int64_t notice_id, int64_t **child_ids, size_t *count,
                     struct err *err) MUST_CHECK;
/* The one that the police call so: 1, 0, -1. */
int notices_child(struct db *db, int64_t notice_id, const char *child_ref, int64_t *child_id,
                  struct err *err) MUST_CHECK;
int notices_get(struct db *db, int64_t notice_id, struct notice_row *out,
                struct err *err) MUST_CHECK; /* 1, 0, -1 */
int notices_by_reference(struct db *db, const char *reference, struct notice_row *out,
                         struct err *err) MUST_CHECK; /* as people say it: follow/reference.h */

/* The next contact of an owed notice: one more item, under a key of its own; one who was passed over
 * has the former one again. 1; 0 when that contact was tried or waits already; -1. */
int notices_add_item(struct db *db, int64_t notice_id, int64_t contact_id, const char *adapter,
                     time_t due_at, time_t give_up_at, time_t now, struct err *err) MUST_CHECK;

/* What the planner makes agree with a new plan (notices_plan.c). */

/* Whether a notice is about a child: 1, 0, -1. *revision is that of the last telling or correction
 * that its readers have had of it, *over whether a withdrawal of it has been told. */
int notices_last_told(struct db *db, const struct notice_row *notice, int64_t child_id,
                      int64_t *revision, bool *over, struct err *err) MUST_CHECK;

/* Who has been sent a notice. *out for free(). */
int notices_contacts_told(struct db *db, int64_t notice_id, int64_t **contact_ids, size_t *count,
                          struct err *err) MUST_CHECK;

/* Items of an owed notice that are due to others than these are cancelled. */
int notices_keep_items(struct db *db, const struct notice_row *notice, const int64_t *contact_ids,
                       size_t count, time_t now, struct err *err) MUST_CHECK;

/* Who an owed notice's item waits for: 1; 0 it has none that is due or leased; -1. *leased: it is
 * being sent at this moment. */
int notices_waits_for(struct db *db, int64_t notice_id, int64_t *contact_id, bool *leased,
                      struct err *err) MUST_CHECK;

/* The reminder of a notice that was told (notices_remind.c): it is owed to that contact at that
 * moment, once. One that waits moves, or with at -1 is taken back; one that was sent, or is being
 * sent, is left. */
int notices_remind(struct db *db, const struct notice_row *notice, const struct contact *contact,
                   time_t at, time_t answer_by, time_t now, struct err *err) MUST_CHECK;

/* The contacts of a door that have refused a notice of this incident for good, and those who were
 * passed over and have had nothing since. *out for free(). */
struct notice_failed {
    int64_t contact_id;
    bool passed; /* it was late, and another was to have it */
};
int notices_contacts_failed(struct db *db, int64_t incident_id, const struct door *door,
                            struct notice_failed **out, size_t *count, struct err *err) MUST_CHECK;

/* Those whose item of an owed notice of this incident is past its time (outbox_late), and not held.
 * *out for free(). */
int notices_contacts_late(struct db *db, int64_t incident_id, const struct door *door, time_t now,
                          int64_t **contact_ids, size_t *count, struct err *err) MUST_CHECK;
/* They give way, since somebody else is to have it: returns how many, -1. */
int notices_pass_on(struct db *db, const struct notice_row *notice, time_t now,
                    struct err *err) MUST_CHECK;

/* An owed notice with the same children at the same door: revision, basis, reason, rule and times
 * become the plan's, its reference and its item's key stay. A due item moves with the due time. */
int notices_change(struct db *db, const struct notice_row *notice, int64_t revision,
                   const struct plan_notice *planned, time_t now, struct err *err) MUST_CHECK;

/* An owed notice that is planned again, and of which nothing is on its way, rests on the decisions that
 * are in force about its children. */
int notices_rest_anew(struct db *db, int64_t notice_id, struct err *err) MUST_CHECK;
/* The pupil whom it takes the child for: -1 none. A decision that is made while it is on its way is not
 * what it tells. */
int notices_pupil(struct db *db, int64_t notice_id, int64_t child_id, int64_t *pupil_key,
                  struct err *err) MUST_CHECK;

/* Items of an owed notice that are due are cancelled, since somebody else is to have it. */
int notices_recall(struct db *db, const struct notice_row *notice, time_t now,
                   struct err *err) MUST_CHECK;

/* No contact is left: the owed notice has failed. Items that wait are cancelled. As notices_cancel:
 * 1; 0 while one is leased; -1. */
int notices_fail(struct db *db, int64_t notice_id, const char *why, time_t now,
                 struct err *err) MUST_CHECK;

/* Cancels a notice that is owed, with its items; an item that is leased at this moment makes it
 * return 0 and change nothing (the send is under way: plan again later). 1 cancelled, -1. */
int notices_cancel(struct db *db, int64_t notice_id, const char *why, time_t now,
                   struct err *err) MUST_CHECK;

/* An answer to a notice that was told: it becomes answered, nobody else is told of it any more, the
 * desk's task for want of an answer is done with it, its children are restated, and the incident may
 * close by it. who is a login or 'webhook'. 1, 0 already answered, -1 (ERR_INVALID when
 * it was not told). */
int notices_answer(struct db *db, int64_t notice_id, const char *who, time_t now,
                   struct err *err) MUST_CHECK;

/* An owed notice has been told by telephone: by nobody's message, so nothing of it is sent any more.
 * In the caller's transaction, which answers it too. */
int notices_rung(struct db *db, const struct notice_row *notice, const char *who, time_t now,
                 struct err *err) MUST_CHECK;

/* Whether the desk that was told for want of an answer has answered for every child of whom it stands:
 * nobody waits for the notice's own any more. 1, 0, -1. */
int notices_stood_in(struct db *db, int64_t notice_id, struct err *err) MUST_CHECK;

/* Whether somebody has refused it, and nobody has had it in that one's place since. 1, 0, -1. */
int notices_refused(struct db *db, int64_t notice_id, struct err *err) MUST_CHECK;

/* Whether the child has been told of at that door, or is to be. 1, 0, -1. */
int notices_at_door(struct db *db, int64_t child_id, const struct door *door,
                    struct err *err) MUST_CHECK;

/* Following up (escalate.h). Each in the caller's transaction. */

/* Notices that are to be looked at, longest due first; those with a child that is being matched or
 * planned are left until that is done. Returns how many, -1. */
int notices_to_follow(struct db *db, time_t now, int64_t *notice_ids, int limit,
                      struct err *err) MUST_CHECK;
/* When it is looked at next; -1 no more. */
int notices_follow_at(struct db *db, int64_t notice_id, time_t at, struct err *err) MUST_CHECK;

/* Who has had a notice or is to have it, in order, reminders aside. *out for free(). */
struct notice_item {
    int64_t contact_id;
    time_t added_at;
    bool failed;
    time_t ended_at; /* of the last try; -1 none yet */
};
int notices_items(struct db *db, int64_t notice_id, struct notice_item **out, size_t *count,
                  struct err *err) MUST_CHECK;

/* The next person, for want of an answer. */
int notices_escalate(struct db *db, const struct notice_row *notice, const struct contact *contact,
                     time_t answer_by, time_t now, struct err *err) MUST_CHECK;
/* It becomes the desk's: its children go to planning. */
int notices_escalate_to_desk(struct db *db, const struct notice_row *notice, time_t now,
                             struct err *err) MUST_CHECK;

/* The state that a child's decision and notices make (see above); withheld and withdrawn are passed
 * over, for a child that is being released from them. */
int notices_child_state(struct db *db, int64_t child_id, enum child_state *out,
                        struct err *err) MUST_CHECK;

/* Gives a child that state by incidents_set_state, unless it is withheld or withdrawn. The planner calls it for each child that it is done with, so that a child
 * whose notice was told before its particulars changed is not left open. */
int notices_restate(struct db *db, int64_t child_id, const char *who, time_t now,
                    struct err *err) MUST_CHECK;

#endif
