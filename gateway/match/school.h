/* gateway/match/school.h - a school as somebody said it, against the name in the register. Pure. */
#ifndef MATCH_SCHOOL_H
#define MATCH_SCHOOL_H

#include "match/match.h"

/* The telling words of a school's name: without "school", "primary", "Church of England" and the
 * like, which many schools share. "" when there are none. */
void school_fold(const char *name, char out[NAME_SIZE]);

enum school_level {
    SCHOOL_MISSING,
    SCHOOL_DIFFERS,
    SCHOOL_PART,   /* they share some of the telling words */
    SCHOOL_WITHIN, /* what was said is within the name */
    SCHOOL_SAME,
    SCHOOL_LEVELS,
};

enum school_level school_compare(const struct person *child, const struct person *pupil);

#endif
