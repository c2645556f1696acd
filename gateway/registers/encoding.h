/* gateway/registers/encoding.h - a file of text as it came, made UTF-8. Pure.
 *
 * UTF-8 with or without a byte-order mark is taken as it is; bytes that are no UTF-8 are read as
 * Windows-1252, which is what GIAS and older exports write. UTF-16 (Excel's "Unicode text"), NUL
 * bytes and the five bytes that mean nothing in Windows-1252 are refused with their line.
 */
#ifndef REGISTERS_ENCODING_H
#define REGISTERS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The whole file, at most ceiling bytes. ERR_SYSTEM, ERR_LIMIT. */
int encoding_read_file(const char *path, size_t ceiling, struct buf *out,
                       struct err *err) MUST_CHECK;

/* Replaces the content of *text with UTF-8 without a mark and sets *name to what it was: "UTF-8" or
 * "Windows-1252". path is for the error's text. */
int encoding_to_utf8(const char *path, struct buf *text, const char **name,
                     struct err *err) MUST_CHECK;

/* The first byte at which text is no UTF-8 (overlong, surrogates, beyond U+10FFFF); length when it
 * is. */
size_t encoding_utf8_valid(const char *text, size_t length);

/* Physical lines that end within text: by CR LF, LF or CR alone. */
size_t encoding_lines(const char *text, size_t length);

#endif
