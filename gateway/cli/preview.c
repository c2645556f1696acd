/* gateway/cli/preview.c - `encompass preview`: what a contact would get, with an invented child. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/doors.h"
#include "cli/json.h"
#include "deliver/invented.h"
#include "follow/words.h"
#include "store/registers.h"
#include "store/warnings.h"

#define REFERENCE "OE-XXXX-XXXX"

enum shown { SHOWN_NOTICE, SHOWN_EXERCISE, SHOWN_REMINDER, SHOWN_WARNING };

static const struct kind {
    const char *word;
    enum shown shown;
    enum notice_kind notice;
} kinds[] = {
    {"notice", SHOWN_NOTICE, NOTICE_NOTICE},
    {"desk", SHOWN_NOTICE, NOTICE_DESK},
    {"correction", SHOWN_NOTICE, NOTICE_CORRECTION},
    {"withdrawal", SHOWN_NOTICE, NOTICE_WITHDRAWAL},
    {"reminder", SHOWN_REMINDER, NOTICE_NOTICE},
    {"exercise", SHOWN_EXERCISE, NOTICE_NOTICE},
    {"warning", SHOWN_WARNING, NOTICE_DESK},
};

struct asked {
    struct door door;
    const char *force;
    const char *language; /* NULL: the contact's */
    const struct kind *kind;
    bool html, has_door;
};

/* Whom it would go to, and when. */
struct whither {
    int64_t contact_id; /* -1 nobody */
    enum contact_role role;
    char adapter[16], language[3];
    bool has_due, is_closed;
    struct due due;
};

static int wrong(struct err *err, const char *what)
{
    return cli_usage(err, "preview", what);
}

static const struct kind *kind_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    }
    return NULL;
}

static int take_options(int argc, char **argv, struct asked *a, struct err *err)
{
    static const struct option options[] = {{"urn", required_argument, NULL, 'u'},
                                            {"la", required_argument, NULL, 'l'},
                                            {"force", required_argument, NULL, 'f'},
                                            {"kind", required_argument, NULL, 'k'},
                                            {"language", required_argument, NULL, 'g'},
                                            {"html", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct door force;
    int option, rc = 0;

    while (rc == 0 && (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'u':
        case 'l':
            if (a->has_door)
                return wrong(err, "one establishment or authority");
            a->has_door = true;
            rc = option == 'u' ? door_of_urn("preview", optarg, &a->door, err)
                               : door_of_la("preview", optarg, &a->door, err);
            break;
        case 'f':
            a->force = optarg;
            rc = door_of_force("preview", optarg, &force, err);
            break;
        case 'k':
            a->kind = kind_of(optarg);
            if (!a->kind)
                return wrong(err, "--kind is notice, desk, correction, withdrawal, reminder,"
                                  " exercise or warning");
            break;
        case 'g':
            a->language = optarg;
            if (strcmp(optarg, "en") != 0 && strcmp(optarg, "cy") != 0)
                return wrong(err, "--language is en or cy");
            break;
        case 'h':
            a->html = true;
            break;
        default:
            return cli_usage_option(err, argc, argv);
        }
    }
    if (rc < 0)
        return -1;
    if (optind < argc)
        return wrong(err, "it takes options alone");
    if (!a->has_door && !a->force)
        return wrong(err, "whose? --urn, --la or --force");
    return a->has_door ? 0 : door_of_force("preview", a->force, &a->door, err);
}

/* The kind asked for, or the door's own. */
static int settle_kind(struct asked *a, struct err *err)
{
    bool desk = invented_kind(&a->door) == NOTICE_DESK;

    if (!a->kind)
        a->kind = kind_of(desk ? "desk" : "notice");
    if (desk && (a->kind->shown == SHOWN_REMINDER ||
                 (a->kind->shown == SHOWN_NOTICE && a->kind->notice == NOTICE_NOTICE)))
        return wrong(err, "a desk gets desk, correction, withdrawal, exercise or warning");
    if (!desk && a->kind->shown == SHOWN_NOTICE && a->kind->notice == NOTICE_DESK)
        return wrong(err, "--kind desk is for a desk: --la or --force");
    return 0;
}

/* The contact that comes first, as planning takes them: a school's health visitor is nobody. */
static int first_contact(struct db *db, const struct asked *a, struct whither *out, struct err *err)
{
    const struct plan_input nobody_barred = {.type = INCIDENT_DOMESTIC_ABUSE};
    struct plan_door door = {.contacts = NULL};
    struct policy_row *rows = NULL;
    const struct contact *contact;
    size_t count = 0;
    int rc = registers_establishment(db, &a->door, &door.establishment, err);

    out->contact_id = -1;
    if (rc <= 0)
        return rc;
    if (registers_policies(db, a->force ? a->force : "", door.establishment.la_code, &a->door,
                           &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, a->force, door.establishment.la_code, &a->door, &door.policy);
    free(rows);
    if (registers_contacts(db, &a->door, &door.contacts, &door.contacts_count, err) < 0)
        return -1;
    contact = plan_whom(&nobody_barred, &door);
    if (contact) {
        out->contact_id = contact->contact_id;
        out->role = contact->role;
        memcpy(out->adapter, contact->adapter, sizeof out->adapter);
        memcpy(out->language, contact->language, sizeof out->language);
    }
    contacts_free(door.contacts, door.contacts_count);
    return 0;
}

static int find_due(struct db *db, const struct invented *in, time_t now, struct whither *out,
                    struct err *err)
{
    struct calendar calendar;

    if (registers_calendar(db, &in->establishment.door, in->establishment.la_code, &calendar, err) <
        0)
        return -1;
    if (invented_kind(&in->establishment.door) == NOTICE_DESK) {
        calendar_due_desk(&calendar, &in->policy.morning, now, now, &out->due);
        out->has_due = true;
    } else {
        out->is_closed = !establishment_is_open(&in->establishment);
        out->has_due = !out->is_closed &&
                       calendar_due(&calendar, &in->policy.morning, now, now, &out->due) == 1;
    }
    free(calendar.ranges);
    return 0;
}

static int render(const struct templates *templates, const struct asked *a, struct invented *in,
                  const char *language, time_t now, struct rendered *out, struct err *err)
{
    struct render_input input;

    if (a->kind->shown == SHOWN_WARNING) {
        const char *namespace = a->door.namespace;
        const struct render_warning warning = {
            .reference = "EW-XXXX-XXXX",
            .kind = warning_kind_word(strcmp(namespace, "force") == 0 ? WARNING_FEED_QUIET
                                      : strcmp(namespace, "la") == 0  ? WARNING_ROLL_OLD
                                                                      : WARNING_CONTACT_FAILING),
            .door = &a->door,
            .name = in->establishment.name,
            .since = now,
            .wording = in->policy.wording,
            .language = language};

        return render_warning(templates, &warning, out, err);
    }
    snprintf(in->notice.reference, sizeof in->notice.reference, "%s",
             a->kind->shown == SHOWN_EXERCISE ? "EX-XXXX-XXXX" : REFERENCE);
    input = invented_input(in, language);
    input.reminder = a->kind->shown == SHOWN_REMINDER;
    if (a->kind->notice == NOTICE_CORRECTION || a->kind->notice == NOTICE_WITHDRAWAL)
        input.amends = REFERENCE;
    input.amends_task = input.amends && invented_kind(&a->door) == NOTICE_DESK;
    if (a->kind->notice == NOTICE_WITHDRAWAL)
        in->notice.reason = TAKEN_WITHDRAWN;
    if (input.reminder || a->kind->notice == NOTICE_WITHDRAWAL)
        input.fields = FIELDS_NAME; /* as prepare_item has it */
    if (input.reminder)
        in->notice.told_at = now;
    return (a->kind->shown == SHOWN_EXERCISE ? render_exercise : render_notice)(templates, &input,
                                                                                out, err);
}

static void print_whither(const struct asked *a, const struct invented *in, const struct whither *w)
{
    char when[WORDS_MOMENT_SIZE];

    printf("Where     %s %s, %s\n", words_namespace(a->door.namespace), a->door.urn,
           in->establishment.name);
    if (w->contact_id < 0)
        printf("To        nobody: no verified contact is on file\n");
    else
        printf("To        contact %" PRId64 ", %s, %s, %s\n", w->contact_id,
               words_role(contact_role_word(w->role)), words_adapter(w->adapter), w->language);
    printf("When      %s\n",
           w->has_due     ? words_moment(w->due.at, when)
           : w->is_closed ? "it is not open: the one that has followed it is told, or the desk"
                          : "no calendar reaches far enough: the desk is told");
    printf("Fields    %s; wording %s\n", policy_fields_word(in->policy.fields), in->policy.wording);
}

static int print_json(const struct asked *a, const struct invented *in, const struct whither *w,
                      const struct rendered *r, struct err *err)
{
    cJSON *root = json_object();

    json_text(root, "namespace", a->door.namespace);
    json_text(root, "urn", a->door.urn);
    json_text(root, "name", in->establishment.name);
    json_id(root, "contact", w->contact_id);
    json_text(root, "role", w->contact_id < 0 ? NULL : contact_role_word(w->role));
    json_text(root, "adapter", w->adapter);
    json_moment(root, "due_at", w->has_due ? w->due.at : -1);
    json_text(root, "rule", w->has_due ? w->due.rule : NULL);
    json_text(root, "fields", policy_fields_word(in->policy.fields));
    json_text(root, "wording", in->policy.wording);
    json_text(root, "language", r->language);
    json_text(root, "subject", r->subject);
    json_personal(root, "text", &r->text);
    json_personal(root, "html", &r->html);
    json_parsed(root, "body", personal_reveal(&r->json));
    return json_print(root, err);
}

static int show(struct cli *cli, struct db *db, const struct templates *templates, struct asked *a,
                struct err *err)
{
    struct whither w = {.contact_id = -1};
    time_t now = clock_now(&cli->clock);
    struct invented in;
    struct rendered r;
    const char *language;
    int rc;

    if (first_contact(db, a, &w, err) < 0)
        return -1;
    language = a->language ? a->language : w.language[0] ? w.language : "en";
    rc = invented_make(db, a->force ? a->force : "", &a->door,
                       a->kind->shown == SHOWN_EXERCISE ? invented_kind(&a->door) : a->kind->notice,
                       language, now, &in, err);
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "%s %s is not in the register", a->door.namespace,
                       a->door.urn);
    if (rc < 0)
        return -1;
    rc = find_due(db, &in, now, &w, err);
    if (rc == 0 && w.has_due && a->kind->shown != SHOWN_EXERCISE) { /* that one leaves at once */
        in.notice.due_at = w.due.at;
        in.notice.answer_by = w.due.answer_by;
    }
    if (rc == 0)
        rc = render(templates, a, &in, language, now, &r, err);
    if (rc == 0) {
        if (cli->json) {
            rc = print_json(a, &in, &w, &r, err);
        } else if (a->html) {
            fputs(personal_reveal(&r.html), stdout);
        } else {
            print_whither(a, &in, &w);
            printf("Subject   %s\n\n%s", r.subject, personal_reveal(&r.text));
        }
        rendered_release(&r);
    }
    invented_release(&in);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct asked a = {.has_door = false};
    const struct config *config;
    struct templates *templates = NULL;
    struct db *db;
    int rc;

    if (take_options(argc, argv, &a, err) < 0 || settle_kind(&a, err) < 0 ||
        cli_config(cli, &config, err) < 0 || cli_store(cli, &db, err) < 0 ||
        templates_load(config_text(config, "morning", "templates"), &templates, err) < 0)
        return -1;
    rc = show(cli, db, templates, &a, err);
    templates_free(templates);
    return rc;
}

const struct command command_preview = {
    .name = "preview",
    .summary = "the text that a contact would get, with an invented child",
    .usage =
        "(--urn URN | --la CODE | --force FORCE) [--kind KIND]\n"
        "                         [--language cy] [--html]\n\n"
        "Shows what would go to an establishment or a desk if a call-out came in now: to which\n"
        "contact, when, and the words, by the policies, the calendar, the contacts and the\n"
        "templates as they stand, with an invented child. Nothing is stored and nothing is\n"
        "sent. With --now it shows another day.\n\n"
        "  --urn URN        an establishment, school/100001 or centre/20001\n"
        "  --la CODE        an authority's desk\n"
        "  --force FORCE    in the name of that force: its fields and wording; alone, its desk\n"
        "  --kind KIND      notice, desk, correction, withdrawal, reminder, exercise or warning\n"
        "  --language cy    in that language rather than the contact's\n"
        "  --html           the page in place of the text\n\n"
        "JSON: namespace urn name contact role adapter due_at rule fields wording language\n"
        "subject text html body.\n\n"
        "Examples:\n"
        "  encompass preview --urn 118444 --force kent\n"
        "  encompass preview --la 886 --kind warning --language cy\n"
        "  encompass preview --urn 118444 --html --now 2026-12-23T23:00:00 > notice.html",
    .run = run,
};
