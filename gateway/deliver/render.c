#include "deliver/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "deliver/templates.h"
#include "deliver/values.h"

/* 20 children with 4,000 characters each, escaped. */
enum { RENDERED_BYTES_MAX = 2 * 1024 * 1024 };

static int render_part(const struct template_set *set, enum part part, const cJSON *values,
                       struct personal *out, struct err *err)
{
    struct buf text;
    int rc;

    buf_init(&text, RENDERED_BYTES_MAX);
    rc = mustache_render(set->parts[part], values, &text, err);
    if (rc == 0)
        rc = personal_set(out, buf_text(&text), text.length, err);
    buf_release(&text);
    return rc;
}

/* The subject's template has been held to the reference, so it is no personal text. */
static int render_subject(const struct template_set *set, const cJSON *values, char **out,
                          struct err *err)
{
    struct buf text;
    int rc;

    buf_init(&text, RENDERED_BYTES_MAX);
    rc = mustache_render(set->parts[PART_SUBJECT], values, &text, err);
    if (rc == 0) {
        *out = buf_take(&text);
        if (!*out)
            rc = err_memory(err);
    }
    buf_release(&text);
    return rc;
}

static int render_json(const cJSON *values, struct personal *out, struct err *err)
{
    char *text = cJSON_PrintUnformatted(values);
    int rc;

    if (!text)
        return err_memory(err);
    rc = personal_set_text(out, text, err);
    personal_wipe(text, strlen(text));
    cJSON_free(text);
    return rc;
}

int render_notice(const struct templates *t, const struct render_input *in, struct rendered *out,
                  struct err *err)
{
    const char *kind = in->reminder ? "reminder" : notice_kind_word(in->notice->kind);
    struct template_set set;
    struct rendered r = {.subject = NULL};
    cJSON *values = NULL;
    int rc = -1;

    if (!templates_find(t, in->wording, in->language, kind, &set))
        return err_set(err, ERR_CONFIG, "no wording of kind %s", kind);
    snprintf(r.language, sizeof r.language, "%s", set.language);
    if (values_make(in, set.language, &values, err) < 0)
        return -1;
    if (render_json(values, &r.json, err) < 0 || values_add_words(values, err) < 0 ||
        render_subject(&set, values, &r.subject, err) < 0 ||
        render_part(&set, PART_TXT, values, &r.text, err) < 0 ||
        render_part(&set, PART_HTML, values, &r.html, err) < 0)
        goto out;
    *out = r;
    memset(&r, 0, sizeof r);
    rc = 0;
out:
    rendered_release(&r);
    values_free(values);
    return rc;
}

void rendered_release(struct rendered *r)
{
    free(r->subject);
    r->subject = NULL;
    personal_release(&r->text);
    personal_release(&r->html);
    personal_release(&r->json);
}
