/* base/log.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/log.h"

struct written {
    char text[16384];
    size_t length;
    int pieces;
};

static ssize_t take(void *cookie, const char *data, size_t length)
{
    struct written *w = cookie;

    assert_true(w->length + length < sizeof w->text);
    memcpy(w->text + w->length, data, length);
    w->length += length;
    w->text[w->length] = '\0';
    w->pieces++;
    return (ssize_t)length;
}

/* One event with that text, to a stream without a buffer, as stderr is. */
static void say(const char *text, struct written *out)
{
    FILE *to = fopencookie(out, "w", (cookie_io_functions_t){.write = take});

    *out = (struct written){.pieces = 0};
    assert_non_null(to);
    setvbuf(to, NULL, _IONBF, 0);
    log_open(to, NULL, LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_INFO, "test.said", "text=\"%s\"", text);
    log_open(NULL, NULL, LOG_LEVEL_INFO);
    fclose(to);
}

static void expect(const char *text, const char *logged)
{
    struct written w;
    const char *at;

    say(text, &w);
    at = strchr(w.text, ' ');
    assert_non_null(at);
    assert_string_equal(at, logged);
}

static void a_line_is_written_whole(void **state)
{
    struct written w;

    (void)state;
    say("contact=7", &w);
    assert_int_equal(w.pieces, 1);
    assert_int_equal(w.text[w.length - 1], '\n');
}

static void what_could_end_a_line_or_is_no_utf8_is_escaped(void **state)
{
    (void)state;
    expect("Si\xC3\xA2n \xE2\x80\x93 \xF0\x9F\x98\x80",
           " info test.said text=\"Si\xC3\xA2n \xE2\x80\x93 \xF0\x9F\x98\x80\"\n");
    expect("a\nb\r\x1b[0m\x7f", " info test.said text=\"a\\x0ab\\x0d\\x1b[0m\\x7f\"\n");
    expect("\xC2\x85 \xC3 \xFF", " info test.said text=\"\\xc2\\x85 \\xc3 \\xff\"\n");
}

static void a_text_that_is_too_long_is_cut_and_still_one_line(void **state)
{
    char text[3000];
    struct written w;

    (void)state;
    memset(text, '\n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    say(text, &w);
    assert_int_equal(w.pieces, 1);
    assert_ptr_equal(strchr(w.text, '\n'), w.text + w.length - 1);
    assert_true(w.length > 4000);
}

static void what_is_less_grave_than_asked_for_is_not_written(void **state)
{
    struct written w = {.pieces = 0};
    FILE *to = fopencookie(&w, "w", (cookie_io_functions_t){.write = take});

    (void)state;
    assert_non_null(to);
    log_open(to, NULL, LOG_LEVEL_WARNING);
    log_event(LOG_LEVEL_INFO, "test.said", "n=%d", 1);
    log_open(NULL, NULL, LOG_LEVEL_INFO);
    fclose(to);
    assert_int_equal(w.pieces, 0);
}

static void the_journal_is_told_how_grave_a_line_is_and_no_other_file(void **state)
{
    FILE *to = tmpfile();
    char stream[64], line[256];
    struct stat st;

    (void)state;
    assert_non_null(to);
    assert_int_equal(fstat(fileno(to), &st), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino + (unsigned)i);
        setenv("JOURNAL_STREAM", stream, 1);
        log_open(to, NULL, LOG_LEVEL_INFO);
        log_event(LOG_LEVEL_WARNING, "test.said", "contact=7");
        log_event(LOG_LEVEL_ERROR, "test.said", "contact=7");
        log_event(LOG_LEVEL_INFO, "test.said", "contact=7");
    }
    log_open(NULL, NULL, LOG_LEVEL_INFO);
    unsetenv("JOURNAL_STREAM");
    rewind(to);
    for (const char *const *p = (const char *const[]){"<4>2", "<3>2", "<6>2", "2", "2", "2", NULL};
         *p; p++) {
        assert_non_null(fgets(line, sizeof line, to));
        assert_memory_equal(line, *p, strlen(*p));
        assert_non_null(strstr(line, " test.said contact=7\n"));
    }
    assert_null(fgets(line, sizeof line, to));
    fclose(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_written_whole),
        cmocka_unit_test(what_could_end_a_line_or_is_no_utf8_is_escaped),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_and_still_one_line),
        cmocka_unit_test(what_is_less_grave_than_asked_for_is_not_written),
        cmocka_unit_test(the_journal_is_told_how_grave_a_line_is_and_no_other_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
