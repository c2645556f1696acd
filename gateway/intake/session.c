#include "intake/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static int mark_path(struct buf *path, const char *store_path, const char *ending, struct err *err)
{
    buf_init(path, 4096);
    buf_addf(path, "%s-session%s", store_path, ending);
    return buf_check(path, err);
}

bool session_is_known(const char *store_path, const char *name)
{
    char line[512] = "";
    struct buf path;
    FILE *file = NULL;

    if (mark_path(&path, store_path, "", NULL) == 0)
        file = fopen(buf_text(&path), "re");
    if (file) {
        if (!fgets(line, sizeof line, file))
            line[0] = '\0';
        fclose(file);
    }
    buf_release(&path);
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, name) == 0;
}

int session_remember(const char *store_path, const char *name, struct err *err)
{
    struct buf path, fresh;
    int fd = -1;
    int rc = -1;

    if (mark_path(&path, store_path, "", err) < 0)
        return -1;
    if (mark_path(&fresh, store_path, ".new", err) < 0)
        goto out;
    fd = open(buf_text(&fresh), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || dprintf(fd, "%s\n", name) < 0 || fsync(fd) < 0 ||
        rename(buf_text(&fresh), buf_text(&path)) < 0)
        err_errno(err, "the mark of the broker's session");
    else
        rc = 0;
    if (fd >= 0)
        close(fd);
    buf_release(&fresh);
out:
    buf_release(&path);
    return rc;
}
