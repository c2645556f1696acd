#include "deliver/flight.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/log.h"
#include "deliver/retry.h"
#include "follow/answer.h"
#include "store/bulletins.h"
#include "store/deliveries.h"
#include "store/notices.h"
#include "store/registers.h"

struct flight *flight_unlink(struct flight **list, struct flight *f)
{
    while (*list != f)
        list = &(*list)->next;
    *list = f->next;
    f->next = NULL;
    return f;
}

void flight_add(struct flight **list, struct flight *f)
{
    while (*list)
        list = &(*list)->next;
    *list = f;
}

void flight_free(struct flight *f)
{
    if (f->item.item_id > 0)
        outbox_item_release(&f->item);
    prepared_release(&f->prepared);
    personal_release(&f->outcome.answered_by);
    free(f);
}

void flight_free_all(struct flight *list)
{
    while (list)
        flight_free(flight_unlink(&list, list));
}

static void settle_way(struct flight *f, time_t now)
{
    if (f->ours)
        return;
    if (f->verdict != VERDICT_SENT && f->outcome.alone)
        return; /* no word on the way itself */
    if (f->verdict == VERDICT_BROKEN)
        way_hold(f->way, &f->outcome, now);
    else if (f->verdict == VERDICT_SENT || f->outcome.code > 0)
        way_unhold(f->way);
    else if (f->verdict == VERDICT_LATER && f->host == 0)
        way_silent(f->way, &f->outcome, now);
}

enum { DOUBT_SECONDS = 10, DOUBT_TRIES = 3 };

/* Nobody has answered, and whether all that goes that way fares alike is not known: who else can be
 * reached cannot be said before it is. A way that is not silent by an item's third such try has answered
 * others in between, and it is that item alone which it does not bring. */
static bool is_in_doubt(const struct flight *f)
{
    return f->verdict == VERDICT_LATER && f->outcome.code == 0 && !f->ours && !f->outcome.alone &&
           f->host == 0 && f->way->shut.tries == 0 && f->item.unanswered + 1 < DOUBT_TRIES;
}

/* A host that said anything at all is there. */
static void settle_host(struct flight *f, time_t now)
{
    struct hosts *hosts = &f->way->hosts;

    if (f->ours)
        return;
    if (f->outcome.code > 0 || f->verdict == VERDICT_SENT)
        hosts_answered(hosts, f->host, f->way->most, now);
    else if (f->verdict == VERDICT_LATER && hosts_silent(hosts, f->host, now))
        log_event(LOG_LEVEL_WARNING, "host.silent", "adapter=%s contact=%lld detail=\"%s\"",
                  f->way->adapter->name, (long long)f->item.contact_id, f->outcome.detail);
}

/* When it is tried again: a shut way's items wait for it, others back off. Past its time, what is in doubt
 * is soon known. */
static void set_next(struct flight *f, time_t now)
{
    const struct retry_policy policy = RETRY_DEFAULT;

    if (f->next_at > 0 || f->verdict == VERDICT_SENT || f->verdict == VERDICT_NEVER)
        return;
    if (f->verdict == VERDICT_BROKEN && !f->ours && !f->outcome.alone)
        f->next_at = f->way->circuit.until;
    else if (f->in_doubt && now >= f->item.give_up_at)
        f->next_at = now + DOUBT_SECONDS;
    else
        f->next_at = retry_at(&policy, f->item.tries + 1, f->outcome.retry_after, now,
                              f->item.give_up_at, randombytes_random());
}

void flight_settle(struct flight *f, time_t now)
{
    if (f->settled)
        return;
    f->settled = true;
    settle_way(f, now);
    f->in_doubt = is_in_doubt(f);
    settle_host(f, now);
    set_next(f, now);
}

/* A webhook's: of some of the children that they are not theirs, of all, or that it is taken. */
static int take_answer(struct db *db, const struct flight *f, time_t now, struct err *err)
{
    const struct outcome *o = &f->outcome;
    struct answer_said said = *SAID(o->not_our_pupil ? ANSWER_NOT_OURS : ANSWER_TAKEN, "webhook");
    struct err unknown = {.code = ERR_NONE};

    if (o->not_ours_count == 0)
        return answer_take(db, f->item.notice_id, &said, now, err);
    for (size_t i = 0; i < o->not_ours_count; i++) {
        said.child_ref = o->not_ours[i];
        /* One that the notice does not name is passed over; it holds up no other. */
        if (answer_take(db, f->item.notice_id, &said, now, &unknown) < 0 &&
            unknown.code != ERR_INVALID) {
            *err = unknown;
            return -1;
        }
    }
    said = *SAID(ANSWER_TAKEN, "webhook");
    return personal_is_set(&o->answered_by) ? answer_take(db, f->item.notice_id, &said, now, err)
                                            : 0;
}

/* What it will be asked about. */
static int record_handle(struct db *db, const struct flight *f, time_t now, struct err *err)
{
    return f->outcome.handle[0] == '\0'
               ? 0
               : deliveries_add(db, f->item.key, f->item.adapter, f->outcome.handle, now,
                                ask_again_at(now, now), err);
}

static int record_sent(struct db *db, const struct flight *f, time_t now, struct err *err)
{
    struct err answer = {.code = ERR_NONE};

    if (outbox_sent(db, &f->item, f->outcome.code, f->outcome.detail, f->ms, now, err) < 0 ||
        record_handle(db, f, now, err) < 0)
        return -1;
    if (!personal_is_set(&f->outcome.answered_by) && !f->outcome.not_our_pupil)
        return 0;
    /* Who it was stays with the receiver. A notice that was replaced meanwhile has no answer. */
    if (take_answer(db, f, now, &answer) >= 0 || answer.code == ERR_INVALID)
        return 0;
    if (err)
        *err = answer;
    return -1;
}

static int record_bulletin(struct db *db, const struct flight *f, time_t now, struct err *err)
{
    const struct outcome *o = &f->outcome;
    struct err answer = {.code = ERR_NONE};

    switch (f->verdict) {
    case VERDICT_SENT:
        if (bulletins_sent(db, &f->item, o->code, o->detail, f->ms, now, err) < 0 ||
            record_handle(db, f, now, err) < 0)
            return -1;
        /* A warning asks for no answer. */
        if (!personal_is_set(&o->answered_by) ||
            bulletins_answer(db, f->item.item_id, "webhook", now, &answer) >= 0 ||
            answer.code == ERR_INVALID)
            return 0;
        if (err)
            *err = answer;
        return -1;
    case VERDICT_NEVER:
        if (bulletins_never(db, &f->item, o->code, o->detail, f->ms, now, err) < 0)
            return -1;
        return o->contact_ends ? registers_end_contact(db, f->item.contact_id, "gone", now, err)
                               : 0;
    case VERDICT_LATER:
    case VERDICT_BROKEN:
        break;
    }
    return bulletins_later(db, &f->item, verdict_word(f->verdict), o->code, o->detail, f->ms,
                           f->next_at, now, err);
}

int flight_record(struct db *db, const struct flight *f, time_t now, struct err *err)
{
    const struct outcome *o = &f->outcome;

    if (f->item.bulletin)
        return record_bulletin(db, f, now, err);
    switch (f->verdict) {
    case VERDICT_SENT:
        return record_sent(db, f, now, err);
    case VERDICT_NEVER:
        if (outbox_never(db, &f->item, o->code, o->detail, f->ms, now, err) < 0)
            return -1;
        return o->contact_ends ? registers_end_contact(db, f->item.contact_id, "gone", now, err)
                               : 0;
    case VERDICT_LATER:
    case VERDICT_BROKEN:
        break;
    }
    return outbox_later(db, &f->item, verdict_word(f->verdict), o->code, o->detail, f->ms,
                        f->next_at, !f->in_doubt, now, err);
}

void flight_say(const struct flight *f, time_t now)
{
    bool is_error = f->ours || (f->outcome.alone && f->verdict == VERDICT_BROKEN);

    log_event(is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              f->item.bulletin ? "bulletin.tried" : "outbox.tried",
              "item=%lld notice=%lld adapter=%s verdict=%s tries=%d code=%d ms=%d again_in=%lld"
              " detail=\"%s\"",
              (long long)f->item.item_id, (long long)f->item.notice_id, f->way->adapter->name,
              verdict_word(f->verdict), f->item.tries + 1, f->outcome.code, f->ms,
              (long long)(f->next_at > 0 ? f->next_at - now : 0), f->outcome.detail);
}
