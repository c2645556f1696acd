#include "intake/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problems_init(struct problems *p)
{
    memset(p, 0, sizeof *p);
}

void problems_release(struct problems *p)
{
    free(p->list);
    problems_init(p);
}

int problems_add(struct problems *p, const char *at, const char *text, struct err *err)
{
    return problems_add_member(p, at, text, 0, err);
}

int problems_add_member(struct problems *p, const char *at, const char *text, unsigned member,
                        struct err *err)
{
    for (size_t i = 0; i < p->count; i++) { /* said already */
        if (p->list[i].text == text && p->list[i].member == member &&
            strcmp(p->list[i].at, at) == 0)
            return 0;
    }
    if (p->count == PROBLEMS_MAX) {
        p->more = true;
        return 0;
    }
    if (!p->list) {
        p->list = calloc(PROBLEMS_MAX, sizeof *p->list);
        if (!p->list)
            return err_memory(err);
    }
    snprintf(p->list[p->count].at, sizeof p->list[p->count].at, "%s", at);
    p->list[p->count].text = text;
    p->list[p->count].member = member;
    p->count++;
    return 0;
}

const char *problem_words(const struct problem *p, char out[PROBLEM_WORDS_SIZE])
{
    if (p->member > 0)
        snprintf(out, PROBLEM_WORDS_SIZE, "%s: number %u of its members", p->text, p->member);
    else
        snprintf(out, PROBLEM_WORDS_SIZE, "%s", p->text);
    return out;
}

/* Pointers hold names that are plain, and numbers; texts are literals
 * of ours: nothing here needs escaping. */
void problems_json(const struct problems *p, struct buf *out)
{
    char words[PROBLEM_WORDS_SIZE];

    buf_add_char(out, '[');
    for (size_t i = 0; i < p->count; i++)
        buf_addf(out, "%s{\"at\":\"%s\",\"problem\":\"%s\"}", i > 0 ? "," : "", p->list[i].at,
                 problem_words(&p->list[i], words));
    if (p->more)
        buf_add_text(out, ",{\"at\":\"\",\"problem\":\"has more problems than are listed\"}");
    buf_add_char(out, ']');
}
