#include "intake/incident_check.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "base/date.h"
#include "base/personal.h"
#include "intake/incident_json.h"

enum {
    TEXT_MAX = 4000,       /* the most that any text rule allows */
    UNKNOWN_NAME_MAX = 40, /* longer names of unknown members are not repeated */
    FIRST_YEAR = 2000,
};

static const char not_text[] = "is not text";

void reader_problem(struct reader *r, const char *text)
{
    if (r->rc == 0)
        r->rc = problems_add(r->problems, r->at, text, r->err);
}

void reader_problem_of(struct reader *r, const char *member, const char *text)
{
    size_t before = reader_enter(r, member);

    reader_problem(r, text);
    reader_leave(r, before);
}

/* Members are the contract's or short, and nested no more than its depth: a pointer always fits. */
size_t reader_enter(struct reader *r, const char *member)
{
    size_t before = r->at_length;
    size_t left = sizeof r->at - before;
    int length = snprintf(r->at + before, left, "/%s", member);

    if (length > 0)
        r->at_length += (size_t)length < left ? (size_t)length : left - 1;
    return before;
}

size_t reader_enter_index(struct reader *r, size_t index)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%zu", index);
    return reader_enter(r, digits);
}

void reader_leave(struct reader *r, size_t before)
{
    r->at_length = before;
    r->at[before] = '\0';
}

/* Whether a name has the letters of one that the contract knows: without case, _ and -. */
static bool is_spelt_like(const char *name, const char *known)
{
    for (;; name++, known++) {
        while (*name == '_' || *name == '-')
            name++;
        while (*known == '_')
            known++;
        if ((*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name) != *known)
            return false;
        if (*name == '\0')
            return true;
    }
}

/* Whether a member's name can be told to whoever reads receipts and logs: it may be a child's. */
static bool may_name(const struct reader *r, const char *name)
{
    if (strlen(name) > UNKNOWN_NAME_MAX)
        return false;
    for (size_t i = 0; i < r->objects_count; i++) {
        for (size_t f = 0; f < r->objects[i]->count; f++) {
            if (is_spelt_like(name, r->objects[i]->fields[f].name))
                return true;
        }
    }
    return false;
}

static bool is_absent(const struct field *field, const cJSON *member)
{
    switch (field->need) {
    case REQUIRED:
        return false;
    case OPTIONAL:
        return cJSON_IsNull(member);
    case OPTIONAL_OR_BLANK:
        return item_says_nothing(member);
    }
    return false;
}

static void unknown_member(struct reader *r, const char *name, unsigned number)
{
    if (may_name(r, name))
        reader_problem_of(r, name, "is not a member that is known here");
    else if (r->rc == 0)
        r->rc = problems_add_member(r->problems, r->at, "has a member that is not known here",
                                    number, r->err);
}

void read_object(struct reader *r, const cJSON *item, void *into, const void *object_rule)
{
    const struct object_rule *rule = object_rule;
    const struct field *fields = rule->fields;
    uint32_t seen = 0;
    unsigned number = 0;

    if (!cJSON_IsObject(item)) {
        reader_problem(r, "is not an object");
        return;
    }
    for (const cJSON *member = item->child; member; member = member->next) {
        size_t i = 0, before;

        number++;
        while (i < rule->count && strcmp(fields[i].name, member->string) != 0)
            i++;
        if (i == rule->count) {
            unknown_member(r, member->string, number);
            continue;
        }
        before = reader_enter(r, fields[i].name);
        if (seen >> i & 1)
            reader_problem(r, "is there twice");
        else if (!is_absent(&fields[i], member))
            fields[i].read(r, member, (char *)into + fields[i].offset, fields[i].rule);
        seen |= (uint32_t)1 << i;
        reader_leave(r, before);
    }
    for (size_t i = 0; i < rule->count; i++) {
        if (fields[i].need == REQUIRED && !(seen >> i & 1))
            reader_problem_of(r, fields[i].name, "is missing");
    }
}

/* What a text of people's words is made of; white space alone says nothing. */
struct text_look {
    size_t characters;
    bool says_something;
    bool controls;
    bool hides;
    bool is_plain; /* below U+0300 nothing composes */
};

static void look_at_text(const char *text, bool lines, struct text_look *look)
{
    int32_t length = (int32_t)strlen(text);
    UChar32 c;

    memset(look, 0, sizeof *look);
    look->is_plain = true;
    for (int32_t i = 0; i < length;) {
        U8_NEXT(text, i, length, c); /* the whole message is known to be UTF-8 */
        look->characters++;
        if (c > ' ' && c < 0x7F) { /* nearly all of it */
            look->says_something = true;
            continue;
        }
        if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029)
            look->controls |= !lines || !(c == '\t' || c == '\n' || c == '\r' || c >= 0x2028);
        else if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
                 U_IS_UNICODE_NONCHAR(c))
            look->hides = true;
        if (c >= 0x300)
            look->is_plain = false;
        if (!u_isUWhiteSpace(c))
            look->says_something = true;
    }
}

/* 1, 0, or -1 when ICU fails. At most TEXT_MAX characters. */
static int text_is_nfc(const char *text, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    UChar wide[2 * TEXT_MAX + 1];
    int32_t length = 0;
    UBool is;

    u_strFromUTF8(wide, (int32_t)ARRAY_SIZE(wide), &length, text, -1, &status);
    is = unorm2_isNormalized(nfc, wide, length, &status);
    personal_wipe(wide, sizeof wide);
    if (status == U_MEMORY_ALLOCATION_ERROR)
        return err_memory(err);
    if (U_FAILURE(status))
        return err_set(err, ERR_SYSTEM, "ICU cannot normalise: %s", u_errorName(status));
    return is != 0;
}

void read_text(struct reader *r, const cJSON *item, void *personal, const void *text_rule)
{
    const struct text_rule *rule = text_rule;
    struct text_look look;
    size_t problems = r->problems->count;

    if (!cJSON_IsString(item)) {
        reader_problem(r, not_text);
        return;
    }
    look_at_text(item->valuestring, rule->lines, &look);
    if (look.characters > rule->max)
        reader_problem(r, rule->too_long);
    if (look.controls)
        reader_problem(r, "has a control character");
    if (look.hides)
        reader_problem(r, "has a character that hides or reorders text");
    if (!look.is_plain && look.characters <= rule->max && r->rc == 0) {
        int nfc = text_is_nfc(item->valuestring, r->err);

        if (nfc < 0)
            r->rc = -1;
        else if (nfc == 0)
            reader_problem(r, "is not in Unicode's composed form (NFC)");
    }
    if (!look.says_something && rule->must_say)
        reader_problem(r, "is blank");
    if (look.says_something && r->rc == 0 && r->problems->count == problems)
        r->rc = personal_set_text(personal, item->valuestring, r->err);
}

bool item_says_nothing(const cJSON *item)
{
    struct text_look look;

    if (!item || cJSON_IsNull(item))
        return true;
    if (!cJSON_IsString(item))
        return false;
    look_at_text(item->valuestring, true, &look);
    return !look.says_something;
}

bool code_is_valid(const char *text, const struct code_rule *rule)
{
    size_t length = strlen(text);

    return length > 0 && length < rule->size && strchr(rule->first, text[0]) &&
           1 + strspn(text + 1, rule->rest) == length;
}

void read_code(struct reader *r, const cJSON *item, void *chars, const void *code_rule)
{
    const struct code_rule *rule = code_rule;

    if (!cJSON_IsString(item))
        reader_problem(r, not_text);
    else if (!code_is_valid(item->valuestring, rule))
        reader_problem(r, rule->fault);
    else
        memcpy(chars, item->valuestring, strlen(item->valuestring) + 1);
}

void read_word(struct reader *r, const cJSON *item, void *enumeration, const void *word_rule)
{
    const struct word_rule *rule = word_rule;

    if (!cJSON_IsString(item)) {
        reader_problem(r, not_text);
        return;
    }
    for (const struct word *w = rule->words; w->word; w++) {
        if (strcmp(w->word, item->valuestring) == 0) {
            *(unsigned *)enumeration = (unsigned)w->value;
            return;
        }
    }
    reader_problem(r, rule->fault);
}

static bool number_is_within(struct reader *r, const cJSON *item, const struct number_rule *rule)
{
    if (!incident_json_is_whole(item))
        reader_problem(r, "is not a whole number");
    else if (item->valuedouble < rule->min || item->valuedouble > rule->max)
        reader_problem(r, rule->fault);
    else
        return true;
    return false;
}

void read_int(struct reader *r, const cJSON *item, void *to, const void *number_rule)
{
    if (number_is_within(r, item, number_rule))
        *(int *)to = (int)item->valuedouble;
}

void read_int64(struct reader *r, const cJSON *item, void *to, const void *number_rule)
{
    if (number_is_within(r, item, number_rule))
        *(int64_t *)to = (int64_t)item->valuedouble;
}

static bool is_true_or_false(struct reader *r, const cJSON *item)
{
    if (!cJSON_IsBool(item))
        reader_problem(r, "is neither true nor false");
    return cJSON_IsBool(item);
}

void read_bool(struct reader *r, const cJSON *item, void *to, const void *unused)
{
    (void)unused;
    if (is_true_or_false(r, item))
        *(bool *)to = cJSON_IsTrue(item);
}

void read_yes_no(struct reader *r, const cJSON *item, void *to, const void *unused)
{
    (void)unused;
    if (is_true_or_false(r, item))
        *(int *)to = cJSON_IsTrue(item) ? 1 : 0;
}

void read_day(struct reader *r, const cJSON *item, void *to, const void *unused)
{
    day_t day;

    (void)unused;
    if (!cJSON_IsString(item)) {
        reader_problem(r, not_text);
        return;
    }
    day = day_parse(item->valuestring);
    if (day == DAY_NONE)
        reader_problem(r, "is not a date");
    else
        *(day_t *)to = day;
}

void read_moment(struct reader *r, const cJSON *item, void *to, const void *unused)
{
    time_t t;

    (void)unused;
    if (!cJSON_IsString(item))
        reader_problem(r, not_text);
    else if (!moment_parse(item->valuestring, &t))
        reader_problem(r, "is not a date and time with its zone");
    else if (t < (time_t)day_from_civil(FIRST_YEAR, 1, 1) * 86400)
        reader_problem(r, "lies before the year 2000");
    else if (t > r->latest)
        reader_problem(r, "lies in the future");
    else
        *(time_t *)to = t;
}

size_t read_list_length(struct reader *r, const cJSON *item, const struct list_rule *rule)
{
    size_t length;

    if (!cJSON_IsArray(item)) {
        reader_problem(r, "is not an array");
        return 0;
    }
    length = (size_t)cJSON_GetArraySize(item);
    if (length <= rule->max)
        return length;
    reader_problem(r, rule->too_many);
    return rule->max;
}

void read_list(struct reader *r, const cJSON *item, void *into, size_t length,
               const struct list_rule *rule)
{
    const cJSON *element = item->child;

    for (size_t i = 0; i < length; i++, element = element->next) {
        size_t before = reader_enter_index(r, i);

        rule->read(r, element, (char *)into + i * rule->stride, rule->rule);
        reader_leave(r, before);
    }
}
