/* What a notice says, by policy, kind and language; and what it never says. */
#include "render_fixture.h"

static const char *const names[] = {"Zebedia Quillon Vantreight", "Zebbie", "Zebo"};
static const char *const never[] = {"Larkspur",    "ZZ8",        "Harrowgate", "ZZ9",
                                    "Oldsurnamia", "Fictionham", "1AB"};
/* Free text, which may name a place. */
static const char *const free_text[] = {"Crockery", "Marsham", "stepniece", "wardrobe",
                                        "Plumblebee"};

static const size_t both[] = {0, 1};

static void name_only_says_names_the_date_and_nothing_else_of_the_incident(void **state)
{
    static const char *const rest[] = {"2017",      "risk",    "mash",        "MASH",  "early",
                                       "01632",     "devon",   "50269934112", "23:41", "spoken",
                                       "protected", "\"age\"", "Age"};
    struct made *m = *state;

    make(m);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_true(in_text(m, names[i]));
        assert_true(in_html(m, names[i]));
        assert_true(in_json(m, names[i]));
    }
    assert_true(in_text(m, "Thursday 19 November 2026"));
    assert_true(in_html(m, "Thursday 19 November 2026"));
    assert_true(in_json(m, "\"incident_date\":\"2026-11-19\""));
    for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
        assert_false(anywhere(m, rest[i]));
    for (size_t i = 0; i < ARRAY_SIZE(never); i++)
        assert_false(anywhere(m, never[i]));
    for (size_t i = 0; i < ARRAY_SIZE(free_text); i++)
        assert_false(anywhere(m, free_text[i]));
    assert_false(in_json(m, "heard"));
}

static void expect_part(bool asked_for, const struct personal *whole, const struct personal *part)
{
    if (asked_for)
        assert_string_equal(personal_reveal(part), personal_reveal(whole));
    else
        assert_false(personal_is_set(part));
}

static void only_what_is_asked_for_is_made_and_it_says_the_same(void **state)
{
    struct made *m = *state;
    struct rendered whole;

    make(m);
    whole = m->out;
    memset(&m->out, 0, sizeof m->out);
    for (unsigned parts = 1; parts <= MESSAGE_WHOLE; parts++) {
        m->in.parts = parts;
        make(m);
        expect_part(parts & MESSAGE_TEXT, &whole.text, &m->out.text);
        expect_part(parts & MESSAGE_HTML, &whole.html, &m->out.html);
        expect_part(parts & MESSAGE_JSON, &whole.json, &m->out.json);
        if (parts & (MESSAGE_TEXT | MESSAGE_HTML))
            assert_string_equal(m->out.subject, whole.subject);
        else
            assert_null(m->out.subject);
    }
    rendered_release(&whole);
}

static void full_says_what_the_police_said_but_never_a_home_address(void **state)
{
    static const char *const said[] = {"9 March 2017",
                                       "Age: 9",
                                       "stepniece",
                                       "heard it",
                                       "wardrobe",
                                       "Plumblebee",
                                       "Crockery",
                                       ": high",
                                       "MASH, early help",
                                       "01632 960999",
                                       "23:41 on Thursday 19 November 2026"};
    static const char *const coded[] = {"\"date_of_birth\":\"2017-03-09\"",
                                        "\"age\":9",
                                        "\"present\":\"heard\"",
                                        "\"attended_at\":\"2026-11-19T23:41:00Z\"",
                                        "\"referrals\":[\"mash\",\"early_help\"]",
                                        "\"risk\":\"high\"",
                                        "\"spoken_to\":true"};
    struct made *m = *state;

    m->in.fields = FIELDS_FULL;
    make(m);
    for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
        assert_true(in_text(m, said[i]));
        assert_true(in_html(m, said[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(coded); i++)
        assert_true(in_json(m, coded[i]));
    for (size_t i = 0; i < ARRAY_SIZE(never); i++)
        assert_false(anywhere(m, never[i]));
    assert_false(anywhere(m, "Brotherby")); /* another school's notice */
}

/* The name alone finds nobody. A school's notice under the same policy stays as it was. */
static void a_desk_is_told_what_it_finds_the_child_by_under_any_policy(void **state)
{
    static const char *const clues[] = {"9 March 2017", "Age: 9", "Fictionham Primary", ": ZZ8"};
    static const char *const rest[] = {
        "Larkspur", "1AB",  "Harrowgate", "ZZ9",      "Oldsurnamia", "heard",    "01632",
        "MASH",     "risk", "23:41",      "Crockery", "Marsham",     "wardrobe", "stepniece"};
    struct made *m = *state;

    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_NO_MATCH;
    make(m);
    for (size_t i = 0; i < ARRAY_SIZE(clues); i++) {
        assert_true(in_text(m, clues[i]));
        assert_true(in_html(m, clues[i]));
    }
    assert_true(in_json(m, "\"home_outward\":\"ZZ8\""));
    assert_true(in_json(m, "\"school_said\":\"Fictionham Primary\""));
    for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
        assert_false(anywhere(m, rest[i]));
    assert_false(anywhere(m, "is protected"));

    change(m, "domestic_abuse", "true", "Zebedia");
    make(m);
    assert_true(in_text(m, "9 March 2017") && in_text(m, "Fictionham Primary"));
    assert_false(anywhere(m, "ZZ8"));
    assert_true(in_text(m, "An address in this family is protected"));
    assert_true(in_json(m, "\"protected\":true"));
    m->in.fields = FIELDS_FULL;
    make(m);
    assert_false(anywhere(m, "ZZ8"));
}

static void a_protected_address_strips_whatever_could_name_a_place(void **state)
{
    struct made *m = *state;

    m->in.fields = FIELDS_FULL;
    change(m, "domestic_abuse", "true", "Zebedia");
    make(m);
    for (size_t i = 0; i < ARRAY_SIZE(free_text); i++)
        assert_false(anywhere(m, free_text[i]));
    for (size_t i = 0; i < ARRAY_SIZE(never); i++)
        assert_false(anywhere(m, never[i]));
    assert_false(anywhere(m, "Plymouth"));
    assert_true(in_text(m, "address in this family is protected"));
    assert_true(in_html(m, "address in this family is protected"));
    assert_true(in_json(m, "\"protected\":true"));
}

static void a_brothers_protected_address_protects_the_sister(void **state)
{
    struct made *m = *state;

    m->in.fields = FIELDS_FULL;
    m->incident->children[1].home.is_protected = true;
    make(m);
    assert_false(anywhere(m, "Marsham"));
}

static void markup_in_a_name_is_shown_and_not_obeyed(void **state)
{
    struct made *m = *state;

    change(m, "domestic_abuse", "false", "<img src=x onerror=alert(1)>&'");
    make(m);
    assert_false(in_html(m, "<img"));
    assert_true(in_html(m, "&lt;img src=x onerror=alert(1)&gt;&amp;"));
    assert_true(in_text(m, "<img src=x onerror=alert(1)>&'"));
}

static void a_template_tag_in_a_name_stays_what_it_is(void **state)
{
    struct made *m = *state;

    m->in.fields = FIELDS_NAME;
    change(m, "domestic_abuse", "false", "{{circumstances}}{{{name}}}");
    make(m);
    assert_true(in_text(m, "{{circumstances}}{{{name}}}"));
    assert_false(in_text(m, "Crockery"));
}

static void the_subject_is_the_reference_and_nothing_of_the_child(void **state)
{
    struct made *m = *state;

    m->in.fields = FIELDS_FULL;
    make(m);
    assert_string_equal(m->out.subject, "Operation Encompass: notice OE-7F3K-2Q9M");
    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_REVIEW;
    m->in.language = "cy";
    make(m);
    assert_string_equal(m->out.subject, "Ymgyrch Encompass: i'ch desg OE-7F3K-2Q9M");
}

static void a_welsh_contact_reads_welsh(void **state)
{
    struct made *m = *state;

    m->in.language = "cy";
    make(m);
    assert_string_equal(m->out.language, "cy");
    assert_true(in_text(m, "gam-drin domestig ddydd Iau 19 Tachwedd 2026"));
    assert_true(in_text(m, "erbyn 08:15 ddydd Gwener 20 Tachwedd 2026"));
    assert_true(in_html(m, "<html lang=\"cy\">"));
    assert_true(in_json(m, "\"language\":\"cy\""));
}

static void times_are_londons(void **state)
{
    struct made *m = *state;

    m->incident->attended_at = 1782860400; /* 2026-06-30 23:00 UTC */
    m->in.fields = FIELDS_FULL;
    make(m);
    assert_true(in_text(m, "00:00 on Wednesday 1 July 2026"));
    assert_true(in_json(m, "\"incident_date\":\"2026-07-01\""));
}

static void brothers_and_sisters_at_one_school_share_a_notice(void **state)
{
    struct made *m = *state;

    m->in.children = both;
    m->in.children_count = 2;
    make(m);
    assert_true(in_text(m, "These children are concerned"));
    assert_true(in_text(m, "* Brotherby\n"));
    assert_true(in_html(m, "Brotherby"));
}

/* Every kind of call-out, basis, reason and policy comes out whole in both languages, and no two
 * reasons in the same words. */
static void every_notice_has_its_words(void **state)
{
    static const char *const types[] = {"domestic_abuse", "missing", "missing_found"};
    static const char *const languages[] = {"en", "cy"};
    struct made *m = *state;

    for (int l = 0; l < 2; l++) {
        for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
            char *seen[DESK_OVER_AGE + 1] = {NULL};

            change(m, types[t], "false", "Zebedia");
            m->in.language = languages[l];
            for (int reason = DESK_NONE; reason <= DESK_OVER_AGE; reason++) {
                m->notice.kind = reason == DESK_NONE ? NOTICE_NOTICE : NOTICE_DESK;
                m->notice.reason = (enum desk_reason)reason;
                m->in.fields = reason % 2 ? FIELDS_FULL : FIELDS_NAME;
                m->notice.basis = reason % 3 ? BASIS_STATUTORY : BASIS_LOCAL;
                make(m);
                assert_true(in_text(m, "OE-7F3K-2Q9M") && in_html(m, "OE-7F3K-2Q9M"));
                assert_true(in_text(m, names[0]) && in_html(m, names[0]));
                assert_false(in_text(m, "{{") || in_html(m, "{{"));
                assert_true(in_text(m, "OFFICIAL-SENSITIVE"));
                assert_false(in_text(m, "\n\n\n\n"));
                assert_int_equal(t == 0 && reason % 3 ? 1 : 0, in_text(m, "49A"));
                seen[reason] = strdup(personal_reveal(&m->out.html));
                for (int before = 0; before < reason; before++)
                    assert_string_not_equal(seen[before], seen[reason]);
            }
            for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
                free(seen[i]);
        }
    }
}

static void what_is_left_out_leaves_no_empty_line(void **state)
{
    struct made *m = *state;

    m->in.children = both;
    m->in.children_count = 2;
    make(m);
    assert_true(in_text(m, "concerned:\n\n* Zebedia Quillon Vantreight, known as Zebbie, Zebo\n"
                           "* Brotherby\n\n\nWHAT TO DO"));
    m->in.fields = FIELDS_FULL;
    make(m);
    assert_true(in_text(m, "wardrobe.\n* Brotherby\n\nWhat the police wrote: Crockery"));
}

static void a_missing_child_is_not_called_domestic_abuse(void **state)
{
    struct made *m = *state;

    change(m, "missing", "false", "Zebedia");
    make(m);
    assert_false(in_text(m, "domestic abuse incident"));
    assert_true(in_text(m, "reported missing"));
    assert_true(in_html(m, "ring the police now"));
    assert_true(in_text(m, "WHAT TO DO NOW") && in_html(m, "What to do now"));
    assert_false(in_text(m, "BEFORE THE CHILD ARRIVES") || in_html(m, "before the child arrives"));
}

/* Whoever opens it on the way to a class sees it without a turn of the wheel. */
static void by_when_to_answer_stands_before_what_happened(void **state)
{
    static const char *const ask[] = {"Please answer by 08:15 on", "Atebwch erbyn 08:15"};
    static const char *const happened[] = {"WHAT HAPPENED", "BETH DDIGWYDDODD"};
    struct made *m = *state;

    for (int i = 0; i < 4; i++) {
        const char *text, *asked;

        m->in.language = i % 2 ? "cy" : "en";
        m->notice.kind = i / 2 ? NOTICE_DESK : NOTICE_NOTICE;
        m->notice.reason = i / 2 ? DESK_CLOSED : DESK_NONE;
        make(m);
        text = personal_reveal(&m->out.text);
        asked = strstr(text, ask[i % 2]);
        assert_non_null(asked);
        assert_true(asked < strstr(text, happened[i % 2]));
        assert_true(in_html(m, ask[i % 2]));
    }
}

static void a_task_for_a_wrong_door_does_not_say_that_no_school_was_told(void **state)
{
    struct made *m = *state;

    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_WRONG_DOOR;
    make(m);
    assert_true(in_text(m, "The school that was told") && in_html(m, "The school that was told"));
    assert_false(in_text(m, "has not gone to a school") || in_html(m, "has not gone to a school"));
}

static bool says_repeats(const struct made *m)
{
    bool text = in_text(m, "2 in a week, 3 in three months, 4 in twelve");

    assert_int_equal(text, in_html(m, "2 in a week, 3 in three months, 4 in twelve"));
    assert_int_equal(text, in_json(m, "\"repeats\":{\"in_week\":2,\"in_three_months\":3,"
                                      "\"in_twelve_months\":4"));
    return text;
}

/* In a full notice and its corrections, and to a desk by any policy: not where it is the first. */
static void repeats_are_said_in_a_full_notice_and_to_a_desk(void **state)
{
    static const struct {
        enum notice_kind kind;
        enum policy_fields fields;
        bool reminder, said;
    } notices[] = {
        {NOTICE_NOTICE, FIELDS_FULL, false, true},
        {NOTICE_NOTICE, FIELDS_STANDARD, false, false},
        {NOTICE_NOTICE, FIELDS_NAME, false, false},
        {NOTICE_NOTICE, FIELDS_NAME, true, false},
        {NOTICE_CORRECTION, FIELDS_FULL, false, true},
        {NOTICE_CORRECTION, FIELDS_STANDARD, false, false},
        {NOTICE_WITHDRAWAL, FIELDS_NAME, false, false},
        {NOTICE_DESK, FIELDS_NAME, false, true},
        {NOTICE_DESK, FIELDS_FULL, false, true},
    };
    struct render_known known = {.repeats_counted = true, .repeats = {2, 3, 4, true}};
    struct made *m = *state;

    m->in.known = &known;
    m->in.amends = "OE-0000-0000";
    for (size_t i = 0; i < ARRAY_SIZE(notices); i++) {
        m->notice.kind = notices[i].kind;
        m->notice.reason = notices[i].kind == NOTICE_DESK         ? DESK_NO_CONTACT
                           : notices[i].kind == NOTICE_WITHDRAWAL ? TAKEN_WITHDRAWN
                                                                  : DESK_NONE;
        m->in.fields = notices[i].fields;
        m->in.reminder = notices[i].reminder;
        make(m);
        assert_int_equal(says_repeats(m), notices[i].said);
        assert_int_equal(in_text(m, "That is often"), notices[i].said);
    }
    known.repeats.often = false;
    make(m);
    assert_true(says_repeats(m) && !in_text(m, "That is often") && !in_json(m, "often"));
    known.repeats_counted = false;
    make(m);
    assert_false(says_repeats(m));
    known.repeats_counted = true;
    known.repeats = (struct repeat){1, 1, 1, false};
    make(m);
    assert_false(in_json(m, "repeats") || in_text(m, "twelve months"));
}

/* A desk rings the school, whatever the policy; a school is told of no other. */
static void the_school_on_the_roll_is_named_to_a_desk_and_not_of_a_protected_family(void **state)
{
    static const struct roll_place places[] = {
        {{"school", "100001"}, "Closed Primary", "01632 960001", true, false},
        {{"school", "100002"}, "Following Primary", "", false, true},
    };
    static const char closed[] =
        "On roll: Closed Primary (URN 100001), telephone 01632 960001, closed";
    static const char follows[] = "On roll: Following Primary (URN 100002), which has followed it";
    const struct render_known known = {.places = places, .places_count = 2};
    struct made *m = *state;

    m->in.known = &known;
    m->in.fields = FIELDS_FULL;
    make(m);
    assert_false(anywhere(m, "Closed Primary") || anywhere(m, "100002"));
    m->in.fields = FIELDS_NAME;
    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_CLOSED;
    make(m);
    assert_true(in_text(m, closed) && in_html(m, closed));
    assert_true(in_text(m, follows) && in_html(m, follows));
    assert_true(
        in_json(m, "\"name\":\"Closed Primary\",\"telephone\":\"01632 960001\",\"closed\":true}"));
    m->notice.kind = NOTICE_CORRECTION;
    m->in.amends = "OE-0000-0000";
    m->in.amends_task = true;
    make(m);
    assert_true(in_text(m, closed));
    change(m, "domestic_abuse", "true", "Zebedia");
    make(m);
    assert_false(anywhere(m, "Closed Primary") || anywhere(m, "100002"));
}

/* In a desk's task under any policy; a school hears of it by the full policy's referrals alone. */
static void a_referral_to_marac_is_carried_through_to_the_desk(void **state)
{
    struct made *m = *state;

    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_NO_CONTACT;
    make(m);
    assert_false(in_text(m, "MARAC") || in_json(m, "marac"));
    snprintf(m->incident->referrals[0], sizeof m->incident->referrals[0], "MARAC");
    make(m);
    assert_true(in_text(m, "referred this family to MARAC") && in_json(m, "\"marac\":true"));
    assert_true(in_html(m, "referred this family to MARAC") && !in_json(m, "referrals"));
    assert_true(in_text(m, "has not gone to a school"));
    m->notice.reason = DESK_MARAC;
    make(m);
    assert_true(in_text(m, "is told as ever") && !in_text(m, "has not gone to a school"));
    m->notice.kind = NOTICE_NOTICE;
    m->notice.reason = DESK_NONE;
    make(m);
    assert_false(in_text(m, "MARAC") || in_json(m, "marac"));
    m->in.fields = FIELDS_FULL;
    make(m);
    assert_true(in_text(m, "Referred to: MARAC") && !in_json(m, "\"marac\":true"));
}

static void whoever_can_answer_by_a_link_is_shown_it_in_both_languages(void **state)
{
    static const char *const languages[] = {"en", "cy"};
    static const char link[] = "https://encompass.example/answer/a-token";
    struct made *m = *state;

    m->notice.reason = DESK_CLOSED;
    for (int i = 0; i < 8; i++) {
        bool is_shown = i < 4;

        m->notice.kind = i % 2 ? NOTICE_DESK : NOTICE_NOTICE;
        m->in.language = languages[i / 2 % 2];
        m->in.link = is_shown ? link : NULL;
        make(m);
        assert_int_equal(in_text(m, link), is_shown);
        assert_int_equal(in_html(m, "<a href=\"https://encompass.example/answer/a-token\">"),
                         is_shown);
        assert_int_equal(in_text(m, "/answer/"), is_shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(name_only_says_names_the_date_and_nothing_else_of_the_incident),
        T(only_what_is_asked_for_is_made_and_it_says_the_same),
        T(full_says_what_the_police_said_but_never_a_home_address),
        T(a_desk_is_told_what_it_finds_the_child_by_under_any_policy),
        T(a_protected_address_strips_whatever_could_name_a_place),
        T(a_brothers_protected_address_protects_the_sister),
        T(markup_in_a_name_is_shown_and_not_obeyed),
        T(a_template_tag_in_a_name_stays_what_it_is),
        T(the_subject_is_the_reference_and_nothing_of_the_child),
        T(a_welsh_contact_reads_welsh),
        T(times_are_londons),
        T(brothers_and_sisters_at_one_school_share_a_notice),
        T(every_notice_has_its_words),
        T(what_is_left_out_leaves_no_empty_line),
        T(a_missing_child_is_not_called_domestic_abuse),
        T(by_when_to_answer_stands_before_what_happened),
        T(a_task_for_a_wrong_door_does_not_say_that_no_school_was_told),
        T(repeats_are_said_in_a_full_notice_and_to_a_desk),
        T(the_school_on_the_roll_is_named_to_a_desk_and_not_of_a_protected_family),
        T(a_referral_to_marac_is_carried_through_to_the_desk),
        T(whoever_can_answer_by_a_link_is_shown_it_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
