/* gateway/base/log.h - one line an event: when, how grave, what, and its references.
 *
 *   2026-03-16T07:30:01Z info outbox.sent item=812 adapter=email tries=2 ms=640
 *
 * Where the journal reads it, its priority goes before (journalctl -p warning).
 * References, counts, codes, durations; never personal data. Control characters and bytes that
 * are no UTF-8 leave as \xNN, so a line is always one line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdio.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Where lines go and by which clock; both are borrowed for the life of the process. Until this is
 * called lines go to stderr by the machine's clock, from LOG_LEVEL_INFO up. */
void log_open(FILE *to, const struct clock *clock, enum log_level least);

/* From the next line on. */
void log_set_level(enum log_level least);
enum log_level log_level(void);
const char *log_level_word(enum log_level level);

/* "error", "warning", "info", "debug" to *out; -1: ERR_CONFIG. */
int log_level_parse(const char *text, enum log_level *out, struct err *err) MUST_CHECK;

void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF(3, 4);

/* The same as an error, with err's text as error="…". */
void log_failure(const char *event, const struct err *err);

#endif
