/* Messages as files in a folder: for drills, for a place that prints, and the smallest whole
 * adapter. A file has its message's key for a name, so a repeat takes its own place again, and
 * appears whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/adapter.h"
#include "base/buf.h"
#include "base/date.h"

enum { FILE_BYTES_MAX = 4 * 1024 * 1024, FILE_NAME_SIZE = 64 };

struct spool {
    int folder; /* open, for the life of the adapter */
};

static const struct config_key keys[] = {
    {.name = "folder", .kind = CONFIG_PATH, .help = "where each message becomes a file"},
    {.name = NULL},
};

static int spool_open(const struct config *conf, void **self, struct err *err)
{
    const char *folder = config_text(conf, spool_adapter.section, "folder");
    struct spool *s;

    if (!folder)
        return err_set(err, ERR_CONFIG, "[%s] folder is missing", spool_adapter.section);
    s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(err);
    s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder < 0 || faccessat(s->folder, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        err_set(err, ERR_CONFIG, "[%s] folder: %s: %s", spool_adapter.section, folder,
                strerror(errno));
        if (s->folder >= 0)
            close(s->folder);
        free(s);
        return -1;
    }
    *self = s;
    return 0;
}

static void spool_close(void *self)
{
    struct spool *s = self;

    close(s->folder);
    free(s);
}

/* A line of the head; a name cannot begin another one. */
static void add_line(struct buf *out, const char *header, const char *text)
{
    buf_addf(out, "%s: ", header);
    for (; *text; text++)
        buf_add_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
    buf_add_char(out, '\n');
}

static void compose(const struct message *m, struct buf *out)
{
    char at[MOMENT_TEXT_SIZE];

    add_line(out, "Date", moment_format(m->at, at));
    add_line(out, "To", personal_reveal(&m->to_name));
    add_line(out, "Address", personal_reveal(&m->to_address));
    add_line(out, "Subject", m->subject);
    add_line(out, "Message-ID", m->key);
    add_line(out, "Content-Language", m->language);
    buf_add_char(out, '\n');
    buf_add_text(out, personal_reveal(&m->text));
}

static bool write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
    return true;
}

static int keep(const struct spool *s, const char *key, const struct buf *content)
{
    char name[FILE_NAME_SIZE], unfinished[FILE_NAME_SIZE];
    int fd, failed;
    bool ok;

    snprintf(name, sizeof name, "%s.txt", key);
    snprintf(unfinished, sizeof unfinished, ".%s.new", key);
    fd = openat(s->folder, unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    ok = write_all(fd, content->data, content->length) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok && renameat(s->folder, unfinished, s->folder, name) == 0)
        return fsync(s->folder);
    failed = errno;
    unlinkat(s->folder, unfinished, 0);
    errno = failed;
    return -1;
}

/* All is done here; *work is the errno that it ended with, for judge. */
static int spool_start(void *self, const struct message *message, CURL **transfer, void **work,
                       struct err *err)
{
    const struct spool *s = self;
    int *ended;
    struct buf content;

    if (message->key[0] == '\0' || message->key[0] == '.' || strchr(message->key, '/'))
        return err_set(err, ERR_INVALID, "a key that is no file name");
    ended = calloc(1, sizeof *ended);
    if (!ended)
        return err_memory(err);
    buf_init(&content, FILE_BYTES_MAX);
    compose(message, &content);
    if (buf_check(&content, err) < 0) {
        buf_release(&content);
        free(ended);
        return -1;
    }
    if (keep(s, message->key, &content) < 0)
        *ended = errno;
    buf_release(&content);
    *transfer = NULL;
    *work = ended;
    return 0;
}

static enum verdict spool_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                struct outcome *outcome)
{
    int *ended = work;
    enum verdict verdict = *ended == 0 ? VERDICT_SENT : VERDICT_BROKEN;

    (void)self;
    (void)transfer;
    (void)how;
    snprintf(outcome->detail, sizeof outcome->detail, "%s",
             *ended == 0 ? "kept" : strerror(*ended));
    free(ended);
    return verdict;
}

const struct adapter spool_adapter = {
    .name = "spool",
    .section = "adapter \"spool\"",
    .keys = keys,
    .reads = MESSAGE_TEXT,
    .open = spool_open,
    .start = spool_start,
    .judge = spool_judge,
    .close = spool_close,
};
