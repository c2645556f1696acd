#include "follow/answer_file.h"

#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/personal.h"

enum { DEPTH_MAX = 4, HEAD_LINE = 512, HEADS = 3 };

static const char no_file[] = "it is no answer file: three webhook- lines, an empty line, JSON";
static const char no_body[] = "its body is no JSON object of reference, answered_by, not_our_pupil";

struct heads {
    char id[HEAD_LINE], timestamp[HEAD_LINE], signature[HEAD_LINE];
};

/* The three lines in any order; *body is what follows the empty one, to the last byte. */
static bool read_heads(const char *text, size_t length, struct heads *out, const char **body)
{
    static const char *const names[HEADS] = {
        "webhook-id: ", "webhook-timestamp: ", "webhook-signature: "};
    char *const values[HEADS] = {out->id, out->timestamp, out->signature};
    const char *end = text + length;

    memset(out, 0, sizeof *out);
    for (int line = 0; line <= HEADS; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = stop ? (size_t)(stop - text) : 0;
        size_t i = 0;

        if (!stop)
            return false;
        if (n > 0 && text[n - 1] == '\r')
            n--;
        if (n == 0) {
            *body = stop + 1;
            return line == HEADS;
        }
        while (i < HEADS && (strncmp(text, names[i], strlen(names[i])) != 0 || values[i][0]))
            i++;
        if (i == HEADS || n - strlen(names[i]) >= HEAD_LINE)
            return false;
        memcpy(values[i], text + strlen(names[i]), n - strlen(names[i]));
        text = stop + 1;
    }
    return false;
}

/* One of the signatures, blanks between them, is ours. */
static bool is_signed(const struct heads *heads, const char *body, size_t length,
                      const unsigned char *secret, size_t secret_length)
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES], theirs[crypto_auth_hmacsha256_BYTES];
    char head[2 * HEAD_LINE + 2];
    int n = snprintf(head, sizeof head, "%s.%s.", heads->id, heads->timestamp);
    bool holds = false;

    if (sodium_init() < 0)
        return false;
    crypto_auth_hmacsha256_init(&state, secret, secret_length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (unsigned long long)n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, length);
    crypto_auth_hmacsha256_final(&state, mac);
    for (const char *p = heads->signature; *p;) {
        size_t one = strcspn(p, " "), bytes = 0;

        holds |= one > 3 && strncmp(p, "v1,", 3) == 0 &&
                 sodium_base642bin(theirs, sizeof theirs, p + 3, one - 3, NULL, &bytes, NULL,
                                   sodium_base64_VARIANT_ORIGINAL) == 0 &&
                 bytes == sizeof mac && sodium_memcmp(mac, theirs, sizeof mac) == 0;
        p += one + strspn(p + one, " ");
    }
    return holds;
}

static bool is_shallow(const char *text, size_t length)
{
    int depth = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '{' || text[i] == '[')
            depth++;
        else if (text[i] == '}' || text[i] == ']')
            depth--;
        if (depth > DEPTH_MAX)
            return false;
    }
    return true;
}

static bool take_children(const cJSON *list, struct answer_file *out)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, list)
    {
        const char *ref = cJSON_GetStringValue(one);

        if (!ref || !*ref || strlen(ref) >= CHILD_REF_SIZE ||
            out->not_ours_count == INCIDENT_CHILDREN_MAX)
            return false;
        snprintf(out->not_ours_of[out->not_ours_count++], CHILD_REF_SIZE, "%s", ref);
    }
    return out->not_ours = out->not_ours_count > 0;
}

/* A member that is not known could be what the sender means: it is refused, not passed over. */
static bool take_member(const cJSON *member, struct answer_file *out)
{
    const char *text = cJSON_GetStringValue(member);

    if (strcmp(member->string, "reference") == 0)
        return !out->reference[0] && text && reference_read(text, out->reference);
    if (strcmp(member->string, "answered_by") == 0)
        return !out->taken && text && *text ? out->taken = true : false;
    if (strcmp(member->string, "not_our_pupil") != 0 || out->not_ours)
        return false;
    if (cJSON_IsArray(member))
        return take_children(member, out);
    return cJSON_IsTrue(member) ? out->not_ours = true : cJSON_IsFalse(member);
}

static bool take_body(const char *body, size_t length, struct answer_file *out)
{
    cJSON *json = is_shallow(body, length) ? cJSON_ParseWithLength(body, length) : NULL;
    bool ok = cJSON_IsObject(json);
    cJSON *member;

    cJSON_ArrayForEach(member, json)
    {
        ok = ok && take_member(member, out);
        if (member->valuestring)
            personal_wipe(member->valuestring, strlen(member->valuestring));
    }
    cJSON_Delete(json);
    /* Taken, and none of theirs at all, cannot both be meant. */
    return ok && out->reference[0] && (out->taken || out->not_ours) &&
           !(out->taken && out->not_ours && out->not_ours_count == 0);
}

const char *answer_file_read(const char *text, size_t length, const unsigned char *secret,
                             size_t secret_length, time_t now, struct answer_file *out)
{
    struct heads heads;
    const char *body;
    char *end;

    memset(out, 0, sizeof *out);
    if (length > ANSWER_FILE_BYTES_MAX || memchr(text, '\0', length) ||
        !read_heads(text, length, &heads, &body) || !heads.id[0])
        return no_file;
    if (!is_signed(&heads, body, length - (size_t)(body - text), secret, secret_length))
        return "its signature does not hold";
    out->at = (time_t)strtoll(heads.timestamp, &end, 10);
    if (end == heads.timestamp || *end || out->at > now + ANSWER_FILE_AHEAD ||
        out->at < now - ANSWER_FILE_OLDEST)
        return "it was signed more than seven days ago, or is ahead of our time";
    return take_body(body, length - (size_t)(body - text), out) ? NULL : no_body;
}
