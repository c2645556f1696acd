#include "registers/encoding.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int encoding_read_file(const char *path, size_t ceiling, struct buf *out, struct err *err)
{
    static const size_t STEP = 65536;
    FILE *file = fopen(path, "re");
    char chunk[65536];
    size_t got;
    int rc = -1;

    if (!file)
        return err_errno(err, path);
    buf_init(out, ceiling);
    while ((got = fread(chunk, 1, STEP, file)) > 0)
        buf_add(out, chunk, got);
    if (ferror(file)) {
        err_errno(err, path);
        goto out;
    }
    if (buf_check(out, err) < 0) {
        err_context(err, "%s", path);
        goto out;
    }
    rc = 0;
out:
    explicit_bzero(chunk, sizeof chunk);
    fclose(file);
    if (rc < 0)
        buf_release(out);
    return rc;
}

static bool continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* The length of the character at p, 0 when it is none (RFC 3629). */
static size_t character(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return left >= 2 && continues(p[1]) ? 2 : 0;
    if (p[0] >= 0xe0 && p[0] <= 0xef) {
        if (left < 3 || !continues(p[1]) || !continues(p[2]) || (p[0] == 0xe0 && p[1] < 0xa0) ||
            (p[0] == 0xed && p[1] > 0x9f))
            return 0;
        return 3;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        if (left < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3]) ||
            (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

size_t encoding_utf8_valid(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0;

    while (at < length) {
        size_t step = character(p + at, length - at);

        if (step == 0)
            return at;
        at += step;
    }
    return at;
}

size_t encoding_lines(const char *text, size_t length)
{
    size_t lines = 0;

    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n' || (text[i] == '\r' && (i + 1 == length || text[i + 1] != '\n'));
    return lines;
}

/* 0x80..0x9f of Windows-1252 in Unicode (encoding.spec.whatwg.org has the same table, with the
 * undefined five as control characters); 0: undefined. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/* Everything here is below U+10000, so three bytes at most. */
static void add_code_point(struct buf *out, unsigned code)
{
    if (code < 0x80) {
        buf_add_char(out, (char)code);
    } else if (code < 0x800) {
        buf_add_char(out, (char)(0xc0 | code >> 6));
        buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_add_char(out, (char)(0xe0 | code >> 12));
        buf_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_add_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

static int from_windows_1252(const char *path, struct buf *text, struct err *err)
{
    struct buf out;

    buf_init(&out, text->ceiling);
    for (size_t i = 0, run; i < text->length; i += run) {
        unsigned code;

        for (run = 0; i + run < text->length && (unsigned char)text->data[i + run] < 0x80;)
            run++;
        if (run > 0) {
            buf_add(&out, text->data + i, run);
            continue;
        }
        run = 1;
        code = (unsigned char)text->data[i];
        if (code < 0xa0)
            code = windows_1252[code - 0x80];
        if (code == 0) {
            buf_release(&out);
            return err_set(err, ERR_INVALID,
                           "%s:%zu: is neither UTF-8 nor Windows-1252 (byte 0x%02x)", path,
                           encoding_lines(text->data, i) + 1, (unsigned char)text->data[i]);
        }
        add_code_point(&out, code);
    }
    if (buf_check(&out, err) < 0) {
        buf_release(&out);
        return err_context(err, "%s", path);
    }
    buf_release(text);
    *text = out;
    return 0;
}

static bool starts(const struct buf *text, const char *mark, size_t length)
{
    return text->length >= length && memcmp(text->data, mark, length) == 0;
}

int encoding_to_utf8(const char *path, struct buf *text, const char **name, struct err *err)
{
    const char *nul;
    size_t valid;

    *name = "UTF-8";
    if (text->length == 0)
        return 0;
    if (starts(text, "\xff\xfe", 2) || starts(text, "\xfe\xff", 2))
        return err_set(err, ERR_INVALID, "%s:1: is UTF-16: save it as CSV UTF-8", path);
    nul = memchr(text->data, '\0', text->length);
    if (nul)
        return err_set(err, ERR_INVALID, "%s:%zu: has a NUL byte: this is no text", path,
                       encoding_lines(text->data, (size_t)(nul - text->data)) + 1);
    valid = encoding_utf8_valid(text->data, text->length);
    if (starts(text, "\xef\xbb\xbf", 3)) {
        if (valid < text->length)
            return err_set(err, ERR_INVALID,
                           "%s:%zu: is no UTF-8, which the file's first bytes promise", path,
                           encoding_lines(text->data, valid) + 1);
        memmove(text->data, text->data + 3, text->length - 3 + 1);
        text->length -= 3;
        return 0;
    }
    if (valid == text->length)
        return 0;
    *name = "Windows-1252";
    return from_windows_1252(path, text, err);
}
