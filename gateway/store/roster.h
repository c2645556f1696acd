/* gateway/store/roster.h - pupils and enrolments, found by blocking keys; decisions about children.
 */
#ifndef STORE_ROSTER_H
#define STORE_ROSTER_H

#include "match/match.h"
#include "store/db.h"

/* A row of the roll as it came; texts absent where the file had none. */
struct pupil {
    int64_t pupil_key; /* -1: not stored yet */
    char la_code[8];
    char pupil_id[65];
    struct personal upn, forename, middle_names, surname, preferred_forename, former_surname;
    enum incident_sex gender;
    day_t born;
    struct personal house, street, town, postcode;
    char nc_year[8];
};
void pupil_release(struct pupil *p);

struct enrolment {
    char namespace[8]; /* school or centre */
    char urn[URN_SIZE];
    char kind[16];  /* main, subsidiary, … */
    day_t from, to; /* DAY_NONE: open */
};

/* Candidates for a child by the union of its keys (match/keys.h). *out is for free() after
 * person_wipe of each; at most CANDIDATES_MAX. */
int roster_candidates(struct db *db, const uint64_t *keys, size_t keys_count,
                      struct candidate **out, size_t *count, struct err *err) MUST_CHECK;

/* 1, 0 none such, -1. */
int roster_pupil(struct db *db, int64_t pupil_key, struct pupil *out, struct err *err) MUST_CHECK;

/* Where the pupil is on roll on that day; *out is for free(). */
int roster_enrolments(struct db *db, int64_t pupil_key, day_t on, struct enrolment **out,
                      size_t *count, struct err *err) MUST_CHECK;

/* Records a decision with its candidates, makes it the child's, and hands the child to planning
 * (stage plan; state review or open). made_by is 'matcher' or a person's login. */
int roster_decide(struct db *db, int64_t child_id, const struct decision *decision,
                  const char *made_by, time_t now, struct err *err) MUST_CHECK;

/* The child's decision in force, without evidence: 1, 0 none yet, -1. */
struct decision_row {
    int64_t decision_id;
    enum match_outcome outcome;
    int64_t pupil_key; /* -1 unless match */
    double score;
    time_t made_at;
    char made_by[65];
    char rule[129];
};
int roster_decision(struct db *db, int64_t child_id, struct decision_row *out,
                    struct err *err) MUST_CHECK;

#endif
