#include "store/token.h"

#include <sodium.h>

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
