#include "follow/calls.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "follow/words.h"
#include "store/barred.h"
#include "store/registers.h"
#include "store/roster.h"
#include "store/wrong_door.h"

enum {
    SUCCESSION = 4,
    SAID_BYTES = INCIDENT_CHILDREN_MAX * 1024, /* two names of 100 characters, a date */
};

/* What the list is made from; the incident and the door at hand are kept for the next line. */
struct making {
    struct db *db;
    const struct report_filter *filter;
    time_t now;
    struct call_line *lines;
    size_t count;

    int64_t incident_id; /* of incident; 0 none */
    struct incident *incident;
    struct barred barred;
    struct child_row *rows;
    size_t rows_count;

    struct plan_door door;
    char telephone[64];
};

static void release_door(struct making *m)
{
    contacts_free(m->door.contacts, m->door.contacts_count);
    memset(&m->door, 0, sizeof m->door);
    m->telephone[0] = '\0';
}

static void release_incident(struct making *m)
{
    barred_release(&m->barred);
    incident_free(m->incident);
    free(m->rows);
    m->incident = NULL;
    m->rows = NULL;
    m->incident_id = 0;
}

static void release_line(struct call_line *line)
{
    personal_release(&line->telephone);
    personal_release(&line->contact);
    personal_release(&line->children);
}

void calls_free(struct call_line *lines, size_t count)
{
    for (size_t i = 0; lines && i < count; i++)
        release_line(&lines[i]);
    free(lines);
}

static int take_incident(struct making *m, int64_t incident_id, struct err *err)
{
    if (m->incident_id == incident_id)
        return 0;
    release_incident(m);
    if (incidents_load(m->db, incident_id, &m->incident, err) < 0 ||
        barred_read(m->db, m->incident, &m->barred, err) < 0 ||
        incidents_children(m->db, incident_id, &m->rows, &m->rows_count, err) < 0)
        return -1;
    m->incident_id = incident_id;
    return 0;
}

static int mark_failed(struct making *m, int64_t incident_id, struct err *err)
{
    struct notice_failed *failed = NULL;
    size_t count = 0;

    if (notices_contacts_failed(m->db, incident_id, &m->door.establishment.door, &failed, &count,
                                err) < 0)
        return -1;
    for (size_t i = 0; i < m->door.contacts_count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (m->door.contacts[i].contact_id != failed[j].contact_id)
                continue;
            m->door.contacts[i].failed = !failed[j].passed;
            m->door.contacts[i].passed = failed[j].passed;
        }
    }
    free(failed);
    return 0;
}

static int take_door(struct making *m, const struct report_notice *about, const struct door *door,
                     struct err *err)
{
    struct policy_row *rows = NULL;
    const char *la_code;
    size_t count = 0;

    release_door(m);
    if (registers_establishment(m->db, door, &m->door.establishment, err) < 0 ||
        registers_telephone(m->db, door, m->telephone, sizeof m->telephone, err) < 0 ||
        registers_contacts(m->db, door, &m->door.contacts, &m->door.contacts_count, err) < 0 ||
        mark_failed(m, about->notice.incident_id, err) < 0)
        return -1;
    la_code = m->door.establishment.la_code;
    if (registers_policies(m->db, about->force, la_code, door, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, about->force, la_code, door, &m->door.policy);
    free(rows);
    return 0;
}

/* "Zelda Quibblethwaite, born 9 March 2017": the name alone, or more where the policy says more. */
static void say_child(const struct incident_child *child, enum policy_fields fields,
                      struct buf *out)
{
    char born[WORDS_MOMENT_SIZE];

    buf_add_text(out, personal_reveal(&child->forename));
    if (personal_is_set(&child->forename) && personal_is_set(&child->surname))
        buf_add_char(out, ' ');
    buf_add_text(out, personal_reveal(&child->surname));
    if (fields != FIELDS_NAME && child->date_of_birth != DAY_NONE)
        buf_addf(out, ", born %s", words_day(child->date_of_birth, born));
    else if (fields != FIELDS_NAME && child->age >= 0)
        buf_addf(out, ", aged %d", child->age);
}

static const struct incident_child *said(const struct making *m, int64_t child_id)
{
    for (size_t i = 0; i < m->rows_count; i++) {
        for (size_t j = 0; m->rows[i].child_id == child_id && j < m->incident->children_count;
             j++) {
            if (strcmp(m->rows[i].child_ref, m->incident->children[j].child_ref) == 0)
                return &m->incident->children[j];
        }
    }
    return NULL;
}

static int say_children(const struct making *m, const int64_t *ids, size_t count,
                        enum policy_fields fields, struct call_line *line, struct err *err)
{
    struct buf names;
    int rc;

    buf_init(&names, SAID_BYTES);
    for (size_t i = 0; i < count; i++) {
        const struct incident_child *child = said(m, ids[i]);

        if (!child)
            continue;
        if (names.length > 0)
            buf_add_text(&names, "; ");
        say_child(child, fields, &names);
    }
    rc = buf_check(&names, err);
    if (rc == 0)
        rc = personal_set(&line->children, buf_text(&names), names.length, err);
    line->children_count = count;
    buf_release(&names);
    return rc;
}

static int say_whom(const struct making *m, const struct call *call, struct call_line *line,
                    struct err *err)
{
    if (call->why == CALL_BARRED)
        return 0;
    if (call->contact) {
        memccpy(line->role, contact_role_word(call->contact->role), '\0', sizeof line->role);
        if (personal_copy(&line->contact, &call->contact->name, err) < 0)
            return -1;
        if (personal_is_set(&call->contact->telephone))
            return personal_copy(&line->telephone, &call->contact->telephone, err);
    }
    line->switchboard = true;
    return m->telephone[0] ? personal_set_text(&line->telephone, m->telephone, err) : 0;
}

static bool is_asked_for(const struct making *m, const struct call_line *line)
{
    const struct report_filter *f = m->filter;

    return (!f->urn || strcmp(f->urn, line->door.urn) == 0) &&
           (!f->namespace || strcmp(f->namespace, line->door.namespace) == 0) &&
           (!f->la_code || strcmp(f->la_code, line->la_code) == 0) &&
           (f->due_before < 0 || line->by < f->due_before);
}

static int keep(struct making *m, struct call_line *line, struct err *err)
{
    struct call_line *more = reallocarray(m->lines, m->count + 1, sizeof *more);

    if (!more)
        return err_memory(err);
    m->lines = more;
    more[m->count++] = *line;
    return 0;
}

/* A line for these children at that door, if anybody is to be rung. instead: of the desk, which has
 * it for them. 1 there is one, 0, -1. */
static int add(struct making *m, const struct report_notice *about, const struct door *door,
               const int64_t *ids, size_t count, bool instead, struct err *err)
{
    const struct notice_row *n = &about->notice;
    struct plan_input in = {.now = m->now};
    struct call_case c = {.in = &in,
                          .door = &m->door,
                          .kind = instead ? NOTICE_NOTICE : n->kind,
                          .desks = instead,
                          .told = n->state == NOTICE_TOLD,
                          .waits = strcmp(about->item_state, "due") == 0 ||
                                   strcmp(about->item_state, "leased") == 0,
                          .tries = about->tries,
                          .due_at = n->due_at,
                          .told_at = n->told_at,
                          .answer_by = n->answer_by};
    struct call_line line = {.about = *about, .door = *door};
    enum policy_fields fields;
    struct call call;
    int refused = c.told && n->amends >= 0 ? notices_refused(m->db, n->notice_id, err) : 0;

    if (refused < 0 || take_door(m, about, door, err) < 0)
        return -1;
    assert(m->incident); /* consider_children has taken it */
    in.do_not_tell = m->barred.list;
    in.do_not_tell_count = m->barred.count;
    c.refused = refused == 1;
    if (!call_judge(&c, &call))
        return 0;
    fields = policy_fields_for(&m->door.policy, incident_is_protected(m->incident));
    memcpy(line.establishment, m->door.establishment.name, sizeof line.establishment);
    memcpy(line.la_code, m->door.establishment.la_code, sizeof line.la_code);
    line.risk = fields == FIELDS_FULL ? m->incident->risk : RISK_UNKNOWN;
    line.why = call.why;
    line.instead = instead;
    line.by = call.by;
    line.guarded = call.guarded;
    line.rank = (struct call_rank){call.why, call.by, m->incident->risk};
    if (!is_asked_for(m, &line))
        return 1;
    if (say_whom(m, &call, &line, err) < 0 || say_children(m, ids, count, fields, &line, err) < 0 ||
        keep(m, &line, err) < 0) {
        release_line(&line);
        return -1;
    }
    return 1;
}

/* Where a place on roll is now, of a closed establishment its one successor's. */
static int follow(struct making *m, struct door *door, struct err *err)
{
    for (int i = 0; i < SUCCESSION; i++) {
        struct establishment e;
        struct door next[2];
        int n;

        if (registers_establishment(m->db, door, &e, err) < 0)
            return -1;
        if (establishment_is_open(&e))
            return 0;
        n = registers_successors(m->db, door, next, 2, err);
        if (n != 1)
            return n < 0 ? -1 : 0;
        *door = next[0];
    }
    return 0;
}

/* The children of a task, by the doors where they are on roll and have not been told of. */
struct place {
    struct door door;
    int64_t ids[INCIDENT_CHILDREN_MAX];
    size_t count;
};
struct places {
    struct place list[INCIDENT_CHILDREN_MAX * PLAN_DOORS_PER_CHILD];
    size_t count;
};

static void put_place(struct places *places, const struct door *door, int64_t child_id)
{
    struct place *p = places->list;

    while (p < places->list + places->count && memcmp(&p->door, door, sizeof *door) != 0)
        p++;
    if (p == places->list + ARRAY_SIZE(places->list) || p->count == INCIDENT_CHILDREN_MAX)
        return;
    if (p == places->list + places->count) {
        *p = (struct place){.door = *door};
        places->count++;
    }
    p->ids[p->count++] = child_id;
}

static int find_places(struct making *m, const struct report_notice *about, int64_t child_id,
                       struct places *places, struct err *err)
{
    struct enrolment *rows = NULL;
    struct decision_row decision;
    size_t count = 0;
    int rc = roster_decision(m->db, child_id, &decision, err);

    if (rc <= 0 || decision.outcome != MATCH_MATCH)
        return rc < 0 ? -1 : 0;
    rc = roster_enrolments(m->db, decision.pupil_key, london_day(about->notice.due_at), &rows,
                           &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct door door;
        int known;

        memset(&door, 0, sizeof door);
        memccpy(door.namespace, rows[i].namespace, '\0', sizeof door.namespace - 1);
        memccpy(door.urn, rows[i].urn, '\0', sizeof door.urn - 1);
        known = wrong_door_leads(m->db, child_id, &door, err);
        rc = follow(m, &door, err);
        if (rc == 0 && known == 0)
            known = notices_at_door(m->db, child_id, &door, err);
        if (known < 0)
            rc = -1;
        else if (known == 0)
            put_place(places, &door, child_id);
    }
    free(rows);
    return rc;
}

/* The schools that a desk has to ring for us. 1 there are some, 0, -1. */
static int add_schools(struct making *m, const struct report_notice *about, const int64_t *ids,
                       size_t count, struct err *err)
{
    struct places *places = calloc(1, sizeof *places);
    int rc = places ? 0 : err_memory(err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = find_places(m, about, ids[i], places, err);
    for (size_t i = 0; rc == 0 && i < places->count; i++) {
        const struct place *p = &places->list[i];

        rc = add(m, about, &p->door, p->ids, p->count, true, err) < 0 ? -1 : 0;
    }
    if (rc == 0)
        rc = places->count > 0;
    free(places);
    return rc;
}

static int consider_children(struct making *m, const struct report_notice *about,
                             const int64_t *ids, size_t count, struct err *err)
{
    enum desk_reason reason = about->notice.reason;
    int rc = take_incident(m, about->notice.incident_id, err);

    if (rc == 0 && (reason == DESK_NO_CONTACT || reason == DESK_NO_CALENDAR))
        rc = add_schools(m, about, ids, count, err);
    return rc == 0 ? add(m, about, &about->notice.door, ids, count, false, err) : rc;
}

static int consider(struct making *m, const struct report_notice *about, struct err *err)
{
    const struct notice_row *n = &about->notice;
    int64_t *ids = NULL;
    size_t count = 0;
    int rc = notices_stood_in(m->db, n->notice_id, err);

    /* A task for want of an answer: it is those who do not answer that are rung. */
    if (rc != 0 || n->reason == DESK_NO_ANSWER)
        return rc < 0 ? -1 : 0;
    if ((n->amends < 0 ? notices_standing : notices_children)(m->db, n->notice_id, &ids, &count,
                                                              err) < 0)
        return -1;
    if (count > 0)
        rc = consider_children(m, about, ids, count, err);
    free(ids);
    return rc < 0 ? -1 : 0;
}

/* now: of the list. */
static int compare(const void *a, const void *b, void *now)
{
    const struct call_line *x = a, *y = b;
    int order = call_compare(&x->rank, &y->rank, *(time_t *)now);

    if (order == 0)
        order = strcmp(x->establishment, y->establishment);
    return order ? order : strcmp(x->about.notice.reference, y->about.notice.reference);
}

int calls_read(struct db *db, const struct report_filter *filter, time_t now,
               struct call_line **out, size_t *count, int64_t *undecided, struct err *err)
{
    struct report_filter all = REPORT_FILTER_NONE;
    struct making m = {.db = db, .filter = filter, .now = now};
    struct report_notice *notices = NULL;
    size_t n = 0;
    int rc;

    all.force = filter->force;
    all.unanswered = true;
    rc = report_notices(db, &all, &notices, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = consider(&m, &notices[i], err);
    if (rc == 0)
        rc = report_undecided(db, undecided, err);
    free(notices);
    release_incident(&m);
    release_door(&m);
    if (rc < 0) {
        calls_free(m.lines, m.count);
        return -1;
    }
    if (m.count > 1)
        qsort_r(m.lines, m.count, sizeof *m.lines, compare, &now);
    *out = m.lines;
    *count = m.count;
    return 0;
}

void calls_say_why(const struct call_line *line, struct buf *out)
{
    const struct report_notice *about = &line->about;
    char when[WORDS_MOMENT_SIZE];

    switch (line->why) {
    case CALL_BARRED:
        buf_add_text(out, "the police have barred those who would be told there");
        break;
    case CALL_NO_CONTACT:
        buf_add_text(out, "no contact is on file there");
        break;
    case CALL_NOT_VERIFIED:
        buf_add_text(out, "no contact there is verified");
        break;
    case CALL_REFUSED:
        buf_add_text(out, "refused by every contact there");
        break;
    case CALL_NO_CALENDAR:
        buf_add_text(out, "no school days of theirs are on file");
        break;
    case CALL_UNDELIVERED:
        if (line->instead) {
            buf_add_text(out, "not delivered to anybody there by its time");
            break;
        }
        buf_addf(out, "not delivered: due %s, tried %" PRId64 " time%s %s",
                 words_moment_short(about->notice.due_at, when), about->tries,
                 about->tries == 1 ? "" : "s", words_adapter(about->adapter));
        break;
    case CALL_UNANSWERED:
        buf_addf(out, "not answered: told %s", words_moment_short(about->notice.told_at, when));
        break;
    case CALL_AMENDMENT:
        buf_addf(out,
                 "one of those who were told has refused the %s: ring everybody there who was "
                 "told",
                 words_kind(about->notice.kind));
        break;
    }
    if (about->notice.kind == NOTICE_CORRECTION || about->notice.kind == NOTICE_WITHDRAWAL) {
        if (line->why != CALL_AMENDMENT)
            buf_addf(out, " (a %s of what they were told)", words_kind(about->notice.kind));
    } else if (about->notice.kind == NOTICE_DESK && line->instead) {
        buf_add_text(out, " (the desk has the task)");
    } else if (about->notice.kind == NOTICE_DESK) {
        buf_addf(out, " (task: %s)", words_desk_reason_short(about->notice.reason));
    }
}
