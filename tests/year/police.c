#include "police.h"

#include <stdio.h>
#include <string.h>

#include "callouts.h"
#include "chance.h"
#include "checks.h"
#include "life.h"
#include "promise.h"
#include "store/outbox.h"
#include "tally.h"
#include "world.h"

/* The control rooms take their receipts from the broker. */
int police_take_receipts(void)
{
    struct err err = {.code = ERR_NONE};
    struct outbox_item items[64];
    int n;

    do {
        n = outbox_claim_receipts(gate_daemon, clock_now(&gate_clock), 60, items, 64, &err);
        if (n < 0 || (n > 0 && db_begin(gate_daemon, &err) < 0))
            return life_failed(&err, "receipts");
        for (int i = 0; i < n; i++) {
            checks_receipt(items[i].payload);
            if (outbox_sent(gate_daemon, &items[i], 0, NULL, 1, clock_now(&gate_clock), &err) < 0)
                return life_failed(&err, "receipts");
            outbox_item_release(&items[i]);
        }
        if (n > 0 && db_commit(gate_daemon, &err) < 0)
            return life_failed(&err, "receipts");
    } while (n == 64);
    return promise_too_many() ? -1 : 0;
}

/* A message comes by MQTT. What it brings is true from here on, before anybody is told of it. */
static int publish(int number, int revision, const char *text)
{
    char topic[96];
    struct gate_message message = {.topic = topic, .text = text};
    struct callout *c = number >= 0 ? &callouts[number] : NULL;
    enum accepted what = ACCEPTED_REFUSED;
    int before = c ? c->revision : 0;

    snprintf(topic, sizeof topic, "encompass/v1/%s/incident", forces[c ? c->force : 0]);
    tally.messages++;
    if (c && revision > c->revision) {
        c->revision = revision;
        c->accepted_at[revision] = now + skew;
    }
    if (life_run(&message, &what) < 0)
        return -1;
    tally.refused_ones += what == ACCEPTED_REFUSED;
    if (!c && what != ACCEPTED_REFUSED)
        promise_broken("P1", -1, "what is no message was taken for one");
    if (c && (what == ACCEPTED_REFUSED || (what == ACCEPTED && revision <= before)))
        promise_broken("P1", number, "revision %d after %d was %s", revision, before,
                       what == ACCEPTED ? "taken" : "refused");
    return promise_too_many() ? -1 : 0;
}

int police_publish(const struct event *e)
{
    struct buf text;
    int rc;

    if (e->text)
        return publish((int)e->number, e->revision, e->text);
    buf_init(&text, 65536);
    callouts_write((int)e->number, e->revision, now, &text);
    rc = publish((int)e->number, e->revision, buf_text(&text));
    if (chance_of(0.03)) /* the same again, perhaps after a higher revision */
        events_add(now + chance_between(5, 30 * 3600), PUBLISH, e->number, e->revision,
                   buf_text(&text));
    buf_release(&text);
    return rc;
}

static const char *const bad[] = {
    "",
    "{",
    "[]",
    "{\"version\":1}",
    "not JSON at all",
    "{\"version\":1,\"force\":\"kent\",\"police_ref\":\"x\",\"revision\":1,\"type\":\"other\","
    "\"action\":\"notify\",\"attended_at\":\"2027-02-30T00:00:00Z\",\"children\":[]}"};

/* A call-out is sent some hours after the officers were there, now and then days. */
static void draw_callout(day_t day)
{
    static const int hours[] = {0, 1, 2, 8, 11, 13, 15, 17, 18, 19, 20, 20, 21, 21, 22, 22, 23, 23};
    time_t attended = london_moment(day, CHANCE_OF_LIST(hours) * 3600 + chance_below(3600));
    int number = callouts_add(attended, chance_below(3) > 0);
    time_t sent = attended + chance_between(1800, 5 * 3600);

    if (chance_of(0.02))
        sent += chance_between(1, 9) * 86400;
    for (int r = 1; r <= callouts[number].last_made; r++) {
        events_add(sent, PUBLISH, number, r, NULL);
        sent += chance_between(600, 30 * 3600);
    }
    if (chance_of(0.01))
        events_add(sent, PUBLISH, -1, 0, CHANCE_OF_LIST(bad));
}

/* More at weekends; the year's sum is what was asked for. */
void police_draw_night(day_t day, int incidents, int days)
{
    static const int weights[] = {9, 8, 8, 9, 12, 16, 15}; /* Monday first */
    static int64_t share, drawn;
    int64_t wanted;

    share += weights[day_weekday(day)];
    wanted = share * 7 * incidents / (77 * (int64_t)days);
    if (day == YEAR_BEGINS + days - 2)
        wanted = incidents;
    for (; drawn < wanted; drawn++)
        draw_callout(day);
    if (day + 1 < YEAR_BEGINS + days - 1)
        events_add(london_moment(day + 1, 0), DAY, day + 1, 0, NULL);
}
