/* Any bytes that a web server may answer with are read within bounds, and what comes of them is no
 * more than it may be: nothing that could end a header's line, no id that could leave its place in a
 * URL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void read_webhook(const char *text, size_t size)
{
    struct outcome o = {.retry_after = -1};

    reply_answer(text, size, &o);
    must(o.answered_by.length <= REPLY_NAME_MAX &&
         strlen(personal_reveal(&o.answered_by)) == o.answered_by.length);
    must(o.not_ours_count == 0 || o.not_our_pupil);
    for (size_t i = 0; i < o.not_ours_count; i++)
        must(o.not_ours[i][0] != '\0' && strlen(o.not_ours[i]) < OUTCOME_CHILD_REF);
    personal_release(&o.answered_by);
}

static void read_token(const char *text, size_t size)
{
    struct personal token = {0};
    int seconds;

    if (reply_token(text, size, &token, &seconds)) {
        must(token.length > 0 && token.length <= REPLY_TOKEN_MAX);
        must(!strpbrk(personal_reveal(&token), "\r\n \t:"));
        must(seconds >= -1 && seconds <= REPLY_TOKEN_SECONDS_MAX);
    } else {
        must(!personal_is_set(&token));
    }
    personal_release(&token);
}

static void read_notify(const char *text, size_t size)
{
    char id[REPLY_ID_SIZE] = "";
    enum notify_status status;

    if (reply_notify_id(text, size, id))
        must(strlen(id) == REPLY_ID_SIZE - 1 && !strpbrk(id, "/?#%& \r\n"));
    must(reply_notify_status(text, size) <= NOTIFY_TECHNICAL);
    must(!reply_notify_error(text, size) || size > 10);
    if (!reply_notify_list(text, size, "0123456789ABCDEFGHJKMNPQRS", id, &status))
        must(status == NOTIFY_NONE);
    must(status <= NOTIFY_TECHNICAL);
    must(id[0] == '\0' || (strlen(id) == REPLY_ID_SIZE - 1 && !strpbrk(id, "/?#%& \r\n")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* At the end of its memory: a reader that goes beyond is seen. */
    char *text = malloc(size);

    if (!text)
        return 0;
    memcpy(text, data, size);
    read_webhook(text, size);
    read_token(text, size);
    read_notify(text, size);
    free(text);
    return 0;
}
