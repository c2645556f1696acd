/* Any bytes are a report of a delivery or none: never a crash, a key only with a verdict that needs
 * one, and of its form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "follow/dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dsn dsn;

    dsn_read((const char *)data, size, &dsn);
    if ((dsn.verdict > DSN_FOREIGN) != (dsn.key[0] != '\0'))
        abort();
    if (dsn.key[0] && (strlen(dsn.key) != DSN_KEY_SIZE - 1 ||
                       strspn(dsn.key, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != DSN_KEY_SIZE - 1))
        abort();
    if (strspn(dsn.status, "0123456789.") != strlen(dsn.status) ||
        (dsn.code != 0 && (dsn.code < 400 || dsn.code > 599)))
        abort();
    return 0;
}
