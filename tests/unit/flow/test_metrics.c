/* The figures for monitoring: what they count, and that a label is never anybody's free text. */
#include "store_fixture.h"

#include "follow/exposition.h"
#include "follow/metrics.h"

static char *figures(struct place *p, struct buf *text)
{
    const struct metrics_daemon daemon = {.running = false};

    buf_init(text, METRICS_BYTES_MAX);
    OK(p, metrics_text(p->db, NIGHT + 3600, &daemon, text, &p->err));
    return text->data;
}

#define HAS(text, line)                                                                            \
    do {                                                                                           \
        if (!strstr(text, "\n" line "\n"))                                                         \
            fail_msg("no line \"%s\" in\n%s", line, text);                                         \
    } while (0)

static void an_empty_store_has_every_figure_at_nought(void **state)
{
    struct place *p = *state;
    struct buf text;
    char *t = figures(p, &text);

    HAS(t, "encompass_daemon_running 0");
    HAS(t, "encompass_children{state=\"open\"} 0");
    HAS(t, "encompass_notices{state=\"owed\"} 0");
    HAS(t, "encompass_outbox_items{adapter=\"email\",state=\"due\"} 0");
    HAS(t, "encompass_attempts_total{adapter=\"webhook\",verdict=\"later\"} 0");
    HAS(t, "encompass_adapter_shut{adapter=\"email\"} 0");
    HAS(t, "encompass_warnings{kind=\"roll-old\"} 0");
    assert_null(strstr(t, "encompass_broker_connected"));
    assert_null(strstr(t, "oldest_due"));
    buf_release(&text);
}

static void what_is_owed_tried_shut_and_silent_is_counted(void **state)
{
    struct place *p = *state;
    struct buf text;
    char *t;

    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    OK(p,
       sql_script(p->db,
                  "INSERT INTO notice(notice_id, reference, incident_id, revision, kind,"
                  " namespace, urn, basis, rule, due_at, answer_by, state, planned_at) VALUES"
                  " (1, 'OE-1', 1, 1, 'notice', 'school', '100001', 'statutory', 'at-once',"
                  "  1795142200, 1795145800, 'owed', 5);"
                  "INSERT INTO outbox(item_id, kind, notice_id, contact_id, adapter, key, due_at,"
                  " state, created_at) VALUES"
                  " (91, 'notice', 1, 1, 'email', 'k1', 1795142200, 'due', 5),"
                  " (92, 'notice', 1, 2, 'pigeon', 'k2', 1895142200, 'due', 5);"
                  "INSERT INTO attempt VALUES (91, 1, 5, 'later', 451, '', 3),"
                  " (91, 2, 6, 'broken', 535, '', 3), (92, 1, 5, 'never', 0, '', 0);"
                  "INSERT INTO shut VALUES ('email', 5, 6, 1, 535, '');"
                  "INSERT INTO roll VALUES ('879', 1794000000);"
                  "INSERT INTO feed VALUES ('kent', 498650, 3, 1795140001);",
                  &p->err));
    t = figures(p, &text);
    HAS(t, "encompass_notices{state=\"owed\"} 1");
    HAS(t, "encompass_notices_late 1");
    HAS(t, "encompass_notice_oldest_due_timestamp_seconds 1795142200");
    HAS(t, "encompass_outbox_items{adapter=\"email\",state=\"due\"} 1");
    HAS(t, "encompass_outbox_items{adapter=\"other\",state=\"waiting\"} 1");
    HAS(t, "encompass_attempts_total{adapter=\"email\",verdict=\"later\"} 1");
    HAS(t, "encompass_attempts_total{adapter=\"email\",verdict=\"broken\"} 1");
    HAS(t, "encompass_attempts_total{adapter=\"other\",verdict=\"never\"} 1");
    HAS(t, "encompass_adapter_shut{adapter=\"email\"} 1");
    HAS(t, "encompass_children_in_work{step=\"match\"} 1");
    HAS(t, "encompass_messages_total{outcome=\"accepted\"} 1");
    HAS(t, "encompass_roll_imported_timestamp_seconds{la=\"879\"} 1794000000");
    HAS(t, "encompass_feed_last_message_timestamp_seconds{force=\"kent\"} 1795140001");
    HAS(t, "encompass_metrics_timestamp_seconds 1795145700");
    assert_null(strstr(t, "pigeon"));
    assert_null(strstr(t, "Quibblethwaite"));
    assert_null(strstr(t, "A1"));
    buf_release(&text);
}

static void no_more_feeds_are_named_than_there_can_be_forces(void **state)
{
    struct place *p = *state;
    struct buf text;
    int lines = 0;

    OK(p, sql_script(p->db,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
                     " INSERT INTO feed SELECT 'force-' || i, 498600, 1, 1795000000 FROM n;",
                     &p->err));
    for (char *at = figures(p, &text); (at = strstr(at, "{force=\"")); at++)
        lines++;
    assert_int_equal(lines, METRICS_FEEDS_MAX);
    buf_release(&text);
}

static void a_label_s_value_cannot_end_its_line(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 200);
    exposition_sample(&text, "m", "a", "x\"} 7\nm 8\\", NULL, NULL, 1);
    assert_string_equal(buf_text(&text), "m{a=\"x\\\"} 7\\nm 8\\\\\"} 1\n");
    buf_release(&text);
}

static void counting_takes_a_twentieth_of_the_time_at_most(void **state)
{
    (void)state;
    assert_int_equal(metrics_next_ms(1000, 1400, 30000), 31000);
    assert_int_equal(metrics_next_ms(1000, 2500, 30000), 31000);
    assert_int_equal(metrics_next_ms(1000, 11000, 30000), 201000);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(an_empty_store_has_every_figure_at_nought),
        T(what_is_owed_tried_shut_and_silent_is_counted),
        T(no_more_feeds_are_named_than_there_can_be_forces),
        cmocka_unit_test(a_label_s_value_cannot_end_its_line),
        cmocka_unit_test(counting_takes_a_twentieth_of_the_time_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
