/* Rolls: pupils and where they are enrolled. Every person is invented. */
#include "importing.h"

#define HEAD                                                                                       \
    "pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,"     \
    "house,street,town,postcode,urn,school,la_code,nc_year,enrolment,from,to,days\n"
#define PUPIL(id, surname, urn, more)                                                              \
    id ",,Zelda,," surname ",,,F,2017-03-09,12,High Street,Plymouth,pl48aa," urn ",Old School,"    \
       "879,4," more "\n"

static void one_row_is_one_pupil_on_one_roll(void **state)
{
    struct place *p = *state;

    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", "C,01/09/2024,,mon;Tuesday"),
          DEFAULTS, 1, 0, 0, 0);
    assert_string_equal(ask_text(p, "SELECT la_code||pupil_id||forename||surname||gender||dob||"
                                    "postcode FROM pupil"),
                        "8797ZeldaQuibblethwaiteF2017-03-09PL4 8AA");
    assert_string_equal(ask_text(p, "SELECT namespace||urn||school||enrolment||from_day||days"
                                    " FROM enrolment"),
                        "school100001Old Schoolmain2024-09-01mon tue");
    assert_true(ask(p, "SELECT count(*) FROM pupil_block") > 3);
    assert_string_equal(ask_text(p, "SELECT event||' '||who||' '||detail FROM audit"),
                        "register.imported tester import=1 kind=roll rows=1 added=1 changed=0"
                        " ended=0");
    assert_int_equal(ask(p, "SELECT count(*) FROM import WHERE read_rows = 1 AND added = 1"), 1);
}

static void the_same_file_again_changes_nothing(void **state)
{
    struct place *p = *state;
    const char *file = HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,")
        PUPIL("8", "Quibblethwaite", "100002", ",,,");

    lands(p, "roll", file, DEFAULTS, 2, 0, 0, 0);
    run(p, "UPDATE pupil SET seen_import = 99");
    lands(p, "roll", file, DEFAULTS, 0, 0, 0, 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil WHERE seen_import = 99"), 2);
}

static void a_dual_registered_child_is_one_pupil_with_two_enrolments(void **state)
{
    struct place *p = *state;

    lands(p, "roll",
          HEAD PUPIL("7", "Quibblethwaite", "100001", "main,,,")
              PUPIL("7", "Quibblethwaite", "100002", "subsidiary,,,"),
          DEFAULTS, 2, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment"), 2);
    assert_int_equal(
        ask(p, "SELECT count(*) FROM enrolment WHERE enrolment = 'subsidiary' AND urn = '100002'"),
        1);
}

static void rows_of_one_pupil_must_agree_about_the_person(void **state)
{
    struct place *p = *state;

    is_refused(p, "roll",
               HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,")
                   PUPIL("7", "Okonkwo-Vane", "100002", ",,,"),
               DEFAULTS, ":3: pupil_id: is on line 2 too, with another surname");
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil"), 0);
}

static void a_changed_name_makes_its_keys_anew(void **state)
{
    struct place *p = *state;
    int64_t before, same;

    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), DEFAULTS, 1, 0, 0, 0);
    run(p, "CREATE TEMP TABLE old AS SELECT entry FROM pupil_block");
    before = ask(p, "SELECT count(*) FROM old");
    lands(p, "roll", HEAD PUPIL("7", "Vane", "100001", ",,,"), DEFAULTS, 0, 1, 0, 0);
    same = ask(p, "SELECT count(*) FROM pupil_block JOIN old USING (entry)");
    assert_true(same < before);
    assert_int_equal(ask(p, "SELECT pupils FROM name_count WHERE key = 0"), 1);
    assert_int_equal(ask(p, "SELECT sum(pupils) FROM name_count WHERE key <> 0"), 2);
    run(p, "CREATE TEMP TABLE changed AS SELECT entry FROM pupil_block;"
           "CREATE TEMP TABLE folded AS SELECT person FROM pupil_folded;"
           "UPDATE roll_index SET keys_version = 0");
    lands(p, "roll", HEAD PUPIL("7", "Vane", "100001", ",,,"), DEFAULTS, 0, 0, 0, 1);
    /* as it is when made anew: nothing of the former name is left, nothing is missing */
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_block"),
                     ask(p, "SELECT count(*) FROM changed JOIN pupil_block USING (entry)"));
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_block"),
                     ask(p, "SELECT count(*) FROM changed"));
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_folded JOIN folded USING (person)"), 1);
}

static void keys_of_an_older_version_are_made_anew(void **state)
{
    struct place *p = *state;
    const char *file = HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,");

    lands(p, "roll", file, DEFAULTS, 1, 0, 0, 0);
    run(p, "UPDATE roll_index SET keys_version = 0; DELETE FROM pupil_block");
    lands(p, "roll", file, DEFAULTS, 0, 0, 0, 1);
    assert_true(ask(p, "SELECT count(*) FROM pupil_block") > 3);
}

static void a_complete_file_ends_who_is_absent_and_a_later_one_brings_them_back(void **state)
{
    struct place *p = *state;
    struct import_options complete = DEFAULTS;
    const char *both =
        HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,") PUPIL("8", "Vane", "100002", ",,,");

    complete.complete = true;
    lands(p, "roll", both, DEFAULTS, 2, 0, 0, 0);
    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), DEFAULTS, 0, 0, 0, 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE ended_at IS NULL"), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_folded WHERE schools IS NULL"), 0);
    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), complete, 0, 0, 1, 1);
    assert_int_equal(ask(p, "SELECT ended_at FROM enrolment WHERE urn = '100002'"), NOON);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_folded WHERE schools IS NULL"), 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil_folded WHERE hex(schools) = '0100'"), 1);
    lands(p, "roll", both, complete, 0, 1, 0, 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE ended_at IS NULL"), 2);
}

static void a_complete_file_touches_no_other_authority(void **state)
{
    struct place *p = *state;
    struct import_options complete = DEFAULTS;

    complete.complete = true;
    run(p, "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (5, '878', 'x', 1);"
           "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
           " VALUES (5, 'school', '100003', 1)");
    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), complete, 1, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE ended_at IS NULL"), 2);
}

/* Half of a file must not take half of the children off their rolls. */
static void a_complete_file_that_would_end_many_is_refused_unless_that_is_said(void **state)
{
    struct place *p = *state;
    struct import_options complete = DEFAULTS;
    struct buf all, half;

    complete.complete = true;
    buf_init(&all, 65536);
    buf_init(&half, 65536);
    buf_add_text(&all, HEAD);
    buf_add_text(&half, HEAD);
    for (int i = 0; i < 40; i++) {
        char row[256];

        snprintf(row, sizeof row, "%d,,Zelda,,Vane,,,F,2017-03-09,,,,,100001,,879,4,,,,\n", i);
        buf_add_text(&all, row);
        if (i < 30)
            buf_add_text(&half, row);
    }
    lands(p, "roll", buf_text(&all), DEFAULTS, 40, 0, 0, 0);
    is_refused(p, "roll", buf_text(&half), complete,
               "this would end 10 of 40 rows of authority 879, more than 20 %: is the file whole?"
               " If it is, say --force-complete");
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE ended_at IS NULL"), 40);
    complete.force = true;
    lands(p, "roll", buf_text(&half), complete, 0, 0, 10, 30);
    complete.force = false;
    complete.la = "879";
    is_refused(p, "roll", HEAD, complete, "say --force-complete");
    buf_release(&all);
    buf_release(&half);
}

/* --la says whose roll is whole: a stray row of another authority says nothing of that one's. */
static void a_complete_file_of_a_named_authority_ends_nobody_elsewhere(void **state)
{
    struct place *p = *state;
    struct import_options complete = DEFAULTS;

    run(p, "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (5, '878', 'x', 1);"
           "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
           " VALUES (5, 'school', '100003', 1)");
    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), DEFAULTS, 1, 0, 0, 0);
    complete.complete = complete.force = true;
    complete.la = "879";
    lands(p, "roll",
          HEAD PUPIL("7", "Quibblethwaite", "100001",
                     ",,,") "9,,Zelda,,Vane,,,F,2017-03-09,,,,,100001,,878,4,,,,\n",
          complete, 1, 0, 0, 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE ended_at IS NULL"), 3);
    assert_true(warned(":3: la_code: is another authority than --la, on this row alone"));
    /* Not one row of the authority that was named: it is the wrong name. */
    complete.la = "880";
    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (60, '880', 'x', 1);"
        "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
        " VALUES (60, 'school', '100004', 1)");
    is_refused(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), complete,
               "no row is of authority 880, which --la names: whose roll is it?");
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE ended_at IS NULL"), 4);
}

/* A name that a conversion has spoilt is found by nobody, and nothing else would say so. */
static void names_that_a_conversion_has_spoilt_are_warned_of(void **state)
{
    struct place *p = *state;

    lands(p, "roll",
          HEAD "7,,Si\xc3\xa2n,,\xc3\x83lvares,,,F,2017-03-09,,,,,,,879,4,,,,\n"
               "8,,Si\xc3\x83\xc2\xa2n,,Vane,,,F,2017-03-09,,,,,,,879,4,,,,\n"
               "9,,Zelda,,V\xef\xbf\xbdne,,,F,2017-03-09,,,,,,,879,4,,,,\n",
          DEFAULTS, 3, 0, 0, 0);
    assert_int_equal(result.warnings.count, 1);
    assert_true(
        warned(":3: forename: has letters that a conversion has spoilt, here and on 1 more"));
}

static void the_authority_comes_from_the_row_else_from_the_option(void **state)
{
    struct place *p = *state;
    const char *file = HEAD "7,,Zelda,,Vane,,,F,2017-03-09,,,,,100001,,,4,,,,\n";
    struct import_options with_la = DEFAULTS;

    is_refused(p, "roll", file, DEFAULTS, ":2: la_code: is empty, and no --la was given");
    with_la.la = "881";
    lands(p, "roll", file, with_la, 1, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil WHERE la_code = '881'"), 1);
    lands(p, "roll", HEAD PUPIL("7", "Vane", "100001", ",,,"), with_la, 1, 0, 0, 0);
    assert_true(warned(":2: la_code: is another authority than --la, on this row alone"));
}

static void a_child_on_no_roll_is_a_pupil_without_enrolment(void **state)
{
    struct place *p = *state;

    lands(p, "roll", HEAD PUPIL("7", "Vane", "", ",,,"), DEFAULTS, 1, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment"), 0);
}

static void of_two_rows_for_one_establishment_the_one_that_runs_holds(void **state)
{
    struct place *p = *state;

    lands(p, "roll",
          HEAD PUPIL("7", "Vane", "100001", ",2021-09-01,2023-07-20,")
              PUPIL("7", "Vane", "100001", ",2025-09-01,,"),
          DEFAULTS, 1, 1, 0, 0);
    assert_string_equal(ask_text(p, "SELECT from_day FROM enrolment WHERE to_day IS NULL"),
                        "2025-09-01");
    lands(p, "roll",
          HEAD PUPIL("8", "Vane", "100001", ",2025-09-01,,")
              PUPIL("8", "Vane", "100001", ",2021-09-01,2023-07-20,"),
          DEFAULTS, 1, 0, 0, 1);
    assert_true(warned(":3: urn: the pupil has an earlier row for this establishment"));
    assert_int_equal(ask(p, "SELECT count(*) FROM enrolment WHERE to_day IS NULL"), 2);
}

static void a_doubtful_upn_or_a_strange_school_is_warned_of(void **state)
{
    struct place *p = *state;

    lands(p, "roll",
          HEAD "7,B123456789012,Zelda,,Vane,,,F,2017-03-09,,,,,100001,,879,4,,,,\n"
               "8,UN1,Zelda,,Vane,,,F,2017-03-09,,,,,100001,,879,4,,,,\n",
          DEFAULTS, 2, 0, 0, 0);
    assert_int_equal(result.warnings.count, 2);
    assert_true(warned(":2: upn: has a wrong check letter"));
    assert_true(warned(":2: urn: is not in the register, here and on 1 more"));
}

/* Every mistake of a row, and none of its values. */
static void mistakes_name_line_and_column_and_never_the_value(void **state)
{
    struct place *p = *state;
    static const char *const said[] = {
        ":3: pupil_id: is empty",
        ":3: dob: is no date (yyyy-mm-dd or dd/mm/yyyy)",
        ":3: forename: has a line break or control character",
        ":3: urn: is no URN (3 to 8 digits)",
        ":3: to: is no date (yyyy-mm-dd or dd/mm/yyyy)",
        ":3: days: are no days such as mon tue wed",
        ":4: dob: is in the future",
        ":5: has 3 cells and the header 21",
    };

    assert_int_equal(
        import_text(
            p, "roll",
            HEAD PUPIL(
                "6", "Vane", "100001",
                ",,,") ",,Zel\x01"
                       "da,,Quibblethwaite,,,F,2017-02-30,,,,,12x,,879,4,,,31-31-2020,moonday\n"
                       "9,,Zelda,,Quibblethwaite,,,F,2031-01-01,,,,,100001,,879,4,,,,\n"
                       "10,,Quibblethwaite\n",
            DEFAULTS),
        -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
        bool found = false;

        for (size_t j = 0; j < result.mistakes.kept; j++) {
            found |= strstr(result.mistakes.line[j], said[i]) != NULL;
            assert_null(strstr(result.mistakes.line[j], "Quibble"));
            assert_null(strstr(result.mistakes.line[j], "2017"));
            assert_null(strstr(result.mistakes.line[j], "moonday"));
        }
        if (!found)
            fail_msg("nothing says %s", said[i]);
    }
    assert_int_equal(result.mistakes.count, ARRAY_SIZE(said));
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil"), 0);
}

static void reading_stops_after_twenty_mistakes(void **state)
{
    struct place *p = *state;
    struct buf file;

    buf_init(&file, 65536);
    buf_add_text(&file, HEAD);
    for (int i = 0; i < 100; i++)
        buf_add_text(&file, "x,y\n");
    assert_int_equal(import_text(p, "roll", buf_text(&file), DEFAULTS), -1);
    assert_int_equal(result.mistakes.count, IMPORT_MISTAKES);
    assert_int_equal(result.read, IMPORT_MISTAKES);
    buf_release(&file);
}

static void a_dry_run_shows_what_would_change_without_names_and_changes_nothing(void **state)
{
    struct place *p = *state;
    struct import_options dry = DEFAULTS;

    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), DEFAULTS, 1, 0, 0, 0);
    dry.dry_run = true;
    lands(p, "roll", HEAD PUPIL("7", "Vane", "100001", ",,,") PUPIL("8", "Vane", "100002", ",,,"),
          dry, 1, 1, 0, 0);
    assert_int_equal(result.changes.kept, 2);
    assert_string_equal(result.changes.line[0], "~ 7 at school 100001: surname");
    assert_string_equal(result.changes.line[1], "+ 8 at school 100002");
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil WHERE surname = 'Quibblethwaite'"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM pupil"), 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM import"), 1);
}

static void children_that_nobody_could_place_are_matched_anew(void **state)
{
    struct place *p = *state;
    int64_t incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    struct child_row c = child(p, incident, "1");

    decided(p, c.child_id, "none");
    OK(p, incidents_set_stage(p->db, c.child_id, STAGE_DONE, &p->err));
    lands(p, "roll", HEAD PUPIL("7", "Quibblethwaite", "100001", ",,,"), DEFAULTS, 1, 0, 0, 0);
    assert_int_equal(result.rematched, 1);
    c = child(p, incident, "1");
    assert_int_equal(c.stage, STAGE_MATCH);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, importing_setup, importing_teardown)
    const struct CMUnitTest tests[] = {
        T(one_row_is_one_pupil_on_one_roll),
        T(the_same_file_again_changes_nothing),
        T(a_dual_registered_child_is_one_pupil_with_two_enrolments),
        T(rows_of_one_pupil_must_agree_about_the_person),
        T(a_changed_name_makes_its_keys_anew),
        T(keys_of_an_older_version_are_made_anew),
        T(a_complete_file_ends_who_is_absent_and_a_later_one_brings_them_back),
        T(a_complete_file_touches_no_other_authority),
        T(a_complete_file_that_would_end_many_is_refused_unless_that_is_said),
        T(a_complete_file_of_a_named_authority_ends_nobody_elsewhere),
        T(names_that_a_conversion_has_spoilt_are_warned_of),
        T(the_authority_comes_from_the_row_else_from_the_option),
        T(a_child_on_no_roll_is_a_pupil_without_enrolment),
        T(of_two_rows_for_one_establishment_the_one_that_runs_holds),
        T(a_doubtful_upn_or_a_strange_school_is_warned_of),
        T(mistakes_name_line_and_column_and_never_the_value),
        T(reading_stops_after_twenty_mistakes),
        T(a_dry_run_shows_what_would_change_without_names_and_changes_nothing),
        T(children_that_nobody_could_place_are_matched_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
