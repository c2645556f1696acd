/* gateway/base/err.h - a failure: a code that the program branches on, a line for the log.
 *
 * Functions that can fail return -1 and fill *err; whoever can act on a failure logs it, once.
 * The text names files, lines, columns, options and references, never personal data: it goes
 * to logs and terminals as it is.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

enum err_code {
    ERR_NONE,
    ERR_INVALID, /* what came from outside is not as it must be: file, message, option value */
    ERR_USAGE,   /* wrong words on the command line */
    ERR_CONFIG,  /* the configuration */
    ERR_STORE,   /* SQLite failed, or the store is not what we expect */
    ERR_BUSY,    /* the store is locked, or another daemon has it: trying again is right */
    ERR_NETWORK, /* broker, mail or web server out of reach */
    ERR_SYSTEM,  /* the operating system said no: file, permission, disk */
    ERR_MEMORY,
    ERR_LIMIT,     /* a ceiling of ours was reached */
    ERR_NONE_SUCH, /* nothing by that name or reference */
};

struct err {
    enum err_code code;
    char text[512];
};

/* Fill *err and return -1. A NULL err is allowed and only returns -1. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF(3, 4);

/* Put "context: " before the text that is there. Returns -1. */
int err_context(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* -1 with ERR_MEMORY. */
int err_memory(struct err *err);

/* -1 with ERR_SYSTEM, `what` and the text of errno. `what` is no personal data. */
int err_errno(struct err *err, const char *what);

/* That all four return -1 and nothing else, said so that the compiler and clang-tidy see it where
 * they are called. */
static inline int err_minus_one(int rc)
{
    (void)rc;
    return -1;
}
#define err_set(...) err_minus_one(err_set(__VA_ARGS__))
#define err_context(...) err_minus_one(err_context(__VA_ARGS__))
#define err_memory(err) err_minus_one(err_memory(err))
#define err_errno(err, what) err_minus_one(err_errno(err, what))

/* Of the store or the machine (busy, full, out of memory), not of what was worked on: another piece of
 * work would fail too, and the same one can succeed later. */
bool err_may_pass(const struct err *err);

/* The exit status of a command that ended in this failure: 1 found something wrong (ERR_INVALID,
 * ERR_NONE_SUCH), 2 wrong use (ERR_USAGE), 3 could not. */
int err_exit_status(const struct err *err);

#endif
