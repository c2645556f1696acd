/* What planning reads of the registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/registers.h"
#include "store/sql.h"

static const char registers[] =
    "INSERT INTO authority VALUES ('878', 'Devon'), ('879', 'Plymouth');"
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code,"
    " low_age, high_age, postcode, outward) VALUES"
    " ('school', '100001', '879', 'Example Primary', 1, '', 1, 4, 11, 'PL4 8AA', 'PL4'),"
    " ('school', '100002', '878', 'Moor Primary', 1, '', 1, NULL, NULL, 'PL7 1AA', 'PL7'),"
    " ('school', '100003', '879', 'Ridge Primary', 1, '', 1, 4, 11, 'PL7 2AA', 'PL7'),"
    " ('school', '100004', '999', 'Abolished Primary', 1, '', 2, 4, 11, 'PL4 8AB', 'PL4'),"
    " ('centre', '100001', '879', 'Example Centre', 47, '', 3, 0, 5, 'PL4 8AC', 'PL4');"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, language,"
    " verified_at, ended_at) VALUES"
    " (1, 'school', '100001', 'deputy', 'Dee', 'email', 'dee@example.test', 'en', 5, NULL),"
    " (2, 'school', '100001', 'dsl', 'Una', 'email', 'una@example.test', 'cy', NULL, NULL),"
    " (3, 'school', '100001', 'dsl', 'Vera', 'webhook', 'vera', 'en', 5, NULL),"
    " (4, 'school', '100001', 'dsl', 'Gone', 'email', 'gone@example.test', 'en', 5, 9),"
    " (5, 'centre', '100001', 'dsl', 'Cass', 'email', 'cass@example.test', 'en', 5, NULL);"
    "INSERT INTO term(la_code, namespace, urn, kind, from_day, to_day) VALUES"
    " ('879', NULL, NULL, 'term', '2026-01-05', '2026-02-13'),"
    " ('878', NULL, NULL, 'term', '2026-01-06', '2026-02-13'),"
    " (NULL, 'school', '100001', 'inset', '2026-01-05', '2026-01-05'),"
    " (NULL, 'centre', '100001', 'closure', '2026-01-06', '2026-01-06');"
    "INSERT INTO bank_holiday VALUES ('england-and-wales', '2026-04-03', 'Good Friday'),"
    " ('scotland', '2026-01-02', '2nd January');"
    "INSERT INTO policy VALUES ('all', '', 'send_at', '07:00'),"
    " ('force', 'devon-and-cornwall', 'fields', 'full'), ('force', 'cumbria', 'fields', 'name'),"
    " ('la', '879', 'childrens_centres', 'on'), ('la', '878', 'childrens_centres', 'off'),"
    " ('school', '100001', 'bell_at', '09:00'), ('centre', '100001', 'bell_at', '10:00');"
    "INSERT INTO reach VALUES ('centre', '20001', 'L1 1'), ('centre', '20002', 'L11'),"
    " ('centre', '20003', 'L1'), ('centre', '20003', 'L1 1AA'), ('centre', '20004', 'L');";

struct place {
    char path[96];
    struct db *db;
    struct err err;
};

static int setup(void **state)
{
    static char folder[64];
    struct place *p = calloc(1, sizeof *p);

    snprintf(folder, sizeof folder, "/tmp/encompass-test-XXXXXX");
    if (!p || !mkdtemp(folder))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/store.db", folder);
    *state = p;
    return db_create(p->path, &p->err) < 0 || db_open(p->path, &p->db, &p->err) < 0 ||
                   sql_script(p->db, registers, &p->err) < 0
               ? -1
               : 0;
}

static int teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct place *p = *state;

    db_close(p->db);
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        char name[128];

        snprintf(name, sizeof name, "%s%s", p->path, suffixes[i]);
        unlink(name);
    }
    *strrchr(p->path, '/') = '\0';
    rmdir(p->path);
    free(p);
    return 0;
}

static const struct door school = {"school", "100001"}, centre = {"centre", "100001"};

static void a_school_and_a_centre_of_one_number_are_two_establishments(void **state)
{
    struct place *p = *state;
    struct establishment e;

    assert_int_equal(registers_establishment(p->db, &school, &e, &p->err), 1);
    assert_string_equal(e.name, "Example Primary");
    assert_string_equal(e.la_code, "879");
    assert_int_equal(e.low_age, 4);
    assert_int_equal(e.phase_code, -1);
    assert_true(establishment_is_open(&e));
    assert_int_equal(registers_establishment(p->db, &centre, &e, &p->err), 1);
    assert_string_equal(e.name, "Example Centre");
    assert_true(establishment_is_open(&e)); /* open, but proposed to close */
    assert_int_equal(
        registers_establishment(p->db, &(struct door){"school", "100004"}, &e, &p->err), 1);
    assert_false(establishment_is_open(&e));
    assert_int_equal(
        registers_establishment(p->db, &(struct door){"school", "999999"}, &e, &p->err), 0);
    assert_false(establishment_is_open(&e));
}

static void a_desk_is_open_and_has_the_authoritys_name(void **state)
{
    struct place *p = *state;
    struct establishment e;

    assert_int_equal(registers_establishment(p->db, &(struct door){"la", "879"}, &e, &p->err), 1);
    assert_string_equal(e.name, "Plymouth");
    assert_string_equal(e.la_code, "879");
    assert_true(establishment_is_open(&e));
    assert_int_equal(registers_establishment(p->db, &(struct door){"la", "111"}, &e, &p->err), 1);
    assert_string_equal(e.name, "Local authority 111");
    assert_int_equal(
        registers_establishment(p->db, &(struct door){"force", "cumbria"}, &e, &p->err), 1);
    assert_string_equal(e.name, "Police force cumbria");
}

static void contacts_come_dsl_first_then_verified_first_and_ended_ones_not(void **state)
{
    struct place *p = *state;
    struct contact *contacts, one;
    size_t n;

    assert_int_equal(registers_contacts(p->db, &school, &contacts, &n, &p->err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(contacts[0].contact_id, 3);
    assert_true(contacts[0].verified);
    assert_string_equal(contacts[0].adapter, "webhook");
    assert_int_equal(contacts[1].contact_id, 2);
    assert_false(contacts[1].verified);
    assert_string_equal(contacts[1].language, "cy");
    assert_int_equal(contacts[2].role, ROLE_DEPUTY);
    assert_string_equal(personal_reveal(&contacts[2].address), "dee@example.test");
    contacts_free(contacts, n);
    assert_int_equal(registers_contact(p->db, 4, &one, &p->err), 1);
    contact_release(&one);
    assert_int_equal(registers_contact(p->db, 99, &one, &p->err), 0);
}

static void an_ended_contact_is_no_longer_among_them(void **state)
{
    struct place *p = *state;
    struct contact *contacts;
    int64_t audited;
    size_t n;

    assert_int_equal(registers_end_contact(p->db, 3, "gone", 77, &p->err), 0);
    assert_int_equal(registers_end_contact(p->db, 3, "gone", 78, &p->err), 0);
    assert_int_equal(registers_contacts(p->db, &school, &contacts, &n, &p->err), 0);
    assert_int_equal(n, 2);
    contacts_free(contacts, n);
    assert_int_equal(sql_int(p->db, &audited, &p->err,
                             "SELECT count(*) FROM audit WHERE event = 'contact.ended'", ""),
                     1);
    assert_int_equal(audited, 1);
}

static void a_calendar_is_the_doors_own_its_authoritys_and_the_bank_holidays(void **state)
{
    struct place *p = *state;
    struct calendar c;

    assert_int_equal(registers_calendar(p->db, &school, "879", &c, &p->err), 0);
    assert_int_equal(c.count, 3);
    for (size_t i = 0; i < c.count; i++) {
        const struct calendar_range *r = &c.ranges[i];

        switch (r->kind) {
        case CALENDAR_TERM:
            assert_int_equal(r->from, day_parse("2026-01-05"));
            assert_int_equal(r->to, day_parse("2026-02-13"));
            assert_false(r->own);
            break;
        case CALENDAR_INSET:
            assert_true(r->own);
            break;
        case CALENDAR_BANK_HOLIDAY:
            assert_int_equal(r->from, day_parse("2026-04-03"));
            break;
        default:
            fail_msg("a range of another door");
        }
    }
    free(c.ranges);
}

static void policies_are_those_of_the_force_the_authority_and_the_door(void **state)
{
    struct place *p = *state;
    struct policy_row *rows;
    size_t n;

    assert_int_equal(
        registers_policies(p->db, "devon-and-cornwall", "879", &school, &rows, &n, &p->err), 0);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        assert_string_not_equal(rows[i].id, "878");
        assert_string_not_equal(rows[i].scope, "centre");
        assert_string_not_equal(rows[i].id, "cumbria");
    }
    free(rows);
    assert_int_equal(registers_policies(p->db, "cumbria", NULL, NULL, &rows, &n, &p->err), 0);
    assert_int_equal(n, 2);
    free(rows);
}

static void reach_never_mistakes_a_sector_for_another_outward_code(void **state)
{
    struct place *p = *state;
    struct door out[4];

    assert_int_equal(registers_centres(p->db, "l11aa", out, 4, &p->err), 3);
    assert_string_equal(out[0].urn, "20003"); /* the longest prefix, once */
    assert_string_equal(out[1].urn, "20001");
    assert_string_equal(out[2].urn, "20004");
    assert_int_equal(registers_centres(p->db, "L11 1AA", out, 4, &p->err), 2);
    assert_string_equal(out[0].urn, "20002");
    assert_int_equal(registers_centres(p->db, "L11 1AA", out, 1, &p->err), 1);
    assert_int_equal(registers_centres(p->db, "LL11 1AA", out, 4, &p->err), 0);
    assert_int_equal(registers_centres(p->db, "", out, 4, &p->err), 0);
}

static void a_home_is_in_the_authority_that_all_its_neighbourhood_names(void **state)
{
    struct place *p = *state;
    char la[LA_CODE_SIZE];

    assert_int_equal(registers_home_la(p->db, "pl48zz", la, &p->err), 1);
    assert_string_equal(la, "879"); /* the closed school's abolished authority has no say */
    assert_int_equal(registers_home_la(p->db, "PL7 1ZZ", la, &p->err), 1);
    assert_string_equal(la, "878");
    assert_int_equal(registers_home_la(p->db, "PL4 1ZZ", la, &p->err), 1);
    assert_string_equal(la, "879"); /* no school in that sector: its outward code */
    assert_int_equal(registers_home_la(p->db, "PL7 9ZZ", la, &p->err), 0); /* they differ */
    assert_string_equal(la, "");
    assert_int_equal(registers_home_la(p->db, "ZE1 0AA", la, &p->err), 0);
    assert_int_equal(registers_home_la(p->db, "not a postcode", la, &p->err), 0);
    assert_int_equal(registers_home_la(p->db, "", la, &p->err), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_school_and_a_centre_of_one_number_are_two_establishments),
        T(a_desk_is_open_and_has_the_authoritys_name),
        T(contacts_come_dsl_first_then_verified_first_and_ended_ones_not),
        T(an_ended_contact_is_no_longer_among_them),
        T(a_calendar_is_the_doors_own_its_authoritys_and_the_bank_holidays),
        T(policies_are_those_of_the_force_the_authority_and_the_door),
        T(reach_never_mistakes_a_sector_for_another_outward_code),
        T(a_home_is_in_the_authority_that_all_its_neighbourhood_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
