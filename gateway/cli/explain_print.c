#include "cli/explain_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/date.h"
#include "cli/json.h"
#include "cli/table.h"
#include "follow/words.h"

static const cJSON *list_of(const cJSON *from, const char *name)
{
    return cJSON_GetObjectItem(from, name);
}

/* A moment of the tree in words, for London; a buffer of the caller's. */
static const char *when(const cJSON *from, const char *name, char out[WORDS_MOMENT_SIZE])
{
    time_t t = -1;

    if (!moment_parse(json_get_text(from, name), &t))
        t = -1;
    return words_moment(t, out);
}

static void heading(int number, const char *text)
{
    puts("");
    colour_print(stdout, COLOUR_BOLD, "%d. %s", number, text);
    puts("");
}

static void print_problems(const cJSON *problems)
{
    const cJSON *p;

    cJSON_ArrayForEach(p, problems)
    {
        const char *at = json_get_text(p, "at");

        print_folded(5, "%s %s", at[0] ? at : "the message", json_get_text(p, "problem"));
    }
}

static void print_messages(const cJSON *root)
{
    const cJSON *m;
    char at[WORDS_MOMENT_SIZE], handled[WORDS_MOMENT_SIZE];

    cJSON_ArrayForEach(m, list_of(root, "messages"))
    {
        const char *by = json_get_text(m, "handled_by");

        printf("   %s: message %" PRId64, when(m, "received_at", at),
               json_get_number(m, "message_id"));
        if (strcmp(json_get_text(m, "status"), "accepted") == 0) {
            printf(", revision %" PRId64 ", was accepted.\n", json_get_number(m, "revision"));
            continue;
        }
        if (by[0])
            printf(" was refused; %s dealt with it on %s. It said:\n", by,
                   when(m, "handled_at", handled));
        else
            puts(" was refused, and waits for a person. Why:");
        print_problems(list_of(m, "problems"));
    }
}

static void print_decision(const cJSON *d)
{
    const cJSON *c;
    char at[WORDS_MOMENT_SIZE];
    bool found = json_get_text(d, "pupil_id")[0] != '\0';

    print_folded(3, "%s: %s decided: %s%s%s%s%s%s. Rule: %s.", when(d, "at", at),
                 json_get_text(d, "by_words"), json_get_text(d, "words"), found ? " (" : "",
                 json_get_text(d, "pupil_id"), found ? " of authority " : "",
                 found ? json_get_text(d, "la") : "", found ? ")" : "", json_get_text(d, "rule"));
    cJSON_ArrayForEach(c, list_of(d, "candidates"))
    {
        printf("     candidate %" PRId64 ", pupil %s of authority %s: %s\n",
               json_get_number(c, "rank"), json_get_text(c, "pupil_id"), json_get_text(c, "la"),
               json_get_text(c, "sure"));
        print_parts(json_get_text(c, "evidence_words"), 7);
    }
}

static void print_repeats(const cJSON *child)
{
    const cJSON *repeats = list_of(child, "repeats"), *item;
    char at[WORDS_MOMENT_SIZE];

    if (!repeats)
        return;
    if (cJSON_GetArraySize(list_of(repeats, "others")) == 0) {
        puts("   No other call-out about the child in twelve months.");
        return;
    }
    printf("   Call-outs about the child: %" PRId64 " in a week, %" PRId64
           " in three months, %" PRId64 " in twelve, with this one%s.\n",
           json_get_number(repeats, "in_week"), json_get_number(repeats, "in_three_months"),
           json_get_number(repeats, "in_twelve_months"),
           cJSON_IsTrue(list_of(repeats, "often")) ? ": that is often" : "");
    cJSON_ArrayForEach(item, list_of(repeats, "others")) printf(
        "     %s: %s of %s, %s\n", when(item, "attended_at", at), json_get_text(item, "police_ref"),
        json_get_text(item, "force"), json_get_text(item, "state_words"));
}

static bool has_candidates(const cJSON *child)
{
    const cJSON *d;

    cJSON_ArrayForEach(d, list_of(child, "decisions"))
    {
        if (cJSON_GetArraySize(list_of(d, "candidates")) > 0)
            return true;
    }
    return false;
}

static void print_child(const cJSON *child, int number)
{
    const cJSON *item;
    const char *name = json_get_text(child, "name");
    struct buf title;

    buf_init(&title, 2048);
    buf_addf(&title, "Child %s%s%s: %s", json_get_text(child, "child_ref"), name[0] ? ", " : "",
             name, json_get_text(child, "state_words"));
    heading(number, buf_text(&title));
    buf_release(&title);
    cJSON_ArrayForEach(item, list_of(child, "decisions")) print_decision(item);
    if (has_candidates(child))
        print_folded(3, "%s", WORDS_OF_EVIDENCE);
    cJSON_ArrayForEach(item, list_of(child, "remembered"))
        print_folded(3, "Kept for the pupil's next call-out by %s: %s.", json_get_text(item, "by"),
                     json_get_text(item, "words"));
    cJSON_ArrayForEach(item, list_of(child, "on_roll")) print_folded(
        3, "On roll that day: %s (%s %s)%s%s.",
        json_get_text(item, "name")[0] ? json_get_text(item, "name")
                                       : "an establishment that no register has",
        json_get_text(item, "namespace"), json_get_text(item, "urn"),
        json_get_text(item, "followed_by")[0] ? ", which is closed and followed by " : "",
        json_get_text(item, "followed_by"));
    print_repeats(child);
    cJSON_ArrayForEach(item, list_of(child, "notices"))
        printf("   Notice %s, below.\n", cJSON_GetStringValue(item));
    if (json_get_text(child, "waits_for")[0])
        printf("   The gateway has still to %s.\n", json_get_text(child, "waits_for"));
}

static void print_item(const cJSON *item)
{
    const cJSON *t;
    const char *name = json_get_text(item, "contact_name");
    char at[WORDS_MOMENT_SIZE];
    struct buf code;

    print_folded(3, "%s the %s%s%s, %s: %s.",
                 cJSON_IsTrue(cJSON_GetObjectItem(item, "reminder")) ? "A reminder to" : "To",
                 json_get_text(item, "role_words"), name[0] ? ", " : "", name,
                 json_get_text(item, "adapter_words"), json_get_text(item, "state_words"));
    cJSON_ArrayForEach(t, list_of(item, "tries"))
    {
        buf_init(&code, 64);
        words_code(json_get_text(item, "adapter"), json_get_number(t, "code"), &code);
        print_folded(5, "try %" PRId64 ", %s: %s (%s%s%s)", json_get_number(t, "number"),
                     when(t, "at", at), json_get_text(t, "words"), buf_text(&code),
                     json_get_text(t, "detail")[0] ? ", " : "", json_get_text(t, "detail"));
        buf_release(&code);
    }
}

static void print_notice(const cJSON *n, int number)
{
    const cJSON *item;
    char at[WORDS_MOMENT_SIZE];
    struct buf title;
    const char *separator = "", *amends = json_get_text(n, "amends");

    buf_init(&title, 1024);
    buf_addf(&title, "Notice %s to %s (%s %s): %s", json_get_text(n, "reference"),
             json_get_text(n, "establishment"), json_get_text(n, "namespace_words"),
             json_get_text(n, "urn"), json_get_text(n, "state_words"));
    heading(number, buf_text(&title));
    buf_release(&title);
    printf("   A %s, under %s, about child ", json_get_text(n, "kind_words"),
           json_get_text(n, "basis_words"));
    cJSON_ArrayForEach(item, list_of(n, "children"))
    {
        printf("%s%s", separator, cJSON_GetStringValue(item));
        separator = ", ";
    }
    puts(".");
    if (amends[0] && json_get_text(n, "reason_words")[0])
        print_folded(3, "It takes back notice %s: %s.", amends, json_get_text(n, "reason_words"));
    else if (amends[0])
        printf("   It corrects notice %s.\n", amends);
    else if (json_get_text(n, "reason_words")[0])
        print_folded(3, "Why a desk: %s.", json_get_text(n, "reason_words"));
    print_folded(3, "Why then: %s", json_get_text(n, "rule_words"));
    cJSON_ArrayForEach(item, list_of(n, "moves"))
        print_folded(3, "Moved on %s %s.", when(item, "at", at), json_get_text(item, "words"));
    item = cJSON_GetObjectItem(n, "hold");
    if (item)
        print_folded(3, "Held on %s by %s (%s %s): %s.", when(item, "held_at", at),
                     json_get_text(item, "who"), json_get_text(item, "scope"),
                     json_get_text(item, "id"), json_get_text(item, "why"));
    if (!amends[0])
        printf("   An answer is wanted by %s.\n", when(n, "answer_by", at));
    cJSON_ArrayForEach(item, list_of(n, "items")) print_item(item);
    if (cJSON_GetArraySize(list_of(n, "items")) == 0)
        puts("   Nobody is on file who can be told: give a contact.");
    if (json_get_text(n, "told_at")[0])
        printf("   Told on %s.\n", when(n, "told_at", at));
    if (json_get_text(n, "answered_at")[0])
        printf("   Answered on %s by %s.\n", when(n, "answered_at", at),
               json_get_text(n, "answered_by_words"));
}

/* A detail with its moments, "due_at=1773646200", as London's: "due_at=Mon 16 Mar 07:30". */
static void say_detail(const char *detail, struct buf *out)
{
    char when[WORDS_MOMENT_SIZE];

    while (*detail) {
        size_t word = strcspn(detail, " ");
        const char *is = memchr(detail, '=', word);
        size_t digits = is ? strspn(is + 1, "0123456789") : 0;
        bool moment = digits == 10 && is + 1 + digits == detail + word && is - detail > 3 &&
                      (strncmp(is - 3, "_at", 3) == 0 || strncmp(is - 3, "_by", 3) == 0);

        if (moment)
            buf_addf(out, "%.*s%s", (int)(is + 1 - detail), detail,
                     words_moment_short((time_t)strtoll(is + 1, NULL, 10), when));
        else
            buf_add(out, detail, word);
        detail += word;
        for (; *detail == ' '; detail++)
            buf_add_char(out, ' ');
    }
}

static void print_audit(const cJSON *root)
{
    static const char *const headings[] = {"   WHEN", "WHO", "WHAT", "~ABOUT", NULL};
    static const char *const about[] = {"child", "notice", "item"};
    static const char *const ids[] = {"child_id", "notice_id", "item_id"};
    struct table *t = table_new(headings);
    const cJSON *e;

    table_keep_whole(t);
    cJSON_ArrayForEach(e, list_of(root, "audit"))
    {
        time_t at = -1;
        char moment[WORDS_MOMENT_SIZE];
        struct buf detail;

        if (!moment_parse(json_get_text(e, "at"), &at))
            at = -1;
        buf_init(&detail, 4096);
        for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
            if (json_get_number(e, ids[i]) >= 0)
                buf_addf(&detail, "%s%s %" PRId64, detail.length ? ", " : "", about[i],
                         json_get_number(e, ids[i]));
        }
        if (detail.length > 0 && json_get_text(e, "detail")[0])
            buf_add_text(&detail, ": ");
        table_cell(t, COLOUR_PLAIN, "   %s:%02d", words_moment_short(at, moment),
                   at < 0 ? 0 : (int)(at % 60));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(e, "who"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(e, "event"));
        say_detail(json_get_text(e, "detail"), &detail);
        table_cell(t, COLOUR_DIM, "%s", buf_text(&detail));
        buf_release(&detail);
    }
    table_print(t, stdout);
    table_free(t);
}

void explain_print(const cJSON *root)
{
    const cJSON *item;
    char at[WORDS_MOMENT_SIZE];
    int number = 1;

    if (json_get_number(root, "revision") < 0) {
        colour_print(stdout, COLOUR_BOLD, "%s: nothing was accepted under this reference",
                     json_get_text(root, "police_ref"));
        puts("");
        heading(number, "What came in");
        print_messages(root);
        return;
    }
    colour_print(stdout, COLOUR_BOLD, "Incident %s of %s", json_get_text(root, "police_ref"),
                 json_get_text(root, "force"));
    printf("\nThe police attended on %s. Revision %" PRId64 " is in force%s.\n",
           when(root, "attended_at", at), json_get_number(root, "revision"),
           strcmp(json_get_text(root, "action"), "withdraw") == 0 ? ": it withdraws the call-out"
                                                                  : "");
    if (json_get_text(root, "withhold_reason")[0])
        printf("The police withhold it, for the reason %s%s.\n",
               json_get_text(root, "withhold_reason"),
               cJSON_IsFalse(list_of(root, "withhold_listed"))
                   ? ", which is not on the force's list: ask the force"
                   : "");
    heading(number++, "What came in");
    print_messages(root);
    cJSON_ArrayForEach(item, list_of(root, "children")) print_child(item, number++);
    cJSON_ArrayForEach(item, list_of(root, "notices")) print_notice(item, number++);
    heading(number, "What was done, step by step");
    print_audit(root);
}
