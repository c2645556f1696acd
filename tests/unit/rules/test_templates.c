/* Folders of templates: what is refused, the frame, and a wording of one's own. */
#include "render_fixture.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of templates that a test spoils. */
struct folder {
    char path[64];
};

static void put(const struct folder *f, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    for (char *slash = strchr(path + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void put_kind(const struct folder *f, const char *place, const char *kind)
{
    static const char *const parts[][2] = {{"subject", "Notice {{reference}}\n"},
                                           {"txt", "{{#children}}{{name}}{{/children}}\n"},
                                           {"html", "<p>own</p>\n"}};
    char name[128];

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        snprintf(name, sizeof name, "%s/%s.%s", place, kind, parts[i][0]);
        put(f, name, parts[i][1]);
    }
}

static void folder_new(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/encompass-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    put(f, "standard/en/frame.txt", "above {{subject}}\n{{words}}\nbelow\n");
    put(f, "standard/en/frame.html", "<html><p>above {{subject}}</p>\n{{words}}\n</html>\n");
    put_kind(f, "standard/en", "notice");
    put_kind(f, "standard/en", "desk");
    put_kind(f, "standard/en", "correction");
    put_kind(f, "standard/en", "withdrawal");
    put_kind(f, "standard/en", "reminder");
    put_kind(f, "standard/en", "warning");
    put_kind(f, "standard/en", "minimal");
    put(f, "standard/en/exercise.subject", "EXERCISE {{reference}}");
    put(f, "standard/en/exercise.txt", "EXERCISE\n");
    put(f, "standard/en/exercise.html", "<p>EXERCISE</p>");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void folder_remove(const struct folder *f)
{
    assert_int_equal(nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void a_template_that_could_go_wrong_is_refused_by_file_and_line(void **state)
{
    static const struct {
        const char *name, *text, *says;
    } bad[] = {
        {"standard/en/notice.subject", "For {{establishment.name}}\n",
         "notice.subject:1: a subject holds"},
        {"standard/en/notice.subject", "{{#children}}{{reference}}{{/children}}",
         "a subject holds"},
        {"standard/en/notice.subject", "one\x1etwo", "has control characters"},
        {"standard/en/notice.html", "\x1b[2J", "has control characters"},
        {"standard/en/notice.subject", "two\nlines", "a subject is one line"},
        {"standard/en/notice.subject", "", "a subject is one line"},
        {"standard/en/notice.txt", "a\n{{#children}}\n{{nmae}}\n{{/children}}",
         "notice.txt:3: {{nmae}} is no value"},
        {"standard/en/notice.txt", "{{#children}}", "Unclosed section"},
        {"standard/en/notice.txt", "{{/children}}", "Unopened section"},
        {"standard/en/notice.txt", "a\nb {{name", "notice.txt:2: {{ without }}"},
        {"standard/en/notice.txt", "{{", "{{ without }}"},
        {"standard/en/notice.txt", "{{=<% %>=}}", "is not used here"},
        {"standard/en/notice.txt", "{{> other}}", "is not used here"},
        {"standard/en/notice.html", "<p>{{{name}}}</p>", "a value that is not escaped"},
        {"standard/en/notice.html", "<p>{{& name}}</p>", "a value that is not escaped"},
        {"standard/en/exercise.subject", "Operation Encompass {{reference}}", "an exercise begins"},
        {"standard/en/exercise.txt", "A test. EXERCISE", "an exercise begins"},
        {"standard/en/exercise.html", "<p>A test</p>", "an exercise begins"},
        {"standard/en/frame.txt", "above\nbelow\n", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "\nabove\n", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "\n{{words}}\n{{nmae}}\n", "frame.txt:3: {{nmae}} is no value"},
        {"standard/en/frame.txt", "above {{words}}\n", "no line holds {{words}} alone"},
        {"standard/en/frame.txt", "{{words}}\na\n{{words}}\n", "frame.txt:3: {{words}} is no"},
        {"standard/en/frame.txt", "{{#full}}\n{{words}}\n{{/full}}\n", "Unclosed section"},
        {"standard/en/frame.html", "<p>\n{{> other}}\n{{words}}\n", "frame.html:2: {{> is not"},
        {"standard/en/frame.html", "{{words}}\n\n{{{name}}}\n", "frame.html:3: a value that"},
        {"standard/en/frame.subject", "Notice {{reference}}\n", "a frame has no subject"},
        {"standard/en/notice.txt", "{{words}}\n", "notice.txt:1: {{words}} is no value"},
        {"standard/en/notice.html", "<html>\n</html>\n", "the page's head and end are frame"},
        {"own/en/frame.txt", "{{words}}\n", "frame.html: No such file"},
        {"standard/cy/notice.subject", "{{reference}}\n", "notice.txt: No such file"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct templates *t;
        struct folder f;
        struct err err;

        folder_new(&f);
        put(&f, bad[i].name, bad[i].text);
        assert_int_equal(templates_load(f.path, &t, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        assert_non_null(strstr(err.text, bad[i].says));
        folder_remove(&f);
    }
}

static void write_made(struct made *m, const struct folder *f)
{
    struct err err;

    templates_free(m->templates);
    assert_int_equal(templates_load(f->path, &m->templates, &err), 0);
    make(m);
}

static void one_frame_stands_around_the_words_of_every_kind(void **state)
{
    static const struct {
        enum notice_kind kind;
        bool reminder;
    } kinds[] = {{NOTICE_NOTICE, false},
                 {NOTICE_NOTICE, true},
                 {NOTICE_DESK, false},
                 {NOTICE_CORRECTION, false},
                 {NOTICE_WITHDRAWAL, false}};
    struct made *m = *state;
    struct folder f;

    folder_new(&f);
    put(&f, "standard/en/frame.html", "<html>{{subject}}\n{{words}}\n</html>\n");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        m->notice.kind = kinds[i].kind;
        m->in.reminder = kinds[i].reminder;
        write_made(m, &f);
        assert_string_equal(personal_reveal(&m->out.html),
                            "<html>Notice OE-7F3K-2Q9M\n<p>own</p>\n</html>\n");
        assert_null(strstr(personal_reveal(&m->out.json), "subject"));
    }
    m->notice.kind = NOTICE_NOTICE;
    m->in.reminder = false;
    write_made(m, &f);
    assert_string_equal(personal_reveal(&m->out.text), "above Notice OE-7F3K-2Q9M\n"
                                                       "Zebedia Quillon Vantreight\nbelow\n");
    folder_remove(&f);
}

static void a_wording_has_a_frame_of_its_own_or_standards(void **state)
{
    struct made *m = *state;
    struct folder f;

    folder_new(&f);
    m->in.wording = "own";
    put(&f, "own/en/frame.txt", "ours\n{{words}}\n");
    put(&f, "own/en/frame.html", "{{words}}\n");
    write_made(m, &f); /* around standard's words */
    assert_string_equal(personal_reveal(&m->out.text), "ours\nZebedia Quillon Vantreight\n");
    assert_string_equal(personal_reveal(&m->out.html), "<p>own</p>\n");
    m->in.wording = "standard";
    write_made(m, &f);
    assert_true(in_text(m, "above Notice"));
    folder_remove(&f);

    folder_new(&f);
    m->in.wording = "own";
    put_kind(&f, "own/en", "notice");
    put(&f, "own/en/notice.txt", "ours\n");
    write_made(m, &f); /* its own words in standard's frame */
    assert_string_equal(personal_reveal(&m->out.text), "above Notice OE-7F3K-2Q9M\nours\nbelow\n");
    folder_remove(&f);
}

static void a_language_of_standard_has_a_frame(void **state)
{
    struct templates *t;
    struct folder f;
    struct err err;

    (void)state;
    folder_new(&f);
    put_kind(&f, "standard/cy", "notice");
    assert_int_equal(templates_load(f.path, &t, &err), -1);
    assert_non_null(strstr(err.text, "standard/cy/frame.txt is missing"));
    folder_remove(&f);
}

static void a_missing_part_or_kind_is_refused(void **state)
{
    struct templates *t;
    struct folder f;
    struct err err;
    char path[128];

    (void)state;
    folder_new(&f);
    snprintf(path, sizeof path, "%s/standard/en/desk.html", f.path);
    unlink(path);
    assert_int_equal(templates_load(f.path, &t, &err), -1);
    assert_non_null(strstr(err.text, "desk.html"));
    snprintf(path, sizeof path, "%s/standard/en/desk.subject", f.path);
    unlink(path);
    assert_int_equal(templates_load(f.path, &t, &err), -1);
    assert_non_null(strstr(err.text, "desk.subject is missing"));
    folder_remove(&f);
    assert_int_equal(templates_load(f.path, &t, &err), -1);
}

/* own has English alone, and notices alone. */
static void a_wording_of_ones_own_comes_first_and_standard_stands_in(void **state)
{
    struct made *m = *state;
    struct folder f;
    struct err err;

    folder_new(&f);
    put(&f, "standard/cy/frame.txt", "{{words}}\n");
    put(&f, "standard/cy/frame.html", "{{words}}\n");
    put_kind(&f, "standard/cy", "notice");
    put_kind(&f, "standard/cy", "desk");
    put(&f, "standard/cy/desk.txt", "desg");
    put_kind(&f, "own/en", "notice");
    put(&f, "own/en/notice.txt", "our own");
    templates_free(m->templates);
    m->templates = NULL;
    assert_int_equal(templates_load(f.path, &m->templates, &err), 0);
    m->in.wording = "own";
    m->in.language = "cy";
    make(m);
    assert_true(in_text(m, "our own"));
    assert_string_equal(m->out.language, "en");
    assert_true(in_json(m, "\"language\":\"en\""));
    m->notice.kind = NOTICE_DESK;
    m->notice.reason = DESK_CLOSED;
    make(m);
    assert_true(in_text(m, "desg"));
    assert_string_equal(m->out.language, "cy");
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_that_could_go_wrong_is_refused_by_file_and_line),
        T(one_frame_stands_around_the_words_of_every_kind),
        T(a_wording_has_a_frame_of_its_own_or_standards),
        cmocka_unit_test(a_language_of_standard_has_a_frame),
        cmocka_unit_test(a_missing_part_or_kind_is_refused),
        T(a_wording_of_ones_own_comes_first_and_standard_stands_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
