#include "intake/receipts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/claims.h"

enum {
    ON_THEIR_WAY_MAX = 250,
    GATHER_MS = 50,      /* what falls due meanwhile goes together, and so does what is answered */
    LEASE_SECONDS = 300, /* well above the keepalive that ends a silent connection */
    LATER_LEAST = 60,    /* seconds until a refused receipt is tried again, doubled each time */
    LATER_MOST = 3600,
    TRIES_MOST = 60, /* about two days; the control room has published again long since */
    UNANSWERED = -1,
    REASON_REFUSED = 128, /* reason codes from here up are refusals */
};

struct on_its_way {
    struct outbox_item item;
    int mid;
    int answer; /* the broker's reason code, or UNANSWERED */
    bool recorded;
    int64_t since_ms;
};

struct receipts {
    struct db *db;
    const struct clock *clock;
    struct on_its_way list[ON_THEIR_WAY_MAX];
    int count;
    int answers;
    int64_t gathered_ms; /* until then they are gathered; 0: not */
};

struct receipts *receipts_new(struct db *db, const struct clock *clock)
{
    struct receipts *r = calloc(1, sizeof *r);

    if (r) {
        r->db = db;
        r->clock = clock;
    }
    return r;
}

static void forget(struct receipts *r)
{
    for (int i = 0; i < r->count; i++)
        outbox_item_release(&r->list[i].item);
    r->count = 0;
    r->answers = 0;
}

void receipts_free(struct receipts *r)
{
    if (!r)
        return;
    forget(r);
    free(r);
}

static int hand_over(struct mosquitto *mosq, const struct outbox_item *item, int *mid)
{
    mosquitto_property *properties = NULL;
    int rc = MOSQ_ERR_SUCCESS;

    if (item->correlation_length > 0)
        rc = mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA,
                                           item->correlation, (uint16_t)item->correlation_length);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, "application/json");
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_publish_v5(mosq, mid, item->topic, (int)strlen(item->payload), item->payload,
                                  1, false, properties);
    mosquitto_property_free_all(&properties);
    return rc;
}

int receipts_publish(struct receipts *r, struct mosquitto *mosq, struct err *err)
{
    time_t now = clock_now(r->clock), due;
    struct outbox_item items[ON_THEIR_WAY_MAX];
    int room = ON_THEIR_WAY_MAX - r->count;
    int n;

    if (receipts_wait_ms(r) > 0)
        return 0;
    r->gathered_ms = 0;
    if (room == 0)
        return 0;
    n = claims_next_due(r->db, "mqtt", &due, err);
    if (n <= 0 || due > now)
        return n < 0 ? -1 : 0;
    memset(items, 0, sizeof items);
    n = outbox_claim_receipts(r->db, now, LEASE_SECONDS, items, room, err);
    if (n > 0 && n < room)
        r->gathered_ms = clock_monotonic_ms() + GATHER_MS;
    for (int i = 0; i < n; i++) {
        struct on_its_way *w = &r->list[r->count++];
        int rc;

        memset(w, 0, sizeof *w);
        w->item = items[i];
        w->answer = UNANSWERED;
        w->since_ms = clock_monotonic_ms();
        rc = hand_over(mosq, &w->item, &w->mid);
        if (rc !=
            MOSQ_ERR_SUCCESS) { /* this one's fault, or the connection's; never its neighbours' */
            log_event(LOG_LEVEL_WARNING, "receipt.kept", "item=%lld error=\"%s\"",
                      (long long)w->item.item_id, mosquitto_strerror(rc));
            w->mid = 0;
            w->answer = REASON_REFUSED;
            r->answers++;
        }
    }
    return n;
}

void receipts_answered(struct receipts *r, int mid, int reason_code)
{
    for (int i = 0; i < r->count; i++) {
        struct on_its_way *w = &r->list[i];

        if (w->mid == mid && w->answer == UNANSWERED) {
            w->answer = reason_code;
            r->answers++;
            if (reason_code >= REASON_REFUSED)
                log_event(LOG_LEVEL_WARNING, "receipt.refused", "item=%lld tries=%d code=%d",
                          (long long)w->item.item_id, w->item.tries + 1, reason_code);
            return;
        }
    }
}

bool receipts_have_answers(const struct receipts *r)
{
    return r->answers > 0 &&
           (db_in_transaction(r->db) || r->answers == r->count || receipts_wait_ms(r) <= 0);
}

int receipts_wait_ms(const struct receipts *r)
{
    int64_t left = r->gathered_ms - clock_monotonic_ms();

    if (r->gathered_ms == 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

static int record(struct receipts *r, const struct on_its_way *w, time_t now, struct err *err)
{
    int ms = (int)(clock_monotonic_ms() - w->since_ms);
    int wait = LATER_LEAST;

    if (w->answer < REASON_REFUSED)
        return outbox_sent(r->db, &w->item, w->answer, "", ms, now, err);
    if (w->item.tries + 1 >= TRIES_MOST)
        return outbox_never(r->db, &w->item, w->answer, "the broker refuses it", ms, now, err);
    for (int i = 0; i < w->item.tries && wait < LATER_MOST; i++)
        wait *= 2;
    if (wait > LATER_MOST)
        wait = LATER_MOST;
    return outbox_later(r->db, &w->item, "later", w->answer, "the broker refused it", ms,
                        now + wait, false, now, err);
}

int receipts_record(struct receipts *r, struct err *err)
{
    time_t now = clock_now(r->clock);

    assert(db_in_transaction(r->db));
    for (int i = 0; i < r->count; i++) {
        struct on_its_way *w = &r->list[i];

        if (w->answer == UNANSWERED)
            continue;
        if (record(r, w, now, err) < 0)
            return -1;
        w->recorded = true;
    }
    return 0;
}

void receipts_recorded(struct receipts *r)
{
    int kept = 0;

    for (int i = 0; i < r->count; i++) {
        if (r->list[i].recorded) {
            outbox_item_release(&r->list[i].item);
            r->answers--;
        } else {
            r->list[kept++] = r->list[i];
        }
    }
    r->count = kept;
}

int receipts_abandon(struct receipts *r, struct err *err)
{
    time_t now = clock_now(r->clock);
    int rc = 0;

    r->gathered_ms = 0;
    if (r->count == 0)
        return 0;
    if (db_begin(r->db, err) < 0) {
        forget(r);
        return -1;
    }
    for (int i = 0; i < r->count && rc == 0; i++) {
        const struct on_its_way *w = &r->list[i];

        if (w->answer != UNANSWERED)
            rc = record(r, w, now, err);
        else
            rc = outbox_later(r->db, &w->item, "later", 0, "the connection ended",
                              (int)(clock_monotonic_ms() - w->since_ms), w->item.due_at, false, now,
                              err);
    }
    if (rc == 0)
        rc = db_commit(r->db, err);
    else
        db_rollback(r->db);
    forget(r);
    return rc;
}

int receipts_on_their_way(const struct receipts *r)
{
    return r->count;
}
