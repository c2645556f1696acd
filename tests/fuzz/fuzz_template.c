/* A message of the police, if the bytes are one, in the standard wordings: whatever names and texts it
 * has, the page has no markup of theirs, the subject nothing of them, and the webhook's body is JSON.
 *
 * Else a line that names a part of a wording (subject, txt, html, frame.txt, frame.html) and that
 * part's text: it is taken or refused by file, and one that is taken cannot be made to let a hostile
 * name through. */
#include <cjson/cJSON.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "deliver/render.h"
#include "fuzz.h"

#define MARK "zq9Xv7"
#define HOSTILE "<" MARK ">{{{forename}}}{{/children}}&amp;\\\"'"

static const char hostile_json[] =
    "{\"version\":1,\"force\":\"f\",\"police_ref\":\"1\",\"revision\":1,"
    "\"type\":\"domestic_abuse\",\"action\":\"notify\",\"attended_at\":\"2026-11-19T23:41:00Z\","
    "\"risk\":\"high\",\"circumstances\":\"" HOSTILE "\",\"children\":[{\"child_ref\":\"1\","
    "\"forename\":\"" HOSTILE "\",\"surname\":\"" HOSTILE "\",\"known_as\":[\"" HOSTILE "\"],"
    "\"date_of_birth\":\"2017-03-09\",\"relationship\":\"" HOSTILE "\",\"present\":\"heard\","
    "\"voice\":{\"text\":\"" HOSTILE "\",\"spoken_to\":true,\"with\":\"" HOSTILE "\"}}]}";

static struct incident *parse(const char *text, size_t size)
{
    struct incident *incident = NULL;
    struct incident_ident ident;
    struct problems problems;

    problems_init(&problems);
    must(incident_parse(text, size, NULL, 1795137180, &incident, &ident, &problems, NULL) == 0);
    problems_release(&problems);
    return incident;
}

static int render(const struct templates *templates, const struct incident *incident,
                  const char *wording, const char *language, bool desk, struct rendered *out,
                  struct err *err)
{
    size_t children[INCIDENT_CHILDREN_MAX];
    struct notice_row notice = {.reference = "OE-7F3K-2Q9M",
                                .door = {"school", "113292"},
                                .basis = BASIS_STATUTORY,
                                .kind = desk ? NOTICE_DESK : NOTICE_NOTICE,
                                .reason = desk ? DESK_NO_MATCH : DESK_NONE,
                                .answer_by = 1795200000};
    struct render_input in = {.notice = &notice,
                              .incident = incident,
                              .children = children,
                              .children_count = incident->children_count,
                              .fields = FIELDS_FULL,
                              .wording = wording,
                              .language = language,
                              .establishment = "A & B <School>",
                              .authority = "Plymouth"};

    for (size_t i = 0; i < incident->children_count; i++)
        children[i] = i;
    return render_notice(templates, &in, out, err);
}

/* How many < of a page are followed by what begins a tag, an end tag or a comment. */
static size_t tags(const char *html)
{
    size_t n = 0;

    while ((html = strchr(html, '<')))
        n += strchr("/!?", *++html) || (*html | 0x20) >= 'a';
    return n;
}

static bool is_json(const struct personal *body)
{
    cJSON *json = cJSON_ParseWithLengthOpts(personal_reveal(body), body->length + 1, NULL, true);
    bool is = cJSON_IsObject(json);

    cJSON_Delete(json);
    return is;
}

/* The same call-out with every text blank is a page with as many tags. */
static void blank(struct personal *text)
{
    struct buf b;

    if (!personal_is_set(text))
        return;
    buf_init(&b, 65536);
    for (const char *p = personal_reveal(text); *p; p++)
        buf_add_char(&b, 'x');
    must(personal_set(text, buf_text(&b), b.length, NULL) == 0);
    buf_release(&b);
}

static void blank_all(struct incident *incident)
{
    blank(&incident->circumstances);
    blank(&incident->officer_contact);
    for (size_t i = 0; i < incident->children_count; i++) {
        struct incident_child *c = &incident->children[i];
        struct personal *const texts[] = {&c->forename,    &c->middle_names, &c->surname,
                                          &c->voice_text,  &c->voice_with,   &c->relationship,
                                          &c->claimed_name};

        for (size_t j = 0; j < ARRAY_SIZE(texts); j++)
            blank(texts[j]);
        for (size_t j = 0; j < c->known_as_count; j++)
            blank(&c->known_as[j]);
    }
}

static void try_message(const uint8_t *data, size_t size)
{
    static struct templates *standard;
    static const char *const languages[] = {"en", "cy"};
    struct incident *incident = parse((const char *)data, size);
    struct rendered r[4];

    must(standard || templates_load(PROJECT_DIR "/templates", &standard, NULL) == 0);
    if (!incident)
        return;
    for (int i = 0; i < 4; i++) {
        must(render(standard, incident, "standard", languages[i % 2], i >= 2, &r[i], NULL) == 0);
        must(strstr(r[i].subject, "OE-7F3K-2Q9M") && !strpbrk(r[i].subject, "\r\n"));
        must(is_json(&r[i].json));
        must(strlen(personal_reveal(&r[i].html)) == r[i].html.length);
    }
    blank_all(incident);
    for (int i = 0; i < 4; i++) {
        struct rendered plain;

        must(render(standard, incident, "standard", languages[i % 2], i >= 2, &plain, NULL) == 0);
        must(strcmp(plain.subject, r[i].subject) == 0);
        must(tags(personal_reveal(&plain.html)) == tags(personal_reveal(&r[i].html)));
        rendered_release(&plain);
        rendered_release(&r[i]);
    }
    incident_free(incident);
}

/* The least that a folder of wordings must have, and a wording of its own that tells of a child. */
static void make_wordings(void)
{
    static const char *const kinds[] = {"notice",   "desk",    "correction", "withdrawal",
                                        "reminder", "warning", "minimal",    "exercise"};
    static const char *const folders[] = {"w", "w/standard", "w/standard/en", "w/own", "w/own/en"};
    char name[64];

    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        must(mkdir(fuzz_path(folders[i]), 0700) == 0);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        static const char *const parts[] = {"subject", "txt", "html"};

        for (size_t j = 0; j < ARRAY_SIZE(parts); j++) {
            snprintf(name, sizeof name, "w/standard/en/%s.%s", kinds[i], parts[j]);
            fuzz_write(name, "EXERCISE\n", 9);
        }
    }
    fuzz_write("w/standard/en/frame.txt", "{{words}}\n", 10);
    fuzz_write("w/standard/en/frame.html", "{{words}}\n", 10);
}

static void try_part(const char *part, const char *text, size_t size, struct incident *hostile)
{
    static const char plain[] = "{{#children}}{{name}}{{/children}}\n";
    struct templates *templates;
    struct rendered r;
    struct err err = {.code = ERR_NONE};
    char name[64];

    fuzz_write("w/own/en/notice.subject", "{{reference}}\n", 14);
    fuzz_write("w/own/en/notice.txt", plain, sizeof plain - 1);
    fuzz_write("w/own/en/notice.html", plain, sizeof plain - 1);
    fuzz_write("w/own/en/frame.txt", "{{words}}\n", 10);
    fuzz_write("w/own/en/frame.html", "{{words}}\n", 10);
    snprintf(name, sizeof name, "w/own/en/%s%s", strchr(part, '.') ? "" : "notice.", part);
    fuzz_write(name, text, size);
    if (templates_load(fuzz_path("w"), &templates, &err) < 0) {
        must(err.code == ERR_CONFIG && strstr(err.text, "/w/own/en/"));
        return;
    }
    if (render(templates, hostile, "own", "en", false, &r, &err) == 0) {
        must(!strpbrk(r.subject, "\r\n") && is_json(&r.json));
        if (!memmem(text, size, MARK, strlen(MARK))) {
            must(strstr(r.subject, MARK) == NULL);
            must(strstr(personal_reveal(&r.html), "<" MARK) == NULL);
        }
        rendered_release(&r);
    } else {
        must(err.code == ERR_INVALID || err.code == ERR_LIMIT);
    }
    templates_free(templates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const parts[] = {"subject", "txt", "html", "frame.txt", "frame.html"};
    static struct incident *hostile;
    const char *line = memchr(data, '\n', size);

    if (!hostile) {
        make_wordings();
        hostile = parse(hostile_json, sizeof hostile_json - 1);
        must(hostile != NULL);
    }
    for (size_t i = 0; line && i < ARRAY_SIZE(parts); i++) {
        size_t n = (size_t)(line - (const char *)data);

        if (n != strlen(parts[i]) || memcmp(data, parts[i], n) != 0)
            continue;
        try_part(parts[i], line + 1, size - n - 1, hostile);
        return 0;
    }
    try_message(data, size);
    return 0;
}
