/* Any bytes are an answer file or are refused with words of ours: what nobody signed says nothing,
 * and what is signed says no more than an answer can. */
#include <sodium.h>

#include "follow/answer_file.h"
#include "fuzz.h"

enum { HEAD_SIZE = 256 };

#define NOW ((time_t)1773648000)

static const unsigned char secret[] = "thirty-two bytes, for a drill ok";

static void check(const struct answer_file *file)
{
    char again[REFERENCE_SIZE];

    must(reference_read(file->reference, again) && strcmp(again, file->reference) == 0);
    must(file->at <= NOW + ANSWER_FILE_AHEAD && file->at >= NOW - ANSWER_FILE_OLDEST);
    must(file->taken || file->not_ours);
    must(file->not_ours_count <= INCIDENT_CHILDREN_MAX);
    must(file->not_ours_count == 0 || file->not_ours);
    must(!file->taken || !file->not_ours || file->not_ours_count > 0);
    for (size_t i = 0; i < file->not_ours_count; i++)
        must(file->not_ours_of[i][0] && memchr(file->not_ours_of[i], '\0', CHILD_REF_SIZE));
}

/* The bytes as the body of a file that the school did sign. */
static char *signed_file(const uint8_t *data, size_t size, size_t *length)
{
    static const char head[] = "a.1773648000.";
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char signature[64], *text = malloc(size + HEAD_SIZE);

    must(text != NULL);
    crypto_auth_hmacsha256_init(&state, secret, sizeof secret - 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, sizeof head - 1);
    crypto_auth_hmacsha256_update(&state, data, size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(signature, sizeof signature, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    *length = (size_t)snprintf(
        text, HEAD_SIZE,
        "webhook-id: a\nwebhook-timestamp: 1773648000\nwebhook-signature: v1,%s\n\n", signature);
    memcpy(text + *length, data, size);
    *length += size;
    text[*length] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer_file file;
    size_t length;
    char *text = malloc(size + 1);

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0'; /* as buf_text has it */
    must(answer_file_read(text, size, secret, sizeof secret - 1, NOW, &file) != NULL);
    free(text);
    text = signed_file(data, size, &length);
    if (!answer_file_read(text, length, secret, sizeof secret - 1, NOW, &file))
        check(&file);
    free(text);
    return 0;
}
