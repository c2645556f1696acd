/* Silence with a real store: a warning is raised once, told once, and clears itself; an exercise is
 * planned and counted nowhere. */
#include "store_fixture.h"

#include "follow/watch.h"
#include "store/bulletins.h"
#include "store/report.h"
#include "store/warnings.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 24 * HOUR };

static const char desks[] =
    "INSERT INTO authority(la_code, name) VALUES ('879', 'Plymouth');"
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code)"
    " VALUES ('school', '100001', '879', 'Una Primary', 1, 'Community', 1);"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
    " VALUES (10, 'force', '" FORCE "', 'la_desk', 'Force', 'email', 'force@example.test', 5),"
    " (11, 'force', '" FORCE "', 'la_desk', 'Nobody', 'email', 'nobody@example.test', NULL),"
    " (12, 'force', 'kent', 'la_desk', 'Kent', 'email', 'kent@example.test', 5);";

static int setup(void **state)
{
    struct place *p;

    if (place_setup(state) < 0)
        return -1;
    p = *state;
    return sql_script(p->db, desks, &p->err);
}

static void message(struct place *p, time_t now)
{
    int64_t id;

    OK(p, db_begin(p->db, &p->err));
    OK(p, incidents_keep_message(p->db, TOPIC, "{", 1, "refused", NULL, now, &id, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

/* A look with a session that stands since long ago. */
static void look(struct place *p, time_t now)
{
    struct watch w = {.begun = false};
    time_t next = now + DAY;

    watch_broker(&w, true, true, now - HOUR);
    OK(p, watch_run(&w, p->db, now, &next, &p->err));
    assert_true(next > now && next <= now + MINUTE);
}

#define STANDING "SELECT count(*) FROM warning WHERE cleared_at IS NULL"
#define RAISED(kind) "SELECT count(*) FROM warning WHERE kind = '" kind "'"
#define EVENTS(event) "SELECT count(*) FROM audit WHERE event = '" event "'"

static void a_quiet_feed_is_told_once_to_its_desk_and_clears_itself(void **state)
{
    struct place *p = *state;

    message(p, NIGHT);
    look(p, NIGHT + 11 * HOUR);
    assert_int_equal(ask(p, STANDING), 0);
    for (int i = 0; i < 3; i++)
        look(p, NIGHT + 12 * HOUR + i * MINUTE);
    assert_int_equal(ask(p, RAISED("feed-quiet")), 1);
    assert_int_equal(ask(p, "SELECT since FROM warning"), NIGHT);
    assert_int_equal(ask(p, EVENTS("warning.raised")), 1);
    /* Its own desk's verified contact, and neither the other one nor another force. */
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin"), 1);
    assert_int_equal(ask(p, "SELECT contact_id FROM bulletin"), 10);

    message(p, NIGHT + 13 * HOUR);
    look(p, NIGHT + 13 * HOUR + MINUTE);
    assert_int_equal(ask(p, STANDING), 0);
    assert_int_equal(ask(p, EVENTS("warning.cleared")), 1);
    /* What had not left by then is not sent any more. */
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin WHERE state = 'cancelled'"), 1);
}

static void a_policy_of_its_own_decides_how_patient_a_force_is(void **state)
{
    struct place *p = *state;

    run(p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'quiet_hours', '3')");
    message(p, NIGHT);
    look(p, NIGHT + 2 * HOUR);
    assert_int_equal(ask(p, STANDING), 0);
    look(p, NIGHT + 3 * HOUR);
    assert_int_equal(ask(p, STANDING), 1);
    run(p, "UPDATE policy SET value = 'off'");
    look(p, NIGHT + 3 * HOUR + MINUTE);
    assert_int_equal(ask(p, STANDING), 0);
}

static void a_usual_of_a_hundred_a_night_comes_from_our_own_records(void **state)
{
    struct place *p = *state;

    for (int day = 28; day >= 0; day--) {
        for (int n = 0; n < 8; n++)
            message(p, NIGHT - (time_t)day * DAY - n * 8 * MINUTE);
    }
    look(p, NIGHT + 2 * HOUR); /* by day nothing is usual: nothing is missed */
    assert_int_equal(ask(p, STANDING), 0);
    look(p, NIGHT + DAY); /* the night after is missed whole */
    assert_int_equal(ask(p, STANDING), 1);
}

static void without_a_session_no_force_is_called_quiet(void **state)
{
    struct place *p = *state;
    struct watch w = {.begun = false};
    time_t next = NIGHT + 9 * DAY, now = NIGHT + 2 * DAY;

    message(p, NIGHT);
    watch_broker(&w, true, false, now);
    OK(p, watch_run(&w, p->db, now, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 0);
    /* Nor when it has just been made: what was kept comes in first. */
    watch_broker(&w, true, true, now + 10);
    OK(p, watch_run(&w, p->db, now + 20, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 0);
    watch_broker(&w, true, true, now + 50);
    OK(p, watch_run(&w, p->db, now + 50, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 1);
}

static void a_lost_session_is_told_to_every_forces_desk_once(void **state)
{
    struct place *p = *state;
    struct watch w = {.begun = false};
    time_t next = NIGHT + DAY;

    for (time_t t = 0; t <= 10 * MINUTE; t += 10) {
        watch_broker(&w, true, false, NIGHT + t);
        OK(p, watch_run(&w, p->db, NIGHT + t, &next, &p->err));
        assert_int_equal(ask(p, STANDING), t >= 5 * MINUTE);
    }
    assert_int_equal(ask(p, RAISED("broker-lost")), 1);
    assert_int_equal(ask(p, "SELECT group_concat(contact_id,'') = '1012' FROM bulletin"), 1);

    /* A daemon that starts anew and finds none either does not clear it. */
    w = (struct watch){.begun = false};
    watch_broker(&w, true, false, NIGHT + 11 * MINUTE);
    OK(p, watch_run(&w, p->db, NIGHT + 11 * MINUTE, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 1);
    watch_broker(&w, true, true, NIGHT + 12 * MINUTE);
    OK(p, watch_run(&w, p->db, NIGHT + 12 * MINUTE, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 0);

    /* One that comes and goes is shown again, and not told again. */
    for (time_t t = 20 * MINUTE; t <= 26 * MINUTE; t += 10) {
        watch_broker(&w, true, false, NIGHT + t);
        OK(p, watch_run(&w, p->db, NIGHT + t, &next, &p->err));
    }
    assert_int_equal(ask(p, STANDING), 1);
    assert_int_equal(ask(p, RAISED("broker-lost")), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin"), 2);
}

/* A try of contact 1's that failed. */
static void failed(struct place *p, int64_t incident, const char *verdict, int code, time_t now)
{
    struct child_row c = child(p, incident, "1");
    struct outbox_item item = {.give_up_at = now, .adapter = "email", .contact_id = 1};

    item.notice_id = planned(p, incident, 1, "school", "100001", 1, &(int64_t){c.child_id}, 1);
    item.item_id = ask(p, "SELECT max(item_id) FROM outbox");
    OK(p, db_begin(p->db, &p->err));
    if (strcmp(verdict, "never") == 0)
        OK(p, outbox_never(p->db, &item, code, "RCPT 550", 5, now, &p->err));
    else
        OK(p, outbox_later(p->db, &item, verdict, code, "RCPT 452", 5, now, true, now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    run(p, "UPDATE notice SET state = 'failed'");
}

static void a_contact_that_keeps_failing_is_told_to_the_authoritys_desk(void **state)
{
    struct place *p = *state;
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    failed(p, incident, "never", 550, NIGHT);
    look(p, NIGHT + HOUR);
    assert_int_equal(ask(p, STANDING), 0);
    failed(p, incident, "never", 550, NIGHT + DAY);
    look(p, NIGHT + DAY);
    assert_int_equal(ask(p, RAISED("contact-failing")), 1);
    assert_int_equal(ask(p, "SELECT since FROM warning WHERE urn = '100001'"), NIGHT);
    assert_int_equal(ask(p, "SELECT contact_id FROM bulletin JOIN warning USING (warning_id)"
                            " WHERE urn = '100001'"),
                     4);
    /* A success, were it an exercise's, shows that it works again. */
    run(p, "INSERT INTO drill(drill_id, force, who, stored_at) VALUES (1, 'kent', 'una', 1);"
           "INSERT INTO bulletin(bulletin_id, reference, drill_id, contact_id, adapter, key, state,"
           " stored_at, due_at, give_up_at) VALUES (9, 'EX-1', 1, 1, 'email', 'k', 'leased', 1, 1,"
           " 1)");
    OK(p, bulletins_sent(p->db,
                         &(struct outbox_item){.bulletin = true,
                                               .item_id = 9,
                                               .notice_id = -1,
                                               .contact_id = 1,
                                               .adapter = "email"},
                         250, "", 5, NIGHT + DAY + HOUR, &p->err));
    look(p, NIGHT + DAY + 2 * HOUR);
    assert_int_equal(ask(p, STANDING " AND urn = '100001'"), 0);
}

static void our_own_mail_server_that_is_down_is_no_schools_failing(void **state)
{
    struct place *p = *state;
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);

    for (int i = 0; i < 8; i++)
        failed(p, incident, "later", 0, NIGHT + i * 10 * MINUTE);
    look(p, NIGHT + 2 * HOUR);
    assert_int_equal(ask(p, STANDING), 0);
    for (int i = 0; i < 8; i++)
        failed(p, incident, "later", 452, NIGHT + 2 * HOUR + i * 10 * MINUTE);
    look(p, NIGHT + 4 * HOUR);
    assert_int_equal(ask(p, STANDING), 1);
    run(p, "UPDATE contact SET verified_at = 1795142100 + 14400 WHERE contact_id = 1");
    look(p, NIGHT + 4 * HOUR + MINUTE); /* somebody has looked after it */
    assert_int_equal(ask(p, STANDING), 0);
}

/* A mailbox that is full for months, with a school that has much: what is looked through each minute
 * stays small, and what is known of it is the same. */
static void a_contact_that_fails_for_long_is_kept_in_few_rows(void **state)
{
    struct place *p = *state;

    OK(p, db_begin(p->db, &p->err));
    for (int i = 0; i < 400; i++)
        OK(p, warnings_failed(p->db, 1, false, NIGHT + i, &p->err));
    OK(p, db_commit(p->db, &p->err));
    look(p, NIGHT + 400);
    assert_int_equal(ask(p, STANDING), 0); /* not yet for half an hour */
    OK(p, warnings_failed(p->db, 1, false, NIGHT + HOUR, &p->err));
    look(p, NIGHT + HOUR);
    assert_int_equal(ask(p, STANDING), 1);
    assert_int_equal(ask(p, "SELECT since FROM warning"), NIGHT);
    assert_true(ask(p, "SELECT count(*) FROM failing") < 20);
    OK(p, warnings_failed(p->db, 1, false, NIGHT + 91 * DAY, &p->err));
    assert_int_equal(ask(p, "SELECT count(*) FROM failing"), 1);
}

static void an_old_roll_is_told_to_the_force_where_the_authority_has_no_desk(void **state)
{
    struct place *p = *state;

    run(p, "INSERT INTO roll VALUES ('879', 1795142100), ('880', 1795142100);"
           "INSERT INTO policy VALUES ('la', '880', 'home_force', 'kent'),"
           " ('la', '879', 'roll_days', '200')");
    look(p, NIGHT + 89 * DAY);
    assert_int_equal(ask(p, STANDING), 0);
    look(p, NIGHT + 90 * DAY);
    assert_int_equal(ask(p, "SELECT urn FROM warning"), 880);
    assert_int_equal(ask(p, "SELECT contact_id FROM bulletin"), 12);
    run(p, "UPDATE roll SET imported_at = imported_at + 7776000");
    look(p, NIGHT + 90 * DAY + MINUTE);
    assert_int_equal(ask(p, STANDING), 0);
}

static void nobody_to_tell_is_shown_all_the_same(void **state)
{
    struct place *p = *state;
    struct warning *list;
    size_t count;

    run(p, "UPDATE contact SET ended_at = 9");
    message(p, NIGHT);
    look(p, NIGHT + 12 * HOUR);
    OK(p, warnings_standing(p->db, &list, &count, &p->err));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].kind, WARNING_FEED_QUIET);
    assert_int_equal(list[0].told + list[0].telling, 0);
    free(list);
}

static void a_clock_that_is_set_back_calls_nobody_quiet(void **state)
{
    struct place *p = *state;

    message(p, NIGHT);
    message(p, NIGHT + 30 * DAY); /* while it was wrong */
    look(p, NIGHT + HOUR);
    assert_int_equal(ask(p, STANDING), 0);
    look(p, NIGHT + 13 * HOUR);
    assert_int_equal(ask(p, STANDING), 1);
}

/* Everything that counts call-outs. */
struct counted {
    struct report_status status;
    size_t notices;
    int64_t outbox, audit_of_incidents;
};

static void count(struct place *p, time_t now, struct counted *out)
{
    struct report_filter all = REPORT_FILTER_NONE;
    struct report_notice *list;

    memset(out, 0, sizeof *out);
    all.all = true;
    OK(p, report_status(p->db, NIGHT - DAY, now, &out->status, &p->err));
    OK(p, report_notices(p->db, &all, &list, &out->notices, &p->err));
    free(list);
    out->outbox = ask(p, "SELECT count(*) FROM outbox");
    out->audit_of_incidents = ask(p, "SELECT count(*) FROM audit WHERE incident_id IS NOT NULL"
                                     " OR notice_id IS NOT NULL OR item_id IS NOT NULL");
}

static void an_exercise_is_planned_sent_answered_and_counted_nowhere(void **state)
{
    static const struct drill_contact whom[] = {{1, "email"}, {3, "webhook"}};
    struct place *p = *state;
    struct outbox_item items[4];
    struct drill_line *lines;
    struct counted before, after;
    struct watch w = {.begun = false};
    time_t next = NIGHT + DAY;
    int64_t drill, bulletin;
    size_t n;

    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    count(p, NIGHT + MINUTE, &before);
    OK(p, drills_add(p->db, FORCE, NULL, whom, 2, "una", NIGHT, &drill, &p->err));
    assert_int_equal(bulletins_claim(p->db, "email", NIGHT, 60, items, 4, &p->err), 0);
    OK(p, watch_run(&w, p->db, NIGHT + 1, &next, &p->err));
    assert_int_equal(outbox_claim(p->db, "email", NIGHT + 2, 60, items, 4, &p->err), 0);
    assert_int_equal(bulletins_claim(p->db, "email", NIGHT + 2, 60, items, 4, &p->err), 1);
    bulletin = items[0].item_id;
    assert_int_equal(bulletins_answer(p->db, bulletin, "una", NIGHT + 3, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    OK(p, bulletins_sent(p->db, &items[0], 250, "taken over", 9, NIGHT + 3, &p->err));
    assert_int_equal(bulletins_answer(p->db, bulletin, "una", NIGHT + 40, &p->err), 1);
    assert_int_equal(bulletins_answer(p->db, bulletin, "dee", NIGHT + 50, &p->err), 0);
    OK(p, drills_report(p->db, drill, &lines, &n, &p->err));
    assert_int_equal(n, 2);
    assert_int_equal(lines[0].stored_at, NIGHT);
    assert_int_equal(lines[0].planned_at, NIGHT + 1);
    assert_int_equal(lines[0].sent_at, NIGHT + 3);
    assert_int_equal(lines[0].answered_at, NIGHT + 40);
    assert_string_equal(lines[0].answered_by, "una");
    assert_string_equal(lines[1].state, "due");
    free(lines);
    count(p, NIGHT + MINUTE, &after);
    assert_memory_equal(&before, &after, sizeof before);
}

static void an_exercise_for_somebody_who_is_no_longer_to_be_told_goes_nowhere(void **state)
{
    static const struct drill_contact whom[] = {{1, "email"}, {2, "email"}};
    struct place *p = *state;
    struct watch w = {.begun = false};
    struct outbox_item items[4];
    time_t next = NIGHT + DAY;
    int64_t drill;

    OK(p, drills_add(p->db, FORCE, NULL, whom, 2, "una", NIGHT, &drill, &p->err));
    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 1");
    OK(p, watch_run(&w, p->db, NIGHT + 1, &next, &p->err));
    assert_int_equal(ask(p, "SELECT contact_id FROM bulletin WHERE state = 'cancelled'"), 1);
    run(p, "UPDATE contact SET ended_at = 7 WHERE contact_id = 2");
    assert_int_equal(bulletins_claim(p->db, "email", NIGHT + 2, 60, items, 4, &p->err), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin WHERE state = 'cancelled'"), 2);
}

static void what_cannot_be_sent_within_a_day_is_given_up(void **state)
{
    static const struct drill_contact whom[] = {{1, "email"}};
    struct place *p = *state;
    struct watch w = {.begun = false};
    struct outbox_item item;
    time_t next = NIGHT + DAY;
    int64_t drill;

    OK(p, drills_add(p->db, FORCE, NULL, whom, 1, "una", NIGHT, &drill, &p->err));
    OK(p, watch_run(&w, p->db, NIGHT + 1, &next, &p->err));
    for (time_t t = NIGHT + 2; t < NIGHT + 3 * DAY; t += 6 * HOUR) {
        if (bulletins_claim(p->db, "email", t, 60, &item, 1, &p->err) == 1)
            OK(p, bulletins_later(p->db, &item, "later", 452, "full", 9, t + 6 * HOUR, t, &p->err));
    }
    assert_int_equal(ask(p, "SELECT tries FROM bulletin WHERE state = 'failed'"), 4);
}

/* By the one that works, and by none that does not; the key adults are none of it. */
static void a_shut_adapter_is_told_by_another_and_clears_itself(void **state)
{
    struct place *p = *state;
    struct watch w = {.begun = false};
    time_t next = NIGHT + DAY;

    run(p, "INSERT INTO shut VALUES ('email', 1, 2, 3, 535, 'login 535')");
    OK(p, sql_run(p->db, &p->err, "UPDATE shut SET since = ?", "i", (int64_t)NIGHT));
    run(p, "UPDATE contact SET adapter = 'webhook' WHERE contact_id = 12");
    watch_broker(&w, false, false, NIGHT);
    for (time_t t = 0; t <= 10 * MINUTE; t += 10) {
        OK(p, watch_run(&w, p->db, NIGHT + t, &next, &p->err));
        assert_int_equal(ask(p, STANDING), t >= 5 * MINUTE);
    }
    assert_int_equal(ask(p, RAISED("adapter-shut")), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM warning WHERE namespace = 'gateway'"
                            " AND urn = 'email'"),
                     1);
    assert_int_equal(ask(p, "SELECT since FROM warning"), NIGHT);
    assert_int_equal(ask(p, "SELECT group_concat(contact_id) FROM bulletin"), 12);

    /* A daemon that starts anew tries it first. */
    run(p, "DELETE FROM shut");
    w = (struct watch){.begun = false};
    OK(p, watch_run(&w, p->db, NIGHT + 11 * MINUTE, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 1);
    OK(p, watch_run(&w, p->db, NIGHT + 16 * MINUTE, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin WHERE state = 'cancelled'"), 1);
}

static void where_no_force_has_another_way_the_authorities_are_told_else_nobody(void **state)
{
    struct place *p = *state;
    struct watch w = {.begun = false};
    time_t next = NIGHT + DAY;

    run(p, "INSERT INTO shut VALUES ('email', 5, 6, 3, 0, 'no answer')");
    OK(p, watch_run(&w, p->db, NIGHT, &next, &p->err));
    assert_int_equal(ask(p, STANDING), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM bulletin"), 0);
    run(p, "DELETE FROM warning; UPDATE contact SET adapter = 'webhook' WHERE contact_id = 4");
    OK(p, watch_run(&w, p->db, NIGHT + MINUTE, &next, &p->err));
    assert_int_equal(ask(p, "SELECT group_concat(contact_id) FROM bulletin"), 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_quiet_feed_is_told_once_to_its_desk_and_clears_itself),
        T(a_policy_of_its_own_decides_how_patient_a_force_is),
        T(a_usual_of_a_hundred_a_night_comes_from_our_own_records),
        T(without_a_session_no_force_is_called_quiet),
        T(a_lost_session_is_told_to_every_forces_desk_once),
        T(a_contact_that_keeps_failing_is_told_to_the_authoritys_desk),
        T(our_own_mail_server_that_is_down_is_no_schools_failing),
        T(a_contact_that_fails_for_long_is_kept_in_few_rows),
        T(an_old_roll_is_told_to_the_force_where_the_authority_has_no_desk),
        T(nobody_to_tell_is_shown_all_the_same),
        T(a_clock_that_is_set_back_calls_nobody_quiet),
        T(an_exercise_is_planned_sent_answered_and_counted_nowhere),
        T(an_exercise_for_somebody_who_is_no_longer_to_be_told_goes_nowhere),
        T(what_cannot_be_sent_within_a_day_is_given_up),
        T(a_shut_adapter_is_told_by_another_and_clears_itself),
        T(where_no_force_has_another_way_the_authorities_are_told_else_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
