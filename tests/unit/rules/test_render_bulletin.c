/* Exercises and warnings in words: never to be taken for a call-out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "deliver/render.h"

#define TEMPLATES PROJECT_DIR "/templates"

static const char incident_json[] =
    "{\"version\":1,\"force\":\"kent\",\"police_ref\":\"EXERCISE\",\"revision\":1,"
    "\"type\":\"domestic_abuse\",\"action\":\"notify\",\"attended_at\":\"2026-11-19T23:41:00Z\","
    "\"children\":[{\"child_ref\":\"1\",\"forename\":\"EXERCISE\",\"surname\":\"Vantreight\"}]}";
static const size_t first[] = {0};

struct made {
    struct templates *templates;
    struct incident *incident;
    struct notice_row notice;
    struct render_input in;
    struct rendered out;
};

static int setup(void **state)
{
    struct made *m = calloc(1, sizeof *m);
    struct problems problems;
    struct incident_ident ident;
    struct err err;

    problems_init(&problems);
    assert_int_equal(templates_load(TEMPLATES, &m->templates, &err), 0);
    assert_int_equal(incident_parse(incident_json, strlen(incident_json), "kent", 1795142100,
                                    &m->incident, &ident, &problems, &err),
                     0);
    problems_release(&problems);
    m->notice = (struct notice_row){.reference = "EX-7F3K-2Q9M",
                                    .kind = NOTICE_NOTICE,
                                    .door = {"school", "113292"},
                                    .answer_by = 1795162500};
    m->in = (struct render_input){.notice = &m->notice,
                                  .incident = m->incident,
                                  .children = first,
                                  .children_count = 1,
                                  .fields = FIELDS_FULL,
                                  .wording = "standard",
                                  .language = "en",
                                  .establishment = "Example Primary School",
                                  .authority = "Plymouth"};
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct made *m = *state;

    rendered_release(&m->out);
    incident_free(m->incident);
    templates_free(m->templates);
    free(m);
    return 0;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void an_exercise_says_so_before_anything_else_and_is_no_notice_to_a_program(void **state)
{
    static const struct {
        const char *language, *word;
        enum notice_kind kind;
        const char *of;
    } ways[] = {{"en", "EXERCISE", NOTICE_NOTICE, "\"exercise_of\":\"notice\""},
                {"en", "EXERCISE", NOTICE_DESK, "\"exercise_of\":\"desk\""},
                {"cy", "YMARFER", NOTICE_NOTICE, "\"exercise_of\":\"notice\""},
                {"cy", "YMARFER", NOTICE_DESK, "\"exercise_of\":\"desk\""}};
    struct made *m = *state;
    struct err err;

    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        const char *html, *marked, *named;

        m->in.language = ways[i].language;
        m->notice.kind = ways[i].kind;
        m->notice.reason = ways[i].kind == NOTICE_DESK ? DESK_NO_MATCH : DESK_NONE;
        rendered_release(&m->out);
        assert_int_equal(render_exercise(m->templates, &m->in, &m->out, &err), 0);
        assert_true(begins(m->out.subject, ways[i].word));
        assert_non_null(strstr(m->out.subject, "EX-7F3K-2Q9M"));
        assert_true(begins(personal_reveal(&m->out.text), ways[i].word));
        html = personal_reveal(&m->out.html);
        assert_true(begins(html, "<!DOCTYPE html>"));
        assert_non_null(strstr(html, "<title>"));
        assert_true(begins(strstr(html, "<title>") + strlen("<title>"), ways[i].word));
        marked = strstr(strstr(html, "<body"), ways[i].word);
        named = strstr(html, "Vantreight");
        assert_true(marked && named && marked < named);
        assert_true(marked < strstr(html, "<h1"));
        assert_non_null(strstr(personal_reveal(&m->out.json), "\"kind\":\"exercise\""));
        assert_non_null(strstr(personal_reveal(&m->out.json), ways[i].of));
        assert_null(strstr(personal_reveal(&m->out.json), "\"kind\":\"notice\""));
    }
}

static void an_exercise_says_what_the_real_one_would(void **state)
{
    struct made *m = *state;
    struct rendered real;
    struct err err;

    assert_int_equal(render_exercise(m->templates, &m->in, &m->out, &err), 0);
    assert_int_equal(render_notice(m->templates, &m->in, &real, &err), 0);
    assert_non_null(strstr(personal_reveal(&m->out.text), personal_reveal(&real.text)));
    rendered_release(&real);
}

static void a_warning_says_its_own_cause_and_no_other_in_both_languages(void **state)
{
    static const struct {
        const char *kind, *en, *cy;
    } kinds[] = {{"feed-quiet", "is quiet", "yn dawel"},
                 {"broker-lost", "no connection", "gysylltu"},
                 {"contact-failing", "kept failing", "methu dro ar"},
                 {"roll-old", "is old", "yn hen"},
                 {"adapter-shut", "send nothing", "anfon dim"}};
    const struct door door = {"force", "kent"};
    struct made *m = *state;
    struct err err;

    for (size_t i = 0; i < ARRAY_SIZE(kinds) * 2; i++) {
        bool welsh = i % 2 == 1;
        const struct render_warning in = {.reference = "EW-7F3K-2Q9M",
                                          .kind = kinds[i / 2].kind,
                                          .door = &door,
                                          .name = "Police force kent",
                                          .since = 1795142100,
                                          .wording = "standard",
                                          .language = welsh ? "cy" : "en"};

        rendered_release(&m->out);
        assert_int_equal(render_warning(m->templates, &in, &m->out, &err), 0);
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
            const char *says = welsh ? kinds[k].cy : kinds[k].en;

            assert_int_equal(strstr(personal_reveal(&m->out.text), says) != NULL, k == i / 2);
            assert_int_equal(strstr(personal_reveal(&m->out.html), says) != NULL, k == i / 2);
        }
        assert_non_null(strstr(personal_reveal(&m->out.text), "02:35"));
        assert_non_null(strstr(personal_reveal(&m->out.json), "\"kind\":\"warning\""));
        assert_null(strstr(personal_reveal(&m->out.json), "children"));
        assert_non_null(strstr(m->out.subject, "EW-7F3K-2Q9M"));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_exercise_says_so_before_anything_else_and_is_no_notice_to_a_program),
        T(an_exercise_says_what_the_real_one_would),
        T(a_warning_says_its_own_cause_and_no_other_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
