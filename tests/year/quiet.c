#include "quiet.h"

#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { WORDS = 1 << 15 };
static char *words[WORDS];
static int known;

static unsigned slot(const char *word, size_t length)
{
    unsigned h = 2166136261u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)word[i]) * 16777619u;
    h %= WORDS;
    while (words[h] && (strlen(words[h]) != length || strncmp(words[h], word, length) != 0))
        h = (h + 1) % WORDS;
    return h;
}

static void forbid(const char *word)
{
    unsigned h = slot(word, strlen(word));

    if (!words[h])
        words[h] = strdup(word);
}

/* Those who have come since the last time. */
static void forbid_all(void)
{
    for (; known < pupils_count; known++) {
        int i = known;

        const char *inward = strchr(pupils[i].postcode, ' ');

        forbid(pupils[i].forename);
        forbid(pupils[i].surname);
        forbid(pupils[i].upn);
        forbid(inward + 1);
    }
}

const char *quiet_name_in(const char *text)
{
    forbid_all();
    while (*text) {
        size_t length = strcspn(text, " \t\n\"=,;:/()-");

        if (length > 2 && words[slot(text, length)])
            return words[slot(text, length)];
        text += length;
        text += *text != '\0';
    }
    return NULL;
}

void quiet_release(void)
{
    for (int i = 0; i < WORDS; i++)
        free(words[i]);
}
