#include "match/sound.h"

#include <string.h>

#include "base/attr.h"
#include "base/personal.h"
#include "match/normalise.h"

/* Spellings of a sound, the longest first where one begins another. start: at the beginning of a
 * name alone. A capital is a sound that no letter is kept for: S as in ship. */
static const struct spelling {
    const char *letters, *sound;
    bool start;
} spellings[] = {
    {"schm", "Sm", false}, {"sch", "S", false}, {"tsch", "S", false}, {"szcz", "S", false},
    {"tch", "S", false},   {"sz", "S", false},  {"cz", "S", false},   {"sh", "S", false},
    {"ch", "S", false},    {"zh", "j", false},  {"dzh", "j", false},  {"dj", "j", false},
    {"dg", "j", false},    {"ph", "f", false},  {"pf", "f", true},    {"kn", "n", true},
    {"gn", "n", true},     {"wr", "r", true},   {"ps", "s", true},    {"rh", "r", true},
    {"wh", "w", true},     {"mb", "m", false},  {"mps", "ms", false}, {"mc", "mk", true},
    {"mac", "mk", true},   {"kh", "k", false},  {"gh", "", false},    {"q", "k", false},
    {"ck", "k", false},    {"x", "s", true},    {"x", "ks", false},   {"th", "t", false},
    {"dh", "t", false},    {"bh", "p", false},  {"geo", "j", false},  {"ge", "j", false},
    {"gi", "j", false},    {"gy", "j", false},  {"tz", "s", false},   {"ts", "s", false},
    {"z", "s", false},     {"c", "k", false},   {"v", "f", false},    {"w", "f", true},
    {"d", "t", false},     {"b", "p", false},   {"g", "k", false},    {"j", "j", false},
};

static const struct spelling *spelling_at(const char *at, bool start)
{
    const struct spelling *best = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
        const struct spelling *s = &spellings[i];

        if (s->letters[0] == *at && (start || !s->start) &&
            strncmp(at, s->letters, strlen(s->letters)) == 0 &&
            (!best || strlen(s->letters) > strlen(best->letters)))
            best = s;
    }
    return best;
}

static bool is_vowel(char c)
{
    return c && strchr("aeiouyhw", c);
}

void sound_of(const char *folded, char out[NAME_SIZE])
{
    char name[NAME_SIZE];
    size_t n = 0;

    name_squash(folded, name);
    for (const char *at = name; *at;) {
        const struct spelling *s = spelling_at(at, at == name);
        const char own[2] = {*at, '\0'}, *sound = s ? s->sound : own;

        for (; *sound && n + 1 < NAME_SIZE; sound++) {
            char c = *sound;

            if (is_vowel(c) && n == 0)
                c = 'a'; /* any vowel begins it */
            else if (is_vowel(c))
                continue;
            if (n == 0 || out[n - 1] != c) /* none twice in a row */
                out[n++] = c;
        }
        at += s ? strlen(s->letters) : 1;
    }
    out[n] = '\0';
    personal_wipe(name, sizeof name);
}
