/* gateway/match/match.h - which pupil a call-out's child is: candidates in, evidence and decision
 * out. Pure.
 *
 * The child is this pupil, or it is another child who looks like it: a stranger, a brother or sister
 * at home, a namesake. Each field says how likely its level is for the own pupil and for each of
 * those (match/weights.h); what weighs is the likeliest other. So a household speaks once: a sister
 * shares surname, address and school, and only forename and birth date tell her apart. The rarity
 * of a name comes from the roll itself. From all candidates together, and from the chance that the
 * child is on no roll, comes one probability; two cuts on it make the decision.
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
    PERSON_SCHOOLS = 4,
    DOOR_SIZE = 24,
    STREET_SIZE = 64,
    HOUSE_SIZE = 24,
    REVIEW_MAX = 5, /* shown to a person, best first */
    EVIDENCE_MAX = 14,
};

/* Where a pupil lives, folded; personal data. */
struct home {
    char house[HOUSE_SIZE], street[STREET_SIZE], postcode[10];
};

/* How a row of an authority's roll has the pupil; the less, the nearer. */
enum standing {
    STANDING_OWN,    /* on a main roll, or known to the authority and on none */
    STANDING_SECOND, /* beside its main school: subsidiary, guest, … */
    STANDING_LEFT,   /* no more: it was on roll, and every enrolment has ended */
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
    char upn[14];             /* "" none or invalid */
    char postcode[10];        /* folded: upper case, no space; "" none */
    char la_code[8];          /* whose roll it is on; "" for a call-out */
    enum standing standing;   /* with that authority */
    char house[HOUSE_SIZE];   /* the numbers of the address, "20 4" for flat 20 of number 4 */
    char street[STREET_SIZE]; /* folded without spaces, "highstreet" */
    struct home other_home;   /* of a pupil: where a person has accepted that it lives; "" none */
    /* "school/100001": where on roll; for a call-out: as claimed, by URN */
    char schools[PERSON_SCHOOLS][DOOR_SIZE];
    size_t schools_count;
    char school_names[PERSON_SCHOOLS][NAME_SIZE]; /* the telling words (match/school.h) */
    size_t school_names_count;
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
    double score; /* log2 of the odds that the child is this pupil: 10 is 1000 to 1 */
    struct evidence evidence[EVIDENCE_MAX];
    size_t evidence_count;
};

struct decision {
    enum match_outcome outcome;
    const char *rule;   /* which rule decided: "UPN and birth date", "two pupils fit as well" */
    double probability; /* that the child is the best candidate, 0..1 */
    double score;       /* the best candidate's */
    double margin;      /* over the next other pupil; the score itself when there is none */
    struct weighed candidates[REVIEW_MAX]; /* best first; the first is the match */
    size_t candidates_count;
    struct home home; /* of the match: where others of the call-out may live, too */
};

/* What a decision rests on beside child and candidates. */
struct weights; /* match/weights.h */
struct matcher {
    const struct weights *weights;
    double pupils; /* on the roll; 0: unknown */
};

/* Decides. The candidates' order does not matter to the outcome. */
void match_decide(const struct matcher *matcher, const struct person *query,
                  const struct candidate *candidates, size_t count, struct decision *out);

/* The children of one call-out mostly live together. Where one of them is matched, the others that
 * are not may be decided once more as living where that pupil does, which the call-out may not have
 * said. *found, zeroed before the first of such homes, is what they lead to, in whatever order they
 * come: MATCH where all that lead to a match lead to one pupil, REVIEW between those where they do
 * not, else NONE, and the decision as it was stands. */
void match_together(struct decision *found, const struct decision *as_there);

/* The children of one call-out are different children: where two came out as one pupil, both go to
 * a person. child_keys: by which the rows of one child are known, of each that is a match. At most
 * INCIDENT_CHILDREN_MAX. */
void match_family(struct decision *decisions, const int64_t *child_keys, size_t count);

#endif
