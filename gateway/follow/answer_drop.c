#include "follow/answer_drop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/receivers.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/personal.h"
#include "follow/answer.h"
#include "follow/answer_file.h"
#include "store/notices.h"

enum {
    LOOK_SECONDS = 1,
    SHUT_SECONDS = 60,
    BATCH = 500,   /* files of one look, */
    LOOK_MS = 250, /* and no longer: each that is taken waits for the disk */
    PATIENCE = 600,
    NAME_BYTES = 200,
};

static const char suffix[] = ".answer", reason_suffix[] = ".reason";

struct answer_drop {
    int folder, refused;
    struct signing_secret secret;
    time_t look_at;
    bool shut;              /* the folder could not be read, which has been said */
    char after[NAME_BYTES]; /* the last that was looked at, where others are left; "" none */
};

static int open_folders(struct answer_drop *d, const char *path, struct err *err)
{
    d->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->folder >= 0 && (mkdirat(d->folder, "refused", 0700) == 0 || errno == EEXIST))
        d->refused = openat(d->folder, "refused", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (d->folder >= 0 && d->refused >= 0 &&
        faccessat(d->folder, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0)
        return 0;
    return err_set(err, ERR_CONFIG, "[answers] folder %s: %s", path, strerror(errno));
}

int answer_drop_open(const struct config *conf, struct answer_drop **out, struct err *err)
{
    const char *path = config_has(conf, "answers") ? config_text(conf, "answers", "folder") : NULL;
    struct answer_drop *d;
    int rc;

    *out = NULL;
    if (!path)
        return 0;
    d = calloc(1, sizeof *d);
    if (!d)
        return err_memory(err);
    d->folder = d->refused = -1;
    rc = signing_secret_read(conf, "answers", "secret_file", &d->secret, err);
    if (rc == 0)
        rc = err_set(err, ERR_CONFIG, "[answers] folder needs a secret_file");
    if (rc < 0 || open_folders(d, path, err) < 0) {
        answer_drop_close(d);
        return -1;
    }
    *out = d;
    return 0;
}

void answer_drop_close(struct answer_drop *d)
{
    if (!d)
        return;
    if (d->folder >= 0)
        close(d->folder);
    if (d->refused >= 0)
        close(d->refused);
    personal_wipe(d, sizeof *d);
    free(d);
}

/* 0; -1 it cannot be read, or is no file. One that is too long is read so far, and refused. */
static int read_file(const struct answer_drop *d, const char *name, struct buf *out)
{
    int fd = openat(d->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char bytes[4096];
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        while ((n = read(fd, bytes, sizeof bytes)) > 0 && out->length <= ANSWER_FILE_BYTES_MAX)
            buf_add(out, bytes, (size_t)n);
        personal_wipe(bytes, sizeof bytes);
    }
    close(fd);
    return n < 0 || out->failed ? -1 : 0;
}

/* All that it says, or nothing of it: one that is refused has changed nothing. */
static int take(struct db *db, const struct answer_file *file, time_t now, struct err *err)
{
    struct answer_said said[INCIDENT_CHILDREN_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i < file->not_ours_count; i++)
        said[count++] = (struct answer_said){file->not_ours_of[i], "file", ANSWER_NOT_OURS, false};
    if (file->not_ours && file->not_ours_count == 0)
        said[count++] = *SAID(ANSWER_NOT_OURS, "file");
    if (file->taken)
        said[count++] = *SAID(ANSWER_TAKEN, "file");
    return answer_notice_all(db, file->reference, said, count, now, err);
}

/* An answer can be quicker than the record of what it answers. */
static int may_wait(struct db *db, const struct answer_file *file, time_t now, struct err *err)
{
    struct notice_row notice;
    int rc = notices_by_reference(db, file->reference, &notice, err);

    if (rc <= 0)
        return rc;
    return notice.state == NOTICE_OWED && now < file->at + PATIENCE;
}

static void say_why(const struct answer_drop *d, const char *name, const char *why)
{
    char path[NAME_BYTES + sizeof reason_suffix];
    int fd;

    snprintf(path, sizeof path, "%s%s", name, reason_suffix);
    fd = openat(d->refused, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || dprintf(fd, "%s\n", why) < 0)
        log_event(LOG_LEVEL_ERROR, "answers.unsaid", "error=\"%s\"", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void refuse(const struct answer_drop *d, const char *name, const char *why)
{
    log_event(LOG_LEVEL_WARNING, "answers.refused", "reason=\"%s\"", why);
    say_why(d, name, why);
    if (renameat(d->folder, name, d->refused, name) < 0)
        log_event(LOG_LEVEL_ERROR, "answers.unmoved", "error=\"%s\"", strerror(errno));
}

/* 1 it is dealt with; 0 it waits; -1 the store failed. */
static int take_text(const struct answer_drop *d, struct db *db, const char *name,
                     const struct buf *text, time_t now, struct err *err)
{
    struct answer_file file;
    const char *why = answer_file_read(buf_text(text), text->length, d->secret.bytes,
                                       d->secret.length, now, &file);
    struct err not ;
    int waits;

    if (why) {
        refuse(d, name, why);
        return 1;
    }
    if (take(db, &file, now, &not ) >= 0) {
        if (unlinkat(d->folder, name, 0) < 0)
            log_event(LOG_LEVEL_ERROR, "answers.unmoved", "error=\"%s\"", strerror(errno));
        return 1;
    }
    if (not .code != ERR_NONE_SUCH && not .code != ERR_INVALID) {
        *err = not ;
        return -1;
    }
    waits = may_wait(db, &file, now, err);
    if (waits == 0)
        refuse(d, name, not .text);
    return waits < 0 ? -1 : waits == 0;
}

static int is_answer(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > sizeof suffix - 1 && length < NAME_BYTES &&
           strcmp(entry->d_name + length - (sizeof suffix - 1), suffix) == 0 &&
           entry->d_name[strspn(entry->d_name,
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_.")] == '\0';
}

/* As take_text; what cannot be read stays where it is, and holds up no other. */
static int take_one(const struct answer_drop *d, struct db *db, const char *name, time_t now,
                    int *files, struct err *err)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, 2 * ANSWER_FILE_BYTES_MAX);
    if (read_file(d, name, &text) == 0) {
        (*files)++;
        rc = take_text(d, db, name, &text, now, err);
    }
    buf_release(&text); /* wipes */
    return rc;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Goes on behind the last look's end, so that whatever stays in the folder holds up no other; nor does
 * one that the store does not take. *more: some are left, for at once. */
static int look(struct answer_drop *d, struct db *db, struct dirent **entries, int count,
                time_t now, bool *more, struct err *err)
{
    int64_t until_ms = clock_monotonic_ms() + LOOK_MS;
    int first = 0, seen = 0, files = 0, dealt = 0, failed = 0;

    while (first < count && strcmp(entries[first]->d_name, d->after) <= 0)
        first++;
    for (; seen < count && files < BATCH && clock_monotonic_ms() < until_ms; seen++) {
        const char *name = entries[(first + seen) % count]->d_name;
        struct err why = {.code = ERR_NONE};
        int rc = take_one(d, db, name, now, &files, &why);

        if (rc < 0)
            *err = why;
        if (rc < 0 && err_may_pass(&why))
            return -1;
        failed += rc < 0;
        dealt += rc == 1;
        memccpy(d->after, name, '\0', sizeof d->after); /* is_answer has measured it */
    }
    if (seen == count)
        d->after[0] = '\0';
    *more = seen < count && dealt > 0;
    return failed > 0 ? -1 : 0;
}

int answer_drop_run(struct answer_drop *d, struct db *db, time_t now, time_t *next, struct err *err)
{
    struct dirent **entries = NULL;
    bool more = false;
    int count, rc = 0;

    if (!d)
        return 0;
    if (now >= d->look_at || now < d->look_at - SHUT_SECONDS) {
        count = scandirat(d->folder, ".", &entries, is_answer, by_name);
        if (count < 0 && !d->shut)
            log_event(LOG_LEVEL_ERROR, "answers.shut", "error=\"%s\"", strerror(errno));
        d->shut = count < 0;
        if (count > 0)
            rc = look(d, db, entries, count, now, &more, err);
        for (int i = 0; i < count; i++)
            free(entries[i]);
        free(entries);
        d->look_at = more ? now : now + (d->shut ? SHUT_SECONDS : LOOK_SECONDS);
    }
    if (d->look_at < *next)
        *next = d->look_at;
    return rc;
}
