/* gateway/match/weights.h - how likely each level of agreement is, for the child's own pupil and for
 * others; from config/match-weights.conf, which explains itself. Pure. */
#ifndef MATCH_WEIGHTS_H
#define MATCH_WEIGHTS_H

#include "base/buf.h"
#include "match/compare.h"

enum field {
    FIELD_FORENAME,
    FIELD_SURNAME,
    FIELD_BORN,
    FIELD_HOME,
    FIELD_SCHOOL,
    FIELD_SEX,
    FIELD_MIDDLE_NAMES,
    FIELD_UPN,
    FIELDS,
};

enum { LEVELS_MAX = NAME_LEVELS };

/* How often a level is seen when the pupil is the child, a stranger, of the child's household, a
 * namesake. Of a name that is like, not the same, spellings takes the stranger's place: how many
 * others might have been said as well; rarity comes from the roll. */
struct likelihood {
    double own, stranger, household, namesake, spellings;
};

enum figure {
    FIGURE_ON_ROLL,   /* the share of children who are on the roll */
    FIGURE_HOUSEHOLD, /* how many others of a child's household are on the roll */
    FIGURE_NAMESAKE,  /* how many pupils were given a child's name, beside chance */
    FIGURE_MATCH,     /* told without a person from this probability on */
    FIGURE_REVIEW,    /* a person decides from this probability on */
    FIGURES,
};

struct weights {
    struct likelihood of[FIELDS][LEVELS_MAX];
    double figure[FIGURES];
};

const char *weights_field(enum field field);
const char *weights_level(enum field field, int level); /* NULL: there is no such level */
bool weights_by_rarity(enum field field, int level);    /* spellings stands for stranger */

/* The file's text. name stands before the line in messages. */
int weights_parse(const char *text, const char *name, struct weights *out,
                  struct err *err) MUST_CHECK;
int weights_load(const char *path, struct weights *out, struct err *err) MUST_CHECK;

/* The text of such a file. */
void weights_write(const struct weights *weights, struct buf *out);

/* Those that the program was built with. */
const struct weights *weights_default(void);

/* Those that matching uses: the ones it was built with until weights_use, at start. */
const struct weights *weights_in_use(void);
void weights_use(const struct weights *weights);

#endif
