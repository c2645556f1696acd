/* gateway/follow/exposition.h - Prometheus' text format, version 0.0.4: families of samples. Pure.
 *
 *   # HELP encompass_notices Notices, by state.
 *   # TYPE encompass_notices gauge
 *   encompass_notices{state="owed"} 12
 */
#ifndef FOLLOW_EXPOSITION_H
#define FOLLOW_EXPOSITION_H

#include <stdint.h>

#include "base/buf.h"

/* type: gauge or counter. name and help are literals of ours. */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);

/* Up to two labels; a NULL name ends them. Their values are escaped. */
void exposition_sample(struct buf *out, const char *name, const char *label, const char *is,
                       const char *label2, const char *is2, int64_t value);

/* A family of one sample without labels. */
void exposition_one(struct buf *out, const char *name, const char *type, const char *help,
                    int64_t value);

#endif
