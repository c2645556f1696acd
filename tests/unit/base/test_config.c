/* Sections that there can be many of, and mistakes that are found after the file was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"

static const struct config_key receiver_keys[] = {
    {.name = "host", .kind = CONFIG_TEXT, .help = "which one"},
    {.name = "inside", .kind = CONFIG_BOOL, .otherwise = "no", .help = "where"},
    {.name = NULL},
};

static const struct config_key log_keys[] = {
    {.name = "level", .kind = CONFIG_TEXT, .help = "how much"},
    {.name = "how", .kind = CONFIG_CHOICE, .choices = "loud|soft", .help = "how"},
    {.name = "lines", .kind = CONFIG_INT, .least = 1, .most = 99, .help = "how many"},
    {.name = "every", .kind = CONFIG_SECONDS, .least = 10, .most = 5400, .help = "how often"},
    {.name = NULL},
};

static const struct config_key mail_keys[] = {
    {.name = "password_file", .kind = CONFIG_SECRET, .help = "a secret"},
    {.name = "ca_file", .kind = CONFIG_PATH, .help = "no secret"},
    {.name = NULL},
};

static const struct config_section sections[] = {
    {"mail", mail_keys},
    {"log", log_keys},
    {"receiver \"*\"", receiver_keys},
    {NULL, NULL},
};

struct file {
    char path[64];
    struct config *conf;
    struct err err;
};

static int read_text(struct file *f, const char *text)
{
    FILE *out;
    int fd, rc;

    snprintf(f->path, sizeof f->path, "/tmp/encompass-config-XXXXXX");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    out = fdopen(fd, "w");
    fputs(text, out);
    fclose(out);
    rc = config_load(f->path, sections, &f->conf, &f->err);
    unlink(f->path);
    return rc;
}

static void done(struct file *f)
{
    config_free(f->conf);
}

static void a_family_has_a_section_for_each_name_in_the_files_order(void **state)
{
    struct file f = {.conf = NULL};

    (void)state;
    assert_int_equal(read_text(&f, "[receiver \"b\"]\nhost = b.example\ninside = yes\n"
                                   "[log]\nlevel = info\n[receiver \"a\"]\nhost = a.example\n"),
                     0);
    assert_string_equal(config_nth(f.conf, "receiver \"*\"", 0), "receiver \"b\"");
    assert_string_equal(config_nth(f.conf, "receiver \"*\"", 1), "receiver \"a\"");
    assert_null(config_nth(f.conf, "receiver \"*\"", 2));
    assert_null(config_nth(f.conf, "log", 0));
    assert_string_equal(config_text(f.conf, "receiver \"a\"", "host"), "a.example");
    assert_string_equal(config_text(f.conf, "receiver \"b\"", "host"), "b.example");
    assert_true(config_bool(f.conf, "receiver \"b\"", "inside"));
    assert_false(config_bool(f.conf, "receiver \"a\"", "inside"));
    assert_null(config_text(f.conf, "receiver \"c\"", "host"));
    assert_true(config_has(f.conf, "receiver \"a\""));
    assert_false(config_has(f.conf, "receiver \"c\""));
    done(&f);
}

static void what_is_no_name_of_a_family_is_refused_with_its_line(void **state)
{
    static const char *const wrong[] = {"receiver",       "receiver \"\"",  "receiver \"a",
                                        "receiver a",     "receiver \"*\"", "receiver \"a\"b\"",
                                        "receivers \"a\""};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct file f = {.conf = NULL};
        char text[96];

        snprintf(text, sizeof text, "[log]\nlevel = info\n[%s]\nhost = a\n", wrong[i]);
        assert_int_equal(read_text(&f, text), -1);
        assert_non_null(strstr(f.err.text, ":4: "));
        assert_non_null(strstr(f.err.text, "is no section known here"));
        done(&f);
    }
}

static void a_value_that_is_refused_hears_which_are_taken(void **state)
{
    struct file f = {.conf = NULL};

    (void)state;
    assert_int_equal(read_text(&f, "level = info\n[log]\nhow = brash\nlines = 100\nevery = 2h\n"),
                     -1);
    assert_non_null(strstr(f.err.text, ":1: [\xE2\x80\xA6] level stands before any [section]"));
    assert_non_null(strstr(f.err.text, ":3: [log] how is none of loud, soft;"));
    assert_non_null(strstr(f.err.text, ":4: [log] lines is not from 1 to 99;"));
    assert_non_null(strstr(f.err.text, ":5: [log] every is not from 10s to 90m"));
    done(&f);
}

static void a_key_given_twice_to_one_name_is_refused_and_to_two_is_not(void **state)
{
    struct file f = {.conf = NULL};

    (void)state;
    assert_int_equal(read_text(&f, "[receiver \"a\"]\nhost = a\n[receiver \"b\"]\nhost = b\n"
                                   "[receiver \"a\"]\nhost = c\n"),
                     -1);
    assert_non_null(strstr(f.err.text, ":6: [receiver \"a\"] host is given twice"));
    assert_null(strstr(f.err.text, ":4:"));
    done(&f);
}

static void a_mistake_that_is_found_later_names_file_and_line(void **state)
{
    struct file f = {.conf = NULL};
    char wanted[128];

    (void)state;
    assert_int_equal(read_text(&f, "\n\n[receiver \"a\"]\nhost = two words\n"), 0);
    assert_int_equal(config_wrong(f.conf, "receiver \"a\"", "host", "is no host", &f.err), -1);
    snprintf(wanted, sizeof wanted, "%s:4: [receiver \"a\"] host is no host", f.path);
    assert_string_equal(f.err.text, wanted);
    assert_int_equal(f.err.code, ERR_CONFIG);
    config_wrong(f.conf, "log", "level", "is missing", &f.err);
    snprintf(wanted, sizeof wanted, "%s: [log] level is missing", f.path);
    assert_string_equal(f.err.text, wanted);
    done(&f);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void a_credential_of_a_secret_s_name_goes_before_its_file(void **state)
{
    char folder[] = "/tmp/encompass-credentials-XXXXXX", path[128];
    struct file f = {.conf = NULL};
    struct personal secret = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    put(folder, "encompass-mail", "of the service manager\nno more\n");
    put(folder, "encompass-ca", "no secret");
    put("/tmp", "encompass-mail", "of the file\n");
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(read_text(&f, "[mail]\npassword_file = encompass-mail\n"
                                   "ca_file = encompass-ca\n"),
                     0);
    assert_int_equal(config_secret(f.conf, "mail", "password_file", &secret, &f.err), 1);
    assert_string_equal(personal_reveal(&secret), "of the service manager");
    assert_string_equal(config_text(f.conf, "mail", "ca_file"), "/tmp/encompass-ca");
    done(&f);
    snprintf(path, sizeof path, "%s/encompass-mail", folder);
    unlink(path);
    assert_int_equal(read_text(&f, "[mail]\npassword_file = /tmp/encompass-mail\n"), 0);
    assert_int_equal(config_secret(f.conf, "mail", "password_file", &secret, &f.err), 1);
    assert_string_equal(personal_reveal(&secret), "of the file");
    personal_release(&secret);
    done(&f);
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink("/tmp/encompass-mail");
    snprintf(path, sizeof path, "%s/encompass-ca", folder);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_has_a_section_for_each_name_in_the_files_order),
        cmocka_unit_test(what_is_no_name_of_a_family_is_refused_with_its_line),
        cmocka_unit_test(a_value_that_is_refused_hears_which_are_taken),
        cmocka_unit_test(a_key_given_twice_to_one_name_is_refused_and_to_two_is_not),
        cmocka_unit_test(a_mistake_that_is_found_later_names_file_and_line),
        cmocka_unit_test(a_credential_of_a_secret_s_name_goes_before_its_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
