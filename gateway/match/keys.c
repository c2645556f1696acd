#include "match/keys.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/personal.h"
#include "match/names.h"
#include "match/normalise.h"
#include "match/sound.h"

/* The names that keys are made of, without spaces: each whole name, then the words of those that
 * have several. */
enum { PARTS = 40, YEARS = 4, WORD_LEAST = 3, PIECE = 3 };

struct parts {
    char names[PARTS][NAME_SIZE], sounds[PARTS][NAME_SIZE];
    size_t count;
};

/* What the kinds are made from: one reading of the person. */
struct reading {
    const struct parts *forenames, *surnames;
    const struct person *person;
    day_t born;       /* DAY_NONE: only years */
    int years[YEARS]; /* those that were said or that an age leaves open, then those near them */
    size_t years_count, near_years_count;
};

struct keys {
    struct key *out;
    size_t count, limit;
    uint8_t kind;
};

static uint64_t fnv(uint64_t h, const void *bytes, size_t length)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < length; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t bits_of(unsigned char tag, const char *a, const char *b, int64_t number)
{
    uint64_t h = fnv(UINT64_C(0xcbf29ce484222325), &tag, 1);
    unsigned char digits[8];

    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = (unsigned char)((uint64_t)number >> (8 * i));
    h = fnv(h, a, strlen(a));
    h = fnv(h, "\x1f", 1);
    h = fnv(h, b, strlen(b));
    h = fnv(h, "\x1f", 1);
    h = fnv(h, digits, sizeof digits);
    return (h ^ h >> KEYS_BITS) & ((UINT64_C(1) << KEYS_BITS) - 1);
}

static void add(struct keys *k, unsigned char tag, const char *a, const char *b, int64_t number)
{
    uint64_t bits = bits_of(tag, a, b, number);

    for (size_t i = k->count; i > 0 && k->out[i - 1].kind == k->kind; i--) {
        if (k->out[i - 1].bits == bits)
            return;
    }
    if (k->count < k->limit)
        k->out[k->count++] = (struct key){bits, k->kind};
}

static void upn(unsigned char tag, const struct reading *r, struct keys *k)
{
    if (r->person->upn[0])
        add(k, tag, r->person->upn, "", 0);
}

static void surname_born(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; r->born != DAY_NONE && i < r->surnames->count; i++)
        add(k, tag, r->surnames->sounds[i], "", r->born);
}

static void forename_born(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; r->born != DAY_NONE && i < r->forenames->count; i++)
        add(k, tag, r->forenames->sounds[i], "", r->born);
}

static const char *initial(const char *name, char out[2])
{
    out[0] = name[0];
    out[1] = '\0';
    return out;
}

static void initials_born(unsigned char tag, const struct reading *r, struct keys *k)
{
    char a[2], b[2];

    for (size_t i = 0; r->born != DAY_NONE && i < r->forenames->count; i++) {
        for (size_t j = 0; j < r->surnames->count; j++)
            add(k, tag, initial(r->forenames->names[i], a), initial(r->surnames->names[j], b),
                r->born);
    }
}

enum { NAME_IN_YEAR = 'A' };

static void full_name_year(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->forenames->count; i++) {
            for (size_t j = 0; j < r->surnames->count; j++)
                add(k, tag, r->forenames->names[i], r->surnames->names[j], r->years[y]);
        }
    }
}

static void surname_initial_year(unsigned char tag, const struct reading *r, struct keys *k)
{
    char a[2];

    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->surnames->count; i++) {
            for (size_t j = 0; j < r->forenames->count; j++)
                add(k, tag, initial(r->forenames->names[j], a), r->surnames->names[i], r->years[y]);
        }
    }
}

static void postcode(unsigned char tag, const struct reading *r, struct keys *k)
{
    const char *const codes[] = {r->person->postcode, r->person->other_home.postcode};

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        if (postcode_is_whole(codes[i]))
            add(k, tag, codes[i], "", 0);
    }
}

static void district_born(unsigned char tag, const struct reading *r, struct keys *k)
{
    const char *const codes[] = {r->person->postcode, r->person->other_home.postcode};
    char outward[POSTCODE_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        size_t n = postcode_outward(codes[i]);

        if (n == 0 || r->born == DAY_NONE)
            continue;
        memcpy(outward, codes[i], n);
        outward[n] = '\0';
        add(k, tag, outward, "", r->born);
    }
}

static void sound_year(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->surnames->count; i++) {
            for (size_t j = 0; j < r->forenames->count; j++)
                add(k, tag, r->forenames->sounds[j], r->surnames->sounds[i], r->years[y]);
        }
    }
}

static void sound(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t i = 0; i < r->surnames->count; i++) {
        for (size_t j = 0; j < r->forenames->count; j++)
            add(k, tag, r->forenames->sounds[j], r->surnames->sounds[i], 0);
    }
}

static const char *piece(const char *name, bool end, char out[NAME_SIZE])
{
    size_t n = strlen(name), m = n < PIECE ? n : PIECE;

    memcpy(out, end ? name + n - m : name, m);
    out[m] = '\0';
    return out;
}

/* Beginnings and ends: a slip in each name spoils one piece of each. */
static void pieces_year(unsigned char tag, const struct reading *r, struct keys *k)
{
    char a[NAME_SIZE], b[NAME_SIZE];

    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->surnames->count; i++) {
            for (size_t j = 0; j < r->forenames->count; j++) {
                for (int ends = 0; ends < 4; ends++)
                    add(k, (unsigned char)(tag + ends), piece(r->forenames->names[j], ends & 1, a),
                        piece(r->surnames->names[i], ends & 2, b), r->years[y]);
            }
        }
    }
    personal_wipe(a, sizeof a);
    personal_wipe(b, sizeof b);
}

static void surname_year(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->surnames->count; i++)
            add(k, tag, r->surnames->sounds[i], "", r->years[y]);
    }
}

static void forename_year(unsigned char tag, const struct reading *r, struct keys *k)
{
    for (size_t y = 0; y < r->years_count; y++) {
        for (size_t i = 0; i < r->forenames->count; i++)
            add(k, tag, r->forenames->names[i], "", r->years[y]);
    }
}

/* What a child is looked for by beside its names, birth date and years as they were said. */
enum {
    MIDDLE = 1,    /* a middle name may be the one in use; pupils are filed so, too */
    KIN = 2,       /* other forms of its names */
    EXCHANGED = 4, /* forename and surname exchanged */
    OTHER_DAY = 8, /* day and month exchanged */
    NEAR_YEAR = 16 /* the year before and after */
};

/* The most telling first. A block beyond the ceiling says too little to be worth reading. */
static const struct kind {
    const char *name;
    void (*make)(unsigned char tag, const struct reading *r, struct keys *k);
    unsigned char tag; /* never given to another kind */
    unsigned char how;
    uint16_t ceiling;
} kinds[] = {
    {"UPN", upn, 'U', 0, 300},
    {"surname, birth date", surname_born, 'S', KIN | EXCHANGED | OTHER_DAY, 300},
    {"forename, birth date", forename_born, 'F', MIDDLE | KIN | EXCHANGED | OTHER_DAY, 300},
    {"full name, birth year", full_name_year, NAME_IN_YEAR, KIN | EXCHANGED, 300},
    {"postcode", postcode, 'Z', 0, 300},
    {"initials, birth date", initials_born, 'I', EXCHANGED, 300},
    {"surname, initial, year", surname_initial_year, 'B', KIN | NEAR_YEAR, 200},
    {"full name by ear, year", sound_year, 'K', MIDDLE | KIN | EXCHANGED | NEAR_YEAR, 300},
    {"full name by ear", sound, 'E', MIDDLE | KIN | EXCHANGED, 200},
    {"district, birth date", district_born, 'D', 0, 300},
    {"pieces of the name, year", pieces_year, '1', NEAR_YEAR, 200},
    {"surname by ear, year", surname_year, 'T', 0, 60},
    {"forename, year", forename_year, 'G', 0, 60},
};

static bool add_part(void *self, const char *name)
{
    struct parts *p = self;

    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->names[i], name) == 0)
            return true;
    }
    if (p->count == PARTS)
        return false;
    sound_of(name, p->sounds[p->count]);
    memcpy(p->names[p->count++], name, strlen(name) + 1);
    return true;
}

/* Most of it was never used. */
static void wipe_parts(struct parts *p)
{
    personal_wipe(p->names, p->count * sizeof p->names[0]);
    personal_wipe(p->sounds, p->count * sizeof p->sounds[0]);
}

/* The words of a name that has several. A child is not looked for by those that only join; a pupil
 * is filed under them, for what is stored must not depend on lists. */
static void add_words(struct parts *p, const char *name, enum keys_side side)
{
    char word[NAME_SIZE];

    while (name_word(&name, word)) {
        if (strlen(word) >= WORD_LEAST && (side == KEYS_PUPIL || !names_is_particle(word)))
            add_part(p, word);
    }
    personal_wipe(word, sizeof word);
}

static void take_parts(struct parts *p, const char names[][NAME_SIZE], size_t count,
                       enum keys_side side)
{
    char whole[NAME_SIZE];

    p->count = 0;
    for (size_t i = 0; i < count; i++) {
        name_squash(names[i], whole);
        add_part(p, whole);
    }
    for (size_t i = 0; i < count; i++) {
        if (strchr(names[i], ' '))
            add_words(p, names[i], side);
    }
    personal_wipe(whole, sizeof whole);
}

/* The same names as others know them. */
static void take_kin(struct parts *kin, const struct parts *of,
                     void (*each)(const char *name, names_take *take, void *self))
{
    kin->count = 0;
    for (size_t i = 0; i < of->count; i++)
        each(of->names[i], add_part, kin);
}

/* A pupil's birth year. A child's may be a year off, and so may an age. */
static void take_years(struct reading *r, const struct person *p, enum keys_side side)
{
    int year, month, day;

    if (p->born != DAY_NONE) {
        day_to_civil(p->born, &year, &month, &day);
        r->years[0] = year;
        r->years[1] = year - 1;
        r->years[2] = year + 1;
        r->years_count = 1;
        r->near_years_count = side == KEYS_CHILD ? 2 : 0;
    } else if (side == KEYS_CHILD && p->age >= 0 && p->seen_on != DAY_NONE) {
        day_to_civil(p->seen_on, &year, &month, &day);
        r->years[0] = year - p->age;
        r->years[1] = year - p->age - 1;
        r->years[2] = year - p->age - 2;
        r->years[3] = year - p->age + 1;
        r->years_count = 2;
        r->near_years_count = 2;
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

/* Every reading of one person: how the names may be meant. */
struct names_of {
    struct parts forenames, surnames, middle, forename_kin, surname_kin;
};

static void make(const struct kind *kind, enum keys_side side, const struct names_of *n,
                 const struct reading *as_said, struct keys *k)
{
    struct reading r = *as_said;

    if (kind->how & NEAR_YEAR)
        r.years_count += r.near_years_count;
    kind->make(kind->tag, &r, k);
    if (kind->how & MIDDLE) {
        r.forenames = &n->middle;
        kind->make(kind->tag, &r, k);
    }
    if (side == KEYS_PUPIL)
        return;
    if (kind->how & KIN) {
        r.forenames = &n->forename_kin;
        kind->make(kind->tag, &r, k);
        r.forenames = as_said->forenames;
        r.surnames = &n->surname_kin;
        kind->make(kind->tag, &r, k);
    }
    r.surnames = as_said->surnames;
    if (kind->how & EXCHANGED) {
        r.forenames = as_said->surnames;
        r.surnames = as_said->forenames;
        kind->make(kind->tag, &r, k);
    }
    r = *as_said;
    r.born = with_day_and_month_exchanged(as_said->born);
    if ((kind->how & OTHER_DAY) && r.born != as_said->born)
        kind->make(kind->tag, &r, k);
}

size_t keys_of(const struct person *person, enum keys_side side, struct key out[KEYS_MAX])
{
    struct names_of n;
    struct keys k = {out, 0, 0, 0};
    struct reading r = {&n.forenames, &n.surnames, person, person->born, {0}, 0, 0};

    take_parts(&n.forenames, person->forenames, person->forenames_count, side);
    take_parts(&n.surnames, person->surnames, person->surnames_count, side);
    n.middle.count = n.forename_kin.count = n.surname_kin.count = 0;
    add_words(&n.middle, person->middle_names, side);
    if (side == KEYS_CHILD) {
        take_kin(&n.forename_kin, &n.forenames, names_forename_kin);
        take_kin(&n.surname_kin, &n.surnames, names_surname_kin);
    }
    take_years(&r, person, side);
    static_assert(ARRAY_SIZE(kinds) == KEYS_KINDS, "as many as keys.h says");
    for (size_t i = 0; i < KEYS_KINDS; i++) {
        k.limit = k.count + KEYS_OF_A_KIND;
        k.kind = (uint8_t)i;
        make(&kinds[i], side, &n, &r, &k);
    }
    wipe_parts(&n.forenames);
    wipe_parts(&n.surnames);
    wipe_parts(&n.middle);
    wipe_parts(&n.forename_kin);
    wipe_parts(&n.surname_kin);
    return k.count;
}

int keys_worth(int64_t roll, size_t block)
{
    return (int)(100 * log2(((double)roll + 1) / ((double)block + 1)));
}

size_t keys_ceiling(size_t kind)
{
    return kinds[kind].ceiling;
}

const char *keys_kind_name(size_t kind)
{
    return kinds[kind].name;
}

uint64_t keys_name_in_year(const char *forename, const char *surname, int year)
{
    char a[NAME_SIZE], b[NAME_SIZE];
    uint64_t bits;

    name_squash(forename, a);
    name_squash(surname, b);
    bits = bits_of(NAME_IN_YEAR, a, b, year);
    personal_wipe(a, sizeof a);
    personal_wipe(b, sizeof b);
    return bits;
}

uint64_t key_of_name(enum name_place place, const char *name)
{
    char squashed[NAME_SIZE];
    unsigned char tag = place == NAME_AS_FORENAME ? 'f' : 's';
    uint64_t h = fnv(UINT64_C(0xcbf29ce484222325), &tag, 1);

    h = fnv(h, squashed, name_squash(name, squashed)) >> 1; /* it fits an INTEGER of SQLite */
    personal_wipe(squashed, sizeof squashed);
    return h ? h : 1;
}
