/* gateway/base/buf.h - bytes that grow, up to a ceiling given when they are made
 * (after curl/curl: lib/curlx/dynbuf.h).
 *
 * A failure sticks: add all you like, then ask buf_check once. After a failure the content is
 * gone and further additions do nothing. The content is always NUL-terminated. Released bytes
 * are wiped, for most buffers here hold a message about a child.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct buf {
    char *data; /* NULL until something is added; use buf_text for a string */
    size_t length;
    size_t capacity;
    size_t ceiling; /* most bytes, without the NUL */
    enum err_code failed;
};

void buf_init(struct buf *b, size_t ceiling);
void buf_release(struct buf *b);
void buf_clear(struct buf *b); /* empty, and no longer failed; the ceiling stays */

void buf_add(struct buf *b, const void *data, size_t length);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

/* "" when empty or failed. Borrowed until the next addition. */
const char *buf_text(const struct buf *b);

/* 0 when every addition fitted, else -1 with ERR_MEMORY or ERR_LIMIT. */
int buf_check(const struct buf *b, struct err *err) MUST_CHECK;

/* The content as a string of the caller's, for free(); NULL when failed. The buffer is empty
 * afterwards. */
char *buf_take(struct buf *b);

#endif
