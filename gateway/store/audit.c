#include "store/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "store/sql.h"

int audit_add(struct db *db, time_t at, const char *who, const char *event,
              const struct audit_about *about, struct err *err, const char *detail, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, detail);
    vsnprintf(text, sizeof text, detail, ap);
    va_end(ap);
    return sql_run(db, err,
                   "INSERT INTO audit(at, who, event, incident_id, child_id, notice_id, item_id,"
                   " detail) VALUES (?,?,?,?,?,?,?,?)",
                   "ittmmmmt", (int64_t)at, who, event, about->incident_id, about->child_id,
                   about->notice_id, about->item_id, text);
}
