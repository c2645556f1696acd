/* gateway/intake/receipt.h - what we tell the police: version 1 of the receipt, no personal data. */
#ifndef INTAKE_RECEIPT_H
#define INTAKE_RECEIPT_H

#include <time.h>

#include "base/buf.h"
#include "intake/incident.h"
#include "intake/problems.h"

struct receipt_child {
    char child_ref[CHILD_REF_SIZE];
    char state[16]; /* open, review, told, answered, with_la_desk, withheld, withdrawn */
};

/* status: accepted, repeat, refused, progress, closed. ident's empty police_ref and revision -1
 * come out as null. problems may be NULL. Appends one JSON object to out. */
void receipt_json(const struct incident_ident *ident, const char *status, time_t at,
                  const struct problems *problems, const struct receipt_child *children,
                  size_t children_count, struct buf *out);

/* encompass/v1/<force>/receipt */
void receipt_topic(const char *force, struct buf *out);

#endif
