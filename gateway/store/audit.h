/* gateway/store/audit.h - what was done, when and by whom; rows are only ever added.
 *
 * event is a word such as incident.accepted, child.matched, notice.planned, item.sent; detail holds
 * references, codes and counts, never personal data (P5). Absent ids are -1.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <stdint.h>
#include <time.h>

#include "store/db.h"

struct audit_about {
    int64_t incident_id, child_id, notice_id, item_id;
};
#define AUDIT_ABOUT_NOTHING ((struct audit_about){-1, -1, -1, -1})

int audit_add(struct db *db, time_t at, const char *who, const char *event,
              const struct audit_about *about, struct err *err, const char *detail, ...)
    PRINTF(7, 8) MUST_CHECK;

#endif
