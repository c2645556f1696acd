#include "deliver/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/date.h"
#include "deliver/templates.h"
#include "deliver/values.h"

/* 20 children with 4,000 characters each, escaped. */
enum { RENDERED_BYTES_MAX = 2 * 1024 * 1024, LINK_SIZE = 512 };

static int render_part(const struct template_set *set, enum part part,
                       const struct mustache_values *values, struct personal *out, struct err *err)
{
    struct buf text;
    int rc;

    buf_init(&text, RENDERED_BYTES_MAX);
    rc = set->above[part] ? mustache_render(set->above[part], values, &text, err) : 0;
    if (rc == 0)
        rc = mustache_render(set->parts[part], values, &text, err);
    if (rc == 0 && set->below[part])
        rc = mustache_render(set->below[part], values, &text, err);
    if (rc == 0)
        rc = personal_set(out, buf_text(&text), text.length, err);
    buf_release(&text);
    return rc;
}

/* The subject's template has been held to the reference, so it is no personal text. */
static int render_subject(const struct template_set *set, const struct mustache_values *values,
                          char **out, struct err *err)
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

/* The body as it is, then everything that is made from it. The banner's set gives the subject, and
 * banner's text and html too; NULL there is none. */
static int render_with(const struct template_set *set, const struct template_set *banner_set,
                       cJSON *json, unsigned parts, struct rendered *out, struct rendered *banner,
                       struct err *err)
{
    const struct template_set *titled = banner_set ? banner_set : set;
    struct rendered r = {.subject = NULL};
    struct mustache_values *values = NULL;
    int rc = 0;

    snprintf(r.language, sizeof r.language, "%s", set->language);
    if (parts & MESSAGE_JSON)
        rc = render_json(json, &r.json, err);
    if (rc == 0 && (parts & (MESSAGE_TEXT | MESSAGE_HTML)))
        rc = values_add_words(json, err) < 0 || mustache_values_new(json, &values, err) < 0 ||
                     render_subject(titled, values, &r.subject, err) < 0 ||
                     mustache_values_add(values, "subject", r.subject, err) < 0
                 ? -1
                 : 0;
    if (rc == 0 && (parts & MESSAGE_TEXT))
        rc = render_part(set, PART_TXT, values, &r.text, err);
    if (rc == 0 && (parts & MESSAGE_HTML))
        rc = render_part(set, PART_HTML, values, &r.html, err);
    if (rc == 0 && banner_set)
        rc = render_part(banner_set, PART_TXT, values, &banner->text, err) < 0 ||
                     render_part(banner_set, PART_HTML, values, &banner->html, err) < 0
                 ? -1
                 : 0;
    if (rc == 0)
        *out = r;
    else
        rendered_release(&r);
    mustache_values_free(values);
    return rc;
}

static int render_all(const struct template_set *set, cJSON *values, struct rendered *out,
                      struct err *err)
{
    return render_with(set, NULL, values, MESSAGE_WHOLE, out, NULL, err);
}

static int find_set(const struct templates *t, const char *wording, const char *language,
                    const char *kind, struct template_set *out, struct err *err)
{
    return templates_find(t, wording, language, kind, out)
               ? 0
               : err_set(err, ERR_CONFIG, "no wording of kind %s", kind);
}

int render_notice(const struct templates *t, const struct render_input *in, struct rendered *out,
                  struct err *err)
{
    const char *kind = in->reminder ? "reminder" : notice_kind_word(in->notice->kind);
    struct template_set set;
    cJSON *values = NULL;
    int rc = -1;

    if (find_set(t, in->wording, in->language, kind, &set, err) == 0 &&
        values_make(in, set.language, &values, err) == 0)
        rc = render_with(&set, NULL, values, in->parts ? in->parts : MESSAGE_WHOLE, out, NULL, err);
    values_free(values);
    return rc;
}

/* Puts the banner before the text from offset on. */
static int insert(struct personal *text, size_t offset, const struct personal *banner,
                  struct err *err)
{
    const char *whole = personal_reveal(text);
    struct buf joined;
    int rc;

    buf_init(&joined, RENDERED_BYTES_MAX);
    buf_add(&joined, whole, offset);
    buf_add_text(&joined, personal_reveal(banner));
    buf_add_text(&joined, whole + offset);
    rc = buf_check(&joined, err);
    if (rc == 0)
        rc = personal_set(text, buf_text(&joined), joined.length, err);
    buf_release(&joined);
    return rc;
}

/* Where a page's words begin. */
static size_t body_of(const char *html)
{
    const char *words = strstr(html, "<main"), *body = words ? words : strstr(html, "<body");
    const char *end = body ? strchr(body, '>') : NULL;

    return end ? (size_t)(end + 1 - html) : 0;
}

static bool mark_exercise(cJSON *values, enum notice_kind kind)
{
    cJSON *word = cJSON_CreateString("exercise");

    if (!word || !cJSON_ReplaceItemInObjectCaseSensitive(values, "kind", word)) {
        cJSON_Delete(word);
        return false;
    }
    return cJSON_AddStringToObject(values, "exercise_of", notice_kind_word(kind)) != NULL;
}

int render_exercise(const struct templates *t, const struct render_input *in, struct rendered *out,
                    struct err *err)
{
    struct template_set set, banner_set;
    struct rendered r = {.subject = NULL}, banner = {.subject = NULL};
    cJSON *values = NULL;
    int rc = -1;

    if (find_set(t, in->wording, in->language, notice_kind_word(in->notice->kind), &set, err) < 0 ||
        find_set(t, in->wording, in->language, "exercise", &banner_set, err) < 0 ||
        values_make(in, set.language, &values, err) < 0)
        goto out;
    if (!mark_exercise(values, in->notice->kind)) {
        err_memory(err);
        goto out;
    }
    if (render_with(&set, &banner_set, values, MESSAGE_WHOLE, &r, &banner, err) < 0 ||
        insert(&r.text, 0, &banner.text, err) < 0 ||
        insert(&r.html, body_of(personal_reveal(&r.html)), &banner.html, err) < 0)
        goto out;
    *out = r;
    memset(&r, 0, sizeof r);
    rc = 0;
out:
    rendered_release(&r);
    rendered_release(&banner);
    values_free(values);
    return rc;
}

static cJSON *warning_values(const struct render_warning *in, const char *language)
{
    char since[MOMENT_TEXT_SIZE];
    cJSON *values = cJSON_CreateObject(), *door;
    bool ok = cJSON_AddNumberToObject(values, "version", 1) &&
              cJSON_AddStringToObject(values, "reference", in->reference) &&
              cJSON_AddStringToObject(values, "kind", "warning") &&
              cJSON_AddStringToObject(values, "language", language) &&
              cJSON_AddStringToObject(values, "warning", in->kind) &&
              cJSON_AddStringToObject(values, "since", moment_format(in->since, since));

    door = ok ? cJSON_AddObjectToObject(values, "establishment") : NULL;
    ok = door && cJSON_AddStringToObject(door, "namespace", in->door->namespace) &&
         cJSON_AddStringToObject(door, "urn", in->door->urn) &&
         cJSON_AddStringToObject(door, "name", in->name);
    if (ok)
        return values;
    cJSON_Delete(values);
    return NULL;
}

int render_warning(const struct templates *t, const struct render_warning *in, struct rendered *out,
                   struct err *err)
{
    struct template_set set;
    cJSON *values;
    int rc;

    if (find_set(t, in->wording, in->language, "warning", &set, err) < 0)
        return -1;
    values = warning_values(in, set.language);
    rc = values ? render_all(&set, values, out, err) : err_memory(err);
    values_free(values);
    return rc;
}

int render_minimal(const struct templates *t, const struct render_minimal *in, struct rendered *out,
                   struct err *err)
{
    struct template_set set;
    cJSON *values;
    char link[LINK_SIZE];
    int rc;

    if (find_set(t, in->wording, in->language, "minimal", &set, err) < 0)
        return -1;
    if ((size_t)snprintf(link, sizeof link, "%s%s", in->link, in->reference) >= sizeof link)
        return err_set(err, ERR_CONFIG, "minimal_link is too long");
    values = cJSON_CreateObject();
    rc = cJSON_AddNumberToObject(values, "version", 1) &&
                 cJSON_AddStringToObject(values, "reference", in->reference) &&
                 cJSON_AddStringToObject(values, "kind", "minimal") &&
                 cJSON_AddStringToObject(values, "language", set.language) &&
                 cJSON_AddStringToObject(values, "link", link)
             ? render_all(&set, values, out, err)
             : err_memory(err);
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
