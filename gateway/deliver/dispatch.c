#include "deliver/dispatch.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/log.h"
#include "deliver/answers.h"
#include "deliver/flight.h"
#include "deliver/render.h"
#include "deliver/round.h"
#include "store/claims.h"
#include "store/holds.h"
#include "store/shut.h"

enum {
    DRAIN_MS = 3000, /* at a stop: what is under way would otherwise be sent again */
    RECORD_MS = 500, /* of these: for recording what was dropped */
    CLOCK_JITTER = 5,
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
    d->asking.multi = multi;
    if (answers_links(conf, &d->links, err) < 0 ||
        templates_load(config_text(conf, "morning", "templates"), &d->templates, err) < 0 ||
        ways_open(&d->ways, conf, err) < 0) {
        dispatch_free(d);
        return -1;
    }
    for (size_t i = 0; i < d->ways.count; i++) {
        struct way *w = &d->ways.list[i];

        if (w->self && w->adapter->wake)
            w->adapter->wake(w->self, multi);
    }
    *out = d;
    return 0;
}

int dispatch_take_over(struct dispatch *d, struct err *err)
{
    time_t now = clock_now(d->clock);

    if (d->taken_over)
        return 0;
    if (db_begin(d->db, err) < 0)
        return -1;
    if (ways_take_over(&d->ways, d->db, now, err) < 0 ||
        claims_mind_the_clock(d->db, now, err) < 0) {
        db_rollback(d->db);
        return -1;
    }
    d->taken_over = db_commit(d->db, err) == 0;
    d->seen_at = now;
    return d->taken_over ? 0 : -1;
}

/* What was put off by a clock that ran ahead does not wait until then. */
static int mind_the_clock(struct dispatch *d, time_t now, struct err *err)
{
    int n;

    ways_mind_the_clock(&d->ways, now);
    if (now >= d->seen_at - CLOCK_JITTER) {
        d->seen_at = now;
        return 0;
    }
    if (db_begin(d->db, err) < 0)
        return -1;
    n = claims_mind_the_clock(d->db, now, err);
    if (n < 0) {
        db_rollback(d->db);
        return -1;
    }
    if (db_commit(d->db, err) < 0)
        return -1;
    log_event(LOG_LEVEL_WARNING, "clock.set_back", "seconds=%lld due_again=%d",
              (long long)(d->seen_at - now), n);
    d->seen_at = now;
    return 0;
}

/* What failed before or beside the adapter. */
static void end_here(struct dispatch *d, struct flight *f, enum verdict verdict, const char *detail)
{
    f->verdict = verdict;
    f->ours = true;
    f->outcome = (struct outcome){.retry_after = -1};
    snprintf(f->outcome.detail, sizeof f->outcome.detail, "%.*s", (int)sizeof f->outcome.detail - 1,
             detail);
    flight_add(&d->ended, f);
}

static void judge(struct dispatch *d, struct flight *f, CURLcode how)
{
    f->outcome = (struct outcome){.retry_after = -1};
    f->verdict = f->way->adapter->judge(f->way->self, f->transfer, f->work, how, &f->outcome);
    f->transfer = NULL;
    f->ms = (int)(clock_monotonic_ms() - f->started_ms);
    flight_add(&d->ended, f);
}

/* Whether another transfer of the same message follows the one that has ended. */
static bool goes_on(struct dispatch *d, struct flight *f, CURLcode *how)
{
    const struct adapter *adapter = f->way->adapter;
    CURL *next = adapter->go_on ? adapter->go_on(f->way->self, f->transfer, f->work, *how) : NULL;

    if (!next)
        return false;
    f->transfer = next;
    curl_easy_setopt(next, CURLOPT_PRIVATE, &f->end);
    if (curl_multi_add_handle(d->multi, next) == CURLM_OK)
        return true;
    *how = CURLE_OUT_OF_MEMORY;
    return false;
}

static void flight_ended(void *who, CURLcode how)
{
    struct flight *f = who;

    if (goes_on(f->of, f, &how))
        return;
    flight_unlink(&f->of->flying, f)->way->in_flight--;
    judge(f->of, f, how);
}

static void collect_aside(struct dispatch *d, struct way *w)
{
    void *work;

    if (!w->self || !w->adapter->ended)
        return;
    while ((work = w->adapter->ended(w->self))) {
        struct flight *f = d->flying;

        while (f && (f->way != w || f->work != work))
            f = f->next;
        assert(f);
        flight_ended(f, CURLE_OK);
    }
}

static void collect(struct dispatch *d)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(d->multi, &left))) {
        struct transfer_end *end = NULL;
        CURL *transfer = m->easy_handle;
        CURLcode how = m->data.result;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(transfer, CURLINFO_PRIVATE, (char **)&end);
        curl_multi_remove_handle(d->multi, transfer);
        end->take(end->who, how);
    }
    for (size_t i = 0; i < d->ways.count; i++)
        collect_aside(d, &d->ways.list[i]);
}

/* Where names may not travel to that recipient now, the message becomes one without. */
static int leave_out_names(struct dispatch *d, struct flight *f, struct err *err)
{
    const struct adapter *adapter = f->way->adapter;
    const char *link = NULL;

    if (adapter->minimal && !f->prepared.message.nameless)
        link = adapter->minimal(f->way->self, &f->prepared.message.to_address);
    return link ? prepare_minimal(d->templates, link, &f->prepared, err) : 0;
}

static void take_off(struct dispatch *d, struct flight *f)
{
    struct err err = {.code = ERR_NONE};

    f->end = (struct transfer_end){flight_ended, f};
    f->started_ms = clock_monotonic_ms();
    f->prepared.message.repeat = f->item.is_repeat;
    if (leave_out_names(d, f, &err) < 0) {
        end_here(d, f, VERDICT_BROKEN, err.text);
        return;
    }
    if (f->way->adapter->start(f->way->self, &f->prepared.message, &f->transfer, &f->work, &err) <
        0) {
        end_here(d, f, err.code == ERR_INVALID ? VERDICT_NEVER : VERDICT_LATER, err.text);
        return;
    }
    if (!f->transfer && !f->way->adapter->ended) {
        judge(d, f, CURLE_OK);
        return;
    }
    if (f->transfer)
        curl_easy_setopt(f->transfer, CURLOPT_PRIVATE, &f->end);
    if (f->transfer && curl_multi_add_handle(d->multi, f->transfer) != CURLM_OK) {
        judge(d, f, CURLE_OUT_OF_MEMORY);
        return;
    }
    f->next = d->flying;
    d->flying = f;
    f->way->in_flight++;
}

/* The item is the flight's from here on. A notice that cannot be made stops no other. */
static void make(struct dispatch *d, struct flight *f, time_t now)
{
    const struct prepare_links *links = d->links.base_url ? &d->links : NULL;
    struct err err = {.code = ERR_NONE};
    int rc;

    rc = f->item.bulletin ? prepare_bulletin(d->db, d->templates, &f->item, now, &f->prepared, &err)
                          : prepare_item(d->db, d->templates, links, &f->item,
                                         f->way->adapter->reads, now, &f->prepared, &err);
    f->made = rc == 1;
    if (rc < 0)
        end_here(d, f, VERDICT_BROKEN, err.text);
    else if (rc == 0)
        end_here(d, f, VERDICT_LATER, "the contact is no longer verified");
}

/* Claimed last stands first. */
static struct flight *in_order(struct flight *claimed)
{
    struct flight *out = NULL;

    while (claimed) {
        struct flight *f = flight_unlink(&claimed, claimed);

        f->next = out;
        out = f;
    }
    return out;
}

/* Those that were made, in their order; the others have ended. */
static struct flight *make_all(struct dispatch *d, struct flight *list, time_t now)
{
    struct flight *made = NULL, **last = &made;

    while (list) {
        struct flight *f = flight_unlink(&list, list);

        if (!f->way->self)
            end_here(d, f, VERDICT_NEVER, "this adapter is not configured");
        else
            make(d, f, now);
        if (f->made) {
            *last = f;
            last = &f->next;
        }
    }
    return made;
}

/* What their links are known by is on disk before the first of them leaves. Where none are made, one
 * reading transaction spares each query the taking of a lock; it goes without. */
static void begin_all(struct dispatch *d, struct flight *claimed, time_t now)
{
    bool keeps = d->links.base_url, kept = true;
    struct flight *made;
    struct err err;

    if (!claimed)
        return;
    if ((keeps ? db_begin : db_begin_reading)(d->db, &err) < 0)
        kept = !keeps;
    made = make_all(d, in_order(claimed), now);
    if (!keeps)
        db_rollback(d->db);
    else if (kept && db_commit(d->db, &err) < 0)
        kept = false;
    while (made) {
        struct flight *f = flight_unlink(&made, made);

        if (kept)
            take_off(d, f);
        else
            end_here(d, f, VERDICT_LATER, "the store could not keep its link");
    }
}

static int set_next_call(struct dispatch *d, time_t now, time_t *next, struct err *err)
{
    for (size_t i = 0; i < d->ways.count; i++) {
        const struct way *w = &d->ways.list[i];
        time_t at = w->circuit.until;
        int rc = 1;

        if (now >= w->circuit.until && way_room(w, now) == 0)
            continue; /* a transfer's end wakes the loop */
        if (now >= w->circuit.until)
            rc = line_next(&w->line, d->db, w->adapter->name, &at, err);
        if (rc < 0)
            return -1;
        if (rc == 1 && at < *next)
            *next = at;
    }
    return 0;
}

/* A morning that waits for a way which is down, or beside something that is held, is not read through
 * every second for nothing. */
static int look(struct dispatch *d, const struct way *w, time_t now, time_t *at,
                int (*find)(struct db *db, const char *adapter, time_t now, struct err *err),
                struct err *err)
{
    int n;

    if (now < *at && *at <= now + WAY_LATE_SECONDS)
        return 0;
    n = find(d->db, w->adapter->name, now, err);
    *at = n == 0 ? now + WAY_LATE_SECONDS : now;
    return n < 0 ? -1 : 0;
}

/* Once a second: what is held past its time, or waits past it for what is shut, and what an operator
 * asks for. */
static int heed_operator(struct dispatch *d, time_t now, struct err *err)
{
    struct ways_down down;

    if (d->heeded_at == now)
        return 0;
    if (ways_down_read(d->db, &down, err) < 0)
        return -1;
    for (size_t i = 0; i < d->ways.count; i++) {
        struct way *w = &d->ways.list[i];

        if (way_heed(w, d->db, err) < 0 || look(d, w, now, &w->held_at, holds_give_way, err) < 0 ||
            (ways_down_has(&down, w->adapter->name) &&
             look(d, w, now, &w->late_at, claims_late, err) < 0))
            return -1;
    }
    d->heeded_at = now;
    return 0;
}

static int read_lines(struct dispatch *d, time_t now, struct err *err)
{
    for (size_t i = 0; i < d->ways.count; i++) {
        struct way *w = &d->ways.list[i];

        if (way_room(w, now) > 0 &&
            (line_read(&w->line, d->db, w->adapter->name, &w->hosts, now, err) < 0 ||
             claims_late_items(d->db, w->line.late, w->line.late_count, now, err) < 0))
            return -1;
        w->line.late_count = 0;
    }
    return 0;
}

/* But for those that the store has refused to take. */
static bool has_ended(const struct dispatch *d)
{
    const struct flight *f = d->ended;

    while (f && f->kept)
        f = f->next;
    return f != NULL;
}

int dispatch_run(struct dispatch *d, time_t *next, struct err *err)
{
    time_t now = clock_now(d->clock);
    struct flight *claimed = NULL;
    bool made_room;
    int running;

    curl_multi_perform(d->multi, &running);
    collect(d);
    if (d->retired)
        return round_write(d, now, NULL, err);
    if (dispatch_take_over(d, err) < 0 || mind_the_clock(d, now, err) < 0 ||
        ways_find_strays(&d->ways, d->db, now, err) < 0 || heed_operator(d, now, err) < 0 ||
        read_lines(d, now, err) < 0 || round_write(d, now, &claimed, err) < 0) {
        flight_free_all(claimed);
        return -1;
    }
    begin_all(d, claimed, now);
    if (asking_run(&d->asking, &d->ways, d->db, now, next, err) < 0)
        return -1;
    if (d->flying || d->asking.flying) {
        curl_multi_perform(d->multi, &running);
        collect(d); /* no socket of theirs would wake the loop */
    }
    made_room = has_ended(d);
    /* While others wait it is recorded with their claims, and they are claimed at once. */
    if (!(made_room && round_goes_on(d, now)) && round_write(d, now, NULL, err) < 0)
        return -1;
    if (made_room && *next > now)
        *next = now;
    return set_next_call(d, now, next, err);
}

int dispatch_in_flight(const struct dispatch *d)
{
    int n = 0;

    for (size_t i = 0; i < d->ways.count; i++)
        n += d->ways.list[i].in_flight;
    return n;
}

void dispatch_retire(struct dispatch *d)
{
    asking_stop(&d->asking);
    d->retired = true;
}

bool dispatch_is_done(const struct dispatch *d)
{
    return d->retired && !d->flying && !d->ended;
}

/* Whether the far side has it nobody knows: the try is on record, and is repeated under its key. */
static void cut_off(struct flight *f, time_t now)
{
    f->verdict = VERDICT_LATER;
    f->settled = f->in_doubt = true; /* it says nothing of its way */
    f->next_at = now;
    f->outcome.code = 0;
    snprintf(f->outcome.detail, sizeof f->outcome.detail, "stopped before it ended");
}

/* What goes on beside us can have ended well meanwhile. */
static void drop_flying(struct dispatch *d)
{
    while (d->flying) {
        struct flight *f = flight_unlink(&d->flying, d->flying);

        f->way->in_flight--;
        if (f->transfer)
            curl_multi_remove_handle(d->multi, f->transfer);
        judge(d, f, CURLE_ABORTED_BY_CALLBACK);
        if (f->verdict != VERDICT_SENT || !f->way->adapter->ended)
            cut_off(f, clock_now(d->clock));
    }
}

void dispatch_drain(struct dispatch *d, int64_t until_ms)
{
    struct err err = {.code = ERR_NONE};
    int running;

    while (d->flying && clock_monotonic_ms() < until_ms - RECORD_MS) {
        curl_multi_perform(d->multi, &running);
        collect(d);
        if (d->ended && round_write(d, clock_now(d->clock), NULL, &err) < 0) /* a kill may follow */
            log_event(LOG_LEVEL_DEBUG, "outbox.waits", "error=\"%s\"", err.text);
        if (d->flying)
            curl_multi_poll(d->multi, NULL, 0, 50, NULL);
    }
    drop_flying(d);
    d->drained = true;
    while (d->ended && round_write(d, clock_now(d->clock), NULL, &err) < 0 &&
           clock_monotonic_ms() < until_ms)
        curl_multi_poll(d->multi, NULL, 0, 50, NULL);
    if (d->ended)
        log_failure("outbox.unrecorded", &err);
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    if (!d->drained || d->flying)
        dispatch_drain(d, clock_monotonic_ms() + DRAIN_MS);
    flight_free_all(d->ended);
    asking_stop(&d->asking);
    ways_close(&d->ways);
    templates_free(d->templates);
    free(d);
}
