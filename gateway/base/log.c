#include "base/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"

enum { HEAD_SIZE = 128, TEXT_SIZE = 1024 };

static struct {
    FILE *to;
    const struct clock *clock;
    enum log_level least;
    bool journal;
} output = {NULL, NULL, LOG_LEVEL_INFO, false};

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const char *const priorities[] = {"<3>", "<4>", "<6>", "<7>"}; /* sd-daemon(3) */

/* systemd.exec(5): JOURNAL_STREAM names the device and inode of what the journal reads. */
static bool is_journal(FILE *to)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[64];
    struct stat st;

    if (!stream || fileno(to) < 0 || fstat(fileno(to), &st) < 0)
        return false;
    snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, ours) == 0;
}

void log_open(FILE *to, const struct clock *clock, enum log_level least)
{
    output.to = to;
    output.clock = clock;
    output.least = least;
    output.journal = to && is_journal(to);
}

void log_set_level(enum log_level least)
{
    output.least = least;
}

enum log_level log_level(void)
{
    return output.least;
}

const char *log_level_word(enum log_level level)
{
    return level_names[level];
}

int log_level_parse(const char *text, enum log_level *out, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, "log level is none of error, warning, info, debug");
}

/* How many bytes make the valid UTF-8 character at p, 0 when they make none. */
static size_t utf8_length(const unsigned char *p)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : (p[0] & 0xF0) == 0xE0       ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return n;
}

/* Into out, which has room for four bytes a byte; how many that were. */
static size_t escape(char *out, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    char *to = out;

    while (*p) {
        size_t n = utf8_length(p);

        if (n == 0 || *p < 0x20 || *p == 0x7F || (n == 2 && p[0] == 0xC2 && p[1] < 0xA0)) {
            to += snprintf(to, 5, "\\x%02x", *p);
            p++;
        } else {
            memcpy(to, p, n);
            to += n;
            p += n;
        }
    }
    return (size_t)(to - out);
}

/* Written whole: stderr has no buffer of its own, and each piece would be a system call. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    static const struct clock machine;
    FILE *to = output.to ? output.to : stderr;
    char text[TEXT_SIZE], line[HEAD_SIZE + 4 * TEXT_SIZE];
    char when[MOMENT_TEXT_SIZE];
    va_list ap;
    int head;
    size_t length;

    if (level > output.least)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    head = snprintf(line, HEAD_SIZE, "%s%s %s %s ", output.journal ? priorities[level] : "",
                    moment_format(clock_now(output.clock ? output.clock : &machine), when),
                    level_names[level], event);
    assert(head > 0 && head < HEAD_SIZE);
    length = (size_t)head + escape(line + head, text);
    line[length++] = '\n';
    flockfile(to);
    fwrite(line, 1, length, to);
    fflush(to);
    funlockfile(to);
}

void log_failure(const char *event, const struct err *err)
{
    log_event(LOG_LEVEL_ERROR, event, "error=\"%s\"", err->text);
}
