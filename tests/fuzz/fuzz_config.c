/* Any bytes are a configuration, or are refused with file and line; what was taken can be read, and
 * every adapter that it has opens or says why not. The same bytes as weights are taken or refused. */
#include <limits.h>
#include <sys/stat.h>

#include "adapters/adapter.h"
#include "adapters/receivers.h"
#include "base/config.h"
#include "daemon/settings.h"
#include "deliver/answers.h"
#include "fuzz.h"
#include "match/weights.h"

/* Only what lies beside the configuration is opened: no device, no pipe that waits. */
static bool is_ours(const char *path)
{
    size_t length = strlen(fuzz_folder);

    return strncmp(path, fuzz_folder, length) == 0 && path[length] == '/' &&
           strcspn(path + length + 1, "/") == strlen(path + length + 1) &&
           strcmp(path + length + 1, "..") != 0;
}

static bool read_section(const struct config *conf, const struct config_section *section,
                         const char *name)
{
    bool ours = true;

    for (const struct config_key *key = section->keys; key->name; key++) {
        const char *text = config_text(conf, name, key->name);

        must(!text || *text);
        if (key->kind == CONFIG_PATH && text && text != key->otherwise)
            ours = is_ours(text) && ours;
        if (!text || key->kind == CONFIG_TEXT || key->kind == CONFIG_PATH)
            continue;
        if (key->kind == CONFIG_INT || key->kind == CONFIG_SECONDS)
            must((key->least == 0 && key->most == 0) ||
                 (config_int(conf, name, key->name) >= key->least &&
                  config_int(conf, name, key->name) <= key->most));
        if (key->kind == CONFIG_BOOL)
            must((strcmp(text, "yes") == 0) == config_bool(conf, name, key->name));
    }
    return ours;
}

static bool read_all(const struct config *conf)
{
    bool ours = true;

    for (const struct config_section *s = settings_sections(); s->name; s++) {
        const char *name;

        if (!strchr(s->name, '*')) {
            ours = read_section(conf, s, s->name) && ours;
            must(config_same(conf, conf, s->name));
            continue;
        }
        for (size_t i = 0; (name = config_nth(conf, s->name, i)); i++) {
            must(config_has(conf, name));
            ours = read_section(conf, s, name) && ours;
        }
    }
    return ours;
}

static void open_all(const struct config *conf)
{
    struct prepare_links links;

    for (size_t i = 0; adapters[i]; i++) {
        struct err err = {.code = ERR_NONE};
        void *self = NULL;

        if (!config_has(conf, adapters[i]->section))
            continue;
        if (adapters[i]->open(conf, &self, &err) == 0)
            adapters[i]->close(self);
        else
            must(err.code == ERR_CONFIG && err.text[0]);
    }
    if (answers_links(conf, &links, NULL) == 0 && links.base_url)
        must(links.seconds > 0);
}

static void make_files(void)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"secret", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"},
        {"key",
         "drill-740e5834-3a29-46b4-9a6f-16142fde533a-d5b0e0fd-b6e1-4c6c-9b3e-0e9a0f9b7f21\n"},
        {"empty", ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        fuzz_write(files[i].name, files[i].text, strlen(files[i].text));
    must(mkdir(fuzz_path("folder"), 0700) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *conf;
    struct weights weights = *weights_default();
    struct err err = {.code = ERR_NONE};
    const char *path;

    if (fuzz_files_count == 0)
        make_files();
    path = fuzz_write("encompass.conf", data, size);
    if (config_load(path, settings_sections(), &conf, &err) == 0) {
        if (read_all(conf))
            open_all(conf);
        config_free(conf);
    } else {
        must(err.code == ERR_CONFIG && strstr(err.text, "encompass.conf:"));
    }
    err = (struct err){.code = ERR_NONE};
    if (weights_load(path, &weights, &err) < 0)
        must((err.code == ERR_INVALID || err.code == ERR_LIMIT) && err.text[0]);
    return 0;
}
