/* gateway/cli/explain.c - `encompass explain POLICE_REF`: each step of an incident's way (P6). One
 * tree is built, which --json prints as it is and explain_print as a text. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/explain_print.h"
#include "cli/json.h"
#include "cli/people.h"
#include "follow/words.h"
#include "store/report.h"
#include "store/roster.h"

/* What the parts of the tree are made from. */
struct telling {
    struct db *db;
    struct incident_row row;
    struct people people;
    struct report_message *revisions;
    size_t revisions_count;
    struct report_notice *notices;
    size_t notices_count;
    bool names;
    struct err *err;
};

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

static int candidates_json(struct telling *t, cJSON *o, int64_t decision_id)
{
    cJSON *list = json_add_list(o, "candidates");
    struct report_candidate *candidates = NULL;
    size_t count = 0;

    if (report_candidates(t->db, decision_id, &candidates, &count, t->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct report_candidate *c = &candidates[i];
        cJSON *candidate = json_push_object(list);
        struct buf words;

        buf_init(&words, 4096);
        words_evidence(c->evidence, &words);
        json_number(candidate, "rank", c->rank);
        json_text(candidate, "la", c->la_code);
        json_text(candidate, "pupil_id", c->pupil_id);
        json_real(candidate, "score", c->score);
        json_parsed(candidate, "evidence", c->evidence);
        json_text(candidate, "evidence_words", buf_text(&words));
        buf_release(&words);
    }
    free(candidates);
    return 0;
}

static int on_roll_json(struct telling *t, cJSON *o, int64_t pupil_key)
{
    cJSON *list = json_add_list(o, "on_roll");
    struct enrolment *enrolments = NULL;
    size_t count = 0;
    int rc = 0;

    if (pupil_key >= 0)
        rc = roster_enrolments(t->db, pupil_key, london_day(t->people.incident->attended_at),
                               &enrolments, &count, t->err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        cJSON *place = json_push_object(list);
        char name[REPORT_NAME_SIZE];
        struct door door = {.namespace = ""};

        snprintf(door.namespace, sizeof door.namespace, "%s", enrolments[i].namespace);
        snprintf(door.urn, sizeof door.urn, "%s", enrolments[i].urn);
        rc = report_door_name(t->db, &door, name, t->err);
        json_text(place, "namespace", door.namespace);
        json_text(place, "urn", door.urn);
        json_text(place, "name", name);
        json_text(place, "enrolment", enrolments[i].kind);
    }
    free(enrolments);
    return rc;
}

static int decisions_json(struct telling *t, cJSON *o, int64_t child_id)
{
    static const char *const outcomes[] = {"none", "review", "match"};
    cJSON *list = json_add_list(o, "decisions");
    struct report_decision *decisions = NULL;
    size_t count = 0;
    int rc = report_decisions(t->db, child_id, &decisions, &count, t->err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct report_decision *d = &decisions[i];
        cJSON *decision = json_push_object(list);

        json_moment(decision, "at", d->made_at);
        json_text(decision, "by", d->made_by);
        json_text(decision, "by_words", words_decided_by(d->made_by));
        json_text(decision, "outcome", outcomes[d->outcome]);
        json_text(decision, "words", words_outcome(d->outcome));
        json_text(decision, "rule", d->rule);
        json_text(decision, "la", d->la_code);
        json_text(decision, "pupil_id", d->pupil_id);
        json_real(decision, "score", d->score);
        json_real(decision, "margin", d->margin);
        rc = candidates_json(t, decision, d->decision_id);
    }
    if (rc == 0)
        rc = on_roll_json(t, o, count > 0 ? decisions[count - 1].pupil_key : -1);
    free(decisions);
    return rc;
}

/* The references of the notices that are about the child. */
static int child_notices_json(struct telling *t, cJSON *o, int64_t child_id)
{
    cJSON *list = json_add_list(o, "notices");

    for (size_t i = 0; i < t->notices_count; i++) {
        int64_t *ids = NULL;
        size_t count = 0;

        if (notices_children(t->db, t->notices[i].notice.notice_id, &ids, &count, t->err) < 0)
            return -1;
        for (size_t j = 0; j < count; j++) {
            if (ids[j] == child_id)
                json_push_text(list, t->notices[i].notice.reference);
        }
        free(ids);
    }
    return 0;
}

static int child_json(struct telling *t, cJSON *list, const struct child_row *row)
{
    static const char *const waits[] = {[STAGE_MATCH] = "look for the child on the rolls",
                                        [STAGE_PLAN] = "plan who is told",
                                        [STAGE_DONE] = NULL};
    const struct incident_child *child = people_child(&t->people, row);
    cJSON *o = json_push_object(list);

    json_number(o, "child_id", row->child_id);
    json_text(o, "child_ref", row->child_ref);
    json_text(o, "state", child_state_word(row->state));
    json_text(o, "state_words", words_child_state(row->state));
    json_bool(o, "removed", row->removed);
    json_text(o, "waits_for", waits[row->stage]);
    if (t->names && child) {
        struct personal name = {NULL, 0};

        if (people_name(child, &name, t->err) < 0)
            return -1;
        json_personal(o, "name", &name);
        personal_release(&name);
    }
    return decisions_json(t, o, row->child_id) < 0 ? -1 : child_notices_json(t, o, row->child_id);
}

static int tries_json(struct telling *t, cJSON *o, int64_t item_id)
{
    cJSON *list = json_add_list(o, "tries");
    struct report_attempt *attempts = NULL;
    size_t count = 0;

    if (report_attempts(t->db, item_id, &attempts, &count, t->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        cJSON *attempt = json_push_object(list);

        json_number(attempt, "number", attempts[i].number);
        json_moment(attempt, "at", attempts[i].at);
        json_text(attempt, "verdict", attempts[i].verdict);
        json_text(attempt, "words", words_verdict(attempts[i].verdict));
        json_number(attempt, "code", attempts[i].code);
        json_text(attempt, "detail", attempts[i].detail);
        json_number(attempt, "ms", attempts[i].ms);
    }
    free(attempts);
    return 0;
}

static int item_json(struct telling *t, cJSON *list, const struct report_item *item)
{
    cJSON *o = json_push_object(list);

    json_number(o, "item_id", item->item_id);
    json_text(o, "role", item->role);
    json_text(o, "role_words", words_role(item->role));
    json_text(o, "adapter", item->adapter);
    json_text(o, "adapter_words", words_adapter(item->adapter));
    json_text(o, "state", item->state);
    json_text(o, "state_words", words_item_state(item->state));
    json_moment(o, "due_at", item->due_at);
    json_moment(o, "sent_at", item->sent_at);
    if (t->names) {
        struct personal name = {NULL, 0};

        if (people_contact_name(t->db, item->contact_id, &name, t->err) < 0)
            return -1;
        json_personal(o, "contact_name", &name);
        personal_release(&name);
    }
    return tries_json(t, o, item->item_id);
}

static int notice_children_json(struct telling *t, cJSON *o, int64_t notice_id)
{
    cJSON *list = json_add_list(o, "children");
    int64_t *ids = NULL;
    size_t count = 0;

    if (notices_children(t->db, notice_id, &ids, &count, t->err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct child_row *row = people_row(&t->people, ids[i]);

        if (row)
            json_push_text(list, row->child_ref);
    }
    free(ids);
    return 0;
}

/* When the revision that a notice is about was accepted: the time its due time was reckoned from. */
static time_t accepted_at(const struct telling *t, int64_t revision)
{
    for (size_t i = 0; i < t->revisions_count; i++) {
        if (t->revisions[i].revision == revision)
            return t->revisions[i].received_at;
    }
    return t->row.revised_at;
}

static int notice_json(struct telling *t, cJSON *list, const struct report_notice *r)
{
    const struct notice_row *n = &r->notice;
    cJSON *o = json_push_object(list), *items_list;
    struct report_item *items = NULL;
    struct buf rule;
    size_t count = 0;
    int rc;

    buf_init(&rule, 1024);
    words_rule(n->rule, accepted_at(t, n->revision), n->due_at, &rule);
    json_text(o, "reference", n->reference);
    json_number(o, "revision", n->revision);
    json_text(o, "kind", notice_kind_word(n->kind));
    json_text(o, "kind_words", words_kind(n->kind));
    json_text(o, "namespace", n->door.namespace);
    json_text(o, "namespace_words", words_namespace(n->door.namespace));
    json_text(o, "urn", n->door.urn);
    json_text(o, "establishment", r->establishment);
    json_text(o, "basis", basis_word(n->basis));
    json_text(o, "basis_words", words_basis(n->basis));
    json_text(o, "reason", n->reason ? desk_reason_word(n->reason) : NULL);
    json_text(o, "reason_words", words_desk_reason(n->reason));
    json_text(o, "rule", n->rule);
    json_text(o, "rule_words", buf_text(&rule));
    json_moment(o, "due_at", n->due_at);
    json_moment(o, "answer_by", n->answer_by);
    json_text(o, "state", notice_state_word(n->state));
    json_text(o, "state_words", words_notice_state(n->state));
    json_moment(o, "told_at", n->told_at);
    json_moment(o, "answered_at", n->answered_at);
    json_text(o, "answered_by", r->answered_by);
    json_text(o, "answered_by_words", words_decided_by(r->answered_by));
    buf_release(&rule);
    rc = notice_children_json(t, o, n->notice_id);
    items_list = json_add_list(o, "items");
    if (rc == 0)
        rc = report_items(t->db, n->notice_id, &items, &count, t->err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = item_json(t, items_list, &items[i]);
    free(items);
    return rc;
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
    json_moment(root, "attended_at", incident->attended_at);
    json_moment(root, "accepted_at", t->row.accepted_at);
    json_moment(root, "revised_at", t->row.revised_at);
    if (messages_json(t->db, root, t->revisions, t->revisions_count, t->row.force,
                      t->row.police_ref, &refused, t->err) < 0)
        return -1;
    list = json_add_list(root, "children");
    for (size_t i = 0; rc == 0 && i < t->people.count; i++)
        rc = child_json(t, list, &t->people.rows[i]);
    list = json_add_list(root, "notices");
    for (size_t i = 0; rc == 0 && i < t->notices_count; i++)
        rc = notice_json(t, list, &t->notices[i]);
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

/* By the police's reference, or by that of one of its notices, which is what a school quotes. */
static int find(struct telling *t, const char *force, const char *reference)
{
    struct notice_row notice;
    int rc = incidents_find(t->db, force, reference, &t->row, t->err);

    if (rc == 0 && !force) {
        rc = notices_by_reference(t->db, reference, &notice, t->err);
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
    if (rc == 0 && names)
        rc = people_shown(cli, t.row.incident_id, -1, "explain", err);
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
        "POLICE_REF [--force FORCE] [--names]\n\n"
        "What was received; for each child which pupils were looked at, with which evidence,\n"
        "and who decided; which rule set the time; who was told, each try, and the answer;\n"
        "then the audit. Pupils are shown by the authority's number.\n\n"
        "  --force FORCE  whose reference it is, when several forces use it\n"
        "  --names        show the children's and contacts' names; the audit says that you\n"
        "                 asked\n\n"
        "JSON: force police_ref revision type action withhold_reason attended_at accepted_at\n"
        "revised_at; messages (message_id received_at status revision problems handled_at\n"
        "handled_by); children (child_id child_ref state state_words removed waits_for name\n"
        "decisions on_roll notices); decisions (at by by_words outcome words rule la pupil_id\n"
        "score margin candidates); candidates (rank la pupil_id score evidence\n"
        "evidence_words); on_roll (namespace urn name enrolment); notices (reference revision\n"
        "kind basis reason rule state, each with its _words; namespace urn establishment\n"
        "due_at answer_by told_at answered_at answered_by children items); items (item_id role\n"
        "adapter state, each with its _words; due_at sent_at contact_name tries); tries\n"
        "(number at verdict words code detail ms); audit (at who event child_id notice_id\n"
        "item_id detail).\n\n"
        "Examples:\n"
        "  encompass explain 50260034112\n"
        "  encompass explain 50260034112 --force devon-and-cornwall --json",
    .run = run,
};
