/* Whom to ring before the bell: tests/cases/calls; and in which order. */
#include "rule_case.h"

#include "follow/call_list.h"

enum { PEOPLE = 6, BARS = 4 };

struct scene {
    struct contact people[PEOPLE];
    struct incident_do_not_tell bars[BARS];
    struct plan_door door;
    struct plan_input in;
    struct call_case c;
};

static time_t clock_of(const char *text)
{
    int second = time_of_day_parse(text);

    return second < 0 ? -1 : london_moment(day_parse("2026-03-16"), second);
}

static struct contact *person(struct scene *s, const char *phrase)
{
    for (size_t i = 0; i < s->door.contacts_count; i++) {
        const char *name = personal_reveal(&s->people[i].name);

        if (strncmp(phrase, name, strlen(name)) == 0 && phrase[strlen(name)] == ' ')
            return &s->people[i];
    }
    return NULL;
}

static bool add_person(struct scene *s, const char *phrase)
{
    const char *is = strstr(phrase, " is ");
    struct contact *c = &s->people[s->door.contacts_count];
    struct err err;

    if (!is || s->door.contacts_count == PEOPLE || !contact_role_parse(is + 4, &c->role))
        return false;
    c->contact_id = (int64_t)++s->door.contacts_count;
    c->verified = true;
    return personal_set(&c->name, phrase, (size_t)(is - phrase), &err) == 0 &&
           personal_set(&c->address, phrase, (size_t)(is - phrase), &err) == 0;
}

static bool understand_person(struct scene *s, const char *p)
{
    struct contact *c = person(s, p);
    struct err err;

    if (!c)
        return add_person(s, p);
    if (strstr(p, " is unverified"))
        return c->verified = false, true;
    if (strstr(p, " is barred"))
        return personal_copy(&s->bars[s->in.do_not_tell_count++].contact, &c->address, &err) == 0;
    if (strstr(p, " refuses mail"))
        return c->failed = true;
    if (strstr(p, " was passed over"))
        return c->passed = true;
    return strstr(p, " has a number") && personal_set_text(&c->telephone, "01752 1", &err) == 0;
}

static bool understand(struct scene *s, const char *p)
{
    struct door *door = &s->door.establishment.door;

    if (strcmp(p, "at a school") == 0)
        snprintf(door->namespace, sizeof door->namespace, "school");
    else if (strcmp(p, "at an authority's desk") == 0)
        snprintf(door->namespace, sizeof door->namespace, "la"), s->c.kind = NOTICE_DESK;
    else if (strcmp(p, "at a school with health visitors") == 0)
        snprintf(door->namespace, sizeof door->namespace, "school"),
            s->door.policy.health_visitors = true;
    else if (strcmp(p, "at a centre") == 0)
        snprintf(door->namespace, sizeof door->namespace, "centre");
    else if (strcmp(p, "at a centre with health visitors") == 0)
        snprintf(door->namespace, sizeof door->namespace, "centre"),
            s->door.policy.health_visitors = true;
    else if (strcmp(p, "waits to be sent") == 0)
        s->c.waits = true;
    else if (strncmp(p, "tried ", 6) == 0)
        s->c.tries = atoi(p + 6);
    else if (strcmp(p, "the desk has it instead") == 0)
        s->c.desks = true;
    else if (strcmp(p, "a correction") == 0)
        s->c.kind = NOTICE_CORRECTION;
    else if (strcmp(p, "which one of them refused") == 0)
        s->c.refused = true;
    else if (strncmp(p, "owed for ", 9) == 0)
        return (s->c.due_at = clock_of(p + 9)) >= 0;
    else if (strncmp(p, "told at ", 8) == 0)
        return s->c.told = true, (s->c.told_at = clock_of(p + 8)) >= 0;
    else if (strncmp(p, "answer by ", 10) == 0)
        return (s->c.answer_by = clock_of(p + 10)) >= 0;
    else if (strncmp(p, "bell ", 5) == 0)
        return (s->door.policy.morning.bell_at = time_of_day_parse(p + 5)) >= 0;
    else if (strncmp(p, "now ", 4) == 0)
        return (s->in.now = clock_of(p + 4)) >= 0;
    else
        return understand_person(s, p);
    return true;
}

static bool holds(const struct call *call, bool is, const char *p)
{
    if (!is)
        return strcmp(p, "nobody is rung") == 0;
    if (strncmp(p, "because ", 8) == 0)
        return strcmp(p + 8, call_why_word(call->why)) == 0;
    if (strncmp(p, "by ", 3) == 0)
        return call->by == clock_of(p + 3);
    if (strcmp(p, "speak to nobody else") == 0)
        return call->guarded;
    if (strcmp(p, "do not ring") == 0)
        return call->why == CALL_BARRED && !call->contact;
    if (strcmp(p, "ring the switchboard") == 0)
        return call->why != CALL_BARRED && !call->contact;
    return strncmp(p, "ring ", 5) == 0 && call->contact &&
           strcmp(personal_reveal(&call->contact->name), p + 5) == 0;
}

static void run(const struct rule_case *c)
{
    struct scene s;
    struct call call;
    bool is, guarded = false;

    memset(&s, 0, sizeof s);
    s.door.policy.morning = MORNING_DEFAULT;
    s.door.contacts = s.people;
    s.in.do_not_tell = s.bars;
    s.c.in = &s.in;
    s.c.door = &s.door;
    for (size_t i = 0; i < c->given_count; i++) {
        if (!understand(&s, c->given[i].text))
            fail_msg("%s:%d: '%s' is not understood", c->file, c->given[i].line, c->given[i].text);
    }
    is = call_judge(&s.c, &call);
    for (size_t i = 0; i < c->expect_count; i++) {
        guarded = guarded || strcmp(c->expect[i].text, "speak to nobody else") == 0;
        if (!holds(&call, is, c->expect[i].text))
            fail_msg("%s:%d: %s: not '%s'; it is %s of %s", c->file, c->expect[i].line, c->title,
                     c->expect[i].text, is ? call_why_word(call.why) : "nobody's turn",
                     is && call.contact ? personal_reveal(&call.contact->name) : "nobody");
    }
    if (is && call.guarded != guarded)
        fail_msg("%s:%d: %s: others may%s be spoken to", c->file, c->line, c->title,
                 call.guarded ? " not" : "");
    for (size_t i = 0; i < PEOPLE; i++) {
        personal_release(&s.people[i].name);
        personal_release(&s.people[i].address);
        personal_release(&s.people[i].telephone);
    }
    for (size_t i = 0; i < BARS; i++)
        personal_release(&s.bars[i].contact);
}

static void every_case_of_calls(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/calls/*.case", 30, run);
}

/* As a duty officer reads it from the top. */
static void what_can_still_be_in_time_comes_first_then_where_nobody_has_heard_of_it(void **state)
{
    const time_t now = clock_of("08:20"), bell = clock_of("08:45"), early = clock_of("08:30"),
                 past = clock_of("08:15"), yesterday = past - 86400;
    const struct call_rank best_first[] = {
        {CALL_UNANSWERED, early, RISK_STANDARD}, {CALL_UNDELIVERED, bell, RISK_HIGH},
        {CALL_NO_CONTACT, bell, RISK_MEDIUM},    {CALL_NO_CONTACT, bell, RISK_STANDARD},
        {CALL_UNDELIVERED, bell, RISK_UNKNOWN},  {CALL_UNANSWERED, bell, RISK_HIGH},
        {CALL_BARRED, bell, RISK_STANDARD},      {CALL_NO_CONTACT, past, RISK_HIGH},
        {CALL_UNANSWERED, past, RISK_HIGH},      {CALL_NO_CONTACT, yesterday, RISK_HIGH},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(best_first); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(best_first); j++) {
            int order = call_compare(&best_first[i], &best_first[j], now);

            assert_int_equal(order, (i > j) - (i < j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_calls),
        cmocka_unit_test(what_can_still_be_in_time_comes_first_then_where_nobody_has_heard_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
