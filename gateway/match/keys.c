#include "match/keys.h"

#include <assert.h>
#include <string.h>

#include "base/personal.h"
#include "match/normalise.h"

/* The names that keys are made of, without spaces: each whole name, then the words of those that
 * have several. */
enum { PARTS = 16, YEARS = 4, WORD_LEAST = 3 };

struct parts {
    char names[PARTS][NAME_SIZE];
    size_t count;
};

/* What the kinds are made from: one reading of the person. */
struct reading {
    const struct parts *forenames, *surnames;
    const struct person *person;
    day_t born; /* DAY_NONE: only years */
    int years[YEARS];
    size_t years_count;
};

struct keys {
    uint64_t *out;
    size_t count, limit;
};

static uint64_t fnv(uint64_t h, const void *bytes, size_t length)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < length; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void add(struct keys *k, unsigned char kind, const char *a, const char *b, int64_t number)
{
    uint64_t h = fnv(UINT64_C(0xcbf29ce484222325), &kind, 1);
    unsigned char digits[8];

    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = (unsigned char)((uint64_t)number >> (8 * i));
    h = fnv(h, a, strlen(a));
    h = fnv(h, "\x1f", 1);
    h = fnv(h, b, strlen(b));
    h = fnv(h, "\x1f", 1);
    h = fnv(h, digits, sizeof digits);
    for (size_t i = 0; i < k->count; i++) {
        if (k->out[i] == h)
            return;
    }
    if (k->count < k->limit)
        k->out[k->count++] = h;
}

static void upn(unsigned char kind, const struct reading *r, struct keys *k)
{
    if (r->person->upn[0])
        add(k, kind, r->person->upn, "", 0);
}

static void surname_born(unsigned char kind, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; r->born != DAY_NONE && i < r->surnames->count; i++)
        add(k, kind, r->surnames->names[i], "", r->born);
}

static void forename_born(unsigned char kind, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; r->born != DAY_NONE && i < r->forenames->count; i++)
        add(k, kind, r->forenames->names[i], "", r->born);
}

static const char *initial(const char *name, char out[2])
{
    out[0] = name[0];
    out[1] = '\0';
    return out;
}

static void initials_born(unsigned char kind, const struct reading *r, struct keys *k)
{
    char a[2], b[2];

    for (size_t i = 0; r->born != DAY_NONE && i < r->forenames->count; i++) {
        for (size_t j = 0; j < r->surnames->count; j++)
            add(k, kind, initial(r->forenames->names[i], a), initial(r->surnames->names[j], b),
                r->born);
    }
}

static void full_name(unsigned char kind, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; i < r->forenames->count; i++) {
        for (size_t j = 0; j < r->surnames->count; j++)
            add(k, kind, r->forenames->names[i], r->surnames->names[j], 0);
    }
}

static void surname_initial_year(unsigned char kind, const struct reading *r, struct keys *k)
{
    char a[2];

    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->surnames->count; i++) {
            for (size_t j = 0; j < r->forenames->count; j++)
                add(k, kind, initial(r->forenames->names[j], a), r->surnames->names[i],
                    r->years[y]);
        }
    }
}

static void postcode_forename(unsigned char kind, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; postcode_is_whole(r->person->postcode) && i < r->forenames->count; i++)
        add(k, kind, r->person->postcode, r->forenames->names[i], 0);
}

static void postcode_surname(unsigned char kind, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; postcode_is_whole(r->person->postcode) && i < r->surnames->count; i++)
        add(k, kind, r->person->postcode, r->surnames->names[i], 0);
}

static void postcode_year(unsigned char kind, const struct reading *r, struct keys *k)
{
    for (size_t y = 0; postcode_is_whole(r->person->postcode) && y < r->years_count; y++)
        add(k, kind, r->person->postcode, "", r->years[y]);
}

static void district_born(unsigned char kind, const struct reading *r, struct keys *k)
{
    char outward[POSTCODE_SIZE];
    size_t n = postcode_outward(r->person->postcode);

    if (n == 0 || r->born == DAY_NONE)
        return;
    memcpy(outward, r->person->postcode, n);
    outward[n] = '\0';
    add(k, kind, outward, "", r->born);
}

/* What an ear keeps of a name: its first letter and the consonants after it, those that sound alike
 * as one, none twice in a row. */
static const char *consonants(const char *name, char out[NAME_SIZE])
{
    static const char from[] = "cqzvjdb", to[] = "kksfgtp";
    size_t n = 0;

    for (size_t i = 0; name[i]; i++) {
        const char *alike = strchr(from, name[i]);
        char c = alike ? to[alike - from] : name[i];

        if (i > 0 && strchr("aeiouyhw", c))
            continue;
        if (n == 0 || out[n - 1] != c)
            out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

static void sound_year(unsigned char kind, const struct reading *r, struct keys *k)
{
    char a[NAME_SIZE], b[NAME_SIZE];

    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->surnames->count; i++) {
            for (size_t j = 0; j < r->forenames->count; j++)
                add(k, kind, consonants(r->forenames->names[j], a),
                    consonants(r->surnames->names[i], b), r->years[y]);
        }
    }
    personal_wipe(a, sizeof a);
    personal_wipe(b, sizeof b);
}

/* The most telling first. exchanged: a child is also looked for with its names exchanged; other_day:
 * with day and month exchanged. */
static const struct kind {
    void (*make)(unsigned char tag, const struct reading *r, struct keys *k);
    unsigned char tag; /* never given to another kind */
    bool exchanged, other_day;
} kinds[] = {
    {upn, 'U', false, false},
    {surname_born, 'S', true, true},
    {forename_born, 'F', true, true},
    {full_name, 'N', true, false},
    {postcode_forename, 'P', true, false},
    {postcode_surname, 'H', false, false},
    {postcode_year, 'Y', false, false},
    {initials_born, 'I', true, false},
    {surname_initial_year, 'B', false, false},
    {sound_year, 'K', false, false},
    {district_born, 'D', false, false},
};

static void add_part(struct parts *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->names[i], name) == 0)
            return;
    }
    if (p->count < PARTS)
        memcpy(p->names[p->count++], name, strlen(name) + 1);
}

static void take_parts(struct parts *p, const char names[][NAME_SIZE], size_t count)
{
    char part[NAME_SIZE];

    p->count = 0;
    for (size_t i = 0; i < count; i++) {
        name_squash(names[i], part);
        add_part(p, part);
    }
    for (size_t i = 0; i < count; i++) {
        const char *at = names[i];

        if (!strchr(at, ' '))
            continue;
        while (name_word(&at, part)) {
            if (strlen(part) >= WORD_LEAST)
                add_part(p, part);
        }
    }
    personal_wipe(part, sizeof part);
}

/* The birth year, or those that the age leaves open when it may be a year off. */
static void take_years(struct reading *r, const struct person *p, enum keys_side side)
{
    int year, month, day;

    r->years_count = 0;
    if (p->born != DAY_NONE) {
        day_to_civil(p->born, &r->years[0], &month, &day);
        r->years_count = 1;
    } else if (side == KEYS_CHILD && p->age >= 0 && p->seen_on != DAY_NONE) {
        day_to_civil(p->seen_on, &year, &month, &day);
        for (int back = p->age + 2; back >= p->age - 1 && r->years_count < YEARS; back--)
            r->years[r->years_count++] = year - back;
    }
}

static day_t with_day_and_month_exchanged(day_t d)
{
    int year, month, day;

    if (d == DAY_NONE)
        return DAY_NONE;
    day_to_civil(d, &year, &month, &day);
    return day_from_civil(year, day, month);
}

size_t keys_of(const struct person *person, enum keys_side side, uint64_t out[KEYS_MAX])
{
    struct parts forenames, surnames;
    struct keys k = {out, 0, 0};
    struct reading as_said, exchanged, other_day;

    take_parts(&forenames, person->forenames, person->forenames_count);
    take_parts(&surnames, person->surnames, person->surnames_count);
    as_said = (struct reading){&forenames, &surnames, person, person->born, {0}, 0};
    take_years(&as_said, person, side);
    exchanged = as_said;
    exchanged.forenames = &surnames;
    exchanged.surnames = &forenames;
    other_day = as_said;
    other_day.born = with_day_and_month_exchanged(person->born);
    static_assert(ARRAY_SIZE(kinds) * KEYS_OF_A_KIND <= KEYS_MAX, "room for every kind");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        k.limit = k.count + KEYS_OF_A_KIND;
        kinds[i].make(kinds[i].tag, &as_said, &k);
        if (side == KEYS_CHILD && kinds[i].exchanged)
            kinds[i].make(kinds[i].tag, &exchanged, &k);
        if (side == KEYS_CHILD && kinds[i].other_day && other_day.born != person->born)
            kinds[i].make(kinds[i].tag, &other_day, &k);
    }
    personal_wipe(&forenames, sizeof forenames);
    personal_wipe(&surnames, sizeof surnames);
    return k.count;
}
