#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const char *const names[] = {"Zebedia Quillon Vantreight", "Zebbie", "Zebo"};
static const char *const never[] = {"Larkspur",    "ZZ8",        "Harrowgate", "ZZ9",
                                    "Oldsurnamia", "Fictionham", "1AB"};
/* Free text, which may name a place. */
static const char *const free_text[] = {"Crockery", "Marsham", "stepniece", "wardrobe",
                                        "Plumblebee"};

struct made {
    struct templates *templates;
    struct incident *incident;
    struct notice_row notice;
    struct render_input in;
    struct rendered out;
};

static const size_t first[] = {0}, both[] = {0, 1};

static struct incident *parse(const char *type, const char *is_protected, const char *forename)
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

static int setup(void **state)
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

static int teardown(void **state)
{
    struct made *m = *state;

    rendered_release(&m->out);
    incident_free(m->incident);
    templates_free(m->templates);
    free(m);
    return 0;
}

static void make(struct made *m)
{
    struct err err;

    rendered_release(&m->out);
    assert_int_equal(render_notice(m->templates, &m->in, &m->out, &err), 0);
}

static void change(struct made *m, const char *type, const char *is_protected, const char *forename)
{
    incident_free(m->incident);
    m->incident = parse(type, is_protected, forename);
    m->in.incident = m->incident;
}

static bool in_text(const struct made *m, const char *what)
{
    return strstr(personal_reveal(&m->out.text), what) != NULL;
}

static bool in_html(const struct made *m, const char *what)
{
    return strstr(personal_reveal(&m->out.html), what) != NULL;
}

static bool in_json(const struct made *m, const char *what)
{
    return strstr(personal_reveal(&m->out.json), what) != NULL;
}

static bool anywhere(const struct made *m, const char *what)
{
    return in_text(m, what) || in_html(m, what) || in_json(m, what) || strstr(m->out.subject, what);
}

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

/* A folder of templates that a test spoils. */
struct folder {
    char path[64];
};

static void put(const struct folder *f, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    for (char *slash = strchr(path + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void put_kind(const struct folder *f, const char *place, const char *kind)
{
    static const char *const parts[][2] = {{"subject", "Notice {{reference}}\n"},
                                           {"txt", "{{#children}}{{name}}{{/children}}\n"},
                                           {"html", "<p>own</p>\n"}};
    char name[128];

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        snprintf(name, sizeof name, "%s/%s.%s", place, kind, parts[i][0]);
        put(f, name, parts[i][1]);
    }
}

static void folder_new(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/encompass-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    put(f, "standard/en/frame.txt", "above {{subject}}\n{{words}}\nbelow\n");
    put(f, "standard/en/frame.html", "<html><p>above {{subject}}</p>\n{{words}}\n</html>\n");
    put_kind(f, "standard/en", "notice");
    put_kind(f, "standard/en", "desk");
    put_kind(f, "standard/en", "correction");
    put_kind(f, "standard/en", "withdrawal");
    put_kind(f, "standard/en", "reminder");
    put_kind(f, "standard/en", "warning");
    put_kind(f, "standard/en", "minimal");
    put(f, "standard/en/exercise.subject", "EXERCISE {{reference}}");
    put(f, "standard/en/exercise.txt", "EXERCISE\n");
    put(f, "standard/en/exercise.html", "<p>EXERCISE</p>");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void folder_remove(const struct folder *f)
{
    assert_int_equal(nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void a_template_that_could_go_wrong_is_refused_by_file_and_line(void **state)
{
    static const struct {
        const char *name, *text, *says;
    } bad[] = {
        {"standard/en/notice.subject", "For {{establishment.name}}\n",
         "notice.subject:1: a subject holds"},
        {"standard/en/notice.subject", "{{#children}}{{reference}}{{/children}}",
         "a subject holds"},
        {"standard/en/notice.subject", "one\x1etwo", "has control characters"},
        {"standard/en/notice.html", "\x1b[2J", "has control characters"},
        {"standard/en/notice.subject", "two\nlines", "a subject is one line"},
        {"standard/en/notice.subject", "", "a subject is one line"},
        {"standard/en/notice.txt", "a\n{{#children}}\n{{nmae}}\n{{/children}}",
         "notice.txt:3: {{nmae}} is no value"},
        {"standard/en/notice.txt", "{{#children}}", "Unclosed section"},
        {"standard/en/notice.txt", "{{/children}}", "Unopened section"},
        {"standard/en/notice.txt", "a\nb {{name", "notice.txt:2: {{ without }}"},
        {"standard/en/notice.txt", "{{", "{{ without }}"},
        {"standard/en/notice.txt", "{{=<% %>=}}", "is not used here"},
        {"standard/en/notice.txt", "{{> other}}", "is not used here"},
        {"standard/en/notice.html", "<p>{{{name}}}</p>", "a value that is not escaped"},
        {"standard/en/notice.html", "<p>{{& name}}</p>", "a value that is not escaped"},
        {"standard/en/exercise.subject", "Operation Encompass {{reference}}", "an exercise begins"},
        {"standard/en/exercise.txt", "A test. EXERCISE", "an exercise begins"},
        {"standard/en/exercise.html", "<p>A test</p>", "an exercise begins"},
        {"standard/en/frame.txt", "above\nbelow\n", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "\nabove\n", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "\n{{words}}\n{{nmae}}\n", "frame.txt:3: {{nmae}} is no value"},
        {"standard/en/frame.txt", "above {{words}}\n", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "{{words}}\na\n{{words}}\n", "frame.txt:3: {{words}} is no"},
        {"standard/en/frame.txt", "{{#full}}\n{{words}}\n{{/full}}\n", "Unclosed section"},
        {"standard/en/frame.html", "<p>\n{{> other}}\n{{words}}\n", "frame.html:2: {{> is not"},
        {"standard/en/frame.html", "{{words}}\n\n{{{name}}}\n", "frame.html:3: a value that"},
        {"standard/en/frame.subject", "Notice {{reference}}\n", "a frame has no subject"},
        {"standard/en/notice.txt", "{{words}}\n", "notice.txt:1: {{words}} is no value"},
        {"standard/en/notice.html", "<html>\n</html>\n", "the page's head and end are frame"},
        {"own/en/frame.txt", "{{words}}\n", "frame.html: No such file"},
        {"standard/cy/notice.subject", "{{reference}}\n", "notice.txt: No such file"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct templates *t;
        struct folder f;
        struct err err;

        folder_new(&f);
        put(&f, bad[i].name, bad[i].text);
        assert_int_equal(templates_load(f.path, &t, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        assert_non_null(strstr(err.text, bad[i].says));
        folder_remove(&f);
    }
}

static void write_made(struct made *m, const struct folder *f)
{
    struct err err;

    templates_free(m->templates);
    assert_int_equal(templates_load(f->path, &m->templates, &err), 0);
    make(m);
}

static void one_frame_stands_around_the_words_of_every_kind(void **state)
{
    static const struct {
        enum notice_kind kind;
        bool reminder;
    } kinds[] = {{NOTICE_NOTICE, false},
                 {NOTICE_NOTICE, true},
                 {NOTICE_DESK, false},
                 {NOTICE_CORRECTION, false},
                 {NOTICE_WITHDRAWAL, false}};
    struct made *m = *state;
    struct folder f;

    folder_new(&f);
    put(&f, "standard/en/frame.html", "<html>{{subject}}\n{{words}}\n</html>\n");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        m->notice.kind = kinds[i].kind;
        m->in.reminder = kinds[i].reminder;
        write_made(m, &f);
        assert_string_equal(personal_reveal(&m->out.html),
                            "<html>Notice OE-7F3K-2Q9M\n<p>own</p>\n</html>\n");
        assert_null(strstr(personal_reveal(&m->out.json), "subject"));
    }
    m->notice.kind = NOTICE_NOTICE;
    m->in.reminder = false;
    write_made(m, &f);
    assert_string_equal(personal_reveal(&m->out.text), "above Notice OE-7F3K-2Q9M\n"
                                                       "Zebedia Quillon Vantreight\nbelow\n");
    folder_remove(&f);
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

static void a_wording_has_a_frame_of_its_own_or_standards(void **state)
{
    struct made *m = *state;
    struct folder f;

    folder_new(&f);
    m->in.wording = "own";
    put(&f, "own/en/frame.txt", "ours\n{{words}}\n");
    put(&f, "own/en/frame.html", "{{words}}\n");
    write_made(m, &f); /* around standard's words */
    assert_string_equal(personal_reveal(&m->out.text), "ours\nZebedia Quillon Vantreight\n");
    assert_string_equal(personal_reveal(&m->out.html), "<p>own</p>\n");
    m->in.wording = "standard";
    write_made(m, &f);
    assert_true(in_text(m, "above Notice"));
    folder_remove(&f);

    folder_new(&f);
    m->in.wording = "own";
    put_kind(&f, "own/en", "notice");
    put(&f, "own/en/notice.txt", "ours\n");
    write_made(m, &f); /* its own words in standard's frame */
    assert_string_equal(personal_reveal(&m->out.text), "above Notice OE-7F3K-2Q9M\nours\nbelow\n");
    folder_remove(&f);
}

static void a_language_of_standard_has_a_frame(void **state)
{
    struct templates *t;
    struct folder f;
    struct err err;

    (void)state;
    folder_new(&f);
    put_kind(&f, "standard/cy", "notice");
    assert_int_equal(templates_load(f.path, &t, &err), -1);
    assert_non_null(strstr(err.text, "standard/cy/frame.txt is missing"));
    folder_remove(&f);
}

static void a_missing_part_or_kind_is_refused(void **state)
{
    struct templates *t;
    struct folder f;
    struct err err;
    char path[128];

    (void)state;
    folder_new(&f);
    snprintf(path, sizeof path, "%s/standard/en/desk.html", f.path);
    unlink(path);
    assert_int_equal(templates_load(f.path, &t, &err), -1);
    assert_non_null(strstr(err.text, "desk.html"));
    snprintf(path, sizeof path, "%s/standard/en/desk.subject", f.path);
    unlink(path);
    assert_int_equal(templates_load(f.path, &t, &err), -1);
    assert_non_null(strstr(err.text, "desk.subject is missing"));
    folder_remove(&f);
    assert_int_equal(templates_load(f.path, &t, &err), -1);
}

/* own has English alone, and notices alone. */
static void a_wording_of_ones_own_comes_first_and_standard_stands_in(void **state)
{
    struct made *m = *state;
    struct folder f;
    struct err err;

    folder_new(&f);
    put(&f, "standard/cy/frame.txt", "{{words}}\n");
    put(&f, "standard/cy/frame.html", "{{words}}\n");
    put_kind(&f, "standard/cy", "notice");
    put_kind(&f, "standard/cy", "desk");
    put(&f, "standard/cy/desk.txt", "desg");
    put_kind(&f, "own/en", "notice");
    put(&f, "own/en/notice.txt", "our own");
    templates_free(m->templates);
    m->templates = NULL;
    assert_int_equal(templates_load(f.path, &m->templates, &err), 0);
    m->in.wording = "own";
    m->in.language = "cy";
    make(m);
    assert_true(in_text(m, "our own"));
    assert_string_equal(m->out.language, "en");
    assert_true(in_json(m, "\"language\":\"en\""));
    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_CLOSED;
    make(m);
    assert_true(in_text(m, "desg"));
    assert_string_equal(m->out.language, "cy");
    folder_remove(&f);
}

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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
        T(a_wording_of_ones_own_comes_first_and_standard_stands_in),
        T(a_correction_says_it_all_again_and_what_it_corrects),
        T(a_withdrawal_names_the_child_and_from_the_wrong_door_only_the_message),
        T(a_withdrawal_for_one_of_two_keeps_the_notice_for_the_other),
        T(what_a_school_may_not_read_is_no_change_to_it),
        cmocka_unit_test(a_template_that_could_go_wrong_is_refused_by_file_and_line),
        cmocka_unit_test_setup_teardown(repeats_are_said_in_a_full_notice_and_to_a_desk, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            the_school_on_the_roll_is_named_to_a_desk_and_not_of_a_protected_family, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_referral_to_marac_is_carried_through_to_the_desk, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_frame_stands_around_the_words_of_every_kind, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(whoever_can_answer_by_a_link_is_shown_it_in_both_languages,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_wording_has_a_frame_of_its_own_or_standards, setup,
                                        teardown),
        cmocka_unit_test(a_language_of_standard_has_a_frame),
        cmocka_unit_test(a_missing_part_or_kind_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
