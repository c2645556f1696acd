#include "match/sound.h"

#include <string.h>

#include "match/normalise.h"

/* What an ear keeps of a name: its first letter and the consonants after it, those that sound alike
 * as one, none twice in a row. */
void sound_of(const char *name, char out[NAME_SIZE])
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
}
