#include "intake/receipt.h"

#include <inttypes.h>

/* References have been checked to be plain (intake/incident.c) and words are ours: nothing here
 * needs escaping. */
static void member(struct buf *out, const char *name, const char *value)
{
    if (*value)
        buf_addf(out, ",\"%s\":\"%s\"", name, value);
    else
        buf_addf(out, ",\"%s\":null", name);
}

void receipt_json(const struct incident_ident *ident, const char *status, time_t at,
                  const struct problems *problems, const struct receipt_child *children,
                  size_t children_count, struct buf *out)
{
    char moment[MOMENT_TEXT_SIZE];

    buf_add_text(out, "{\"version\":1");
    member(out, "force", ident->force);
    member(out, "police_ref", ident->police_ref);
    if (ident->revision >= 0)
        buf_addf(out, ",\"revision\":%" PRId64, ident->revision);
    else
        buf_add_text(out, ",\"revision\":null");
    member(out, "status", status);
    member(out, "at", moment_format(at, moment));
    buf_add_text(out, ",\"errors\":");
    if (problems)
        problems_json(problems, out);
    else
        buf_add_text(out, "[]");
    buf_add_text(out, ",\"children\":[");
    for (size_t i = 0; i < children_count; i++)
        buf_addf(out, "%s{\"child_ref\":\"%s\",\"state\":\"%s\"}", i > 0 ? "," : "",
                 children[i].child_ref, children[i].state);
    buf_add_text(out, "]}");
}

void receipt_topic(const char *force, struct buf *out)
{
    buf_addf(out, "encompass/v1/%s/receipt", force);
}
