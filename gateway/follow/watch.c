#include "follow/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "follow/silence.h"
#include "plan/policy.h"
#include "store/bulletins.h"
#include "store/registers.h"
#include "store/shut.h"
#include "store/warnings.h"

enum {
    LOOK_SECONDS = 60,
    SETTLE_SECONDS = 30, /* what the broker has kept is read by then */
    TELL_AGAIN_SECONDS = 3600,
    USUAL_SECONDS = SILENCE_USUAL_WEEKS * 7 * 24 * 3600,
};

struct cause {
    enum warning_kind kind;
    struct door door;
    time_t since;
};

/* One look: what is wrong at this moment, and what of that can be judged. */
struct look {
    struct db *db;
    time_t now;
    time_t next; /* when something will be wrong if nothing happens */
    struct cause *causes;
    size_t count;
    bool judged[WARNING_KINDS];
    struct ways_down down;
};

static struct door door_of(const char *namespace, const char *urn)
{
    struct door door;

    snprintf(door.namespace, sizeof door.namespace, "%s", namespace);
    snprintf(door.urn, sizeof door.urn, "%s", urn);
    return door;
}

static bool same_door(const struct door *a, const struct door *b)
{
    return strcmp(a->namespace, b->namespace) == 0 && strcmp(a->urn, b->urn) == 0;
}

/* at: from when on it is a warning, -1 never. */
static int note(struct look *l, enum warning_kind kind, const struct door *door, time_t since,
                time_t at, struct err *err)
{
    struct cause *more;

    if (at >= 0 && at > l->now && at < l->next)
        l->next = at;
    if (at < 0 || at > l->now)
        return 0;
    more = reallocarray(l->causes, l->count + 1, sizeof *more);
    if (!more)
        return err_memory(err);
    l->causes = more;
    l->causes[l->count++] = (struct cause){kind, *door, since};
    return 0;
}

static int policy_of(struct db *db, const char *force, const char *la_code, struct policy *out,
                     struct err *err)
{
    struct policy_row *rows = NULL;
    size_t count = 0;

    if (registers_policies(db, force, la_code, NULL, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, force, la_code, NULL, out);
    free(rows);
    return 0;
}

static int look_at_feed(struct look *l, const struct warning_feed *f, struct err *err)
{
    const struct door door = door_of("force", f->force);
    struct silence_feed feed = {.first_at = f->first_at, .last_at = f->last_at};
    struct silence_hour *hours = NULL;
    struct policy policy;
    int rc;

    /* Before that nothing of its usual needs to be read. */
    if (l->now < f->last_at + SILENCE_LEAST_SECONDS)
        return note(l, WARNING_FEED_QUIET, &door, f->last_at, f->last_at + SILENCE_LEAST_SECONDS,
                    err);
    if (policy_of(l->db, f->force, "", &policy, err) < 0 ||
        warnings_feed_hours(l->db, f->force, f->last_at - USUAL_SECONDS, f->last_at, &hours,
                            &feed.count, err) < 0)
        return -1;
    feed.hours = hours;
    feed.quiet_hours = policy.quiet_hours;
    rc = note(l, WARNING_FEED_QUIET, &door, f->last_at, silence_of_feed(&feed), err);
    free(hours);
    return rc;
}

static int look_at_feeds(struct look *l, struct err *err)
{
    struct warning_feed *feeds = NULL;
    size_t count = 0;
    int rc = warnings_feeds(l->db, l->now, &feeds, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = look_at_feed(l, &feeds[i], err);
    free(feeds);
    l->judged[WARNING_FEED_QUIET] = true;
    return rc;
}

static int look_at_broker(struct look *l, const struct watch *w, struct err *err)
{
    const struct door door = door_of("gateway", "broker");
    time_t at = silence_of_broker(w->connected || !w->broker ? -1 : w->changed_at);

    /* A daemon that has just started does not yet know better than the one before it. */
    l->judged[WARNING_BROKER_LOST] = w->connected || !w->broker || at <= l->now;
    return note(l, WARNING_BROKER_LOST, &door, w->changed_at, at, err);
}

static int look_at_contacts(struct look *l, struct err *err)
{
    struct warning_try *tries = NULL;
    struct silence_try *one = NULL;
    size_t count = 0, n = 0;
    int rc = warnings_tries(l->db, l->now, &tries, &count, err);

    if (rc == 0 && count > 0) {
        one = calloc(count, sizeof *one);
        if (!one)
            rc = err_memory(err);
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        one[n++] = tries[i].tried;
        if (i + 1 < count && tries[i + 1].contact_id == tries[i].contact_id)
            continue;
        rc = note(l, WARNING_CONTACT_FAILING, &tries[i].door, one[0].at, silence_of_contact(one, n),
                  err);
        n = 0;
    }
    free(one);
    free(tries);
    l->judged[WARNING_CONTACT_FAILING] = true;
    return rc;
}

static int look_at_rolls(struct look *l, struct err *err)
{
    struct warning_roll *rolls = NULL;
    size_t count = 0;
    int rc = warnings_rolls(l->db, &rolls, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct door door = door_of("la", rolls[i].la_code);
        struct policy policy;

        rc = policy_of(l->db, "", rolls[i].la_code, &policy, err);
        if (rc == 0)
            rc = note(l, WARNING_ROLL_OLD, &door, rolls[i].imported_at,
                      silence_of_roll(rolls[i].imported_at, policy.roll_days), err);
    }
    free(rolls);
    l->judged[WARNING_ROLL_OLD] = true;
    return rc;
}

/* What was shut is tried by a daemon that has just started: until it knows, what stands stands. */
static int look_at_adapters(struct look *l, time_t began_at, struct err *err)
{
    struct shut *shut = NULL;
    size_t count = 0;
    int rc = shut_list(l->db, &shut, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct door door = door_of("gateway", shut[i].adapter);

        rc = note(l, WARNING_ADAPTER_SHUT, &door, shut[i].since, silence_of_adapter(shut[i].since),
                  err);
    }
    free(shut);
    l->judged[WARNING_ADAPTER_SHUT] = l->now >= began_at + SILENCE_ADAPTER_SECONDS;
    return rc < 0 ? -1 : ways_down_read(l->db, &l->down, err);
}

/* A message to each contact of a desk; around: by no way that is down. Returns how many, -1. */
static int tell_desk(struct look *l, int64_t warning_id, const struct door *desk, bool around,
                     struct err *err)
{
    struct contact *contacts = NULL;
    size_t count = 0;
    int n = 0;

    if (registers_contacts(l->db, desk, &contacts, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count && n >= 0; i++) {
        if (!contacts[i].verified || contacts[i].role != ROLE_LA_DESK ||
            (around && ways_down_has(&l->down, contacts[i].adapter)))
            continue;
        n = bulletins_warn(l->db, warning_id, contacts[i].contact_id, contacts[i].adapter, l->now,
                           err) < 0
                ? -1
                : n + 1;
    }
    contacts_free(contacts, count);
    return n;
}

/* namespace: force, la. */
static int tell_every(struct look *l, int64_t warning_id, const char *namespace, bool around,
                      struct err *err)
{
    struct door *desks = NULL;
    size_t count = 0;
    int n = 0, told = warnings_desks(l->db, namespace, &desks, &count, err);

    for (size_t i = 0; i < count && told >= 0; i++) {
        told = tell_desk(l, warning_id, &desks[i], around, err);
        n += told;
    }
    free(desks);
    return told < 0 ? -1 : n;
}

/* The desk that stands nearest, and the one that stands in for it. */
static int tell(struct look *l, int64_t warning_id, const struct cause *c, struct err *err)
{
    struct establishment e;
    struct policy policy;
    struct door desk = c->door;
    int n;

    if (c->kind == WARNING_BROKER_LOST)
        return tell_every(l, warning_id, "force", false, err);
    if (c->kind == WARNING_ADAPTER_SHUT) {
        n = tell_every(l, warning_id, "force", true, err);
        return n == 0 ? tell_every(l, warning_id, "la", true, err) : n;
    }
    if (registers_establishment(l->db, &c->door, &e, err) < 0)
        return -1;
    if (strcmp(desk.namespace, "force") != 0)
        desk = door_of("la", e.la_code);
    n = tell_desk(l, warning_id, &desk, false, err);
    if (n != 0)
        return n;
    if (strcmp(desk.namespace, "force") == 0) {
        if (policy_of(l->db, desk.urn, "", &policy, err) < 0)
            return -1;
        desk = door_of("la", policy.home_la);
    } else {
        if (policy_of(l->db, "", desk.urn, &policy, err) < 0)
            return -1;
        desk = door_of("force", policy.home_force);
    }
    return desk.urn[0] ? tell_desk(l, warning_id, &desk, false, err) : 0;
}

static int raise_warning(struct look *l, const struct cause *c, struct err *err)
{
    int64_t warning_id;
    int told = 0, lately;

    if (db_begin(l->db, err) < 0)
        return -1;
    lately = warnings_cleared_since(l->db, c->kind, &c->door, l->now - TELL_AGAIN_SECONDS, err);
    if (lately < 0 ||
        warnings_raise(l->db, c->kind, &c->door, c->since, l->now, &warning_id, err) < 0)
        goto failed;
    if (lately == 0)
        told = tell(l, warning_id, c, err);
    if (told < 0)
        goto failed;
    if (db_commit(l->db, err) < 0)
        return -1;
    log_event(LOG_LEVEL_WARNING, "warning.raised", "kind=%s door=%s/%s telling=%d",
              warning_kind_word(c->kind), c->door.namespace, c->door.urn, told);
    return 0;
failed:
    db_rollback(l->db);
    return -1;
}

static int clear_warning(struct look *l, const struct warning *w, struct err *err)
{
    if (db_begin(l->db, err) < 0)
        return -1;
    if (warnings_clear(l->db, w, l->now, err) < 0) {
        db_rollback(l->db);
        return -1;
    }
    if (db_commit(l->db, err) < 0)
        return -1;
    log_event(LOG_LEVEL_INFO, "warning.cleared", "kind=%s door=%s/%s", warning_kind_word(w->kind),
              w->door.namespace, w->door.urn);
    return 0;
}

static bool stands(const struct cause *c, const struct warning *standing, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (standing[i].kind == c->kind && same_door(&standing[i].door, &c->door))
            return true;
    }
    return false;
}

static bool has_cause(const struct look *l, const struct warning *w)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->causes[i].kind == w->kind && same_door(&l->causes[i].door, &w->door))
            return true;
    }
    return false;
}

/* Makes what stands agree with what was seen. */
static int settle(struct look *l, struct err *err)
{
    struct warning *standing = NULL;
    size_t count = 0;
    int rc = warnings_standing(l->db, &standing, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++) {
        if (l->judged[standing[i].kind] && !has_cause(l, &standing[i]))
            rc = clear_warning(l, &standing[i], err);
    }
    for (size_t i = 0; i < l->count && rc == 0; i++) {
        /* Two contacts of one school can fail. */
        bool twice = false;

        for (size_t k = 0; k < i; k++)
            twice |= l->causes[k].kind == l->causes[i].kind &&
                     same_door(&l->causes[k].door, &l->causes[i].door);
        if (!twice && !stands(&l->causes[i], standing, count))
            rc = raise_warning(l, &l->causes[i], err);
    }
    free(standing);
    return rc;
}

void watch_broker(struct watch *w, bool configured, bool connected, time_t now)
{
    if (w->begun && w->broker == configured && w->connected == connected && w->changed_at <= now)
        return;
    w->begun = true;
    w->broker = configured;
    w->connected = connected;
    w->changed_at = now;
    w->look_at = now;
}

int watch_run(struct watch *w, struct db *db, time_t now, time_t *next, struct err *err)
{
    struct look look = {.db = db, .now = now, .next = now + LOOK_SECONDS};
    bool settled = w->connected && now >= w->changed_at + SETTLE_SECONDS;
    int rc = drills_plan(db, now, err) < 0 ? -1 : 0;

    if (w->began_at == 0 || now < w->began_at)
        w->began_at = now;
    if (rc == 0 && (now >= w->look_at || now < w->looked_at)) {
        if (w->connected && !settled)
            look.next = w->changed_at + SETTLE_SECONDS;
        rc = look_at_broker(&look, w, err);
        if (rc == 0 && settled)
            rc = look_at_feeds(&look, err);
        if (rc == 0)
            rc = look_at_contacts(&look, err);
        if (rc == 0)
            rc = look_at_rolls(&look, err);
        if (rc == 0)
            rc = look_at_adapters(&look, w->began_at, err);
        if (rc == 0)
            rc = settle(&look, err);
        free(look.causes);
        if (rc == 0) {
            w->looked_at = now;
            w->look_at = look.next;
        }
    }
    if (rc == 0 && w->look_at < *next)
        *next = w->look_at;
    return rc;
}
