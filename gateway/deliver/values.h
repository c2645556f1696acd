/* gateway/deliver/values.h - what a notice may say, as JSON: the webhook's body, and with words
 * added the values of templates. Pure.
 *
 * config/webhook-notice.schema.json is the same in JSON Schema. What the field policy leaves out is
 * never put in, and the words are made from the body alone, so no template can say more than it.
 */
#ifndef DELIVER_VALUES_H
#define DELIVER_VALUES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "deliver/render.h"

/* *out is for values_free. language is that of the words. */
int values_make(const struct render_input *in, const char *language, cJSON **out,
                struct err *err) MUST_CHECK;

/* Adds what templates need and a program does not: dates in words, lists as a text, a flag for each
 * code ("present": "heard" gives present_heard). */
int values_add_words(cJSON *values, struct err *err) MUST_CHECK;

/* Whether a template may use that name: a misspelt one is found when templates are read. */
bool values_knows(const char *name);

/* Whether a notice would say the same of both: particulars, not reference, kind or times of ours. */
int values_same(const struct render_input *a, const struct render_input *b, bool *out,
                struct err *err) MUST_CHECK;

void values_free(cJSON *values); /* wipes; NULL is allowed */

#endif
