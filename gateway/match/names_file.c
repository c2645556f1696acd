#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/names_table.h"
#include "match/normalise.h"

enum { LINE_MAX_BYTES = 4096, TEXTS_MAX = 32 << 20 };

static const char *const sections[LISTS] = {
    [LIST_FORENAME_SPELLINGS] = "forename spellings",
    [LIST_FORENAME_NICKNAMES] = "forename nicknames",
    [LIST_SURNAME_SPELLINGS] = "surname spellings",
    [LIST_SURNAME_NICKNAMES] = "surname forms",
    [LIST_SURNAME_GENDERS] = "surname genders",
    [LIST_SURNAME_ENDINGS] = "surname endings",
    [LIST_SURNAME_BEGINNINGS] = "surname beginnings",
    [LIST_LETTERS] = "letters",
    [LIST_PARTICLES] = "particles",
    [LIST_FORERUNNERS] = "forerunners",
};

struct file {
    struct names_table *table;
    const char *path;
    size_t line;
    int list; /* -1: no section yet */
};

static int wrong(const struct file *f, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s:%zu: %s", f->path, f->line, what);
}

static int grow(void **array, size_t *room, size_t needed, size_t size, struct err *err)
{
    size_t more = *room ? *room : 256;
    void *moved;

    if (needed <= *room)
        return 0;
    while (more < needed)
        more *= 2;
    moved = reallocarray(*array, more, size);
    if (!moved)
        return err_memory(err);
    *array = moved;
    *room = more;
    return 0;
}

static int add_word(struct names_table *t, const char *word, struct err *err)
{
    size_t n = strlen(word) + 1;

    if (t->texts_length + n > TEXTS_MAX)
        return err_set(err, ERR_LIMIT, "names: more than %d MiB", TEXTS_MAX >> 20);
    if (grow((void **)&t->texts, &t->texts_room, t->texts_length + n, 1, err) < 0 ||
        grow((void **)&t->words, &t->words_room, t->words_count + 1, sizeof *t->words, err) < 0)
        return -1;
    memcpy(t->texts + t->texts_length, word, n);
    t->words[t->words_count++] = (uint32_t)t->texts_length;
    t->texts_length += n;
    return 0;
}

static int take_section(struct file *f, const char *text, struct err *err)
{
    const char *end = strchr(text, ']');

    for (int i = 0; end && end[1] == '\0' && i < LISTS; i++) {
        size_t n = strlen(sections[i]);

        if (n == (size_t)(end - text) - 1 && memcmp(text + 1, sections[i], n) == 0) {
            f->list = i;
            return 0;
        }
    }
    return wrong(f, "is no section that there is, see the README of config/names", err);
}

/* One word: "-" stands for nothing, where a list of pieces may have that. */
static int take_word(struct file *f, const char *text, struct err *err)
{
    char folded[NAME_SIZE], word[NAME_SIZE];

    if (strcmp(text, "-") == 0) {
        if (f->list != LIST_SURNAME_ENDINGS && f->list != LIST_SURNAME_BEGINNINGS)
            return wrong(f, "- stands for no ending or no beginning, and has no place here", err);
        return add_word(f->table, "", err);
    }
    normalise_name(text, folded);
    if (name_squash(folded, word) == 0)
        return wrong(f, "has a word without letters", err);
    return add_word(f->table, word, err);
}

static int take_words(struct file *f, char *text, struct err *err)
{
    struct names_table *t = f->table;
    struct names_line line = {.first = (uint32_t)t->words_count, .list = (uint8_t)f->list};

    while (*text) {
        char *word = text;
        size_t n = strcspn(word, " \t");

        text += n;
        text += strspn(text, " \t");
        word[n] = '\0'; /* where text was, or the end */
        if (n > 1 && word[n - 1] == ':') {
            if (line.head || t->words_count > line.first)
                return wrong(f, "only the first word of a line can have the colon", err);
            line.head = true;
            word[n - 1] = '\0';
        }
        if (take_word(f, word, err) < 0)
            return -1;
    }
    line.count = (uint32_t)t->words_count - line.first;
    if (line.count < 2 && f->list != LIST_PARTICLES && f->list != LIST_FORERUNNERS)
        return wrong(f, "has one word, which is akin to nothing", err);
    if (line.head && f->list > LIST_SURNAME_NICKNAMES)
        return wrong(f, "a colon means something among names alone", err);
    if (grow((void **)&t->lines, &t->lines_room, t->lines_count + 1, sizeof *t->lines, err) < 0)
        return -1;
    t->lines[t->lines_count++] = line;
    return 0;
}

static int take_line(struct file *f, char *text, struct err *err)
{
    size_t n = strcspn(text, "#\r\n");

    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    text[n] = '\0';
    text += strspn(text, " \t");
    if (!*text)
        return 0;
    if (*text == '[')
        return take_section(f, text, err);
    if (f->list < 0)
        return wrong(f, "stands before any section", err);
    return take_words(f, text, err);
}

int names_table_read(struct names_table *t, const char *path, struct err *err)
{
    struct file f = {.table = t, .path = path, .list = -1};
    char line[LINE_MAX_BYTES];
    FILE *in = fopen(path, "re");
    int rc = 0;

    if (!in)
        return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
    while (rc == 0 && fgets(line, sizeof line, in)) {
        f.line++;
        if (strlen(line) + 1 == sizeof line && line[sizeof line - 2] != '\n')
            rc = wrong(&f, "is longer than 4 KiB", err);
        else
            rc = take_line(&f, line, err);
    }
    if (rc == 0 && ferror(in))
        rc = err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
    fclose(in);
    return rc;
}

static int by_list(const void *a, const void *b)
{
    const struct names_line *x = a, *y = b;

    if (x->list != y->list)
        return x->list - y->list;
    return (x->first > y->first) - (x->first < y->first);
}

static int by_text(const void *a, const void *b, void *texts)
{
    const struct names_place *x = a, *y = b;
    int order;

    if (x->list != y->list)
        return x->list - y->list;
    order = strcmp((const char *)texts + x->word, (const char *)texts + y->word);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

int names_table_sort(struct names_table *t, struct err *err)
{
    size_t n = 0, line = 0;

    if (t->lines_count == 0)
        return 0;
    qsort(t->lines, t->lines_count, sizeof *t->lines, by_list);
    t->places = calloc(t->words_count, sizeof *t->places);
    if (!t->places)
        return err_memory(err);
    for (size_t i = 0; i < t->lines_count; i++) {
        const struct names_line *l = &t->lines[i];

        for (size_t j = 0; j < l->count; j++)
            t->places[n++] = (struct names_place){t->words[l->first + j], (uint32_t)i, l->list};
    }
    qsort_r(t->places, n, sizeof *t->places, by_text, t->texts);
    for (size_t list = 0, place = 0; list <= LISTS; list++) {
        while (line < t->lines_count && t->lines[line].list < list)
            line++;
        while (place < n && t->places[place].list < list)
            place++;
        t->first_line[list] = (uint32_t)line;
        t->first_place[list] = (uint32_t)place;
    }
    for (unsigned byte = 0, place = t->first_place[LIST_LETTERS]; byte <= 256; byte++) {
        while (place < t->first_place[LIST_LETTERS + 1] &&
               (unsigned char)t->texts[t->places[place].word] < byte)
            place++;
        t->letters_from[byte] = place;
    }
    return 0;
}

void names_table_release(struct names_table *t)
{
    free(t->texts);
    free(t->words);
    free(t->lines);
    free(t->places);
    memset(t, 0, sizeof *t);
}
