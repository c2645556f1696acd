/* tests/unit/flow/test_settings.c - config/encompass.conf says all that can be set, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/settings.h"

#define EXAMPLE PROJECT_DIR "/config/encompass.conf"

static char *example(void)
{
    FILE *file = fopen(EXAMPLE, "re");
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* The value that "#key = value" has in that section, up to its line's end; NULL when it has none. */
static const char *value_of(const char *text, const char *section, const char *key, size_t *length)
{
    char head[64], line[64];
    const char *at, *end;

    snprintf(head, sizeof head, "\n[%.*s", (int)strcspn(section, "*"), section);
    at = strstr(text, head);
    if (!at)
        return NULL;
    at += strcspn(at + 1, "\n") + 1;
    end = strstr(at, "\n[");
    snprintf(line, sizeof line, "\n#%s = ", key);
    at = strstr(at, line);
    if (!at || (end && at > end))
        return NULL;
    at += strlen(line);
    *length = strcspn(at, "\n");
    return at;
}

static void the_example_has_every_key_with_its_default(void **state)
{
    char *text = example();

    (void)state;
    for (const struct config_section *s = settings_sections(); s->name; s++) {
        for (const struct config_key *k = s->keys; k->name; k++) {
            size_t length = 0;
            const char *value = value_of(text, s->name, k->name, &length);

            if (!value)
                fail_msg("[%s] %s is not in it", s->name, k->name);
            if (k->otherwise &&
                (strlen(k->otherwise) != length || strncmp(value, k->otherwise, length) != 0))
                fail_msg("[%s] %s: the default is %s", s->name, k->name, k->otherwise);
        }
    }
    free(text);
}

static bool is_set(const struct config *config, const char *section)
{
    return strchr(section, '*') ? config_nth(config, section, 0) != NULL
                                : config_has(config, section);
}

static void the_example_loads_as_it_is_and_sets_nothing(void **state)
{
    struct config *config = NULL;
    struct err err;

    (void)state;
    if (settings_load(EXAMPLE, &config, &err) < 0)
        fail_msg("%s", err.text);
    for (const struct config_section *s = settings_sections(); s->name; s++)
        assert_false(is_set(config, s->name));
    config_free(config);
}

static void the_example_loads_with_every_key_set(void **state)
{
    char path[] = "/tmp/test_settings.XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct config *config = NULL;
    struct err err;
    char *text = example();
    int rc;

    (void)state;
    assert_non_null(file);
    for (char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        bool set = line[0] == '#' && line[1] != ' ' && line[1] != '\n';

        fprintf(file, "%.*s\n", (int)strcspn(line + set, "\n"), line + set);
    }
    fclose(file);
    rc = settings_load(path, &config, &err);
    unlink(path);
    free(text);
    if (rc < 0)
        fail_msg("%s", err.text);
    for (const struct config_section *s = settings_sections(); s->name; s++)
        assert_true(is_set(config, s->name));
    config_free(config);
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void what_is_no_certificate_is_a_secret_that_may_be_a_credential(void **state)
{
    int secrets = 0;

    (void)state;
    for (const struct config_section *s = settings_sections(); s->name; s++) {
        for (const struct config_key *k = s->keys; k->name; k++) {
            if (!ends_in(k->name, "_file") || ends_in(k->name, "ca_file") ||
                ends_in(k->name, "certificate_file"))
                continue;
            if (k->kind != CONFIG_SECRET)
                fail_msg("[%s] %s", s->name, k->name);
            secrets++;
        }
    }
    assert_true(secrets >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_has_every_key_with_its_default),
        cmocka_unit_test(the_example_loads_as_it_is_and_sets_nothing),
        cmocka_unit_test(the_example_loads_with_every_key_set),
        cmocka_unit_test(what_is_no_certificate_is_a_secret_that_may_be_a_credential),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
