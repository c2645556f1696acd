/* gateway/cli/answer.c - `encompass answer REFERENCE`: somebody has taken a notice over, by
 * telephone for one. */
#include "follow/answer.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "follow/words.h"
#include "store/bulletins.h"
#include "store/notices.h"
#include "store/report.h"

static int print(struct cli *cli, struct db *db, const char *reference, bool already,
                 struct err *err)
{
    struct notice_row notice;
    char name[REPORT_NAME_SIZE], when[WORDS_MOMENT_SIZE];
    int rc = notices_by_reference(db, reference, &notice, err);

    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no notice has that reference");
    if (rc < 0 || report_door_name(db, &notice.door, name, err) < 0)
        return -1;
    if (cli->json) {
        cJSON *root = json_object();

        json_text(root, "reference", notice.reference);
        json_text(root, "state", notice_state_word(notice.state));
        json_bool(root, "already", already);
        json_moment(root, "told_at", notice.told_at);
        json_moment(root, "answered_at", notice.answered_at);
        return json_print(root, err);
    }
    printf("%s to %s %s%s%s %s on %s.\n", notice.reference, words_namespace(notice.door.namespace),
           notice.door.urn, name[0] ? ", " : "", name,
           already ? "was answered already" : "is answered",
           words_moment(notice.answered_at, when));
    return 0;
}

/* An exercise's: it is asked for by its own reference, EX-…. */
static int answer_exercise(struct cli *cli, struct db *db, struct bulletin *b, struct err *err)
{
    time_t now = clock_now(&cli->clock);
    char when[WORDS_MOMENT_SIZE];
    int rc;

    if (db_begin(db, err) < 0)
        return -1;
    rc = bulletins_answer(db, b->bulletin_id, cli_who(), now, err);
    if (rc < 0) {
        db_rollback(db);
        return -1;
    }
    if (db_commit(db, err) < 0)
        return -1;
    if (rc == 1)
        b->answered_at = now;
    if (cli->json) {
        cJSON *root = json_object();

        json_text(root, "reference", b->reference);
        json_text(root, "state", "answered");
        json_bool(root, "already", rc == 0);
        json_moment(root, "told_at", b->sent_at);
        json_moment(root, "answered_at", b->answered_at);
        return json_print(root, err);
    }
    printf("%s, an exercise, %s on %s.\n", b->reference,
           rc == 0 ? "was answered already" : "is answered", words_moment(b->answered_at, when));
    return 0;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{NULL, 0, NULL, 0}};
    struct bulletin bulletin;
    struct db *db;
    int rc;

    if (getopt_long(argc, argv, "", options, NULL) != -1)
        return cli_usage_option(err, argc, argv);
    if (argc - optind != 1)
        return cli_usage(err, argv[0], "it takes one reference, such as OE-7F3K-2Q9M");
    if (cli_store(cli, &db, err) < 0)
        return -1;
    rc = bulletins_by_reference(db, argv[optind], &bulletin, err);
    if (rc != 0)
        return rc < 0 ? -1 : answer_exercise(cli, db, &bulletin, err);
    rc = answer_notice(db, argv[optind], cli_who(), clock_now(&cli->clock), err);
    if (rc < 0)
        return -1;
    return print(cli, db, argv[optind], rc == 0, err);
}

const struct command command_answer = {
    .name = "answer",
    .summary = "record that somebody has taken a notice over",
    .usage =
        "REFERENCE\n\n"
        "For an answer that came by telephone or in person. REFERENCE stands in the subject of\n"
        "the notice. The audit keeps your login and the time. Answering twice changes nothing;\n"
        "a notice that nobody has been told of yet cannot be answered. An exercise's reference,\n"
        "EX-..., answers the exercise.\n\n"
        "JSON: reference state already told_at answered_at.\n\n"
        "Examples:\n"
        "  encompass answer OE-7F3K-2Q9M",
    .run = run,
};
