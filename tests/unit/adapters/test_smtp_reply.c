#include "rule_case.h"

#include "adapters/smtp_reply.h"

static enum smtp_step step_of(const char *word, size_t length, const struct rule_case *c, int line)
{
    for (enum smtp_step step = 0; step < SMTP_STEPS; step++) {
        if (strlen(smtp_step_word(step)) == length &&
            strncmp(smtp_step_word(step), word, length) == 0)
            return step;
    }
    fail_msg("%s:%d: no step", c->file, line);
    return SMTP_STEPS;
}

/* "RCPT 550 5.1.1" */
static void judged(const struct rule_case *c)
{
    assert_int_equal(c->expect_count, 1);
    for (size_t i = 0; i < c->given_count; i++) {
        const char *text = c->given[i].text, *code = strchr(text, ' ');
        char enhanced[SMTP_ENHANCED_SIZE], reply[RULE_PHRASE];
        enum smtp_step step;
        const char *word;

        if (!code)
            fail_msg("%s:%d: step and code", c->file, c->given[i].line);
        step = step_of(text, (size_t)(code - text), c, c->given[i].line);
        snprintf(reply, sizeof reply, "%s words of theirs\r\n", code + 1);
        smtp_enhanced(reply, strlen(reply), enhanced);
        word = verdict_word(smtp_judge(step, atoi(code + 1), enhanced));
        if (strcmp(word, c->expect[0].text) != 0)
            fail_msg("%s:%d: %s is %s", c->file, c->given[i].line, text, word);
    }
}

static void each_reply_counts_for_what_it_is_about(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/mail/replies.case", 18, judged);
}

/* Every code of every step, with every enhanced code of its class, is judged, and by its class. */
static void a_passing_trouble_is_never_for_good(void **state)
{
    char enhanced[SMTP_ENHANCED_SIZE];

    (void)state;
    for (enum smtp_step step = 0; step < SMTP_STEPS; step++) {
        for (int code = 400; code < 500; code++) {
            for (int subject = 0; subject <= 7; subject++) {
                for (int detail = 0; detail <= 30; detail++) {
                    snprintf(enhanced, sizeof enhanced, "%d.%d.%d", 4 + detail % 2, subject,
                             detail);
                    assert_int_equal(smtp_judge(step, code, enhanced),
                                     code == 432 ? VERDICT_BROKEN : VERDICT_LATER);
                }
            }
        }
    }
}

/* What comes before a recipient is named can be about none. */
static void a_recipient_is_judged_only_by_what_is_about_it(void **state)
{
    (void)state;
    for (enum smtp_step step = 0; step < SMTP_MAIL; step++) {
        for (int code = 400; code < 600; code++)
            assert_int_not_equal(smtp_judge(step, code, "5.1.1"), VERDICT_NEVER);
    }
}

static void enhanced_is(const char *line, const char *wanted)
{
    char *exact = malloc(strlen(line) + 1), out[SMTP_ENHANCED_SIZE];

    assert_non_null(exact);
    memcpy(exact, line, strlen(line)); /* no end of a text behind it */
    smtp_enhanced(exact, strlen(line), out);
    free(exact);
    assert_string_equal(out, wanted);
}

static void an_enhanced_code_is_read_when_it_is_one(void **state)
{
    (void)state;
    enhanced_is("550 5.1.1 no such user\r\n", "5.1.1");
    enhanced_is("550-5.1.1 no such user\r\n", "5.1.1");
    enhanced_is("550 5.7.133\r\n", "5.7.133");
    enhanced_is("250 2.0.0", "2.0.0");
    enhanced_is("550 5.123.456", "5.123.456");
    enhanced_is("550 4.1.1 another class", "");
    enhanced_is("550 5.1.1no space", "");
    enhanced_is("550 5.1234.1 x", "");
    enhanced_is("550 5.1.", "");
    enhanced_is("550 5.1.x", "");
    enhanced_is("550 5..11", "");
    enhanced_is("550 sip:5.1.1", "");
    enhanced_is("550", "");
    enhanced_is("ds--d.20.0", "");
    enhanced_is("550 5.1.1.1 x", "");
    enhanced_is("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reply_counts_for_what_it_is_about),
        cmocka_unit_test(a_passing_trouble_is_never_for_good),
        cmocka_unit_test(a_recipient_is_judged_only_by_what_is_about_it),
        cmocka_unit_test(an_enhanced_code_is_read_when_it_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
