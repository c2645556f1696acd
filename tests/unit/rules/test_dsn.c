/* tests/cases/dsn: mails as Postfix, Exim, Exchange and others write them, with invented people, and
 * what each is read as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "follow/dsn.h"

enum { MAIL_MAX = 1 << 16, COLUMN = 64 };

static const char *const words[] = {"other", "foreign", "arrived", "delayed", "failed"};

/* In memory of just its size, so that a byte too far is seen. */
static char *read_mail(const char *name, size_t *length)
{
    char path[256], *mail = malloc(MAIL_MAX), *exact;
    FILE *f;

    snprintf(path, sizeof path, TESTS_DIR "/cases/dsn/%s", name);
    f = fopen(path, "r");
    assert_non_null(mail);
    if (!f)
        fail_msg("%s is not there", path);
    *length = fread(mail, 1, MAIL_MAX, f);
    fclose(f);
    exact = malloc(*length + 1);
    assert_non_null(exact);
    memcpy(exact, mail, *length);
    free(mail);
    mail = realloc(exact, *length ? *length : 1);
    assert_non_null(mail);
    return mail;
}

static void check(const char *line, int number)
{
    char name[COLUMN], verdict[COLUMN], key[COLUMN], status[COLUMN];
    size_t length;
    struct dsn dsn;
    char *mail;
    int code;

    if (sscanf(line, "%63s %63s %63s %63s %d", name, verdict, key, status, &code) != 5)
        fail_msg("expected.tsv:%d", number);
    mail = read_mail(name, &length);
    dsn_read(mail, length, &dsn);
    if (strcmp(words[dsn.verdict], verdict) != 0)
        fail_msg("%s is %s", name, words[dsn.verdict]);
    assert_string_equal(dsn.key, strcmp(key, "-") == 0 ? "" : key);
    if (dsn.key[0]) {
        assert_string_equal(dsn.status, strcmp(status, "-") == 0 ? "" : status);
        assert_int_equal(dsn.code, code);
    }
    /* However short it is cut, it is read, and never about another message. */
    for (size_t cut = 0; cut < length; cut++) {
        char *part = malloc(cut ? cut : 1);

        assert_non_null(part);
        memcpy(part, mail, cut);
        dsn_read(part, cut, &dsn);
        assert_true(dsn.key[0] == '\0' || strcasecmp(dsn.key, "0123456789ABCDEFGHJKMNPQRS") == 0);
        free(part);
    }
    free(mail);
}

static void each_mail_is_read_as_what_it_is(void **state)
{
    FILE *f = fopen(TESTS_DIR "/cases/dsn/expected.tsv", "r");
    char line[512];
    int count = 0;

    (void)state;
    assert_non_null(f);
    for (int number = 1; fgets(line, sizeof line, f); number++) {
        if (line[0] == '#')
            continue;
        check(line, number);
        count++;
    }
    fclose(f);
    assert_true(count >= 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_mail_is_read_as_what_it_is)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
