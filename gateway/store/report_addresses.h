/* gateway/store/report_addresses.h - where one adapter's messages can go. */
#ifndef STORE_REPORT_ADDRESSES_H
#define STORE_REPORT_ADDRESSES_H

#include "base/personal.h"
#include "store/db.h"

/* The addresses of verified contacts that have not ended, each once; for
 * report_addresses_free, also after -1. */
int report_addresses(struct db *db, const char *adapter, struct personal **out, size_t *count,
                     struct err *err) MUST_CHECK;
void report_addresses_free(struct personal *list, size_t count);

#endif
