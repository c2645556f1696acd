/* Whose turn it is, held to the cases of tests/cases/turns; and what is shut and for how long. */
#include "rule_case.h"

#include "base/attr.h"
#include "deliver/turns.h"

enum { WAITING = 16, NOW = 1000000 };

struct scene {
    struct waiting list[WAITING];
    char names[WAITING][8];
    size_t count;
    struct flying flying[WAITING];
    size_t flying_count;
    struct hosts hosts;
    int places, room;
};

static uint64_t number(const char *word)
{
    uint64_t n = 1469598103934665603u;

    for (; *word; word++)
        n = (n ^ (unsigned char)*word) * 1099511628211u;
    return n;
}

static bool take(struct scene *s, const char *text)
{
    char name[8], door[16], host[16] = "";
    int n, seconds = 0;

    if (sscanf(text, "places %d", &n) == 1)
        s->places = n;
    else if (sscanf(text, "room %d", &n) == 1)
        s->room = n;
    else if (sscanf(text, "per host %d", &n) == 1)
        s->hosts.most = n;
    else if (strstr(text, "under way") &&
             (sscanf(text, "%d to %15s at %15s", &n, door, host) == 3 ||
              sscanf(text, "%d to %15s", &n, door) == 2)) {
        host[strstr(text, " at ") ? sizeof host - 1 : 0] = '\0';
        for (int i = 0; i < n; i++)
            s->flying[s->flying_count++] = (struct flying){number(door), *host ? number(host) : 0};
    } else if (sscanf(text, "%15s answers %d", host, &n) == 2) {
        for (int i = 0; i < n; i++)
            hosts_answered(&s->hosts, number(host), s->places, NOW);
    } else if (strstr(text, " silent") &&
               sscanf(text, "%15s silent %d s ago", host, &seconds) >= 1) {
        hosts_silent(&s->hosts, number(host), NOW - seconds);
    } else if (sscanf(text, "%7s to %15s at %15s", name, door, host) >= 2) {
        s->list[s->count] =
            (struct waiting){.door = number(door), .host = *host ? number(host) : 0};
        snprintf(s->names[s->count++], sizeof s->names[0], "%s", name);
    } else {
        return false;
    }
    return true;
}

static void run_case(const struct rule_case *c)
{
    struct scene s = {.places = 16, .room = -1};
    char names[128] = "";
    size_t picked[WAITING], n;

    for (size_t i = 0; i < c->given_count; i++) {
        if (!take(&s, c->given[i].text))
            fail_msg("%s:%d: \"%s\"", c->file, c->given[i].line, c->given[i].text);
    }
    n = turns_pick(s.list, s.count, s.flying, s.flying_count, &s.hosts, s.places,
                   s.room < 0 ? s.places : s.room, NOW, picked);
    for (size_t i = 0; i < n; i++) {
        assert_true(s.list[picked[i]].taken);
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? " " : "",
                 s.names[picked[i]]);
    }
    if (strcmp(n ? names : "nobody", c->expect[0].text) != 0)
        fail_msg("%s:%d: %s: %s", c->file, c->line, c->title, names);
}

static void turns_are_as_the_cases_say(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/turns/*.case", 14, run_case);
}

static void what_is_shut_is_tried_ever_later_and_one_at_a_time(void **state)
{
    struct circuit c = {0};
    time_t now = NOW;
    const int waits[] = {15, 30, 60, 100, 100};

    (void)state;
    assert_int_equal(circuit_room(&c, 10, 3, now), 7);
    for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
        assert_true(circuit_trip(&c, 100, now));
        assert_false(circuit_trip(&c, 100, now)); /* one that had gone before */
        assert_int_equal(c.until, now + waits[i]);
        assert_int_equal(c.since, NOW);
        assert_int_equal(circuit_room(&c, 10, 0, c.until - 1), 0);
        now = c.until;
        assert_int_equal(circuit_room(&c, 10, 0, now), 1);
        assert_int_equal(circuit_room(&c, 10, 1, now), 0);
    }
    assert_true(circuit_close(&c));
    assert_false(circuit_close(&c));
    assert_int_equal(circuit_room(&c, 10, 0, now), 10);
}

static void a_clock_that_was_set_back_shuts_nothing_for_longer(void **state)
{
    struct circuit c = {0};

    (void)state;
    circuit_trip(&c, 100, NOW);
    circuit_mind_the_clock(&c, 100, NOW - 10);
    assert_int_equal(c.until, NOW + 15);
    circuit_mind_the_clock(&c, 100, NOW - 1000);
    assert_int_equal(circuit_room(&c, 10, 0, NOW - 1000), 1);
}

static void of_more_hosts_than_are_remembered_the_oldest_is_forgotten(void **state)
{
    struct hosts hosts = {.count = 0};

    (void)state;
    for (uint64_t h = 1; h <= HOSTS_MAX + 1; h++)
        hosts_silent(&hosts, h, NOW + (time_t)h);
    assert_int_equal(hosts.count, HOSTS_MAX);
    assert_true(hosts_answered(&hosts, 2, 4, NOW + 500));
    assert_false(hosts_answered(&hosts, 1, 4, NOW + 500)); /* as one never seen */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_as_the_cases_say),
        cmocka_unit_test(what_is_shut_is_tried_ever_later_and_one_at_a_time),
        cmocka_unit_test(a_clock_that_was_set_back_shuts_nothing_for_longer),
        cmocka_unit_test(of_more_hosts_than_are_remembered_the_oldest_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
