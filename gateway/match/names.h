/* gateway/match/names.h - what is known of names: short forms, spellings of one name, endings that
 * change with who bears it, letters that stand for one sound, words that are no name by themselves.
 *
 * It is data: config/names/ holds files *.names, an authority adds its own (README there). Loaded
 * once at start, for the life of the process, and only read after that. Without it names are
 * compared as they are spelt.
 */
#ifndef MATCH_NAMES_H
#define MATCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "match/match.h"

/* Reads every *.names of the folder, then the file of one's own (NULL: none). On -1 (ERR_CONFIG,
 * FILE:LINE) what was loaded before stands; else it is replaced. */
int names_load(const char *folder, const char *own, struct err *err) MUST_CHECK;
void names_unload(void);

/* How two folded names are akin, the closest that holds. Equal names are NAMES_EQUAL, spaces apart;
 * an empty name is akin to none. */
enum names_kin {
    NAMES_NOT_AKIN,
    NAMES_COUSINS,  /* both are forms of a third name: Sandy and Lex */
    NAMES_NICKNAME, /* one is a short or other form of the other: Bill and William */
    NAMES_GENDERED, /* one surname as a man and as a woman bears it: Kowalski and Kowalska */
    NAMES_SPELLING, /* spellings of one name: Mohammed and Muhamad, Yevhen and Evgeny */
    NAMES_EQUAL,
};
enum names_kin names_forenames_akin(const char *a, const char *b);
enum names_kin names_surnames_akin(const char *a, const char *b);

/* Calls take for each other name that the lists have as akin (but for endings), without spaces, the
 * closest first, until it returns false. A name may come twice. */
typedef bool names_take(void *self, const char *name);
void names_forename_kin(const char *name, names_take *take, void *self);
void names_surname_kin(const char *name, names_take *take, void *self);

/* A word of a surname that joins and does not tell: van, de, bin, al. */
bool names_is_particle(const char *word);

/* A forename that many bear before the one they are called by: Muhammad, Abdul, Syed. */
bool names_is_forerunner(const char *word);

/* The name with letters that stand for one sound made one ("[letters]"), vowels kept: names whose
 * skeletons are equal are spellings of one name. */
void names_skeleton(const char *folded, char out[NAME_SIZE]);

#endif
