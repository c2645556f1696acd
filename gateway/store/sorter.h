/* gateway/store/sorter.h - many numbers in order, in little memory: runs of a chunk each go to a
 * file without a name beside the store, and are merged. */
#ifndef STORE_SORTER_H
#define STORE_SORTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct sorter;

/* folder: where the runs go when there is more than one chunk. */
int sorter_new(const char *folder, size_t chunk, struct sorter **out, struct err *err) MUST_CHECK;
void sorter_free(struct sorter *s); /* NULL is allowed */

int sorter_add(struct sorter *s, uint64_t number, struct err *err) MUST_CHECK;

/* After the last was added: in ascending order, equal ones once. 1, 0 at the end, -1. */
int sorter_next(struct sorter *s, uint64_t *out, struct err *err) MUST_CHECK;

#endif
