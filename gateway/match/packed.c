#include "match/packed.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "match/person.h"
#include "match/school.h"

/* A text is its length in one byte, then its letters. */
static_assert(NAME_SIZE <= 256, "a name's length fits a byte");

static const struct {
    size_t at, size;
} texts[] = {
#define TEXT(member)                                                                               \
    {                                                                                              \
        offsetof(struct person, member), sizeof(((struct person *)0)->member)                      \
    }
    TEXT(middle_names),
    TEXT(upn),
    TEXT(postcode),
    TEXT(la_code),
    TEXT(house),
    TEXT(street),
    TEXT(other_home.house),
    TEXT(other_home.street),
    TEXT(other_home.postcode),
#undef TEXT
};

static unsigned char *put_text(unsigned char *to, const char *text)
{
    *to++ = (unsigned char)strlen(text);
    while (*text)
        *to++ = (unsigned char)*text++;
    return to;
}

static unsigned char *put_names(unsigned char *to, const char names[][NAME_SIZE], size_t count)
{
    *to++ = (unsigned char)count;
    for (size_t i = 0; i < count; i++)
        to = put_text(to, names[i]);
    return to;
}

static unsigned char *put_day(unsigned char *to, day_t day)
{
    for (int i = 0; i < 4; i++)
        *to++ = (unsigned char)((uint32_t)day >> (8 * i));
    return to;
}

size_t person_pack(const struct person *p, unsigned char out[PACKED_MAX])
{
    unsigned char *to = out;

    *to++ = (unsigned char)p->sex;
    to = put_day(to, p->born);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        to = put_text(to, (const char *)p + texts[i].at);
    to = put_names(to, p->forenames, p->forenames_count);
    to = put_names(to, p->surnames, p->surnames_count);
    return (size_t)(to - out);
}

struct bytes {
    const unsigned char *at, *end;
};

static bool take_byte(struct bytes *b, unsigned *out)
{
    if (b->at == b->end)
        return false;
    *out = *b->at++;
    return true;
}

static bool take_day(struct bytes *b, day_t *out)
{
    uint32_t day = 0;
    unsigned byte;

    for (int i = 0; i < 4; i++) {
        if (!take_byte(b, &byte))
            return false;
        day |= (uint32_t)byte << (8 * i);
    }
    *out = (day_t)day;
    return true;
}

static bool take_text(struct bytes *b, char *out, size_t size)
{
    unsigned n;

    if (!take_byte(b, &n) || n >= size || (size_t)(b->end - b->at) < n)
        return false;
    memcpy(out, b->at, n);
    out[n] = '\0';
    b->at += n;
    return true;
}

static bool take_names(struct bytes *b, char names[PERSON_NAMES][NAME_SIZE], size_t *count)
{
    unsigned n;

    if (!take_byte(b, &n) || n > PERSON_NAMES)
        return false;
    for (*count = 0; *count < n; ++*count) {
        if (!take_text(b, names[*count], NAME_SIZE))
            return false;
    }
    return true;
}

bool person_unpack(const void *bytes, size_t length, struct person *out)
{
    struct bytes b = {bytes, (const unsigned char *)bytes + length};
    unsigned byte;

    if (!take_byte(&b, &byte) || byte > SEX_MALE)
        return false;
    out->sex = (enum incident_sex)byte;
    if (!take_day(&b, &out->born))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (!take_text(&b, (char *)out + texts[i].at, texts[i].size))
            return false;
    }
    return take_names(&b, out->forenames, &out->forenames_count) &&
           take_names(&b, out->surnames, &out->surnames_count) && b.at == b.end;
}

void schools_init(struct schools *s)
{
    s->ever = false;
    s->count = 0;
}

void schools_add(struct schools *s, const char *namespace, const char *urn, const char *name,
                 bool main, day_t to)
{
    struct on_roll *r = &s->list[s->count];

    if (s->count == ON_ROLL_MAX)
        return;
    s->ever = true;
    s->count++;
    r->main = main;
    r->to = to;
    r->door[0] = r->name[0] = '\0';
    if (urn[0])
        snprintf(r->door, sizeof r->door, "%.6s/%.16s", namespace, urn);
    if (name)
        school_fold(name, r->name);
}

size_t schools_pack(const struct schools *s, unsigned char out[SCHOOLS_PACKED_MAX])
{
    unsigned char *to = out;

    *to++ = s->ever;
    *to++ = (unsigned char)s->count;
    for (size_t i = 0; i < s->count; i++) {
        *to++ = s->list[i].main;
        to = put_day(to, s->list[i].to);
        to = put_text(to, s->list[i].door);
        to = put_text(to, s->list[i].name);
    }
    return (size_t)(to - out);
}

bool schools_unpack(const void *bytes, size_t length, struct schools *out)
{
    struct bytes b = {bytes, (const unsigned char *)bytes + length};
    unsigned ever, count, main;

    if (!take_byte(&b, &ever) || ever > 1 || !take_byte(&b, &count) || count > ON_ROLL_MAX)
        return false;
    out->ever = ever != 0;
    for (out->count = 0; out->count < count; out->count++) {
        struct on_roll *r = &out->list[out->count];

        if (!take_byte(&b, &main) || main > 1 || !take_day(&b, &r->to) ||
            !take_text(&b, r->door, sizeof r->door) || !take_text(&b, r->name, sizeof r->name))
            return false;
        r->main = main != 0;
    }
    return b.at == b.end;
}

static enum standing standing_by(const struct on_roll *r, day_t on)
{
    if (on != DAY_NONE && r->to != DAY_NONE && r->to < on)
        return STANDING_LEFT;
    return r->main ? STANDING_OWN : STANDING_SECOND;
}

void schools_give(const struct schools *s, day_t on, struct person *p)
{
    p->standing = s->ever ? STANDING_LEFT : STANDING_OWN;
    for (size_t i = 0; i < s->count; i++) {
        const struct on_roll *r = &s->list[i];
        enum standing standing = standing_by(r, on);

        if (standing < p->standing)
            p->standing = standing;
        if (r->door[0] && p->schools_count < PERSON_SCHOOLS)
            memcpy(p->schools[p->schools_count++], r->door, strlen(r->door) + 1);
        if (r->name[0] && p->school_names_count < PERSON_SCHOOLS)
            memcpy(p->school_names[p->school_names_count++], r->name, strlen(r->name) + 1);
    }
}
