/* gateway/match/knowledge.h - what matching reads once at start: [match] of the configuration. */
#ifndef MATCH_KNOWLEDGE_H
#define MATCH_KNOWLEDGE_H

#include "base/config.h"

extern const struct config_key match_keys[]; /* ended by a NULL name */

/* Loads what is known of names (match/names.h) for the life of the process. config may be NULL:
 * the lists that came with the program then, as also where the configuration names none. */
int knowledge_open(const struct config *config, struct err *err) MUST_CHECK;

#endif
