/* One message becomes rows and receipts. */
#include "store_fixture.h"

#include "follow/answer.h"
#include "intake/accept.h"

#define RECEIPT_TOPIC "encompass/v1/" FORCE "/receipt"

/* One message in a transaction of its own. */
static enum accepted accept_inbound(struct place *p, const struct inbound *in, time_t now)
{
    enum accepted what = ACCEPTED;

    OK(p, db_begin(p->db, &p->err));
    OK(p, accept_message(p->db, in, now, &what, &p->err));
    OK(p, db_commit(p->db, &p->err));
    return what;
}

static enum accepted accept_json(struct place *p, const char *json, time_t now)
{
    const struct inbound in = {.topic = TOPIC, .payload = json, .length = strlen(json)};

    return accept_inbound(p, &in, now);
}

/* The last receipt, as text. */
static const char *receipt(struct place *p, int64_t *count)
{
    static char payload[8192];
    sqlite3_stmt *stmt;

    *count = ask(p, "SELECT count(*) FROM outbox WHERE kind = 'receipt'");
    OK(p, sql_query(p->db, &stmt, &p->err,
                    "SELECT payload FROM outbox WHERE kind = 'receipt' ORDER BY item_id DESC", ""));
    payload[0] = '\0';
    if (sql_row(p->db, stmt, &p->err) == 1)
        snprintf(payload, sizeof payload, "%s", sql_text(stmt, 0));
    sql_done(stmt);
    return payload;
}

#define HAS(text, part)                                                                            \
    do {                                                                                           \
        if (!strstr(text, part))                                                                   \
            fail_msg("no %s in %s", part, text);                                                   \
    } while (0)

static void a_call_out_is_stored_and_receipted_in_one_transaction(void **state)
{
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), *text;
    int64_t count;

    assert_int_equal(accept_json(p, json, NIGHT), ACCEPTED);
    text = receipt(p, &count);
    assert_int_equal(count, 1);
    HAS(text, "\"police_ref\":\"A1\"");
    HAS(text, "\"revision\":1");
    HAS(text, "\"status\":\"accepted\"");
    HAS(text, "\"children\":[{\"child_ref\":\"1\",\"state\":\"open\"},"
              "{\"child_ref\":\"2\",\"state\":\"open\"}]");
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE topic = '" RECEIPT_TOPIC "'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE outcome = 'accepted'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE stage = 'match'"), 2);
}

static void a_batch_that_is_rolled_back_leaves_neither_rows_nor_receipts(void **state)
{
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");
    const struct inbound in = {.topic = TOPIC, .payload = json, .length = strlen(json)};
    enum accepted what;

    OK(p, db_begin(p->db, &p->err));
    OK(p, accept_message(p->db, &in, NIGHT, &what, &p->err));
    db_rollback(p->db);
    assert_int_equal(ask(p, "SELECT count(*) FROM message"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM incident"), 0);
}

static void a_faulty_message_is_kept_and_refused_without_harm_to_its_neighbours(void **state)
{
    static const char *const bad[] = {"", "{", "{\"version\":1}", "[]", "\xff\xfe"};
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");
    const struct inbound good = {.topic = TOPIC, .payload = json, .length = strlen(json)};
    enum accepted what;

    OK(p, db_begin(p->db, &p->err));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        const struct inbound in = {.topic = TOPIC, .payload = bad[i], .length = strlen(bad[i])};

        OK(p, accept_message(p->db, &in, NIGHT, &what, &p->err));
        assert_int_equal(what, ACCEPTED_REFUSED);
        if (i == 2) {
            OK(p, accept_message(p->db, &good, NIGHT, &what, &p->err));
            assert_int_equal(what, ACCEPTED);
        }
    }
    OK(p, db_commit(p->db, &p->err));
    assert_int_equal(ask(p, "SELECT count(*) FROM incident"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE outcome = 'refused'"
                            " AND problems <> '[]'"),
                     5);
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE outcome = 'refused'"
                            " AND length(body) = 0"),
                     1);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE payload LIKE '%\"refused\"%'"
                            " AND payload LIKE '%\"force\":\"" FORCE "\",\"police_ref\":null%'"),
                     5);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'message.refused'"), 5);
}

static void a_refusal_names_its_problems_and_its_reference(void **state)
{
    struct place *p = *state;
    const char *text;
    int64_t count;

    assert_int_equal(accept_json(p,
                                 call_out(p, "A1", 1, "notify",
                                          "{\"child_ref\":\"1\",\"forename\":\"Zelda\","
                                          "\"date_of_birth\":\"2017-02-30\"}",
                                          ""),
                                 NIGHT),
                     ACCEPTED_REFUSED);
    text = receipt(p, &count);
    HAS(text, "\"status\":\"refused\"");
    HAS(text, "\"police_ref\":\"A1\"");
    HAS(text, "\"at\":\"/children/0/date_of_birth\"");
    assert_int_equal(ask(p, "SELECT count(*) FROM incident"), 0);
}

/* What is refused is told to the force that may publish there, whatever the message says. */
static void another_forces_call_out_is_refused_to_the_topics_own_force(void **state)
{
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");
    const struct inbound in = {
        .topic = "encompass/v1/cumbria/incident", .payload = json, .length = strlen(json)};
    const char *text;
    int64_t count;

    assert_int_equal(accept_inbound(p, &in, NIGHT), ACCEPTED_REFUSED);
    text = receipt(p, &count);
    assert_int_equal(count, 1);
    HAS(text, "\"force\":\"cumbria\"");
    assert_int_equal(
        ask(p, "SELECT count(*) FROM outbox WHERE topic = 'encompass/v1/cumbria/receipt'"), 1);
}

static void a_topic_without_a_usable_force_is_kept_and_nobody_is_told(void **state)
{
    static const char *const topics[] = {"encompass/v1/UPPER/incident",
                                         "encompass/v1//incident",
                                         "encompass/v1/incident",
                                         "encompass/v1/" FORCE "/incident/more",
                                         "encompass/v2/" FORCE "/incident",
                                         "elsewhere",
                                         ""};
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");

    for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
        const struct inbound in = {.topic = topics[i],
                                   .payload = json,
                                   .length = strlen(json),
                                   .response_topic = "encompass/v1/" FORCE "/mine"};

        assert_int_equal(accept_inbound(p, &in, NIGHT), ACCEPTED_REFUSED);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM message"), ARRAY_SIZE(topics));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM incident"), 0);
}

static void a_repeat_is_answered_with_its_own_revision_and_what_stands(void **state)
{
    struct place *p = *state;
    const char *text;
    int64_t count;

    accept_json(p, call_out(p, "A1", 3, "notify", ZELDA, ""), NIGHT);
    decided(p, 1, "review");
    OK(p, incidents_set_state(p->db, 1, CHILD_REVIEW, "matcher", NIGHT + 1, &p->err));
    for (int revision = 2; revision <= 3; revision++) {
        char expect[32];

        snprintf(expect, sizeof expect, "\"revision\":%d,", revision);
        assert_int_equal(
            accept_json(p, call_out(p, "A1", revision, "notify", revision < 3 ? YORICK : ZELDA, ""),
                        NIGHT + 2),
            ACCEPTED_REPEAT);
        text = receipt(p, &count);
        HAS(text, "\"status\":\"repeat\"");
        HAS(text, expect);
        HAS(text, "[{\"child_ref\":\"1\",\"state\":\"review\"}]");
    }
    assert_int_equal(count, 4);
    assert_int_equal(ask(p, "SELECT revision FROM incident"), 3);
    assert_int_equal(ask(p, "SELECT count(*) FROM child"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE outcome = 'repeat'"), 2);
}

static const char same_bytes_apart[] =
    "{\"children\" : [ {\"surname\":\"Quibblethwaite\",\"known_as\":[],\"age\":null,"
    " \"child_ref\":\"1\",\"voice\":{\"text\":\"Hid upstairs.\"},\"upn\":\" \","
    "\"forename\":\"\\u005aelda\", \"date_of_birth\":\"2017-03-09\"} ],"
    "\"version\":1,\"sent_at\":\"2026-11-20T01:12:44Z\",\"revision\":1,\"police_ref\":\"A1\","
    "\"force\":\"" FORCE "\",\"type\":\"domestic_abuse\",\"action\":\"notify\","
    "\"attended_at\":\"2026-11-19T23:41:00Z\",\"withhold\":null}";

/* A control room that forgot to raise the revision has to hear of it: its added child would be told
 * to nobody. */
static void a_revision_that_is_stored_with_other_content_is_refused(void **state)
{
    static const char *const others[][3] = {
        {"notify", ZELDA "," YORICK, ""},
        {"withdraw", ZELDA, ""},
        {"notify", YORICK, ""},
        {"notify", ZELDA, ",\"withhold\":{\"reason\":\"risk\",\"authorised_by\":\"DI 7\"}"},
        {"notify", ZELDA, ",\"do_not_tell\":[{\"role\":\"dsl\"}]"},
        {"notify", ZELDA, ",\"risk\":\"high\""},
    };
    struct place *p = *state;
    const char *text;
    int64_t count;

    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_int_equal(
            accept_json(p, call_out(p, "A1", 1, others[i][0], others[i][1], others[i][2]), NIGHT),
            ACCEPTED_REFUSED);
        text = receipt(p, &count);
        HAS(text, "\"police_ref\":\"A1\",\"revision\":1,\"status\":\"refused\"");
        HAS(text, "[{\"at\":\"/revision\",\"problem\":\"is stored already with other content\"}]");
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE outcome = 'refused'"),
                     ARRAY_SIZE(others));
    assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE state = 'open'"), 1);
    assert_int_equal(accept_json(p, same_bytes_apart, NIGHT), ACCEPTED_REPEAT);
    assert_int_equal(accept_json(p, call_out(p, "A1", 2, "notify", ZELDA "," YORICK, ""), NIGHT),
                     ACCEPTED);
    assert_int_equal(accept_json(p, call_out(p, "A1", 2, "notify", YORICK "," ZELDA, ""), NIGHT),
                     ACCEPTED_REPEAT);
}

static void a_revision_is_accepted_with_each_childs_state(void **state)
{
    struct place *p = *state;
    const char *text;
    int64_t count, child_id = 1;

    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    decided(p, 1, "match");
    planned(p, 1, 1, "school", "100001", 1, &child_id, 1);
    send_one(p, "email", DUE);
    assert_int_equal(
        accept_json(p,
                    call_out(p, "A1", 2, "notify",
                             ZELDA ",{\"child_ref\":\"3\",\"forename\":\"Xanthe\"}", ""),
                    DUE + 1),
        ACCEPTED);
    text = receipt(p, &count);
    HAS(text, "\"status\":\"accepted\"");
    HAS(text, "[{\"child_ref\":\"1\",\"state\":\"told\"},{\"child_ref\":\"3\",\"state\":\"open\"},"
              "{\"child_ref\":\"2\",\"state\":\"withdrawn\"}]");
    /* The told child has nothing more owed. */
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"
                            " AND state <> 'sent'"),
                     0);
}

static void a_withdrawal_is_accepted_and_closes(void **state)
{
    struct place *p = *state;
    const char *text;
    int64_t count;

    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    assert_int_equal(accept_json(p, call_out(p, "A1", 2, "withdraw", ZELDA, ""), NIGHT + 1),
                     ACCEPTED);
    text = receipt(p, &count);
    assert_int_equal(count, 3);
    HAS(text, "\"status\":\"closed\"");
    HAS(text, "\"state\":\"withdrawn\"");
    accept_json(p, call_out(p, "A1", 3, "notify", ZELDA, ""), NIGHT + 2);
    text = receipt(p, &count);
    assert_int_equal(count, 4);
    HAS(text, "\"status\":\"accepted\"");
    HAS(text, "\"state\":\"open\"");
}

static void the_sender_is_answered_where_it_asks_with_its_correlation(void **state)
{
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");
    const struct inbound in = {.topic = TOPIC,
                               .payload = json,
                               .length = strlen(json),
                               .response_topic = "encompass/v1/" FORCE "/desk/7",
                               .correlation = "\0\1x",
                               .correlation_length = 3};
    struct outbox_item items[3];

    accept_inbound(p, &in, NIGHT);
    assert_int_equal(outbox_claim_receipts(p->db, NIGHT, 60, items, 3, &p->err), 2);
    assert_string_equal(items[0].topic, RECEIPT_TOPIC);
    assert_int_equal(items[0].correlation_length, 0);
    assert_string_equal(items[1].topic, in.response_topic);
    assert_int_equal(items[1].correlation_length, 3);
    assert_memory_equal(items[1].correlation, "\0\1x", 3);
    assert_string_equal(items[0].payload, items[1].payload);
    outbox_item_release(&items[0]);
    outbox_item_release(&items[1]);
}

static void no_answer_goes_outside_the_forces_own_topics(void **state)
{
    static const char *const topics[] = {"encompass/v1/cumbria/receipt",
                                         "encompass/v1/" FORCE,
                                         "encompass/v1/" FORCE "/",
                                         "encompass/v1/" FORCE "-2/x",
                                         "encompass/v1/" FORCE "/+",
                                         "encompass/v1/" FORCE "/a/#",
                                         "elsewhere",
                                         "$SYS/x",
                                         "",
                                         TOPIC,
                                         RECEIPT_TOPIC};
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");

    for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
        const struct inbound in = {
            .topic = TOPIC, .payload = json, .length = strlen(json), .response_topic = topics[i]};

        accept_inbound(p, &in, NIGHT);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox"), ARRAY_SIZE(topics));
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE topic = '" RECEIPT_TOPIC "'"),
                     ARRAY_SIZE(topics));
}

static void too_long_a_correlation_is_left_out_and_the_answer_is_not(void **state)
{
    static const char correlation[257];
    struct place *p = *state;
    const char *json = call_out(p, "A1", 1, "notify", ZELDA, "");
    const struct inbound in = {.topic = TOPIC,
                               .payload = json,
                               .length = strlen(json),
                               .response_topic = "encompass/v1/" FORCE "/desk",
                               .correlation = correlation,
                               .correlation_length = sizeof correlation};

    accept_inbound(p, &in, NIGHT);
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE length(correlation) = 0"), 2);
}

static int64_t waiting(struct place *p)
{
    return ask(p, "SELECT count(*) FROM message WHERE outcome = 'refused' AND handled_at IS NULL");
}

static void what_was_refused_waits_until_a_revision_puts_it_right(void **state)
{
    struct place *p = *state;

    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ",\"surprise\":1"), NIGHT);
    accept_json(p, call_out(p, "A1", 2, "notify", ZELDA, ",\"surprise\":1"), NIGHT);
    accept_json(p, call_out(p, "A1", 3, "notify", ZELDA, ",\"surprise\":1"), NIGHT);
    accept_json(p, call_out(p, "A2", 1, "notify", ZELDA, ",\"surprise\":\"as A1\""), NIGHT);
    accept_json(p, "{\"police_ref\":\"A1\",\"revision\":\"first\"}", NIGHT);
    accept_json(p, "no JSON, and A1", NIGHT);
    assert_int_equal(waiting(p), 6);
    accept_json(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 60);
    assert_int_equal(waiting(p),
                     3); /* its third revision, another incident, what nobody can read */
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE handled_by = 'revision 2'"
                            " AND handled_at = 1795142160"),
                     3);
    assert_int_equal(ask(p, "SELECT count(*) FROM audit WHERE event = 'message.handled'"), 1);
    accept_json(p, call_out(p, "A1", 2, "notify", ZELDA, ""), NIGHT + 61); /* a repeat */
    assert_int_equal(waiting(p), 3);
    accept_json(p, call_out(p, "A1", 4, "notify", ZELDA, ""), NIGHT + 62);
    assert_int_equal(waiting(p), 2);
}

/* How many steps SQLite has taken for the statements that hold that text. */
static int steps_of(struct place *p, const char *text)
{
    int steps = 0;

    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(sql_handle(p->db), s));) {
        if (strstr(sqlite3_sql(s), text))
            steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
    }
    return steps;
}

static void a_feed_that_was_wrong_for_long_is_not_read_through_for_each_message(void **state)
{
    struct place *p = *state;
    char police_ref[16];

    for (int i = 0; i < 400; i++) {
        snprintf(police_ref, sizeof police_ref, "B%d", i);
        accept_json(p, call_out(p, police_ref, 1, "notify", ZELDA, ",\"surprise\":1"), NIGHT);
    }
    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    steps_of(p, "SET handled_at");
    accept_json(p, call_out(p, "B7", 2, "notify", ZELDA, ""), NIGHT);
    assert_int_equal(waiting(p), 399);
    assert_in_range(steps_of(p, "SET handled_at"), 1, 399);
}

static void nothing_personal_leaves_the_message(void **state)
{
    struct place *p = *state;

    accept_json(p,
                call_out(p, "A1", 1, "notify", ZELDA "," YORICK,
                         ",\"circumstances\":\"Vexatious marmalade.\","
                         "\"withhold\":{\"reason\":\"risk_to_child\","
                         "\"authorised_by\":\"DI Vexatious\"}"),
                NIGHT);
    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    accept_json(p, call_out(p, "A2", 1, "notify", ZELDA, ",\"Quibblethwaite\":1"), NIGHT);
    accept_json(p, call_out(p, "A1", 2, "notify", YORICK, ""), NIGHT);
    assert_int_equal(ask(p, "SELECT count(*) FROM message"), 4);
    assert_int_equal(ask(p, "SELECT count(*) FROM message WHERE instr(body, 'uibblethwaite')"), 4);
    assert_int_equal(
        ask(p, "SELECT count(*) FROM (SELECT payload AS t FROM outbox UNION ALL SELECT detail FROM"
               " audit UNION ALL SELECT event FROM audit) WHERE t LIKE '%elda%'"
               " OR t LIKE '%orick%' OR t LIKE '%marmalade%' OR t LIKE '%Vexatious%'"
               " OR t LIKE '%2017%' OR t LIKE '%Hid%'"),
        0);
}

static void an_answer_by_reference_reaches_the_police_as_closed(void **state)
{
    struct place *p = *state;
    struct notice_row notice;
    int64_t count, child_id = 1;

    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    decided(p, 1, "match");
    planned(p, 1, 1, "school", "100001", 1, &child_id, 1);
    assert_int_equal(notices_get(p->db, 1, &notice, &p->err), 1);
    assert_int_equal(
        answer_notice(p->db, notice.reference, SAID(ANSWER_TAKEN, "una"), DUE, &p->err), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_false(db_in_transaction(p->db));
    send_one(p, "email", DUE);
    HAS(receipt(p, &count), "\"status\":\"progress\"");
    assert_int_equal(
        answer_notice(p->db, notice.reference, SAID(ANSWER_TAKEN, "una"), DUE + 1, &p->err), 1);
    HAS(receipt(p, &count), "\"status\":\"closed\"");
    HAS(receipt(p, &count), "\"state\":\"answered\"");
    assert_int_equal(
        answer_notice(p->db, notice.reference, SAID(ANSWER_TAKEN, "una"), DUE + 2, &p->err), 0);
    assert_int_equal(answer_notice(p->db, "OE-0000-0000", SAID(ANSWER_TAKEN, "una"), DUE, &p->err),
                     -1);
    assert_int_equal(p->err.code, ERR_NONE_SUCH);
}

/* The sender asks after each revision, and every one is told that nothing more will come. */
static void a_revision_of_a_closed_incident_is_closed_too(void **state)
{
    struct place *p = *state;
    int64_t count, child_id = 1;

    accept_json(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    decided(p, 1, "match");
    planned(p, 1, 1, "school", "100001", 1, &child_id, 1);
    send_one(p, "email", DUE);
    assert_int_equal(notices_answer(p->db, 1, "una", DUE + 1, &p->err), 1);
    accept_json(p, call_out(p, "A1", 2, "notify", ZELDA, ""), DUE + 2);
    HAS(receipt(p, &count), "\"revision\":2,\"status\":\"closed\"");
    assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE payload LIKE"
                            " '%\"revision\":2,\"status\":\"accepted\"%\"answered\"%'"),
                     1);
}

static void a_sender_that_renames_its_children_each_time_is_still_answered(void **state)
{
    struct place *p = *state;
    int64_t count;

    for (int revision = 1; revision <= 40; revision++) {
        struct buf children;

        buf_init(&children, 8192);
        for (int i = 0; i < INCIDENT_CHILDREN_MAX; i++)
            buf_addf(&children, "%s{\"child_ref\":\"r%d-%d\",\"forename\":\"Zelda\"}",
                     i > 0 ? "," : "", revision, i);
        assert_int_equal(
            accept_json(p, call_out(p, "A1", revision, "notify", buf_text(&children), ""), NIGHT),
            ACCEPTED);
        buf_release(&children);
    }
    assert_int_equal(ask(p, "SELECT count(*) FROM child"), 800);
    HAS(receipt(p, &count), "\"children\":[{\"child_ref\":\"r40-0\",\"state\":\"open\"}");
    assert_in_range(ask(p, "SELECT max(length(payload)) FROM outbox"), 100, 16384);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_call_out_is_stored_and_receipted_in_one_transaction),
        T(a_batch_that_is_rolled_back_leaves_neither_rows_nor_receipts),
        T(a_faulty_message_is_kept_and_refused_without_harm_to_its_neighbours),
        T(a_refusal_names_its_problems_and_its_reference),
        T(another_forces_call_out_is_refused_to_the_topics_own_force),
        T(a_topic_without_a_usable_force_is_kept_and_nobody_is_told),
        T(a_repeat_is_answered_with_its_own_revision_and_what_stands),
        T(a_revision_that_is_stored_with_other_content_is_refused),
        T(a_revision_is_accepted_with_each_childs_state),
        T(a_withdrawal_is_accepted_and_closes),
        T(the_sender_is_answered_where_it_asks_with_its_correlation),
        T(no_answer_goes_outside_the_forces_own_topics),
        T(too_long_a_correlation_is_left_out_and_the_answer_is_not),
        T(what_was_refused_waits_until_a_revision_puts_it_right),
        T(a_feed_that_was_wrong_for_long_is_not_read_through_for_each_message),
        T(nothing_personal_leaves_the_message),
        T(a_revision_of_a_closed_incident_is_closed_too),
        T(a_sender_that_renames_its_children_each_time_is_still_answered),
        T(an_answer_by_reference_reaches_the_police_as_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
