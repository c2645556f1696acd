/* gateway/store/roster.h - pupils and enrolments, found by blocking keys; decisions about children.
 */
#ifndef STORE_ROSTER_H
#define STORE_ROSTER_H

#include "match/keys.h"
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

/* The pupil as the roll has it; with what is remembered of it (store/remember.h) it is compared and
 * filed. Enrolments are not in it. For person_wipe. */
void roster_person(const struct pupil *pupil, struct person *out);

struct enrolment {
    char namespace[8]; /* school or centre */
    char urn[URN_SIZE];
    char kind[16];  /* main, subsidiary, … */
    day_t from, to; /* DAY_NONE: open */
    unsigned days;  /* of a part-time place, as weekdays_parse; 0 all */
};

/* Candidates for a child by the union of its keys (match/keys.h): at most CANDIDATES_MAX, those
 * first whose shared keys say most. A key that too many share is passed over. Pupils who have left
 * are among them: planning says that they are on no roll. On that day an enrolment with a last day may
 * be over; DAY_NONE: whatever the day. *out is for roster_candidates_free.
 * ERR_STORE when another version of the program made the roll's keys (roll_index.h). */
int roster_candidates(struct db *db, const struct key *keys, size_t keys_count, day_t on,
                      struct candidate **out, size_t *count, struct err *err) MUST_CHECK;
void roster_candidates_free(struct candidate *candidates,
                            size_t count); /* wipes; NULL is allowed */

/* How many pupils are on the roll; fills in how many bear each of the person's names; and how many,
 * FULL_NAME_MAX at most, bear both names and are born in that year. */
enum { FULL_NAME_MAX = 1000 };
int roster_count(struct db *db, double *pupils, struct err *err) MUST_CHECK;
int roster_count_names(struct db *db, struct person *person, struct err *err) MUST_CHECK;
int roster_count_full_name(struct db *db, const char *forename, const char *surname, int year,
                           unsigned *out, struct err *err) MUST_CHECK;

/* 1, 0 none such, -1. */
int roster_pupil(struct db *db, int64_t pupil_key, struct pupil *out, struct err *err) MUST_CHECK;

/* Where the pupil is on roll on that day, also by other rows of the roll that are the same child's
 * (rows_told): a dual registration gives two. No door twice; *out is for free(). */
int roster_enrolments(struct db *db, int64_t pupil_key, day_t on, struct enrolment **out,
                      size_t *count, struct err *err) MUST_CHECK;

/* The pupil's own row first, then those that are the same child's on any roll, past ones too
 * (rows_are_one_child): children are known again by them. */
enum { ROSTER_ROWS_MAX = 8 };
int roster_rows(struct db *db, int64_t pupil_key, int64_t keys[ROSTER_ROWS_MAX], size_t *count,
                struct err *err) MUST_CHECK;

/* Whether two rows are one child's (rows_are_one_child); a row and itself are. 1, 0, -1. */
int roster_is_one_child(struct db *db, int64_t pupil_key, int64_t other_key,
                        struct err *err) MUST_CHECK;

/* Records a decision with its candidates, makes it the child's, and hands the child to planning
 * (stage plan; state review or open). One that says the same as the one in force, by the same hand,
 * is not recorded again and leaves the state. made_by is 'matcher' or a person's login, who gives
 * candidates[0] for a match, and for none no candidate. In the caller's transaction. */
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
