/* gateway/deliver/mustache.h - Mustache (kainjow's, a C++ header) behind a C face.
 *
 * Values are JSON: strings and numbers are texts, true, objects and lists open sections. A name
 * that has no value is nothing. No partials and no lambdas: neither can come out of JSON, and
 * templates_load refuses their tags. The C++ strings in which a text is put together are freed but
 * not wiped; what is handed out is.
 */
#ifndef DELIVER_MUSTACHE_H
#define DELIVER_MUSTACHE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mustache;

/* html: values are escaped for HTML. -1: ERR_INVALID says what is wrong with the template. *out is
 * for mustache_free. */
int mustache_new(const char *text, bool html, struct mustache **out, struct err *err) MUST_CHECK;
void mustache_free(struct mustache *m);

/* Values in C++'s own shape: made once for all the templates that they go into. *out is for
 * mustache_values_free. */
struct mustache_values;
int mustache_values_new(const cJSON *json, struct mustache_values **out,
                        struct err *err) MUST_CHECK;
int mustache_values_add(struct mustache_values *values, const char *name, const char *text,
                        struct err *err) MUST_CHECK;
void mustache_values_free(struct mustache_values *values); /* NULL is allowed */

/* Adds the rendered text to out; its ceiling is the caller's to check. */
int mustache_render(struct mustache *m, const struct mustache_values *values, struct buf *out,
                    struct err *err) MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
