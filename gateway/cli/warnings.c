#include "cli/warnings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/table.h"
#include "follow/words.h"
#include "store/report.h"
#include "store/warnings.h"

static void print_one(const struct warning *w, const char *name)
{
    char since[WORDS_MOMENT_SIZE];

    words_moment_short(w->since, since);
    switch (w->kind) {
    case WARNING_FEED_QUIET:
        colour_print(stdout, COLOUR_RED, "! the feed of %s is quiet since %s", w->door.urn, since);
        break;
    case WARNING_BROKER_LOST:
        colour_print(stdout, COLOUR_RED, "! no session at the broker since %s", since);
        break;
    case WARNING_CONTACT_FAILING:
        colour_print(stdout, COLOUR_YELLOW, "! messages to %s %s keep failing since %s",
                     words_namespace(w->door.namespace), w->door.urn, since);
        if (name[0])
            printf(", %s", name);
        break;
    case WARNING_ADAPTER_SHUT:
        colour_print(stdout, COLOUR_RED, "! nothing can be sent %s since %s",
                     words_adapter(w->door.urn), since);
        break;
    case WARNING_ROLL_OLD:
    case WARNING_KINDS:
        colour_print(stdout, COLOUR_YELLOW, "! the roll of %s %s is of %s",
                     words_namespace(w->door.namespace), w->door.urn, since);
        break;
    }
    if (w->told > 0)
        printf("  (%" PRId64 " told)\n", w->told);
    else
        puts(w->telling > 0 ? "  (its desk is being told)" : "  (nobody is told)");
}

/* Each with its door's name, by `each`. Returns how many, -1. */
static int for_all(struct db *db, void (*each)(const struct warning *, const char *, cJSON *),
                   cJSON *into, struct err *err)
{
    struct warning *list = NULL;
    char name[REPORT_NAME_SIZE];
    size_t count = 0;
    int rc = warnings_standing(db, &list, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++) {
        name[0] = '\0';
        if (strcmp(list[i].door.namespace, "gateway") != 0)
            rc = report_door_name(db, &list[i].door, name, err) < 0 ? -1 : 0;
        if (rc == 0)
            each(&list[i], name, into);
    }
    free(list);
    return rc < 0 ? -1 : (int)count;
}

static void show_one(const struct warning *w, const char *name, cJSON *into)
{
    (void)into;
    print_one(w, name);
}

int warnings_print(struct db *db, struct err *err)
{
    return for_all(db, show_one, NULL, err);
}

static void add_one(const struct warning *w, const char *name, cJSON *into)
{
    cJSON *o = json_push_object(into);

    json_text(o, "kind", warning_kind_word(w->kind));
    json_text(o, "namespace", w->door.namespace);
    json_text(o, "urn", w->door.urn);
    json_text(o, "name", name);
    json_moment(o, "since", w->since);
    json_moment(o, "raised_at", w->raised_at);
    json_number(o, "told", w->told);
}

int warnings_json(struct db *db, cJSON *root, struct err *err)
{
    return for_all(db, add_one, json_add_list(root, "warnings"), err);
}
