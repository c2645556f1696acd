/* gateway/cli/explain.c - `encompass explain REFERENCE`: each step of an incident's way (P6). One
 * tree is built, which --json prints as it is and explain_print as a text. */
#include <getopt.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/explain_print.h"
#include "follow/reference.h"
#include "store/registers.h"

static void message_json(cJSON *list, const struct report_message *m, const char *status)
{
    cJSON *o = json_push_object(list);

    json_number(o, "message_id", m->message_id);
    json_moment(o, "received_at", m->received_at);
    json_text(o, "status", status);
    json_id(o, "revision", m->revision);
    json_parsed(o, "problems", m->problems);
    json_moment(o, "handled_at", m->handled_at);
    json_text(o, "handled_by", m->handled_by);
}

/* Accepted revisions and refused messages of the reference. */
static int messages_json(struct db *db, cJSON *root, const struct report_message *revisions,
                         size_t revisions_count, const char *force, const char *police_ref,
                         size_t *refused_count, struct err *err)
{
    cJSON *list = json_add_list(root, "messages");
    struct report_message *refused = NULL;

    *refused_count = 0;
    if (report_refused(db, force, police_ref, true, &refused, refused_count, err) < 0)
        return -1;
    for (size_t i = 0, j = 0; i < revisions_count || j < *refused_count;) {
        bool first = j == *refused_count ||
                     (i < revisions_count && revisions[i].message_id < refused[j].message_id);

        if (first)
            message_json(list, &revisions[i++], "accepted");
        else
            message_json(list, &refused[j++], "refused");
    }
    report_messages_free(refused, *refused_count);
    return 0;
}

static int audit_json(struct telling *t, cJSON *root)
{
    cJSON *list = json_add_list(root, "audit");
    struct report_event *events = NULL;
    size_t count = 0;

    if (report_audit(t->db, t->row.incident_id, &events, &count, t->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        cJSON *o = json_push_object(list);

        json_moment(o, "at", events[i].at);
        json_text(o, "who", events[i].who);
        json_text(o, "event", events[i].event);
        json_id(o, "child_id", events[i].child_id);
        json_id(o, "notice_id", events[i].notice_id);
        json_id(o, "item_id", events[i].item_id);
        json_text(o, "detail", events[i].detail);
    }
    free(events);
    return 0;
}

/* Whether the force has that reason on its list. */
static int withhold_json(struct telling *t, cJSON *root, const char *reason)
{
    struct policy_row *rows = NULL;
    struct policy policy;
    size_t count = 0;

    if (registers_policies(t->db, t->row.force, NULL, NULL, &rows, &count, t->err) < 0)
        return -1;
    policy_resolve(rows, count, t->row.force, NULL, NULL, &policy);
    free(rows);
    json_bool(root, "withhold_listed", policy_lists_reason(&policy, reason));
    return 0;
}

static int incident_json(struct telling *t, cJSON *root)
{
    struct report_filter filter = REPORT_FILTER_NONE;
    const struct incident *incident;
    cJSON *list;
    size_t refused;
    int rc = 0;

    filter.incident_id = t->row.incident_id;
    if (people_load(t->db, t->row.incident_id, &t->people, t->err) < 0 ||
        report_revisions(t->db, t->row.incident_id, &t->revisions, &t->revisions_count, t->err) <
            0 ||
        report_notices(t->db, &filter, &t->notices, &t->notices_count, t->err) < 0)
        return -1;
    incident = t->people.incident;
    json_text(root, "force", t->row.force);
    json_text(root, "police_ref", t->row.police_ref);
    json_number(root, "revision", t->row.revision);
    json_text(root, "type", incident_type_word(incident->type));
    json_text(root, "action", incident_action_word(incident->action));
    json_text(root, "withhold_reason", incident->withhold_reason);
    if (incident->withhold_reason[0] && withhold_json(t, root, incident->withhold_reason) < 0)
        return -1;
    json_moment(root, "attended_at", incident->attended_at);
    json_moment(root, "accepted_at", t->row.accepted_at);
    json_moment(root, "revised_at", t->row.revised_at);
    if (messages_json(t->db, root, t->revisions, t->revisions_count, t->row.force,
                      t->row.police_ref, &refused, t->err) < 0)
        return -1;
    list = json_add_list(root, "children");
    for (size_t i = 0; rc == 0 && i < t->people.count; i++)
        rc = explain_child(t, list, &t->people.rows[i]);
    list = json_add_list(root, "notices");
    for (size_t i = 0; rc == 0 && i < t->notices_count; i++)
        rc = explain_notice(t, list, &t->notices[i]);
    return rc < 0 ? -1 : audit_json(t, root);
}

/* A reference under which nothing was accepted, but perhaps something was refused. */
static int refused_json(struct db *db, cJSON *root, const char *force, const char *police_ref,
                        struct err *err)
{
    size_t refused;

    json_text(root, "force", force);
    json_text(root, "police_ref", police_ref);
    json_id(root, "revision", -1);
    if (messages_json(db, root, NULL, 0, force, police_ref, &refused, err) < 0)
        return -1;
    if (refused == 0)
        return err_set(err, ERR_NONE_SUCH, "no incident has the reference %s%s%s", police_ref,
                       force ? " in " : "", force ? force : "");
    return 0;
}

/* By the police's reference, or by that of one of its notices as a school reads it out. */
static int find(struct telling *t, const char *force, const char *reference)
{
    char read[REFERENCE_SIZE];
    struct notice_row notice;
    int rc = incidents_find(t->db, force, reference, &t->row, t->err);

    if (rc == 0 && !force && reference_read(reference, read)) {
        rc = notices_by_reference(t->db, read, &notice, t->err);
        if (rc == 1)
            rc = incidents_get(t->db, notice.incident_id, &t->row, t->err);
    }
    return rc;
}

static int build(struct telling *t, cJSON *root, const char *force, const char *police_ref)
{
    int rc;

    if (report_begin(t->db, t->err) < 0)
        return -1;
    rc = find(t, force, police_ref);
    if (rc == 1)
        rc = incident_json(t, root);
    else if (rc == 0)
        rc = refused_json(t->db, root, force, police_ref, t->err);
    report_end(t->db);
    people_release(&t->people);
    report_messages_free(t->revisions, t->revisions_count);
    free(t->notices);
    return rc;
}

static int explain(struct cli *cli, const char *force, const char *police_ref, bool names,
                   struct err *err)
{
    struct telling t = {.names = names, .err = err, .row.incident_id = -1};
    cJSON *root = json_object();
    int rc;

    rc = cli_store(cli, &t.db, err);
    if (rc == 0)
        rc = build(&t, root, force, police_ref);
    if (rc == 0 && names && t.row.incident_id >= 0)
        rc = people_shown(cli, &t.row.incident_id, 1, -1, "explain", err);
    if (rc == 0 && cli->json)
        return json_print(root, err);
    if (rc == 0)
        explain_print(root);
    json_free(root);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"force", required_argument, NULL, 'f'},
                                            {"names", no_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    const char *force = NULL;
    bool names = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'f')
            force = optarg;
        else if (option == 'n')
            names = true;
        else
            return cli_usage_option(err, argc, argv);
    }
    if (argc - optind != 1)
        return cli_usage(err, argv[0], "it takes one reference");
    return explain(cli, force, argv[optind], names, err);
}

const struct command command_explain = {
    .name = "explain",
    .summary = "each step of one incident: who was told what, when and why",
    .usage =
        "REFERENCE [--force FORCE] [--names]\n\n"
        "What was received; for each child which pupils were looked at, with which evidence,\n"
        "and who decided; which rule set the time; who was told, each try, and the answer;\n"
        "then the audit. Pupils are shown by the authority's number. REFERENCE is the police's, or\n"
        "that of one of its notices, as a school reads it out.\n\n"
        "  --force FORCE  whose reference it is, when several forces use it\n"
        "  --names        show the children's and contacts' names; the audit says that you\n"
        "                 asked\n\n"
        "JSON: force police_ref revision type action withhold_reason withhold_listed attended_at\n"
        "accepted_at revised_at; messages (message_id received_at status revision problems handled_at\n"
        "handled_by); children (child_id child_ref state state_words removed waits_for name\n"
        "decisions remembered on_roll repeats notices); repeats\n"
        "(in_week in_three_months in_twelve_months often others); others (force police_ref\n"
        "attended_at state state_words); decisions (at by by_words outcome words rule la pupil_id\n"
        "score margin candidates); candidates (rank la pupil_id score sure evidence\n"
        "evidence_words); remembered (words at by); on_roll (namespace urn name enrolment\n"
        "followed_by); notices (reference revision\n"
        "kind basis reason rule state, each with its _words; amends namespace urn establishment\n"
        "planned_at due_at answer_by told_at answered_at answered_by children moves items); moves\n"
        "(at from to words); items\n"
        "(item_id reminder role adapter state, each with its _words; due_at sent_at contact_name tries);\n"
        "tries (number at verdict words code detail ms); audit (at who event child_id notice_id\n"
        "item_id detail).\n\n"
        "Examples:\n"
        "  encompass explain 50260034112\n"
        "  encompass explain OE-7F3K-2Q9M\n"
        "  encompass explain 50260034112 --force devon-and-cornwall --json",
    .run = run,
};
