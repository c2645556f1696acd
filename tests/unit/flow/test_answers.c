/* What is answered, refused and rung, as mornings: tests/cases/answers, played by the real planner,
 * store, templates and follow-up, with mailboxes that take or refuse. */
#include "../rule_case.h"
#include "planner_fixture.h"

#include "deliver/prepare.h"
#include "follow/answer.h"
#include "follow/calls.h"
#include "follow/escalator.h"

enum { LOG_LINES = 40, STEP = 300 };

struct scene {
    struct place *p;
    struct templates *templates;
    const struct rule_case *c;
    int64_t incident;
    int revision;
    time_t now;
    bool refuses[16], slow[16]; /* by contact */
    char log[LOG_LINES][RULE_PHRASE];
    bool expected[LOG_LINES];
    size_t lines;
};

/* By the number of the contact. */
static const char *const people[] = {"", "Una", "Dee", "Vera", "Desk", "Vpu", "Devon", "Mo", "Ada"};
static const char *const children[] = {"Zelda", "Yorick"};

static int64_t contact_of(const char *name)
{
    for (size_t i = 1; i < ARRAY_SIZE(people); i++) {
        if (strncmp(name, people[i], strlen(people[i])) == 0)
            return (int64_t)i;
    }
    return -1;
}

static bool names(const struct personal *text, const char *name)
{
    return strstr(personal_reveal(text), name) != NULL;
}

/* "Una has notice of Zelda Yorick", as the message itself says. */
static void note(struct scene *s, const struct outbox_item *item)
{
    struct prepared made = {.subject = NULL};
    struct notice_row n = notice(s->p, item->notice_id);
    char *line = s->log[s->lines];
    size_t length;

    assert_true(s->lines < LOG_LINES);
    if (prepare_item(s->p->db, s->templates, NULL, item, 0, s->now, &made, &s->p->err) != 1)
        fail_msg("%s:%d: item %" PRId64 ": %s", s->c->file, s->c->line, item->item_id,
                 s->p->err.text);
    length = (size_t)snprintf(line, RULE_PHRASE, "%s has %s", people[item->contact_id],
                              item->is_reminder ? "reminder" : notice_kind_word(n.kind));
    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        if (names(&made.message.text, children[i]))
            length += (size_t)snprintf(line + length, RULE_PHRASE - length, " %s %s",
                                       strstr(line, " of ") ? "and" : "of", children[i]);
    }
    s->lines++;
    prepared_release(&made);
}

static bool send_due(struct scene *s, const char *adapter)
{
    struct place *p = s->p;
    struct outbox_item item;
    int n = outbox_claim(p->db, adapter, s->now, 60, &item, 1, &p->err);

    if (n < 0)
        fail_msg("%s", p->err.text);
    if (n == 0)
        return false;
    if (!s->refuses[item.contact_id] && !s->slow[item.contact_id])
        note(s, &item);
    OK(p, db_begin(p->db, &p->err));
    if (s->slow[item.contact_id])
        OK(p, outbox_later(p->db, &item, "later", 452, "full", 9, s->now + STEP, true, s->now,
                           &p->err));
    else if (s->refuses[item.contact_id])
        OK(p, outbox_never(p->db, &item, 550, "no such mailbox", 9, s->now, &p->err));
    else
        OK(p, outbox_sent(p->db, &item, 250, "taken over", 9, s->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
    return true;
}

static void settle(struct scene *s)
{
    bool more;
    int rounds = 0;

    do {
        int followed;

        more = plan_at(s->p, s->now) > 0;
        more |= send_due(s, "email") | send_due(s, "webhook");
        followed = escalator_run(s->p->db, WORK_ALL, s->now, &s->p->err);
        assert_true(followed >= 0 && ++rounds < 100);
        more |= followed > 0;
    } while (more);
}

static void run_until(struct scene *s, time_t until)
{
    settle(s);
    while (s->now < until) {
        time_t step = until - s->now > 86400 ? 6 * 3600 : STEP;

        s->now = s->now + step < until ? s->now + step : until;
        settle(s);
    }
}

static void publish(struct scene *s, bool both, bool changed, const char *action)
{
    static const char home[] =
        "\"address\":{\"address\":\"1 Moon Street\",\"postcode\":\"PL4 8AA\"}";
    char list[1000], brother[400];

    snprintf(brother, sizeof brother,
             ",{\"child_ref\":\"2\",\"forename\":\"Yorick\",\"surname\":\"Quibblethwaite\",%s}",
             home);
    snprintf(list, sizeof list,
             "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\",%s,"
             "\"date_of_birth\":\"2017-03-09\"%s}%s",
             home, changed ? ",\"known_as\":[\"Zel\"]" : "", both ? brother : "");
    s->incident = put(s->p, call_out(s->p, "A1", ++s->revision, action, list, ""), s->now);
    if (strcmp(action, "withdraw") == 0)
        return;
    decided_as(s->p, child(s->p, s->incident, "1").child_id, "match", 1, s->now);
    if (both)
        decided_as(s->p, child(s->p, s->incident, "2").child_id, "match", 2, s->now);
}

static void answer(struct scene *s, const struct answer_said *said)
{
    if (answer_notice(s->p->db, notice(s->p, 1).reference, said, s->now, &s->p->err) < 0)
        fail_msg("%s:%d: %s", s->c->file, s->c->line, s->p->err.text);
    settle(s);
}

static void desk_answers(struct scene *s)
{
    int64_t task;

    while ((task = ask(s->p,
                       "SELECT notice_id FROM notice WHERE kind = 'desk' AND state = 'told'")) > 0)
        OK(s->p, notices_answer(s->p->db, task, "tester", s->now, &s->p->err));
    settle(s);
}

/* What was taken over comes back after all. */
static void come_back(struct scene *s, int64_t contact_id)
{
    struct place *p = s->p;
    char key[OUTBOX_KEY_SIZE] = "";
    sqlite3_stmt *stmt;

    OK(p, sql_query(p->db, &stmt, &p->err,
                    "SELECT key FROM outbox WHERE contact_id = ? AND state = 'sent'"
                    " ORDER BY item_id DESC LIMIT 1",
                    "i", contact_id));
    assert_int_equal(sql_row(p->db, stmt, &p->err), 1);
    OK(p, sql_copy(stmt, 0, key, sizeof key, &p->err));
    sql_done(stmt);
    OK(p, db_begin(p->db, &p->err));
    assert_int_equal(outbox_undelivered(p->db, key, 550, "no such user", -1, s->now, &p->err), 1);
    OK(p, db_commit(p->db, &p->err));
    settle(s);
}

/* As an import does, what is not sent is planned anew. */
static void add_contact(struct scene *s, const char *script)
{
    run(s->p, script);
    OK(s->p, incidents_replan_unsent(s->p->db, NIGHT, &s->p->err));
}

/* "08:15" of that Friday, or "2027-01-05 07:30". */
static time_t clock_of(const char *text)
{
    const char *space = strchr(text, ' ');
    int second = time_of_day_parse(space ? space + 1 : text);
    char date[16];

    snprintf(date, sizeof date, "%.10s", space ? text : "2026-11-20");
    return second < 0 || day_parse(date) == DAY_NONE ? -1 : london_moment(day_parse(date), second);
}

static bool happens(struct scene *s, const char *p)
{
    int64_t who = contact_of(p);
    bool both = ask(s->p, "SELECT count(*) FROM child") > 1;

    if (strcmp(p, "a call-out about Zelda") == 0)
        publish(s, false, false, "notify");
    else if (strcmp(p, "a call-out about Zelda and Yorick") == 0)
        publish(s, true, false, "notify");
    else if (strcmp(p, "the police put right Zelda's particulars") == 0)
        publish(s, both, true, "notify");
    else if (strcmp(p, "the police withdraw it") == 0)
        publish(s, both, false, "withdraw");
    else if (who > 0 && strstr(p, " refuses mail"))
        s->refuses[who] = true;
    else if (who > 0 && strstr(p, "'s mailbox is full"))
        s->slow[who] = true;
    else if (who > 0 && strstr(p, " takes mail again"))
        s->refuses[who] = s->slow[who] = false;
    else if (who > 0 && strstr(p, "'s last message comes back"))
        come_back(s, who);
    else if (strcmp(p, "the desk has Mo beside") == 0)
        add_contact(
            s, "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
               " verified_at) VALUES (7, 'la', '879', 'la_desk', 'Mo', 'email', 'mo@e.test', 5)");
    else if (strcmp(p, "the school has Ada beside") == 0)
        add_contact(s,
                    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address,"
                    " verified_at) VALUES"
                    " (8, 'school', '100001', 'dsl', 'Ada', 'email', 'ada@e.test', 5)");
    else if (who > 0 && strstr(p, " has left"))
        OK(s->p, registers_end_contact(s->p->db, who, "left", s->now, &s->p->err));
    else if (strncmp(p, "until ", 6) == 0 && clock_of(p + 6) >= 0)
        run_until(s, clock_of(p + 6));
    else if (strcmp(p, "the duty officer rings them") == 0)
        answer(s, &(struct answer_said){NULL, "tester", ANSWER_TAKEN, true});
    else if (strcmp(p, "they answer") == 0)
        answer(s, SAID(ANSWER_TAKEN, "tester"));
    else if (strcmp(p, "the desk answers") == 0)
        desk_answers(s);
    else if (strcmp(p, "they say: neither is ours") == 0)
        answer(s, SAID(ANSWER_NOT_OURS, "tester"));
    else if (strcmp(p, "they say: Yorick is not ours") == 0)
        answer(s, &(struct answer_said){"2", "tester", ANSWER_NOT_OURS, false});
    else if (strcmp(p, "they say: Zelda is not ours") == 0)
        answer(s, &(struct answer_said){"1", "tester", ANSWER_NOT_OURS, false});
    else
        return false;
    return true;
}

/* "ring Una because refused", "nobody is to be rung": the call list of this moment. */
static bool is_on_call_list(struct scene *s, const char *p)
{
    struct report_filter all = REPORT_FILTER_NONE;
    struct call_line *lines = NULL;
    size_t count = 0;
    int64_t undecided;
    bool found;

    OK(s->p, report_begin(s->p->db, &s->p->err));
    OK(s->p, calls_read(s->p->db, &all, s->now, &lines, &count, &undecided, &s->p->err));
    report_end(s->p->db);
    found = strncmp(p, "ring ", 5) != 0 && count == 0;
    for (size_t i = 0; i < count; i++) {
        char said[RULE_PHRASE];

        snprintf(said, sizeof said, "ring %s because %s",
                 personal_is_set(&lines[i].contact) ? personal_reveal(&lines[i].contact)
                                                    : "the switchboard",
                 call_why_word(lines[i].why));
        found |= strcmp(said, p) == 0;
    }
    calls_free(lines, count);
    return found;
}

static bool holds(struct scene *s, const char *p)
{
    static const char *const refs[] = {"1", "2"};

    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        size_t length = strlen(children[i]);

        if (strncmp(p, children[i], length) == 0 && strncmp(p + length, " is ", 4) == 0)
            return strcmp(p + length + 4,
                          child_state_word(child(s->p, s->incident, refs[i]).state)) == 0;
    }
    if (strncmp(p, "ring ", 5) == 0 || strcmp(p, "nobody is to be rung") == 0)
        return is_on_call_list(s, p);
    if (strcmp(p, "the notice still wants its answer") == 0)
        return notice(s->p, 1).state == NOTICE_TOLD;
    if (strcmp(p, "the notice is answered") == 0)
        return notice(s->p, 1).state == NOTICE_ANSWERED;
    if (strcmp(p, "somebody must act: nobody is left to be told") == 0)
        return ask(s->p, "SELECT count(*) FROM notice WHERE state = 'owed' AND NOT EXISTS"
                         " (SELECT 1 FROM outbox o WHERE o.notice_id = notice.notice_id"
                         "  AND o.state IN ('due','leased'))") > 0;
    if (strcmp(p, "the incident is closed") == 0)
        return ask(s->p, "SELECT closed_at IS NOT NULL FROM incident") == 1;
    for (size_t i = 0; i < s->lines; i++) {
        if (!s->expected[i] && strcmp(s->log[i], p) == 0)
            return s->expected[i] = true;
    }
    return false;
}

/* What was sent is what is expected, no more and no less. */
static void check(struct scene *s)
{
    for (size_t i = 0; i < s->c->expect_count; i++) {
        if (holds(s, s->c->expect[i].text))
            continue;
        for (size_t j = 0; j < s->lines; j++)
            print_message("  %s\n", s->log[j]);
        fail_msg("%s:%d: %s: not '%s'; Zelda is %s", s->c->file, s->c->expect[i].line, s->c->title,
                 s->c->expect[i].text, child_state_word(child(s->p, s->incident, "1").state));
    }
    for (size_t i = 0; i < s->lines; i++) {
        if (!s->expected[i])
            fail_msg("%s:%d: %s: and '%s'", s->c->file, s->c->line, s->c->title, s->log[i]);
    }
    nobody_is_forgotten(s->p);
}

static void run_case(const struct rule_case *c)
{
    struct scene s = {.c = c, .now = NIGHT};
    void *state = NULL;

    assert_int_equal(setup(&state), 0);
    s.p = state;
    run(s.p, "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
             " ('879', 'term', '2027-01-05', '2027-02-12')");
    OK(s.p, templates_load(PROJECT_DIR "/templates", &s.templates, &s.p->err));
    for (size_t i = 0; i < c->given_count; i++) {
        if (!happens(&s, c->given[i].text))
            fail_msg("%s:%d: '%s' is not understood", c->file, c->given[i].line, c->given[i].text);
    }
    check(&s);
    templates_free(s.templates);
    place_teardown(&state);
}

static void every_case_of_siblings(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/answers/siblings.case", 6, run_case);
}

static void every_case_of_refusals(void **state)
{
    (void)state;
    rule_cases(TESTS_DIR "/cases/answers/refused.case", 12, run_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_siblings),
        cmocka_unit_test(every_case_of_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
