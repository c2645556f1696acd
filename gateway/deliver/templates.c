#include "deliver/templates.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/values.h"

enum { TEMPLATE_BYTES_MAX = 64 * 1024, WORD_SIZE = 65, SETS_MAX = 256, PATH_BYTES = 4096 };

#define FRAME "frame"
#define EXERCISE "exercise" /* a banner; what it stands over has the frame */

static const char *const part_names[PARTS] = {"subject", "txt", "html"};
static const char *const languages[] = {"en", "cy"};
static const char *const must_have[] = {"notice",     "desk",     "correction",
                                        "withdrawal", "reminder", "warning",
                                        "minimal",    EXERCISE}; /* in standard/en */

struct set {
    char wording[WORD_SIZE];
    const char *language;
    char kind[WORD_SIZE];
    struct mustache *parts[PARTS];
    struct mustache *below[PARTS]; /* a frame's: parts is what stands above the words */
};

struct templates {
    struct set sets[SETS_MAX];
    size_t count;
};

/* What tag_check looks at: a tag's text between its braces. */
static int tag_check(const char *tag, size_t length, enum part part, const char *where, int line,
                     struct err *err)
{
    char name[WORD_SIZE];
    char kind = '\0';

    if (length > 0 && strchr("#^/!{&>=", tag[0])) {
        kind = tag[0];
        tag++;
        length--;
    }
    if (kind == '!')
        return 0;
    if (kind == '{' || kind == '&')
        return err_set(err, ERR_CONFIG, "%s:%d: a value that is not escaped", where, line);
    if (kind == '>' || kind == '=')
        return err_set(err, ERR_CONFIG, "%s:%d: {{%c is not used here", where, line, kind);
    while (length > 0 && *tag == ' ') {
        tag++;
        length--;
    }
    while (length > 0 && tag[length - 1] == ' ')
        length--;
    snprintf(name, sizeof name, "%.*s", (int)length, tag);
    if (part == PART_SUBJECT && (kind != '\0' || strcmp(name, "reference") != 0))
        return err_set(err, ERR_CONFIG, "%s:%d: a subject holds the reference and no other value",
                       where, line);
    if (length >= sizeof name || !values_knows(name))
        return err_set(err, ERR_CONFIG, "%s:%d: {{%s}} is no value of a notice", where, line, name);
    return 0;
}

static int tags_check(const char *text, enum part part, const char *where, int line,
                      struct err *err)
{

    for (const char *p = text; *p;) {
        const char *end;

        if (p[0] != '{' || p[1] != '{') {
            line += *p++ == '\n';
            continue;
        }
        p += 2;
        end = strstr(p, "}}");
        if (!end)
            return err_set(err, ERR_CONFIG, "%s:%d: {{ without }}", where, line);
        if (tag_check(p, (size_t)(end - p), part, where, line, err) < 0)
            return -1;
        for (; p < end; p++)
            line += *p == '\n';
        p = end + 2;
    }
    return 0;
}

/* mustache.cc marks line ends by one of them. */
static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (((unsigned char)text[i] < 0x20 && !strchr("\t\r\n", text[i])) || text[i] == 0x7f)
            return true;
    }
    return false;
}

static char *read_whole(const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t length;

    if (!file) {
        err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
        return NULL;
    }
    text = malloc(TEMPLATE_BYTES_MAX + 1);
    if (!text) {
        err_memory(err);
    } else {
        length = fread(text, 1, TEMPLATE_BYTES_MAX + 1, file);
        if (ferror(file) || length > TEMPLATE_BYTES_MAX || memchr(text, '\0', length) ||
            has_control(text, length)) {
            err_set(err, ERR_CONFIG, "%s is no text of at most %d bytes, or has control characters",
                    path, TEMPLATE_BYTES_MAX);
            free(text);
            text = NULL;
        } else {
            text[length] = '\0';
        }
    }
    fclose(file);
    return text;
}

/* An exercise says so before anything else, in whatever wording. */
static bool says_exercise(const char *text, enum part part)
{
    static const char *const words[] = {"EXERCISE", "YMARFER"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (part == PART_HTML ? strstr(text, words[i]) != NULL
                              : strncmp(text, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

static int parse(const char *text, enum part part, const char *path, int line,
                 struct mustache **out, struct err *err)
{
    int rc = tags_check(text, part, path, line, err);

    if (rc == 0)
        rc = mustache_new(text, part == PART_HTML, out, err);
    if (rc < 0 && err->code == ERR_INVALID) {
        err->code = ERR_CONFIG;
        err_context(err, "%s", path);
    }
    return rc;
}

static int load_part(const char *path, const char *kind, enum part part, struct mustache **out,
                     struct err *err)
{
    char *text = read_whole(path, err);
    size_t length;
    int rc = -1;

    if (!text)
        return -1;
    length = strlen(text);
    if (part == PART_SUBJECT && length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    if (part == PART_SUBJECT && (text[0] == '\0' || strpbrk(text, "\r\n")))
        err_set(err, ERR_CONFIG, "%s: a subject is one line", path);
    else if (strcmp(kind, EXERCISE) == 0 && !says_exercise(text, part))
        err_set(err, ERR_CONFIG, "%s: an exercise begins with EXERCISE or YMARFER", path);
    else if (part == PART_HTML && strcmp(kind, EXERCISE) != 0 && strstr(text, "<html"))
        err_set(err, ERR_CONFIG, "%s: the page's head and end are frame.html's", path);
    else
        rc = parse(text, part, path, 1, out, err);
    free(text);
    return rc;
}

/* The line of a frame that holds {{words}} and nothing else; *number counts it. */
static char *find_words(char *text, int *number)
{
    static const char words[] = "{{words}}";

    *number = 1;
    while (strncmp(text, words, strlen(words)) != 0 || !strchr("\r\n", text[strlen(words)])) {
        text = strchr(text, '\n');
        if (!text)
            return NULL;
        text++;
        ++*number;
    }
    return text;
}

static int load_frame_part(const char *path, enum part part, struct set *frame, struct err *err)
{
    char *text = read_whole(path, err), *words, *below;
    int line, rc = -1;

    if (!text)
        return -1;
    words = find_words(text, &line);
    if (!words) {
        err_set(err, ERR_CONFIG, "%s: no line holds {{words}} alone, where a kind's words go",
                path);
    } else {
        below = words + strcspn(words, "\n");
        below += *below == '\n';
        *words = '\0';
        if (parse(text, part, path, 1, &frame->parts[part], err) == 0)
            rc = parse(below, part, path, line + 1, &frame->below[part], err);
    }
    free(text);
    return rc;
}

static int add_set(struct templates *t, const char *folder, const char *wording,
                   const char *language, const char *kind, struct set **out, struct err *err)
{
    struct set *set = &t->sets[t->count];

    if (t->count == SETS_MAX)
        return err_set(err, ERR_CONFIG, "%s: more than %d wordings", folder, SETS_MAX);
    memset(set, 0, sizeof *set);
    snprintf(set->wording, sizeof set->wording, "%s", wording);
    snprintf(set->kind, sizeof set->kind, "%s", kind);
    set->language = language;
    t->count++;
    *out = set;
    return 0;
}

static int part_path(char *out, const char *folder, const struct set *set, enum part part,
                     struct err *err)
{
    return (size_t)snprintf(out, PATH_BYTES, "%s/%s/%s/%s.%s", folder, set->wording, set->language,
                            set->kind, part_names[part]) < PATH_BYTES
               ? 0
               : err_set(err, ERR_CONFIG, "%s: the path is too long", folder);
}

/* A kind is there when its subject is; the other parts must be too. */
static int load_kind(struct templates *t, const char *folder, const char *wording,
                     const char *language, const char *kind, struct err *err)
{
    char path[PATH_BYTES];
    struct set *set;

    if (add_set(t, folder, wording, language, kind, &set, err) < 0)
        return -1;
    for (enum part part = PART_SUBJECT; part < PARTS; part++) {
        if (part_path(path, folder, set, part, err) < 0 ||
            load_part(path, kind, part, &set->parts[part], err) < 0)
            return -1;
    }
    return 0;
}

/* A frame is there when either of its parts is; the other must be too. */
static int load_frame(struct templates *t, const char *folder, const char *wording,
                      const char *language, struct err *err)
{
    char path[PARTS][PATH_BYTES];
    struct set *set;

    if (add_set(t, folder, wording, language, FRAME, &set, err) < 0 ||
        part_path(path[PART_TXT], folder, set, PART_TXT, err) < 0 ||
        part_path(path[PART_HTML], folder, set, PART_HTML, err) < 0)
        return -1;
    if (access(path[PART_TXT], F_OK) < 0 && access(path[PART_HTML], F_OK) < 0) {
        t->count--;
        return 0;
    }
    for (enum part part = PART_TXT; part < PARTS; part++) {
        if (load_frame_part(path[part], part, set, err) < 0)
            return -1;
    }
    return 0;
}

static int is_subject(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && dot != entry->d_name && strcmp(dot, ".subject") == 0;
}

static int is_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strlen(entry->d_name) < WORD_SIZE;
}

static int load_language(struct templates *t, const char *folder, const char *wording,
                         const char *language, struct err *err)
{
    char path[PATH_BYTES], kind[WORD_SIZE];
    struct dirent **entries = NULL;
    int count, rc = load_frame(t, folder, wording, language, err);

    snprintf(path, sizeof path, "%s/%s/%s", folder, wording, language);
    count = scandir(path, &entries, is_subject, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(kind, sizeof kind, "%.*s", (int)strcspn(entries[i]->d_name, "."),
                 entries[i]->d_name);
        if (rc == 0 && strcmp(kind, FRAME) == 0)
            rc =
                err_set(err, ERR_CONFIG, "%s/%s: a frame has no subject", path, entries[i]->d_name);
        else if (rc == 0)
            rc = load_kind(t, folder, wording, language, kind, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static const struct set *find_set(const struct templates *t, const char *wording,
                                  const char *language, const char *kind)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct set *s = &t->sets[i];

        if (strcmp(s->wording, wording) == 0 && strcmp(s->language, language) == 0 &&
            strcmp(s->kind, kind) == 0)
            return s;
    }
    return NULL;
}

/* The wording's own frame goes round standard's words too. */
static const struct set *find_frame(const struct templates *t, const char *wording,
                                    const char *language)
{
    const struct set *own = find_set(t, wording, language, FRAME);

    return own ? own : find_set(t, "standard", language, FRAME);
}

static int load_all(struct templates *t, const char *folder, struct err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_name, alphasort);
    struct template_set found;
    int rc = 0;

    if (count < 0)
        return err_set(err, ERR_CONFIG, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        for (size_t l = 0; l < ARRAY_SIZE(languages) && rc == 0; l++)
            rc = load_language(t, folder, entries[i]->d_name, languages[l], err);
        free(entries[i]);
    }
    free(entries);
    for (size_t i = 0; i < t->count && rc == 0; i++) {
        const struct set *s = &t->sets[i];

        if (!find_frame(t, s->wording, s->language))
            rc = err_set(err, ERR_CONFIG, "%s/standard/%s/frame.txt is missing", folder,
                         s->language);
    }
    for (size_t i = 0; i < ARRAY_SIZE(must_have) && rc == 0; i++) {
        if (!templates_find(t, "standard", "en", must_have[i], &found))
            rc = err_set(err, ERR_CONFIG, "%s/standard/en/%s.subject is missing", folder,
                         must_have[i]);
    }
    return rc;
}

int templates_load(const char *folder, struct templates **out, struct err *err)
{
    struct templates *t = calloc(1, sizeof *t);

    if (!t)
        return err_memory(err);
    if (load_all(t, folder, err) < 0) {
        templates_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

void templates_free(struct templates *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        for (int part = 0; part < PARTS; part++) {
            mustache_free(t->sets[i].parts[part]);
            mustache_free(t->sets[i].below[part]);
        }
    }
    free(t);
}

bool templates_find(const struct templates *t, const char *wording, const char *language,
                    const char *kind, struct template_set *out)
{
    const struct set *s = find_set(t, wording, language, kind), *frame;

    if (!s)
        s = find_set(t, wording, "en", kind);
    if (!s)
        s = find_set(t, "standard", language, kind);
    if (!s)
        s = find_set(t, "standard", "en", kind);
    if (!s)
        return false;
    memset(out, 0, sizeof *out);
    out->language = s->language;
    memcpy(out->parts, s->parts, sizeof out->parts);
    frame = strcmp(kind, EXERCISE) == 0 ? NULL : find_frame(t, wording, s->language);
    if (frame) {
        memcpy(out->above, frame->parts, sizeof out->above);
        memcpy(out->below, frame->below, sizeof out->below);
    }
    return true;
}
