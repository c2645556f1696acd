/* gateway/registers/bank_holidays.c - gov.uk's bank-holidays.json. All three divisions are kept;
 * planning counts England and Wales. Within the years that the file covers, a day that it no longer
 * has is taken away: holidays move, as VE Day did in 2020. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "registers/encoding.h"
#include "registers/reading.h"

enum { JSON_MAX = 1 << 20 };

static const char *const divisions[] = {"england-and-wales", "scotland", "northern-ireland"};

static int take_event(struct reading *r, const char *division, int n, const cJSON *event,
                      char first[DATE_TEXT_SIZE], char last[DATE_TEXT_SIZE], struct err *err)
{
    const char *title = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "title"));
    const char *date = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "date"));
    const char *const values[] = {division, date, title};
    enum change change;

    r->result->read++;
    r->scratch_used = 0;
    if (!date || day_parse(date) == DAY_NONE) {
        reading_mistake_at(r, 0, "/%s/events/%d/date: is no date", division, n);
        return 0;
    }
    if (!title || title[0] == '\0' || strlen(title) > 100) {
        reading_mistake_at(r, 0, "/%s/events/%d/title: is missing, or too long", division, n);
        return 0;
    }
    if (first[0] == '\0' || strcmp(date, first) < 0)
        snprintf(first, DATE_TEXT_SIZE, "%s", date);
    if (strcmp(date, last) > 0)
        snprintf(last, DATE_TEXT_SIZE, "%s", date);
    if (registers_seen_text(r->db, reading_scratch(r, "%s/%s", division, date), err) < 0)
        return -1;
    return reading_put(r, REGISTER_BANK_HOLIDAY, values, NULL, &change, NULL, err);
}

static int take_division(struct reading *r, const char *division, const cJSON *json,
                         struct err *err)
{
    const cJSON *events = cJSON_GetObjectItemCaseSensitive(json, "events"), *event;
    char first[DATE_TEXT_SIZE] = "", last[DATE_TEXT_SIZE] = "";
    const char *args[] = {division, first, last};
    int n = 0;

    if (!cJSON_IsArray(events) || cJSON_GetArraySize(events) == 0) {
        reading_mistake_at(r, 0, "/%s/events: is no list of holidays", division);
        return 0;
    }
    cJSON_ArrayForEach(event, events)
    {
        if (r->result->mistakes.count >= IMPORT_MISTAKES)
            return 0;
        if (take_event(r, division, n++, event, first, last, err) < 0)
            return -1;
    }
    return reading_end_absent(r, ABSENT_BANK_HOLIDAYS, args, false, err);
}

static int take_file(struct reading *r, const cJSON *root, struct err *err)
{
    if (!cJSON_IsObject(root) || !cJSON_GetObjectItemCaseSensitive(root, divisions[0])) {
        reading_mistake_at(r, 0, "/%s: is missing: this is not gov.uk's file", divisions[0]);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(divisions); i++) {
        const cJSON *json = cJSON_GetObjectItemCaseSensitive(root, divisions[i]);

        if (json && take_division(r, divisions[i], json, err) < 0)
            return -1;
    }
    return 0;
}

int read_bank_holidays(struct reading *r, struct err *err)
{
    struct buf text;
    const char *end = NULL;
    cJSON *root;
    int rc = -1;

    if (encoding_read_file(r->file, JSON_MAX, &text, err) < 0)
        return -1;
    if (encoding_to_utf8(r->file, &text, &r->result->encoding, err) < 0)
        goto out;
    root = cJSON_ParseWithLengthOpts(buf_text(&text), text.length, &end, 0);
    if (!root) {
        reading_mistake_at(
            r, 1 + (end ? encoding_lines(buf_text(&text), (size_t)(end - buf_text(&text))) : 0),
            "is no JSON");
        rc = 0;
        goto out;
    }
    rc = take_file(r, root, err);
    cJSON_Delete(root);
out:
    buf_release(&text);
    return rc;
}
