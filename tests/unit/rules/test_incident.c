/* The contract, held to a corpus: tests/cases/incident/good is taken, bad is refused with exactly
 * the problems of expected.tsv. All were received at the same moment, on the topic of one force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "fault.h"
#include "intake/incident.h"

#define CASES TESTS_DIR "/cases/incident/"
#define TOPIC_FORCE "devon-and-cornwall"

static time_t received_at(void)
{
    time_t t;

    assert_true(moment_parse("2026-11-20T01:13:00Z", &t));
    return t;
}

static char *read_file(const char *folder, const char *name, size_t *length)
{
    char path[512];
    FILE *file;
    char *data = malloc(1 << 20);

    snprintf(path, sizeof path, "%s%s/%s", CASES, folder, name);
    file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    *length = fread(data, 1, (1 << 20) - 1, file);
    data[*length] = '\0';
    fclose(file);
    return data;
}

static int is_case(const struct dirent *entry)
{
    return strstr(entry->d_name, ".json") != NULL;
}

/* Calls judge with each file of a folder; returns how many there are. */
static int each_case(const char *folder,
                     void (*judge)(const char *name, const char *json, size_t length))
{
    struct dirent **entries;
    char path[512];
    int count;

    snprintf(path, sizeof path, "%s%s", CASES, folder);
    count = scandir(path, &entries, is_case, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        size_t length;
        char *json = read_file(folder, entries[i]->d_name, &length);

        judge(entries[i]->d_name, json, length);
        free(json);
        free(entries[i]);
    }
    free(entries);
    return count;
}

/* A message in memory of exactly its size, so that a byte read too far is found. */
static struct incident *parse(const char *json, size_t length, struct incident_ident *ident,
                              struct problems *problems)
{
    struct incident *incident = NULL;
    struct err err;
    char *exact = malloc(length > 0 ? length : 1);

    memcpy(exact, json, length);
    problems_init(problems);
    assert_int_equal(
        incident_parse(exact, length, TOPIC_FORCE, received_at(), &incident, ident, problems, &err),
        0);
    free(exact);
    assert_int_equal(incident == NULL, problems->count > 0);
    return incident;
}

static struct incident *parse_good(const char *name)
{
    struct incident_ident ident;
    struct problems problems;
    struct incident *incident;
    size_t length;
    char *json = read_file("good", name, &length);

    incident = parse(json, length, &ident, &problems);
    problems_release(&problems);
    free(json);
    assert_non_null(incident);
    return incident;
}

/* The lines of expected.tsv that are about this file, without its name. */
static void expected_of(const char *name, struct buf *out)
{
    size_t length;
    char *index = read_file("", "expected.tsv", &length);
    char *rest = NULL;

    for (char *line = strtok_r(index, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        size_t name_length = strlen(name);

        if (strncmp(line, name, name_length) == 0 && line[name_length] == '\t')
            buf_addf(out, "%s\n", line + name_length + 1);
    }
    free(index);
}

static void judge_bad(const char *name, const char *json, size_t length)
{
    char words[PROBLEM_WORDS_SIZE];
    struct buf expected, found;
    struct incident_ident ident;
    struct problems problems;
    struct incident *incident = parse(json, length, &ident, &problems);

    buf_init(&expected, 1 << 20);
    buf_init(&found, 1 << 20);
    expected_of(name, &expected);
    for (size_t i = 0; i < problems.count; i++)
        buf_addf(&found, "%s\t%s\n", problems.list[i].at, problem_words(&problems.list[i], words));
    if (problems.more)
        buf_add_text(&found, "\thas more problems than are listed\n");
    if (strcmp(buf_text(&expected), buf_text(&found)) != 0)
        fail_msg("%s: expected\n%sbut found\n%s", name, buf_text(&expected), buf_text(&found));
    buf_release(&expected);
    buf_release(&found);
    problems_release(&problems);
    incident_free(incident);
}

static void every_bad_message_is_refused_with_all_its_problems_and_no_others(void **state)
{
    (void)state;
    assert_true(each_case("bad", judge_bad) >= 70);
}

static void judge_good(const char *name, const char *json, size_t length)
{
    struct incident_ident ident;
    struct problems problems;
    struct incident *incident = parse(json, length, &ident, &problems);

    if (!incident)
        fail_msg("%s: %s %s", name, problems.list[0].at, problems.list[0].text);
    assert_string_equal(ident.force, incident->force);
    assert_string_equal(ident.police_ref, incident->police_ref);
    assert_int_equal(ident.revision, incident->revision);
    problems_release(&problems);
    incident_free(incident);
}

static void every_good_message_is_taken(void **state)
{
    (void)state;
    assert_true(each_case("good", judge_good) >= 15);
}

#define SAYS(personal, text) assert_string_equal(personal_reveal(&(personal)), text)

static void every_member_arrives_where_it_belongs(void **state)
{
    struct incident *in = parse_good("all-members.json");
    const struct incident_child *child = &in->children[0];
    time_t t;

    (void)state;
    assert_string_equal(in->force, "devon-and-cornwall");
    assert_string_equal(in->police_ref, "50260034112");
    assert_int_equal(in->revision, 1);
    assert_int_equal(in->type, INCIDENT_DOMESTIC_ABUSE);
    assert_int_equal(in->action, INCIDENT_NOTIFY);
    assert_true(moment_parse("2026-11-19T23:41:00Z", &t));
    assert_int_equal(in->attended_at, t);
    assert_true(moment_parse("2026-11-20T01:12:44Z", &t));
    assert_int_equal(in->sent_at, t);
    SAYS(in->location.address, "12 Example Street, Plymouth");
    SAYS(in->location.postcode, "PL4 8AA");
    assert_false(in->location.is_protected);
    assert_int_equal(in->risk, RISK_MEDIUM);
    SAYS(in->circumstances, "Officers attended a verbal argument; no injuries.");
    SAYS(in->officer_contact, "Vulnerability desk, 01752 000000");
    assert_int_equal(in->referrals_count, 1);
    assert_string_equal(in->referrals[0], "mash");
    assert_string_equal(in->withhold_reason, "");
    assert_int_equal(in->do_not_tell_count, 1);
    assert_string_equal(in->do_not_tell[0].role, "dsl");
    assert_string_equal(in->do_not_tell[0].school_urn, "113292");
    assert_false(personal_is_set(&in->do_not_tell[0].contact));
    SAYS(in->do_not_tell[0].reason, "party to the incident");
    assert_int_equal(in->children_count, 1);
    assert_string_equal(child->child_ref, "1");
    SAYS(child->forename, "Amelia");
    SAYS(child->middle_names, "Rose");
    SAYS(child->surname, "Okafor-Reid");
    assert_int_equal(child->known_as_count, 1);
    SAYS(child->known_as[0], "Millie");
    assert_int_equal(child->former_surnames_count, 1);
    SAYS(child->former_surnames[0], "Reid");
    assert_int_equal(child->date_of_birth, day_from_civil(2017, 3, 9));
    assert_int_equal(child->age, 9);
    assert_int_equal(child->sex, SEX_FEMALE);
    assert_false(personal_is_set(&child->upn));
    SAYS(child->home.address, "12 Example Street, Plymouth");
    SAYS(child->home.postcode, "PL4 8AA");
    SAYS(child->claimed_name, "Example Primary");
    assert_string_equal(child->claimed_school_urn, "");
    SAYS(child->relationship, "child of the victim");
    assert_int_equal(child->present, PRESENT_HEARD);
    SAYS(child->voice_text, "She said she hid upstairs.");
    assert_int_equal(child->voice_spoken_to, 1);
    SAYS(child->voice_with, "officer alone");
    incident_free(in);
}

static void what_is_not_said_is_absent(void **state)
{
    static const char *const files[] = {"surname-alone.json",
                                        "nulls-for-all-that-is-optional.json"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct incident *in = parse_good(files[i]);
        const struct incident_child *child = &in->children[0];

        assert_int_equal(in->sent_at, -1);
        assert_int_equal(in->risk, RISK_UNKNOWN);
        assert_false(personal_is_set(&in->circumstances));
        assert_null(in->do_not_tell);
        assert_string_equal(in->withhold_reason, "");
        assert_int_equal(in->referrals_count, 0);
        assert_false(personal_is_set(&child->forename));
        SAYS(child->surname, "Okafor-Reid");
        assert_int_equal(child->known_as_count, 0);
        assert_int_equal(child->date_of_birth, DAY_NONE);
        assert_int_equal(child->age, -1);
        assert_int_equal(child->sex, SEX_UNKNOWN);
        assert_int_equal(child->present, PRESENT_UNKNOWN);
        assert_int_equal(child->voice_spoken_to, -1);
        assert_false(child->home.is_protected);
        incident_free(in);
    }
}

static void blanks_are_as_good_as_absent(void **state)
{
    struct incident *in = parse_good("blanks-as-a-form-leaves-them.json");
    const struct incident_child *child = &in->children[0];

    (void)state;
    assert_null(child->middle_names.hidden);
    assert_null(child->relationship.hidden);
    assert_null(child->claimed_name.hidden);
    assert_null(in->circumstances.hidden);
    assert_int_equal(in->risk, RISK_UNKNOWN);
    assert_int_equal(in->sent_at, -1);
    assert_int_equal(child->date_of_birth, DAY_NONE);
    assert_int_equal(child->sex, SEX_UNKNOWN);
    assert_int_equal(child->present, PRESENT_UNKNOWN);
    assert_int_equal(child->known_as_count, 0);
    incident_free(in);
}

static void names_left_blank_among_others_leave_no_gap(void **state)
{
    struct incident *in = parse_good("known-as-with-gaps.json");

    (void)state;
    assert_int_equal(in->children[0].known_as_count, 2);
    SAYS(in->children[0].known_as[0], "Millie");
    SAYS(in->children[0].known_as[1], "Mils");
    assert_null(in->children[0].known_as[2].hidden);
    incident_free(in);
}

static struct incident *with_words(const char *type, const char *action, const char *risk,
                                   const char *present, const char *sex)
{
    struct incident_ident ident;
    struct problems problems;
    struct incident *incident;
    char json[512];

    snprintf(json, sizeof json,
             "{\"version\":1,\"force\":\"" TOPIC_FORCE "\",\"police_ref\":\"1\",\"revision\":1,"
             "\"type\":\"%s\",\"action\":\"%s\",\"risk\":\"%s\","
             "\"attended_at\":\"2026-11-19T23:41:00Z\",\"children\":[{\"child_ref\":\"1\","
             "\"surname\":\"Reid\",\"present\":\"%s\",\"sex\":\"%s\"}]}",
             type, action, risk, present, sex);
    incident = parse(json, strlen(json), &ident, &problems);
    assert_non_null(incident);
    return incident;
}

/* As they stand in the contract and not as this code spells them. */
static void every_word_means_what_the_contract_means(void **state)
{
    static const char *const types[] = {"domestic_abuse", "missing", "missing_found"};
    static const char *const actions[] = {"notify", "withdraw"};
    static const char *const risks[] = {"unknown", "standard", "medium", "high"};
    static const char *const presents[] = {"unknown", "present", "heard", "not_present"};
    static const char *const sexes[] = {"U", "F", "M", "X"};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct incident *in =
            with_words(types[i % 3], actions[i % 2], risks[i], presents[i], sexes[i]);

        assert_int_equal(in->type, i % 3);
        assert_int_equal(in->action, i % 2);
        assert_int_equal(in->risk, i);
        assert_int_equal(in->children[0].present, i);
        assert_int_equal(in->children[0].sex, i % 3);
        assert_string_equal(incident_type_word(in->type), types[i % 3]);
        assert_string_equal(incident_action_word(in->action), actions[i % 2]);
        assert_string_equal(incident_risk_word(in->risk), risks[i]);
        assert_string_equal(incident_present_word(in->children[0].present), presents[i]);
        incident_free(in);
    }
}

static void a_claimed_urn_that_is_no_number_is_left_out_and_the_name_kept(void **state)
{
    struct incident *in = parse_good("poor-evidence.json");

    (void)state;
    assert_string_equal(in->children[0].claimed_school_urn, "");
    SAYS(in->children[0].claimed_name, "St Joseph’s, by the park");
    SAYS(in->children[0].upn, "not known to mother");
    incident_free(in);
}

static void judge_cut(const char *name, const char *json, size_t length)
{
    size_t whole = length;

    if (length > 16384) /* the ones that are large only by white space or one text */
        return;
    while (whole > 0 && strchr(" \r\n\t", json[whole - 1]))
        whole--;
    for (size_t cut = 0; cut < whole; cut++) {
        struct incident_ident ident;
        struct problems problems;
        struct incident *incident = parse(json, cut, &ident, &problems);

        if (incident)
            fail_msg("%s: taken when cut to %zu bytes", name, cut);
        assert_string_equal(problems.list[0].at, "");
        problems_release(&problems);
    }
}

static void a_message_cut_off_anywhere_is_refused_as_a_whole(void **state)
{
    (void)state;
    each_case("good", judge_cut);
}

static void judge_flipped(const char *name, const char *json, size_t length)
{
    char *copy = malloc(length);

    (void)name;
    memcpy(copy, json, length);
    for (size_t i = 0; i < length && i < 4096; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct incident_ident ident;
            struct problems problems;

            copy[i] = (char)(json[i] ^ 1 << bit);
            incident_free(parse(copy, length, &ident, &problems));
            problems_release(&problems);
        }
        copy[i] = json[i];
    }
    free(copy);
}

static void a_flipped_bit_is_taken_or_refused_and_never_our_failure(void **state)
{
    size_t length;
    static const char *const files[] = {"all-members.json", "names-of-the-world.json",
                                        "escapes.json", "protected-and-do-not-tell.json"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char *json = read_file("good", files[i], &length);

        judge_flipped(files[i], json, length);
        free(json);
    }
}

/* LeakSanitizer, in the asan build, sees what would be lost. */
static void when_memory_runs_out_anywhere(const char *folder, const char *name)
{
    cJSON_Hooks ours = {malloc, free};
    size_t length;
    char *json = read_file(folder, name, &length);
    bool struck = true;

    cJSON_InitHooks(&ours);
    for (int nth = 1; struck; nth++) {
        struct incident *incident = NULL;
        struct incident_ident ident;
        struct problems problems;
        struct err err = {ERR_NONE, ""};
        int rc;

        problems_init(&problems);
        fault_arm(nth);
        rc = incident_parse(json, length, TOPIC_FORCE, received_at(), &incident, &ident, &problems,
                            &err);
        struck = fault_disarm();
        assert_int_equal(rc, struck ? -1 : 0);
        assert_int_equal(err.code, struck ? ERR_MEMORY : ERR_NONE);
        if (struck)
            assert_null(incident);
        else
            assert_true(nth > 3);
        incident_free(incident);
        problems_release(&problems);
    }
    cJSON_InitHooks(NULL);
    free(json);
}

static void memory_that_runs_out_is_our_failure_and_not_the_messages(void **state)
{
    (void)state;
    when_memory_runs_out_anywhere("good", "all-members.json");
    when_memory_runs_out_anywhere("good", "names-of-the-world.json");
    when_memory_runs_out_anywhere("bad", "many-at-once.json");
}

static void ident_of(const char *json, const char *topic_force, struct incident_ident *ident)
{
    struct problems problems;
    struct incident *incident;
    struct err err;

    problems_init(&problems);
    assert_int_equal(incident_parse(json, strlen(json), topic_force, received_at(), &incident,
                                    ident, &problems, &err),
                     0);
    assert_null(incident);
    problems_release(&problems);
}

static void a_refused_message_is_named_as_far_as_it_can_be(void **state)
{
    struct incident_ident ident;

    (void)state;
    ident_of("{\"force\":\"kent\",\"police_ref\":\"A-1\",\"revision\":4}", NULL, &ident);
    assert_string_equal(ident.force, "kent");
    assert_string_equal(ident.police_ref, "A-1");
    assert_int_equal(ident.revision, 4);
    ident_of("{\"force\":\"kent\",\"police_ref\":\"A 1\",\"revision\":4.5}", "essex", &ident);
    assert_string_equal(ident.force, "essex"); /* the broker vouches for the topic */
    assert_string_equal(ident.police_ref, "");
    assert_int_equal(ident.revision, -1);
    ident_of("{", "essex", &ident);
    assert_string_equal(ident.force, "essex");
    ident_of("{", NULL, &ident);
    assert_string_equal(ident.force, "");
    ident_of("[]", "NOT A FORCE", &ident);
    assert_string_equal(ident.force, "");
    assert_string_equal(ident.police_ref, "");
    assert_int_equal(ident.revision, -1);
}

static void a_force_is_written_as_data_police_uk_writes_it(void **state)
{
    (void)state;
    assert_true(incident_force_is_valid("devon-and-cornwall"));
    assert_true(incident_force_is_valid("kent"));
    assert_false(incident_force_is_valid("Kent"));
    assert_false(incident_force_is_valid("kent/+"));
    assert_false(incident_force_is_valid("-kent"));
    assert_false(incident_force_is_valid(""));
    assert_false(incident_force_is_valid(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_message_is_refused_with_all_its_problems_and_no_others),
        cmocka_unit_test(every_good_message_is_taken),
        cmocka_unit_test(every_member_arrives_where_it_belongs),
        cmocka_unit_test(what_is_not_said_is_absent),
        cmocka_unit_test(blanks_are_as_good_as_absent),
        cmocka_unit_test(names_left_blank_among_others_leave_no_gap),
        cmocka_unit_test(every_word_means_what_the_contract_means),
        cmocka_unit_test(a_claimed_urn_that_is_no_number_is_left_out_and_the_name_kept),
        cmocka_unit_test(a_message_cut_off_anywhere_is_refused_as_a_whole),
        cmocka_unit_test(a_flipped_bit_is_taken_or_refused_and_never_our_failure),
        cmocka_unit_test(memory_that_runs_out_is_our_failure_and_not_the_messages),
        cmocka_unit_test(a_refused_message_is_named_as_far_as_it_can_be),
        cmocka_unit_test(a_force_is_written_as_data_police_uk_writes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
