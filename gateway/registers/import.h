/* gateway/registers/import.h - a file into a register: whole, or not at all.
 *
 * One transaction an import. Mistakes are collected, up to IMPORT_MISTAKES of them, each as
 * "FILE:LINE: COLUMN: what is wrong" with no value quoted, and one is enough to refuse the file. A
 * dry run does everything and takes it back. What decisions rest on has changed afterwards, so
 * children that are not settled are matched or planned anew in the same transaction.
 */
#ifndef REGISTERS_IMPORT_H
#define REGISTERS_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "store/db.h"

enum {
    IMPORT_MISTAKES = 20,
    IMPORT_WARNINGS = 20,     /* shown; all are counted */
    IMPORT_CHANGES = 50,      /* shown of a dry run; all are counted */
    IMPORT_ENDS_PERCENT = 20, /* of what an authority has: more at once needs `force` */
};

struct reading; /* registers/reading.h */

struct import_options {
    const char *la, *urn, *namespace; /* NULL: not given */
    bool complete;                    /* the file is all there is */
    bool force;                       /* end more than IMPORT_ENDS_PERCENT of what is there */
    bool dry_run;
    const char *who;
    time_t now;
    /* Told now and then of rows read, and of the file's lines; NULL: nobody wants to know. */
    void (*progress)(const char *kind, size_t done, size_t total);
};

/* Lines of text, the first `most` of them kept. */
struct import_lines {
    char **line;
    size_t kept, most, count;
};

/* Rows of the file by a code and its name, such as GIAS's statuses. */
struct import_tally {
    const char *what; /* "status", "type" */
    int code;
    char name[81];
    int64_t rows;
};

struct import_result {
    const char *encoding; /* "UTF-8", "Windows-1252" */
    int64_t read, added, changed, ended, unchanged;
    int64_t unverified;           /* contacts that nobody has checked, so nothing is sent there */
    int64_t rematched, replanned; /* children whose decision or plan is made anew */
    struct import_lines mistakes, warnings, changes, ignored; /* ignored: columns' names */
    struct import_tally *tallies;
    size_t tallies_count;
};

/* The kinds, for help and usage. name NULL at the end. */
struct import_kind {
    const char *name;
    const char *columns;               /* or the format */
    bool la, urn, namespace, complete; /* the options that it takes */
    bool rematch, replan;
    int (*read)(struct reading *r, struct err *err);
};
extern const struct import_kind import_kinds[];
const struct import_kind *import_kind_find(const char *name); /* NULL: no such kind */

/* *out is written in any case, for import_result_release. -1: ERR_INVALID when the file is refused
 * (mistakes say why, or err where it is one thing), ERR_USAGE when an option is missing. */
int import_run(struct db *db, const struct import_kind *kind, const char *file,
               const struct import_options *options, struct import_result *out,
               struct err *err) MUST_CHECK;
void import_result_release(struct import_result *result);

#endif
