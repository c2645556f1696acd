/* tests/year/year.c - a year in seconds: 366 days of invented nights over three authorities, with
 * the gateway's own intake, steps, imports and commands, and a clock that goes from event to event.
 *
 *   year --incidents N [--days 366] [--seed S] [--kills N] [--until YYYY-MM-DD] --store FOLDER
 *
 * Whatever can go wrong does: contacts that fail, never answer or leave, a desk that nobody keeps, a
 * mail server that is down, bad messages, revisions, withdrawals, what is withheld and released, snow, a
 * roll in September under which everyone moves up and others at two in the morning, filters and other
 * policies that come and go, holds, exercises, an officer who is wrong, a clock that jumps, a daemon
 * that is killed at a random write. A promise that is broken is said with the incident and the seed
 * (promise.h), and the status is 1. The same options go the same way again, kills and all, however busy
 * the machine is (pace.h): with --until, no further than that day, and `encompass explain` shows what
 * the store has by then.
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
#include "drills.h"
#include "events.h"
#include "files.h"
#include "gate.h"
#include "held.h"
#include "late.h"
#include "life.h"
#include "office.h"
#include "pace.h"
#include "people.h"
#include "police.h"
#include "post.h"
#include "promise.h"
#include "quiet.h"
#include "reviews.h"
#include "settled.h"
#include "statements.h"
#include "world.h"

struct options {
    int incidents, days, kills, statements;
    uint64_t seed;
    day_t until; /* DAY_NONE: all days */
    const char *folder;
};

static struct options options = {
    .incidents = 400, .days = 366, .kills = -1, .seed = 1, .until = DAY_NONE};

static int happen(const struct event *e)
{
    switch (e->what) {
    case DAY:
        police_draw_night((day_t)e->number, options.incidents, options.days);
        return 0;
    case PUBLISH:
        return police_publish(e);
    case ANSWER:
        return people_answer(e);
    case REVIEW:
        return reviews_decide(e->number);
    case OUTAGE:
        post_is_down = e->number != 0;
        return 0;
    case CLOCK:
        skew = reviews_are_wrong() ? 0 : (time_t)e->number;
        return 0;
    case ROLLS:
        return office_rolls(options.folder, e->number != 0);
    case SNOW:
        return office_snow(options.folder, (enum snow)e->number);
    case THAW:
        return office_thaw((int)e->number, e->revision);
    case MERGER:
        return office_merger(options.folder, (int)e->number);
    case LEAVER:
        return office_leaver(options.folder);
    case VERIFY:
        return office_verify(options.folder, (int)e->number);
    case SETTLE:
        return settled_change((int)e->number, e->revision != 0);
    case HOLD:
        return held_begin((int)e->number);
    case RELEASE:
        return held_end((int)e->number);
    case UNDO:
        return reviews_undo(e->number, e->revision != 0);
    case DRILL:
        return drills_begin();
    case NO_DESK:
        return office_desk(options.folder, e->number != 0);
    case NIGHT_ROLL:
        return office_night_roll(options.folder);
    case MONTH:
        gate_statements_in((enum statements_age)e->number);
        return 0;
    case TICK:
        events_add(now + 4 * 3600, TICK, 0, 0, NULL);
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
    static const char *const mergers[] = {"2027-10-12", "2027-12-31", "2028-02-18", "2028-05-03"};

    events_add(london_moment(YEAR_BEGINS, 12 * 3600), TICK, 0, 0, NULL);
    events_add(london_moment(YEAR_BEGINS, 12 * 3600), DAY, YEAR_BEGINS, 0, NULL);
    events_add(london_moment(YEAR_BEGINS + options.days, 0), END, 0, 0, NULL);
    if (options.until != DAY_NONE)
        events_add(london_moment(options.until + 1, 0), END, 0, 0, NULL);
    for (int i = 0; i < 3; i++)
        events_add(london_moment(day_parse(rolls[i]), 12 * 3600), ROLLS, i == 0, 0, NULL);
    for (int i = 0; i < 4; i++) {
        static const int days[] = {330, 300, 60, 30}; /* before the end */
        static const enum statements_age ages[] = {STORE_YOUNG, STORE_BETWEEN, STORE_GROWN,
                                                   STORE_BETWEEN};

        if (options.days > days[i])
            events_add(london_moment(YEAR_BEGINS + options.days - days[i], 0), MONTH, ages[i], 0,
                       NULL);
    }
    for (int i = 0; i < 4; i++)
        events_add(london_moment(day_parse(mergers[i]), 11 * 3600), MERGER, i % 2 + 1, 0, NULL);
    for (int i = 0; i < options.days / 12; i++) {
        time_t at = some_time(6 * 3600, 6 * 3600);

        if (london_day(at) > day_parse("2027-11-01") && london_day(at) < day_parse("2028-04-01"))
            events_add(at, SNOW, i % SNOWS, 0, NULL);
        events_add(some_time(10 * 3600, 15 * 3600), LEAVER, 0, 0, NULL);
    }
    for (int i = 0; i < 3 + options.days / 40; i++)
        events_add(some_time(2 * 3600, 2 * 3600), NIGHT_ROLL, 0, 0, NULL);
    events_add(london_moment(YEAR_BEGINS + options.days / 2, 13 * 3600), NO_DESK, 1, 0, NULL);
    events_add(london_moment(YEAR_BEGINS + options.days * 2 / 3, 13 * 3600), NO_DESK, 0, 0, NULL);
    settled_draw(options.days);
    held_draw(options.days);
    drills_draw(options.days);
    for (int i = 0; i < options.days / 20; i++) {
        time_t from = some_time((i % 2 ? 6 : 0) * 3600, 9 * 3600),
               to = from + chance_between(1200, 4 * 3600);

        events_add(from, OUTAGE, 1, 0, NULL);
        events_add(to, OUTAGE, 0, 0, NULL);
        late_excuse(from, to + 1200);
    }
    for (int i = 0; i < options.days / 60; i++) {
        time_t from = some_time(0, 23 * 3600), to = from + chance_between(3600, 3 * 3600);
        int seconds = chance_of(0.5) ? chance_between(3600, 6 * 3600) : -7200;

        events_add(from, CLOCK, seconds, 0, NULL);
        events_add(to, CLOCK, 0, 0, NULL);
        late_excuse(from - 7200, to + 6 * 3600);
    }
    for (int i = 0; i < contacts_count; i++) {
        if (contacts[i].verified_at == 0)
            events_add(some_time(10 * 3600, 16 * 3600), VERIFY, i, 0, NULL);
    }
}

static int begin(struct err *err)
{
    char path[512];
    static FILE *log;

    now = london_moment(YEAR_BEGINS - 3, 12 * 3600);
    gate_clock.shift = now + skew;
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

static bool comes_by_itself(enum what what)
{
    return what == PUBLISH || what == ANSWER || what == REVIEW;
}

/* The daemon looks once a second: what else comes within one is found together. */
static bool is_same_look(enum what what, time_t since)
{
    time_t next = events_first_at();

    return comes_by_itself(what) && comes_by_itself(events_first_is()) && next <= since + 1 &&
           next < life_next;
}

static int go_on(void)
{
    bool ended = false;
    time_t look = 0; /* the first moment of what has not been looked at */

    life_next = now + 86400 * 400;
    while (!ended) {
        if (life_next < events_first_at()) {
            now = life_next > now ? life_next : now + 1;
            if (life_run(NULL, NULL) < 0)
                return -1;
        } else {
            struct event e = events_take();
            int rc;

            if (e.at > now)
                now = e.at;
            gate_clock.shift = now + skew;
            ended = e.what == END;
            rc = happen(&e);
            free(e.text);
            if (rc < 0)
                return -1;
            look = look ? look : now;
            if (is_same_look(e.what, look))
                continue;
        }
        look = 0;
        if (life_settle() < 0)
            return -1;
    }
    return 0;
}

static int read_options(int argc, char **argv)
{
    static const struct option words[] = {{"incidents", 1, NULL, 'i'}, {"days", 1, NULL, 'd'},
                                          {"seed", 1, NULL, 's'},      {"kills", 1, NULL, 'k'},
                                          {"store", 1, NULL, 'f'},     {"statements", 1, NULL, 't'},
                                          {"until", 1, NULL, 'u'},     {NULL, 0, NULL, 0}};
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
        case 'u':
            if ((options.until = day_parse(optarg)) == DAY_NONE)
                return -1;
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
    int64_t from = pace_real_ms();
    char log_path[512];
    int rc;

    if (read_options(argc, argv) < 0) {
        fputs("usage: year --incidents N [--days 366] [--seed S] [--kills N]"
              " [--until YYYY-MM-DD] --store FOLDER\n",
              stderr);
        return 2;
    }
    chance_seed(options.seed);
    promise_begin(options.seed);
    /* Rather more runs than this end before the write that would be their last. */
    life_set_danger(options.kills * 1.0 / (options.incidents * 2.2 + options.days));
    if (begin(&err) < 0) {
        fprintf(stderr, "year: %s\n", err.text);
        return 3;
    }
    draw_year();
    rc = go_on();
    snprintf(log_path, sizeof log_path, "%s/log", options.folder);
    if (rc == 0)
        checks_end(log_path);
    if (rc < 0 || promises_broken() > 0)
        fprintf(stderr,
                "year: %ld promises broken%s; there again: --incidents %d --days %d --seed %" PRIu64
                " --kills %d --until DAY; in %s\n",
                promises_broken(), rc < 0 ? ", and it did not come to its end" : "",
                options.incidents, options.days, options.seed, options.kills, options.folder);
    printf("%10.1f s for %d days, seed %" PRIu64 "\n", (double)(pace_real_ms() - from) / 1000.0,
           options.days, options.seed);
    gate_print_time();
    gate_close();
    if (options.statements)
        statements_print(options.statements);
    if (rc == 0)
        rc = statements_check();
    statements_release();
    events_release();
    callouts_free();
    world_free();
    post_close();
    quiet_release();
    return rc < 0 || promises_broken() > 0 ? 1 : 0;
}
