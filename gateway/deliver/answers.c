#include "deliver/answers.h"

#include <string.h>

enum { URL_MOST = 250, DAY = 86400 };

const struct config_key answers_keys[] = {
    {.name = "base_url",
     .kind = CONFIG_TEXT,
     .help = "where notices are answered; without it no message has a link"},
    {.name = "link_days",
     .kind = CONFIG_INT,
     .otherwise = "14",
     .least = 1,
     .most = 90,
     .help = "for how many days a link is good"},
    {.name = "folder", .kind = CONFIG_PATH, .help = "where answers can be put as signed files"},
    {.name = "secret_file",
     .kind = CONFIG_SECRET,
     .help = "whsec_ and 24 to 64 bytes in Base64: what answer files are signed with"},
    {.name = NULL},
};

/* A link is for a browser elsewhere; a drill's may be on this machine. */
static bool is_url(const char *text)
{
    static const char *const starts[] = {"https://", "http://localhost", "http://127.0.0.1"};
    size_t length = strlen(text);

    if (length > URL_MOST || text[length - 1] == '/' || strpbrk(text, " \t\"<>#?\\"))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0 && length > strlen(starts[i]))
            return true;
    }
    return false;
}

int answers_links(const struct config *conf, struct prepare_links *out, struct err *err)
{
    const char *url = config_text(conf, "answers", "base_url");

    *out = (struct prepare_links){.base_url = NULL};
    if (!config_has(conf, "answers") || !url)
        return 0;
    if (!is_url(url))
        return err_set(err, ERR_CONFIG,
                       "[answers] base_url is no https address without a / at its end");
    *out = (struct prepare_links){url, (int64_t)config_int(conf, "answers", "link_days") * DAY};
    return 0;
}
