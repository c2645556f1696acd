#include "follow/reference.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX = 2, TOKEN = 8 };

static const char *const prefixes[] = {"OE", "EX", "EW"};

/* What people put between the parts: 0 when none stands there, else its length. A mail program makes
 * hyphens into dashes and spaces that do not break. */
static size_t separator(const char *p)
{
    if (*p == ' ' || *p == '\t' || *p == '-' || *p == '.')
        return 1;
    if (strncmp(p, "\xC2\xA0", 2) == 0)
        return 2;
    return strncmp(p, "\xE2\x80", 2) == 0 && p[2] >= '\x90' && p[2] <= '\x95' ? 3 : 0;
}

static char folded(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        return '0';
    return c == 'I' || c == 'L' ? '1' : c;
}

bool reference_read(const char *said, char out[REFERENCE_SIZE])
{
    char kept[PREFIX + TOKEN + 1];
    size_t n = 0;

    while (*said) {
        size_t skip = separator(said);

        if (skip > 0) {
            said += skip;
            continue;
        }
        if (n == PREFIX + TOKEN)
            return false;
        kept[n] = folded(*said++);
        if (!strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", kept[n]))
            return false;
        n++;
    }
    kept[n] = '\0';
    for (size_t i = 0; n == PREFIX + TOKEN && i < ARRAY_SIZE(prefixes); i++) {
        if (kept[0] != folded(prefixes[i][0]) || kept[1] != folded(prefixes[i][1]))
            continue;
        snprintf(out, REFERENCE_SIZE, "%s-%.4s-%.4s", prefixes[i], kept + PREFIX,
                 kept + PREFIX + 4);
        return true;
    }
    return false;
}
