#include "adapters/reply.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

/* Brackets outside strings, counted before anything is allocated for them. */
static bool is_shallow(const char *text, size_t length)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < length; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if (text[i] == '{' || text[i] == '[')
            depth++;
        else if (text[i] == '}' || text[i] == ']')
            depth--;
        if (depth > REPLY_DEPTH_MAX)
            return false;
    }
    return true;
}

static cJSON *parse(const char *text, size_t length)
{
    return is_shallow(text, length) ? cJSON_ParseWithLength(text, length) : NULL;
}

/* A child's name comes back in the body of a message, a token in that of a login. */
static void wipe(cJSON *json)
{
    for (cJSON *item = json; item; item = item->next) {
        wipe(item->child);
        if (item->valuestring)
            personal_wipe(item->valuestring, strlen(item->valuestring));
    }
}

static void done(cJSON *json)
{
    wipe(json);
    cJSON_Delete(json);
}

static const cJSON *member(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static const char *text_of(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(member(json, name));
}

/* true: all of them; a list of child_ref: these alone. A list of nothing that could be one says
 * nothing. */
static void read_not_ours(const cJSON *said, struct outcome *outcome)
{
    const cJSON *one;

    outcome->not_our_pupil = cJSON_IsTrue(said);
    if (!cJSON_IsArray(said))
        return;
    cJSON_ArrayForEach(one, said)
    {
        const char *ref = cJSON_GetStringValue(one);

        if (outcome->not_ours_count < OUTCOME_CHILDREN && ref && *ref &&
            strlen(ref) < OUTCOME_CHILD_REF)
            memcpy(outcome->not_ours[outcome->not_ours_count++], ref, strlen(ref) + 1);
    }
    outcome->not_our_pupil = outcome->not_ours_count > 0;
}

void reply_answer(const char *text, size_t length, struct outcome *outcome)
{
    cJSON *json = parse(text, length);
    const char *by = text_of(json, "answered_by");
    struct err ignored;

    if (by && *by && strlen(by) <= REPLY_NAME_MAX &&
        personal_set_text(&outcome->answered_by, by, &ignored) < 0)
        personal_release(&outcome->answered_by);
    read_not_ours(member(json, "not_our_pupil"), outcome);
    done(json);
}

/* RFC 6750 2.1, b64token: nothing that could end a header's line. */
static bool is_token(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-._~+/");

    if (length == 0 || strlen(text) > REPLY_TOKEN_MAX)
        return false;
    return text[length + strspn(text + length, "=")] == '\0';
}

/* A number, or as some servers have it, digits in a string. */
static int seconds_of(const cJSON *json)
{
    const cJSON *item = member(json, "expires_in");
    double n = cJSON_GetNumberValue(item);
    const char *digits = cJSON_GetStringValue(item);

    if (digits && *digits && strlen(digits) <= 9 && digits[strspn(digits, "0123456789")] == '\0') {
        n = 0;
        while (*digits)
            n = n * 10 + (*digits++ - '0');
    }
    if (!(n >= 0)) /* NaN: it is not there */
        return -1;
    return n > REPLY_TOKEN_SECONDS_MAX ? REPLY_TOKEN_SECONDS_MAX : (int)n;
}

bool reply_token(const char *text, size_t length, struct personal *token, int *seconds)
{
    cJSON *json = parse(text, length);
    const char *found = text_of(json, "access_token"), *type = text_of(json, "token_type");
    struct err ignored;
    bool is = found && type && strcasecmp(type, "Bearer") == 0 && is_token(found) &&
              personal_set_text(token, found, &ignored) == 0;

    *seconds = is ? seconds_of(json) : -1;
    done(json);
    return is;
}

static const char *one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; word && i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return words[i];
    }
    return NULL;
}

const char *reply_token_error(const char *text, size_t length)
{
    static const char *const words[] = {"invalid_request",        "invalid_client",
                                        "invalid_grant",          "unauthorized_client",
                                        "unsupported_grant_type", "invalid_scope"};
    cJSON *json = parse(text, length);
    const char *found = one_of(text_of(json, "error"), words, ARRAY_SIZE(words));

    done(json);
    return found;
}

const char *reply_notify_error(const char *text, size_t length)
{
    static const char *const words[] = {
        "AuthError",         "ValidationError", "BadRequestError",      "InvalidEmailError",
        "InvalidPhoneError", "RateLimitError",  "TooManyRequestsError", "NoResultFound"};
    cJSON *json = parse(text, length);
    const cJSON *first = cJSON_GetArrayItem(member(json, "errors"), 0);
    const char *found = one_of(text_of(first, "error"), words, ARRAY_SIZE(words));

    done(json);
    return found;
}

static bool take_id(const cJSON *json, char id[REPLY_ID_SIZE])
{
    const char *text = text_of(json, "id");

    if (!text || strlen(text) != REPLY_ID_SIZE - 1 ||
        text[strspn(text, "0123456789abcdefABCDEF-")] != '\0')
        return false;
    memcpy(id, text, REPLY_ID_SIZE);
    return true;
}

bool reply_notify_id(const char *text, size_t length, char id[REPLY_ID_SIZE])
{
    cJSON *json = parse(text, length);
    bool is = take_id(json, id);

    done(json);
    return is;
}

static enum notify_status status_of(const cJSON *json)
{
    static const struct {
        const char *word;
        enum notify_status status;
    } statuses[] = {
        {"created", NOTIFY_UNDER_WAY},           {"sending", NOTIFY_UNDER_WAY},
        {"pending", NOTIFY_UNDER_WAY},           {"sent", NOTIFY_DELIVERED},
        {"delivered", NOTIFY_DELIVERED},         {"permanent-failure", NOTIFY_PERMANENT},
        {"temporary-failure", NOTIFY_TEMPORARY}, {"technical-failure", NOTIFY_TECHNICAL},
    };
    const char *word = text_of(json, "status");

    for (size_t i = 0; word && i < ARRAY_SIZE(statuses); i++) {
        if (strcmp(statuses[i].word, word) == 0)
            return statuses[i].status;
    }
    return NOTIFY_NONE;
}

enum notify_status reply_notify_status(const char *text, size_t length)
{
    cJSON *json = parse(text, length);
    enum notify_status status = status_of(json);

    done(json);
    return status;
}

/* One whose status is new to us is there all the same: it is not sent again. */
bool reply_notify_list(const char *text, size_t length, const char *reference,
                       char id[REPLY_ID_SIZE], enum notify_status *status)
{
    cJSON *json = parse(text, length);
    const cJSON *list = member(json, "notifications"), *one;
    bool is = cJSON_IsArray(list);

    *status = NOTIFY_NONE;
    id[0] = '\0';
    cJSON_ArrayForEach(one, list)
    {
        const char *theirs = text_of(one, "reference");
        enum notify_status found = status_of(one);

        if (!theirs || strcmp(theirs, reference) != 0)
            continue;
        if (found == NOTIFY_NONE)
            found = NOTIFY_UNDER_WAY;
        if (*status != NOTIFY_NONE && *status != NOTIFY_TECHNICAL)
            continue;
        if (*status == NOTIFY_TECHNICAL && found == NOTIFY_TECHNICAL)
            continue;
        if (!take_id(one, id))
            id[0] = '\0';
        *status = found;
    }
    done(json);
    return is;
}
