#include "match/packed.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "match/person.h"

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

size_t person_pack(const struct person *p, unsigned char out[PACKED_MAX])
{
    unsigned char *to = out;

    *to++ = (unsigned char)p->sex;
    for (int i = 0; i < 4; i++)
        *to++ = (unsigned char)((uint32_t)p->born >> (8 * i));
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
    uint32_t born = 0;
    unsigned byte;

    if (!take_byte(&b, &byte) || byte > SEX_MALE)
        return false;
    out->sex = (enum incident_sex)byte;
    for (int i = 0; i < 4; i++) {
        if (!take_byte(&b, &byte))
            return false;
        born |= (uint32_t)byte << (8 * i);
    }
    out->born = (day_t)born;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (!take_text(&b, (char *)out + texts[i].at, texts[i].size))
            return false;
    }
    return take_names(&b, out->forenames, &out->forenames_count) &&
           take_names(&b, out->surnames, &out->surnames_count) && b.at == b.end;
}
