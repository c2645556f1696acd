/* tests/year/post.h - the ways out of a simulated year, in place of the program's own table of
 * adapters: `email` and `webhook` are played here, each recipient after its temper; `spool` is the
 * real one. What they take over is written down at once, so that it is known also when the process
 * that sent it is killed in the next moment.
 */
#ifndef YEAR_POST_H
#define YEAR_POST_H

#include <stdbool.h>
#include <time.h>

/* What one recipient has received. */
struct post_item {
    time_t at;
    char key[40], reference[16];
    char address[96];
    char subject[160];
    bool taken;   /* else it was refused for good */
    bool answers; /* it was answered at once */
    unsigned length;
    char *text;
};

/* Where the journal and the spool's folder stand. */
int post_open(const char *folder);
void post_close(void);

extern bool post_is_down; /* the mail server refuses everybody */

/* Each that has come since, in order; then they are forgotten. -1: take has returned -1. */
int post_collect(int (*take)(const struct post_item *item));

/* To be called by whoever may be killed here: does nothing unless gate.c has armed it. */
void crash_point(void);

#endif
