#include "match/knowledge.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "match/names.h"
#include "match/weights.h"

#define INSTALLED "/usr/share/encompass/config/names"

const struct config_key match_keys[] = {
    {.name = "names",
     .kind = CONFIG_PATH,
     .otherwise = INSTALLED,
     .help = "the folder of the lists of names, *.names"},
    {.name = "own_names",
     .kind = CONFIG_PATH,
     .otherwise = NULL,
     .help = "a file of an authority's own lists of names, beside those"},
    {.name = "weights",
     .kind = CONFIG_PATH,
     .otherwise = NULL,
     .help =
         "what each agreement counts for (encompass match --learn); without it the program's own"},
    {.name = NULL},
};

/* Not installed in /usr: the lists lie beside the program, as an install puts them elsewhere or as
 * the sources have them. */
static bool beside_program(char out[PATH_MAX])
{
    static const char *const places[] = {"/../share/encompass/config/names", "/../../config/names"};
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash;

    if (n <= 0)
        return false;
    program[n] = '\0';
    slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        int length = snprintf(out, PATH_MAX, "%s%s", program, places[i]);

        if (length > 0 && length < PATH_MAX && access(out, R_OK) == 0)
            return true;
    }
    return false;
}

int knowledge_open(const struct config *config, struct err *err)
{
    const char *folder = config ? config_text(config, "match", "names") : INSTALLED;
    const char *own = config ? config_text(config, "match", "own_names") : NULL;
    const char *file = config ? config_text(config, "match", "weights") : NULL;
    struct weights weights = *weights_default();
    char beside[PATH_MAX];

    if (file && weights_load(file, &weights, err) < 0)
        return -1;

    if (strcmp(folder, INSTALLED) == 0 && access(folder, R_OK) < 0 && beside_program(beside))
        folder = beside;
    if (names_load(folder, own, err) < 0)
        return -1;
    weights_use(&weights);
    return 0;
}
