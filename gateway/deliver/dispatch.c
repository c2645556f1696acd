#include "deliver/dispatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/log.h"
#include "deliver/prepare.h"
#include "deliver/render.h"
#include "deliver/retry.h"
#include "deliver/ways.h"
#include "follow/answer.h"
#include "store/bulletins.h"
#include "store/notices.h"
#include "store/outbox.h"
#include "store/registers.h"

enum {
    BATCH = 64,      /* most items of one claim */
    DRAIN_MS = 5000, /* at a stop: what is under way would otherwise be sent again */
};

/* One item, from its claim until its end is recorded. */
struct flight {
    struct flight *next;
    struct way *way;
    struct outbox_item item;
    struct prepared prepared;
    CURL *transfer;
    void *work;
    int64_t started_ms;
    /* Its end. */
    enum verdict verdict;
    struct outcome outcome;
    bool ours; /* it broke on our side of the adapter: this item alone */
    int ms;
    time_t next_at;
};

struct dispatch {
    struct db *db;
    const struct clock *clock;
    CURLM *multi;
    struct templates *templates;
    struct ways ways;
    struct flight *flying;
    struct flight *ended; /* not yet recorded: kept until the store takes it */
};

int dispatch_new(const struct config *conf, struct db *db, const struct clock *clock, CURLM *multi,
                 struct dispatch **out, struct err *err)
{
    struct dispatch *d = calloc(1, sizeof *d);

    if (!d || sodium_init() < 0) {
        free(d);
        return err_memory(err);
    }
    d->db = db;
    d->clock = clock;
    d->multi = multi;
    if (templates_load(config_text(conf, "morning", "templates"), &d->templates, err) < 0 ||
        ways_open(&d->ways, conf, err) < 0) {
        dispatch_free(d);
        return -1;
    }
    *out = d;
    return 0;
}

static void flight_free(struct flight *f)
{
    if (f->item.item_id > 0)
        outbox_item_release(&f->item);
    prepared_release(&f->prepared);
    personal_release(&f->outcome.answered_by);
    free(f);
}

static struct flight *unlink_flight(struct flight **list, struct flight *f)
{
    while (*list != f)
        list = &(*list)->next;
    *list = f->next;
    f->next = NULL;
    return f;
}

static void add_ended(struct dispatch *d, struct flight *f)
{
    struct flight **last = &d->ended;

    while (*last)
        last = &(*last)->next;
    *last = f;
}

/* What failed before or beside the adapter. */
static void end_here(struct dispatch *d, struct flight *f, enum verdict verdict, const char *detail)
{
    f->verdict = verdict;
    f->ours = true;
    f->outcome = (struct outcome){.retry_after = -1};
    snprintf(f->outcome.detail, sizeof f->outcome.detail, "%.*s", (int)sizeof f->outcome.detail - 1,
             detail);
    add_ended(d, f);
}

static void judge(struct dispatch *d, struct flight *f, CURLcode how)
{
    f->outcome = (struct outcome){.retry_after = -1};
    f->verdict = f->way->adapter->judge(f->way->self, f->transfer, f->work, how, &f->outcome);
    f->transfer = NULL;
    f->ms = (int)(clock_monotonic_ms() - f->started_ms);
    add_ended(d, f);
}

/* Whether another transfer of the same message follows the one that has ended. */
static bool goes_on(struct dispatch *d, struct flight *f, CURLcode *how)
{
    const struct adapter *adapter = f->way->adapter;
    CURL *next = adapter->go_on ? adapter->go_on(f->way->self, f->transfer, f->work, *how) : NULL;

    if (!next)
        return false;
    f->transfer = next;
    curl_easy_setopt(next, CURLOPT_PRIVATE, f);
    if (curl_multi_add_handle(d->multi, next) == CURLM_OK)
        return true;
    *how = CURLE_OUT_OF_MEMORY;
    return false;
}

static void collect(struct dispatch *d)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(d->multi, &left))) {
        struct flight *f = NULL;
        CURLcode how = m->data.result;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&f);
        curl_multi_remove_handle(d->multi, f->transfer);
        if (goes_on(d, f, &how))
            continue;
        unlink_flight(&d->flying, f)->way->in_flight--;
        judge(d, f, how);
    }
}

static void settle_way(struct flight *f, time_t now)
{
    if (f->ours)
        return;
    if (f->verdict == VERDICT_BROKEN && f->outcome.alone)
        return; /* no word on the way itself */
    if (f->verdict == VERDICT_BROKEN)
        way_hold(f->way, &f->outcome, now);
    else if (f->verdict == VERDICT_SENT || f->outcome.code > 0)
        way_unhold(f->way);
}

/* A webhook's: of some of the children that they are not theirs, of all, or that it is taken. */
static int take_answer(struct dispatch *d, const struct flight *f, time_t now, struct err *err)
{
    const struct outcome *o = &f->outcome;
    struct answer_said said = {o->not_our_pupil ? ANSWER_NOT_OURS : ANSWER_TAKEN, NULL, "webhook"};
    struct err unknown = {.code = ERR_NONE};

    if (o->not_ours_count == 0)
        return answer_take(d->db, f->item.notice_id, &said, now, err);
    for (size_t i = 0; i < o->not_ours_count; i++) {
        said.child_ref = o->not_ours[i];
        /* One that the notice does not name is passed over; it holds up no other. */
        if (answer_take(d->db, f->item.notice_id, &said, now, &unknown) < 0 &&
            unknown.code != ERR_INVALID) {
            *err = unknown;
            return -1;
        }
    }
    said = (struct answer_said){ANSWER_TAKEN, NULL, "webhook"};
    return personal_is_set(&o->answered_by) ? answer_take(d->db, f->item.notice_id, &said, now, err)
                                            : 0;
}

static int record_sent(struct dispatch *d, const struct flight *f, time_t now, struct err *err)
{
    struct err answer = {.code = ERR_NONE};

    if (outbox_sent(d->db, &f->item, f->outcome.code, f->outcome.detail, f->ms, now, err) < 0)
        return -1;
    if (!personal_is_set(&f->outcome.answered_by) && !f->outcome.not_our_pupil)
        return 0;
    /* Who it was stays with the receiver. A notice that was replaced meanwhile has no answer. */
    if (take_answer(d, f, now, &answer) >= 0 || answer.code == ERR_INVALID)
        return 0;
    if (err)
        *err = answer;
    return -1;
}

static int record_bulletin(struct dispatch *d, const struct flight *f, time_t now, struct err *err)
{
    const struct outcome *o = &f->outcome;
    struct err answer = {.code = ERR_NONE};

    switch (f->verdict) {
    case VERDICT_SENT:
        if (bulletins_sent(d->db, &f->item, o->code, o->detail, f->ms, now, err) < 0)
            return -1;
        /* A warning asks for no answer. */
        if (!personal_is_set(&o->answered_by) ||
            bulletins_answer(d->db, f->item.item_id, "webhook", now, &answer) >= 0 ||
            answer.code == ERR_INVALID)
            return 0;
        if (err)
            *err = answer;
        return -1;
    case VERDICT_NEVER:
        if (bulletins_never(d->db, &f->item, o->code, o->detail, f->ms, now, err) < 0)
            return -1;
        return o->contact_ends ? registers_end_contact(d->db, f->item.contact_id, "gone", now, err)
                               : 0;
    case VERDICT_LATER:
    case VERDICT_BROKEN:
        break;
    }
    return bulletins_later(d->db, &f->item, verdict_word(f->verdict), o->code, o->detail, f->ms,
                           f->next_at, now, err);
}

static int record_one(struct dispatch *d, struct flight *f, time_t now, struct err *err)
{
    const struct outcome *o = &f->outcome;

    if (f->item.bulletin)
        return record_bulletin(d, f, now, err);
    switch (f->verdict) {
    case VERDICT_SENT:
        return record_sent(d, f, now, err);
    case VERDICT_NEVER:
        if (outbox_never(d->db, &f->item, o->code, o->detail, f->ms, now, err) < 0)
            return -1;
        return o->contact_ends ? registers_end_contact(d->db, f->item.contact_id, "gone", now, err)
                               : 0;
    case VERDICT_LATER:
    case VERDICT_BROKEN:
        break;
    }
    return outbox_later(d->db, &f->item, verdict_word(f->verdict), o->code, o->detail, f->ms,
                        f->next_at, now, err);
}

static void say(const struct flight *f, time_t now)
{
    log_event(f->ours || f->outcome.alone ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              f->item.bulletin ? "bulletin.tried" : "outbox.tried",
              "item=%lld notice=%lld adapter=%s verdict=%s tries=%d code=%d ms=%d again_in=%lld"
              " detail=\"%s\"",
              (long long)f->item.item_id, (long long)f->item.notice_id, f->way->adapter->name,
              verdict_word(f->verdict), f->item.tries + 1, f->outcome.code, f->ms,
              (long long)(f->next_at > 0 ? f->next_at - now : 0), f->outcome.detail);
}

/* When it is tried again: a shut way's items wait for it, others back off. */
static void set_next(struct flight *f, time_t now)
{
    const struct retry_policy policy = RETRY_DEFAULT;

    if (f->next_at > 0 || f->verdict == VERDICT_SENT || f->verdict == VERDICT_NEVER)
        return;
    if (f->verdict == VERDICT_BROKEN && !f->ours && !f->outcome.alone)
        f->next_at = f->way->held_until;
    else
        f->next_at = retry_at(&policy, f->item.tries + 1, f->outcome.retry_after, now,
                              f->item.give_up_at, randombytes_random());
}

/* All that have ended, in one transaction. When the store fails they stay, and are recorded by a
 * later call: an outcome that is lost would be a message sent twice. */
static int record(struct dispatch *d, time_t now, struct err *err)
{
    if (!d->ended)
        return 0;
    for (struct flight *f = d->ended; f; f = f->next) {
        if (f->next_at == 0)
            settle_way(f, now);
        set_next(f, now);
    }
    if (db_begin(d->db, err) < 0)
        return -1;
    for (struct flight *f = d->ended; f; f = f->next) {
        if (record_one(d, f, now, err) < 0) {
            db_rollback(d->db);
            return -1;
        }
    }
    if (db_commit(d->db, err) < 0)
        return -1;
    while (d->ended) {
        struct flight *f = unlink_flight(&d->ended, d->ended);

        say(f, now);
        flight_free(f);
    }
    return 0;
}

static void take_off(struct dispatch *d, struct flight *f)
{
    struct err err = {.code = ERR_NONE};

    f->started_ms = clock_monotonic_ms();
    if (f->way->adapter->start(f->way->self, &f->prepared.message, &f->transfer, &f->work, &err) <
        0) {
        end_here(d, f, err.code == ERR_INVALID ? VERDICT_NEVER : VERDICT_LATER, err.text);
        return;
    }
    if (!f->transfer) {
        judge(d, f, CURLE_OK);
        return;
    }
    curl_easy_setopt(f->transfer, CURLOPT_PRIVATE, f);
    if (curl_multi_add_handle(d->multi, f->transfer) != CURLM_OK) {
        judge(d, f, CURLE_OUT_OF_MEMORY);
        return;
    }
    f->next = d->flying;
    d->flying = f;
    f->way->in_flight++;
}

/* The item is the flight's from here on. A notice that cannot be made stops no other. */
static void begin(struct dispatch *d, struct way *w, struct flight *f, time_t now)
{
    struct err err = {.code = ERR_NONE};
    int rc;

    if (!w->self) {
        end_here(d, f, VERDICT_NEVER, "this adapter is not configured");
        return;
    }
    rc = (f->item.bulletin ? prepare_bulletin : prepare_item)(d->db, d->templates, &f->item, now,
                                                              &f->prepared, &err);
    if (rc < 0)
        end_here(d, f, VERDICT_BROKEN, err.text);
    else if (rc == 0)
        end_here(d, f, VERDICT_LATER, "the contact is no longer verified");
    else
        take_off(d, f);
}

/* The sooner of what the outbox and the bulletins have for an adapter: 1, 0 nothing, -1. */
static int next_due(struct dispatch *d, const char *adapter, time_t *out, struct err *err)
{
    time_t bulletin;
    int rc = outbox_next_due(d->db, adapter, out, err);
    int also = rc < 0 ? -1 : bulletins_next_due(d->db, adapter, &bulletin, err);

    if (also < 0)
        return -1;
    if (also == 1 && (rc == 0 || bulletin < *out))
        *out = bulletin;
    return rc == 1 || also == 1;
}

/* Notices first: a bulletin takes the room that they leave. */
static int claim(struct dispatch *d, const struct way *w, time_t now, struct outbox_item *items,
                 int room, struct err *err)
{
    int n = outbox_claim(d->db, w->adapter->name, now, w->lease_seconds, items, room, err), more;
    struct err later;

    if (n < 0 || n == room)
        return n;
    more = bulletins_claim(d->db, w->adapter->name, now, w->lease_seconds, items + n, room - n,
                           n > 0 ? &later : err);
    if (more < 0)
        return n > 0 ? n : -1; /* what is claimed goes off; the store's failure comes again */
    return n + more;
}

/* A lease can run out beside a transfer that is under way: when the clock leaps. Claiming it has made
 * the lease new. */
static bool is_flying(const struct dispatch *d, const struct outbox_item *item)
{
    for (const struct flight *f = d->flying; f; f = f->next) {
        if (strcmp(f->item.key, item->key) == 0)
            return true;
    }
    return false;
}

static int start_due(struct dispatch *d, struct way *w, time_t now, struct err *err)
{
    struct outbox_item items[BATCH];
    struct flight *made[BATCH];
    int room = way_room(w, now), rc, n;
    time_t due;

    if (room == 0)
        return 0;
    if (room > BATCH)
        room = BATCH;
    rc = next_due(d, w->adapter->name, &due, err);
    if (rc <= 0 || due > now)
        return rc < 0 ? -1 : 0;
    /* Memory first: what is claimed must get off. */
    for (int i = 0; i < room; i++) {
        made[i] = calloc(1, sizeof *made[i]);
        if (!made[i])
            room = i;
    }
    n = claim(d, w, now, items, room, err);
    for (int i = 0; i < room; i++) {
        if (i >= n) {
            free(made[i]);
            continue;
        }
        made[i]->way = w;
        made[i]->item = items[i];
        if (is_flying(d, &items[i])) {
            flight_free(made[i]);
            continue;
        }
        begin(d, w, made[i], now);
    }
    return n < 0 ? -1 : 0;
}

static int set_next_call(struct dispatch *d, time_t now, time_t *next, struct err *err)
{
    for (size_t i = 0; i < d->ways.count; i++) {
        const struct way *w = &d->ways.list[i];
        time_t at = w->held_until;
        int rc = 1;

        if (way_room(w, now) == 0 && now >= w->held_until)
            continue; /* a transfer's end wakes the loop */
        if (now >= w->held_until)
            rc = next_due(d, w->adapter->name, &at, err);
        if (rc < 0)
            return -1;
        if (rc == 1 && at < *next)
            *next = at;
    }
    return 0;
}

int dispatch_run(struct dispatch *d, time_t *next, struct err *err)
{
    time_t now = clock_now(d->clock);
    int running;

    ways_mind_the_clock(&d->ways, now);
    curl_multi_perform(d->multi, &running);
    collect(d);
    if (record(d, now, err) < 0 || ways_find_strays(&d->ways, d->db, now, err) < 0)
        return -1;
    for (size_t i = 0; i < d->ways.count; i++) {
        if (start_due(d, &d->ways.list[i], now, err) < 0)
            return -1;
    }
    if (d->flying)
        curl_multi_perform(d->multi, &running);
    if (record(d, now, err) < 0)
        return -1;
    return set_next_call(d, now, next, err);
}

int dispatch_in_flight(const struct dispatch *d)
{
    int n = 0;

    for (size_t i = 0; i < d->ways.count; i++)
        n += d->ways.list[i].in_flight;
    return n;
}

/* Lets what is under way end, and its end be recorded. */
static void drain(struct dispatch *d)
{
    int64_t until = clock_monotonic_ms() + DRAIN_MS;
    struct err err;
    int running;

    while (d->flying && clock_monotonic_ms() < until) {
        curl_multi_poll(d->multi, NULL, 0, 100, NULL);
        curl_multi_perform(d->multi, &running);
        collect(d);
    }
    if (record(d, clock_now(d->clock), &err) < 0)
        log_failure("outbox.unrecorded", &err);
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    drain(d);
    while (d->flying) {
        struct flight *f = unlink_flight(&d->flying, d->flying);

        curl_multi_remove_handle(d->multi, f->transfer);
        judge(d, f, CURLE_ABORTED_BY_CALLBACK);
    }
    while (d->ended)
        flight_free(unlink_flight(&d->ended, d->ended));
    ways_close(&d->ways);
    templates_free(d->templates);
    free(d);
}
