/* Links by which a notice is answered. */
#include "store_fixture.h"

#include "store/answer_links.h"

enum { DAY = 86400 };

static int64_t told(struct place *p)
{
    int64_t id = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT), one;

    one = child(p, id, "1").child_id;
    return planned(p, id, 1, "school", "100001", 1, &one, 1);
}

static void link_of(struct place *p, int64_t notice_id, time_t now, char token[ANSWER_TOKEN_SIZE])
{
    OK(p, db_begin(p->db, &p->err));
    OK(p, answer_links_make(p->db, notice_id, 1, now + 14 * DAY, now, token, &p->err));
    OK(p, db_commit(p->db, &p->err));
}

static int64_t found(struct place *p, const char *token, time_t now)
{
    int64_t notice_id = -1, contact_id = -1;
    int rc = answer_links_find(p->db, token, now, &notice_id, &contact_id, &p->err);

    OK(p, rc);
    assert_int_equal(rc == 1, contact_id == 1);
    return rc == 1 ? notice_id : -1;
}

static void a_token_leads_to_its_notice_and_the_store_has_its_hash_alone(void **state)
{
    struct place *p = *state;
    int64_t notice_id = told(p);
    char token[ANSWER_TOKEN_SIZE];

    link_of(p, notice_id, NIGHT, token);
    assert_int_equal(strlen(token), 43);
    assert_int_equal(found(p, token, NIGHT), notice_id);
    assert_int_equal(ask(p, "SELECT length(hash) FROM answer_link"), 32);
    OK(p,
       sql_run(p->db, &p->err,
               "CREATE TABLE looked AS SELECT instr(hash, ?) AS at FROM answer_link", "t", token));
    assert_int_equal(ask(p, "SELECT at FROM looked"), 0);
}

/* A crash hides which of two messages has arrived. */
static void a_second_one_for_the_same_notice_leaves_the_first_good(void **state)
{
    struct place *p = *state;
    int64_t notice_id = told(p);
    char one[ANSWER_TOKEN_SIZE], two[ANSWER_TOKEN_SIZE];

    link_of(p, notice_id, NIGHT, one);
    link_of(p, notice_id, NIGHT + 60, two);
    assert_string_not_equal(one, two);
    assert_int_equal(found(p, one, NIGHT + 60), notice_id);
    assert_int_equal(found(p, two, NIGHT + 60), notice_id);
}

static void it_ends_with_its_time_and_is_forgotten(void **state)
{
    struct place *p = *state;
    int64_t notice_id = told(p);
    char token[ANSWER_TOKEN_SIZE], next[ANSWER_TOKEN_SIZE];

    link_of(p, notice_id, NIGHT, token);
    assert_int_equal(found(p, token, NIGHT + 14 * DAY - 1), notice_id);
    assert_int_equal(found(p, token, NIGHT + 14 * DAY), -1);
    link_of(p, notice_id, NIGHT + (90 + 14) * DAY, next);
    assert_int_equal(ask(p, "SELECT count(*) FROM answer_link"), 1);
}

static void a_clock_that_leaps_ahead_and_is_put_right_ends_no_link(void **state)
{
    struct place *p = *state;
    int64_t notice_id = told(p);
    char token[ANSWER_TOKEN_SIZE], next[ANSWER_TOKEN_SIZE];

    link_of(p, notice_id, NIGHT, token);
    link_of(p, notice_id, NIGHT + 60 * DAY, next);
    assert_int_equal(found(p, token, NIGHT + 60 * DAY), -1);
    assert_int_equal(found(p, token, NIGHT + DAY), notice_id);
}

/* Whoever has left keeps no key. */
static void it_ends_with_its_contact(void **state)
{
    struct place *p = *state;
    int64_t notice_id = told(p);
    char token[ANSWER_TOKEN_SIZE];

    link_of(p, notice_id, NIGHT, token);
    run(p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 1");
    assert_int_equal(found(p, token, NIGHT), -1);
    run(p, "UPDATE contact SET verified_at = 5, ended_at = 6 WHERE contact_id = 1");
    assert_int_equal(found(p, token, NIGHT), -1);
}

static void what_is_no_token_of_ours_is_none(void **state)
{
    struct place *p = *state;
    char token[ANSWER_TOKEN_SIZE], other[2 * ANSWER_TOKEN_SIZE];

    link_of(p, told(p), NIGHT, token);
    snprintf(other, sizeof other, "%s", token);
    other[5] = other[5] == 'A' ? 'B' : 'A';
    assert_int_equal(found(p, other, NIGHT), -1);
    assert_int_equal(found(p, "", NIGHT), -1);
    assert_int_equal(found(p, "AAAA", NIGHT), -1);
    other[5] = '*';
    assert_int_equal(found(p, other, NIGHT), -1);
    snprintf(other, sizeof other, "%s=", token);
    assert_int_equal(found(p, other, NIGHT), -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(a_token_leads_to_its_notice_and_the_store_has_its_hash_alone),
        T(a_second_one_for_the_same_notice_leaves_the_first_good),
        T(it_ends_with_its_time_and_is_forgotten),
        T(a_clock_that_leaps_ahead_and_is_put_right_ends_no_link),
        T(it_ends_with_its_contact),
        T(what_is_no_token_of_ours_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
