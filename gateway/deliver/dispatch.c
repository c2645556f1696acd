#include "deliver/dispatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/log.h"
#include "deliver/answers.h"
#include "deliver/flight.h"
#include "deliver/render.h"
#include "store/holds.h"

enum {
    PLACES_MAX = 64, /* of one way: ADAPTER_KEYS' most */
    DRAIN_MS = 5000, /* at a stop: what is under way would otherwise be sent again */
};

struct dispatch {
    struct db *db;
    const struct clock *clock;
    CURLM *multi;
    struct templates *templates;
    struct ways ways;
    struct asking asking;
    struct prepare_links links; /* base_url NULL: none are made */
    struct flight *flying;
    struct flight *ended; /* not yet recorded: kept until the store takes it */
    time_t heeded_at;
};

/* What was shut when the last daemon ended is tried. */
static int start_afresh(struct db *db, struct err *err)
{
    if (db_begin(db, err) < 0)
        return -1;
    if (shut_clear(db, err) == 0)
        return db_commit(db, err);
    db_rollback(db);
    return -1;
}

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
        ways_open(&d->ways, conf, err) < 0 || start_afresh(db, err) < 0) {
        dispatch_free(d);
        return -1;
    }
    *out = d;
    return 0;
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
}

/* A lease can run out beside a transfer that is under way: when the clock leaps. Claiming it has made
 * the lease new. */
static bool is_in(const struct flight *list, const char *key)
{
    while (list && strcmp(list->item.key, key) != 0)
        list = list->next;
    return list != NULL;
}

static bool wants_turns(const struct way *w, time_t now)
{
    return w->line.left > 0 && way_room(w, now) > 0;
}

/* Whose turn it is, of those in line: up to PLACES_MAX to picked. */
static size_t pick(struct dispatch *d, struct way *w, const struct flight *claimed, int room,
                   time_t now, size_t *picked)
{
    const struct flight *const lists[] = {d->flying, claimed};
    struct flying flying[2 * PLACES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        for (const struct flight *f = lists[i]; f && n < ARRAY_SIZE(flying); f = f->next) {
            if (f->way == w)
                flying[n++] = (struct flying){f->door, f->host};
        }
    }
    n = turns_pick(w->line.list, w->line.count, flying, n, &w->hosts, w->most,
                   room < PLACES_MAX ? room : PLACES_MAX, now, picked);
    w->line.left -= n;
    return n;
}

/* 1; 0 it is no longer to be had; -1. */
static int claim_one(struct dispatch *d, struct way *w, const struct waiting *of, time_t now,
                     struct flight **claimed, struct err *err)
{
    struct flight *f = calloc(1, sizeof *f); /* first: what is claimed must get off */
    int rc =
        f ? claims_take(d->db, &of->claim, now, w->lease_seconds, &f->item, err) : err_memory(err);

    if (rc == 1 && !is_in(d->flying, f->item.key) && !is_in(d->ended, f->item.key)) {
        f->end = (struct transfer_end){flight_ended, f};
        f->of = d;
        f->way = w;
        f->door = of->door;
        f->host = of->host;
        f->next = *claimed;
        *claimed = f;
        return 1;
    }
    free(f);
    return rc < 0 ? -1 : 0;
}

/* Into claimed, the last first. */
static int claim(struct dispatch *d, struct way *w, time_t now, struct flight **claimed,
                 struct err *err)
{
    int room = way_room(w, now);
    size_t picked[PLACES_MAX], n = 1;

    while (room > 0 && w->line.left > 0 && n > 0) {
        n = pick(d, w, *claimed, room, now, picked);
        for (size_t i = 0; i < n; i++) {
            int rc = claim_one(d, w, &w->line.list[picked[i]], now, claimed, err);

            if (rc < 0)
                return -1;
            room -= rc;
        }
    }
    return 0;
}

/* 1 recorded; 0 the store does not take this one, which is said once; -1 the store has failed. */
static int record_one(struct dispatch *d, struct flight *f, time_t now, struct err *err)
{
    struct err undone;
    int rc = db_part_begin(d->db, err);

    if (rc == 0)
        rc = flight_record(d->db, f, now, err);
    else
        return -1;
    if (!db_in_transaction(d->db) || db_part_end(d->db, rc == 0, rc < 0 ? &undone : err) < 0)
        return -1;
    if (rc == 0)
        return 1;
    if (err_may_pass(err))
        return -1;
    if (!f->kept)
        log_failure("outbox.unrecorded", err);
    f->kept = true;
    return 0;
}

/* What the store takes goes from ended to recorded. */
static int record_all(struct dispatch *d, time_t now, struct flight **recorded, struct err *err)
{
    struct flight **at = &d->ended;

    while (*at) {
        struct flight *f = *at;
        int rc = record_one(d, f, now, err);

        if (rc < 0)
            return -1;
        if (rc == 0) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        f->next = *recorded;
        *recorded = f;
    }
    return 0;
}

static int write_all(struct dispatch *d, time_t now, struct flight **recorded,
                     struct flight **claimed, struct err *err)
{
    int rc = record_all(d, now, recorded, err);

    for (size_t i = 0; i < d->ways.count && rc == 0; i++) {
        struct way *w = &d->ways.list[i];

        rc = way_write(w, d->db, err);
        if (rc == 0 && claimed)
            rc = claim(d, w, now, claimed, err);
    }
    if (rc == 0)
        return db_commit(d->db, err);
    db_rollback(d->db);
    return -1;
}

/* What a round writes, in one transaction: the ends of what has ended, and the claims of what goes
 * next, which must stand before it goes (P4). When the store fails the ends stay, and are recorded by
 * a later call: an outcome that is lost would be a message sent twice. claimed NULL: none are made. */
static int write_round(struct dispatch *d, time_t now, struct flight **claimed, struct err *err)
{
    struct flight *recorded = NULL;
    bool any = d->ended != NULL;
    int rc;

    for (struct flight *f = d->ended; f; f = f->next)
        flight_settle(f, now);
    for (size_t i = 0; i < d->ways.count; i++)
        any |= claimed && wants_turns(&d->ways.list[i], now);
    if (!any)
        return 0;
    rc = db_begin(d->db, err);
    if (rc == 0)
        rc = write_all(d, now, &recorded, claimed, err);
    while (recorded) {
        struct flight *f = flight_unlink(&recorded, recorded);

        if (rc == 0) {
            flight_say(f, now);
            flight_free(f);
        } else {
            add_ended(d, f);
        }
    }
    for (size_t i = 0; i < d->ways.count && rc == 0; i++)
        way_written(&d->ways.list[i]);
    return rc;
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
    if (!f->transfer) {
        judge(d, f, CURLE_OK);
        return;
    }
    curl_easy_setopt(f->transfer, CURLOPT_PRIVATE, &f->end);
    if (curl_multi_add_handle(d->multi, f->transfer) != CURLM_OK) {
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

    rc = f->item.bulletin
             ? prepare_bulletin(d->db, d->templates, &f->item, now, &f->prepared, &err)
             : prepare_item(d->db, d->templates, links, &f->item, now, &f->prepared, &err);
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

/* What their links are known by is on disk before the first of them leaves. */
static void begin_all(struct dispatch *d, struct flight *claimed, time_t now)
{
    bool keeps = claimed && d->links.base_url, kept = true;
    struct flight *made;
    struct err err;

    if (keeps && db_begin(d->db, &err) < 0)
        keeps = kept = false;
    made = make_all(d, in_order(claimed), now);
    if (keeps && db_commit(d->db, &err) < 0)
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

/* Once a second: what is held past its time, and what an operator asks for. */
static int heed_operator(struct dispatch *d, time_t now, struct err *err)
{
    if (d->heeded_at == now)
        return 0;
    for (size_t i = 0; i < d->ways.count; i++) {
        struct way *w = &d->ways.list[i];

        if (way_heed(w, d->db, err) < 0 || holds_give_way(d->db, w->adapter->name, now, err) < 0)
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
            line_read(&w->line, d->db, w->adapter->name, &w->hosts, now, err) < 0)
            return -1;
    }
    return 0;
}

int dispatch_run(struct dispatch *d, time_t *next, struct err *err)
{
    time_t now = clock_now(d->clock);
    struct flight *claimed = NULL;
    int running;

    ways_mind_the_clock(&d->ways, now);
    curl_multi_perform(d->multi, &running);
    collect(d);
    if (ways_find_strays(&d->ways, d->db, now, err) < 0 || heed_operator(d, now, err) < 0 ||
        read_lines(d, now, err) < 0 || write_round(d, now, &claimed, err) < 0) {
        flight_free_all(claimed);
        return -1;
    }
    begin_all(d, claimed, now);
    if (asking_run(&d->asking, &d->ways, d->db, now, next, err) < 0)
        return -1;
    if (d->flying || d->asking.flying)
        curl_multi_perform(d->multi, &running);
    if (write_round(d, now, NULL, err) < 0)
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
    if (write_round(d, clock_now(d->clock), NULL, &err) < 0)
        log_failure("outbox.unrecorded", &err);
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    drain(d);
    while (d->flying) {
        struct flight *f = flight_unlink(&d->flying, d->flying);

        curl_multi_remove_handle(d->multi, f->transfer);
        judge(d, f, CURLE_ABORTED_BY_CALLBACK);
    }
    flight_free_all(d->ended);
    asking_stop(&d->asking);
    ways_close(&d->ways);
    templates_free(d->templates);
    free(d);
}
