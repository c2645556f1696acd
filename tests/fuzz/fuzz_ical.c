/* Any bytes are a calendar of school days or are refused: never a crash, and every term that it puts
 * into the store has days in their order. */
#include "fuzz_store.h"
#include "registers/encoding.h"
#include "registers/terms.h"
#include "store/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import_options options = {.la = "879", .who = "fuzz"};
    struct import_result result = {
        .mistakes = {.most = 20}, .warnings = {.most = 20}, .changes = {.most = 50}};
    struct reading r = {.db = fuzz_store(),
                        .kind = import_kind_find("terms"),
                        .file = "file",
                        .options = &options,
                        .result = &result};
    struct terms t = {.r = &r};
    const char *encoding;
    struct buf text;
    int64_t wrong = 0;

    buf_init(&text, ICAL_MAX);
    buf_add(&text, data, size);
    if (buf_check(&text, NULL) == 0 && encoding_to_utf8("file", &text, &encoding, NULL) == 0) {
        must(db_begin(r.db, NULL) == 0 && registers_seen_reset(r.db, NULL) == 0);
        must(terms_read_ical_text(&t, buf_text(&text), text.length, NULL) == 0);
        must(sql_int(r.db, &wrong, NULL, "SELECT count(*) FROM term WHERE from_day > to_day", "") ==
             1);
        must(wrong == 0);
        db_rollback(r.db);
    }
    buf_release(&text);
    free(t.doors);
    import_result_release(&result);
    return 0;
}
