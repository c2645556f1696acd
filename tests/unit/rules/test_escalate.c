/* Who is told next when nobody answers: tests/cases/escalate. */
#include "rule_case.h"

#include "follow/escalate.h"

enum { PEOPLE = 8, WORDS = 8 };

struct scene {
    struct contact people[PEOPLE];
    size_t count;
    struct incident_do_not_tell bar;
    struct calendar_range holiday;
    struct plan_door door;
    struct plan_input in;
    struct escalate_try tries[PEOPLE];
    struct escalate_input input;
};

/* The words of a phrase; those behind its end are "". */
struct words {
    char text[RULE_PHRASE];
    const char *word[WORDS];
};

static void split(const char *phrase, struct words *w)
{
    char *save = NULL;
    size_t n = 0;

    for (size_t i = 0; i < WORDS; i++)
        w->word[i] = "";
    snprintf(w->text, sizeof w->text, "%s", phrase);
    for (char *p = strtok_r(w->text, " ", &save); p && n < WORDS; p = strtok_r(NULL, " ", &save))
        w->word[n++] = p;
}

static time_t moment(const char *day, const char *clock)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "next-Mon"};
    int second = time_of_day_parse(clock);

    for (size_t i = 0; second >= 0 && i < ARRAY_SIZE(days); i++) {
        if (strcmp(days[i], day) == 0)
            return london_moment(day_parse("2026-03-16") + (day_t)i, second);
    }
    return -1;
}

/* By name, and by adapter where that is said. */
static struct contact *person(struct scene *s, const char *name, const char *adapter)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(personal_reveal(&s->people[i].name), name) == 0 &&
            (!*adapter || strcmp(s->people[i].adapter, adapter) == 0))
            return &s->people[i];
    }
    return NULL;
}

static bool add_person(struct scene *s, const char *name, const char *role, const char *adapter)
{
    struct contact *c = &s->people[s->count];
    struct err err;

    if (s->count == PEOPLE || !contact_role_parse(role, &c->role))
        return false;
    c->contact_id = (int64_t)++s->count;
    c->verified = true;
    snprintf(c->adapter, sizeof c->adapter, "%s", adapter);
    return personal_set_text(&c->name, name, &err) == 0 &&
           personal_set_text(&c->address, name, &err) == 0;
}

static bool add_try(struct scene *s, const struct contact *c, time_t at, bool followed)
{
    if (!c || at < 0)
        return false;
    if (!followed) { /* the first, said anew by a case */
        s->input.tries_count = 0;
        s->input.told_at = at;
    }
    s->tries[s->input.tries_count++] = (struct escalate_try){c->contact_id, at, false, followed};
    return true;
}

static bool understand_person(struct scene *s, const struct words *w)
{
    struct contact *c = person(s, w->word[0], "");
    const char *what = w->word[2];
    struct err err;

    if (strcmp(w->word[1], "refused") == 0)
        return c ? c->failed = true : false;
    if (strcmp(w->word[1], "is") != 0)
        return false;
    if (strcmp(what, "unverified") == 0)
        return c ? c->verified = false, true : false;
    if (strcmp(what, "barred") == 0) {
        s->in.do_not_tell_count = 1;
        return personal_set_text(&s->bar.contact, w->word[0], &err) == 0;
    }
    return strcmp(w->word[3], "by") == 0 && add_person(s, w->word[0], what, w->word[4]);
}

static bool understand_time(struct scene *s, const struct words *w, const char *p)
{
    struct morning *m = &s->door.policy.morning;
    struct escalate_try *last = &s->tries[s->input.tries_count > 0 ? s->input.tries_count - 1 : 0];

    if (strcmp(p, "told at any hour") == 0)
        m->policy = MORNING_AT_ONCE;
    else if (strcmp(p, "Fri is a bank holiday") == 0)
        s->door.calendar.count = 1;
    else if (strncmp(p, "told ", 5) == 0)
        return add_try(s, person(s, w->word[1], ""), moment(w->word[2], w->word[3]), false);
    else if (strncmp(p, "then ", 5) == 0)
        return add_try(s, person(s, w->word[1], w->word[3]), moment(w->word[4], w->word[5]), true);
    else if (strncmp(p, "which failed ", 13) == 0)
        last->failed = true, last->at = moment(w->word[2], w->word[3]);
    else if (strncmp(p, "answer by ", 10) == 0)
        return (s->input.answer_by = moment(w->word[2], w->word[3])) >= 0;
    else if (strncmp(p, "day ends ", 9) == 0)
        return (m->day_ends = time_of_day_parse(w->word[2])) >= 0;
    else if (strncmp(p, "now ", 4) == 0)
        return (s->in.now = moment(w->word[1], w->word[2])) >= 0;
    else
        return false;
    return true;
}

static bool understand(struct scene *s, const char *p)
{
    static const char *const doors[][2] = {{"at a school", "school"},
                                           {"at an authority's desk", "la"},
                                           {"at a force's desk", "force"}};
    struct door *door = &s->door.establishment.door;
    struct words w;

    for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
        if (strcmp(p, doors[i][0]) == 0) {
            snprintf(door->namespace, sizeof door->namespace, "%s", doors[i][1]);
            s->input.is_task = i > 0;
            return true;
        }
    }
    split(p, &w);
    return understand_time(s, &w, p) || understand_person(s, &w);
}

static void stage(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->holiday = (struct calendar_range){.kind = CALENDAR_BANK_HOLIDAY,
                                         .from = day_parse("2026-03-20"),
                                         .to = day_parse("2026-03-20")};
    s->door.policy.morning = MORNING_DEFAULT;
    s->door.calendar.ranges = &s->holiday;
    s->door.contacts = s->people;
    s->in.do_not_tell = &s->bar;
    s->input.in = &s->in;
    s->input.door = &s->door;
    s->input.tries = s->tries;
}

static void say_moment(time_t t, char out[40])
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    day_t day = london_day(t);
    int second = london_second(t);

    snprintf(out, 40, "%s%s %02d:%02d", day >= day_parse("2026-03-23") ? "next-" : "",
             days[day_weekday(day)], second / 3600, second / 60 % 60);
}

static void run(const struct rule_case *c)
{
    struct scene s;
    struct escalation e;
    char said[2][80] = {"", ""}, at[40];

    stage(&s);
    for (size_t i = 0; i < c->given_count; i++) {
        if (!understand(&s, c->given[i].text))
            fail_msg("%s:%d: '%s' is not understood", c->file, c->given[i].line, c->given[i].text);
    }
    s.door.contacts_count = s.count;
    if (s.input.tries_count == 0 || s.in.now == 0)
        fail_msg("%s:%d: who was told, and what time is it?", c->file, c->line);
    e = escalate(&s.input);
    if (e.step == ESCALATE_CONTACT) {
        snprintf(said[0], sizeof said[0], "%s by %s", personal_reveal(&e.contact->name),
                 e.contact->adapter);
        say_moment(e.answer_by, at);
        snprintf(said[1], sizeof said[1], "answer by %s", at);
    } else if (e.step == ESCALATE_WAIT) {
        say_moment(e.at, at);
        snprintf(said[0], sizeof said[0], "wait until %s", at);
    } else {
        snprintf(said[0], sizeof said[0], "%s", e.step == ESCALATE_DESK ? "the desk" : "the end");
    }
    for (size_t i = 0; i < c->expect_count; i++) {
        if (strcmp(c->expect[i].text, said[0]) != 0 && strcmp(c->expect[i].text, said[1]) != 0)
            fail_msg("%s:%d: %s: it is '%s' '%s'", c->file, c->expect[i].line, c->title, said[0],
                     said[1]);
    }
    for (size_t i = 0; i < s.count; i++) {
        personal_release(&s.people[i].name);
        personal_release(&s.people[i].address);
    }
    personal_release(&s.bar.contact);
}

static void every_case_of_no_answer(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/escalate/*.case", 34, run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
