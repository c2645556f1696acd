#include "desks.h"

#include "gate.h"
#include "store/sql.h"
#include "world.h"

/* Whose business the child is: the home's authority, or the force's desk in its stead; where the
 * home is not known, that of whoever came. */
bool desks_is_one(const struct callout *c, const struct said_child *said, int door)
{
    int la = pupils[said->pupil].la, at = -1;

    if (pupils[said->pupil].doors_count > 0)
        at = doors[pupils[said->pupil].doors[0]].la;
    return door == world_la_desk(la) || (at >= 0 && door == world_la_desk(at)) ||
           door == world_force_desk(c->force) || door == world_force_desk(las[la].force) ||
           (said->no_address && door == world_la_desk(c->force == 0 ? 0 : 1));
}

/* Whether that desk had its turn: it was told, or could not be reached. */
static bool was_tried(int64_t notice_id, const char *force)
{
    struct err err = {.code = ERR_NONE};
    int64_t items = 0;

    return sql_int(gate_daemon, &items, &err,
                   "SELECT count(*) FROM notice n JOIN outbox o USING (notice_id)"
                   " WHERE n.incident_id = (SELECT incident_id FROM notice WHERE notice_id = ?)"
                   " AND n.namespace = 'force' AND n.urn = ? AND o.state IN ('sent','failed')",
                   "it", notice_id, force) == 1 &&
           items > 0;
}

bool desks_is_far(const struct callout *c, const struct said_child *said, int64_t notice_id,
                  int door)
{
    int home = las[pupils[said->pupil].la].force;

    return !said->no_address && !said->stranger && c->force != home &&
           door == world_force_desk(c->force) && !was_tried(notice_id, forces[home]);
}
