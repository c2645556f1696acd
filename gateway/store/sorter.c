#include "store/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS_MAX = 4096, READ_AHEAD = 32 << 10 /* numbers of a run */ };

struct run {
    uint64_t *ahead; /* the next numbers, from at to count */
    size_t at, count;
    off_t place, end; /* of what is not read yet, in bytes */
};

struct sorter {
    const char *folder;
    uint64_t *chunk;
    size_t chunk_size, count, at;
    int file; /* -1: all is in the chunk */
    off_t length;
    struct run *runs; /* while merging a heap: the run of the least number first */
    size_t runs_count;
    bool reading, any;
    uint64_t last;
};

int sorter_new(const char *folder, size_t chunk, struct sorter **out, struct err *err)
{
    struct sorter *s = calloc(1, sizeof *s);

    if (!s)
        return err_memory(err);
    *s = (struct sorter){.folder = folder, .chunk_size = chunk, .file = -1};
    *out = s;
    return 0;
}

void sorter_free(struct sorter *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->runs_count; i++)
        free(s->runs[i].ahead);
    if (s->file >= 0)
        close(s->file);
    free(s->runs);
    free(s->chunk);
    free(s);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int open_file(struct sorter *s, struct err *err)
{
    char name[4096];

    s->file = open(s->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->file < 0) { /* a file system that has no such files */
        snprintf(name, sizeof name, "%.4000s/sort-XXXXXX", s->folder);
        s->file = mkostemp(name, O_CLOEXEC);
        if (s->file >= 0)
            unlink(name);
    }
    return s->file < 0 ? err_errno(err, "a file to sort in") : 0;
}

static int write_all(struct sorter *s, const void *bytes, size_t length, struct err *err)
{
    for (size_t done = 0; done < length;) {
        ssize_t n =
            pwrite(s->file, (const char *)bytes + done, length - done, s->length + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, "sorting the roll's keys");
        done += (size_t)n;
    }
    s->length += (off_t)length;
    return 0;
}

static int spill(struct sorter *s, struct err *err)
{
    struct run *more = reallocarray(s->runs, s->runs_count + 1, sizeof *more);
    off_t begin = s->length;

    if (!more)
        return err_memory(err);
    s->runs = more;
    if (s->runs_count == RUNS_MAX)
        return err_set(err, ERR_LIMIT, "sorting the roll's keys: too many");
    if (s->file < 0 && open_file(s, err) < 0)
        return -1;
    qsort(s->chunk, s->count, sizeof *s->chunk, by_number);
    if (write_all(s, s->chunk, s->count * sizeof *s->chunk, err) < 0)
        return -1;
    s->runs[s->runs_count++] = (struct run){.place = begin, .end = s->length};
    s->count = 0;
    return 0;
}

int sorter_add(struct sorter *s, uint64_t number, struct err *err)
{
    if (!s->chunk) {
        s->chunk = reallocarray(NULL, s->chunk_size, sizeof *s->chunk);
        if (!s->chunk)
            return err_memory(err);
    }
    if (s->count == s->chunk_size && spill(s, err) < 0)
        return -1;
    s->chunk[s->count++] = number;
    return 0;
}

/* The run has its next number at hand: 1, or it has none left: 0. */
static int read_ahead(struct sorter *s, struct run *r, struct err *err)
{
    size_t bytes = READ_AHEAD * sizeof *r->ahead, got = 0;

    if (r->at < r->count)
        return 1;
    if (r->end - r->place < (off_t)bytes)
        bytes = (size_t)(r->end - r->place);
    if (bytes == 0)
        return 0;
    if (!r->ahead && !(r->ahead = reallocarray(NULL, READ_AHEAD, sizeof *r->ahead)))
        return err_memory(err);
    while (got < bytes) {
        ssize_t n = pread(s->file, (char *)r->ahead + got, bytes - got, r->place + (off_t)got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, "sorting the roll's keys");
        got += (size_t)n;
    }
    r->place += (off_t)bytes;
    r->at = 0;
    r->count = bytes / sizeof *r->ahead;
    return 1;
}

static uint64_t head(const struct sorter *s, size_t i)
{
    return s->runs[i].ahead[s->runs[i].at];
}

static void sink(struct sorter *s, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1;
        struct run r;

        for (size_t child = left; child < left + 2 && child < s->runs_count; child++) {
            if (head(s, child) < head(s, least))
                least = child;
        }
        if (least == i)
            return;
        r = s->runs[i];
        s->runs[i] = s->runs[least];
        s->runs[least] = r;
        i = least;
    }
}

static int begin_reading(struct sorter *s, struct err *err)
{
    s->reading = true;
    if (s->runs_count == 0) {
        if (s->count > 0)
            qsort(s->chunk, s->count, sizeof *s->chunk, by_number);
        return 0;
    }
    if (s->count > 0 && spill(s, err) < 0)
        return -1;
    free(s->chunk);
    s->chunk = NULL;
    for (size_t i = 0; i < s->runs_count; i++) {
        if (read_ahead(s, &s->runs[i], err) < 0)
            return -1;
    }
    for (size_t i = s->runs_count / 2; i > 0; i--)
        sink(s, i - 1);
    return 0;
}

static int take_least(struct sorter *s, uint64_t *out, struct err *err)
{
    struct run *first = s->runs;
    int more;

    if (s->file < 0) {
        if (!s->chunk || s->at == s->count)
            return 0;
        *out = s->chunk[s->at++];
        return 1;
    }
    if (s->runs_count == 0)
        return 0;
    *out = first->ahead[first->at++];
    more = read_ahead(s, first, err);
    if (more < 0)
        return -1;
    if (more == 0) {
        free(first->ahead);
        *first = s->runs[--s->runs_count];
    }
    sink(s, 0);
    return 1;
}

int sorter_next(struct sorter *s, uint64_t *out, struct err *err)
{
    int rc;

    if (!s->reading && begin_reading(s, err) < 0)
        return -1;
    do
        rc = take_least(s, out, err);
    while (rc == 1 && s->any && *out == s->last);
    s->any = true;
    s->last = *out;
    return rc;
}
