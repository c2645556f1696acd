/* gateway/plan/shelf.h - what is on file about the doors of a turn's incidents, read once: most
 * incidents of a night are planned with the same desks and holidays.
 *
 * Good for one transaction, in which the registers do not change. */
#ifndef PLAN_SHELF_H
#define PLAN_SHELF_H

#include "plan/plan.h"
#include "store/db.h"

struct shelf_door;
struct shelf { /* all zero: empty */
    struct shelf_door *doors;
    size_t count;
};

/* Establishment, calendar and policy of a door as they are to that force; the calendar's ranges are
 * the shelf's. Contacts are the incident's own. */
int shelf_door(struct shelf *shelf, struct db *db, const struct door *door, const char *force,
               struct plan_door *out, struct err *err) MUST_CHECK;

/* Makes room between two incidents, when nothing of it is in use. */
void shelf_clear_if_full(struct shelf *shelf);
void shelf_release(struct shelf *shelf);

#endif
