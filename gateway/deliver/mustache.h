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

/* Adds the rendered text to out; its ceiling is the caller's to check. */
int mustache_render(struct mustache *m, const cJSON *values, struct buf *out,
                    struct err *err) MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
