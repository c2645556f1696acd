#include "match/upn.h"

#include <stddef.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHJKLMNPQRTUVWXYZ";

enum { UPN_LENGTH = UPN_SIZE - 1 };

static int value(char c, bool last)
{
    const char *at;

    if (c >= '0' && c <= '9')
        return c - '0';
    at = last && c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static bool is_valid(const char *upn)
{
    int sum = 0;

    for (int i = 1; i < UPN_LENGTH; i++) {
        int v = value(upn[i], i == UPN_LENGTH - 1);

        if (v < 0)
            return false;
        sum += v * (i + 1);
    }
    return upn[0] == alphabet[sum % 23];
}

bool upn_fold(const char *text, char out[UPN_SIZE])
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        if (n == UPN_LENGTH) {
            n = 0; /* too long */
            break;
        }
        out[n++] = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
    }
    out[n] = '\0';
    if (n == UPN_LENGTH && is_valid(out))
        return true;
    out[0] = '\0';
    return false;
}

bool upn_is_temporary(const char *folded)
{
    return strlen(folded) == UPN_LENGTH &&
           (folded[UPN_LENGTH - 1] < '0' || folded[UPN_LENGTH - 1] > '9');
}
