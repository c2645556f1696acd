/* tests/year/world.h - what is true in a simulated year: establishments, the people who are told,
 * pupils, school days. The gateway learns of it by files alone (files.h); the checks of what it
 * does (checks.h) are made against this.
 */
#ifndef YEAR_WORLD_H
#define YEAR_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/date.h"

enum { LAS = 3, FORCES = 2, ROLES = 2, CONTACTS_MAX = 600, RANGES_MAX = 800 };

struct la {
    const char *code, *name, *town, *outward;
    int force;
    bool centres, nurseries, has_desk;
    int terms; /* which of the calendars */
};
extern const struct la las[LAS];
extern const char *const forces[FORCES];

/* A door that can be told. The desks of authorities and forces come last. */
enum kind { PRIMARY, SECONDARY, SPECIAL, INDEPENDENT, COLLEGE, UNIT, CENTRE, LA_DESK, FORCE_DESK };
enum timing { MORNINGS, HOLDS, AT_ONCE };
struct door_truth {
    enum kind kind;
    const char *namespace;
    char urn[48];
    int la; /* of a force's desk -1 */
    char name[64], postcode[12];
    int low, high;
    enum timing timing;
    bool own_terms;
    bool saturdays;   /* lessons on them too */
    time_t closed_at; /* for good; 0 it is open */
    int successors[2], successors_count;
};

enum temper {
    PROMPT, /* answers within the hour */
    SLOW,   /* within two days */
    SILENT, /* never */
    FLAKY,  /* one try in three is put off */
    FULL,   /* every try is put off, for days */
    DEAD,   /* refused for good */
    GONE,   /* the same, and says that the address has ended */
    TEMPERS,
};
struct contact_truth {
    int door;
    const char *role; /* dsl, deputy, la_desk */
    char name[48], address[96];
    const char *adapter;
    enum temper temper;
    time_t verified_at; /* 0: nobody has */
    bool ended;
};

struct pupil_truth {
    const char *forename, *middle, *surname, *second_surname; /* second NULL: one */
    bool girl;
    day_t born;
    int la, family;
    int house, street;
    char postcode[12], upn[14];
    int doors[2], doors_count; /* on roll there; none: educated at home, or too young */
    unsigned days;             /* on which weekdays, bit 0 Monday; 0 all */
    bool left;                 /* grown up, or gone */
};

struct range_truth {
    int la, door;     /* one of them is -1 */
    const char *kind; /* term, closure, inset */
    day_t from, to;
};

extern struct door_truth doors[];
extern int doors_count;
extern struct contact_truth contacts[CONTACTS_MAX];
extern int contacts_count;
extern struct pupil_truth *pupils;
extern int pupils_count;
extern struct range_truth ranges[RANGES_MAX];
extern int ranges_count;

#define YEAR_BEGINS day_from_civil(2027, 8, 25)

void world_make(int pupils_wanted);
void world_free(void);

int world_la_desk(int la); /* its own, or the force's where it has none */
int world_force_desk(int force);
bool world_is_desk(int door);
const char *world_surname(const struct pupil_truth *p, char out[64]);

/* September: everyone moves up, the eldest leave, the youngest come. */
void world_new_school_year(void);
/* A pupil changes school, or some do. */
void world_move(int pupil);
void world_some_move(double share);

int world_add_contact(int door, const char *role, const char *adapter, enum temper temper,
                      time_t verified_at);
int world_contact_at(const char *address); /* -1 nobody's */

void world_add_range(int la, int door, const char *kind, day_t from, day_t to);
void world_remove_range(int door, day_t from); /* a closure of its own that begins on that day */

/* One school closes for good, and 1 or 2 others take its pupils. */
void world_close_one(int successors, time_t at);
/* Where a place on roll is at that moment: of what has closed its one successor; -1 nobody's. */
int world_followed(int door, time_t at);
bool world_is_bank_holiday(day_t day);
bool world_is_school_day(int door, day_t day);
bool world_is_working_day(day_t day);

/* On which weekdays it is there that the pupil attends; 0 all, or not there. */
unsigned world_days_at(const struct pupil_truth *p, int door, time_t at);
/* When a call-out that came at that moment is to be with the establishment, or the desk: of a place on
 * some days only, by the next of them. */
time_t world_due(int door, unsigned days, time_t accepted_at);
/* The bell of that morning, or a quarter of an hour after what was to go at once. */
time_t world_late_after(int door, unsigned days, time_t accepted_at);

extern const char *const bank_holidays[]; /* NULL at the end */
extern const char *const streets[];

#endif
