/* Memory that runs out in the middle of planning. */
#include "planner_fixture.h"

#include "fault.h"

/* The nth allocation fails, for every n: the incident is planned whole, or it is as it was and will
 * be planned again. */
static void a_failure_anywhere_leaves_no_half_plan(void **state)
{
    struct place *p = *state;
    bool struck = true;
    int64_t id;

    run(p, "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import) VALUES"
           " (1, 'school', '100002', 1); INSERT INTO reach VALUES ('centre', '20001', 'PL4')");
    id = put(p, call_out(p, "A1", 1, "notify", ZELDA "," YORICK, ""), NIGHT);
    decided_as(p, child(p, id, "1").child_id, "match", 1, NIGHT);
    decided_as(p, child(p, id, "2").child_id, "review", -1, NIGHT);
    for (int nth = 1; struck; nth++) {
        int rc;

        fault_arm(nth);
        rc = planner_run(p->db, WORK_ALL, NIGHT, &p->err);
        struck = fault_disarm();
        assert_false(db_in_transaction(p->db));
        assert_int_equal(ask(p, "SELECT count(*) FROM notice"), rc == 1 ? 3 : 0);
        assert_int_equal(ask(p, "SELECT count(*) FROM outbox WHERE kind = 'notice'"),
                         rc == 1 ? 3 : 0);
        assert_int_equal(ask(p, "SELECT count(*) FROM child WHERE stage = 'plan'"),
                         rc == 1 ? 0 : 2);
        if (rc != 1 && p->err.code != ERR_MEMORY)
            fail_msg("%d: %s", nth, p->err.text);
        if (rc == 1)
            run(p, "DELETE FROM outbox; DELETE FROM notice_child; DELETE FROM notice;"
                   "UPDATE child SET stage = 'plan'");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failure_anywhere_leaves_no_half_plan, setup,
                                        place_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
