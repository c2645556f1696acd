/* gateway/registers/policies.c - what forces, authorities and establishments have settled
 * (plan/policy.h). An empty value takes the key back to its default. */
#include <stdio.h>
#include <string.h>

#include "plan/policy.h"
#include "registers/reading.h"
#include "store/policies.h"

enum { SCOPE, ID, KEY, VALUE, COLUMNS };

static const struct csv_column columns[COLUMNS] = {
    [SCOPE] = {"scope", true},
    [ID] = {"id", true},
    [KEY] = {"key", true},
    [VALUE] = {"value", true},
};

static int put_row(struct reading *r, const char *const *values, struct err *err)
{
    const struct import_options *o = r->options;
    struct policy_row row;
    struct err why;
    enum change change;
    int removed;

    snprintf(row.scope, sizeof row.scope, "%s", values[0]);
    snprintf(row.id, sizeof row.id, "%s", values[1]);
    snprintf(row.key, sizeof row.key, "%s", values[2]);
    snprintf(row.value, sizeof row.value, "%s", values[3]);
    if (row.value[0] == '\0') {
        removed = policies_unset(r->db, &row, o->who, o->now, err);
        if (removed > 0)
            reading_show_end(r, "%s %s %s", values[0], values[1], values[2]);
        r->result->ended += removed > 0;
        r->result->unchanged += removed == 0;
        return removed < 0 ? -1 : 0;
    }
    if (policy_check(&row, &why) < 0) {
        reading_mistake(r, KEY, "%s", why.text);
        return 0;
    }
    if (reading_put(r, REGISTER_POLICY, values, NULL, &change, NULL, err) < 0)
        return -1;
    return change == CHANGE_NONE ? 0 : policies_note(r->db, &row, false, o->who, o->now, err);
}

int read_policies(struct reading *r, struct err *err)
{
    int rc;

    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    while ((rc = reading_next(r, err)) == 1) {
        const char *scope = reading_needed_word(r, SCOPE, "all|force|la|school|centre");
        const char *id = reading_text(r, ID, 64),
                   *value = reading_text(r, VALUE, POLICY_VALUE_SIZE - 1);
        const char *const values[] = {scope, id ? id : "", reading_needed(r, KEY, 24),
                                      value ? value : ""};

        if (scope && (strcmp(scope, "all") == 0) != (values[1][0] == '\0'))
            reading_mistake(r, ID, "%s", id ? "must be empty for all" : "is empty");
        if (!r->row_refused && put_row(r, values, err) < 0)
            return -1;
    }
    return rc;
}
