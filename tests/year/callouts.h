/* tests/year/callouts.h - what the police say of a night, and what is true of it. */
#ifndef YEAR_CALLOUTS_H
#define YEAR_CALLOUTS_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"

enum { CALLOUT_CHILDREN = 6, REVISIONS = 4 };

/* A child of a call-out. */
struct place_said {
    int callout, position; /* callout -1: none */
};

struct said_child {
    int pupil;
    bool typo, nickname_of_middle, no_birth_date, no_upn, capitals, wrong_school, no_address;
    int from, until;          /* the revisions that name it; until 0: all that follow */
    bool stranger;            /* nobody's pupil: another surname and birth date */
    struct place_said before; /* where the pupil was spoken of before */
};

struct telling {
    int contact, revision;
    char key[40], reference[16];
    char kind;       /* notice, desk, correction, withdrawal, …: its first letter */
    char reason[16]; /* why a desk: another reason is another task */
    unsigned children;
    time_t at, answered_at; /* 0 not yet */
    int crashes;            /* how many there had been */
    struct telling *next;
};

/* do_not_tell: all that it names must fit. */
struct barred {
    bool is_set;
    const char *role;  /* NULL any */
    int door, contact; /* -1 any */
};

/* A door has said: not our pupils. */
struct ruling {
    int door;
    unsigned children;
    time_t at;
};
enum { RULINGS = 8 };

struct callout {
    int force;
    time_t attended_at;
    struct said_child children[CALLOUT_CHILDREN];
    int children_count;
    bool missing;
    struct barred barred;
    int withheld_from, withheld_until, withdrawn_from; /* revisions; 0 never */
    int marac_from, protected_from;                    /* the same, and from then on */
    int risk, risk_later; /* places in a list, of the first revision and of what follows */
    bool protects_home;   /* it is a child's address that is protected, else where it happened */
    int revision;         /* the highest that was acknowledged; 0 none */
    time_t accepted_at[REVISIONS + 1];          /* by revision */
    int last_made;                              /* the highest that there is */
    unsigned told_before_bell, told_late, told; /* children, by position */
    struct telling *tellings;
    struct ruling rulings[RULINGS];
    int rulings_count;
};

/* Where it happened, which no notice says. */
#define CALLOUT_PLACE "1 Hartshorn Refuge"

extern struct callout *callouts;
extern int callouts_count;

/* One more, attended at that moment: its number. */
int callouts_add(time_t attended_at, int room);
void callouts_free(void);

/* All that has been said about a pupil, the last first, in the order in which it happened. */
struct place_said callouts_last_about(int pupil);
struct place_said callouts_before(struct place_said at);

void callouts_reference(int number, char out[32]);
int callouts_number(const char *reference); /* -1: it is none of ours */

/* Somebody has answered that notice. */
void callouts_answered(int number, const char *reference, time_t at);

/* Of whom that telling has been taken back there since. */
unsigned callouts_taken_back(const struct callout *c, const struct telling *telling);

/* The message of that revision. */
void callouts_write(int number, int revision, time_t sent_at, struct buf *out);

/* As that message names it, and so as a notice does. */
void callouts_said_name(const struct said_child *c, int revision, char forename[64],
                        char surname[72]);
bool callouts_names(const struct said_child *c, int revision);
bool callouts_is_withheld(const struct callout *c, int revision);
bool callouts_is_withdrawn(const struct callout *c, int revision);
bool callouts_is_marac(const struct callout *c, int revision);
bool callouts_is_protected(const struct callout *c, int revision);
/* Whom the police have named as not to be told. */
bool callouts_bars(const struct callout *c, int contact);

/* How high the police grade the risk: 0 not at all, 1 standard, 2 medium, 3 high. */
int callouts_risk(const struct callout *c, int revision);
const char *callouts_present(const struct said_child *c);

#endif
