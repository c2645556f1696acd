/* gateway/cli/effects.h - what a change of days or policies did to the notices that are not sent yet:
 * those that are owed are looked at before and after, with planning in between. */
#ifndef CLI_EFFECTS_H
#define CLI_EFFECTS_H

#include <cJSON.h>

#include "cli/command.h"
#include "store/report.h"

struct effects {
    struct report_notice *before;
    size_t count;
    int64_t newest; /* the last notice that there was */
};

int effects_before(struct db *db, struct effects *e, struct err *err) MUST_CHECK;

/* Plans what waits to be planned, then adds to the list each notice that is otherwise now: reference,
 * namespace, urn, establishment, was_due_at, due_at (null: it is cancelled), what (moved, cancelled,
 * new). */
int effects_after(struct cli *cli, struct db *db, struct effects *e, cJSON *list,
                  struct err *err) MUST_CHECK;

/* The list in columns; a sentence when it is empty. */
void effects_print(const cJSON *list);

void effects_release(struct effects *e);

#endif
