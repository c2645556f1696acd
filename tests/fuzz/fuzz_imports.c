/* A line that names a kind of import and its options, then any bytes as that file: they are taken or
 * refused with their mistakes, never a crash, never our failure, and what a cell holds is in none of
 * what is shown: no mistake or warning quotes a value (P5), but for a policy's, which is no person's. */
#include "fuzz_store.h"
#include "registers/import.h"

#define MARK "zq9Xv7"

static void check_lines(const struct import_lines *lines, bool quotes)
{
    must(lines->kept <= lines->most && lines->kept <= lines->count);
    for (size_t i = 0; i < lines->kept; i++) {
        must(strpbrk(lines->line[i], "\r\n\x1b") == NULL);
        must(quotes || strstr(lines->line[i], MARK) == NULL);
    }
}

static void import(const struct import_kind *kind, const char *options, const char *path)
{
    struct import_options o = {.la = kind->la && strstr(options, "--la") ? "879" : NULL,
                               .complete = kind->complete && strstr(options, "--complete"),
                               .force = strstr(options, "--force") != NULL,
                               .who = "fuzz",
                               .now = 1795137180,
                               .dry_run = true};
    struct import_result result;
    struct err err = {.code = ERR_NONE};
    bool quotes = strcmp(kind->name, "policies") == 0;
    int rc = import_run(fuzz_store(), kind, path, &o, &result, &err);

    must(!db_in_transaction(fuzz_store()));
    must(rc == 0 ? result.mistakes.count == 0
                 : err.code == ERR_INVALID || err.code == ERR_LIMIT || err.code == ERR_USAGE);
    must(result.added + result.changed + result.unchanged <= result.read);
    check_lines(&result.mistakes, quotes);
    check_lines(&result.warnings, quotes);
    import_result_release(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"roll",  "contacts",      "reach",
                                        "terms", "bank-holidays", "policies"};
    const char *end = memchr(data, '\n', size);
    char line[128];
    size_t length = end ? (size_t)(end - (const char *)data) : sizeof line;

    if (length >= sizeof line)
        return 0;
    memcpy(line, data, length);
    line[length] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strncmp(line, kinds[i], strlen(kinds[i])) == 0) {
            import(import_kind_find(kinds[i]), line,
                   fuzz_write("file", end + 1, size - length - 1));
            break;
        }
    }
    return 0;
}
