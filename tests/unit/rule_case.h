/* tests/unit/rule_case.h - reads .case files whose given and expect lines are whole phrases:
 *
 *   case    a title
 *   given   a phrase  another phrase          two spaces or more between them
 *   expect  a phrase
 *
 * `#` begins a remark; given before the first case holds for every case of the file. What a phrase
 * means is the test's. Strict: any other line is an error that names file and line. */
#ifndef RULE_CASE_H
#define RULE_CASE_H

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RULE_PHRASES = 24, RULE_PHRASE = 120, RULE_LINE = 512 };

struct rule_phrase {
    char text[RULE_PHRASE];
    int line;
};

struct rule_case {
    const char *file;
    int line;
    char title[RULE_PHRASE];
    struct rule_phrase given[RULE_PHRASES], expect[RULE_PHRASES];
    size_t given_count, expect_count;
};

static inline void rule_phrases(char *line, const char *file, int number, struct rule_phrase *out,
                                size_t *count)
{
    while (*(line += strspn(line, " \t"))) {
        char *end = strstr(line, "  ");
        size_t length = end ? (size_t)(end - line) : strlen(line);

        if (*count == RULE_PHRASES || length >= RULE_PHRASE)
            fail_msg("%s:%d: too much", file, number);
        memcpy(out[*count].text, line, length);
        out[*count].text[length] = '\0';
        out[(*count)++].line = number;
        line += length;
    }
}

static inline void rule_case_end(const struct rule_case *c, void (*run)(const struct rule_case *))
{
    if (c->title[0] == '\0')
        return;
    if (c->given_count == 0 || c->expect_count == 0)
        fail_msg("%s:%d: a case has given and expect", c->file, c->line);
    run(c);
}

static inline int rule_case_file(const char *path, void (*run)(const struct rule_case *))
{
    struct rule_case now = {.file = path}, shared = {.file = path};
    char line[RULE_LINE];
    FILE *f = fopen(path, "r");
    int count = 0;

    assert_non_null(f);
    for (int number = 1; fgets(line, sizeof line, f); number++) {
        char *rest;
        size_t one = 0;

        line[strcspn(line, "#\r\n")] = '\0';
        for (size_t n = strlen(line); n > 0 && strchr(" \t", line[n - 1]); n--)
            line[n - 1] = '\0';
        if (line[0] == '\0')
            continue;
        rest = line + strcspn(line, " \t");
        if (strncmp(line, "case ", 5) == 0) {
            struct rule_phrase title[RULE_PHRASES];

            rule_case_end(&now, run);
            now = shared;
            now.line = number;
            rule_phrases(rest, path, number, title, &one);
            snprintf(now.title, sizeof now.title, "%s", title[0].text);
            count++;
        } else if (strncmp(line, "given ", 6) == 0) {
            struct rule_case *to = count > 0 ? &now : &shared;

            rule_phrases(rest, path, number, to->given, &to->given_count);
        } else if (strncmp(line, "expect ", 7) == 0 && count > 0) {
            rule_phrases(rest, path, number, now.expect, &now.expect_count);
        } else {
            fail_msg("%s:%d: none of case, given, expect", path, number);
        }
    }
    fclose(f);
    rule_case_end(&now, run);
    return count;
}

/* Runs every case of a folder; there must be at least so many. */
static inline void rule_cases(const char *pattern, int least, void (*run)(const struct rule_case *))
{
    glob_t files;
    int count = 0;

    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        count += rule_case_file(files.gl_pathv[i], run);
    globfree(&files);
    print_message("%d cases\n", count);
    assert_true(count >= least);
}

#endif
