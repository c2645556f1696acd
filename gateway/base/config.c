#include "base/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/date.h"

enum { VALUES_MAX = 1024, MISTAKES_SHOWN = 8, SECRET_MAX = 4096, WRONG_MAX = 512 };

struct value {
    char *section; /* as the file has it */
    const struct config_key *key;
    char *text; /* paths resolved */
    int64_t number;
    int line;
};

struct config {
    int owners;
    char *path;
    const struct config_section *sections;
    struct value values[VALUES_MAX];
    size_t count;
    struct buf mistakes;
    int mistaken;
    bool out_of_memory;
    FILE *file; /* while it is read */
    int line;
};

static void mistake(struct config *c, int line, const char *what, const char *section,
                    const char *key)
{
    if (c->mistaken++ >= MISTAKES_SHOWN)
        return;
    if (c->mistakes.length > 0)
        buf_add_text(&c->mistakes, "; ");
    buf_addf(&c->mistakes, "%s:%d: [%s]%s%s %s", c->path, line, section, key ? " " : "",
             key ? key : "", what);
}

static bool parse_number(const char *text, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}

static bool parse_seconds(const char *text, int64_t *out)
{
    char *end;
    int64_t unit = 1;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end == text || errno != 0 || *out < 0 || *out > INT32_MAX)
        return false;
    if (*end == 's' || *end == 'm' || *end == 'h' || *end == 'd') {
        unit = *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 : 86400;
        end++;
    }
    *out *= unit;
    return *end == '\0';
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);

    for (const char *p = choices; p; p = strchr(p, '|'), p = p ? p + 1 : NULL) {
        if (strncmp(p, text, length) == 0 && (p[length] == '|' || p[length] == '\0'))
            return length > 0;
    }
    return false;
}

static void add_seconds(struct buf *out, int64_t seconds)
{
    if (seconds > 0 && seconds % 3600 == 0)
        buf_addf(out, "%" PRId64 "h", seconds / 3600);
    else if (seconds > 0 && seconds % 60 == 0)
        buf_addf(out, "%" PRId64 "m", seconds / 60);
    else
        buf_addf(out, "%" PRId64 "s", seconds);
}

static void add_range(struct buf *wrong, const struct config_key *key)
{
    bool seconds = key->kind == CONFIG_SECONDS;

    buf_add_text(wrong, "is not from ");
    for (int i = 0; i < 2; i++) {
        int64_t bound = i == 0 ? key->least : key->most;

        buf_add_text(wrong, i == 0 ? "" : " to ");
        if (seconds)
            add_seconds(wrong, bound);
        else
            buf_addf(wrong, "%" PRId64, bound);
    }
}

static void add_choices(struct buf *wrong, const char *choices)
{
    buf_add_text(wrong, "is none of ");
    for (const char *p = choices; *p; p++) {
        if (*p == '|')
            buf_add_text(wrong, ", ");
        else
            buf_add_char(wrong, *p);
    }
}

/* What is wrong with the text as a value of key; nothing where it is right. */
static void value_parse(const struct config_key *key, const char *text, int64_t *number,
                        struct buf *wrong)
{
    bool ranged = key->least != 0 || key->most != 0;

    *number = 0;
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_SECRET:
        if (!*text)
            buf_add_text(wrong, "is empty");
        return;
    case CONFIG_INT:
        if (!parse_number(text, number))
            buf_add_text(wrong, "is no whole number");
        else if (ranged && (*number < key->least || *number > key->most))
            add_range(wrong, key);
        return;
    case CONFIG_SECONDS:
        if (!parse_seconds(text, number))
            buf_add_text(wrong, "is no duration such as 90s, 15m or 2h");
        else if (ranged && (*number < key->least || *number > key->most))
            add_range(wrong, key);
        return;
    case CONFIG_BOOL:
        *number = strcmp(text, "yes") == 0;
        if (!*number && strcmp(text, "no") != 0)
            buf_add_text(wrong, "is neither yes nor no");
        return;
    case CONFIG_TIME:
        *number = time_of_day_parse(text);
        if (*number < 0)
            buf_add_text(wrong, "is no time such as 07:30");
        return;
    case CONFIG_CHOICE:
        if (!is_choice(key->choices, text))
            add_choices(wrong, key->choices);
        return;
    }
}

static char *beside(const char *config_path, const char *name)
{
    const char *slash = strrchr(config_path, '/');
    struct buf b;

    buf_init(&b, 4096);
    if (name[0] != '/' && slash)
        buf_add(&b, config_path, (size_t)(slash - config_path) + 1);
    buf_add_text(&b, name);
    return buf_take(&b);
}

/* A secret that the service manager hands over is never older than the file. */
static char *secret_at(const char *config_path, const char *name)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    const char *slash = strrchr(name, '/');
    struct buf b;

    if (credentials) {
        buf_init(&b, 4096);
        buf_addf(&b, "%s/%s", credentials, slash ? slash + 1 : name);
        if (!b.failed && access(buf_text(&b), F_OK) == 0)
            return buf_take(&b);
        buf_release(&b);
    }
    return beside(config_path, name);
}

/* inih hands no line number to the handler unless it was built to; the reader counts them. */
static char *read_line(char *out, int size, void *user)
{
    struct config *c = user;

    c->line++;
    return fgets(out, size, c->file);
}

/* receiver "mis.example" is one of receiver "*". */
static bool is_of_family(const char *family, const char *name)
{
    const char *star = strchr(family, '*');
    size_t before = star ? (size_t)(star - family) : 0, length = strlen(name);

    return star && strcmp(star, "*\"") == 0 && length > before + 1 &&
           strncmp(family, name, before) == 0 && name[length - 1] == '"' &&
           strcspn(name + before, "\"*") == length - before - 1;
}

static const struct config_section *section_of(const struct config *c, const char *name)
{
    for (const struct config_section *s = c->sections; s->name; s++) {
        if (strchr(s->name, '*') ? is_of_family(s->name, name) : strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static int on_value(void *user, const char *section_name, const char *name, const char *text)
{
    struct config *c = user;
    int line = c->line;
    const struct config_section *section = section_of(c, section_name);
    const struct config_key *key = NULL;
    struct value *v;
    struct buf wrong;

    if (!section && !section_name[0]) {
        mistake(c, line, "stands before any [section]", "…", name);
        return 1;
    }
    if (!section) {
        mistake(c, line, "is no section known here", section_name, NULL);
        return 1;
    }
    if (c->count == VALUES_MAX) {
        mistake(c, line, "is more than this file may hold", section_name, name);
        return 1;
    }
    v = &c->values[c->count];
    memset(v, 0, sizeof *v);
    for (key = section->keys; key->name && strcmp(key->name, name) != 0; key++)
        ;
    if (!key->name) {
        mistake(c, line, "is no key known there", section_name, name);
        return 1;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (c->values[i].key == key && strcmp(c->values[i].section, section_name) == 0) {
            mistake(c, line, "is given twice", section_name, name);
            return 1;
        }
    }
    v->key = key;
    buf_init(&wrong, WRONG_MAX);
    value_parse(key, text, &v->number, &wrong);
    if (wrong.length > 0 || wrong.failed) {
        mistake(c, line, buf_text(&wrong), section_name, name);
        buf_release(&wrong);
        return 1;
    }
    v->line = line;
    v->section = strdup(section_name);
    v->text = key->kind == CONFIG_PATH     ? beside(c->path, text)
              : key->kind == CONFIG_SECRET ? secret_at(c->path, text)
                                           : strdup(text);
    if (!v->text || !v->section)
        c->out_of_memory = true;
    c->count++;
    return 1;
}

int config_load(const char *path, const struct config_section *sections, struct config **out,
                struct err *err)
{
    struct config *c = calloc(1, sizeof *c);
    int rc = -1;
    int line;

    if (!c)
        return err_memory(err);
    c->owners = 1;
    buf_init(&c->mistakes, 8192);
    c->sections = sections;
    c->path = strdup(path);
    if (!c->path) {
        err_memory(err);
        goto out;
    }
    c->file = fopen(path, "re");
    if (!c->file) {
        err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
        goto out;
    }
    line = ini_parse_stream(read_line, c, on_value, c);
    fclose(c->file);
    c->file = NULL;
    if (line > 0)
        mistake(c, line, "this line is neither [section] nor key = value", "…", NULL);
    if (line == -2 || c->out_of_memory) {
        err_memory(err);
        goto out;
    }
    if (c->mistaken > 0) {
        err_set(err, ERR_CONFIG, "%s", buf_text(&c->mistakes));
        goto out;
    }
    *out = c;
    c = NULL;
    rc = 0;
out:
    config_free(c);
    return rc;
}

void config_free(struct config *c)
{
    if (!c || --c->owners > 0)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free(c->values[i].text);
        free(c->values[i].section);
    }
    buf_release(&c->mistakes);
    free(c->path);
    free(c);
}

struct config *config_share(struct config *c)
{
    c->owners++;
    return c;
}

const char *config_file(const struct config *c)
{
    return c->path;
}

bool config_has(const struct config *c, const char *section)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->values[i].section, section) == 0)
            return true;
    }
    return false;
}

const char *config_nth(const struct config *c, const char *family, size_t nth)
{
    for (size_t i = 0; i < c->count; i++) {
        const char *name = c->values[i].section;
        size_t first = 0;

        while (strcmp(c->values[first].section, name) != 0)
            first++;
        if (first == i && is_of_family(family, name) && nth-- == 0)
            return name;
    }
    return NULL;
}

static const struct value *find(const struct config *c, const char *section, const char *name,
                                const struct config_key **key)
{
    const struct config_section *s = section_of(c, section);

    assert(s);
    for (*key = s->keys; (*key)->name && strcmp((*key)->name, name) != 0; (*key)++)
        ;
    assert((*key)->name);
    for (size_t i = 0; i < c->count; i++) {
        if (c->values[i].key == *key && strcmp(c->values[i].section, section) == 0)
            return &c->values[i];
    }
    return NULL;
}

const char *config_text(const struct config *c, const char *section, const char *name)
{
    const struct config_key *key;
    const struct value *v = find(c, section, name, &key);

    return v ? v->text : key->otherwise;
}

int64_t config_int(const struct config *c, const char *section, const char *name)
{
    const struct config_key *key;
    const struct value *v = find(c, section, name, &key);
    int64_t number;
    struct buf wrong;

    if (v)
        return v->number;
    assert(key->otherwise);
    buf_init(&wrong, WRONG_MAX);
    value_parse(key, key->otherwise, &number, &wrong);
    assert(wrong.length == 0);
    buf_release(&wrong);
    return number;
}

bool config_bool(const struct config *c, const char *section, const char *name)
{
    return config_int(c, section, name) != 0;
}

int config_wrong(const struct config *c, const char *section, const char *name, const char *what,
                 struct err *err)
{
    const struct config_key *key;
    const struct value *v = find(c, section, name, &key);

    if (!v)
        return err_set(err, ERR_CONFIG, "%s: [%s] %s %s", c->path, section, name, what);
    return err_set(err, ERR_CONFIG, "%s:%d: [%s] %s %s", c->path, v->line, section, name, what);
}

bool config_same(const struct config *a, const struct config *b, const char *section)
{
    const struct config_section *s = a->sections;

    if (config_has(a, section) != config_has(b, section))
        return false;
    while (s->name && strcmp(s->name, section) != 0)
        s++;
    assert(s->name);
    for (const struct config_key *key = s->keys; key->name; key++) {
        const char *one = config_text(a, section, key->name);
        const char *other = config_text(b, section, key->name);

        if (one != other && (!one || !other || strcmp(one, other) != 0))
            return false;
    }
    return true;
}

int config_secret(const struct config *c, const char *section, const char *name,
                  struct personal *out, struct err *err)
{
    const char *path = config_text(c, section, name);
    char line[SECRET_MAX];
    FILE *file;
    int rc = -1;

    if (!path)
        return 0;
    file = fopen(path, "re");
    if (!file)
        return err_set(err, ERR_CONFIG, "[%s] %s: %s: %s", section, name, path, strerror(errno));
    if (!fgets(line, sizeof line, file)) {
        err_set(err, ERR_CONFIG, "[%s] %s: %s holds nothing", section, name, path);
    } else {
        line[strcspn(line, "\r\n")] = '\0';
        rc = personal_set_text(out, line, err) < 0 ? -1 : 1;
        personal_wipe(line, sizeof line);
    }
    fclose(file);
    return rc;
}
