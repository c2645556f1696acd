#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/personal.h"

void buf_init(struct buf *b, size_t ceiling)
{
    memset(b, 0, sizeof *b);
    b->ceiling = ceiling;
}

static void drop(struct buf *b)
{
    if (b->data) {
        personal_wipe(b->data, b->length);
        free(b->data);
    }
    b->data = NULL;
    b->length = 0;
    b->capacity = 0;
}

void buf_release(struct buf *b)
{
    if (b)
        drop(b);
}

void buf_clear(struct buf *b)
{
    drop(b);
    b->failed = ERR_NONE;
}

static bool grow(struct buf *b, size_t more)
{
    size_t capacity = b->capacity;
    char *data;

    if (b->failed)
        return false;
    if (more > b->ceiling - b->length) {
        drop(b);
        b->failed = ERR_LIMIT;
        return false;
    }
    if (b->length + more + 1 <= capacity)
        return true;
    if (capacity < 64)
        capacity = 64;
    while (capacity < b->length + more + 1)
        capacity *= 2;
    /* Not realloc: the old place has to be wiped. */
    data = malloc(capacity);
    if (!data) {
        drop(b);
        b->failed = ERR_MEMORY;
        return false;
    }
    if (b->data) {
        memcpy(data, b->data, b->length + 1);
        personal_wipe(b->data, b->length);
        free(b->data);
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t length)
{
    if (!grow(b, length))
        return;
    if (length > 0)
        memcpy(b->data + b->length, data, length);
    b->length += length;
    b->data[b->length] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int length;

    va_start(ap, fmt);
    length = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (length < 0 || !grow(b, (size_t)length))
        return;
    va_start(ap, fmt);
    vsnprintf(b->data + b->length, (size_t)length + 1, fmt, ap);
    va_end(ap);
    b->length += (size_t)length;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

int buf_check(const struct buf *b, struct err *err)
{
    if (b->failed == ERR_MEMORY)
        return err_memory(err);
    if (b->failed)
        return err_set(err, ERR_LIMIT, "more than %zu bytes", b->ceiling);
    return 0;
}

char *buf_take(struct buf *b)
{
    char *data = b->data;

    if (b->failed)
        return NULL;
    if (!data)
        return calloc(1, 1);
    b->data = NULL;
    b->length = 0;
    b->capacity = 0;
    return data;
}
