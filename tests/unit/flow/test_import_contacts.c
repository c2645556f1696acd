/* Contacts: who may be told, and at which address. */
#include "importing.h"

#include "registers/address.h"

#define HEAD "namespace,urn,role,name,adapter,address,language,verified_at\n"
#define UNA "school,100001,dsl,Una Vane,email,una@school.example,en,2026-09-01T10:00:00Z\n"
#define UNA_MOVED "school,100001,dsl,Una Vane,email,u.vane@school.example,en,\n"
#define DEE "school,100001,deputy,Dee Vane,email,dee@school.example,cy,\n"
#define OTHER "school,100002,dsl,Ola Vane,webhook,https://ola.example/hook,,2026-09-01T10:00:00Z\n"

static int64_t open_contacts(struct place *p)
{
    return ask(p, "SELECT count(*) FROM contact WHERE ended_at IS NULL");
}

static void a_contact_lands_with_its_verification_or_without(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA DEE, DEFAULTS, 2, 0, 0, 0);
    assert_int_equal(result.unverified, 1);
    assert_int_equal(ask(p, "SELECT verified_at FROM contact WHERE role = 'dsl'"), 1788256800);
    assert_int_equal(ask(p, "SELECT verified_at IS NULL FROM contact WHERE role = 'deputy'"), 1);
    assert_string_equal(ask_text(p, "SELECT language FROM contact WHERE role = 'deputy'"), "cy");
    lands(p, "contacts", HEAD UNA DEE, DEFAULTS, 0, 0, 0, 2);
}

/* As a spreadsheet has it: the day's first moment in London. */
static void a_verification_can_be_a_date(void **state)
{
    struct place *p = *state;

    lands(p, "contacts",
          HEAD "school,100001,dsl,U,email,u@school.example,en,2026-09-01\n"
               "school,100001,deputy,V,email,v@school.example,en,01/09/2026\n",
          DEFAULTS, 2, 0, 0, 0);
    assert_int_equal(result.unverified, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM contact WHERE verified_at = 1788217200"), 2);
}

/* P3: a verification is of an address, not of a person. */
static void a_changed_address_loses_its_verification_and_ends_the_old_one(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA DEE, DEFAULTS, 2, 0, 0, 0);
    lands(p, "contacts", HEAD UNA_MOVED, DEFAULTS, 1, 0, 1, 0);
    assert_int_equal(open_contacts(p), 2);
    assert_int_equal(ask(p, "SELECT verified_at IS NULL FROM contact"
                            " WHERE address = 'u.vane@school.example'"),
                     1);
    assert_string_equal(ask_text(p, "SELECT ended_why FROM contact WHERE ended_at IS NOT NULL"
                                    " AND address = 'una@school.example'"),
                        "import: another address");
}

static void a_new_name_at_the_same_address_keeps_the_verification(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA, DEFAULTS, 1, 0, 0, 0);
    lands(p, "contacts", HEAD "school,100001,dsl,Una Reid,email,una@school.example,en,\n", DEFAULTS,
          0, 1, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM contact WHERE verified_at = 1788256800"
                            " AND name = 'Una Reid'"),
                     1);
}

static void an_earlier_verification_takes_no_later_one_away(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA, DEFAULTS, 1, 0, 0, 0);
    lands(p, "contacts",
          HEAD "school,100001,dsl,Una Vane,email,una@school.example,en,2025-01-01T00:00:00Z\n",
          DEFAULTS, 0, 0, 0, 1);
}

/* A file of last year's columns takes no number away. */
static void a_number_comes_with_a_contact_and_stays(void **state)
{
    static const char head[] =
        "namespace,urn,role,name,adapter,address,language,verified_at,telephone\n";
    struct place *p = *state;
    char file[400];

    snprintf(file, sizeof file, "%sschool,100001,dsl,Una Vane,email,una@school.example,en,%s,%s\n",
             head, "2026-09-01T10:00:00Z", "01752 000000 x12");
    lands(p, "contacts", file, DEFAULTS, 1, 0, 0, 0);
    lands(p, "contacts", file, DEFAULTS, 0, 0, 0, 1);
    lands(p, "contacts", HEAD UNA, DEFAULTS, 0, 0, 0, 1);
    assert_string_equal(ask_text(p, "SELECT telephone FROM contact"), "01752 000000 x12");
    snprintf(file, sizeof file, "%sschool,100001,dsl,Una Vane,email,una@school.example,en,,ask\n",
             head);
    is_refused(p, "contacts", file, DEFAULTS, "is no telephone number, such as 01752 000000 x12");
}

/* What refused our mail does not come back because last month's file has it. */
static void an_address_that_ended_comes_back_only_by_a_later_verification(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA, DEFAULTS, 1, 0, 0, 0);
    run(p, "UPDATE contact SET ended_at = 1790000000, ended_why = 'gone'"); /* 2026-09-21 */
    lands(p, "contacts", HEAD UNA, DEFAULTS, 0, 0, 0, 1);
    assert_true(warned("has ended since it was verified"));
    assert_int_equal(open_contacts(p), 0);
    lands(p, "contacts",
          HEAD "school,100001,dsl,Una Vane,email,una@school.example,en,2026-10-01T10:00:00Z\n",
          DEFAULTS, 0, 1, 0, 0);
    assert_int_equal(open_contacts(p), 1);
}

static void one_whom_an_import_ended_comes_back_with_the_files_verification_alone(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA, DEFAULTS, 1, 0, 0, 0);
    lands(p, "contacts", HEAD UNA_MOVED, DEFAULTS, 1, 0, 1, 0);
    lands(p, "contacts", HEAD "school,100001,dsl,Una Vane,email,una@school.example,en,\n", DEFAULTS,
          0, 1, 1, 0);
    assert_string_equal(ask_text(p, "SELECT address FROM contact WHERE ended_at IS NULL"
                                    " AND verified_at IS NULL"),
                        "una@school.example");
}

static void a_complete_file_ends_the_others_of_its_authority_alone(void **state)
{
    struct place *p = *state;
    struct import_options complete = DEFAULTS;

    run(p, "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name,"
           " status_code) VALUES ('school','100001','879','One',1,'x',1),"
           " ('school','100002','878','Two',1,'x',1)");
    lands(p, "contacts", HEAD UNA DEE OTHER "la,879,la_desk,Front door,email,desk@la.example,en,\n",
          DEFAULTS, 4, 0, 0, 0);
    complete.complete = true;
    is_refused(p, "contacts", HEAD UNA, complete,
               "--complete needs --la: whose contacts are they?");
    assert_int_equal(p->err.code, ERR_USAGE);
    complete.la = "879";
    lands(p, "contacts", HEAD UNA, complete, 0, 0, 2, 1);
    assert_int_equal(open_contacts(p), 2);
    is_refused(p, "contacts", HEAD, complete, "say --force-complete");
}

static void without_complete_only_the_rows_of_the_file_are_touched(void **state)
{
    struct place *p = *state;

    lands(p, "contacts", HEAD UNA DEE OTHER, DEFAULTS, 3, 0, 0, 0);
    lands(p, "contacts", HEAD OTHER, DEFAULTS, 0, 0, 0, 1);
    assert_int_equal(open_contacts(p), 3);
}

static void a_role_fits_its_door_and_a_door_its_numbers(void **state)
{
    struct place *p = *state;

    is_refused(p, "contacts", HEAD "school,100001,la_desk,U,email,a@b.example,en,\n", DEFAULTS,
               ":2: role: is none of dsl|deputy|health_visitor");
    is_refused(p, "contacts", HEAD "la,8790,la_desk,U,email,a@b.example,en,\n", DEFAULTS,
               ":2: urn: is no code of an authority (three digits)");
    is_refused(p, "contacts", HEAD "force,Devon,la_desk,U,email,a@b.example,en,\n", DEFAULTS,
               ":2: urn: is no id of a force, such as devon-and-cornwall");
    is_refused(p, "contacts", HEAD "school,100001,dsl,U,fax,1,en,\n", DEFAULTS,
               ":2: adapter: is none of email|webhook|notify|spool");
    is_refused(p, "contacts", HEAD "school,100001,dsl,U,email,a@b.example,en,yesterday\n", DEFAULTS,
               ":2: verified_at: is no date or moment, such as 2026-03-16 or "
               "2026-03-16T09:00:00Z");
    is_refused(p, "contacts",
               HEAD "school,100001,dsl,U,email,a@b.example,en,2027-01-01T00:00:00Z\n", DEFAULTS,
               ":2: verified_at: is in the future");
    is_refused(p, "contacts", HEAD "school,100001,dsl,U,email,a@b.example,en,2027-01-01\n",
               DEFAULTS, ":2: verified_at: is in the future");
    is_refused(p, "contacts", HEAD "school,100001,dsl,\"U\r\nBcc: x\",email,a@b.example,en,\n",
               DEFAULTS, ":2: name: has a line break or control character");
    is_refused(p, "contacts", HEAD "school,100001,dsl,U,email,\"a@b.example\r\nx\",en,\n", DEFAULTS,
               ":2: address: has a line break or control character");
    lands(p, "contacts",
          HEAD "force,devon-and-cornwall,la_desk,Vulnerability desk,email,v@force.example,en,\n",
          DEFAULTS, 1, 0, 0, 0);
}

static void addresses_are_of_their_adapters_shape(void **state)
{
    static const struct {
        const char *adapter, *address;
        bool good;
    } cases[] = {
        {"email", "una.o'neill+x@school.example", true},
        {"email", "una@school", false},
        {"email", "una", false},
        {"email", "@school.example", false},
        {"email", "una@", false},
        {"email", ".una@school.example", false},
        {"email", "u..na@school.example", false},
        {"email", "una.@school.example", false},
        {"email", "una@-school.example", false},
        {"email", "una@school..example", false},
        {"email", "Una Vane <una@school.example>", false},
        {"email", "una@school.example,dee@school.example", false},
        {"email", "una@school.example;dee@school.example", false},
        {"email", "una@dee@school.example", false},
        {"webhook", "https://mis.example/notices?school=1", true},
        {"webhook", "https://mis.example:8443/notices", true},
        {"webhook", "http://localhost:8080/hook", true},
        {"webhook", "http://127.0.0.1:8080/hook", true},
        {"webhook", "http://mis.example/notices", false},
        {"webhook", "http://localhost.example/notices", false},
        {"webhook", "https://user:word@mis.example/", false},
        {"webhook", "https:///notices", false},
        {"webhook", "https://mis.example/no tices", false},
        {"webhook", "ftp://mis.example/", false},
        {"notify", "una@school.example", true},
        {"notify", "una@school", false},
        {"notify", "07700 900123", true},
        {"notify", "+44 (0)7700 900-123", true},
        {"notify", "+33 6 12 34 56 78", true},
        {"notify", "01752 000000", false},
        {"notify", "07700 90012", false},
        {"notify", "07700 900123, 07700 900124", false},
        {"notify", "una", false},
        {"spool", "school-100001", true},
        {"spool", "../etc", false},
        {"spool", ".hidden", false},
        {"spool", "a/b", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *wrong = address_problem(cases[i].adapter, cases[i].address);

        if ((wrong == NULL) != cases[i].good)
            fail_msg("%s %s: %s", cases[i].adapter, cases[i].address, wrong ? wrong : "taken");
        if (wrong)
            assert_null(strstr(wrong, cases[i].address));
    }
}

static void a_dry_run_shows_doors_and_columns_and_no_address(void **state)
{
    struct place *p = *state;
    struct import_options dry = DEFAULTS;

    dry.dry_run = true;
    lands(p, "contacts", HEAD UNA, dry, 1, 0, 0, 0);
    assert_string_equal(result.changes.line[0], "+ school 100001 dsl email");
    assert_int_equal(ask(p, "SELECT count(*) FROM contact"), 0);
    lands(p, "contacts", HEAD UNA, DEFAULTS, 1, 0, 0, 0);
    lands(p, "contacts", HEAD UNA_MOVED, dry, 1, 0, 1, 0);
    assert_string_equal(result.changes.line[1], "- school 100001 dsl email");
    assert_int_equal(open_contacts(p), 1);
}

static void what_is_not_yet_sent_is_planned_anew(void **state)
{
    struct place *p = *state;
    int64_t incident;
    struct child_row c;

    run(p,
        "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (1, '879', 'x', 1)");
    incident = put(p, call_out(p, "A1", 1, "notify", ZELDA, ""), NIGHT);
    c = child(p, incident, "1");
    decided(p, c.child_id, "match");
    planned(p, incident, 1, "school", "100001", -1, &c.child_id, 1);
    lands(p, "contacts", HEAD UNA, DEFAULTS, 1, 0, 0, 0);
    assert_int_equal(result.replanned, 1);
    assert_int_equal(child(p, incident, "1").stage, STAGE_PLAN);
    /* The same file again is no news. */
    OK(p, incidents_set_stage(p->db, c.child_id, STAGE_DONE, &p->err));
    lands(p, "contacts", HEAD UNA, DEFAULTS, 0, 0, 0, 1);
    assert_int_equal(result.replanned, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, importing_setup, importing_teardown)
    const struct CMUnitTest tests[] = {
        T(a_contact_lands_with_its_verification_or_without),
        T(a_verification_can_be_a_date),
        T(a_changed_address_loses_its_verification_and_ends_the_old_one),
        T(a_new_name_at_the_same_address_keeps_the_verification),
        T(an_earlier_verification_takes_no_later_one_away),
        T(a_number_comes_with_a_contact_and_stays),
        T(an_address_that_ended_comes_back_only_by_a_later_verification),
        T(one_whom_an_import_ended_comes_back_with_the_files_verification_alone),
        T(a_complete_file_ends_the_others_of_its_authority_alone),
        T(without_complete_only_the_rows_of_the_file_are_touched),
        T(a_role_fits_its_door_and_a_door_its_numbers),
        T(addresses_are_of_their_adapters_shape),
        T(a_dry_run_shows_doors_and_columns_and_no_address),
        T(what_is_not_yet_sent_is_planned_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
