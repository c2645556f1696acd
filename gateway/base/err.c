#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int(err_set)(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    err->code = code;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return -1;
}

int(err_context)(struct err *err, const char *fmt, ...)
{
    char old[sizeof err->text];
    char before[sizeof err->text];
    va_list ap;

    if (!err)
        return -1;
    memcpy(old, err->text, sizeof old);
    va_start(ap, fmt);
    vsnprintf(before, sizeof before, fmt, ap);
    va_end(ap);
    /* What is cut, if anything, is the end of the inner text. */
    size_t used = (size_t)snprintf(err->text, sizeof err->text, "%s: ", before);
    if (used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - used, "%s", old);
    return -1;
}

int(err_memory)(struct err *err)
{
    return err_set(err, ERR_MEMORY, "out of memory");
}

int(err_errno)(struct err *err, const char *what)
{
    int number = errno;

    return err_set(err, ERR_SYSTEM, "%s: %s", what, strerror(number));
}

bool err_may_pass(const struct err *err)
{
    return err->code == ERR_BUSY || err->code == ERR_SYSTEM || err->code == ERR_MEMORY;
}

int err_exit_status(const struct err *err)
{
    switch (err->code) {
    case ERR_NONE:
        return 0;
    case ERR_INVALID:
    case ERR_NONE_SUCH:
        return 1;
    case ERR_USAGE:
        return 2;
    default:
        return 3;
    }
}
