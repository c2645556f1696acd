#include "cli/withheld.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/table.h"
#include "store/report.h"

static bool is_filter_on(const struct policy_row *row)
{
    return strncmp(row->key, "filter_", 7) == 0 && strcmp(row->value, "off") != 0;
}

int withheld_json(struct db *db, cJSON *root, struct err *err)
{
    cJSON *reasons = json_add_list(root, "withheld"), *filters = json_add_list(root, "filters");
    struct report_withheld *withheld = NULL;
    struct policy_row *rows = NULL;
    size_t n = 0, count = 0;
    int rc = report_withheld(db, &withheld, &n, err);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        cJSON *o = json_push_object(reasons);

        json_text(o, "force", withheld[i].force);
        json_text(o, "reason", withheld[i].reason);
        json_bool(o, "filter", withheld[i].is_filter);
        json_bool(o, "listed", withheld[i].is_listed);
        json_number(o, "children", withheld[i].children);
    }
    if (rc == 0)
        rc = report_policies(db, &rows, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        cJSON *o = is_filter_on(&rows[i]) ? json_push_object(filters) : NULL;

        if (!o)
            continue;
        json_text(o, "force", rows[i].id);
        json_text(o, "key", rows[i].key);
        json_text(o, "value", rows[i].value);
    }
    free(withheld);
    free(rows);
    return rc;
}

static int64_t kept_back(const struct report_withheld *list, size_t n, const struct policy_row *row)
{
    const char *what = row->key + strlen("filter_");

    for (size_t i = 0; i < n; i++) {
        if (list[i].is_filter && strcmp(list[i].force, row->id) == 0 &&
            strcmp(list[i].reason + strlen("filter:"), what) == 0)
            return list[i].children;
    }
    return 0;
}

int withheld_print(struct db *db, struct err *err)
{
    struct report_withheld *list = NULL;
    struct policy_row *rows = NULL;
    size_t n = 0, count = 0;
    int lines = 0, rc = report_withheld(db, &list, &n, err);

    if (rc == 0)
        rc = report_policies(db, &rows, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!is_filter_on(&rows[i]))
            continue;
        colour_print(stdout, COLOUR_YELLOW, "! %s keeps children back: %s %s, %" PRId64 " so far",
                     rows[i].id, rows[i].key, rows[i].value, kept_back(list, n, &rows[i]));
        puts("  (encompass policy)");
        lines++;
    }
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (list[i].is_listed)
            continue;
        colour_print(stdout, COLOUR_YELLOW,
                     "! %" PRId64 " withheld under the reason %s, which %s has not listed",
                     list[i].children, list[i].reason, list[i].force);
        puts("  (ask the force; encompass policy)");
        lines++;
    }
    free(list);
    free(rows);
    return rc < 0 ? -1 : lines;
}
