#include "drills.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "events.h"
#include "follow/metrics.h"
#include "gate.h"
#include "life.h"
#include "promise.h"
#include "quiet.h"
#include "store/bulletins.h"
#include "store/registers.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

enum { DRILLED_MOST = 400, THERE_MOST = 16 };

/* Whom one is for. */
static struct drilled {
    int contact;
    time_t at;
    char key[40];
    int life; /* of the daemon's, in which it was sent */
    bool is_sent;
} list[DRILLED_MOST];
static int count;

void drills_draw(int days)
{
    for (int i = 0; i < 2 + days / 10; i++)
        events_add(london_moment(YEAR_BEGINS + chance_between(2, days - 3),
                                 chance_between(i % 5 ? 9 * 3600 : 0, 17 * 3600)),
                   DRILL, 0, 0, NULL);
}

/* As the command takes them: all there whom somebody has verified. */
static int choose(int door, struct drill_contact to[THERE_MOST], struct err *err)
{
    struct contact *there = NULL;
    struct door d;
    size_t n = 0;
    int taken = 0;

    memset(&d, 0, sizeof d);
    snprintf(d.namespace, sizeof d.namespace, "%s", doors[door].namespace);
    snprintf(d.urn, sizeof d.urn, "%s", doors[door].urn);
    if (registers_contacts(gate_office, &d, &there, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n && taken < THERE_MOST; i++) {
        int contact = world_contact_at(personal_reveal(&there[i].address));

        if (!there[i].verified || contact < 0)
            continue;
        to[taken].contact_id = there[i].contact_id;
        memcpy(to[taken].adapter, there[i].adapter, sizeof to[taken].adapter);
        list[count + taken++] = (struct drilled){.contact = contact, .at = now};
    }
    contacts_free(there, n);
    return taken;
}

int drills_begin(void)
{
    int door = chance_below(doors_count),
        force = doors[door].la < 0 ? 0 : las[doors[door].la].force;
    struct drill_contact to[THERE_MOST];
    struct err err = {.code = ERR_NONE};
    int64_t drill_id;
    int n;

    if (count > DRILLED_MOST - THERE_MOST)
        return 0;
    gate_clock.shift = now + skew;
    n = choose(door, to, &err);
    if (n > 0 &&
        drills_add(gate_office, chance_of(0.5) || doors[door].la < 0 ? forces[force] : NULL,
                   doors[door].la < 0 ? NULL : las[doors[door].la].code, to, (size_t)n, "officer",
                   clock_now(&gate_clock), &drill_id, &err) < 0)
        n = -1;
    if (n < 0)
        return life_failed(&err, "drill");
    count += n;
    return 0;
}

bool drills_is_of(const char *reference)
{
    return strncmp(reference, "EX-", 3) == 0;
}

static struct drilled *find(const struct post_item *item, int contact)
{
    struct drilled *waits = NULL;

    for (int i = 0; i < count; i++) {
        if (strcmp(list[i].key, item->key) == 0)
            return &list[i];
        if (list[i].contact == contact && !list[i].is_sent && !waits)
            waits = &list[i];
    }
    return waits;
}

static void broken(const char *promise, const struct post_item *item, const char *what)
{
    promise_broken(promise, -1, "an exercise %s: %s to %s", what, item->reference, item->address);
}

/* Its subject says what it is, and its words begin so. */
static bool is_marked(const struct post_item *item)
{
    const char *mark = strstr(item->text, "EXERCISE - EXERCISE");
    const char *child = strstr(item->text, "Invented-Child");

    if (!mark)
        mark = strstr(item->text, "YMARFER - YMARFER");
    if (!child)
        child = strstr(item->text, "Plentyn-Dychmygol");
    return (strncmp(item->subject, "EXERCISE", 8) == 0 ||
            strncmp(item->subject, "YMARFER", 7) == 0) &&
           mark && child && mark < child;
}

void drills_received(const struct post_item *item, int contact)
{
    struct drilled *d = contact < 0 ? NULL : find(item, contact);

    if (!d) {
        broken("P3", item, "for somebody else");
        return;
    }
    if (!contacts[contact].verified_at || contacts[contact].ended)
        broken("P3", item, "to somebody who is not to be told");
    if (!is_marked(item))
        broken("P3", item, "does not say that it is one");
    if (quiet_name_in(item->text))
        broken("P5", item, "names somebody");
    if (d->is_sent && d->life == gate_life)
        broken("P4", item, "was sent again, and nothing had crashed");
    tally.repeats += d->is_sent;
    tally.drills += !d->is_sent;
    d->is_sent = true;
    d->life = gate_life;
    snprintf(d->key, sizeof d->key, "%s", item->key);
    if (contacts[contact].temper == PROMPT)
        events_add(now + chance_between(60, 3600), ANSWER, 0, -1, item->reference);
}

int drills_answer(const struct event *e)
{
    struct bulletin b;
    struct err err = {.code = ERR_NONE};
    int rc;

    gate_clock.shift = now + skew;
    rc = bulletins_by_reference(gate_office, e->text, &b, &err);
    if (rc < 0 || db_begin(gate_office, &err) < 0)
        return life_failed(&err, "answer");
    if (rc == 0)
        promise_broken("P6", -1, "the store knows of no exercise %s", e->text);
    else
        rc = bulletins_answer(gate_office, b.bulletin_id, "somebody", clock_now(&gate_clock), &err);
    if (rc < 0 && err.code != ERR_INVALID)
        return life_failed(&err, "answer");
    return db_commit(gate_office, &err) < 0 ? life_failed(&err, "answer") : 0;
}

/* The sum of a family's samples with that label. */
static long figure(const char *text, const char *family, const char *label)
{
    size_t length = strlen(family);
    long sum = 0;

    for (const char *at = strstr(text, family); at; at = strstr(at + 1, family)) {
        size_t line = strcspn(at, "\n");
        const char *found = strstr(at, label);

        if (at[length] == '{' && found && found < at + line)
            sum += atol(strchr(at, '}') + 1);
    }
    return sum;
}

void drills_check(void)
{
    const struct metrics_daemon daemon = {.known = false};
    struct err err = {.code = ERR_NONE};
    struct buf text;
    long sent = 0;

    buf_init(&text, METRICS_BYTES_MAX);
    if (metrics_text(gate_office, clock_now(&gate_clock), &daemon, &text, &err) < 0)
        promise_broken("P2", -1, "there are no metrics: %s", err.text);
    else
        sent = figure(buf_text(&text), "encompass_attempts_total", "verdict=\"sent\"");
    if (sent > tally.taken)
        promise_broken("P2", -1, "%ld notices are counted as sent, and %ld were", sent,
                       tally.taken);
    buf_release(&text);
}
