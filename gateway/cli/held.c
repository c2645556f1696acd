#include "cli/held.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/json.h"
#include "cli/table.h"
#include "follow/words.h"
#include "store/holds.h"
#include "store/shut.h"

static void print_hold(const struct hold *h)
{
    char at[WORDS_MOMENT_SIZE];

    colour_print(stdout, COLOUR_YELLOW, "! %s %s is held since %s by %s: %s",
                 hold_scope_word(h->scope), h->id, words_moment_short(h->held_at, at), h->who,
                 h->why);
    printf("  (%" PRId64 " waiting; encompass release %s%s)\n", h->waiting,
           h->scope == HOLD_ADAPTER ? "--adapter " : "", h->id);
}

static void print_shut(const struct shut *s)
{
    char since[WORDS_MOMENT_SIZE], until[WORDS_MOMENT_SIZE];

    colour_print(stdout, COLOUR_RED, "! %s is shut since %s: %s", s->adapter,
                 words_moment_short(s->since, since), s->detail);
    if (s->until <= s->since)
        puts("  (nobody answers there; it is tried all the while)");
    else
        printf("  (tried again at %s; encompass retry --adapter %s)\n",
               words_moment_short(s->until, until), s->adapter);
}

int held_print(struct db *db, struct err *err)
{
    struct hold *holds = NULL;
    struct shut *shut = NULL;
    size_t holds_count = 0, shut_count = 0;
    int rc = holds_standing(db, &holds, &holds_count, err);

    if (rc == 0)
        rc = shut_list(db, &shut, &shut_count, err);
    for (size_t i = 0; rc == 0 && i < shut_count; i++)
        print_shut(&shut[i]);
    for (size_t i = 0; rc == 0 && i < holds_count; i++)
        print_hold(&holds[i]);
    free(holds);
    free(shut);
    return rc < 0 ? -1 : (int)(holds_count + shut_count);
}

int held_json(struct db *db, cJSON *root, struct err *err)
{
    cJSON *list = json_add_list(root, "holds"), *o;
    struct hold *holds = NULL;
    struct shut *shut = NULL;
    size_t holds_count = 0, shut_count = 0;
    int rc = holds_standing(db, &holds, &holds_count, err);

    if (rc == 0)
        rc = shut_list(db, &shut, &shut_count, err);
    for (size_t i = 0; rc == 0 && i < holds_count; i++) {
        o = json_push_object(list);
        json_text(o, "scope", hold_scope_word(holds[i].scope));
        json_text(o, "id", holds[i].id);
        json_text(o, "why", holds[i].why);
        json_text(o, "who", holds[i].who);
        json_moment(o, "held_at", holds[i].held_at);
        json_number(o, "waiting", holds[i].waiting);
    }
    list = json_add_list(root, "shut");
    for (size_t i = 0; rc == 0 && i < shut_count; i++) {
        o = json_push_object(list);
        json_text(o, "adapter", shut[i].adapter);
        json_moment(o, "since", shut[i].since);
        json_moment(o, "until", shut[i].until);
        json_number(o, "tries", shut[i].tries);
        json_number(o, "code", shut[i].code);
        json_text(o, "detail", shut[i].detail);
    }
    free(holds);
    free(shut);
    return rc;
}

int held_show(struct cli *cli, struct db *db, struct err *err)
{
    cJSON *root;
    int n;

    if (!cli->json) {
        n = held_print(db, err);
        if (n == 0)
            puts("Nothing is held, and nothing is shut.");
        return n < 0 ? -1 : 0;
    }
    root = json_object();
    if (held_json(db, root, err) == 0)
        return json_print(root, err);
    json_free(root);
    return -1;
}
