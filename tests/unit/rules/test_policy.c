/* What a force, an authority and an establishment have settled: the nearest wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/policy.h"

static const struct door school = {"school", "100001"};

static struct policy resolved(const struct policy_row *rows, size_t count)
{
    struct policy out;

    policy_resolve(rows, count, "south-yorkshire", "373", &school, &out);
    return out;
}
#define RESOLVED(rows) resolved(rows, ARRAY_SIZE(rows))

static void with_nothing_settled_it_is_the_default(void **state)
{
    struct policy p = resolved(NULL, 0);

    (void)state;
    assert_int_equal(p.morning.policy, MORNING_SCHOOL);
    assert_int_equal(p.morning.send_at, (7 * 60 + 30) * 60);
    assert_int_equal(p.morning.bell_at, (8 * 60 + 45) * 60);
    assert_int_equal(p.morning.day_ends, (15 * 60 + 30) * 60);
    assert_int_equal(p.morning.desk_ends, 17 * 3600);
    assert_int_equal(p.morning.answer_within, 45 * 60);
    assert_int_equal(p.fields, FIELDS_NAME);
    assert_false(p.childrens_centres);
    assert_string_equal(p.home_la, "");
    assert_string_equal(p.wording, "standard");
    assert_int_equal(p.quiet_hours, 12);
    assert_int_equal(p.roll_days, 90);
}

static void the_nearest_scope_wins_in_whatever_order_the_rows_come(void **state)
{
    static const struct policy_row rows[] = {
        {"school", "100001", "send_at", "07:04"},
        {"all", "", "send_at", "07:01"},
        {"la", "373", "send_at", "07:03"},
        {"force", "south-yorkshire", "send_at", "07:02"},
    };

    (void)state;
    assert_int_equal(resolved(rows + 1, 1).morning.send_at, (7 * 60 + 1) * 60);
    assert_int_equal(resolved(rows + 1, 3).morning.send_at, (7 * 60 + 3) * 60);
    assert_int_equal(RESOLVED(rows).morning.send_at, (7 * 60 + 4) * 60);
}

static void what_others_have_settled_is_passed_over(void **state)
{
    static const struct policy_row rows[] = {
        {"school", "100002", "send_at", "07:04"},    {"centre", "100001", "send_at", "07:04"},
        {"la", "372", "send_at", "07:03"},           {"la", "372", "childrens_centres", "on"},
        {"force", "humberside", "send_at", "07:02"}, {"force", "humberside", "home_la", "810"},
    };
    struct policy p = RESOLVED(rows);

    (void)state;
    assert_int_equal(p.morning.send_at, (7 * 60 + 30) * 60);
    assert_false(p.childrens_centres);
    assert_string_equal(p.home_la, "");
    policy_resolve(rows, ARRAY_SIZE(rows), NULL, NULL, NULL, &p);
    assert_int_equal(p.morning.send_at, (7 * 60 + 30) * 60);
}

static void an_authority_can_make_a_notice_say_less_and_never_more(void **state)
{
    static const struct policy_row full[] = {{"force", "south-yorkshire", "fields", "full"},
                                             {"la", "373", "fields", "full"}};
    static const struct policy_row less[] = {{"force", "south-yorkshire", "fields", "full"},
                                             {"la", "373", "fields", "name"}};
    static const struct policy_row strict[] = {{"all", "", "fields", "full"},
                                               {"force", "south-yorkshire", "fields", "name"},
                                               {"la", "373", "fields", "full"}};

    (void)state;
    assert_int_equal(resolved(full, 1).fields, FIELDS_FULL);
    assert_int_equal(RESOLVED(full).fields, FIELDS_FULL);
    assert_int_equal(RESOLVED(less).fields, FIELDS_NAME);
    assert_int_equal(resolved(full + 1, 1).fields, FIELDS_NAME);
    assert_int_equal(RESOLVED(strict).fields, FIELDS_NAME);
}

static void a_row_that_is_none_is_refused_and_changes_nothing(void **state)
{
    static const struct policy_row bad[] = {
        {"all", "", "send_at", "7:30"},
        {"all", "", "send_at", "24:00"},
        {"all", "", "bell_at", ""},
        {"all", "", "answer_within", "0"},
        {"all", "", "answer_within", "1441"},
        {"all", "", "answer_within", "45m"},
        {"all", "", "timing", "later"},
        {"all", "", "fields", "everything"},
        {"all", "", "protected_fields", "none"},
        {"la", "373", "nurseries", "yes"},
        {"la", "373", "health_visitors", ""},
        {"la", "373", "home_force", "South Yorkshire"},
        {"force", "south-yorkshire", "filter_risk", "standard"},
        {"force", "south-yorkshire", "filter_risk", "-"},
        {"force", "south-yorkshire", "filter_present", "not_present"},
        {"force", "south-yorkshire", "withhold_reasons", "a  b"},
        {"force", "south-yorkshire", "withhold_reasons", "a,b"},
        {"force", "south-yorkshire", "withhold_reasons", ""},
        {"la", "373", "childrens_centres", "yes"},
        {"all", "", "wording", "../secrets"},
        {"all", "", "wording", ""},
        {"force", "south-yorkshire", "home_la", "Sheffield"},
        {"force", "south-yorkshire", "home_la", "12345678"},
        {"all", "", "quiet_hours", "0"},
        {"all", "", "quiet_hours", "337"},
        {"all", "", "quiet_hours", "never"},
        {"la", "373", "roll_days", "731"},
        {"la", "373", "home_la", "373"},                 /* not for that scope */
        {"la", "373", "filter_risk", "high"},            /* not for that scope */
        {"all", "", "filter_present", "heard"},          /* not for that scope */
        {"la", "373", "quiet_hours", "6"},               /* not for that scope */
        {"force", "south-yorkshire", "roll_days", "9"},  /* not for that scope */
        {"school", "100001", "fields", "full"},          /* not for that scope */
        {"school", "100001", "childrens_centres", "on"}, /* not for that scope */
        {"la", "373", "send-at", "07:30"},               /* no such key */
        {"town", "373", "send_at", "07:30"},             /* no such scope */
        {"la", "", "send_at", "07:30"},                  /* whose? */
        {"all", "373", "send_at", "07:30"},              /* everybody's has no id */
    };
    const struct policy before = resolved(NULL, 0);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct policy after;
        struct err err = {0};

        if (policy_check(&bad[i], &err) != -1)
            fail_msg("row %zu was taken", i);
        assert_int_equal(err.code, ERR_INVALID);
        if (i < 27) {
            after = resolved(&bad[i], 1);
            assert_int_equal(after.morning.send_at, before.morning.send_at);
            assert_int_equal(after.morning.answer_within, before.morning.answer_within);
            assert_int_equal(after.morning.policy, before.morning.policy);
            assert_int_equal(after.fields, before.fields);
            assert_int_equal(after.childrens_centres, before.childrens_centres);
            assert_string_equal(after.wording, before.wording);
            assert_string_equal(after.home_la, before.home_la);
            assert_int_equal(after.quiet_hours, before.quiet_hours);
            assert_int_equal(after.roll_days, before.roll_days);
        }
    }
}

static void a_row_that_is_one_is_taken(void **state)
{
    static const struct policy_row good[] = {
        {"all", "", "send_at", "07:00"},
        {"centre", "20001", "bell_at", "09:30"},
        {"school", "100001", "day_ends", "16:00"},
        {"la", "373", "desk_ends", "20:00"},
        {"school", "100001", "answer_within", "1440"},
        {"school", "100001", "timing", "hold"},
        {"all", "", "fields", "full"},
        {"la", "373", "childrens_centres", "on"},
        {"force", "south-yorkshire", "home_la", "373"},
        {"force", "south-yorkshire", "wording", "do-not-ring"},
        {"force", "south-yorkshire", "protected_fields", "standard"},
        {"la", "373", "nurseries", "on"},
        {"la", "373", "health_visitors", "on"},
        {"la", "373", "home_force", "humberside"},
        {"force", "south-yorkshire", "filter_risk", "high"},
        {"force", "south-yorkshire", "filter_present", "heard"},
        {"force", "south-yorkshire", "withhold_reasons", "risk_to_child Part-9"},
        {"all", "", "quiet_hours", "336"},
        {"force", "south-yorkshire", "quiet_hours", "off"},
        {"la", "373", "roll_days", "30"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct err err;

        if (policy_check(&good[i], &err) < 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(RESOLVED(good).morning.policy, MORNING_HOLD);
    assert_string_equal(RESOLVED(good).home_la, "373");
    assert_string_equal(RESOLVED(good).wording, "do-not-ring");
    assert_true(RESOLVED(good).childrens_centres);
    assert_int_equal(RESOLVED(good).morning.answer_within, 86400);
    assert_int_equal(RESOLVED(good).protected_fields, FIELDS_STANDARD);
    assert_true(RESOLVED(good).nurseries && RESOLVED(good).health_visitors);
    assert_string_equal(RESOLVED(good).home_force, "humberside");
    assert_int_equal(RESOLVED(good).filter_risk, RISK_HIGH);
    assert_int_equal(RESOLVED(good).filter_present, TELL_HEARD);
    assert_string_equal(RESOLVED(good).withhold_reasons, "risk_to_child Part-9");
    assert_int_equal(RESOLVED(good).quiet_hours, 0);
    assert_int_equal(RESOLVED(good).roll_days, 30);
}

static void the_least_of_three_is_told_where_an_authority_asks_for_less(void **state)
{
    static const struct policy_row rows[] = {{"force", "south-yorkshire", "fields", "standard"},
                                             {"la", "373", "fields", "full"}};
    static const struct policy_row protected[] = {
        {"force", "south-yorkshire", "protected_fields", "standard"},
        {"la", "373", "protected_fields", "full"}};

    (void)state;
    assert_int_equal(RESOLVED(rows).fields, FIELDS_STANDARD);
    assert_int_equal(resolved(NULL, 0).protected_fields, FIELDS_FULL);
    assert_int_equal(RESOLVED(protected).protected_fields, FIELDS_STANDARD);
}

static void a_reason_to_withhold_is_on_the_list_whole_or_there_is_no_list(void **state)
{
    static const struct policy_row rows[] = {
        {"force", "south-yorkshire", "withhold_reasons", "risk_to_child ongoing"}};
    struct policy p = RESOLVED(rows), none = resolved(NULL, 0);

    (void)state;
    assert_true(policy_lists_reason(&p, "risk_to_child"));
    assert_true(policy_lists_reason(&p, "ongoing"));
    assert_false(policy_lists_reason(&p, "risk"));
    assert_false(policy_lists_reason(&p, "ongoing2"));
    assert_true(policy_lists_reason(&none, "anything"));
}

static void every_key_says_what_it_means_and_its_default_is_one_of_its_values(void **state)
{
    static const char *const scopes[][2] = {{"all", ""}, {"force", "kent"}, {"la", "373"}};

    (void)state;
    for (const struct policy_key *key = policy_keys(); key->name; key++) {
        bool taken = key->fallback[0] == '\0';

        assert_true(strlen(key->name) < sizeof((struct policy_row *)NULL)->key);
        assert_true(key->meaning[0] != '\0');
        for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
            struct policy_row row;
            struct err err;

            snprintf(row.scope, sizeof row.scope, "%s", scopes[i][0]);
            snprintf(row.id, sizeof row.id, "%s", scopes[i][1]);
            snprintf(row.key, sizeof row.key, "%s", key->name);
            snprintf(row.value, sizeof row.value, "%s", key->fallback);
            taken = taken || policy_check(&row, &err) == 0;
        }
        if (!taken)
            fail_msg("%s has a default that is none", key->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_nothing_settled_it_is_the_default),
        cmocka_unit_test(the_nearest_scope_wins_in_whatever_order_the_rows_come),
        cmocka_unit_test(what_others_have_settled_is_passed_over),
        cmocka_unit_test(an_authority_can_make_a_notice_say_less_and_never_more),
        cmocka_unit_test(a_row_that_is_none_is_refused_and_changes_nothing),
        cmocka_unit_test(a_row_that_is_one_is_taken),
        cmocka_unit_test(the_least_of_three_is_told_where_an_authority_asks_for_less),
        cmocka_unit_test(a_reason_to_withhold_is_on_the_list_whole_or_there_is_no_list),
        cmocka_unit_test(every_key_says_what_it_means_and_its_default_is_one_of_its_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
