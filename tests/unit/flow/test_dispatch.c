/* What is owed is told when it is due, once, and to whom it may be told. */
#include "dispatch_fixture.h"

#include "deliver/prepare.h"

static void what_is_owed_is_told_when_it_is_due_and_once(void **state)
{
    struct night *n = *state;
    char text[4096] = "";
    FILE *file;

    owed(n, "A1", "100001", 1);
    at(n, DUE - 60);
    turn(n);
    assert_int_equal(files(n), 0);
    assert_int_equal(n->next, DUE);
    at(n, DUE);
    turn(n);
    STATE(n, "sent");
    assert_int_equal(files(n), 1);
    file = fopen(file_name(n, word(n, "SELECT key FROM outbox WHERE kind = 'notice'")), "r");
    assert_non_null(file);
    assert_in_range(fread(text, 1, sizeof text - 1, file), 1, sizeof text - 1);
    fclose(file);
    assert_non_null(strstr(text, "\nTo: Una\n"));
    assert_non_null(strstr(text, "* Zelda Quibblethwaite\n"));
    assert_non_null(strstr(text, "Example Primary"));
    assert_null(strstr(text, "upstairs")); /* name only, by default */
    assert_string_equal(word(n, "SELECT state FROM notice"), "told");
    assert_int_equal(ask(n->p, "SELECT told_contact FROM notice"), 1);
    assert_string_equal(word(n, "SELECT state FROM child"), "told");
    for (int i = 0; i < 5; i++) {
        at(n, DUE + 3600 * (i + 1));
        turn(n);
    }
    assert_int_equal(ATTEMPTS(n), 1);
}

static void the_field_policy_of_the_force_is_kept(void **state)
{
    struct night *n = *state;
    char text[8192] = "";
    FILE *file;

    run(n->p, "INSERT INTO policy VALUES ('force', '" FORCE "', 'fields', 'full'),"
              " ('la', '879', 'fields', 'full')");
    owed(n, "A1", "100001", 1);
    turn(n);
    file = fopen(file_name(n, word(n, "SELECT key FROM outbox WHERE kind = 'notice'")), "r");
    assert_non_null(file);
    assert_in_range(fread(text, 1, sizeof text - 1, file), 1, sizeof text - 1);
    fclose(file);
    assert_non_null(strstr(text, "upstairs"));
}

static void nobody_is_told_who_is_not_verified_at_that_moment(void **state)
{
    static const char *const ends[] = {"UPDATE contact SET verified_at = NULL WHERE contact_id = 1",
                                       "UPDATE contact SET ended_at = 7 WHERE contact_id = 2"};
    struct night *n = *state;

    owed(n, "A1", "100001", 1);
    owed(n, "A2", "100001", 2);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        run(n->p, ends[i]);
    turn(n);
    assert_int_equal(files(n), 0);
    STATE(n, "cancelled cancelled");
    assert_int_equal(ask(n->p, "SELECT count(*) FROM child WHERE stage = 'plan'"), 2);
    assert_int_equal(ATTEMPTS(n), 0);
}

/* Another program can take the verification back between the claim and the sending. */
static void a_claimed_item_is_not_made_for_a_contact_that_is_no_longer_verified(void **state)
{
    struct night *n = *state;
    struct templates *templates;
    struct prepared prepared;
    struct outbox_item item;

    owed(n, "A1", "100001", 1);
    OK(n->p, templates_load(PROJECT_DIR "/templates", &templates, &n->p->err));
    assert_int_equal(outbox_claim(n->p->db, "spool", DUE, 60, &item, 1, &n->p->err), 1);
    assert_int_equal(prepare_item(n->p->db, templates, NULL, &item, 0, DUE, &prepared, &n->p->err),
                     1);
    assert_string_equal(prepared.message.key, item.key);
    prepared_release(&prepared);
    run(n->p, "UPDATE contact SET verified_at = NULL WHERE contact_id = 1");
    assert_int_equal(prepare_item(n->p->db, templates, NULL, &item, 0, DUE, &prepared, &n->p->err),
                     0);
    outbox_item_release(&item);
    templates_free(templates);
}

static void many_are_told_in_one_go(void **state)
{
    struct night *n = *state;
    char police_ref[16];

    for (int i = 0; i < 100; i++) {
        snprintf(police_ref, sizeof police_ref, "B%d", i);
        owed(n, police_ref, "100001", 1);
    }
    for (int i = 0; i < 20; i++) {
        turn(n);
        if (n->next > DUE + SLOW)
            break;
    }
    assert_int_equal(ask(n->p, "SELECT count(*) FROM notice WHERE state = 'told'"), 100);
    assert_int_equal(files(n), 100);
    assert_int_equal(ATTEMPTS(n), 100);
}

/* What ends at once frees its place, and no transfer is left whose end would wake the loop. */
static void what_has_ended_within_a_turn_has_the_next_begin_at_once(void **state)
{
    struct night *n = *state;
    char police_ref[16];
    int turns = 0;

    for (int i = 0; i < 40; i++) {
        snprintf(police_ref, sizeof police_ref, "B%d", i);
        owed(n, police_ref, "100001", 1);
    }
    do {
        n->next = DUE + 3600;
        OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
    } while (++turns < 100 && n->next <= clock_now(&n->clock));
    assert_int_equal(files(n), 40);
    assert_true(turns > 2);
    assert_true(n->next > clock_now(&n->clock)); /* and then there is nothing to do */
}

static int count_commit(void *count)
{
    ++*(int *)count;
    return 0;
}

/* The end of what has gone and the claim of what goes next are one commit a turn, and the last turn's
 * ends wait for nobody. */
static void while_others_wait_what_has_ended_is_recorded_with_their_claims(void **state)
{
    struct night *n = *state;
    char police_ref[16];
    int turns = 0, commits = 0;

    for (int i = 0; i < 40; i++) {
        snprintf(police_ref, sizeof police_ref, "B%d", i);
        owed(n, police_ref, "100001", 1);
    }
    sqlite3_commit_hook(sql_handle(n->p->db), count_commit, &commits);
    do {
        n->next = DUE + 3600;
        OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
        turns++;
    } while (ask(n->p, "SELECT count(*) FROM outbox WHERE adapter = 'spool' AND state = 'due'") >
                 0 &&
             turns < 100);
    assert_true(turns > 2);
    assert_int_equal(commits, turns + 1);
    assert_int_equal(ATTEMPTS(n), 40);
    sqlite3_commit_hook(sql_handle(n->p->db), NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPATCH_TEST(what_is_owed_is_told_when_it_is_due_and_once),
        DISPATCH_TEST(the_field_policy_of_the_force_is_kept),
        DISPATCH_TEST(nobody_is_told_who_is_not_verified_at_that_moment),
        DISPATCH_TEST(a_claimed_item_is_not_made_for_a_contact_that_is_no_longer_verified),
        DISPATCH_TEST(many_are_told_in_one_go),
        DISPATCH_TEST(what_has_ended_within_a_turn_has_the_next_begin_at_once),
        DISPATCH_TEST(while_others_wait_what_has_ended_is_recorded_with_their_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
