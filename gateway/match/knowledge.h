/* gateway/match/knowledge.h - what matching reads at start and at a reload: [match] of the
 * configuration. */
#ifndef MATCH_KNOWLEDGE_H
#define MATCH_KNOWLEDGE_H

#include "base/config.h"

extern const struct config_key match_keys[]; /* ended by a NULL name */

/* Loads what is known of names (match/names.h) and the weights, in place of what was loaded before,
 * which stands when this fails. config may be NULL:
 * the lists that came with the program then, as also where the configuration names none. */
int knowledge_open(const struct config *config, struct err *err) MUST_CHECK;

#endif
