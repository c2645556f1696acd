/* gateway/cli/answer.c - `encompass answer REFERENCE`: somebody has taken a notice over, by
 * telephone for one. */
#include "follow/answer.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "follow/words.h"
#include "store/answer_links.h"
#include "store/bulletins.h"
#include "store/notices.h"
#include "store/report.h"

enum { WHO_SIZE = 96, SAID_SIZE = 64, LINK_SIZE = 400 };

static int print(struct cli *cli, struct db *db, const struct notice_row *answered,
                 const struct answer_said *said, bool already, struct err *err)
{
    const struct notice_row notice = *answered;
    char name[REPORT_NAME_SIZE], when[WORDS_MOMENT_SIZE];

    if (report_door_name(db, &notice.door, name, err) < 0)
        return -1;
    if (cli->json) {
        cJSON *root = json_object();

        json_text(root, "reference", notice.reference);
        json_text(root, "state", notice_state_word(notice.state));
        json_bool(root, "not_our_pupil", said->what == ANSWER_NOT_OURS);
        json_text(root, "child_ref", said->child_ref);
        json_bool(root, "already", already);
        json_moment(root, "told_at", notice.told_at);
        json_moment(root, "answered_at", notice.answered_at);
        return json_print(root, err);
    }
    printf("%s to %s %s%s%s ", notice.reference, words_namespace(notice.door.namespace),
           notice.door.urn, name[0] ? ", " : "", name);
    if (notice.state == NOTICE_TOLD)
        printf("stands for the other children, and still wants its answer.\n");
    else
        printf("%s on %s.\n", already ? "was answered already" : "is answered",
               words_moment(notice.answered_at, when));
    if (said->what == ANSWER_NOT_OURS)
        puts(
            "They are asked to delete it, and are not told of that child again. A person has to say\n"
            "who the child is: encompass review list");
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

/* The audit keeps whoever it was by their part, for a name would be personal. */
static bool is_role(const char *word)
{
    static const char *const roles[] = {"dsl", "deputy", "head", "office", "desk"};

    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        if (strcmp(roles[i], word) == 0)
            return true;
    }
    return false;
}

/* As it was read out, in one word or several: OE 7F3K 2Q9M. */
static bool join(char **words, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (; *words && n < size; words++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "", *words);
    return n > 0 && n < size;
}

/* A link's token, or the whole link, from a file or standard input: a secret has no place among
 * arguments. */
static int read_token(const char *path, char *out, size_t size, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    char line[LINK_SIZE];
    const char *last;
    int rc = -1;

    if (!file)
        return err_errno(err, path);
    if (!fgets(line, sizeof line, file)) {
        err_set(err, ERR_INVALID, "%s is empty", is_stdin ? "standard input" : path);
    } else {
        line[strcspn(line, " \t\r\n")] = '\0';
        last = strrchr(line, '/');
        snprintf(out, size, "%.*s", (int)size - 1, last ? last + 1 : line);
        rc = 0;
    }
    personal_wipe(line, sizeof line);
    if (!is_stdin)
        fclose(file);
    return rc;
}

static int take_by_link(struct cli *cli, struct db *db, const char *path, struct answer_said *said,
                        struct notice_row *notice, struct err *err)
{
    char token[ANSWER_TOKEN_SIZE + 1];
    int64_t notice_id = -1;
    int rc = read_token(path, token, sizeof token, err);

    if (rc == 0)
        rc = answer_by_link(db, token, said, clock_now(&cli->clock), &notice_id, err);
    personal_wipe(token, sizeof token);
    return rc < 0 || notices_get(db, notice_id, notice, err) < 0 ? -1 : rc;
}

static int take_by_reference(struct cli *cli, struct db *db, const char *reference,
                             struct answer_said *said, struct notice_row *notice, struct err *err)
{
    int rc = answer_notice(db, reference, said, clock_now(&cli->clock), err);

    return rc < 0 || notices_by_reference(db, reference, notice, err) < 0 ? -1 : rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"not-our-pupil", no_argument, NULL, 'n'},    {"child", required_argument, NULL, 'c'},
        {"by", required_argument, NULL, 'b'},         {"by-telephone", no_argument, NULL, 't'},
        {"token-file", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    char who[WHO_SIZE], reference[SAID_SIZE];
    struct answer_said said = {.what = ANSWER_TAKEN, .who = who};
    const char *by = NULL, *token_file = NULL;
    struct notice_row notice;
    struct bulletin bulletin;
    struct db *db;
    int rc;

    while ((rc = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (rc == 'n')
            said.what = ANSWER_NOT_OURS;
        else if (rc == 'f')
            token_file = optarg;
        else if (rc == 't')
            said.by_telephone = true;
        else if (rc == 'c')
            said.child_ref = optarg;
        else if (rc == 'b')
            by = optarg;
        else
            return cli_usage_option(err, argc, argv);
    }
    if (by && !is_role(by))
        return cli_usage(err, argv[0],
                         "--by takes dsl, deputy, head, office or desk: who it was, by no name");
    if (said.child_ref && said.what != ANSWER_NOT_OURS)
        return cli_usage(err, argv[0], "--child says of whom --not-our-pupil is said");
    if (token_file ? optind < argc || said.by_telephone
                   : !join(argv + optind, reference, sizeof reference))
        return cli_usage(err, argv[0],
                         "it takes one reference, such as OE-7F3K-2Q9M, or --token-file alone");
    if (cli_store(cli, &db, err) < 0)
        return -1;
    rc = token_file ? 0 : bulletins_by_reference(db, reference, &bulletin, err);
    if (rc != 0)
        return rc < 0 ? -1 : answer_exercise(cli, db, &bulletin, err);
    snprintf(who, sizeof who, "%s%s%s%s", cli_who(), token_file ? " by link" : "",
             by ? " for " : "", by ? by : "");
    rc = token_file ? take_by_link(cli, db, token_file, &said, &notice, err)
                    : take_by_reference(cli, db, reference, &said, &notice, err);
    return rc < 0 ? -1 : print(cli, db, &notice, &said, rc == 0, err);
}

const struct command command_answer = {
    .name = "answer",
    .summary = "record that somebody has taken a notice over",
    .usage =
        "REFERENCE [--by-telephone] [--not-our-pupil [--child N]] [--by ROLE]\n"
        "       encompass answer --token-file FILE [--not-our-pupil [--child N]]\n\n"
        "For an answer that came by telephone or in person. REFERENCE stands in the subject of\n"
        "the notice; as it was read out is good enough: oe 7f3k 2q9m. The audit keeps your login\n"
        "and the time. Answering twice changes nothing; a notice that nobody has been told of yet\n"
        "cannot be answered. An exercise's reference, EX-..., answers the exercise.\n\n"
        "  --not-our-pupil  they say that it is not a pupil of theirs: they are asked to delete the\n"
        "                   notice, and the child goes to a person for review\n"
        "  --child N        of this child alone, by the police's number for it, which explain\n"
        "                   shows: the notice stands for the others and still wants its answer\n"
        "  --by-telephone   you have told them by telephone just now: a notice that could not be\n"
        "                   sent is told and answered, and goes to nobody there any more\n"
        "  --token-file F   the notice of a link: its token, or the whole link, is the first line\n"
        "                   of the file F, or of standard input for -\n"
        "  --by ROLE        who answered: dsl, deputy, head, office or desk\n\n"
        "JSON: reference state not_our_pupil child_ref already told_at answered_at.\n\n"
        "Examples:\n"
        "  encompass answer OE-7F3K-2Q9M --by deputy\n"
        "  encompass answer OE-7F3K-2Q9M --not-our-pupil --child 2",
    .run = run,
};
