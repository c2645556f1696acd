/* gateway/cli/explain.h - the parts of explain's tree: one child, one notice. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/json.h"
#include "cli/people.h"
#include "store/report.h"

/* What the parts of the tree are made from. */
struct telling {
    struct db *db;
    struct incident_row row;
    struct people people;
    struct report_message *revisions;
    size_t revisions_count;
    struct report_notice *notices;
    size_t notices_count;
    bool names;
    struct err *err;
};

/* An object more at the end of the list, with all that is known. */
int explain_child(struct telling *t, cJSON *list, const struct child_row *row) MUST_CHECK;
int explain_notice(struct telling *t, cJSON *list, const struct report_notice *r) MUST_CHECK;

#endif
