/* tests/unit/rules/plan_case.h - reads the .case files of tests/cases/plan. Their language:
 * tests/cases/plan/README.md. */
#ifndef PLAN_CASE_H
#define PLAN_CASE_H

#include "rules/plan_world.h"

enum { CASE_EXPECTED = 12, CASE_LINE = 512, CASE_PHRASES = 12 };

struct expected {
    int line;
    time_t at, answer_by, remind_at; /* answer_by -1: not said; remind_at -1: never, 0: not said */
    size_t door;
    int64_t contact_id; /* -1 nobody */
    bool to_said;
    int64_t children[CASE_CHILDREN];
    size_t children_count;
    char basis[CASE_WORD], rule[CASE_WORD], reason[CASE_WORD]; /* "" not said */
};

struct plan_case {
    const char *file;
    int line;
    char title[160];
    struct world world;
    struct expected expected[CASE_EXPECTED];
    size_t expected_count;
    bool nothing; /* "expect nothing" */
};

struct case_reader {
    struct place_in_file at;
    struct world shared;
    struct plan_case now;
    bool in_case;
    int count;
    void (*visit)(const struct plan_case *c, void *arg);
    void *arg;
};

static bool expect_to(struct case_reader *r, struct words *w, struct expected *e)
{
    size_t contact;

    e->to_said = true;
    if (take(w, "nobody")) {
        e->contact_id = -1;
        return true;
    }
    contact = find_contact(&r->now.world, next(w));
    if (contact == r->now.world.contacts_count)
        return wrong(&r->at, "to whom? No contact of that name was given");
    e->contact_id = r->now.world.contacts[contact].contact.contact_id;
    return true;
}

static bool expect_for(struct case_reader *r, struct words *w, struct expected *e)
{
    const struct world *world = &r->now.world;

    while (peek(w)[0]) {
        const char *name = next(w);
        size_t i = 0;

        while (i < world->children_count && strcmp(world->children[i].name, name) != 0)
            i++;
        if (i == world->children_count)
            return wrong(&r->at, "no child %s was given", name);
        if (!room(&r->at, e->children_count, CASE_CHILDREN))
            return false;
        e->children[e->children_count++] = world->children[i].child.child_id;
    }
    return e->children_count > 0 ? true : wrong(&r->at, "for whom?");
}

/* A phrase of an expect line; its first, when and where, was read before. */
static bool expect_phrase(struct case_reader *r, struct words *w, struct expected *e)
{
    if (take(w, "to"))
        return expect_to(r, w, e);
    if (take(w, "for"))
        return expect_for(r, w, e);
    if (take(w, "because"))
        return keep(&r->at, w, e->reason, sizeof e->reason, "why");
    if (take(w, "rule"))
        return keep(&r->at, w, e->rule, sizeof e->rule, "which rule");
    if (take(w, "answer"))
        return take(w, "by") && read_moment(&r->at, w, &e->answer_by)
                   ? true
                   : wrong(&r->at, "answer by D hh:mm");
    if (take(w, "reminded")) {
        if (!take(w, "never"))
            return read_moment(&r->at, w, &e->remind_at);
        e->remind_at = -1;
        return true;
    }
    if (strcmp(peek(w), "statutory") == 0 || strcmp(peek(w), "local") == 0)
        return keep(&r->at, w, e->basis, sizeof e->basis, "the basis");
    return wrong(&r->at, "'%s' is nothing to expect", peek(w));
}

/* Phrases stand two or more spaces apart. One more than there may be when there are too many. */
static size_t phrases(char *line, char *out[CASE_PHRASES])
{
    size_t n = 0;

    for (;;) {
        char *end;

        line += strspn(line, " \t");
        if (!*line)
            break;
        if (n == CASE_PHRASES)
            return n + 1;
        out[n++] = line;
        end = strstr(line, "  ");
        if (!end)
            break;
        *end = '\0';
        line = end + 1;
    }
    return n;
}

static bool expect(struct case_reader *r, char *phrase[], size_t count)
{
    struct plan_case *c = &r->now;
    struct expected *e = &c->expected[c->expected_count];
    struct words w;

    if (!split(&r->at, phrase[0], &w))
        return false;
    if (take(&w, "nothing")) {
        c->nothing = true;
        return c->expected_count == 0 && count == 1 && !peek(&w)[0]
                   ? true
                   : wrong(&r->at, "nothing, and yet something");
    }
    if (c->nothing || !room(&r->at, c->expected_count, CASE_EXPECTED))
        return wrong(&r->at, "nothing, and yet something");
    memset(e, 0, sizeof *e);
    e->line = r->at.line;
    e->answer_by = -1;
    if (!read_moment(&r->at, &w, &e->at) || count < 2)
        return wrong(&r->at, "expect D hh:mm  DOOR  to NAME  for CHILD");
    if (!split(&r->at, phrase[1], &w) || !known_door(&r->at, &c->world, &w, &e->door))
        return false;
    for (size_t i = 2; i < count; i++) {
        if (!split(&r->at, phrase[i], &w) || !expect_phrase(r, &w, e))
            return false;
        if (peek(&w)[0])
            return wrong(&r->at, "'%s' is one word too many", peek(&w));
    }
    c->expected_count++;
    return e->to_said && e->children_count > 0 ? true
                                               : wrong(&r->at, "to whom, and for which child?");
}

static bool end_case(struct case_reader *r)
{
    if (!r->in_case)
        return true;
    r->at.line = r->now.line;
    if (r->now.expected_count == 0 && !r->now.nothing)
        return wrong(&r->at, "a case that expects nothing says so");
    if (r->now.world.accepted_at < 0)
        return wrong(&r->at, "accepted when?");
    if (r->now.world.children_count == 0)
        return wrong(&r->at, "which child?");
    if (r->now.world.now < 0)
        r->now.world.now = r->now.world.accepted_at;
    r->count++;
    r->visit(&r->now, r->arg);
    return true;
}

static bool plan_case_file(struct case_reader *r, const char *path);

/* use FILE: what another file of the folder has before its first case. */
static bool use(struct case_reader *r, const char *name)
{
    const char *file = r->at.file, *slash = strrchr(file, '/');
    char path[400];
    int line = r->at.line;
    bool ok;

    if (r->in_case || strchr(name, '/'))
        return wrong(&r->at, "use stands before the first case and names a file beside this one");
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - file) + 1 : 0, file, name);
    ok = plan_case_file(r, path);
    r->at.file = file;
    r->at.line = line;
    return ok;
}

static bool read_line(struct case_reader *r, char *line)
{
    char *comment = strchr(line, '#'), *phrase[CASE_PHRASES], *rest;
    struct words w;
    size_t count;

    if (comment)
        *comment = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (line[strspn(line, " \t")] == '\0')
        return true;
    rest = line + strcspn(line, " \t");
    if (*rest)
        *rest++ = '\0';
    count = phrases(rest, phrase);
    if (count == 0)
        return wrong(&r->at, "'%s' and then nothing", line);
    if (!room(&r->at, count, CASE_PHRASES + 1))
        return false;
    if (strcmp(line, "use") == 0)
        return use(r, phrase[0]);
    if (strcmp(line, "case") == 0) {
        int at = r->at.line;

        if (!end_case(r))
            return false;
        r->at.line = at;
        memset(&r->now, 0, sizeof r->now);
        r->now.file = r->at.file;
        r->now.line = at;
        r->now.world = r->shared;
        r->in_case = true;
        snprintf(r->now.title, sizeof r->now.title, "%s", phrase[0]);
        return count == 1 ? true : wrong(&r->at, "two spaces within a title");
    }
    if (strcmp(line, "expect") == 0)
        return r->in_case ? expect(r, phrase, count)
                          : wrong(&r->at, "expect before the first case");
    if (strcmp(line, "given") != 0)
        return wrong(&r->at, "'%s' is none of use, case, given, expect", line);
    for (size_t i = 0; i < count; i++) {
        if (!split(&r->at, phrase[i], &w) ||
            !given(&r->at, r->in_case ? &r->now.world : &r->shared, &w))
            return false;
        if (peek(&w)[0])
            return wrong(&r->at, "'%s' is one word too many", peek(&w));
    }
    return true;
}

static bool plan_case_file(struct case_reader *r, const char *path)
{
    char line[CASE_LINE];
    FILE *f = fopen(path, "r");
    bool ok = true;

    r->at.file = path;
    r->at.line = 0;
    if (!f)
        return wrong(&r->at, "cannot be read");
    while (ok && fgets(line, sizeof line, f)) {
        r->at.line++;
        ok = strlen(line) < sizeof line - 1 ? read_line(r, line) : wrong(&r->at, "too long a line");
    }
    fclose(f);
    return ok;
}

/* Reads a file; every case goes to visit. Returns the number of cases, or -1 with what is wrong and
 * where in wrong_text. */
static int plan_case_read(const char *path, void (*visit)(const struct plan_case *c, void *arg),
                          void *arg, char *wrong_text, size_t size)
{
    struct case_reader *r = calloc(1, sizeof *r);
    int count = -1;

    if (!r)
        abort();
    r->visit = visit;
    r->arg = arg;
    r->shared.accepted_at = r->shared.now = -1;
    if (plan_case_file(r, path) && end_case(r))
        count = r->count;
    snprintf(wrong_text, size, "%s", r->at.wrong);
    free(r);
    return count;
}

#endif
