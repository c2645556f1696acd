/* gateway/intake/incident_json.h - bytes from outside become a tree, or a reason why not.
 *
 * cJSON takes more than RFC 8259 has (01, +1, control characters in strings, a byte order mark,
 * bytes that are no UTF-8), cuts a string at \u0000 and forgets how a number was written. So the
 * bytes are judged here first, all of them, and cJSON sees only what is JSON within our bounds.
 */
#ifndef INTAKE_INCIDENT_JSON_H
#define INTAKE_INCIDENT_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "intake/problems.h"

/* 0: *out is the tree, for incident_json_free, or NULL with the reasons in problems (all at "",
 * the whole message). -1: out of memory. */
int incident_json_parse(const char *json, size_t length, cJSON **out, struct problems *problems,
                        struct err *err) MUST_CHECK;

/* A number written as a whole number: no fraction, no exponent, no -0. */
bool incident_json_is_whole(const cJSON *item);

/* Wipes every text, then frees. NULL is allowed. */
void incident_json_free(cJSON *tree);

#endif
