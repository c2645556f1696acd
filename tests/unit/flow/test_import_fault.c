/* Memory that runs out in the middle of an import. */
#include "importing.h"

#include "fault.h"

#define ROLL                                                                                       \
    "pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,"     \
    "house,street,town,postcode,urn,school,la_code,nc_year,extra\n"                                \
    "7,,Zelda,,Quibblethwaite,,,F,2017-03-09,,,,PL4 8AA,100001,,879,4,\n"                          \
    "8,,Yorick,,Quibblethwaite,,,M,2019-05-01,,,,PL4 8AA,100002,,879,2,\n"

/* The nth allocation fails, for every n: all of the file is in the store, or nothing of it. */
static void a_failure_anywhere_leaves_no_half_import(void **state)
{
    struct place *p = *state;
    bool struck = true;

    for (int nth = 1; struck; nth++) {
        struct import_options options = DEFAULTS;
        char path[128];
        FILE *file;
        int rc;

        snprintf(path, sizeof path, "%s/file", p->folder);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(ROLL, file);
        fclose(file);
        fault_arm(nth);
        rc = import_run(p->db, import_kind_find("roll"), path, &options, &result, &p->err);
        struck = fault_disarm();
        unlink(path);
        import_result_release(&result);
        assert_false(db_in_transaction(p->db));
        assert_int_equal(ask(p, "SELECT count(*) FROM pupil"), rc == 0 ? 2 : 0);
        assert_int_equal(ask(p, "SELECT count(*) FROM enrolment"), rc == 0 ? 2 : 0);
        assert_int_equal(ask(p, "SELECT count(*) FROM import"), rc == 0 ? 1 : 0);
        if (rc == 0)
            run(p, "DELETE FROM pupil_block; DELETE FROM enrolment; DELETE FROM pupil;"
                   "DELETE FROM import");
        else if (p->err.code != ERR_MEMORY && p->err.code != ERR_SYSTEM)
            fail_msg("%d: %s", nth, p->err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failure_anywhere_leaves_no_half_import, importing_setup,
                                        importing_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
