#include "cli/json.h"

#include <stdio.h>
#include <string.h>

static bool out_of_memory;

static cJSON *kept(cJSON *item)
{
    out_of_memory = out_of_memory || !item;
    return item;
}

/* Adds an item that may be NULL, to what may be NULL. */
static void add(cJSON *to, const char *name, cJSON *item)
{
    if (!kept(item))
        return;
    if (!to || !cJSON_AddItemToObject(to, name, item)) {
        cJSON_Delete(item);
        out_of_memory = true;
    }
}

cJSON *json_object(void)
{
    return kept(cJSON_CreateObject());
}

cJSON *json_add_object(cJSON *to, const char *name)
{
    return kept(cJSON_AddObjectToObject(to, name));
}

cJSON *json_add_list(cJSON *to, const char *name)
{
    return kept(cJSON_AddArrayToObject(to, name));
}

static cJSON *push(cJSON *list, cJSON *item)
{
    if (kept(item) && !cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        return kept(NULL);
    }
    return item;
}

cJSON *json_push_object(cJSON *list)
{
    return push(list, cJSON_CreateObject());
}

void json_push_text(cJSON *list, const char *text)
{
    push(list, cJSON_CreateString(text));
}

void json_text(cJSON *to, const char *name, const char *text)
{
    add(to, name, text && text[0] != '\0' ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void json_number(cJSON *to, const char *name, int64_t number)
{
    add(to, name, cJSON_CreateNumber((double)number));
}

void json_real(cJSON *to, const char *name, double number)
{
    add(to, name, cJSON_CreateNumber(number));
}

void json_bool(cJSON *to, const char *name, bool value)
{
    add(to, name, cJSON_CreateBool(value));
}

void json_id(cJSON *to, const char *name, int64_t id)
{
    add(to, name, id < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)id));
}

void json_moment(cJSON *to, const char *name, time_t t)
{
    char text[MOMENT_TEXT_SIZE];

    json_text(to, name, t < 0 ? NULL : moment_format(t, text));
}

void json_day(cJSON *to, const char *name, day_t d)
{
    char text[DATE_TEXT_SIZE];

    json_text(to, name, d == DAY_NONE ? NULL : day_format(d, text));
}

void json_personal(cJSON *to, const char *name, const struct personal *text)
{
    json_text(to, name, personal_reveal(text));
}

void json_parsed(cJSON *to, const char *name, const char *json)
{
    cJSON *item = cJSON_Parse(json);

    add(to, name, item ? item : cJSON_CreateNull());
}

static void wipe(cJSON *item)
{
    for (; item; item = item->next) {
        if (cJSON_IsString(item))
            personal_wipe(item->valuestring, strlen(item->valuestring));
        wipe(item->child);
    }
}

void json_free(cJSON *root)
{
    wipe(root);
    cJSON_Delete(root);
}

int json_print(cJSON *root, struct err *err)
{
    char *text = out_of_memory ? NULL : cJSON_Print(root);

    json_free(root);
    if (!text)
        return err_memory(err);
    puts(text);
    personal_wipe(text, strlen(text)); /* names, at times */
    cJSON_free(text);
    return 0;
}

const char *json_get_text(const cJSON *from, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(from, name));

    return text ? text : "";
}

int64_t json_get_number(const cJSON *from, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(from, name);

    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : -1;
}
