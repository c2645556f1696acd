/* gateway/match/normalise.h - names and postcodes as they are compared, whoever wrote them.
 *
 * A folded name is a Latin skeleton: words of a-z and 0-9 with one space between. Apostrophes and
 * full stops vanish ("O'Brien" is "obrien"), every other mark parts words ("Smith-Jones" is
 * "smith jones"). Letters lose their marks, other scripts are transliterated by ICU, so the same
 * name in the same script always folds alike. A digit beside letters is the letter that it looks
 * like ("Cass0n" is "casson"). What stands for no name at all ("unknown", "N/K") folds to "". Spaces
 * are kept for the halves of a surname and do not count when names are compared: "Mac Donald" is
 * "Macdonald".
 */
#ifndef MATCH_NORMALISE_H
#define MATCH_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>

#include "match/match.h"

/* ICU's major version: by another, a name that is not written in ASCII may fold otherwise. */
int normalise_version(void);

/* Folds a name; one that is too long is cut, alike on both sides. Returns its length. Text that is
 * no UTF-8 loses the bytes that are none. */
size_t normalise_name(const char *text, char out[NAME_SIZE]);

/* A postcode in upper case without spaces; "" when it is none, not even an outward half ("PL4"). */
enum { POSTCODE_SIZE = 10 };
void normalise_postcode(const char *text, char out[POSTCODE_SIZE]);
bool postcode_is_whole(const char *folded);  /* PL48AA, not PL4 */
size_t postcode_outward(const char *folded); /* length of the first half */

/* Folded names: equal but for spaces; neither is empty. */
bool name_same(const char *a, const char *b);

/* The name without its spaces; returns its length. */
size_t name_squash(const char *folded, char out[NAME_SIZE]);

/* The next word at *at (start with the name itself) into out; false at the end. */
bool name_word(const char **at, char out[NAME_SIZE]);

#endif
