/* gateway/deliver/line.h - what is due by one adapter, as it was last read from the store: the turns
 * are taken from it (turns.h), and the taking asks the store again. */
#ifndef DELIVER_LINE_H
#define DELIVER_LINE_H

#include "deliver/turns.h"

enum { IN_LINE_MAX = 1024, LATE_IN_LINE_MAX = 64 };

struct line { /* all zero: empty */
    struct waiting *list;
    size_t count, left; /* left: not yet taken */
    time_t read_at;     /* 0: never */
    /* Items whose time is up, for hosts that are shut: for claims_late_items. */
    int64_t late[LATE_IN_LINE_MAX];
    size_t late_count;
    bool passed_over; /* some that are due, for a host that is shut or has too many in line */
    time_t far_at;    /* when it was last read far past what fills it; */
    bool far_helps;   /* that found some */
};

/* Reads it anew when it is used up and something is due, and once a second for what has come before
 * those in line. */
int line_read(struct line *line, struct db *db, const char *adapter, const struct hosts *hosts,
              time_t now, struct err *err) MUST_CHECK;
void line_release(struct line *line);

/* When it wants to be read: *out; 1, 0 not before something else happens, -1. */
int line_next(const struct line *line, struct db *db, const char *adapter, time_t *out,
              struct err *err) MUST_CHECK;

#endif
