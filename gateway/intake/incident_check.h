/* gateway/intake/incident_check.h - readers of members: each judges one JSON value by its rule,
 * puts it where it belongs, or says what is wrong with it. An object is a table of them.
 *
 * A text that is empty or blank is as good as absent: a field of a form that was left empty must
 * not cost a child its call-out. Only a member that has to say something is refused for it.
 */
#ifndef INTAKE_INCIDENT_CHECK_H
#define INTAKE_INCIDENT_CHECK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "intake/problems.h"

struct object_rule;

struct reader {
    struct problems *problems;
    struct err *err;
    int rc;                                   /* -1: out of memory; what follows is read no more */
    time_t latest;                            /* no moment lies after it */
    const struct object_rule *const *objects; /* all of the contract's, for their members' names */
    size_t objects_count;
    char at[PROBLEM_AT_SIZE];
    size_t at_length;
};

typedef void read_fn(struct reader *r, const cJSON *item, void *into, const void *rule);

enum need {
    REQUIRED,
    OPTIONAL,          /* null is as good as absent */
    OPTIONAL_OR_BLANK, /* and so is a blank text, where a date, word or code would stand */
};

struct field {
    const char *name;
    enum need need;
    read_fn *read;
    size_t offset; /* of what it fills, in its object's struct */
    const void *rule;
};

struct object_rule {
    const struct field *fields;
    size_t count; /* 32 at most */
};

struct text_rule {
    size_t max; /* characters */
    const char *too_long;
    bool lines;    /* tabs and line breaks are allowed */
    bool must_say; /* may not be blank */
};

struct code_rule {
    size_t size;       /* of the char array, the NUL included */
    const char *first; /* characters that can be its first */
    const char *rest;
    const char *fault;
};

struct word {
    const char *word;
    int value;
};

struct word_rule {
    const struct word *words; /* up to a NULL word */
    const char *fault;
};

struct number_rule {
    double min, max;
    const char *fault;
};

struct list_rule {
    size_t max;
    const char *too_many;
    size_t stride; /* from one element to the next */
    read_fn *read;
    const void *rule;
};

/* A problem of the value being read, or of a member of it. */
void reader_problem(struct reader *r, const char *text);
void reader_problem_of(struct reader *r, const char *member, const char *text);

/* One step down, and back to where it was. */
size_t reader_enter(struct reader *r, const char *member);
size_t reader_enter_index(struct reader *r, size_t index);
void reader_leave(struct reader *r, size_t before);

/* into:                   rule: */
void read_object(struct reader *r, const cJSON *item, void *into, const void *object_rule);
void read_text(struct reader *r, const cJSON *item, void *personal, const void *text_rule);
void read_code(struct reader *r, const cJSON *item, void *chars, const void *code_rule);
void read_word(struct reader *r, const cJSON *item, void *enumeration, const void *word_rule);
void read_int(struct reader *r, const cJSON *item, void *to, const void *number_rule);
void read_int64(struct reader *r, const cJSON *item, void *to, const void *number_rule);
void read_bool(struct reader *r, const cJSON *item, void *to, const void *unused);
void read_yes_no(struct reader *r, const cJSON *item, void *to, const void *unused); /* int */
void read_day(struct reader *r, const cJSON *item, void *to, const void *unused);
void read_moment(struct reader *r, const cJSON *item, void *to, const void *unused);

/* How many elements of an array will be read, after judging their number; 0 for what is none. */
size_t read_list_length(struct reader *r, const cJSON *item, const struct list_rule *rule);
void read_list(struct reader *r, const cJSON *item, void *into, size_t length,
               const struct list_rule *rule);

/* Absent, null, or a text without a visible character. */
bool item_says_nothing(const cJSON *item);

/* The characters of a code, all of them, first and rest. */
bool code_is_valid(const char *text, const struct code_rule *rule);

#endif
