/* What is on file about a door is read once a turn, and is what its own force has settled. */
#include "store_fixture.h"

#include "plan/shelf.h"

static const struct door school = {"school", "100001"}, desk = {"la", "879"};

static struct plan_door look(struct place *p, struct shelf *shelf, const struct door *door,
                             const char *force)
{
    struct plan_door out = {.contacts_count = 0};

    OK(p, shelf_door(shelf, p->db, door, force, &out, &p->err));
    assert_string_equal(out.establishment.door.urn, door->urn);
    assert_string_equal(out.establishment.door.namespace, door->namespace);
    return out;
}

static void a_door_is_what_each_force_has_settled_of_it(void **state)
{
    struct place *p = *state;
    struct shelf shelf = {NULL, 0};

    run(p, "INSERT INTO policy VALUES ('force', 'kent', 'home_la', '886'),"
           " ('force', 'devon-and-cornwall', 'home_la', '879');"
           "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
           " ('879', 'term', '2026-09-01', '2026-12-18')");
    for (int again = 0; again < 2; again++) {
        assert_string_equal(look(p, &shelf, &school, "kent").policy.home_la, "886");
        assert_string_equal(look(p, &shelf, &school, "devon-and-cornwall").policy.home_la, "879");
        assert_int_equal(look(p, &shelf, &school, "kent").calendar.count, 0);
        assert_int_equal(look(p, &shelf, &desk, "kent").calendar.count, 1);
    }
    shelf_release(&shelf);
}

static void it_is_read_once_until_the_shelf_is_cleared(void **state)
{
    struct place *p = *state;
    struct shelf shelf = {NULL, 0};

    look(p, &shelf, &desk, FORCE);
    run(p, "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
           " ('879', 'term', '2026-09-01', '2026-12-18')");
    shelf_clear_if_full(&shelf); /* it is not */
    assert_int_equal(look(p, &shelf, &desk, FORCE).calendar.count, 0);
    for (int i = 0; i < 200; i++) {
        struct door other = {"school", ""};

        snprintf(other.urn, sizeof other.urn, "%d", 200000 + i);
        look(p, &shelf, &other, FORCE);
    }
    shelf_clear_if_full(&shelf);
    assert_int_equal(shelf.count, 0);
    assert_int_equal(look(p, &shelf, &desk, FORCE).calendar.count, 1);
    shelf_release(&shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_door_is_what_each_force_has_settled_of_it, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(it_is_read_once_until_the_shelf_is_cleared, place_setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
