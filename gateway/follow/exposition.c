#include "follow/exposition.h"

#include <inttypes.h>

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_label(struct buf *out, const char *label, const char *is)
{
    buf_addf(out, "%s=\"", label);
    for (const char *p = is; *p; p++) {
        if (*p == '\n')
            buf_add_text(out, "\\n");
        else if (*p == '\\' || *p == '"')
            buf_addf(out, "\\%c", *p);
        else
            buf_add_char(out, *p);
    }
    buf_add_char(out, '"');
}

void exposition_sample(struct buf *out, const char *name, const char *label, const char *is,
                       const char *label2, const char *is2, int64_t value)
{
    buf_add_text(out, name);
    if (label) {
        buf_add_char(out, '{');
        add_label(out, label, is);
        if (label2) {
            buf_add_char(out, ',');
            add_label(out, label2, is2);
        }
        buf_add_char(out, '}');
    }
    buf_addf(out, " %" PRId64 "\n", value);
}

void exposition_one(struct buf *out, const char *name, const char *type, const char *help,
                    int64_t value)
{
    exposition_family(out, name, type, help);
    exposition_sample(out, name, NULL, NULL, NULL, NULL, value);
}
