/* What may be settled and what holds, held to tests/cases/policy. */
#include "rule_case.h"

#include "base/attr.h"
#include "base/date.h"
#include "plan/policy.h"

enum { ROWS = 16, SAID = 64 };

struct subject {
    const struct rule_case *c;
    struct policy_row rows[ROWS];
    size_t count;
    struct door door;
    char la[LA_CODE_SIZE], force[FORCE_SIZE];
    struct policy policy;
};

static void put(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", strcmp(text, "-") == 0 ? "" : text);
}

static bool given_row(struct subject *s, const char *text)
{
    struct policy_row *row = &s->rows[s->count];
    char scope[16], id[65] = "-", key[32];
    int at = 0;

    if (sscanf(text, "all %31s %n", key, &at) == 1 && at > 0)
        snprintf(scope, sizeof scope, "all");
    else if ((sscanf(text, "scope %15s %64s %31s %n", scope, id, key, &at) != 3 || at == 0) &&
             (sscanf(text, "%15s %64s %31s %n", scope, id, key, &at) != 3 || at == 0))
        return false;
    put(row->scope, sizeof row->scope, scope);
    put(row->id, sizeof row->id, id);
    put(row->key, sizeof row->key, key);
    snprintf(row->value, sizeof row->value, "%s", text + at);
    for (char *p = row->value; *p; p++)
        *p = *p == '~' ? ' ' : *p;
    s->count++;
    return true;
}

static const char *on(bool is)
{
    return is ? "on" : "off";
}

static void say_time(int second, char out[SAID])
{
    snprintf(out, SAID, "%02d:%02d", second / 3600, second / 60 % 60);
}

/* What holds, as a case writes it. */
static void say(const struct policy *p, const char *key, char out[SAID])
{
    static const char *const timings[] = {"school-morning", "hold", "at-once"};
    static const char *const risks[] = {"off", "standard", "medium", "high"};
    static const char *const presences[] = {"off", "heard", "present"};
    const struct {
        const char *key, *word;
    } words[] = {
        {"fields", policy_fields_word(p->fields)},
        {"protected_fields", policy_fields_word(p->protected_fields)},
        {"timing", timings[p->morning.policy]},
        {"wording", p->wording},
        {"nurseries", on(p->nurseries)},
        {"childrens_centres", on(p->childrens_centres)},
        {"health_visitors", on(p->health_visitors)},
        {"filter_risk", risks[p->filter_risk]},
        {"filter_present", presences[p->filter_present]},
        {"home_la", p->home_la[0] ? p->home_la : "-"},
        {"home_force", p->home_force[0] ? p->home_force : "-"},
        {"marac_desk", on(p->marac_desk)},
        {"repeats", on(p->repeats)},
    };
    const struct {
        const char *key;
        int number;
    } numbers[] = {
        {"answer_within", p->morning.answer_within / 60},
        {"quiet_hours", p->quiet_hours},
        {"roll_days", p->roll_days},
        {"repeats_week", p->repeats_week},
        {"repeats_quarter", p->repeats_quarter},
    };
    const struct {
        const char *key;
        int second;
    } times[] = {
        {"send_at", p->morning.send_at},
        {"bell_at", p->morning.bell_at},
        {"day_ends", p->morning.day_ends},
        {"desk_ends", p->morning.desk_ends},
    };

    snprintf(out, SAID, "no such key");
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(words[i].key, key) == 0)
            snprintf(out, SAID, "%s", words[i].word);
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (strcmp(numbers[i].key, key) == 0)
            snprintf(out, SAID, "%d", numbers[i].number);
    }
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        if (strcmp(times[i].key, key) == 0)
            say_time(times[i].second, out);
    }
}

static void expect(const struct subject *s, const struct rule_phrase *phrase)
{
    const struct policy_row *last = s->count > 0 ? &s->rows[s->count - 1] : NULL;
    char key[32], value[64], is[64] = "";
    struct err err = {.text = ""};

    if (strcmp(phrase->text, "taken") == 0 || strncmp(phrase->text, "refused: ", 9) == 0) {
        snprintf(value, sizeof value, "%.63s", phrase->text + (phrase->text[0] == 't' ? 5 : 9));
        if (!last || policy_check(last, &err) < 0)
            snprintf(is, sizeof is, "%.63s", err.text);
    } else if (sscanf(phrase->text, "may withhold for %63s", value) == 1) {
        snprintf(is, sizeof is, "%s", policy_lists_reason(&s->policy, value) ? value : "not");
    } else if (sscanf(phrase->text, "may not withhold for %63s", value) == 1) {
        snprintf(is, sizeof is, "%s", policy_lists_reason(&s->policy, value) ? "may" : value);
    } else if (sscanf(phrase->text, "of a protected family %63s", value) == 1) {
        snprintf(is, sizeof is, "%s", policy_fields_word(policy_fields_for(&s->policy, true)));
        assert_int_equal(policy_fields_for(&s->policy, false), s->policy.fields);
    } else if (sscanf(phrase->text, "%31s is %63s", key, value) == 2) {
        char holds[SAID];

        say(&s->policy, key, holds);
        memcpy(is, holds, sizeof is);
    } else if (sscanf(phrase->text, "%31s by %63s", key, value) == 2) {
        const struct policy_row *row =
            policy_nearest(s->rows, s->count, s->force, s->la, &s->door, key);

        snprintf(is, sizeof is, "%s", row ? row->scope : "default");
    } else {
        fail_msg("%s:%d: '%s' is nothing to expect", s->c->file, phrase->line, phrase->text);
    }
    if (strcmp(is, value) != 0)
        fail_msg("%s:%d: %s: '%s' is %s", s->c->file, phrase->line, s->c->title, phrase->text, is);
}

static void run(const struct rule_case *c)
{
    struct subject s = {.c = c};

    for (size_t i = 0; i < c->given_count; i++) {
        const char *text = c->given[i].text;

        if (sscanf(text, "asked of %7s %64s in %7s by %64s", s.door.namespace, s.door.urn, s.la,
                   s.force) == 4 ||
            strcmp(text, "nothing settled") == 0)
            continue;
        if (s.count == ROWS || !given_row(&s, text))
            fail_msg("%s:%d: '%s' cannot be given", c->file, c->given[i].line, text);
    }
    policy_resolve(s.rows, s.count, s.force, s.la, &s.door, &s.policy);
    for (size_t i = 0; i < c->expect_count; i++)
        expect(&s, &c->expect[i]);
}

static void each_case_holds(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/policy/*.case", 77, run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_case_holds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
