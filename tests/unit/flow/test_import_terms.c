/* School days: terms by CSV and by calendar, bank holidays; and the small registers beside them. */
#include "importing.h"

#include "registers/terms.h"

#define HEAD "la,namespace,urn,kind,from,to,title\n"
#define AUTUMN "879,,,term,2026-09-03,2026-10-23,Autumn 1\n"
#define HALF_TERM "879,,,closure,2026-10-26,2026-10-30,Half term\n"
#define INSET ",school,100001,inset,2026-11-06,2026-11-06,INSET\n"

static void terms_of_an_authority_and_days_of_a_school(void **state)
{
    struct place *p = *state;

    lands(p, "terms", HEAD AUTUMN HALF_TERM INSET, DEFAULTS, 3, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM term WHERE la_code = '879' AND urn IS NULL"), 2);
    assert_int_equal(ask(p, "SELECT count(*) FROM term WHERE la_code IS NULL AND kind = 'inset'"
                            " AND namespace = 'school' AND urn = '100001'"),
                     1);
    lands(p, "terms", HEAD AUTUMN HALF_TERM INSET, DEFAULTS, 0, 0, 0, 3);
    lands(p, "terms", HEAD "879,,,term,03/09/2026,23/10/2026,Autumn first half\n", DEFAULTS, 0, 1,
          0, 0);
}

static void a_term_can_say_on_which_weekdays_there_are_lessons(void **state)
{
    struct place *p = *state;
    static const char header[] = "la,namespace,urn,kind,from,to,title,days\n";
    char text[300];

    snprintf(text, sizeof text, "%s879,,,term,2026-11-02,2026-12-18,,\"Mon, Tuesday;sat\"\n",
             header);
    lands(p, "terms", text, DEFAULTS, 1, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM term WHERE days = 'mon tue sat'"), 1);
    snprintf(text, sizeof text, "%s879,,,term,2026-11-02,2026-12-18,,\n", header);
    lands(p, "terms", text, DEFAULTS, 0, 1, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM term WHERE days IS NULL"), 1);
    snprintf(text, sizeof text, "%s879,,,term,2026-11-02,2026-12-18,,mon someday\n", header);
    is_refused(p, "terms", text, DEFAULTS, ":2: days: are no days such as mon tue wed");
    snprintf(text, sizeof text, "%s879,,,closure,2026-11-02,2026-11-02,,mon\n", header);
    is_refused(p, "terms", text, DEFAULTS,
               ":2: days: are for a term: a day that is closed is closed");
}

static void a_row_belongs_to_one_door_and_its_days_are_in_order(void **state)
{
    struct place *p = *state;
    struct import_options with_la = DEFAULTS;

    is_refused(p, "terms", HEAD "879,,100001,term,2026-09-03,2026-10-23,\n", DEFAULTS,
               ":2: urn: and la: a row is of an authority or of an establishment");
    is_refused(p, "terms", HEAD ",,,term,2026-09-03,2026-10-23,\n", DEFAULTS,
               ":2: la: and urn are empty: whose days are these?");
    is_refused(p, "terms", HEAD "879,,,term,2026-10-23,2026-09-03,\n", DEFAULTS,
               ":2: to: is before from");
    is_refused(p, "terms", HEAD "879,,,term,2026-09-03,2028-09-03,\n", DEFAULTS,
               ":2: to: is more than a year after from");
    is_refused(p, "terms", HEAD "879,,,half,2026-09-03,2026-10-23,\n", DEFAULTS,
               ":2: kind: is none of term|closure|inset");
    is_refused(p, "terms", HEAD "879,,,term,,2026-10-23,\n", DEFAULTS, ":2: from: is empty");
    with_la.la = "878";
    lands(p, "terms", HEAD ",,,term,2026-09-03,2026-10-23,\n", with_la, 1, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM term WHERE la_code = '878'"), 1);
}

static void a_corrected_term_is_warned_of_and_complete_takes_the_old_one_away(void **state)
{
    struct place *p = *state;
    struct import_options complete = DEFAULTS;
    const char *corrected = HEAD "879,,,term,2026-09-02,2026-10-23,Autumn 1\n" HALF_TERM;

    lands(p, "terms", HEAD "879,,,term,2025-09-03,2025-10-23,Last year\n" AUTUMN HALF_TERM INSET,
          DEFAULTS, 4, 0, 0, 0);
    lands(p, "terms", corrected, DEFAULTS, 1, 0, 0, 1);
    assert_true(warned("overlaps another term of authority 879 from 2026-09-02 to 2026-10-23"));
    complete.complete = true;
    lands(p, "terms", corrected, complete, 0, 0, 1, 2);
    assert_int_equal(result.warnings.count, 0);
    lands(p, "terms", HEAD "879,,,term,2026-09-07,2026-10-23,Autumn 1\n", complete, 1, 0, 1, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM term"),
                     4); /* last year's and the school's stay */
}

#define CALENDAR(events)                                                                           \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" events "END:VCALENDAR\r\n"
#define EVENT(summary, days)                                                                       \
    "BEGIN:VEVENT\r\nUID:1\r\n" days "SUMMARY:" summary "\r\nEND:VEVENT\r\n"

static void a_calendars_whole_days_become_terms_closures_and_insets(void **state)
{
    struct place *p = *state;
    struct import_options own = DEFAULTS;
    static const char calendar[] = CALENDAR(
        EVENT("Autumn Term 1", "DTSTART;VALUE=DATE:20260903\r\nDTEND;VALUE=DATE:20261024\r\n")
            EVENT("October half term",
                  "DTSTART;VALUE=DATE:20261026\r\nDTEND;VALUE=DATE:20261031\r\n")
                EVENT("INSET day - school clo\r\n sed", "DTSTART;VALUE=DATE:20261106\r\n")
                    EVENT("End of term", "DTSTART;VALUE=DATE:20261218\r\n")
                        EVENT("Sports day", "DTSTART;VALUE=DATE:20261219\r\n")
                            EVENT("Closed to visitors", "DTSTART:20261111T090000Z\r\n"));

    own.urn = "100001";
    lands(p, "terms", calendar, own, 3, 0, 0, 0);
    assert_string_equal(
        ask_text(p, "SELECT group_concat(kind || ' ' || from_day || ' ' || to_day, ', ') FROM"
                    " (SELECT * FROM term WHERE namespace = 'school' AND urn = '100001'"
                    "  ORDER BY from_day)"),
        "term 2026-09-03 2026-10-23, closure 2026-10-26 2026-10-30, inset 2026-11-06 2026-11-06");
    assert_int_equal(result.read, 6);
    assert_int_equal(result.warnings.count, 3);
    assert_true(warned(":22: ignored: says nothing of school days: End of term"));
    assert_true(warned("ignored: says nothing of school days: Sports day"));
    assert_true(warned("ignored: not a whole day: Closed to visitors"));
    lands(p, "terms", calendar, own, 0, 0, 0, 3);
}

static void a_calendar_that_repeats_or_is_broken_is_refused_with_its_line(void **state)
{
    struct place *p = *state;
    struct import_options own = DEFAULTS;

    is_refused(p, "terms", CALENDAR(EVENT("Term", "DTSTART;VALUE=DATE:20260903\r\n")), DEFAULTS,
               "a calendar needs --la or --urn: whose is it?");
    own.la = "879";
    is_refused(p, "terms",
               CALENDAR(EVENT("Inset", "DTSTART;VALUE=DATE:20260903\r\nRRULE:FREQ=DAILY\r\n")), own,
               ":7: RRULE: a day that repeats is not taken");
    is_refused(p, "terms",
               CALENDAR(EVENT("Inset", "DTSTART;VALUE=DATE:20260903\r\nR\r\n DATE:20261001\r\n")),
               own, ":7: RDATE: a day that repeats is not taken");
    is_refused(p, "terms", CALENDAR("BEGIN:VEVENT\r\nSUMMARY:Inset\r\nEND:VEVENT\r\n"), own,
               ":4: DTSTART: is missing or is no date");
    is_refused(p, "terms", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", own,
               ":3: a component is not ended: is the file whole?");
    is_refused(p, "terms", CALENDAR(""), own, ":1: has no events");
}

static void deep_nesting_is_refused_before_it_is_read(void **state)
{
    struct place *p = *state;
    struct import_options own = DEFAULTS;
    struct buf text;

    own.la = "879";
    buf_init(&text, 1 << 20);
    buf_add_text(&text, "BEGIN:VCALENDAR\r\n");
    for (int i = 0; i < 10000; i++)
        buf_add_text(&text, "BE\r\n GIN:X\r\n");
    is_refused(p, "terms", buf_text(&text), own, "components nested more than 8 deep");
    buf_release(&text);
}

static void an_events_words_tell_its_kind(void **state)
{
    static const struct {
        const char *summary, *kind;
    } cases[] = {
        {"INSET Day", "inset"},       {"Staff training day", "inset"},
        {"Non-pupil day", "inset"},   {"Summer holidays", "closure"},
        {"Half Term", "closure"},     {"School closed (polling)", "closure"},
        {"Spring term", "term"},      {"Term 3", "term"},
        {"Autumn term begins", NULL}, {"First day of term", NULL},
        {"End of Spring term", NULL}, {"Year 6 play", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *kind = terms_kind_of(cases[i].summary);

        if ((kind && cases[i].kind) ? strcmp(kind, cases[i].kind) != 0 : kind != cases[i].kind)
            fail_msg("%s: %s", cases[i].summary, kind ? kind : "nothing");
    }
}

#define HOLIDAYS(dates)                                                                            \
    "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":[" dates "]}}"
#define HOLIDAY(date, title) "{\"title\":\"" title "\",\"date\":\"" date "\",\"notes\":\"\"}"

static void bank_holidays_that_move_leave_their_old_day(void **state)
{
    struct place *p = *state;

    lands(p, "bank-holidays",
          HOLIDAYS(
              HOLIDAY("2019-12-26", "Boxing Day") "," HOLIDAY("2020-01-01", "New Year") "," HOLIDAY(
                  "2020-05-04", "Early May") "," HOLIDAY("2020-05-25", "Spring")),
          DEFAULTS, 4, 0, 0, 0);
    lands(p, "bank-holidays",
          HOLIDAYS(HOLIDAY("2020-01-01", "New Year's Day") "," HOLIDAY(
              "2020-05-08", "VE Day") "," HOLIDAY("2020-05-25", "Spring")),
          DEFAULTS, 1, 1, 1, 1);
    assert_int_equal(ask(p, "SELECT count(*) FROM bank_holiday"), 4); /* 2019 stays */
}

static void bank_holidays_that_are_none_are_refused(void **state)
{
    struct place *p = *state;

    is_refused(p, "bank-holidays", "{\n\"england-and-wales\": {\n", DEFAULTS, ":2: is no JSON");
    is_refused(p, "bank-holidays", "{}", DEFAULTS,
               "/england-and-wales: is missing: this is not gov.uk's file");
    is_refused(p, "bank-holidays", HOLIDAYS(HOLIDAY("2020-02-30", "x")), DEFAULTS,
               "/england-and-wales/events/0/date: is no date");
    is_refused(p, "bank-holidays", HOLIDAYS(""), DEFAULTS,
               "/england-and-wales/events: is no list of holidays");
}

static void reach_is_beginnings_of_postcodes(void **state)
{
    struct place *p = *state;
    static const char *const bad[] = {"1",   "PL4  8", "PL4 8A A", "PLX 8",
                                      "P L", "PL 8",   "PL4 AA",   "PL444"};

    lands(p, "reach",
          "namespace,urn,postcode_prefix\ncentre,20001,pl\ncentre,20001,PL4\ncentre,20001,PL4 8\n"
          "centre,20001,ec1a 1b\ncentre,20001,PL4 8AA\ncentre,20001,M1\ncentre,20001,W1A\n",
          DEFAULTS, 7, 0, 0, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM reach WHERE postcode_prefix = 'EC1A 1B'"), 1);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char file[128];

        snprintf(file, sizeof file, "namespace,urn,postcode_prefix\ncentre,20001,%s\n", bad[i]);
        is_refused(p, "reach", file, DEFAULTS,
                   ":2: postcode_prefix: is no beginning of a postcode such as PL, PL4, PL4 8 or"
                   " PL4 8AA");
    }
    is_refused(p, "reach", "namespace,urn,postcode_prefix\nschool,100001,PL4\n", DEFAULTS,
               ":2: namespace: is none of centre");
}

static void policies_are_held_to_their_keys_and_an_empty_value_takes_one_back(void **state)
{
    struct place *p = *state;

    lands(p, "policies", "scope,id,key,value\nla,879,childrens_centres,on\nall,,send_at,07:15\n",
          DEFAULTS, 2, 0, 0, 0);
    lands(p, "policies", "scope,id,key,value\nla,879,childrens_centres,\n", DEFAULTS, 0, 0, 1, 0);
    assert_int_equal(ask(p, "SELECT count(*) FROM policy"), 1);
    assert_int_equal(
        import_text(p, "policies", "scope,id,key,value\nall,,send_at,25:00\n", DEFAULTS), -1);
    assert_int_equal(p->err.code, ERR_INVALID);
    assert_int_equal(import_text(p, "policies", "scope,id,key,value\nall,,nonsense,1\n", DEFAULTS),
                     -1);
    is_refused(p, "policies", "scope,id,key,value\nla,,send_at,07:15\n", DEFAULTS,
               ":2: id: is empty");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, importing_setup, importing_teardown)
    const struct CMUnitTest tests[] = {
        T(terms_of_an_authority_and_days_of_a_school),
        T(a_term_can_say_on_which_weekdays_there_are_lessons),
        T(a_row_belongs_to_one_door_and_its_days_are_in_order),
        T(a_corrected_term_is_warned_of_and_complete_takes_the_old_one_away),
        T(a_calendars_whole_days_become_terms_closures_and_insets),
        T(a_calendar_that_repeats_or_is_broken_is_refused_with_its_line),
        T(deep_nesting_is_refused_before_it_is_read),
        T(an_events_words_tell_its_kind),
        T(bank_holidays_that_move_leave_their_old_day),
        T(bank_holidays_that_are_none_are_refused),
        T(reach_is_beginnings_of_postcodes),
        T(policies_are_held_to_their_keys_and_an_empty_value_takes_one_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
