#include "office.h"

#include <stdio.h>
#include <string.h>

#include "callouts.h"
#include "chance.h"
#include "files.h"
#include "gate.h"
#include "late.h"
#include "life.h"
#include "promise.h"
#include "store/closures.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

int office_rolls(const char *folder, bool new_year)
{
    if (new_year)
        world_new_school_year();
    else
        world_some_move(0.02);
    for (int la = 0; la < LAS; la++) {
        tally.imports++;
        if (files_roll(gate_office, folder, la, now) < 0)
            return -1;
    }
    return 0;
}

static int import_contacts(const char *folder, int contact)
{
    tally.imports++;
    return files_contacts(gate_office, folder, doors[contacts[contact].door].la, now);
}

struct roll {
    const char *folder;
    int la;
};

static int import_roll(struct db *db, void *what)
{
    const struct roll *roll = what;

    return files_roll(db, roll->folder, roll->la, clock_now(&gate_clock));
}

/* How much there is of registers: one that is not whole has left some. */
static int64_t rows_there(void)
{
    struct err err = {.code = ERR_NONE};
    int64_t n = -1;

    if (sql_int(gate_office, &n, &err,
                "SELECT (SELECT count(*) FROM import) + (SELECT count(*) FROM pupil)"
                " + (SELECT total(ended_at) + count(*) FROM enrolment)",
                "") < 0)
        fprintf(stderr, "year: %s\n", err.text);
    return n;
}

/* Now and then by a command that is killed, and of which nothing may be seen. */
static int import_roll_killed(struct roll *roll, bool *done)
{
    struct err err = {.code = ERR_NONE};
    int64_t before = rows_there();

    if (gate_office_killed(import_roll, roll, chance_below(100), done, &err) < 0)
        return life_failed(&err, "the import");
    if (!*done && rows_there() != before)
        promise_broken("P1", -1, "an import was killed, and some of it is in the store");
    tally.killed_imports += !*done;
    return 0;
}

/* Some pupils have moved, and of those of whom something waits to be told more than of others. */
static void move_in_the_night(void)
{
    world_some_move(0.01);
    for (int i = callouts_count - 1; i >= 0 && callouts[i].attended_at > now - 86400; i--) {
        for (int j = 0; j < callouts[i].children_count; j++) {
            if (chance_of(0.5))
                world_move(callouts[i].children[j].pupil);
        }
    }
}

int office_night_roll(const char *folder)
{
    int killed = chance_below(LAS);

    move_in_the_night();
    gate_clock.shift = now + skew;
    for (int la = 0; la < LAS; la++) {
        struct roll roll = {folder, la};
        bool done = false;

        tally.imports++;
        if (la == killed && import_roll_killed(&roll, &done) < 0)
            return -1;
        if (!done && import_roll(gate_office, &roll) < 0)
            return -1;
    }
    return 0;
}

int office_desk(const char *folder, bool gone)
{
    int door = world_la_desk(1), last = -1;

    for (int i = 0; i < contacts_count; i++) {
        if (contacts[i].door == door)
            last = i;
    }
    if (gone)
        contacts[last].ended = true;
    else if (contacts_count < CONTACTS_MAX - 2)
        last = world_add_contact(door, "la_desk", "email", PROMPT, now);
    return import_contacts(folder, last);
}

/* As `encompass close` does. */
static int close_by_command(int la, int door, day_t from, day_t to, bool reopen)
{
    struct closure c = {.from = from, .to = to, .title = "Snow"};
    struct err err = {.code = ERR_NONE};
    int rc;

    snprintf(c.door.namespace, sizeof c.door.namespace, "%s",
             door < 0 ? "la" : doors[door].namespace);
    snprintf(c.door.urn, sizeof c.door.urn, "%s", door < 0 ? las[la].code : doors[door].urn);
    gate_clock.shift = now + skew;
    if (db_begin(gate_office, &err) < 0)
        return life_failed(&err, "close");
    rc = reopen ? closures_remove(gate_office, &c, "officer", clock_now(&gate_clock), &err)
                : closures_add(gate_office, &c, "officer", clock_now(&gate_clock), &err);
    if (rc < 0 || db_commit(gate_office, &err) < 0)
        return life_failed(&err, "close");
    if (reopen)
        world_remove_range(door, from);
    else
        world_add_range(la, door, "closure", from, to);
    tally.closings++;
    late_closing(clock_now(&gate_clock));
    return 0;
}

/* Some schools shut on the day, an hour and a half before anybody is told. */
int office_snow(const char *folder, enum snow snow)
{
    day_t today = london_day(now), until = today + chance_below(2);
    int la = chance_below(LAS);

    if (snow == SNOW_EVERYWHERE)
        return world_is_working_day(today) ? close_by_command(la, -1, today, today, false) : 0;
    for (int i = 0; i < 4; i++) {
        int door = chance_below(doors_count - LAS - FORCES);

        if (!world_is_school_day(door, today))
            continue;
        if (snow == SNOW_BY_FILE) {
            tally.imports++;
            if (files_closure(gate_office, folder, door, today, until, now) < 0)
                return -1;
        } else if (close_by_command(-1, door, today, until, false) < 0) {
            return -1;
        }
        if (snow == SNOW_THAWS)
            events_add(now + 2400, THAW, door, until - today, NULL);
    }
    return 0;
}

int office_thaw(int door, int days)
{
    day_t today = london_day(now);

    return close_by_command(-1, door, today, today + days, true);
}

int office_leaver(const char *folder)
{
    int i = chance_below(contacts_count);
    bool verified = chance_of(0.6);

    if (contacts[i].ended || strcmp(contacts[i].role, "dsl") != 0 || !contacts[i].verified_at ||
        strcmp(contacts[i].adapter, "email") != 0 || contacts_count > CONTACTS_MAX - 2)
        return 0;
    contacts[i].ended = true;
    i = world_add_contact(contacts[i].door, "dsl", "email", chance_of(0.8) ? PROMPT : SILENT,
                          verified ? now : 0);
    if (!verified)
        events_add(now + chance_between(1, 12) * 86400, VERIFY, i, 0, NULL);
    return import_contacts(folder, i);
}

int office_verify(const char *folder, int contact)
{
    contacts[contact].verified_at = now;
    return import_contacts(folder, contact);
}

int office_merger(const char *folder, int successors)
{
    world_close_one(successors, now);
    tally.imports += 2;
    events_add(now + chance_between(5, 20) * 86400, ROLLS, 0, 0, NULL);
    return files_establishments(gate_office, folder, now) < 0 ||
                   files_links(gate_office, folder, now) < 0
               ? -1
               : 0;
}
