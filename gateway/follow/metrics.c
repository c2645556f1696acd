#include "follow/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "follow/exposition.h"
#include "store/report.h"
#include "store/report_metrics.h"
#include "store/shut.h"

static const char OTHER[] = "other"; /* an adapter that this program has not */
static const char RECEIPTS[] = "mqtt";

enum { COST_MOST = 20 }; /* one part in so many of the time */

static void daemon_text(const struct metrics_daemon *daemon, time_t now, struct buf *out)
{
    exposition_family(out, "encompass_build_info", "gauge", "The program's version; always 1.");
    exposition_sample(out, "encompass_build_info", "version", ENCOMPASS_VERSION, NULL, NULL, 1);
    exposition_one(out, "encompass_metrics_timestamp_seconds", "gauge",
                   "When these figures were taken, by the gateway's clock.", (int64_t)now);
    exposition_one(out, "encompass_daemon_running", "gauge",
                   "Whether encompassd runs on this store.", daemon->running);
    if (!daemon->known)
        return;
    exposition_one(out, "encompass_broker_connected", "gauge",
                   "Whether there is a session at the MQTT broker.", daemon->connected);
    exposition_one(out, "encompass_transfers_under_way", "gauge",
                   "Messages that are on their way at this moment.", daemon->under_way);
}

static void intake_text(const struct report_status *s, struct buf *out)
{
    static const char messages[] = "encompass_messages_total";

    exposition_family(out, messages, "counter", "Messages from the police, by outcome.");
    exposition_sample(out, messages, "outcome", "accepted", NULL, NULL, s->all.accepted);
    exposition_sample(out, messages, "outcome", "repeat", NULL, NULL, s->all.repeated);
    exposition_sample(out, messages, "outcome", "refused", NULL, NULL, s->all.refused);
    exposition_one(out, "encompass_incidents_total", "counter", "Call-outs that were accepted.",
                   s->all.account.incidents);
    exposition_one(out, "encompass_refused_messages_waiting", "gauge",
                   "Refused messages that no person has dealt with.", s->refused_waiting);
    exposition_one(out, "encompass_receipts_waiting", "gauge",
                   "Receipts that have not left for the police.", s->receipts_waiting);
}

static void children_text(const struct report_status *s, const struct metrics_figures *f,
                          struct buf *out)
{
    static const char children[] = "encompass_children", work[] = "encompass_children_in_work";

    exposition_family(out, children, "gauge", "Children of accepted call-outs, each in one state.");
    for (enum child_state i = CHILD_OPEN; i <= CHILD_WITHDRAWN; i++)
        exposition_sample(out, children, "state", child_state_word(i), NULL, NULL,
                          s->all.account.by_state[i]);
    exposition_family(out, work, "gauge", "Children that wait for a step of the daemon.");
    exposition_sample(out, work, "step", "match", NULL, NULL, s->to_match);
    exposition_sample(out, work, "step", "plan", NULL, NULL, s->to_plan);
    exposition_one(out, "encompass_children_stuck", "gauge",
                   "Children whose notice has nobody to go to: give a contact.",
                   s->all.account.stuck);
    exposition_one(out, "encompass_children_forgotten", "gauge",
                   "Open children for whom nothing is owed; must be 0.", s->all.account.forgotten);
    exposition_one(out, "encompass_children_unproved", "gauge",
                   "Told children without a notice; must be 0.", s->all.account.unproved);
    exposition_one(out, "encompass_reviews_open", "gauge",
                   "Children for whom a person is to decide.", f->reviews);
}

static void moment(struct buf *out, const char *name, const char *help, time_t at)
{
    if (at >= 0)
        exposition_one(out, name, "gauge", help, (int64_t)at);
}

static void notices_text(const struct report_status *s, struct buf *out)
{
    static const char notices[] = "encompass_notices";

    exposition_family(out, notices, "gauge", "Notices, by state.");
    for (enum notice_state i = NOTICE_OWED; i <= NOTICE_CANCELLED; i++)
        exposition_sample(out, notices, "state", notice_state_word(i), NULL, NULL, s->notices[i]);
    exposition_one(out, "encompass_notices_late", "gauge",
                   "Notices that are owed and were due more than a minute ago.", s->late);
    exposition_one(out, "encompass_notices_unanswered", "gauge",
                   "Notices that were told and not answered in time.", s->unanswered);
    moment(out, "encompass_notice_oldest_due_timestamp_seconds",
           "When the oldest notice that is owed is or was due; absent: none is owed.", s->next_due);
}

/* The place among the adapters of the table, then the receipts', then all others'. */
static size_t place_of(const char *adapter, size_t known)
{
    size_t i = 0;

    while (i < known && strcmp(adapters[i]->name, adapter) != 0)
        i++;
    return i < known || strcmp(adapter, RECEIPTS) == 0 ? i : known + 1;
}

static const char *name_at(size_t place, size_t known)
{
    return place < known ? adapters[place]->name : place == known ? RECEIPTS : OTHER;
}

enum { PLACES = 16, BACKLOG_STATES = 3, VERDICTS = VERDICT_BROKEN + 1 };

static size_t count_adapters(void)
{
    size_t n = 0;

    while (adapters[n] && n < PLACES - 2)
        n++;
    return n;
}

static void backlog_text(const struct metrics_figures *f, struct buf *out)
{
    static const char items[] = "encompass_outbox_items";
    static const char *const states[BACKLOG_STATES] = {"waiting", "due", "leased"};
    int64_t n[PLACES][BACKLOG_STATES] = {{0}};
    size_t known = count_adapters();

    for (size_t i = 0; i < f->backlog_count; i++) {
        int64_t *of = n[place_of(f->backlog[i].adapter, known)];

        of[0] += f->backlog[i].waiting;
        of[1] += f->backlog[i].due;
        of[2] += f->backlog[i].leased;
    }
    exposition_family(
        out, items, "gauge",
        "Messages to be sent: waiting for their time, due, or on their way (leased).");
    for (size_t i = 0; i < known + 2; i++) {
        for (size_t k = 0; k < BACKLOG_STATES; k++)
            exposition_sample(out, items, "adapter", name_at(i, known), "state", states[k],
                              n[i][k]);
    }
}

static void tries_text(const struct metrics_figures *f, struct buf *out)
{
    static const char tries[] = "encompass_attempts_total";
    int64_t n[PLACES][VERDICTS] = {{0}};
    size_t known = count_adapters();

    for (size_t i = 0; i < f->tries_count; i++) {
        size_t verdict = 0;

        while (verdict < VERDICTS &&
               strcmp(verdict_word((enum verdict)verdict), f->tries[i].verdict) != 0)
            verdict++;
        if (verdict < VERDICTS)
            n[place_of(f->tries[i].adapter, known)][verdict] += f->tries[i].count;
    }
    exposition_family(out, tries, "counter", "Tries to send a notice, by how they ended.");
    for (size_t i = 0; i < known + 2; i++) {
        if (i == known)
            continue; /* a receipt leaves no try */
        for (size_t k = 0; k < VERDICTS; k++)
            exposition_sample(out, tries, "adapter", name_at(i, known), "verdict",
                              verdict_word((enum verdict)k), n[i][k]);
    }
}

static int shut_text(struct db *db, struct buf *out, struct err *err)
{
    static const char name[] = "encompass_adapter_shut";
    struct shut *shut = NULL;
    size_t count = 0, known = count_adapters();

    if (shut_list(db, &shut, &count, err) < 0)
        return -1;
    exposition_family(out, name, "gauge", "Whether an adapter cannot be used at the moment.");
    for (size_t i = 0; i < known; i++) {
        bool is = false;

        for (size_t k = 0; k < count; k++)
            is |= strcmp(shut[k].adapter, adapters[i]->name) == 0;
        exposition_sample(out, name, "adapter", adapters[i]->name, NULL, NULL, is);
    }
    free(shut);
    return 0;
}

static void warnings_text(const struct metrics_figures *f, struct buf *out)
{
    static const char name[] = "encompass_warnings";

    exposition_family(out, name, "gauge", "Warnings that stand, by kind.");
    for (enum warning_kind i = WARNING_FEED_QUIET; i < WARNING_KINDS; i++)
        exposition_sample(out, name, "kind", warning_kind_word(i), NULL, NULL, f->warnings[i]);
}

static int feeds_text(struct db *db, time_t now, struct buf *out, struct err *err)
{
    static const char name[] = "encompass_feed_last_message_timestamp_seconds";
    struct warning_feed *feeds = NULL;
    size_t count = 0;

    if (warnings_feeds(db, now, &feeds, &count, err) < 0)
        return -1;
    exposition_family(out, name, "gauge", "When a force's feed last brought a message.");
    for (size_t i = 0; i < count && i < METRICS_FEEDS_MAX; i++)
        exposition_sample(out, name, "force", feeds[i].force, NULL, NULL,
                          (int64_t)feeds[i].last_at);
    free(feeds);
    return 0;
}

static int rolls_text(struct db *db, struct buf *out, struct err *err)
{
    static const char name[] = "encompass_roll_imported_timestamp_seconds";
    struct warning_roll *rolls = NULL;
    size_t count = 0;

    if (warnings_rolls(db, &rolls, &count, err) < 0)
        return -1;
    exposition_family(out, name, "gauge", "When an authority's roll came in last.");
    for (size_t i = 0; i < count && i < METRICS_ROLLS_MAX; i++)
        exposition_sample(out, name, "la", rolls[i].la_code, NULL, NULL,
                          (int64_t)rolls[i].imported_at);
    free(rolls);
    return 0;
}

static void store_text(const struct metrics_figures *f, struct buf *out)
{
    exposition_one(out, "encompass_store_last_commit_timestamp_seconds", "gauge",
                   "When the store was last written, by the machine's clock.", f->last_commit);
    exposition_one(out, "encompass_store_size_bytes", "gauge",
                   "The store's size, its write-ahead log included.", f->store_bytes);
    exposition_one(out, "encompass_store_free_bytes", "gauge",
                   "What the store's file system has left for it.", f->free_bytes);
}

int metrics_text(struct db *db, time_t now, const struct metrics_daemon *daemon, struct buf *out,
                 struct err *err)
{
    struct metrics_figures f;
    struct report_status s;
    int rc = -1;

    if (metrics_figures(db, now, &f, err) < 0 ||
        report_status(db, report_night_began(now), now, &s, err) < 0)
        goto out;
    daemon_text(daemon, now, out);
    intake_text(&s, out);
    children_text(&s, &f, out);
    notices_text(&s, out);
    backlog_text(&f, out);
    tries_text(&f, out);
    warnings_text(&f, out);
    if (shut_text(db, out, err) < 0 || feeds_text(db, now, out, err) < 0 ||
        rolls_text(db, out, err) < 0)
        goto out;
    store_text(&f, out);
    rc = buf_check(out, err);
out:
    metrics_figures_release(&f);
    return rc;
}

int64_t metrics_next_ms(int64_t began_ms, int64_t ended_ms, int64_t every_ms)
{
    int64_t by_cost = began_ms + (ended_ms - began_ms) * COST_MOST;

    return began_ms + every_ms > by_cost ? began_ms + every_ms : by_cost;
}
