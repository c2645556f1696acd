/* gateway/cli/json.h - what --json prints. Members are added to an object, elements to a list; what
 * did not fit into memory is remembered and said by json_print. Absent values (-1, "", NULL) are
 * null, moments RFC 3339 in UTC. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/date.h"
#include "base/err.h"
#include "base/personal.h"

cJSON *json_object(void);
/* A new member that is an object or a list, or an object at the end of a list; borrowed. */
cJSON *json_add_object(cJSON *to, const char *name);
cJSON *json_add_list(cJSON *to, const char *name);
cJSON *json_push_object(cJSON *list);

void json_text(cJSON *to, const char *name, const char *text);
void json_push_text(cJSON *list, const char *text);
void json_number(cJSON *to, const char *name, int64_t number);
void json_real(cJSON *to, const char *name, double number);
void json_bool(cJSON *to, const char *name, bool value);
void json_id(cJSON *to, const char *name, int64_t id); /* null when negative */
void json_moment(cJSON *to, const char *name, time_t t);
void json_day(cJSON *to, const char *name, day_t d);
void json_personal(cJSON *to, const char *name, const struct personal *text);
/* A JSON text of the store's, as what it is; null when it is none. */
void json_parsed(cJSON *to, const char *name, const char *json);

/* Prints to stdout and frees root as json_free does, in any case. */
int json_print(cJSON *root, struct err *err) MUST_CHECK;

/* Wipes the texts, for names can be among them, and frees. NULL is allowed. */
void json_free(cJSON *root);

/* Reading back what was built here: "" and -1 when absent. */
const char *json_get_text(const cJSON *from, const char *name);
int64_t json_get_number(const cJSON *from, const char *name);

#endif
