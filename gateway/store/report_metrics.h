/* gateway/store/report_metrics.h - figures for monitoring that status does not have. Counts and moments
 * alone: no name, reference or address is read. Reads the whole of some tables: for a command, or a
 * thread with a connection of its own. */
#ifndef STORE_REPORT_METRICS_H
#define STORE_REPORT_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "store/outbox.h"
#include "store/warnings.h"

enum { METRICS_VERDICT_SIZE = 16 };

struct metrics_backlog { /* of one adapter's items, warnings and exercises among them */
    char adapter[OUTBOX_ADAPTER_SIZE];
    int64_t waiting; /* for their time */
    int64_t due;     /* and not begun */
    int64_t leased;
};

struct metrics_tries {
    char adapter[OUTBOX_ADAPTER_SIZE];
    char verdict[METRICS_VERDICT_SIZE];
    int64_t count;
};

struct metrics_figures {
    struct metrics_backlog *backlog;
    size_t backlog_count;
    struct metrics_tries *tries; /* of notices */
    size_t tries_count;
    int64_t reviews;                 /* children for whom a person is to decide */
    int64_t warnings[WARNING_KINDS]; /* that stand */
    int64_t store_bytes, free_bytes; /* free: for us, on the store's file system */
    int64_t last_commit;             /* by the machine's clock, whatever --now says */
};

int metrics_figures(struct db *db, time_t now, struct metrics_figures *out,
                    struct err *err) MUST_CHECK; /* for metrics_figures_release, also after -1 */
void metrics_figures_release(struct metrics_figures *f);

#endif
