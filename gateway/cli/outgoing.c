#include "cli/outgoing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"

enum { FILE_BYTES_MAX = 256 * 1024 * 1024, MESSAGES_MAX = 1000000 };

const char *fate_word(enum fate fate)
{
    static const char *const words[] = {"unanswered", "accepted", "repeat", "refused", "rejected"};

    return words[fate];
}

static int read_bytes(const char *path, struct buf *bytes, struct err *err)
{
    bool piped = strcmp(path, "-") == 0;
    FILE *from = piped ? stdin : fopen(path, "re");
    char chunk[65536];
    size_t n;
    int rc;

    if (!from)
        return err_set(err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
    while ((n = fread(chunk, 1, sizeof chunk, from)) > 0)
        buf_add(bytes, chunk, n);
    personal_wipe(chunk, sizeof chunk);
    rc = ferror(from) ? err_set(err, ERR_SYSTEM, "%s: %s", path, strerror(errno))
                      : buf_check(bytes, err);
    if (!piped)
        fclose(from);
    return rc < 0 ? err_context(err, "%s", path) : 0;
}

static bool is_blank(const char *text, size_t length)
{
    return strspn(text, " \t\r\n") >= length;
}

/* One JSON value and nothing behind it. */
static bool is_one_value(const char *text, size_t length)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, false);
    bool one = root && is_blank(end, (size_t)(text + length - end));

    json_free(root);
    return one;
}

static void identify(struct outgoing *o, const char *force, const char *fallback)
{
    cJSON *root = cJSON_ParseWithLength(o->json, o->length);
    const char *own = json_get_text(root, "force");
    const char *police_ref = json_get_text(root, "police_ref");

    o->revision = json_get_number(root, "revision");
    if (incident_police_ref_is_valid(police_ref)) /* else it can be anything, a name too */
        memcpy(o->police_ref, police_ref, strlen(police_ref) + 1);
    if (!force)
        force = incident_force_is_valid(own) ? own : fallback;
    if (force && incident_force_is_valid(force))
        memcpy(o->force, force, strlen(force) + 1);
    json_free(root);
}

static int add(struct outgoing_file *file, const char *json, size_t length, int line,
               struct err *err)
{
    /* doubled whenever the count is a power of two */
    if ((file->count & (file->count - 1)) == 0) {
        size_t room = file->count ? file->count * 2 : 1;
        struct outgoing *more = realloc(file->list, room * sizeof *more);

        if (!more)
            return err_memory(err);
        file->list = more;
    }
    if (file->count == MESSAGES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d messages in one file", MESSAGES_MAX);
    file->list[file->count++] =
        (struct outgoing){.json = json, .length = length, .line = line, .revision = -1};
    return 0;
}

static int split_lines(struct outgoing_file *file, struct err *err)
{
    const char *at = buf_text(&file->bytes), *end = at + file->bytes.length;

    for (int line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);

        if (length > 0 && at[length - 1] == '\r')
            length--;
        if (!is_blank(at, length) && add(file, at, length, line, err) < 0)
            return -1;
        at = stop ? stop + 1 : end;
    }
    return 0;
}

/* Whether some line is a message by itself: then each is, and those that are none are faulty ones. */
static bool is_lines(const struct outgoing_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        if (is_one_value(file->list[i].json, file->list[i].length))
            return true;
    }
    return false;
}

int outgoing_read(struct outgoing_file *file, const char *path, const char *force,
                  const char *fallback, struct err *err)
{
    memset(file, 0, sizeof *file);
    buf_init(&file->bytes, FILE_BYTES_MAX);
    if (read_bytes(path, &file->bytes, err) < 0)
        return -1;
    if (is_blank(buf_text(&file->bytes), file->bytes.length))
        return err_set(err, ERR_INVALID, "%s holds no message", path);
    if (split_lines(file, err) < 0)
        return -1;
    if (file->count > 1 &&
        (is_one_value(buf_text(&file->bytes), file->bytes.length) || !is_lines(file))) {
        file->count = 1;
        file->list[0].length =
            (size_t)(buf_text(&file->bytes) + file->bytes.length - file->list[0].json);
    }
    for (size_t i = 0; i < file->count; i++)
        identify(&file->list[i], force, fallback);
    return 0;
}

void outgoing_release(struct outgoing_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->list[i].errors);
    free(file->list);
    buf_release(&file->bytes);
    memset(file, 0, sizeof *file);
}

size_t outgoing_count(const struct outgoing_file *file, enum fate fate)
{
    size_t n = 0;

    for (size_t i = 0; i < file->count; i++)
        n += file->list[i].fate == fate;
    return n;
}
