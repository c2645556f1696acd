#include "match/school.h"

#include <string.h>

#include "base/attr.h"
#include "base/personal.h"
#include "match/compare.h"
#include "match/normalise.h"

static bool is_common(const char *word)
{
    static const char *const words[] = {
        "school",     "primary",  "academy",    "junior",    "infant",
        "infants",    "juniors",  "first",      "middle",    "high",
        "college",    "church",   "england",    "of",        "the",
        "and",        "c",        "e",          "ce",        "cofe",
        "rc",         "catholic", "roman",      "voluntary", "aided",
        "controlled", "va",       "vc",         "community", "nursery",
        "secondary",  "sixth",    "form",       "free",      "st",
        "saint",      "a",        "foundation", "trust",     "for",
        "in",         "at",       "grammar",    "comp",      "comprehensive",
        "prep",       "special",  "specialist", "ca"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i][0] == word[0] && strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

void school_fold(const char *name, char out[NAME_SIZE])
{
    char folded[NAME_SIZE], word[NAME_SIZE];
    const char *at = folded;
    size_t n = 0;

    out[0] = '\0';
    normalise_name(name, folded);
    while (name_word(&at, word)) {
        size_t length = strlen(word);

        if (is_common(word) || n + length + 2 > NAME_SIZE)
            continue;
        if (n > 0)
            out[n++] = ' ';
        memcpy(out + n, word, length + 1);
        n += length;
    }
}

static bool words_are_alike(const char *a, const char *b)
{
    size_t n = strlen(a);

    return strcmp(a, b) == 0 || (n >= 6 && name_distance(a, b, 1) <= 1);
}

/* How many words of a stand in b. */
static size_t shared(const char *a, const char *b, size_t *count)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    size_t found = 0;

    *count = 0;
    for (const char *at = a; name_word(&at, x); (*count)++) {
        bool there = false;

        for (const char *to = b; !there && name_word(&to, y);)
            there = words_are_alike(x, y);
        found += there;
    }
    return found;
}

static enum school_level level_of(const char *said, const char *name)
{
    size_t said_words, words, found = shared(said, name, &said_words);

    if (found == 0)
        return SCHOOL_DIFFERS;
    if (found < said_words)
        return SCHOOL_PART;
    shared(name, said, &words);
    return words == said_words ? SCHOOL_SAME : SCHOOL_WITHIN;
}

enum school_level school_compare(const struct person *child, const struct person *pupil)
{
    enum school_level best = SCHOOL_MISSING;

    for (size_t i = 0; i < child->schools_count; i++) {
        for (size_t j = 0; j < pupil->schools_count; j++) {
            if (strcmp(child->schools[i], pupil->schools[j]) == 0)
                return SCHOOL_SAME;
            best = SCHOOL_DIFFERS;
        }
    }
    for (size_t i = 0; i < child->school_names_count; i++) {
        for (size_t j = 0; j < pupil->school_names_count; j++) {
            enum school_level level = level_of(child->school_names[i], pupil->school_names[j]);

            if (level > best)
                best = level;
        }
    }
    return best;
}
