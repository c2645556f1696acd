#include "store/token.h"

#include <sodium.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int token_make(char *out, size_t length, struct err *err)
{
    if (sodium_init() < 0)
        return err_set(err, ERR_SYSTEM, "no random numbers can be had");
    randombytes_buf(out, length);
    for (size_t i = 0; i < length; i++)
        out[i] = alphabet[(unsigned char)out[i] % 32];
    out[length] = '\0';
    return 0;
}

bool token_fold(const char *typed, char *out, size_t size)
{
    size_t length = strlen(typed);

    if (length >= size)
        return false;
    for (size_t i = 0; i <= length; i++) {
        char c = typed[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c == 'O')
            c = '0';
        else if (c == 'I' || c == 'L')
            c = '1';
        out[i] = c;
    }
    return true;
}
