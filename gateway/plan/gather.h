/* gateway/plan/gather.h - what planning needs to know of one incident, from the store.
 *
 * The home authority is that of the child's home as the police gave it, else of the home on the
 * roll, else the roll's own, else the one that the force has settled (home_la); else nobody's, and
 * the force's desk stands in.
 */
#ifndef PLAN_GATHER_H
#define PLAN_GATHER_H

#include "plan/plan.h"
#include "plan/shelf.h"
#include "plan/told.h"
#include "store/barred.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/shut.h"

struct gathered {
    struct plan_input in; /* points into what follows */
    struct incident_row row;
    struct incident *incident;
    struct barred barred;
    struct child_row *children;
    size_t children_count;
    struct notice_row *notices; /* all of the incident's */
    size_t notices_count;

    struct shelf *shelf; /* whose the doors' calendars are */
    struct plan_door *doors;
    struct plan_child *planned; /* as in.children, in the order of children */
    struct told *told;          /* what was told of them, and what is owed for it */
    size_t told_count;
    struct ways_down down;
};

/* 1; 0 when a child of it is to be matched first; -1. out is for gathered_release in any case, before
 * the shelf is released. */
int gather(struct db *db, int64_t incident_id, time_t now, struct shelf *shelf,
           struct gathered *out, struct err *err) MUST_CHECK;
/* A door's index, read in when it is new. */
int gather_door(struct db *db, struct gathered *g, const char *namespace, const char *urn,
                size_t *out, struct err *err) MUST_CHECK;
void gathered_release(struct gathered *g);

#endif
