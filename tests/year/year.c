/* tests/year/year.c - a year in seconds: 366 days of invented nights over three authorities, with
 * the gateway's own intake, steps, imports and commands, and a clock that goes from event to event.
 *
 *   year --incidents N [--days 366] [--seed S] [--kills N] --store FOLDER
 *
 * Whatever can go wrong does: contacts that fail, never answer or leave, a mail server that is down,
 * bad messages, revisions, withdrawals, snow, a roll in September under which everyone moves up, a
 * clock that jumps, a daemon that is killed at a random write. A promise that is broken ends it
 * with the incident and the seed, and status 1.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "callouts.h"
#include "chance.h"
#include "checks.h"
#include "files.h"
#include "follow/answer.h"
#include "gate.h"
#include "post.h"
#include "quiet.h"
#include "statements.h"
#include "store/outbox.h"
#include "store/review.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

enum what {
    DAY,     /* tonight's call-outs are drawn */
    PUBLISH, /* number, revision; text: this very message again */
    ANSWER,  /* text: the notice's reference */
    REVIEW,  /* number: the child's row */
    OUTAGE,  /* number: on, off */
    CLOCK,   /* number: seconds ahead */
    ROLLS,   /* number: a new school year, or some have moved */
    SNOW,
    LEAVER,
    VERIFY,
    TICK,
    END,
};

struct event {
    time_t at;
    uint64_t order; /* of making, between events of one moment */
    enum what what;
    int64_t number;
    int revision;
    char *text;
};

struct options {
    int incidents, days, kills, statements;
    uint64_t seed;
    const char *folder;
};

static struct options options = {400, 366, -1, 0, 1, NULL};
static struct event *heap;
static size_t heap_count, heap_room;
static time_t now;  /* as it is; the gateway's clock may be ahead or behind */
static time_t skew; /* by so much */
static time_t next_due;
static int64_t last_decision;
static double kill_chance;

static bool sooner(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void add(time_t at, enum what what, int64_t number, int revision, const char *text)
{
    static uint64_t order;
    size_t i = heap_count++;

    if (heap_count > heap_room) {
        heap_room = heap_room ? heap_room * 2 : 4096;
        heap = reallocarray(heap, heap_room, sizeof *heap);
        if (!heap)
            abort();
    }
    heap[i] = (struct event){at, order++, what, number, revision, text ? strdup(text) : NULL};
    while (i > 0 && sooner(&heap[i], &heap[(i - 1) / 2])) {
        struct event e = heap[i];

        heap[i] = heap[(i - 1) / 2];
        heap[(i - 1) / 2] = e;
        i = (i - 1) / 2;
    }
}

static struct event take_first(void)
{
    struct event first = heap[0];
    size_t i = 0;

    heap[0] = heap[--heap_count];
    for (;;) {
        size_t least = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++) {
            if (child < heap_count && sooner(&heap[child], &heap[least]))
                least = child;
        }
        if (least == i)
            return first;
        struct event e = heap[i];

        heap[i] = heap[least];
        heap[least] = e;
        i = least;
    }
}

static void set_clock(void)
{
    gate_clock.shift = now + skew;
}

static int failed(const struct err *err, const char *what)
{
    fprintf(stderr, "year: %s: %s\n", what, err->text);
    return -1;
}

/* People who have a notice answer it, each after their temper. */
static int on_received(const struct post_item *item)
{
    int contact, hours = 3600, after = -1;

    if (checks_received(item, &contact) < 0)
        return -1;
    if (!item->taken || contact < 0)
        return 0;
    switch (contacts[contact].temper) {
    case PROMPT:
        after = chance_between(120, 2400);
        break;
    case SLOW:
        after = chance_between(1 * hours, 40 * hours);
        break;
    case FLAKY:
    case FULL:
        after = chance_between(900, 5 * hours);
        break;
    default:
        break;
    }
    if (after > 0 && !chance_of(0.03))
        add(now + after, ANSWER, 0, 0, item->reference);
    return 0;
}

/* The control rooms take their receipts from the broker. */
static int take_receipts(void)
{
    struct err err = {.code = ERR_NONE};
    struct outbox_item items[64];
    int n, rc = 0;

    do {
        n = outbox_claim_receipts(gate_office, clock_now(&gate_clock), 60, items, 64, &err);
        if (n < 0 || (n > 0 && db_begin(gate_office, &err) < 0))
            return failed(&err, "receipts");
        for (int i = 0; i < n; i++) {
            if (checks_receipt(items[i].payload) < 0)
                rc = -1;
            if (outbox_sent(gate_office, &items[i], 0, NULL, 1, clock_now(&gate_clock), &err) < 0)
                return failed(&err, "receipts");
            outbox_item_release(&items[i]);
        }
        if (n > 0 && db_commit(gate_office, &err) < 0)
            return failed(&err, "receipts");
    } while (n == 64 && rc == 0);
    return rc;
}

/* What the matcher has left to a person since: somebody will look, most of the time. */
static int note_reviews(void)
{
    struct err err = {.code = ERR_NONE};
    sqlite3_stmt *row;
    int rc;

    if (sql_query(gate_office, &row, &err,
                  "SELECT decision_id, child_id, outcome = 'review' FROM decision"
                  " WHERE decision_id > ? ORDER BY decision_id",
                  "i", last_decision) < 0)
        return failed(&err, "decisions");
    while ((rc = sql_row(gate_office, row, &err)) == 1) {
        last_decision = sqlite3_column_int64(row, 0);
        if (sqlite3_column_int(row, 2) && chance_of(0.9))
            add(now + chance_between(900, 20 * 3600), REVIEW, sqlite3_column_int64(row, 1), 0,
                NULL);
    }
    sql_done(row);
    return rc < 0 ? failed(&err, "decisions") : 0;
}

/* The steps, now and then in a process that is killed; with a message, when it comes. What was not
 * acknowledged comes again at once. */
static int run(const struct gate_message *message, enum accepted *what)
{
    struct err err = {.code = ERR_NONE};
    bool again = message != NULL;

    set_clock();
    if (chance_of(kill_chance)) {
        enum accepted was = (enum accepted) - 1;

        if (gate_run_killed(message, chance_below(60), &was, &err) < 0)
            return failed(&err, "killing");
        again = again && was == (enum accepted) - 1;
        if (message && !again)
            *what = was;
        if (post_collect(on_received) < 0)
            return -1;
        gate_life = gate_crashes;
    }
    if (again && gate_accept(message, what, &err) < 0)
        return failed(&err, "intake");
    return 0;
}

static int settle(void)
{
    struct err err = {.code = ERR_NONE};

    set_clock();
    if (gate_run(&next_due, &err) < 0)
        return failed(&err, "the steps");
    next_due -= skew;
    return post_collect(on_received) < 0 || take_receipts() < 0 ? -1 : note_reviews();
}

/* A message comes by MQTT. What it brings is true from here on, before anybody is told of it. */
static int publish(int number, int revision, const char *text)
{
    char topic[96], reference[32];
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
    if (run(&message, &what) < 0)
        return -1;
    tally.refused_ones += what == ACCEPTED_REFUSED;
    if (!c)
        return what == ACCEPTED_REFUSED ? 0 : -1;
    if (what == ACCEPTED_REFUSED || (what == ACCEPTED && revision <= before)) {
        callouts_reference(number, reference);
        fprintf(stderr, "year: P1 broken: incident %s: revision %d after %d was %s\n", reference,
                revision, before, what == ACCEPTED ? "taken" : "refused");
        return -1;
    }
    return 0;
}

static int on_publish(const struct event *e)
{
    struct buf text;
    int rc;

    if (e->text)
        return publish((int)e->number, e->revision, e->text);
    buf_init(&text, 65536);
    callouts_write((int)e->number, e->revision, now, &text);
    rc = publish((int)e->number, e->revision, buf_text(&text));
    if (chance_of(0.03)) /* the same again, perhaps after a higher revision */
        add(now + chance_between(5, 30 * 3600), PUBLISH, e->number, e->revision, buf_text(&text));
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
        add(sent, PUBLISH, number, r, NULL);
        sent += chance_between(600, 30 * 3600);
    }
    if (chance_of(0.01))
        add(sent, PUBLISH, -1, 0, CHANCE_OF_LIST(bad));
}

/* More at weekends; the year's sum is what was asked for. */
static void draw_night(day_t day)
{
    static const int weights[] = {9, 8, 8, 9, 12, 16, 15}; /* Monday first */
    static int64_t share, drawn;
    int64_t wanted;

    share += weights[day_weekday(day)];
    wanted = share * 7 * options.incidents / (77 * (int64_t)options.days);
    if (day == YEAR_BEGINS + options.days - 2)
        wanted = options.incidents;
    for (; drawn < wanted; drawn++)
        draw_callout(day);
    if (day + 1 < YEAR_BEGINS + options.days - 1)
        add(london_moment(day + 1, 0), DAY, day + 1, 0, NULL);
}

static int on_answer(const char *reference)
{
    struct err err = {.code = ERR_NONE};

    set_clock();
    if (answer_notice(gate_office, reference, SAID(ANSWER_TAKEN, "somebody"),
                      clock_now(&gate_clock), &err) < 0)
        return err.code == ERR_INVALID || err.code == ERR_NONE_SUCH ? 0 : failed(&err, "answer");
    tally.answers++;
    return 0;
}

/* Whose child it is, by the store's numbers; NULL none. */
static const struct said_child *child_of_row(int64_t child_id)
{
    struct err err = {.code = ERR_NONE};
    const struct said_child *found = NULL;
    sqlite3_stmt *row;

    if (sql_query(gate_office, &row, &err,
                  "SELECT i.police_ref, c.child_ref FROM child c JOIN incident i USING"
                  " (incident_id) WHERE c.child_id = ?",
                  "i", child_id) < 0)
        return NULL;
    if (sql_row(gate_office, row, &err) == 1) {
        int number = callouts_number(sql_text(row, 0));

        if (number >= 0)
            found = &callouts[number].children[atoi(sql_text(row, 1)) - 1];
    }
    sql_done(row);
    return found;
}

/* A person looks, and knows. */
static int on_review(int64_t child_id)
{
    const struct said_child *said = child_of_row(child_id);
    struct err err = {.code = ERR_NONE};
    int64_t pupil_key = -1;
    char pupil_id[16];
    int rc;

    if (!said)
        return -1;
    snprintf(pupil_id, sizeof pupil_id, "P%06d", said->pupil);
    set_clock();
    if (!said->stranger &&
        sql_int(gate_office, &pupil_key, &err,
                "SELECT pupil_key FROM pupil p WHERE pupil_id = ?1 ORDER BY EXISTS (SELECT 1"
                " FROM enrolment e WHERE e.pupil_key = p.pupil_key AND e.ended_at IS NULL) DESC",
                "t", pupil_id) < 0)
        return failed(&err, "review");
    if (db_begin(gate_office, &err) < 0)
        return failed(&err, "review");
    rc = review_decide(gate_office, child_id, pupil_key, false, "officer", clock_now(&gate_clock),
                       &err);
    if (rc < 0)
        db_rollback(gate_office);
    else if (db_commit(gate_office, &err) < 0)
        rc = -1;
    if (rc < 0 && err.code != ERR_INVALID)
        return failed(&err, "review");
    tally.reviews += rc == 1;
    return 0;
}

static int on_rolls(bool new_year)
{
    if (new_year)
        world_new_school_year();
    else
        world_some_move(0.02);
    for (int la = 0; la < LAS; la++) {
        tally.imports++;
        if (files_roll(gate_office, options.folder, la, now) < 0)
            return -1;
    }
    return 0;
}

/* Some schools shut on the day, an hour and a half before anybody is told. */
static int on_snow(void)
{
    day_t today = london_day(now);

    for (int i = 0; i < 4; i++) {
        int door = chance_below(doors_count - LAS - FORCES);

        if (!world_is_school_day(door, today))
            continue;
        tally.imports++;
        if (files_closure(gate_office, options.folder, door, today, today + chance_below(2), now) <
            0)
            return -1;
    }
    return 0;
}

static int import_contacts(int contact)
{
    tally.imports++;
    return files_contacts(gate_office, options.folder, doors[contacts[contact].door].la, now);
}

/* A key adult leaves, and another comes, whose address somebody verifies now or days later. */
static int on_leaver(void)
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
        add(now + chance_between(1, 12) * 86400, VERIFY, i, 0, NULL);
    return import_contacts(i);
}

static int happen(const struct event *e)
{
    switch (e->what) {
    case DAY:
        draw_night((day_t)e->number);
        return 0;
    case PUBLISH:
        return on_publish(e);
    case ANSWER:
        return on_answer(e->text);
    case REVIEW:
        return on_review(e->number);
    case OUTAGE:
        post_is_down = e->number != 0;
        return 0;
    case CLOCK:
        skew = (time_t)e->number;
        return 0;
    case ROLLS:
        return on_rolls(e->number != 0);
    case SNOW:
        return on_snow();
    case LEAVER:
        return on_leaver();
    case VERIFY:
        contacts[e->number].verified_at = now;
        return import_contacts((int)e->number);
    case TICK:
        add(now + 4 * 3600, TICK, 0, 0, NULL);
        return 0;
    case END:
        return 0;
    }
    return -1;
}

static time_t some_time(int second_from, int second_to)
{
    return london_moment(YEAR_BEGINS + chance_between(2, options.days - 3),
                         chance_between(second_from, second_to));
}

/* What comes in any year. */
static void draw_year(void)
{
    static const char *const rolls[] = {"2027-09-06", "2028-01-10", "2028-04-26"};

    add(london_moment(YEAR_BEGINS, 12 * 3600), TICK, 0, 0, NULL);
    add(london_moment(YEAR_BEGINS, 12 * 3600), DAY, YEAR_BEGINS, 0, NULL);
    add(london_moment(YEAR_BEGINS + options.days, 0), END, 0, 0, NULL);
    for (int i = 0; i < 3; i++)
        add(london_moment(day_parse(rolls[i]), 12 * 3600), ROLLS, i == 0, 0, NULL);
    for (int i = 0; i < options.days / 12; i++) {
        time_t at = some_time(6 * 3600, 6 * 3600);

        if (london_day(at) > day_parse("2027-11-01") && london_day(at) < day_parse("2028-04-01"))
            add(at, SNOW, 0, 0, NULL);
        add(some_time(10 * 3600, 15 * 3600), LEAVER, 0, 0, NULL);
    }
    for (int i = 0; i < options.days / 20; i++) {
        time_t from = some_time((i % 2 ? 6 : 0) * 3600, 9 * 3600),
               to = from + chance_between(1200, 4 * 3600);

        add(from, OUTAGE, 1, 0, NULL);
        add(to, OUTAGE, 0, 0, NULL);
        checks_excuse(from, to + 1200);
    }
    for (int i = 0; i < options.days / 60; i++) {
        time_t from = some_time(0, 23 * 3600), to = from + chance_between(3600, 3 * 3600);
        int seconds = chance_of(0.5) ? chance_between(3600, 6 * 3600) : -7200;

        add(from, CLOCK, seconds, 0, NULL);
        add(to, CLOCK, 0, 0, NULL);
        checks_excuse(from - 7200, to + 6 * 3600);
    }
    for (int i = 0; i < contacts_count; i++) {
        if (contacts[i].verified_at == 0)
            add(some_time(10 * 3600, 16 * 3600), VERIFY, i, 0, NULL);
    }
}

static int begin(struct err *err)
{
    char path[512];
    static FILE *log;

    now = london_moment(YEAR_BEGINS - 3, 12 * 3600);
    set_clock();
    if ((mkdir(options.folder, 0700) < 0 && access(options.folder, W_OK) < 0))
        return err_errno(err, options.folder);
    snprintf(path, sizeof path, "%s/log", options.folder);
    log = fopen(path, "ae");
    if (!log || post_open(options.folder) < 0)
        return err_errno(err, path);
    log_open(log, &gate_clock, LOG_LEVEL_INFO);
    world_make(options.incidents > 20000 ? 12000 : options.incidents > 2000 ? 6000 : 1500);
    if (gate_make(options.folder, err) < 0 || gate_open(err) < 0)
        return -1;
    if (files_establishments(gate_office, options.folder, now) < 0 ||
        files_terms(gate_office, options.folder, now) < 0 ||
        files_policies(gate_office, options.folder, now) < 0 ||
        files_contacts(gate_office, options.folder, -1, now) < 0)
        return err_set(err, ERR_INVALID, "a register was refused");
    for (int la = 0; la < LAS; la++) {
        if (files_contacts(gate_office, options.folder, la, now) < 0 ||
            files_roll(gate_office, options.folder, la, now) < 0)
            return err_set(err, ERR_INVALID, "a roll was refused");
    }
    return 0;
}

static int go_on(void)
{
    bool ended = false;

    next_due = now + 86400 * 400;
    while (!ended) {
        if (next_due < heap[0].at) {
            now = next_due > now ? next_due : now + 1;
            if (run(NULL, NULL) < 0)
                return -1;
        } else {
            struct event e = take_first();
            int rc;

            if (e.at > now)
                now = e.at;
            set_clock();
            ended = e.what == END;
            rc = happen(&e);
            free(e.text);
            if (rc < 0)
                return -1;
        }
        if (settle() < 0)
            return -1;
    }
    return 0;
}

static int read_options(int argc, char **argv)
{
    static const struct option words[] = {{"incidents", 1, NULL, 'i'}, {"days", 1, NULL, 'd'},
                                          {"seed", 1, NULL, 's'},      {"kills", 1, NULL, 'k'},
                                          {"store", 1, NULL, 'f'},     {"statements", 1, NULL, 't'},
                                          {NULL, 0, NULL, 0}};
    int word;

    while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
        switch (word) {
        case 'i':
            options.incidents = atoi(optarg);
            break;
        case 'd':
            options.days = atoi(optarg);
            break;
        case 's':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            options.kills = atoi(optarg);
            break;
        case 't':
            options.statements = atoi(optarg);
            break;
        case 'f':
            options.folder = optarg;
            break;
        default:
            return -1;
        }
    }
    if (options.kills < 0)
        options.kills = options.days / 8;
    return options.folder && options.incidents > 0 && options.days >= 10 && options.days <= 366
               ? 0
               : -1;
}

int main(int argc, char **argv)
{
    struct err err = {.code = ERR_NONE};
    int64_t from = clock_monotonic_ms();
    char log_path[512];
    int rc;

    if (read_options(argc, argv) < 0) {
        fputs("usage: year --incidents N [--days 366] [--seed S] [--kills N] --store FOLDER\n",
              stderr);
        return 2;
    }
    chance_seed(options.seed);
    /* Rather more runs than this end before the write that would be their last. */
    kill_chance = options.kills * 1.0 / (options.incidents * 2.2 + options.days);
    if (begin(&err) < 0) {
        fprintf(stderr, "year: %s\n", err.text);
        return 3;
    }
    draw_year();
    rc = go_on();
    snprintf(log_path, sizeof log_path, "%s/log", options.folder);
    if (rc == 0)
        rc = checks_end(log_path, true);
    if (rc < 0)
        fprintf(stderr, "year: seed %" PRIu64 ", %d incidents, in %s\n", options.seed,
                options.incidents, options.folder);
    printf("%10.1f s for %d days, seed %" PRIu64 "\n",
           (double)(clock_monotonic_ms() - from) / 1000.0, options.days, options.seed);
    gate_print_time();
    gate_close();
    if (options.statements)
        statements_print(options.statements);
    if (rc == 0)
        rc = statements_check();
    statements_release();
    while (heap_count > 0)
        free(heap[--heap_count].text);
    free(heap);
    callouts_free();
    world_free();
    post_close();
    quiet_release();
    return rc < 0 ? 1 : 0;
}
