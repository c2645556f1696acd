/* Corrections and withdrawals in words, and when there is one to send. */
#include "render_fixture.h"

/* Which message it is about, in its text; its own reference alone in its subject. */
static void a_correction_says_it_all_again_and_what_it_corrects(void **state)
{
    struct made *m = *state;

    m->notice.kind = NOTICE_CORRECTION;
    m->in.amends = "OE-OLD1-OLD1";
    m->in.fields = FIELDS_FULL;
    make(m);
    assert_true(in_text(m, "OE-OLD1-OLD1") && in_html(m, "OE-OLD1-OLD1"));
    assert_true(in_text(m, "Zebedia") && in_text(m, "wardrobe"));
    assert_true(in_json(m, "\"amends\":\"OE-OLD1-OLD1\"") && !in_json(m, "answer_by"));
    assert_null(strstr(m->out.subject, "OLD1"));
}

static void a_withdrawal_names_the_child_and_from_the_wrong_door_only_the_message(void **state)
{
    static const enum desk_reason reasons[] = {TAKEN_WITHDRAWN, TAKEN_WITHHELD, TAKEN_NOT_PUPIL};
    struct made *m = *state;

    m->notice.kind = NOTICE_WITHDRAWAL;
    m->in.amends = "OE-OLD1-OLD1";
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        m->notice.reason = reasons[i];
        make(m);
        assert_true(in_text(m, "Zebedia") && in_html(m, "Zebedia"));
        assert_false(in_text(m, "wardrobe"));
    }
    assert_true(in_text(m, "Delete notice OE-OLD1-OLD1"));
    m->in.unnamed = true;
    make(m);
    assert_false(in_text(m, "Zebedia") || in_html(m, "Zebedia") || in_json(m, "Zebedia"));
    assert_true(in_text(m, "Delete notice OE-OLD1-OLD1"));
    assert_true(in_json(m, "\"children\":[]"));
}

/* Else a school would delete what it was rightly told of the sister. */
static void a_withdrawal_for_one_of_two_keeps_the_notice_for_the_other(void **state)
{
    struct made *m = *state;

    m->notice.kind = NOTICE_WITHDRAWAL;
    m->notice.reason = TAKEN_NOT_PUPIL;
    m->in.amends = "OE-OLD1-OLD1";
    m->in.partly = true;
    make(m);
    assert_true(in_text(m, "still stands for the other children"));
    assert_true(in_html(m, "still stands for the other children"));
    assert_false(in_text(m, "Delete notice") || in_html(m, "Delete notice"));
    assert_true(in_json(m, "\"partly\":true"));
    m->notice.reason = TAKEN_WITHDRAWN;
    make(m);
    assert_false(in_text(m, "Close the record of notice"));
    m->in.partly = false;
    make(m);
    assert_true(in_text(m, "Close the record of notice"));
    assert_false(in_json(m, "partly") || in_text(m, "still stands"));
}

/* What a correction is for: that which the policy lets a school read has changed. */
static void what_a_school_may_not_read_is_no_change_to_it(void **state)
{
    struct made *m = *state;
    struct incident *other = parse("missing", "false", "Zebedia");
    struct render_input after = m->in;
    struct err err;
    bool same = false;

    personal_release(&m->incident->circumstances);
    after.incident = m->incident;
    m->in.fields = after.fields = FIELDS_NAME;
    assert_int_equal(values_same(&m->in, &after, &same, &err), 0);
    assert_true(same);
    after.incident = other;
    assert_int_equal(values_same(&m->in, &after, &same, &err), 0);
    assert_false(same);
    incident_free(other);
    other = parse("domestic_abuse", "false", "Zebedia");
    after.incident = other; /* the circumstances are there again */
    assert_int_equal(values_same(&m->in, &after, &same, &err), 0);
    assert_true(same);
    m->in.fields = after.fields = FIELDS_FULL;
    assert_int_equal(values_same(&m->in, &after, &same, &err), 0);
    assert_false(same);
    incident_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_correction_says_it_all_again_and_what_it_corrects),
        T(a_withdrawal_names_the_child_and_from_the_wrong_door_only_the_message),
        T(a_withdrawal_for_one_of_two_keeps_the_notice_for_the_other),
        T(what_a_school_may_not_read_is_no_change_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
