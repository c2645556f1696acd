#include "cli/explain.h"

#include <stdlib.h>
#include <string.h>

#include "follow/words.h"
#include "store/closures.h"
#include "store/holds.h"

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
    json_bool(o, "reminder", item->is_reminder);
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

/* A correction's, withdrawal's or recall's: the notice that was told. */
static const char *amended(const struct telling *t, const struct notice_row *n)
{
    for (size_t i = 0; n->amends >= 0 && i < t->notices_count; i++) {
        if (t->notices[i].notice.notice_id == n->amends)
            return t->notices[i].notice.reference;
    }
    return NULL;
}

/* The time that a notice's due time was reckoned from: when its revision was accepted, or an earlier
 * one of which a child was to be told already. */
static time_t reckoned_from(const struct telling *t, const struct report_notice *r)
{
    bool is_amendment = r->notice.amends >= 0;
    time_t at = t->row.revised_at;

    for (size_t i = 0; i < t->revisions_count; i++) {
        if (t->revisions[i].revision == r->notice.revision)
            at = t->revisions[i].received_at;
    }
    return !is_amendment && r->tell_from >= 0 && r->tell_from < at ? r->tell_from : at;
}

/* The value of a number in an audit's detail, "… name=5 …"; -1 it is not there. */
static int64_t number_in(const char *detail, const char *name)
{
    const char *at = strstr(detail, name);

    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/* Why a due time was left: the day is closed there now, or something else has changed. */
static int move_words(struct telling *t, const struct report_notice *r, time_t from, time_t to,
                      struct buf *out)
{
    char was[WORDS_MOMENT_SIZE], is[WORDS_MOMENT_SIZE], first[WORDS_MOMENT_SIZE],
        last[WORDS_MOMENT_SIZE];
    struct closed_why why;
    int rc = closures_why(t->db, &r->notice.door, r->la_code, london_day(from), &why, t->err);

    if (rc < 0)
        return -1;
    buf_addf(out, "from %s to %s", words_moment(from, was), words_moment(to, is));
    if (rc == 0) {
        buf_add_text(out, ": school days, a policy or the call-out had changed");
        return 0;
    }
    buf_addf(out, ": closed there on %s", words_day(why.from, first));
    if (why.to != why.from)
        buf_addf(out, " to %s", words_day(why.to, last));
    if (why.title[0])
        buf_addf(out, " (%s)", why.title);
    return 0;
}

/* Each time that planning has moved it, as the audit has it. */
static int moves_json(struct telling *t, cJSON *o, const struct report_notice *r)
{
    cJSON *list = json_add_list(o, "moves");
    struct report_event *events = NULL;
    size_t count = 0;
    int rc = report_audit(t->db, r->notice.incident_id, &events, &count, t->err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct report_event *e = &events[i];
        int64_t to = number_in(e->detail, " due_at="), from = number_in(e->detail, " was_due_at=");
        struct buf words;
        cJSON *move;

        if (e->notice_id != r->notice.notice_id || strcmp(e->event, "notice.changed") != 0 ||
            from < 0 || from == to)
            continue;
        buf_init(&words, 1024);
        rc = move_words(t, r, (time_t)from, (time_t)to, &words);
        move = json_push_object(list);
        json_moment(move, "at", e->at);
        json_moment(move, "from", (time_t)from);
        json_moment(move, "to", (time_t)to);
        json_text(move, "words", buf_text(&words));
        buf_release(&words);
    }
    free(events);
    return rc;
}

/* An operator's hold that keeps it back. */
static int hold_json(struct telling *t, cJSON *o, int64_t notice_id)
{
    struct hold hold;
    int rc = holds_of_notice(t->db, notice_id, &hold, t->err);

    if (rc <= 0)
        return rc;
    o = json_add_object(o, "hold");
    json_text(o, "scope", hold_scope_word(hold.scope));
    json_text(o, "id", hold.id);
    json_text(o, "why", hold.why);
    json_text(o, "who", hold.who);
    json_moment(o, "held_at", hold.held_at);
    return 0;
}

int explain_notice(struct telling *t, cJSON *list, const struct report_notice *r)
{
    const struct notice_row *n = &r->notice;
    cJSON *o = json_push_object(list), *items_list;
    struct report_item *items = NULL;
    struct buf rule;
    size_t count = 0;
    int rc;

    buf_init(&rule, 1024);
    words_rule(n->rule, reckoned_from(t, r), r->planned_at, n->due_at, &rule);
    json_text(o, "reference", n->reference);
    json_number(o, "revision", n->revision);
    json_text(o, "kind", notice_kind_word(n->kind));
    json_text(o, "kind_words", words_kind(n->kind));
    json_text(o, "amends", amended(t, n));
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
    json_moment(o, "planned_at", r->planned_at);
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
    if (rc == 0)
        rc = moves_json(t, o, r);
    if (rc == 0)
        rc = hold_json(t, o, n->notice_id);
    items_list = json_add_list(o, "items");
    if (rc == 0)
        rc = report_items(t->db, n->notice_id, &items, &count, t->err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = item_json(t, items_list, &items[i]);
    free(items);
    return rc;
}
