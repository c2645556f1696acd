#include "plan/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "store/registers.h"

enum { FULL = 100 };

struct shelf_door {
    char force[FORCE_SIZE];
    struct establishment establishment;
    struct calendar calendar;
    struct policy policy;
};

static int read_door(struct db *db, const struct door *door, struct shelf_door *out,
                     struct err *err)
{
    struct policy_row *policies = NULL;
    size_t count = 0;
    const char *la_code = out->establishment.la_code;

    if (registers_establishment(db, door, &out->establishment, err) < 0 ||
        registers_policies(db, out->force, la_code, door, &policies, &count, err) < 0)
        return -1;
    policy_resolve(policies, count, out->force, la_code, door, &out->policy);
    free(policies);
    return registers_calendar(db, door, la_code, &out->calendar, err);
}

static const struct shelf_door *find(const struct shelf *shelf, const struct door *door,
                                     const char *force)
{
    for (size_t i = 0; i < shelf->count; i++) {
        const struct door *there = &shelf->doors[i].establishment.door;

        if (strcmp(there->urn, door->urn) == 0 && strcmp(there->namespace, door->namespace) == 0 &&
            strcmp(shelf->doors[i].force, force) == 0)
            return &shelf->doors[i];
    }
    return NULL;
}

static const struct shelf_door *add(struct shelf *shelf, struct db *db, const struct door *door,
                                    const char *force, struct err *err)
{
    struct shelf_door *more = reallocarray(shelf->doors, shelf->count + 1, sizeof *more);

    if (!more) {
        err_memory(err);
        return NULL;
    }
    shelf->doors = more;
    more += shelf->count;
    memset(more, 0, sizeof *more);
    memccpy(more->force, force, '\0', sizeof more->force - 1);
    more->establishment.door = *door;
    if (read_door(db, door, more, err) < 0)
        return NULL;
    shelf->count++;
    return more;
}

int shelf_door(struct shelf *shelf, struct db *db, const struct door *door, const char *force,
               struct plan_door *out, struct err *err)
{
    const struct shelf_door *there = find(shelf, door, force);

    if (!there)
        there = add(shelf, db, door, force, err);
    if (!there)
        return -1;
    out->establishment = there->establishment;
    out->calendar = there->calendar;
    out->policy = there->policy;
    return 0;
}

void shelf_release(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++)
        free(shelf->doors[i].calendar.ranges);
    free(shelf->doors);
    *shelf = (struct shelf){NULL, 0};
}

void shelf_clear_if_full(struct shelf *shelf)
{
    if (shelf->count >= FULL)
        shelf_release(shelf);
}
