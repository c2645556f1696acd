#include "follow/bounces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/personal.h"
#include "follow/dsn.h"
#include "store/audit.h"
#include "store/outbox.h"

enum {
    LOOK_SECONDS = 10,
    SHUT_SECONDS = 60,
    BATCH = 32,              /* reports of one transaction */
    MAIL_BYTES = 256 * 1024, /* what matters stands before the words that are returned */
    NAME_SIZE = 256,
    PATH_SIZE = 4096,
    DETAIL_SIZE = 64,
};

struct taken {
    char name[NAME_SIZE];
    bool seen; /* it is dealt with */
};

struct look {
    struct db *db;
    time_t now;
    int from, to; /* new/ and cur/ */
    struct taken taken[BATCH];
    int count;
    int stuck;         /* errno of one that cannot be read, or moved; 0 */
    bool unmoved;      /* one that was taken is in new/ still */
    struct err failed; /* of one that the store does not take */
    struct bounces_count found;
};

static int open_folder(const char *maildir, const char *name)
{
    char path[PATH_SIZE];

    if ((size_t)snprintf(path, sizeof path, "%s/%s", maildir, name) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int bounces_check(const char *folder, struct err *err)
{
    static const char *const names[] = {"new", "cur"};
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(names) && rc == 0; i++) {
        int fd = open_folder(folder, names[i]);

        if (fd < 0 || faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
            rc = err_set(err, ERR_CONFIG, "%s/%s: %s", folder, names[i], strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return rc;
}

/* The beginning of a file that is one: 0; -1 it cannot be read. */
static int read_beginning(int folder, const char *name, struct buf *mail)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st = {.st_mode = 0};
    char bytes[8192];
    ssize_t n = -1;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        while ((n = read(fd, bytes, sizeof bytes)) > 0 && mail->length + (size_t)n <= MAIL_BYTES)
            buf_add(mail, bytes, (size_t)n);
        personal_wipe(bytes, sizeof bytes);
    }
    close(fd);
    if (n < 0 || mail->failed) {
        errno = mail->failed ? ENOMEM : S_ISREG(st.st_mode) ? errno : EINVAL;
        return -1;
    }
    return 0;
}

static int take_failed(struct look *l, const struct dsn *dsn, struct err *err)
{
    char detail[DETAIL_SIZE];
    int rc;

    snprintf(detail, sizeof detail, "came back %s",
             dsn->status[0] ? dsn->status : "without reason");
    rc = outbox_undelivered(l->db, dsn->key, dsn->code, detail, -1, l->now, err);
    if (rc == 1)
        l->found.failed++;
    return rc < 0 ? -1 : 1;
}

static int take_delayed(struct look *l, const struct dsn *dsn, struct err *err)
{
    char detail[DETAIL_SIZE];

    snprintf(detail, sizeof detail, "on its way, delayed %s", dsn->status);
    l->found.delayed++;
    return outbox_delayed(l->db, dsn->key, detail, l->now, err) < 0 ? -1 : 1;
}

/* 1 it is dealt with; 0 it waits; -1 the store failed. */
static int take(struct look *l, const struct dsn *dsn, bool *seen, struct err *err)
{
    *seen = dsn->verdict != DSN_OTHER;
    if (dsn->verdict == DSN_OTHER)
        l->found.other++;
    if (dsn->verdict == DSN_FOREIGN)
        l->found.foreign++;
    if (dsn->verdict <= DSN_ARRIVED)
        return 1;
    switch (outbox_standing(l->db, dsn->key, err)) {
    case OUTBOX_NONE:
        l->found.foreign++;
        return 1;
    case OUTBOX_UNDER_WAY:
        return 0;
    case OUTBOX_SENT:
        return dsn->verdict == DSN_FAILED ? take_failed(l, dsn, err) : take_delayed(l, dsn, err);
    case OUTBOX_OVER:
        l->found.repeated++;
        return 1;
    case OUTBOX_UNKNOWN:
        break;
    }
    return -1;
}

static int take_file(struct look *l, const char *name, struct err *err)
{
    struct buf mail;
    struct dsn dsn;
    bool seen = false;
    int rc = 0;

    buf_init(&mail, MAIL_BYTES);
    if (read_beginning(l->from, name, &mail) == 0) {
        dsn_read(buf_text(&mail), mail.length, &dsn);
        rc = take(l, &dsn, &seen, err);
    } else {
        l->stuck = errno;
    }
    buf_release(&mail);
    if (rc <= 0)
        return rc;
    snprintf(l->taken[l->count].name, NAME_SIZE, "%s", name);
    l->taken[l->count++].seen = seen;
    return 0;
}

/* As a part of the transaction: one that the store does not take stays, and holds up no other. */
static int take_part(struct look *l, const char *name, struct err *err)
{
    const struct bounces_count found = l->found;
    struct err why = {.code = ERR_NONE}, ignored;
    int count = l->count, rc;

    if (db_part_begin(l->db, err) < 0)
        return -1;
    rc = take_file(l, name, &why);
    if (!db_in_transaction(l->db) || db_part_end(l->db, rc == 0, rc < 0 ? &ignored : err) < 0 ||
        (rc < 0 && err_may_pass(&why))) {
        if (rc < 0)
            *err = why;
        return -1;
    }
    if (rc < 0) {
        l->failed = why;
        l->found = found;
        l->count = count;
    }
    return 0;
}

static int note(struct look *l, struct err *err)
{
    const struct bounces_count *c = &l->found;

    if (l->count == 0)
        return 0;
    return audit_add(l->db, l->now, "bounces", "bounces.read", &AUDIT_ABOUT_NOTHING, err,
                     "failed=%d delayed=%d repeated=%d foreign=%d other=%d", c->failed, c->delayed,
                     c->repeated, c->foreign, c->other);
}

/* In the caller's transaction. */
static int take_all(struct look *l, DIR *folder, struct err *err)
{
    const struct dirent *entry;

    while (l->count < BATCH && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && strlen(entry->d_name) < NAME_SIZE &&
            take_part(l, entry->d_name, err) < 0)
            return -1;
    }
    return note(l, err);
}

/* maildir(5): flags stand behind ":2,"; S has been seen. What cannot be moved is read again. */
static void move_all(struct look *l)
{
    char name[NAME_SIZE + 8];

    for (int i = 0; i < l->count; i++) {
        const struct taken *t = &l->taken[i];

        snprintf(name, sizeof name, "%.*s:2,%s", (int)strcspn(t->name, ":"), t->name,
                 t->seen ? "S" : "");
        if (renameat(l->from, t->name, l->to, name) < 0) {
            l->stuck = errno;
            l->unmoved = true;
        }
    }
}

static bool is_any(DIR *folder)
{
    const struct dirent *entry;

    while ((entry = readdir(folder))) {
        if (entry->d_name[0] != '.')
            return true;
    }
    return false;
}

static int look(struct look *l, DIR *folder, struct err *err)
{
    if (!is_any(folder))
        return 0; /* no transaction for nothing */
    rewinddir(folder);
    if (db_begin(l->db, err) < 0)
        return -1;
    if (take_all(l, folder, err) < 0) {
        db_rollback(l->db);
        return -1;
    }
    if (db_commit(l->db, err) < 0)
        return -1;
    if (l->count > 0)
        log_event(LOG_LEVEL_INFO, "bounces.read",
                  "failed=%d delayed=%d repeated=%d foreign=%d other=%d", l->found.failed,
                  l->found.delayed, l->found.repeated, l->found.foreign, l->found.other);
    move_all(l);
    if (l->failed.code == ERR_NONE)
        return 0;
    *err = l->failed;
    return -1;
}

/* Said once, until it can be read again. */
static void set_shut(struct bounces *b, bool shut, const char *why)
{
    if (shut && !b->shut)
        log_event(LOG_LEVEL_ERROR, "bounces.shut", "detail=\"the maildir cannot be worked in: %s\"",
                  why);
    if (!shut && b->shut)
        log_event(LOG_LEVEL_INFO, "bounces.open", "detail=\"the maildir can be read again\"");
    b->shut = shut;
}

int bounces_run(struct bounces *b, struct db *db, time_t now, time_t *next, bool *more,
                struct bounces_count *count, struct err *err)
{
    struct look l = {.db = db, .now = now, .from = -1, .to = -1};
    DIR *folder = NULL;
    int rc = 0;

    *count = (struct bounces_count){.failed = 0};
    if (!b->folder)
        return 0;
    if (now >= b->look_at || b->look_at > now + SHUT_SECONDS) {
        l.from = open_folder(b->folder, "new");
        l.to = open_folder(b->folder, "cur");
        folder = l.from >= 0 && l.to >= 0 ? fdopendir(l.from) : NULL;
        if (folder)
            rc = look(&l, folder, err);
        set_shut(b, !folder || l.stuck, strerror(folder ? l.stuck : errno));
        b->look_at = now + (!folder || l.unmoved ? SHUT_SECONDS : LOOK_SECONDS);
        if (rc == 0 && l.count == BATCH && !l.unmoved) {
            b->look_at = now;
            *more = true;
        }
        *count = l.found;
        if (folder)
            closedir(folder);
        else if (l.from >= 0)
            close(l.from);
        if (l.to >= 0)
            close(l.to);
    }
    if (b->look_at < *next)
        *next = b->look_at;
    return rc;
}
