/* What a force's feed brings is counted by the hour, whatever becomes of its messages. */
#include "store_fixture.h"

static void keep(struct place *p, const char *topic, const char *outcome, time_t now)
{
    int64_t id;

    OK(p, db_begin(p->db, &p->err));
    OK(p, incidents_keep_message(p->db, topic, "{", 1, outcome, NULL, now, &id, &p->err));
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(ask(p, "SELECT max(message_id) FROM message"), id);
}

static void every_message_of_a_feed_counts_the_refused_too(void **state)
{
    struct place *p = *state;

    keep(p, TOPIC, "accepted", NIGHT);
    keep(p, TOPIC, "repeat", NIGHT + 60);
    keep(p, TOPIC, "refused", NIGHT + 3600);
    keep(p, "encompass/v1/kent/incident", "accepted", NIGHT + 90);
    assert_int_equal(ask(p, "SELECT count(*) FROM feed WHERE force = '" FORCE "'"), 2);
    assert_int_equal(ask(p, "SELECT sum(messages) FROM feed WHERE force = '" FORCE "'"), 3);
    assert_int_equal(ask(p, "SELECT max(last_at) FROM feed WHERE force = '" FORCE "'"),
                     NIGHT + 3600);
    assert_int_equal(ask(p, "SELECT messages FROM feed WHERE force = 'kent'"), 1);
}

static void what_is_no_feed_is_not_counted(void **state)
{
    struct place *p = *state;
    char topic[200];

    snprintf(topic, sizeof topic, "encompass/v1/%0100d/incident", 7); /* no force's name */
    keep(p, topic, "refused", NIGHT);
    keep(p, "encompass/v1//incident", "refused", NIGHT);
    keep(p, "somewhere/else", "refused", NIGHT);
    assert_int_equal(ask(p, "SELECT count(*) FROM feed"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(every_message_of_a_feed_counts_the_refused_too),
        T(what_is_no_feed_is_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
