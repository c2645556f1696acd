/* gateway/follow/watch.h - silence is an event: what should have come and did not is looked for, the
 * desk is warned once, and the warning clears itself when its cause is gone. And exercises, which a
 * command has stored, are planned.
 *
 * What is a warning is follow/silence.h's to say; whom it is told:
 *   feed-quiet        the force's desk, else that of its home_la
 *   broker-lost       every force's desk
 *   contact-failing   the desk of the establishment's authority, else that of its home_force
 *   roll-old          the authority's desk, else that of its home_force
 *   adapter-shut      every force's desk that another adapter leads to; where none does, every
 *                     authority's; where that neither, it stands in status alone
 * One that is raised again within an hour of clearing is shown and not told: a session that comes
 * and goes is one event. A feed is judged only while the broker's session stands, and not at once
 * when it is made, for what was kept meanwhile comes in first.
 */
#ifndef FOLLOW_WATCH_H
#define FOLLOW_WATCH_H

#include <stdbool.h>
#include <time.h>

#include "store/db.h"

/* All zero before the first look. */
struct watch {
    bool begun;
    bool broker; /* one is configured */
    bool connected;
    time_t changed_at; /* when connected last changed */
    time_t looked_at, look_at;
    time_t began_at; /* of the first run */
};

/* How the session stands, before every run. */
void watch_broker(struct watch *w, bool configured, bool connected, time_t now);

/* Plans exercises, and looks when it is time to: at most once a minute, and when something becomes a
 * warning. *next is brought forward to the next look. -1: the store failed. */
int watch_run(struct watch *w, struct db *db, time_t now, time_t *next, struct err *err) MUST_CHECK;

#endif
