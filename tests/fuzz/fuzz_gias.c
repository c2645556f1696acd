/* Any bytes are establishments, or links between them, or are refused with their mistakes: never a
 * crash, never our failure, and nothing that a file holds steers the terminal. */
#include "fuzz_store.h"
#include "registers/encoding.h"
#include "registers/import.h"

static void check_lines(const struct import_lines *lines)
{
    must(lines->kept <= lines->most && lines->kept <= lines->count);
    for (size_t i = 0; i < lines->kept; i++)
        must(strpbrk(lines->line[i], "\r\n\x1b") == NULL);
}

static void import(const char *kind, const char *path)
{
    struct import_options options = {.who = "fuzz", .now = 1795137180, .dry_run = true};
    struct import_result result;
    struct err err = {.code = ERR_NONE};
    int rc = import_run(fuzz_store(), import_kind_find(kind), path, &options, &result, &err);

    must(!db_in_transaction(fuzz_store()));
    must(rc == 0 ? result.mistakes.count == 0 : err.code == ERR_INVALID || err.code == ERR_LIMIT);
    must(result.added + result.changed + result.unchanged <= result.read);
    check_lines(&result.mistakes);
    check_lines(&result.warnings);
    check_lines(&result.changes);
    import_result_release(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("file", data, size);

    import("establishments", path);
    import("links", path);
    return 0;
}
