/* The roll's index made anew: whole or not at all, and nothing of what is deleted stays readable. */
#include "store_fixture.h"

#include "fault.h"
#include "match/person.h"
#include "store/roll_write.h"

enum { PUPILS = 40 };

static int filled_setup(void **state)
{
    struct place *p;
    struct roll_index *index = NULL;

    if (place_setup(state) < 0)
        return -1;
    p = *state;
    OK(p, db_begin(p->db, &p->err));
    OK(p, roll_index_new(p->db, &index, &p->err));
    for (int i = 0; i < PUPILS; i++) {
        struct pupil pupil = {.pupil_key = -1, .la_code = "801", .gender = SEX_UNKNOWN};
        char name[] = {'Z', 'e', 'l', (char)('a' + i % 26), (char)('a' + i / 26), '\0'};
        enum change change;
        int64_t key;

        snprintf(pupil.pupil_id, sizeof pupil.pupil_id, "P%d", i);
        OK(p, personal_set_text(&pupil.forename, name, &p->err));
        OK(p, personal_set_text(&pupil.surname, "Quibblethwaite", &p->err));
        pupil.born = day_parse("2017-03-09") + i;
        OK(p, roll_put_pupil(p->db, index, &pupil, 1, NULL, &change, &key, &p->err));
        pupil_release(&pupil);
    }
    OK(p, roll_index_write(index, &p->err));
    OK(p, db_commit(p->db, &p->err));
    roll_index_free(index);
    return 0;
}

struct content {
    int64_t entries, sum, names, pupils, folded, folds;
};

static struct content content_of(struct place *p)
{
    return (struct content){
        ask(p, "SELECT count(*) FROM pupil_block"),
        ask(p, "SELECT sum(entry % 1000003) FROM pupil_block"),
        ask(p, "SELECT sum(pupils * (key % 1000003)) FROM name_count"),
        ask(p, "SELECT pupils FROM name_count WHERE key = 0"),
        ask(p, "SELECT count(*) FROM pupil_folded"),
        ask(p, "SELECT total(pupil_key * length(person)) FROM pupil_folded"),
    };
}

/* The nth allocation fails, for every n: the old index stands, or the new one does. */
static void a_failure_anywhere_leaves_no_half_index(void **state)
{
    struct place *p = *state;
    struct content good = content_of(p), old;
    int rc = -1;

    assert_int_equal(good.pupils, PUPILS + 2);
    run(p, "UPDATE roll_index SET keys_version = 1; DELETE FROM pupil_block WHERE entry % 2 = 0;"
           "UPDATE name_count SET pupils = 7; UPDATE pupil_folded SET person = x'00'");
    old = content_of(p);
    for (int nth = 1; rc < 0; nth++) {
        struct content now;

        fault_arm(nth);
        rc = roll_index_bring_up(p->db, &p->err);
        fault_disarm();
        assert_false(db_in_transaction(p->db));
        now = content_of(p);
        assert_memory_equal(&now, rc == 1 ? &good : &old, sizeof now);
        assert_int_equal(ask(p, "SELECT keys_version = 1 FROM roll_index"), rc < 0);
    }
    assert_int_equal(roll_index_bring_up(p->db, &p->err), 0);
}

static bool is_in_file(const char *path, const char *word)
{
    size_t n, length = strlen(word);
    FILE *f = fopen(path, "rb");
    char *bytes;
    bool found = false;

    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    n = (size_t)ftell(f);
    rewind(f);
    bytes = malloc(n);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, n, f), n);
    fclose(f);
    for (size_t i = 0; i + length <= n && !found; i++)
        found = memcmp(bytes + i, word, length) == 0;
    free(bytes);
    return found;
}

/* Made anew or not, and whatever SQLite was built with. */
static void what_is_deleted_is_not_left_in_the_file(void **state)
{
    struct place *p = *state;

    /* pages of them, for one that is given back whole is another matter than one that is not */
    run(p, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
           " INSERT INTO pupil(la_code, pupil_id, surname, seen_import)"
           " SELECT '801', 'X' || i, 'Quibblethwaite', 1 FROM n;"
           "UPDATE roll_index SET keys_version = 1");
    assert_int_equal(roll_index_bring_up(p->db, &p->err), 1);
    run(p, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_true(is_in_file(p->path, "Quibblethwaite"));
    run(p, "DELETE FROM pupil; PRAGMA wal_checkpoint(TRUNCATE)");
    assert_false(is_in_file(p->path, "Quibblethwaite"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failure_anywhere_leaves_no_half_index, filled_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_is_deleted_is_not_left_in_the_file, filled_setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
