/* The rules of planning, held to the cases of tests/cases/plan that a safeguarding lead can read and
 * correct. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <unistd.h>

#include "rules/plan_case.h"

/* Everything that a plan_input points at, made from a case's world. */
struct stage {
    struct plan_input in;
    struct plan_door doors[CASE_DOORS];
    struct contact contacts[CASE_DOORS][CASE_CONTACTS];
    struct calendar_range ranges[CASE_DOORS][CASE_RANGES];
    struct plan_child children[CASE_CHILDREN];
    size_t told[CASE_CHILDREN][PLAN_DOORS_PER_CHILD];
    struct incident_do_not_tell bars[INCIDENT_DO_NOT_TELL_MAX];
};

static void set_text(struct personal *p, const char *text)
{
    struct err err;

    if (text[0])
        assert_int_equal(personal_set_text(p, text, &err), 0);
}

static bool same_door(const struct door *a, const struct door *b)
{
    return strcmp(a->namespace, b->namespace) == 0 && strcmp(a->urn, b->urn) == 0;
}

static void stage_door(struct stage *s, const struct world *w, size_t d)
{
    struct plan_door *door = &s->doors[d];
    size_t ranges = 0;

    door->establishment = w->doors[d];
    for (size_t i = 0; i < w->ranges_count; i++) {
        const struct case_range *r = &w->ranges[i];

        if (r->range.kind == CALENDAR_BANK_HOLIDAY ||
            same_door(&r->door, &door->establishment.door) ||
            (strcmp(r->door.namespace, "la") == 0 &&
             strcmp(r->door.urn, door->establishment.la_code) == 0))
            s->ranges[d][ranges++] = r->range;
    }
    door->calendar = (struct calendar){s->ranges[d], ranges};
    policy_resolve(w->policies, w->policies_count, w->force, door->establishment.la_code,
                   &door->establishment.door, &door->policy);
    door->contacts = s->contacts[d];
    for (size_t i = 0; i < w->contacts_count; i++) {
        const struct case_contact *c = &w->contacts[i];
        struct contact *to = &s->contacts[d][door->contacts_count];

        if (c->gone || !same_door(&c->contact.door, &door->establishment.door))
            continue;
        *to = c->contact;
        set_text(&to->name, c->person);
        set_text(&to->address, c->address);
        door->contacts_count++;
    }
}

static struct stage *stage_new(const struct plan_case *c)
{
    const struct world *w = &c->world;
    struct stage *s = calloc(1, sizeof *s);
    struct door home = {"la", ""}, force = {"force", ""}, elsewhere = {"force", ""};

    assert_non_null(s);
    snprintf(home.urn, sizeof home.urn, "%s", w->home);
    snprintf(force.urn, sizeof force.urn, "%s", w->force);
    for (size_t d = 0; d < w->doors_count; d++)
        stage_door(s, w, d);
    for (size_t i = 0; i < w->links_count; i++) {
        struct plan_door *from = &s->doors[w->links[i].from];

        from->successors[from->successors_count++] = w->links[i].to;
    }
    for (size_t i = 0; i < w->bars_count; i++) {
        snprintf(s->bars[i].role, sizeof s->bars[i].role, "%.32s", w->bars[i].role);
        snprintf(s->bars[i].school_urn, sizeof s->bars[i].school_urn, "%.16s", w->bars[i].urn);
        set_text(&s->bars[i].contact, w->bars[i].address);
    }
    for (size_t i = 0; i < w->children_count; i++) {
        s->children[i] = w->children[i].child;
        memcpy(s->told[i], w->children[i].told, sizeof s->told[i]);
        s->children[i].told = s->told[i];
        s->children[i].tell_from = w->accepted_at;
        s->children[i].force_desk = find_door(w, &force);
        snprintf(elsewhere.urn, sizeof elsewhere.urn, "%s", w->home_force);
        s->children[i].lives_elsewhere = w->home_force[0] != '\0';
        s->children[i].home_force_desk = find_door(w, &elsewhere);
        assert_true(!w->home_force[0] || s->children[i].home_force_desk < w->doors_count);
        s->children[i].desk = w->home[0] ? find_door(w, &home) : s->children[i].force_desk;
        assert_true(s->children[i].force_desk < w->doors_count);
        assert_true(s->children[i].desk < w->doors_count);
    }
    s->in = (struct plan_input){
        .accepted_at = w->accepted_at,
        .now = w->now,
        .type = w->type,
        .risk = w->risk,
        .is_marac = w->is_marac,
        .do_not_tell = s->bars,
        .do_not_tell_count = w->bars_count,
        .children = s->children,
        .children_count = w->children_count,
        .doors = s->doors,
        .doors_count = w->doors_count,
    };
    return s;
}

static void stage_free(struct stage *s)
{
    for (size_t d = 0; d < s->in.doors_count; d++) {
        for (size_t i = 0; i < s->doors[d].contacts_count; i++) {
            personal_release(&s->contacts[d][i].name);
            personal_release(&s->contacts[d][i].address);
        }
    }
    for (size_t i = 0; i < s->in.do_not_tell_count; i++)
        personal_release(&s->bars[i].contact);
    free(s);
}

static bool same_children(const struct expected *e, const struct plan_notice *n)
{
    if (e->children_count != n->children_count)
        return false;
    for (size_t i = 0; i < e->children_count; i++) {
        if (e->children[i] != n->child_ids[i])
            return false;
    }
    return true;
}

static const char *difference(const struct expected *e, const struct plan_notice *n)
{
    if (e->door != n->door)
        return "another door";
    if (e->at != n->due.at)
        return "another time";
    if (e->contact_id != n->contact_id)
        return "another contact";
    if (!same_children(e, n))
        return "other children";
    if (e->answer_by >= 0 && e->answer_by != n->due.answer_by)
        return "another time to answer by";
    if (e->basis[0] && strcmp(e->basis, basis_word(n->basis)) != 0)
        return "another basis";
    if (e->remind_at != 0 && e->remind_at != n->due.remind_at)
        return "another time to remind";
    if (e->rule[0] && strcmp(e->rule, n->due.rule) != 0)
        return "another rule";
    if (strcmp(e->reason[0] ? e->reason : "none", desk_reason_word(n->reason)) != 0)
        return "another reason";
    if ((n->kind == NOTICE_DESK) != (n->reason != DESK_NONE))
        return "a desk's notice without reason";
    return NULL;
}

static void describe(const struct stage *s, const struct world *w, const struct plan_notice *n,
                     char *out, size_t size)
{
    const struct door *door = &s->doors[n->door].establishment.door;
    char at[MOMENT_TEXT_SIZE], by[MOMENT_TEXT_SIZE], again[MOMENT_TEXT_SIZE];

    snprintf(out, size,
             "%s  %s %s  to %s  for %zu (%s..)  %s  rule %s  because %s  answer by %s  reminded %s",
             london_format(n->due.at, at), door->namespace, door->urn,
             n->contact_id < 0 ? "nobody" : w->contacts[n->contact_id - 1].name, n->children_count,
             w->children[n->child_ids[0] - 1].name, basis_word(n->basis), n->due.rule,
             desk_reason_word(n->reason), london_format(n->due.answer_by, by),
             n->due.remind_at < 0 ? "never" : london_format(n->due.remind_at, again));
}

/* How the plan of a case differs from what is expected; "" when it does not. */
static void judge(const struct plan_case *c, char *out, size_t size)
{
    struct stage *s = stage_new(c);
    struct plan plan;
    struct err err;

    out[0] = '\0';
    assert_int_equal(plan_make(&s->in, &plan, &err), 0);
    for (size_t i = 0; i < plan.count || i < c->expected_count; i++) {
        const char *how = i >= plan.count          ? "nothing planned"
                          : i >= c->expected_count ? "nothing expected"
                                                   : difference(&c->expected[i], &plan.notices[i]);
        char planned[400] = "nothing";

        if (!how)
            continue;
        if (i < plan.count)
            describe(s, &c->world, &plan.notices[i], planned, sizeof planned);
        snprintf(out, size, "%s:%d: %s: %s; planned: %s", c->file,
                 i < c->expected_count ? c->expected[i].line : c->line, c->title, how, planned);
        break;
    }
    plan_release(&plan);
    stage_free(s);
}

struct tally {
    int failures;
    bool quiet;
};

static void judge_and_count(const struct plan_case *c, void *arg)
{
    struct tally *tally = arg;
    char out[900];

    judge(c, out, sizeof out);
    if (out[0] && !tally->quiet)
        print_error("%s\n", out);
    tally->failures += out[0] != '\0';
}

static void every_case_that_a_safeguarding_lead_wrote_holds(void **state)
{
    struct tally tally = {0, false};
    int cases = 0;
    glob_t files;

    (void)state;
    assert_int_equal(glob(TESTS_DIR "/cases/plan/*.case", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char wrong_text[400];
        int n = plan_case_read(files.gl_pathv[i], judge_and_count, &tally, wrong_text,
                               sizeof wrong_text);

        if (n < 0)
            fail_msg("%s", wrong_text);
        cases += n;
    }
    globfree(&files);
    print_message("%d cases\n", cases);
    assert_true(cases >= 150);
    assert_int_equal(tally.failures, 0);
}

/* Writes a case file and reads it; what is wrong with it goes to out. */
static int read_text(const char *text, void (*visit)(const struct plan_case *c, void *arg),
                     void *arg, char *out, size_t size)
{
    char path[] = "/tmp/encompass-case-XXXXXX";
    int fd = mkstemp(path), n;
    FILE *f;

    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    n = plan_case_read(path, visit, arg, out, size);
    unlink(path);
    return n;
}

#define WORLD                                                                                      \
    "given force south-yorkshire  la 373  home la 373  school 100001 in 373\n"                     \
    "given contact Una dsl of school 100001  term of la 373 2026-03-02 to 2026-03-27\n"            \
    "case a night\n"                                                                               \
    "given accepted 2026-03-11 23:10  child A aged 7 at school 100001\n"

static void ignore(const struct plan_case *c, void *arg)
{
    (void)c;
    (void)arg;
}

static void a_slip_in_a_case_file_is_an_error_that_names_the_line(void **state)
{
    static const struct {
        const char *text, *says;
    } slips[] = {
        {WORLD "expect 2026-03-12 07:30  school 100001  to Uma  for A\n", ":5: to whom"},
        {WORLD "expect 2026-03-12 07:30  school 100002  to Una  for A\n", ":5: school 100002"},
        {WORLD "expect 2026-03-12 07:30  school 100001  to Una  for B\n", ":5: no child B"},
        {WORLD "expect 2026-03-12 07:30  school 100001  to Una  for A  lokal\n", ":5: 'lokal'"},
        {WORLD "expect 2026-03-12 07:30  school 100001  to Una\n", ":5: to whom, and"},
        {WORLD "expect 2026-02-30 07:30  school 100001  to Una  for A\n", ":5: '2026-02-30'"},
        {WORLD "expect 2026-03-12 7:30  school 100001  to Una  for A\n", ":5: '7:30'"},
        {WORLD "expct nothing\n", ":5: 'expct'"},
        {WORLD "expect nothing at all\n", ":5: nothing, and yet"},
        {WORLD "expect nothing\ngiven child B aged 7 at skool 100001\n", ":6: 'skool'"},
        {WORLD "given but Una ill\n", ":5: gone"},
        {WORLD "given policy la 373 childrens_centers on\n", ":5: policy childrens_centers"},
        {WORLD "given child B aged 7\n", ":5: at which school"},
        {WORLD, ":3: a case that expects nothing"},
        {"given school 100001\n", ":1: in which"},
        {"case no time\ngiven la 373\nexpect nothing\n", ":1: accepted when"},
        {"use nowhere.world\n", "nowhere.world:0: cannot be read"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(slips); i++) {
        char out[400] = "";

        if (read_text(slips[i].text, ignore, NULL, out, sizeof out) != -1 ||
            !strstr(out, slips[i].says))
            fail_msg("slip %zu: '%s' does not say '%s'", i, out, slips[i].says);
    }
}

/* The runner itself: a plan that is not the expected one is found out, whatever differs. */
static void a_case_that_does_not_hold_is_found_out(void **state)
{
    static const char *const wrong_cases[] = {
        WORLD "expect 2026-03-12 07:31  school 100001  to Una  for A\n",
        WORLD "expect 2026-03-12 07:30  la 373  to Una  for A\n",
        WORLD "expect 2026-03-12 07:30  school 100001  to nobody  for A\n",
        WORLD "expect 2026-03-12 07:30  school 100001  to Una  for A  local\n",
        WORLD "expect 2026-03-12 07:30  school 100001  to Una  for A  rule hold\n",
        WORLD "expect 2026-03-12 07:30  school 100001  to Una  for A  because review\n",
        WORLD "expect 2026-03-12 07:30  school 100001  to Una  for A"
              "  answer by 2026-03-12 08:16\n",
        WORLD "given child B aged 7 unmatched\n"
              "expect 2026-03-12 07:30  school 100001  to Una  for A\n",
        WORLD "given child B aged 7 at school 100001\n"
              "expect 2026-03-12 07:30  school 100001  to Una  for A\n",
        WORLD "expect nothing\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong_cases); i++) {
        char out[400] = "";
        struct tally tally = {0, true};

        assert_int_equal(read_text(wrong_cases[i], judge_and_count, &tally, out, sizeof out), 1);
        assert_int_equal(tally.failures, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_in_a_case_file_is_an_error_that_names_the_line),
        cmocka_unit_test(a_case_that_does_not_hold_is_found_out),
        cmocka_unit_test(every_case_that_a_safeguarding_lead_wrote_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
