/* Rows and columns of CSV files as spreadsheets and GIAS write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registers/csv_file.h"
#include "registers/encoding.h"

enum { NAME, TOWN };
static const struct csv_column columns[] = {{"Name", true}, {"Town", false}};

static struct csv_file *file;
static struct err err;

static int opened(const char *text, size_t length)
{
    return csv_file_open_text("f.csv", text, length, columns, ARRAY_SIZE(columns), &file, &err);
}

/* Opens a text; fails the test when it is refused. */
static void given(const char *text)
{
    if (opened(text, strlen(text)) < 0)
        fail_msg("%s", err.text);
}

static void next_row(const char *name, const char *town, size_t line)
{
    int rc = csv_file_next(file, &err);

    if (rc < 0)
        fail_msg("%s", err.text);
    assert_int_equal(rc, 1);
    assert_string_equal(csv_file_cell(file, NAME), name);
    assert_string_equal(csv_file_cell(file, TOWN), town);
    assert_int_equal(csv_file_line(file, CSV_ROW), line);
}

static void ends(void)
{
    assert_int_equal(csv_file_next(file, &err), 0);
    assert_int_equal(csv_file_next(file, &err), 0);
    csv_file_free(file);
}

static void columns_are_found_by_name_in_any_order_and_case(void **state)
{
    const char *const *names;

    (void)state;
    given("Phone,TOWN,name\n1,Plymouth,Una\n");
    next_row("Una", "Plymouth", 2);
    assert_int_equal(csv_file_unknown(file, &names), 1);
    assert_string_equal(names[0], "Phone");
    ends();
}

static void a_column_that_is_not_needed_may_be_absent_and_reads_as_empty(void **state)
{
    (void)state;
    given("name\nUna\n");
    assert_false(csv_file_has(file, TOWN));
    next_row("Una", "", 2);
    ends();
}

static void line_ends_of_every_kind_and_a_missing_last_one_are_read(void **state)
{
    (void)state;
    given("name,town\r\nA,a\r\nB,b");
    next_row("A", "a", 2);
    next_row("B", "b", 3);
    ends();
    given("name,town\rA,a\rB,b\r");
    next_row("A", "a", 2);
    next_row("B", "b", 3);
    ends();
    given("\xef\xbb\xbfname,town\nA,a\n\n  \n\nB,b\n");
    next_row("A", "a", 2);
    next_row("B", "b", 6);
    ends();
}

static void lines_are_counted_as_an_editor_does_also_after_quoted_breaks(void **state)
{
    (void)state;
    given("name,town\n\"A\nof two\",\"a\r\nof\r\nthree\"\nB,b\n");
    next_row("A\nof two", "a\r\nof\r\nthree", 2);
    assert_int_equal(csv_file_line(file, NAME), 2);
    assert_int_equal(csv_file_line(file, TOWN), 3);
    next_row("B", "b", 6);
    ends();
}

static void quotation_marks_are_doubled_inside_a_cell(void **state)
{
    (void)state;
    given("name,town\n\"St \"\"Mary\"\", upper\",\" kept \"\nB, b \n");
    next_row("St \"Mary\", upper", " kept ", 2);
    next_row("B", "b", 3);
    ends();
}

static void windows_1252_and_utf_8_give_the_same_text(void **state)
{
    (void)state;
    given("name,town\nSi\xe2n O\x92Neill,\x80\n");
    assert_string_equal(csv_file_encoding(file), "Windows-1252");
    next_row("Si\xc3\xa2n O\xe2\x80\x99Neill", "\xe2\x82\xac", 2);
    ends();
    given("name,town\nSi\xc3\xa2n O\xe2\x80\x99Neill,\xe2\x82\xac\n");
    assert_string_equal(csv_file_encoding(file), "UTF-8");
    next_row("Si\xc3\xa2n O\xe2\x80\x99Neill", "\xe2\x82\xac", 2);
    ends();
}

static void refused(const char *text, size_t length, const char *why)
{
    int rc = opened(text, length);

    while (rc == 0 && (rc = csv_file_next(file, &err)) == 1)
        rc = 0;
    if (rc != -1)
        fail_msg("taken, though: %s", why);
    assert_int_equal(err.code, ERR_INVALID);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    csv_file_free(file);
    file = NULL;
}
#define REFUSED(text, why) refused(text, sizeof(text) - 1, why)

static void what_is_no_csv_is_refused_with_its_line(void **state)
{
    (void)state;
    file = NULL;
    REFUSED("", "f.csv:1: is empty");
    REFUSED("\n\n", "is empty");
    REFUSED("town\nP\n", "f.csv:1: the header lacks Name");
    REFUSED("name;town\nA;a\n", "the header lacks Name (cells must be parted by commas)");
    REFUSED("name,NAME\nA,a\n", "the column Name stands there twice");
    REFUSED("\xff\xfen\0", "f.csv:1: is UTF-16");
    REFUSED("name\nA\n\0\n", "f.csv:3: has a NUL byte");
    REFUSED("name\nA\nB\x81\n", "f.csv:3: is neither UTF-8 nor Windows-1252 (byte 0x81)");
    REFUSED("\xef\xbb\xbfname\nA\xff\n", "f.csv:2: is no UTF-8");
    REFUSED("name\nA\nB\"b\n", "f.csv:3: a quotation mark inside a cell");
    REFUSED("name\n\"A\"b\n", "f.csv:2: a quotation mark inside a cell");
    REFUSED("name\nA\n\"B\nC\nD\n", "f.csv:3: a quotation mark is opened here and never closed");
}

static void a_quotation_mark_that_swallows_the_file_is_noticed_early(void **state)
{
    size_t length = 2 * CSV_ROW_MAX;
    char *text = malloc(length);

    (void)state;
    memset(text, 'x', length);
    memcpy(text, "name\n\"", 6);
    for (size_t i = 100; i < length; i += 100)
        text[i] = '\n';
    file = NULL;
    refused(text, length, "f.csv:2: a row of more than 256 KiB");
    free(text);
}

static void utf_8_is_told_from_what_only_looks_like_it(void **state)
{
    static const char *const bad[] = {
        "\x80",         "\xc0\xaf",         "\xc1\xbf",         "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xe2\x82"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_true(encoding_utf8_valid(bad[i], strlen(bad[i])) < strlen(bad[i]));
    assert_int_equal(encoding_utf8_valid("z\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name_in_any_order_and_case),
        cmocka_unit_test(a_column_that_is_not_needed_may_be_absent_and_reads_as_empty),
        cmocka_unit_test(line_ends_of_every_kind_and_a_missing_last_one_are_read),
        cmocka_unit_test(lines_are_counted_as_an_editor_does_also_after_quoted_breaks),
        cmocka_unit_test(quotation_marks_are_doubled_inside_a_cell),
        cmocka_unit_test(windows_1252_and_utf_8_give_the_same_text),
        cmocka_unit_test(what_is_no_csv_is_refused_with_its_line),
        cmocka_unit_test(a_quotation_mark_that_swallows_the_file_is_noticed_early),
        cmocka_unit_test(utf_8_is_told_from_what_only_looks_like_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
