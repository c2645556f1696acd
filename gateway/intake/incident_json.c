#include "intake/incident_json.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/personal.h"
#include "intake/incident.h"

enum {
    NUMBER_MAX = 40, /* characters; cJSON reads no more than 63 */
    /* A number and what parts it from the next are two bytes at least. */
    NUMBERS_MAX = INCIDENT_BYTES_MAX / 2 + 1,
};

struct scan {
    const unsigned char *p, *end;
    int depth;
    size_t numbers;
    unsigned char odd[NUMBERS_MAX / 8 + 1]; /* a bit a number: not written as a whole number */
};

static const char too_deep[] = "is nested more than 8 deep";
static const char cut_off[] = "is not JSON: it ends too early";
static const char no_value[] = "is not JSON: a value is missing or misspelt";

/* The length of the UTF-8 sequence at p, 0 when there is none (Unicode 15.0, table 3-7). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t length;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (length > left)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0; /* below: overlong */
    else if (p[0] == 0xED)
        high = 0x9F; /* above: surrogates */
    else if (p[0] == 0xF0)
        low = 0x90; /* below: overlong */
    else if (p[0] == 0xF4)
        high = 0x8F; /* above: beyond U+10FFFF */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

static bool is_utf8(const unsigned char *p, size_t length)
{
    size_t step;

    for (size_t i = 0; i < length; i += step) {
        step = utf8_sequence(p + i, length - i);
        if (step == 0)
            return false;
    }
    return true;
}

static void skip_space(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool next_is(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != (unsigned char)c)
        return false;
    s->p++;
    return true;
}

static bool is_digit(const struct scan *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int hex4(struct scan *s)
{
    int value = 0;

    if (s->end - s->p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = *s->p++;

        if (c >= '0' && c <= '9')
            value = value * 16 + c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value * 16 + (c | 0x20) - 'a' + 10;
        else
            return -1;
    }
    return value;
}

static const char *scan_escape(struct scan *s)
{
    static const char unknown[] = "is not JSON: it has an escape that JSON does not know";
    static const char surrogate[] = "has half of a surrogate pair";
    int unit;

    if (s->p == s->end)
        return cut_off;
    if (*s->p != 'u')
        return strchr("\"\\/bfnrt", *s->p++) ? NULL : unknown; /* NUL bytes are refused before */
    s->p++;
    unit = hex4(s);
    if (unit < 0)
        return unknown;
    if (unit == 0)
        return "has a NUL character";
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return surrogate;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        if (!next_is(s, '\\') || !next_is(s, 'u'))
            return surrogate;
        unit = hex4(s);
        if (unit < 0xDC00 || unit > 0xDFFF)
            return surrogate;
    }
    return NULL;
}

static const char *scan_string(struct scan *s)
{
    const char *fault;

    for (s->p++; s->p < s->end;) {
        unsigned char c = *s->p++;

        if (c == '"')
            return NULL;
        if (c < 0x20)
            return "is not JSON: it has a bare control character in a text";
        if (c == '\\' && (fault = scan_escape(s)))
            return fault;
    }
    return cut_off;
}

static const char *scan_number(struct scan *s)
{
    static const char misspelt[] = "is not JSON: it has a misspelt number";
    const unsigned char *start = s->p;
    bool negative = next_is(s, '-'), odd = false;

    if (!is_digit(s))
        return misspelt;
    if (next_is(s, '0')) {
        if (is_digit(s))
            return misspelt;
        odd = negative;
    }
    while (is_digit(s))
        s->p++;
    if (next_is(s, '.')) {
        odd = true;
        if (!is_digit(s))
            return misspelt;
        while (is_digit(s))
            s->p++;
    }
    if (next_is(s, 'e') || next_is(s, 'E')) {
        odd = true;
        if (!next_is(s, '+'))
            (void)next_is(s, '-');
        if (!is_digit(s))
            return misspelt;
        while (is_digit(s))
            s->p++;
    }
    if (s->p - start > NUMBER_MAX)
        return "has a number of more than 40 characters";
    if (odd)
        s->odd[s->numbers / 8] |= (unsigned char)(1u << s->numbers % 8);
    s->numbers++;
    return NULL;
}

static const char *scan_word(struct scan *s, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(s->end - s->p) < length || memcmp(s->p, word, length) != 0)
        return no_value;
    s->p += length;
    return NULL;
}

static const char *scan_value(struct scan *s);

/* An array, or an object, whose members have names. */
static const char *scan_list(struct scan *s, char close, bool named)
{
    const char *fault;

    if (++s->depth > INCIDENT_DEPTH_MAX)
        return too_deep;
    s->p++;
    skip_space(s);
    if (next_is(s, close)) {
        s->depth--;
        return NULL;
    }
    for (;;) {
        if (named) {
            skip_space(s);
            if (s->p == s->end)
                return cut_off;
            if (*s->p != '"')
                return "is not JSON: a member has no name";
            if ((fault = scan_string(s)))
                return fault;
            skip_space(s);
            if (!next_is(s, ':'))
                return s->p == s->end ? cut_off : "is not JSON: a member has no colon";
        }
        if ((fault = scan_value(s)))
            return fault;
        skip_space(s);
        if (next_is(s, close)) {
            s->depth--;
            return NULL;
        }
        if (!next_is(s, ','))
            return s->p == s->end ? cut_off : "is not JSON: a comma or bracket is missing";
    }
}

static const char *scan_value(struct scan *s)
{
    skip_space(s);
    if (s->p == s->end)
        return cut_off;
    switch (*s->p) {
    case '{':
        return scan_list(s, '}', true);
    case '[':
        return scan_list(s, ']', false);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return *s->p == '-' || is_digit(s) ? scan_number(s) : no_value;
    }
}

static const char *scan_message(struct scan *s)
{
    const char *fault;

    skip_space(s);
    if (s->p == s->end)
        return "is empty";
    if ((fault = scan_value(s)))
        return fault;
    skip_space(s);
    return s->p == s->end ? NULL : "is not JSON: something follows the value";
}

/* The tree has the numbers in the order in which they were scanned. */
static void mark_odd_numbers(cJSON *item, const struct scan *s, size_t *number)
{
    for (; item; item = item->next) {
        if (cJSON_IsNumber(item)) {
            if (s->odd[*number / 8] >> *number % 8 & 1)
                item->valuedouble = NAN;
            ++*number;
        }
        mark_odd_numbers(item->child, s, number);
    }
}

int incident_json_parse(const char *json, size_t length, cJSON **out, struct problems *problems,
                        struct err *err)
{
    struct scan s;
    const char *fault;
    size_t number = 0;

    *out = NULL;
    if (length == 0)
        return problems_add(problems, "", "is empty", err);
    if (length > INCIDENT_BYTES_MAX)
        return problems_add(problems, "", "is longer than 64 KiB", err);
    if (memchr(json, '\0', length) && problems_add(problems, "", "has a NUL byte", err) < 0)
        return -1;
    if (!is_utf8((const unsigned char *)json, length) &&
        problems_add(problems, "", "is not UTF-8", err) < 0)
        return -1;
    if (problems->count > 0)
        return 0;
    if (length >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0)
        return problems_add(problems, "", "begins with a byte order mark", err);
    memset(&s, 0, sizeof s);
    s.p = (const unsigned char *)json;
    s.end = s.p + length;
    fault = scan_message(&s);
    if (fault)
        return problems_add(problems, "", fault, err);
    *out = cJSON_ParseWithLength(json, length);
    if (!*out) /* it is JSON: what else can have failed */
        return err_memory(err);
    mark_odd_numbers(*out, &s, &number);
    return 0;
}

bool incident_json_is_whole(const cJSON *item)
{
    return cJSON_IsNumber(item) && !isnan(item->valuedouble);
}

static void wipe(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->valuestring)
            personal_wipe(item->valuestring, strlen(item->valuestring));
        if (item->string) /* an unknown member can be called by a person's name */
            personal_wipe(item->string, strlen(item->string));
        wipe(item->child);
    }
}

void incident_json_free(cJSON *tree)
{
    wipe(tree);
    cJSON_Delete(tree);
}
