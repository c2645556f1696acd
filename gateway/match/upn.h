/* gateway/match/upn.h - unique pupil numbers.
 *
 * A check letter and twelve characters: LA number (3), establishment (4), year (2), serial (3);
 * a temporary number has a letter as the last of them. The check letter is the sum of the twelve,
 * weighed 2 to 13, modulo 23, in the alphabet without I, O and S; a letter counts as its place in
 * it. LA and establishment numbers that exist no more are no error.
 */
#ifndef MATCH_UPN_H
#define MATCH_UPN_H

#include <stdbool.h>

enum { UPN_SIZE = 14 };

/* The number in upper case without spaces; "" and false when it is none: UN1..UN5 (none known),
 * a wrong check letter, the wrong length. */
bool upn_fold(const char *text, char out[UPN_SIZE]);

bool upn_is_temporary(const char *folded);

#endif
