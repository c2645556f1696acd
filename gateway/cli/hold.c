/* gateway/cli/hold.c - `encompass hold`, `release` and `retry`: what an operator keeps from going out,
 * lets go again, or has tried now. */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "cli/command.h"
#include "cli/doors.h"
#include "cli/held.h"
#include "cli/json.h"
#include "follow/words.h"
#include "registers/encoding.h"
#include "store/holds.h"
#include "store/notices.h"
#include "store/registers.h"

struct target {
    enum hold_scope scope;
    char id[HOLD_ID_SIZE];
    char words[96];
    const char *why;
};

/* What may stand in a terminal, a page and the audit. */
static bool is_reason(const char *text)
{
    if (strlen(text) >= HOLD_WHY_SIZE || encoding_utf8_valid(text, strlen(text)) != strlen(text))
        return false;
    for (const char *p = text; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return false;
    }
    return *text != '\0';
}

static int take_adapter(const char *name, struct target *out, struct err *err)
{
    if (!adapter_find(name))
        return err_set(err, ERR_NONE_SUCH, "%s is no adapter of this gateway", name);
    out->scope = HOLD_ADAPTER;
    snprintf(out->id, sizeof out->id, "%s", name);
    snprintf(out->words, sizeof out->words, "what goes %s", words_adapter(name));
    return 0;
}

static int take_establishment(struct db *db, const char *command, const char *text,
                              struct target *out, struct err *err)
{
    struct establishment e;
    struct door door;
    int rc;

    if (door_of_urn(command, text, &door, err) < 0)
        return -1;
    rc = registers_establishment(db, &door, &e, err);
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s %s is not in the register", door.namespace,
                       door.urn);
    out->scope = HOLD_ESTABLISHMENT;
    snprintf(out->id, sizeof out->id, "%s/%.24s", door.namespace, door.urn);
    snprintf(out->words, sizeof out->words, "what goes to %s %s", words_namespace(door.namespace),
             door.urn);
    return rc < 0 ? -1 : 0;
}

static int take_notice(struct db *db, const char *reference, struct target *out, struct err *err)
{
    struct notice_row notice;
    int rc = notices_by_reference(db, reference, &notice, err);

    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no notice has that reference");
    out->scope = HOLD_NOTICE;
    snprintf(out->id, sizeof out->id, "%s", notice.reference);
    snprintf(out->words, sizeof out->words, "notice %s", notice.reference);
    return rc < 0 ? -1 : 0;
}

/* 1, 0 nothing is named, -1. */
static int take_target(struct cli *cli, int argc, char **argv, bool wants_why, struct target *out,
                       struct db **db, struct err *err)
{
    static const struct option options[] = {{"adapter", required_argument, NULL, 'a'},
                                            {"why", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    const char *adapter = NULL, *word;
    int option;

    *out = (struct target){.why = NULL};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            adapter = optarg;
        else if (option == 'w' && wants_why)
            out->why = optarg;
        else
            return cli_usage_option(err, argc, argv);
    }
    word = optind < argc ? argv[optind++] : NULL;
    if (optind < argc || (word && adapter))
        return cli_usage(err, argv[0], "it takes one reference, establishment or --adapter");
    if (!word && !adapter && !out->why)
        return cli_store(cli, db, err);
    if (!word && !adapter)
        return cli_usage(err, argv[0], "which notice, establishment or --adapter?");
    if (wants_why && (!out->why || !is_reason(out->why)))
        return cli_usage(err, argv[0], "--why says why, in up to 100 bytes of plain text");
    if (cli_store(cli, db, err) < 0)
        return -1;
    if (adapter)
        option = take_adapter(adapter, out, err);
    else if (strchr(word, '/') || strspn(word, "0123456789") == strlen(word))
        option = take_establishment(*db, argv[0], word, out, err);
    else
        option = take_notice(*db, word, out, err);
    return option < 0 ? -1 : 1;
}

static int commit(struct db *db, int rc, struct err *err)
{
    if (rc >= 0 && db_commit(db, err) == 0)
        return rc;
    db_rollback(db);
    return -1;
}

static int print(struct cli *cli, const struct target *t, const char *verb, bool done, int items,
                 const char *said, struct err *err)
{
    if (cli->json) {
        cJSON *root = json_object();

        json_text(root, "scope", hold_scope_word(t->scope));
        json_text(root, "id", t->id);
        json_bool(root, verb, done);
        if (items >= 0)
            json_number(root, "items", items);
        return json_print(root, err);
    }
    puts(said);
    return 0;
}

static int run_hold(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct target t;
    struct db *db = NULL;
    char said[256];
    int rc = take_target(cli, argc, argv, true, &t, &db, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return held_show(cli, db, err);
    if (db_begin(db, err) < 0)
        return -1;
    rc = commit(db, holds_add(db, t.scope, t.id, t.why, cli_who(), clock_now(&cli->clock), err),
                err);
    if (rc < 0)
        return -1;
    snprintf(said, sizeof said,
             rc == 0 ? "%s is held already."
                     : "%s is held. Whoever it keeps a notice from past its time gives way to the "
                       "next,\nand in the end to the desk. encompass release lets it go.",
             t.words);
    said[0] = (char)toupper((unsigned char)said[0]);
    return print(cli, &t, "held", true, -1, said, err);
}

static int run_release(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct target t;
    struct db *db = NULL;
    char said[256];
    int rc = take_target(cli, argc, argv, false, &t, &db, err);

    if (rc == 0)
        return cli_usage(err, argv[0], "which notice, establishment or --adapter?");
    if (rc < 0 || db_begin(db, err) < 0)
        return -1;
    rc = commit(db, holds_release(db, t.scope, t.id, cli_who(), clock_now(&cli->clock), err), err);
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s is not held", t.words);
    if (rc < 0)
        return -1;
    snprintf(said, sizeof said, "%s is released.", t.words);
    said[0] = (char)toupper((unsigned char)said[0]);
    return print(cli, &t, "released", true, -1, said, err);
}

static int run_retry(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct target t;
    struct db *db = NULL;
    char said[256];
    int rc = take_target(cli, argc, argv, false, &t, &db, err);

    if (rc == 0)
        return cli_usage(err, argv[0], "which notice, establishment or --adapter?");
    if (rc < 0 || db_begin(db, err) < 0)
        return -1;
    rc = commit(db, holds_retry(db, t.scope, t.id, cli_who(), clock_now(&cli->clock), err), err);
    if (rc < 0)
        return -1;
    snprintf(said, sizeof said, "Of %s, %d message%s tried again now.", t.words, rc,
             rc == 1 ? " is" : "s are");
    return print(cli, &t, "tried", rc > 0, rc, said, err);
}

#define TARGETS                                                                                    \
    "  REFERENCE        of one notice, as in its subject: OE-7F3K-2Q9M\n"                          \
    "  NAMESPACE/URN    of one establishment: school/100001 or centre/20001\n"                     \
    "  --adapter NAME   of one adapter: email, webhook, ...\n"

const struct command command_hold = {
    .name = "hold",
    .summary = "keep a notice, an establishment or an adapter from going out",
    .usage =
        "REFERENCE|NAMESPACE/URN|--adapter NAME --why TEXT\n"
        "       encompass hold\n\n"
        "Nothing that is held is sent until `encompass release`; what has left is not called back.\n"
        "A hold keeps a child from nobody for good: when a notice's time is up it gives way to the\n"
        "next contact, and where that is held too to the desk; what an adapter's hold keeps, where\n"
        "another adapter leads to them, else it waits. What is owed to a desk waits on, late and\n"
        "counted. `encompass status` and `explain` show what is held; the audit keeps\n"
        "your login. Without arguments it lists what is held, and what is shut by itself.\n\n" TARGETS
        "  --why TEXT       why: it is shown, so nothing about people\n\n"
        "JSON: scope id held; the list: holds (scope id why who held_at waiting), shut (adapter\n"
        "since until tries code detail).\n\n"
        "Examples:\n"
        "  encompass hold school/113292 --why \"wrong contact, being checked\"\n"
        "  encompass hold --adapter webhook --why \"receiver under repair\"",
    .run = run_hold,
};

const struct command command_release = {
    .name = "release",
    .summary = "let go what is held",
    .usage = "REFERENCE|NAMESPACE/URN|--adapter NAME\n\n"
             "What waits goes out at once where it is due. The audit keeps your login.\n\n" TARGETS
             "\nJSON: scope id released.\n\n"
             "Examples:\n"
             "  encompass release school/113292\n"
             "  encompass release --adapter webhook",
    .run = run_release,
};

const struct command command_retry = {
    .name = "retry",
    .summary = "have what waits for another try sent now",
    .usage =
        "REFERENCE|NAMESPACE/URN|--adapter NAME\n\n"
        "After a fault is mended: what was tried and put off is tried at once, and an adapter\n"
        "that is shut is tried with one message, the rest following when that gets through.\n"
        "What is not due yet stays so, and what was refused for good is with the next contact.\n"
        "The audit keeps your login.\n\n" TARGETS "\nJSON: scope id tried items.\n\n"
        "Examples:\n"
        "  encompass retry --adapter email\n"
        "  encompass retry OE-7F3K-2Q9M",
    .run = run_retry,
};
