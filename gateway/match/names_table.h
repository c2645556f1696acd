/* gateway/match/names_table.h - what names.c looks up and names_file.c reads in. */
#ifndef MATCH_NAMES_TABLE_H
#define MATCH_NAMES_TABLE_H

#include <stdint.h>

#include "match/names.h"

/* A line of a list: words that are akin, or, with a head ("william: bill will"), forms of the first
 * of them. */
enum names_list {
    LIST_FORENAME_SPELLINGS,
    LIST_FORENAME_NICKNAMES,
    LIST_SURNAME_SPELLINGS,
    LIST_SURNAME_NICKNAMES,
    LIST_SURNAME_GENDERS,
    LIST_SURNAME_ENDINGS,
    LIST_SURNAME_BEGINNINGS,
    LIST_LETTERS,
    LIST_PARTICLES,
    LIST_FORERUNNERS,
    LISTS,
};

struct names_line {
    uint32_t first, count; /* of words */
    uint8_t list;
    bool head;
};

/* Where a word stands; places are sorted by list, word and line. */
struct names_place {
    uint32_t word; /* its text, in texts */
    uint32_t line;
    uint8_t list;
};

struct names_table {
    char *texts; /* words, each with its NUL */
    size_t texts_length, texts_room;
    uint32_t *words; /* of the lines, where in texts */
    size_t words_count, words_room;
    struct names_line *lines; /* in the order of lists once sorted */
    size_t lines_count, lines_room;
    struct names_place *places;
    uint32_t first_line[LISTS + 1]; /* lines of a list: from [list] to before [list + 1] */
    uint32_t first_place[LISTS + 1];
    uint32_t letters_from[257]; /* places of LIST_LETTERS whose word begins with that byte */
};

void names_table_release(struct names_table *t);

/* Adds a file; names_table_sort when all are in. */
int names_table_read(struct names_table *t, const char *path, struct err *err) MUST_CHECK;
int names_table_sort(struct names_table *t, struct err *err) MUST_CHECK;

#endif
