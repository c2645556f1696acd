/* gateway/match/compare.h - field by field, how well a child agrees with a pupil. Pure, and no
 * judgement: what a level counts for stands in match.c. */
#ifndef MATCH_COMPARE_H
#define MATCH_COMPARE_H

#include <stdbool.h>

#include "match/match.h"
#include "match/place.h"
#include "match/school.h"

enum name_level {
    NAME_MISSING,
    NAME_DIFFERS,
    NAME_INITIAL,   /* one of them is no more than the other's first letter */
    NAME_FAR,       /* two slips or three, in a longer name */
    NAME_NEAR,      /* one slip */
    NAME_SHORT,     /* the beginning of the other: Sam, Samuel */
    NAME_SOUND,     /* alike to the ear */
    NAME_VARIANT,   /* another form of the name: nickname, spelling */
    NAME_MIDDLE,    /* a forename that is a middle name there */
    NAME_PART,      /* half of a double name */
    NAME_EXCHANGED, /* forename and surname stand in each other's place */
    NAME_OTHER,     /* preferred, known as, former */
    NAME_SAME,
    NAME_LEVELS,
};

enum born_level {
    BORN_MISSING,
    BORN_DIFFERS,
    BORN_AGE_DIFFERS, /* only an age is known */
    BORN_AGE_NEAR,    /* and it is one year off */
    BORN_AGE_FITS,
    BORN_YEAR,       /* 1 January is said, as it is where only the year is known */
    BORN_PART,       /* day or month is another */
    BORN_OTHER_YEAR, /* the day is the same, of a year two or more off */
    BORN_NEXT_YEAR,  /* a year more or less, to the day */
    BORN_DIGIT,      /* one digit of day or month is another */
    BORN_EXCHANGED,  /* day and month stand in each other's place */
    BORN_SAME,
    BORN_LEVELS,
};

enum agreement { AGREE_MISSING, AGREE_DIFFERS, AGREE_SAME };

/* A level, and which of the names said it. */
struct name_says {
    enum name_level level;
    size_t child, pupil; /* by place in person.forenames or .surnames */
};

struct comparison {
    struct name_says forename, surname;
    enum born_level born;
    enum home_level home;
    enum school_level school;
    enum agreement middle_names, sex, upn;
    bool too_young; /* said to be no more than three, and the pupil is older than that */
};

void compare(const struct person *child, const struct person *pupil, struct comparison *out);

/* Insertions, deletions, substitutions and exchanges of neighbours that lead from one folded name
 * to the other; more than limit is limit + 1. */
int name_distance(const char *a, const char *b, int limit);

#endif
