/* gateway/store/report.h - what stands in the store, for showing: status, plan, explain, review and
 * check. Reads only; names of people are not read here, but by incidents_load, roster_pupil and
 * registers_contact, where they are struct personal.
 *
 * A list is written to *out for free(), its length to *count. Moments and ids that are absent are
 * -1, absent texts "".
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "match/match.h"
#include "plan/policy.h"
#include "store/incidents.h"
#include "store/notices.h"

enum {
    NOTICE_STATES = NOTICE_CANCELLED + 1,
    REPORT_NAME_SIZE = 161,
    REPORT_DETAIL_SIZE = 512,
    REPORT_RULE_SIZE = 129,
    REPORT_WHO_SIZE = 65,
    REPORT_PUPIL_ID_SIZE = 65,
    REPORT_EVIDENCE_SIZE = 2048,
    REPORT_ADAPTERS = 8,
};

/* One view of the store for several reads; the daemon is not held up. */
int report_begin(struct db *db, struct err *err) MUST_CHECK;
void report_end(struct db *db);

/* Status. */

struct report_counts {
    int64_t messages, accepted, repeated, refused; /* messages is the sum of the three */
    struct incidents_account account;              /* its states add up to its children */
    /* By the decision in force; these four add up to the children too. */
    int64_t matched, in_review, no_match, undecided;
};

struct report_trouble { /* items that wait for another try */
    char adapter[16];
    char verdict[16]; /* later, broken */
    int64_t items, most_tries;
    time_t next_try;
    char detail[REPORT_DETAIL_SIZE]; /* of the item tried most often */
};

struct report_status {
    struct report_counts since, all;
    int64_t to_match, to_plan;       /* children that wait for a step of the daemon */
    int64_t notices[NOTICE_STATES];  /* notices and those to desks */
    int64_t desk_notices;            /* of these: to a desk, not cancelled */
    int64_t late;                    /* owed, and due more than a minute ago */
    int64_t told_late;               /* told after the moment by which an answer was wanted */
    int64_t wrong_doors;             /* children of whom an establishment said: not our pupil */
    int64_t unanswered;              /* told, and that moment has passed */
    time_t next_due, next_answer_by; /* the next moments to come or, if late, gone by; -1 none */
    time_t last_message_at;
    int64_t receipts_waiting;
    time_t receipts_oldest;
    int64_t refused_waiting; /* refused messages that no person has dealt with */
    time_t refused_oldest;
    struct report_trouble troubles[REPORT_ADAPTERS];
    size_t troubles_count;
};

/* since: from when on `since` counts messages and the incidents that came or were revised. */
int report_status(struct db *db, time_t since, time_t now, struct report_status *out,
                  struct err *err) MUST_CHECK;

/* The process id of the daemon that holds the store's lock; 0 when none does; -1 when that cannot be
 * told. Nothing is locked for it, so a daemon that starts at this moment is not hindered. */
int64_t report_daemon(struct db *db);

/* The noon that began the night to which now belongs: the latest 12:00 in London. */
time_t report_night_began(time_t now);

/* Notices. */

struct report_notice {
    struct notice_row notice;
    char force[FORCE_SIZE], police_ref[POLICE_REF_SIZE];
    char establishment[REPORT_NAME_SIZE]; /* or the authority's name */
    char la_code[8];
    int64_t children;
    time_t planned_at;
    time_t tell_from; /* the earliest of its children's, of today */
    char answered_by[REPORT_WHO_SIZE];
    /* The item that stands for it: one under way, else the last. item_id -1: nobody to send to. */
    int64_t item_id, contact_id;
    char role[16], adapter[16], item_state[16], verdict[16];
    int64_t tries;
    time_t next_try;
};

/* NULL, "" and -1 do not filter. */
struct report_filter {
    const char *la_code, *namespace, *urn, *force; /* NULL: any */
    time_t due_before;
    bool all;            /* those told, answered and failed too, not only the owed */
    bool unanswered;     /* those told and not answered too */
    int64_t incident_id; /* of one incident, all of them, cancelled ones too */
};
#define REPORT_FILTER_NONE ((struct report_filter){.due_before = -1, .incident_id = -1})

/* By due time. */
int report_notices(struct db *db, const struct report_filter *filter, struct report_notice **out,
                   size_t *count, struct err *err) MUST_CHECK;

/* Children that are being matched or planned: what will be owed of them is not known yet. */
int report_undecided(struct db *db, int64_t *out, struct err *err) MUST_CHECK;

struct report_item {
    int64_t item_id, contact_id;
    char role[16], adapter[16], state[16];
    time_t created_at, due_at, sent_at;
    bool is_reminder;
};
int report_items(struct db *db, int64_t notice_id, struct report_item **out, size_t *count,
                 struct err *err) MUST_CHECK;

struct report_attempt {
    int64_t number;
    time_t at;
    char verdict[16];
    int64_t code, ms;
    char detail[REPORT_DETAIL_SIZE];
};
int report_attempts(struct db *db, int64_t item_id, struct report_attempt **out, size_t *count,
                    struct err *err) MUST_CHECK;

/* Messages. */

struct report_message {
    int64_t message_id;
    time_t received_at;
    int64_t revision; /* as stored; -1 refused */
    char topic[128];
    char *problems; /* JSON, contracts.md; no personal data; owned */
    time_t handled_at;
    char handled_by[REPORT_WHO_SIZE];
};
void report_messages_free(struct report_message *messages, size_t count);

/* The messages that made an incident, oldest first. */
int report_revisions(struct db *db, int64_t incident_id, struct report_message **out, size_t *count,
                     struct err *err) MUST_CHECK;

/* Refused messages, oldest first: with police_ref those that name it (force NULL: any), else all
 * that wait for a person, or with handled all there are. */
int report_refused(struct db *db, const char *force, const char *police_ref, bool handled,
                   struct report_message **out, size_t *count, struct err *err) MUST_CHECK;

/* Children and decisions. */

struct report_decision {
    int64_t decision_id;
    time_t made_at;
    char made_by[REPORT_WHO_SIZE];
    enum match_outcome outcome;
    char la_code[8], pupil_id[REPORT_PUPIL_ID_SIZE]; /* of the match */
    int64_t pupil_key;
    double score, margin;
    char rule[REPORT_RULE_SIZE];
};
/* Oldest first: the last one stands. */
int report_decisions(struct db *db, int64_t child_id, struct report_decision **out, size_t *count,
                     struct err *err) MUST_CHECK;

struct report_candidate {
    int64_t rank, pupil_key;
    char la_code[8], pupil_id[REPORT_PUPIL_ID_SIZE];
    double score;
    char evidence[REPORT_EVIDENCE_SIZE]; /* JSON: field, level, weight */
};
int report_candidates(struct db *db, int64_t decision_id, struct report_candidate **out,
                      size_t *count, struct err *err) MUST_CHECK;

struct report_review {
    int64_t child_id, incident_id;
    char force[FORCE_SIZE], police_ref[POLICE_REF_SIZE], child_ref[CHILD_REF_SIZE];
    enum child_state state;
    int64_t candidates;
    char rule[REPORT_RULE_SIZE];
    time_t since;    /* when the matcher gave it to a person */
    time_t deadline; /* when a desk is told instead, or was told; -1 not planned yet */
};
/* Children for whom a person is to decide, by deadline; a desk that has been told and has not
 * answered may still find the pupil. child_id -1: all. */
int report_reviews(struct db *db, int64_t child_id, struct report_review **out, size_t *count,
                   struct err *err) MUST_CHECK;

/* A pupil by the authority's own number; la_code NULL: any. 1; 0 none; -1, with ERR_INVALID when
 * several authorities have that number. */
int report_pupil(struct db *db, const char *la_code, const char *pupil_id, int64_t *pupil_key,
                 struct err *err) MUST_CHECK;

/* The name of a door's establishment, of the authority, or the force's id; "" unknown. */
int report_door_name(struct db *db, const struct door *door, char out[REPORT_NAME_SIZE],
                     struct err *err) MUST_CHECK;

/* Check: what is wanting in the registers. */

struct report_door { /* a door with pupils on roll on that day */
    struct door door;
    char name[REPORT_NAME_SIZE], la_code[8];
    bool registered, open;
    int64_t pupils;
    int64_t contacts;   /* that are told: verified, not ended */
    int64_t successors; /* of a closed one, by the register's links */
};
int report_doors(struct db *db, day_t on, struct report_door **out, size_t *count,
                 struct err *err) MUST_CHECK;

/* The same of those that under-fives are sent to by where they live: open, no pupils. */
int report_centres(struct db *db, struct report_door **out, size_t *count,
                   struct err *err) MUST_CHECK;

/* An authority with a roll, and its local routes. */
struct report_route {
    char la_code[8], name[REPORT_NAME_SIZE];
    int64_t below_reception; /* children on a roll of one of its schools */
    int64_t visitors;        /* health visitors of it who can be told */
    bool nurseries, health_visitors;
};
int report_routes(struct db *db, day_t today, struct report_route **out, size_t *count,
                  struct err *err) MUST_CHECK;

struct report_tally {
    char namespace[NAMESPACE_SIZE], id[DOOR_URN_SIZE];
    char name[REPORT_NAME_SIZE];
    int64_t count;
    time_t at;
};
/* Authorities with pupils whose desk has no verified contact. */
int report_deskless(struct db *db, struct report_tally **out, size_t *count,
                    struct err *err) MUST_CHECK;
/* Doors with contacts that nobody has verified, and how many. */
int report_unverified(struct db *db, struct report_tally **out, size_t *count,
                      struct err *err) MUST_CHECK;
/* Adapters (id) that contacts are told by. */
int report_adapters(struct db *db, struct report_tally **out, size_t *count,
                    struct err *err) MUST_CHECK;
/* Authorities with a roll: how many pupils, and when a file of it came in last (at). */
int report_rolls(struct db *db, struct report_tally **out, size_t *count,
                 struct err *err) MUST_CHECK;
/* The last bank holiday of England and Wales on file; DAY_NONE none. */
int report_last_bank_holiday(struct db *db, day_t *out, struct err *err) MUST_CHECK;
/* Every policy row. */
int report_policies(struct db *db, struct policy_row **out, size_t *count,
                    struct err *err) MUST_CHECK;

/* Children that are withheld, by the reason: a filter's is filter:risk or filter:present. */
struct report_withheld {
    char force[FORCE_SIZE], reason[CODE_SIZE];
    bool is_filter;
    bool is_listed; /* the force lists it, or has no list */
    int64_t children;
};
int report_withheld(struct db *db, struct report_withheld **out, size_t *count,
                    struct err *err) MUST_CHECK;

/* Audit. */

struct report_event {
    time_t at;
    char who[REPORT_WHO_SIZE], event[65];
    int64_t child_id, notice_id, item_id;
    char detail[REPORT_DETAIL_SIZE];
};
int report_audit(struct db *db, int64_t incident_id, struct report_event **out, size_t *count,
                 struct err *err) MUST_CHECK;

#endif
