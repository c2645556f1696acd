/* Any bytes are lists of names or are refused with their line; with whatever was taken, kinship is a
 * matter of both names alike and the skeleton of a name fits where it goes. */
#include "fuzz.h"
#include "match/names.h"
#include "match/normalise.h"

enum { WORDS = 8 };

static bool count_kin(void *self, const char *name)
{
    must(strlen(name) < NAME_SIZE);
    return ++*(size_t *)self < 1000;
}

static void compare(char words[WORDS][NAME_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char skeleton[NAME_SIZE];
        size_t kin = 0;

        names_forename_kin(words[i], count_kin, &kin);
        names_surname_kin(words[i], count_kin, &kin);
        names_skeleton(words[i], skeleton);
        must(strlen(skeleton) < NAME_SIZE);
        (void)names_is_particle(words[i]);
        (void)names_is_forerunner(words[i]);
        for (size_t j = 0; j < count; j++) {
            must(names_forenames_akin(words[i], words[j]) ==
                 names_forenames_akin(words[j], words[i]));
            must(names_surnames_akin(words[i], words[j]) ==
                 names_surnames_akin(words[j], words[i]));
        }
    }
}

static size_t first_words(const char *text, char words[WORDS][NAME_SIZE])
{
    size_t count = 0;

    while (*text && count < WORDS) {
        size_t length = strcspn(text, " \t\r\n:[]#");
        char word[2 * NAME_SIZE];

        if (length > 0) {
            snprintf(word, sizeof word, "%.*s", (int)(length < NAME_SIZE ? length : NAME_SIZE),
                     text);
            normalise_name(word, words[count]);
            count += words[count][0] != '\0';
        }
        text += length + (text[length] != '\0');
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char words[WORDS][NAME_SIZE], *text = malloc(size + 1);
    struct err err = {.code = ERR_NONE};

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (names_load(NULL, fuzz_write("own.names", data, size), &err) < 0)
        must((err.code == ERR_CONFIG && strstr(err.text, "own.names:")) || err.code == ERR_LIMIT);
    compare(words, first_words(text, words));
    names_unload();
    free(text);
    return 0;
}
