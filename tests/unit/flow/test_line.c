/* What is in line for one adapter, when one web server has thousands due. */
#include "store_fixture.h"

#include "deliver/line.h"

#define A_HOST "https://a.example.test/n"
#define B_HOST "https://b.example.test/n"
#define DUE_AT ((time_t)1795160000)

/* Posts that are due, each at a door of its own; first: their numbers, which are their order. */
static void posts(struct place *p, int64_t first, int64_t count, const char *address)
{
    static const char *const into[] = {
        "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
        " VALUES (?1, 'school', 'X' || ?1, 'dsl', 'Una', 'webhook', ?3, ?2 > 0)",
        "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 + ?2)"
        " INSERT INTO notice(notice_id, reference, incident_id, revision, kind, namespace, urn, basis,"
        " rule, due_at, answer_by, state, planned_at) SELECT i, 'R' || i, 1, 1, 'notice', 'school',"
        " 'U' || i, 'statutory', 'at-once', 1, 2, 'failed', 1 FROM n WHERE ?3 <> ''",
        "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 + ?2)"
        " INSERT INTO outbox(item_id, kind, notice_id, contact_id, adapter, key, due_at, give_up_at,"
        " state, created_at) SELECT i, 'notice', i, ?1, 'webhook', 'K' || i, 1, 2, 'due', 1 FROM n"
        " WHERE ?3 <> ''",
    };

    for (size_t i = 0; i < ARRAY_SIZE(into); i++)
        OK(p, sql_run(p->db, &p->err, into[i], "iit", first, count, address));
}

/* How many of the second host are in line after a reading. */
static size_t read_at(struct place *p, struct line *line, int64_t second_from, time_t now)
{
    const struct hosts hosts = {.count = 0};
    size_t found = 0;

    line->left = 0; /* used up */
    OK(p, line_read(line, p->db, "webhook", &hosts, now, &p->err));
    for (size_t i = 0; i < line->count; i++)
        found += line->list[i].claim.id >= second_from;
    return found;
}

static void a_server_behind_thousands_of_anothers_is_found_and_found_again(void **state)
{
    struct place *p = *state;
    struct line line = {.count = 0};

    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    posts(p, 1000, 5000, A_HOST);
    posts(p, 10000, 3, B_HOST);
    for (int i = 0; i < 4; i++)
        assert_int_equal(read_at(p, &line, 10000, DUE_AT + i), 3);
    line_release(&line);
}

static void where_there_is_no_other_server_one_is_looked_for_now_and_then(void **state)
{
    struct place *p = *state;
    struct line line = {.count = 0};

    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    posts(p, 1000, 5000, A_HOST);
    assert_int_equal(read_at(p, &line, 10000, DUE_AT), 0);
    posts(p, 10000, 3, B_HOST);
    assert_int_equal(read_at(p, &line, 10000, DUE_AT + 1), 0); /* that would be read for nothing */
    assert_true(line.count >= 500);
    assert_int_equal(read_at(p, &line, 10000, DUE_AT + 5), 3);
    line_release(&line);
}

static void a_clock_that_was_set_back_keeps_nobody_from_being_found(void **state)
{
    struct place *p = *state;
    struct line line = {.count = 0};

    put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    posts(p, 1000, 5000, A_HOST);
    assert_int_equal(read_at(p, &line, 10000, DUE_AT + 3600), 0);
    posts(p, 10000, 3, B_HOST);
    assert_int_equal(read_at(p, &line, 10000, DUE_AT), 3);
    line_release(&line);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_server_behind_thousands_of_anothers_is_found_and_found_again),
        T(where_there_is_no_other_server_one_is_looked_for_now_and_then),
        T(a_clock_that_was_set_back_keeps_nobody_from_being_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
