/* Answers as signed files: tests/cases/answers/files.case. */
#include "rule_case.h"

#include <sodium.h>

#include "follow/answer_file.h"

#define NOW ((time_t)1773648000)

static const unsigned char secret[32] = "thirty-two bytes, for a drill ok";

static void sign(const char *head, const char *body, const unsigned char *key, char out[64])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, key, sizeof secret);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, strlen(head));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(out, "v1,", 3);
    sodium_bin2base64(out + 3, 61, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

static bool given(const struct rule_case *c, const char *phrase)
{
    for (size_t i = 0; i < c->given_count; i++) {
        if (strncmp(c->given[i].text, phrase, strlen(phrase)) == 0)
            return true;
    }
    return false;
}

static void make(const struct rule_case *c, char *text, size_t size)
{
    unsigned char other[32] = "somebody else's thirty-two bytes";
    const char *body = c->given[0].text + strlen("body ");
    long long at = NOW;
    char head[64], ours[64], theirs[64], time_line[64];

    for (size_t i = 0; i < c->given_count; i++) {
        if (strncmp(c->given[i].text, "signed ", 7) == 0 && strstr(c->given[i].text, " ago"))
            at = NOW - atoll(c->given[i].text + 7);
    }
    snprintf(head, sizeof head, "answer-1.%lld.", at);
    sign(head, body, secret, ours);
    sign(head, body, other, theirs);
    snprintf(time_line, sizeof time_line, "webhook-timestamp: %lld\r\n", at);
    snprintf(text, size, "webhook-id: answer-1\n%swebhook-signature: %s%s%s\n\n%s%s",
             given(c, "a line is missing") ? "" : time_line,
             given(c, "another signature before") ? theirs : "",
             given(c, "another signature before") ? " " : "",
             given(c, "signed with another secret") ? theirs : ours, body,
             given(c, "changed after it was signed") ? " " : "");
}

static bool holds(const struct answer_file *file, const char *why, const char *p)
{
    if (strncmp(p, "refused: ", 9) == 0)
        return why && strcmp(why, p + 9) == 0;
    if (why)
        return false;
    if (strcmp(p, "taken") == 0)
        return file->taken;
    if (strcmp(p, "not ours") == 0)
        return file->not_ours && file->not_ours_count == 0;
    return strncmp(p, "not ours of ", 12) == 0 && file->not_ours_count == 1 &&
           strcmp(file->not_ours_of[0], p + 12) == 0;
}

static void run(const struct rule_case *c)
{
    struct answer_file file;
    char text[1024];
    const char *why;

    make(c, text, sizeof text);
    why = answer_file_read(text, strlen(text), secret, sizeof secret, NOW, &file);
    for (size_t i = 0; i < c->expect_count; i++) {
        if (!holds(&file, why, c->expect[i].text))
            fail_msg("%s:%d: %s: not '%s': %s", c->file, c->expect[i].line, c->title,
                     c->expect[i].text, why ? why : "taken");
    }
    if (!why)
        assert_string_equal(file.reference, "OE-7F3K-2Q9M");
}

static void every_case_of_files(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    rule_cases(TESTS_DIR "/cases/answers/files.case", 17, run);
}

/* Cut anywhere, it is refused and read no further. */
static void a_file_that_is_cut_off_is_refused(void **state)
{
    const struct rule_case c = {
        .given = {{"body {\"reference\": \"OE-7F3K-2Q9M\", \"answered_by\": \"dsl\"}", 1}},
        .given_count = 1};
    struct answer_file file;
    char text[1024];

    (void)state;
    make(&c, text, sizeof text);
    for (size_t n = 0; n < strlen(text); n++) {
        char *part = malloc(n + 1);

        memcpy(part, text, n);
        part[n] = '\0';
        assert_non_null(answer_file_read(part, n, secret, sizeof secret, NOW, &file));
        free(part);
    }
    assert_null(answer_file_read(text, strlen(text), secret, sizeof secret, NOW, &file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_files),
        cmocka_unit_test(a_file_that_is_cut_off_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
