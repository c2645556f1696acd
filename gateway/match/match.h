/* gateway/match/match.h - which pupil a call-out's child is: candidates in, evidence and decision
 * out. Pure.
 *
 * First form: `match` only when forename, surname and birth date agree exactly once folded, or a
 * valid UPN agrees together with one of them, and no other candidate fits as well and nothing
 * contradicts; whatever is close goes to a person. The weighing engine replaces the inside of
 * match_decide, not its shape.
 */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "base/err.h"
#include "intake/incident.h"

enum {
    NAME_SIZE = 128, /* a folded name, bytes with the NUL */
    PERSON_NAMES = 12,
    CANDIDATES_MAX = 200, /* what the store hands over at most for one child */
    REVIEW_MAX = 5,       /* shown to a person, best first */
    EVIDENCE_MAX = 12,
};

/* What is compared: a child of a call-out, or a pupil of the roll, folded to a Latin skeleton
 * (match/normalise.h). Personal data: wipe with person_wipe. */
struct person {
    char forenames[PERSON_NAMES][NAME_SIZE]; /* forename first, then preferred, known as */
    size_t forenames_count;
    char middle_names[NAME_SIZE];
    char surnames[PERSON_NAMES][NAME_SIZE]; /* surname first, then former ones */
    size_t surnames_count;
    /* How many pupils of the roll bear each name as forename, as surname; by roster.h. */
    unsigned forenames_held[PERSON_NAMES], surnames_held[PERSON_NAMES];
    day_t born;
    day_t seen_on; /* the day of the call-out, on which age counts */
    int age;       /* -1 unknown */
    enum incident_sex sex;
    char upn[14];        /* "" none or invalid */
    char postcode[10];   /* folded: upper case, no space; "" none */
    char la_code[8];     /* whose roll it is on; "" for a call-out */
    char schools[4][24]; /* "school/100001": where on roll; for a call-out: as claimed, by URN */
    size_t schools_count;
};

struct candidate {
    int64_t pupil_key;
    struct person person;
};

enum match_outcome { MATCH_NONE, MATCH_REVIEW, MATCH_MATCH };

/* One field's say: how well it agrees and what that counts for; field and level are words. */
struct evidence {
    const char *field; /* forename, surname, birth date, UPN, sex, postcode, school, age */
    const char *level; /* same, former name, differs, missing, … */
    double weight;     /* >0 speaks for, <0 against */
};

struct weighed {
    int64_t pupil_key;
    double score; /* grows with certainty */
    struct evidence evidence[EVIDENCE_MAX];
    size_t evidence_count;
};

struct decision {
    enum match_outcome outcome;
    const char *rule; /* which rule decided: "UPN and birth date", "two pupils fit as well" */
    double score;     /* the best candidate's */
    double margin;    /* over the next other pupil; the score itself when there is none */
    struct weighed candidates[REVIEW_MAX]; /* best first; the first is the match */
    size_t candidates_count;
};

/* Decides. The candidates' order does not matter to the outcome. */
void match_decide(const struct person *query, const struct candidate *candidates, size_t count,
                  struct decision *out);

/* The children of one call-out are different children: where two came out as one pupil, both go to
 * a person. At most INCIDENT_CHILDREN_MAX. */
void match_family(struct decision *decisions, size_t count);

#endif
