#include "match/place.h"

#include <string.h>

#include "base/attr.h"
#include "base/personal.h"
#include "match/compare.h"
#include "match/normalise.h"
#include "match/person.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_dwelling(const char *word)
{
    static const char *const words[] = {"flat", "apartment", "apt", "unit", "room", "no"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static const char *written_out(const char *word, bool first)
{
    static const struct {
        const char *brief, *whole;
    } words[] = {
        {"rd", "road"},      {"ln", "lane"},     {"ave", "avenue"},    {"av", "avenue"},
        {"dr", "drive"},     {"cl", "close"},    {"cres", "crescent"}, {"gdns", "gardens"},
        {"gdn", "garden"},   {"ct", "court"},    {"pl", "place"},      {"sq", "square"},
        {"terr", "terrace"}, {"tce", "terrace"}, {"pk", "park"},       {"grn", "green"},
        {"gr", "grove"},     {"hse", "house"},   {"wlk", "walk"},      {"str", "street"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(word, words[i].brief) == 0)
            return words[i].whole;
    }
    return !first && strcmp(word, "st") == 0 ? "street" : word;
}

static void add(char *out, size_t size, const char *word, bool apart)
{
    size_t n = strlen(out), length = strlen(word);
    bool space = apart && n > 0;

    if (n + space + length + 1 > size)
        return;
    if (space)
        out[n++] = ' ';
    memcpy(out + n, word, length + 1);
}

/* One part between commas: its numbers are added to the house, the rest is a street. */
static void read_part(const char *part, char house[HOUSE_SIZE], char street[STREET_SIZE])
{
    char folded[NAME_SIZE], word[NAME_SIZE];
    const char *at = folded;
    bool first = true;

    street[0] = '\0';
    normalise_name(part, folded);
    while (name_word(&at, word)) {
        if (is_digit(word[0])) {
            add(house, HOUSE_SIZE, word, true);
        } else if (!is_dwelling(word)) {
            add(street, STREET_SIZE, written_out(word, first), false);
            first = false;
        }
    }
    personal_wipe(folded, sizeof folded);
    personal_wipe(word, sizeof word);
}

void place_set(struct person *p, const char *address)
{
    char part[256], street[STREET_SIZE];
    bool settled = false;

    p->house[0] = p->street[0] = '\0';
    while (*address) {
        size_t n = strcspn(address, ",\n"), kept = n < sizeof part - 1 ? n : sizeof part - 1;

        memcpy(part, address, kept);
        part[kept] = '\0';
        address += n + (address[n] != '\0');
        read_part(part, p->house, street);
        if (!street[0] || settled)
            continue;
        /* "Rose Cottage, Flat 2, Mill Lane": the first part with the number or behind it. */
        settled = p->house[0] != '\0';
        if (settled || !p->street[0])
            memcpy(p->street, street, sizeof street);
    }
    personal_wipe(part, sizeof part);
    personal_wipe(street, sizeof street);
}

static bool streets_are_alike(const char *a, const char *b)
{
    size_t n = strlen(a);
    int slips = n < 6 ? 1 : 2;

    return strcmp(a, b) == 0 || name_distance(a, b, slips) <= slips;
}

/* One character is another, or two neighbours have changed places. */
static bool postcodes_are_near(const char *a, const char *b)
{
    return postcode_is_whole(a) && postcode_is_whole(b) && name_distance(a, b, 1) == 1;
}

static bool is_same_district(const char *a, const char *b)
{
    size_t n = postcode_outward(a);

    return n > 0 && n == postcode_outward(b) && memcmp(a, b, n) == 0;
}

static enum home_level level_of(const struct person *child, const struct home *there)
{
    const char *p = child->postcode, *q = there->postcode;
    bool both_postcodes = *p && *q, both_streets = child->street[0] && there->street[0];
    bool same = both_postcodes && postcode_is_whole(p) && strcmp(p, q) == 0;
    bool district = both_postcodes && is_same_district(p, q);
    bool both_houses = child->house[0] && there->house[0];
    bool house = both_houses && strcmp(child->house, there->house) == 0;
    bool street = both_streets && streets_are_alike(child->street, there->street);

    /* The same address in another district is another street of that name. */
    if (street && (same || district || !both_postcodes || postcodes_are_near(p, q))) {
        if (house)
            return HOME_SAME;
        return both_houses ? (same ? HOME_NEIGHBOUR : HOME_STREET) : HOME_ROAD;
    }
    if (same) {
        if (house)
            return HOME_SAME;
        return both_houses || both_streets ? HOME_NEIGHBOUR : HOME_POSTCODE;
    }
    if (!both_streets && both_postcodes && postcodes_are_near(p, q))
        return HOME_POSTCODE_NEAR;
    if (district)
        return HOME_DISTRICT;
    return both_postcodes || both_streets ? HOME_DIFFERS : HOME_MISSING;
}

enum home_level place_compare(const struct person *child, const struct person *pupil)
{
    struct home there;
    enum home_level level, other;

    person_home(pupil, &there);
    level = level_of(child, &there);
    other = pupil->other_home.postcode[0] || pupil->other_home.street[0]
                ? level_of(child, &pupil->other_home)
                : HOME_MISSING;
    personal_wipe(&there, sizeof there);
    return other > level ? other : level;
}

bool place_contradicts(const struct person *a, const struct person *b)
{
    if (a->postcode[0] && b->postcode[0])
        return !is_same_district(a->postcode, b->postcode);
    return a->street[0] && b->street[0] && !streets_are_alike(a->street, b->street);
}
