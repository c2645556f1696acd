/* gateway/match/rows.h - rows of the rolls that are one child's, and which of them say together where
 * it is on roll. Pure. */
#ifndef MATCH_ROWS_H
#define MATCH_ROWS_H

#include "match/match.h"

/* Two rows for one child: the same permanent UPN, birth date and forename, on whatever rolls. A surname
 * may have changed since, as it does where a family has fled. A twin whose number was mistyped is
 * none. */
bool rows_are_one_child(const struct person *a, const struct person *b);

/* And what they say of its schools goes together:
 *   rows of one authority's roll, as of a dual registration
 *   rows of two, one of which has it beside its main school, if they do not say that it lives in
 *   different places: a child at a refuge is often a guest of the school there, and the roll that
 *   has it as its own is of the place that it fled from
 *   a row that it has left, whose home is an old one, and any other
 * Where two authorities have it as their own, or say different homes, the call-out's home says which
 * of them is told, or a person. Not transitive. */
bool rows_are_one_pupil(const struct person *a, const struct person *b);

/* Of a child's rows those whose schools are told when it is taken for the first of them: that one and
 * what is one pupil with it; where two of these are not with each other, and it alone joins them,
 * only those of its own authority. */
void rows_told(const struct person *rows, size_t count, bool *told);

#endif
