/* gateway/match/sound.h - names as an ear keeps them.
 *
 * One code for all traditions: the letters that English, Irish, Slavic, South Asian, Arabic and
 * other spellings use for one sound become one ("ph" f, "ough" nothing, "sz" s, "kh" k, "v" and "w"
 * before a vowel alike), vowels after the first letter vanish. Two names of one code may differ; a
 * misspelling by ear nearly always keeps it. */
#ifndef MATCH_SOUND_H
#define MATCH_SOUND_H

#include "match/match.h"

/* The code of a folded name, without spaces: "" only for "". Pure. */
void sound_of(const char *folded, char out[NAME_SIZE]);

#endif
