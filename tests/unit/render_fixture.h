/* tests/unit/render_fixture.h - a notice about an invented girl and her brother, rendered by the
 * project's templates; and a search through what came out. */
#ifndef RENDER_FIXTURE_H
#define RENDER_FIXTURE_H

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
#include "deliver/values.h"

#define TEMPLATES PROJECT_DIR "/templates"

/* Every value is found nowhere else, so that a search for it is an answer. */
static const char incident_json[] =
    "{\"version\":1,\"force\":\"devon-and-cornwall\",\"police_ref\":\"50269934112\",\"revision\":1,"
    "\"type\":\"%s\",\"action\":\"notify\",\"attended_at\":\"2026-11-19T23:41:00Z\","
    "\"location\":{\"address\":\"41 Harrowgate Steps\",\"postcode\":\"ZZ9 7QX\",\"protected\":%s},"
    "\"risk\":\"high\",\"circumstances\":\"Crockery was broken in Marsham Yard.\","
    "\"children\":[{\"child_ref\":\"1\",\"forename\":\"%s\",\"middle_names\":\"Quillon\","
    "\"surname\":\"Vantreight\",\"known_as\":[\"Zebbie\",\"Zebo\"],"
    "\"former_surnames\":[\"Oldsurnamia\"],\"date_of_birth\":\"2017-03-09\",\"age\":9,"
    "\"sex\":\"F\",\"address\":{\"address\":\"7 Larkspur Quay\",\"postcode\":\"ZZ8 1AB\"},"
    "\"claimed_establishment\":{\"name\":\"Fictionham Primary\",\"school_urn\":null},"
    "\"relationship\":\"stepniece of the victim\",\"present\":\"heard\","
    "\"voice\":{\"text\":\"She hid in a wardrobe.\",\"spoken_to\":true,\"with\":\"PC Plumblebee\"}},"
    "{\"child_ref\":\"2\",\"surname\":\"Brotherby\"}],"
    "\"referrals\":[\"mash\",\"early_help\"],\"officer_contact\":\"Desk, 01632 960999\"}";

struct made {
    struct templates *templates;
    struct incident *incident;
    struct notice_row notice;
    struct render_input in;
    struct rendered out;
};

static const size_t first[] = {0};

static inline struct incident *parse(const char *type, const char *is_protected,
                                     const char *forename)
{
    char json[4096];
    struct problems problems;
    struct incident_ident ident;
    struct incident *incident = NULL;
    struct err err;
    time_t now;

    assert_true(moment_parse("2026-11-20T01:15:00Z", &now));
    snprintf(json, sizeof json, incident_json, type, is_protected, forename);
    problems_init(&problems);
    assert_int_equal(incident_parse(json, strlen(json), "devon-and-cornwall", now, &incident,
                                    &ident, &problems, &err),
                     0);
    assert_int_equal(problems.count, 0);
    problems_release(&problems);
    return incident;
}

static inline int setup(void **state)
{
    struct made *m = calloc(1, sizeof *m);
    struct err err;

    assert_int_equal(templates_load(TEMPLATES, &m->templates, &err), 0);
    m->incident = parse("domestic_abuse", "false", "Zebedia");
    m->notice = (struct notice_row){.reference = "OE-7F3K-2Q9M",
                                    .kind = NOTICE_NOTICE,
                                    .door = {"school", "113292"},
                                    .basis = BASIS_STATUTORY,
                                    .answer_by = 1795162500}; /* 08:15 */
    m->in = (struct render_input){.notice = &m->notice,
                                  .incident = m->incident,
                                  .children = first,
                                  .children_count = 1,
                                  .fields = FIELDS_NAME,
                                  .wording = "standard",
                                  .language = "en",
                                  .establishment = "Example Primary School",
                                  .authority = "Plymouth"};
    *state = m;
    return 0;
}

static inline int teardown(void **state)
{
    struct made *m = *state;

    rendered_release(&m->out);
    incident_free(m->incident);
    templates_free(m->templates);
    free(m);
    return 0;
}

static inline void make(struct made *m)
{
    struct err err;

    rendered_release(&m->out);
    assert_int_equal(render_notice(m->templates, &m->in, &m->out, &err), 0);
}

static inline void change(struct made *m, const char *type, const char *is_protected,
                          const char *forename)
{
    incident_free(m->incident);
    m->incident = parse(type, is_protected, forename);
    m->in.incident = m->incident;
}

static inline bool in_text(const struct made *m, const char *what)
{
    return strstr(personal_reveal(&m->out.text), what) != NULL;
}

static inline bool in_html(const struct made *m, const char *what)
{
    return strstr(personal_reveal(&m->out.html), what) != NULL;
}

static inline bool in_json(const struct made *m, const char *what)
{
    return strstr(personal_reveal(&m->out.json), what) != NULL;
}

static inline bool anywhere(const struct made *m, const char *what)
{
    return in_text(m, what) || in_html(m, what) || in_json(m, what) || strstr(m->out.subject, what);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
