/* A disk that fails, fills up, or loses its power, at every read, write and sync of a night in turn:
 * nothing that was acknowledged is lost (P1), nobody is forgotten (P2), nothing is told twice or under
 * another key (P4), and in the end all stands as it would have.
 *
 * ENCOMPASS_FAULTS=all tries every one; without it every so many, for time's sake. */
#include "night.h"

#include "fault_disk.h"

enum { DICE = 3 }; /* ways in which an unsynced write may or may not get there, for each cut */

static struct night night;

static bool power_is_gone(void)
{
    return disk.struck && disk.fault == DISK_POWER;
}

/* The machine starts again: what was acknowledged is there. */
static void restart(const char *what)
{
    night_end(&night);
    disk_comes_back();
    if (night_begin(&night) < 0)
        fail_msg("%s: %s", what, night.err.text);
    night_account(&night, what);
}

static void begin(const char *what)
{
    night_minute(&night, 0);
    if (night_begin(&night) < 0) { /* the service manager tries once more */
        if (disk.fault == DISK_POWER) {
            restart(what);
            return;
        }
        night_end(&night);
        disk_heal();
        if (night_begin(&night) < 0)
            fail_msg("%s: %s", what, night.err.text);
    }
}

/* The night, with what was armed. A full disk has room again after two hours of night_hours. */
static void play(const char *what)
{
    size_t full_since = NIGHT_HOURS;

    begin(what);
    for (size_t hour = 0; hour < NIGHT_HOURS; hour++) {
        night_hour(&night, hour, power_is_gone);
        if (power_is_gone()) {
            restart(what);
            night_hour(&night, hour, power_is_gone);
        } else if (disk.struck && disk.fault == DISK_FULL) {
            full_since = full_since < hour ? full_since : hour;
            if (full_since + 1 == hour || hour + 1 == NIGHT_HOURS) {
                disk_heal();
                night_hour(&night, hour, power_is_gone);
            }
        }
    }
}

static int make_night(void **state)
{
    (void)state;
    log_open(fopen("/dev/null", "w"), &night.clock, LOG_LEVEL_ERROR); /* it is meant to fail */
    disk_install();
    night_make(&night);
    night_put_back(&night);
    disk_forget();
    disk_arm(DISK_FAILS, 0, 0, 1);
    play("undisturbed");
    night_finish(&night, "undisturbed", true);
    return 0;
}

static int remove_night(void **state)
{
    (void)state;
    night_remove(&night);
    disk_forget();
    return 0;
}

/* Every operation of a kind in turn, or every so many of them. */
static void in_turn(const char *name, enum disk_fault fault, unsigned which, long every,
                    bool to_the_minute)
{
    const char *all = getenv("ENCOMPASS_FAULTS");
    bool struck = true;
    long runs = 0;

    if (all && strcmp(all, "all") == 0)
        every = 1;
    for (long nth = 1; struck; nth += every, runs++) {
        char what[64];

        snprintf(what, sizeof what, "%s %ld", name, nth);
        night_put_back(&night);
        disk_forget();
        disk_arm(fault, which, nth, (uint32_t)(nth * DICE));
        play(what);
        struck = disk.left == 0;
        disk_heal();
        night_finish(&night, what, to_the_minute);
    }
    print_message("%s: %ld of them\n", name, runs - 1);
}

static void the_night_is_what_it_should_be(void **state)
{
    (void)state;
    print_message("%s", night.expected);
    /* Guards the guard: that much goes on in it. */
    assert_non_null(strstr(night.expected, "A1 2 1 answered done"));
    assert_non_null(strstr(night.expected, "A1 2 2 withdrawn done"));
    assert_non_null(strstr(night.expected, "A2 1 1 with_la_desk done"));
    assert_non_null(strstr(night.expected, "A4 2 1 withdrawn done"));
}

static void a_write_that_fails_is_made_good(void **state)
{
    (void)state;
    in_turn("write", DISK_FAILS, DISK_WRITE, 29, true);
}

static void a_sync_that_fails_is_made_good(void **state)
{
    (void)state;
    in_turn("sync", DISK_FAILS, DISK_SYNC, 3, true);
}

static void a_read_that_fails_is_made_good(void **state)
{
    (void)state;
    in_turn("read", DISK_FAILS, DISK_READ, 7, true);
}

static void a_full_disk_holds_up_and_loses_nothing(void **state)
{
    (void)state;
    in_turn("full", DISK_FULL, DISK_WRITE, 59, false);
}

static void a_power_cut_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    in_turn("power cut", DISK_POWER, DISK_WRITE | DISK_SYNC, 19, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_night_is_what_it_should_be),
        cmocka_unit_test(a_write_that_fails_is_made_good),
        cmocka_unit_test(a_sync_that_fails_is_made_good),
        cmocka_unit_test(a_read_that_fails_is_made_good),
        cmocka_unit_test(a_full_disk_holds_up_and_loses_nothing),
        cmocka_unit_test(a_power_cut_loses_nothing_that_was_acknowledged),
    };

    return cmocka_run_group_tests(tests, make_night, remove_night);
}
