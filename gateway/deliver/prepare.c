#include "deliver/prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/answer_links.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/registers.h"
#include "store/repeats.h"

enum { LINK_SIZE = 320 };

/* What one notice is made from. */
struct sources {
    struct notice_row notice;
    struct notice_row amended; /* of a correction or withdrawal */
    bool unnamed, partly;
    struct contact contact;
    struct incident *incident;
    struct establishment establishment;
    struct policy policy;
    char authority[161];
    size_t children[INCIDENT_CHILDREN_MAX];
    int64_t child_ids[INCIDENT_CHILDREN_MAX]; /* of these, in the store */
    struct render_known known[INCIDENT_CHILDREN_MAX];
    struct roll_place *places; /* ROLL_PLACES_MAX a child; NULL it is no desk's */
    size_t children_count;
};

static int none_such(struct err *err, const char *what, int64_t id)
{
    return err_set(err, ERR_STORE, "%s %lld is not in the store", what, (long long)id);
}

/* Where a child of the store stands in the message. */
static size_t find_child(const struct incident *incident, const char *child_ref)
{
    size_t i = 0;

    while (i < incident->children_count && strcmp(incident->children[i].child_ref, child_ref) != 0)
        i++;
    return i;
}

static bool is_among(int64_t id, const int64_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

/* Of a notice those for whom it stands: a deputy is not told of one that the school has said is not
 * its own. */
static int find_children(struct db *db, struct sources *s, struct err *err)
{
    struct child_row *rows = NULL;
    int64_t *ids = NULL;
    size_t rows_count = 0, ids_count = 0;
    int rc = -1;

    if (incidents_children(db, s->notice.incident_id, &rows, &rows_count, err) < 0 ||
        (s->notice.amends < 0 ? notices_standing : notices_children)(db, s->notice.notice_id, &ids,
                                                                     &ids_count, err) < 0)
        goto out;
    for (size_t i = 0; i < rows_count && s->children_count < INCIDENT_CHILDREN_MAX; i++) {
        size_t at;

        if (!is_among(rows[i].child_id, ids, ids_count))
            continue;
        at = find_child(s->incident, rows[i].child_ref);
        if (at < s->incident->children_count) {
            s->child_ids[s->children_count] = rows[i].child_id;
            s->children[s->children_count++] = at;
        }
    }
    rc = s->children_count > 0
             ? 0
             : err_set(err, ERR_STORE, "notice %s names no child", s->notice.reference);
out:
    free(rows);
    free(ids);
    return rc;
}

static int find_door(struct db *db, struct sources *s, struct err *err)
{
    struct policy_row *rows = NULL;
    size_t count = 0;
    int rc = registers_establishment(db, &s->notice.door, &s->establishment, err);

    if (rc == 0)
        return err_set(err, ERR_STORE, "%s %s is not in the register", s->notice.door.namespace,
                       s->notice.door.urn);
    if (rc < 0 || registers_policies(db, s->incident->force, s->establishment.la_code,
                                     &s->notice.door, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, s->incident->force, s->establishment.la_code, &s->notice.door,
                   &s->policy);
    free(rows);
    return registers_authority_name(db, s->establishment.la_code, s->authority, sizeof s->authority,
                                    err) < 0
               ? -1
               : 0;
}

/* What was told, when it is amended. A withdrawal speaks of it as it was told then, for the message
 * in force need not name the child; from the wrong door it names nobody again, unless it has to be
 * told apart from siblings whom the notice was rightly about. */
static int find_amended(struct db *db, struct sources *s, struct err *err)
{
    int64_t *ids = NULL;
    size_t mine, all;
    int rc;

    if (s->notice.amends < 0)
        return incidents_load(db, s->notice.incident_id, &s->incident, err);
    rc = notices_get(db, s->notice.amends, &s->amended, err);
    if (rc == 0)
        return none_such(err, "notice", s->notice.amends);
    if (rc < 0)
        return -1;
    if (s->notice.kind != NOTICE_WITHDRAWAL)
        return incidents_load(db, s->notice.incident_id, &s->incident, err);
    if (notices_standing(db, s->amended.notice_id, &ids, &all, err) < 0)
        return -1;
    free(ids);
    s->partly = all > 0;
    if (s->notice.reason == TAKEN_NOT_PUPIL) {
        if (notices_children(db, s->notice.notice_id, &ids, &mine, err) < 0)
            return -1;
        free(ids);
        if (notices_children(db, s->amended.notice_id, &ids, &all, err) < 0)
            return -1;
        free(ids);
        s->unnamed = mine == all;
    }
    return incidents_load_revision(db, s->notice.incident_id, s->amended.revision, &s->incident,
                                   err);
}

static bool is_task(const struct sources *s)
{
    return s->notice.kind == NOTICE_DESK ||
           (s->notice.amends >= 0 && s->amended.kind == NOTICE_DESK);
}

static int find_places(struct db *db, struct sources *s, time_t now, struct err *err)
{
    s->places = calloc(s->children_count * ROLL_PLACES_MAX, sizeof *s->places);
    if (!s->places)
        return err_memory(err);
    for (size_t i = 0; i < s->children_count; i++) {
        struct roll_place *places = &s->places[i * ROLL_PLACES_MAX];
        int n = places_of_child(db, s->child_ids[i], london_day(now), places, err);

        if (n < 0)
            return -1;
        s->known[i].places = places;
        s->known[i].places_count = (size_t)n;
    }
    return 0;
}

/* What our own records add. A withdrawal and a reminder say nothing of it. */
static int find_known(struct db *db, const struct outbox_item *item, time_t now, struct sources *s,
                      struct err *err)
{
    if (item->is_reminder || s->notice.kind == NOTICE_WITHDRAWAL)
        return 0;
    if (is_task(s) && find_places(db, s, now, err) < 0)
        return -1;
    for (size_t i = 0; i < s->children_count; i++) {
        struct repeats repeats;

        if (repeats_find(db, s->child_ids[i], s->incident, &s->policy, &repeats, err) < 0)
            return -1;
        s->known[i].repeats_counted = repeats.counted;
        s->known[i].repeats = repeats.count;
        repeats_release(&repeats);
    }
    return 0;
}

/* 1, 0 the contact may not be told, -1. */
static int gather(struct db *db, const struct outbox_item *item, time_t now, struct sources *s,
                  struct err *err)
{
    int rc = registers_contact(db, item->contact_id, &s->contact, err);

    if (rc == 0)
        return none_such(err, "contact", item->contact_id);
    if (rc < 0)
        return -1;
    if (!s->contact.verified)
        return 0;
    rc = notices_get(db, item->notice_id, &s->notice, err);
    if (rc == 0)
        return none_such(err, "notice", item->notice_id);
    /* A reminder, and who is told for want of an answer, has time of its own. */
    if (item->is_reminder || item->give_up_at > s->notice.answer_by)
        s->notice.answer_by = item->give_up_at;
    if (rc < 0 || find_amended(db, s, err) < 0 || find_children(db, s, err) < 0 ||
        find_door(db, s, err) < 0 || find_known(db, item, now, s, err) < 0)
        return -1;
    return 1;
}

int prepare_reply_to(struct db *db, const char *force, struct personal *out, struct err *err)
{
    struct door desk = {.namespace = "force"};

    if (!force[0])
        return 0;
    snprintf(desk.urn, sizeof desk.urn, "%s", force);
    return registers_desk_mail(db, &desk, out, err) < 0 ? -1 : 0;
}

static bool is_urgent(const struct sources *s)
{
    return s->notice.kind != NOTICE_WITHDRAWAL && incident_is_urgent(s->incident);
}

/* A withdrawal asks for no answer; a correction is answered with what it corrects. */
static int make_link(struct db *db, const struct prepare_links *links,
                     const struct outbox_item *item, const struct sources *s, time_t now,
                     char out[LINK_SIZE], struct err *err)
{
    char token[ANSWER_TOKEN_SIZE];
    int64_t notice_id = s->notice.amends < 0 ? s->notice.notice_id : s->notice.amends;

    out[0] = '\0';
    if (!links || s->notice.kind == NOTICE_WITHDRAWAL)
        return 0;
    if (answer_links_make(db, notice_id, item->contact_id, now + links->seconds, now, token, err) <
        0)
        return -1;
    snprintf(out, LINK_SIZE, "%s/%s", links->base_url, token);
    personal_wipe(token, sizeof token);
    return 0;
}

static int compose(struct db *db, const struct templates *templates, const char *link,
                   const struct outbox_item *item, const struct sources *s, unsigned parts,
                   time_t now, struct prepared *out, struct err *err)
{
    const struct render_input in = {
        .notice = &s->notice,
        .incident = s->incident,
        .children = s->children,
        .children_count = s->children_count,
        .known = s->known,
        .reminder = item->is_reminder,
        .fields = s->notice.kind == NOTICE_WITHDRAWAL || item->is_reminder
                      ? FIELDS_NAME
                      : policy_fields_for(&s->policy, incident_is_protected(s->incident)),
        .wording = s->policy.wording,
        .language = s->contact.language,
        .establishment = s->establishment.name,
        .authority = s->authority,
        .amends_task = s->notice.amends >= 0 && is_task(s),
        .amends = s->notice.amends < 0 ? NULL : s->amended.reference,
        .link = link[0] ? link : NULL,
        .parts = parts,
        .partly = s->partly,
        .unnamed = s->unnamed,
    };
    struct prepared p = {.subject = NULL};
    struct rendered rendered;

    if (personal_copy(&p.message.to_name, &s->contact.name, err) < 0 ||
        personal_copy(&p.message.to_address, &s->contact.address, err) < 0 ||
        prepare_reply_to(db, s->incident->force, &p.message.reply_to, err) < 0 ||
        render_notice(templates, &in, &rendered, err) < 0) {
        prepared_release(&p);
        return -1;
    }
    snprintf(p.message.key, sizeof p.message.key, "%s", item->key);
    snprintf(p.message.reference, sizeof p.message.reference, "%s", s->notice.reference);
    memcpy(p.message.language, rendered.language, sizeof p.message.language);
    p.message.at = now;
    p.message.urgent = is_urgent(s);
    snprintf(p.wording, sizeof p.wording, "%s", s->policy.wording);
    p.subject = rendered.subject; /* and the rest: taken over whole */
    p.message.subject = p.subject;
    p.message.text = rendered.text;
    p.message.html = rendered.html;
    p.message.json = rendered.json;
    *out = p;
    return 1;
}

int prepare_item(struct db *db, const struct templates *templates,
                 const struct prepare_links *links, const struct outbox_item *item, unsigned parts,
                 time_t now, struct prepared *out, struct err *err)
{
    struct sources s;
    char link[LINK_SIZE];
    int rc;

    memset(&s, 0, sizeof s);
    rc = gather(db, item, now, &s, err);
    if (rc == 1 && make_link(db, links, item, &s, now, link, err) < 0)
        rc = -1;
    if (rc == 1)
        rc = compose(db, templates, link, item, &s, parts, now, out, err);
    personal_wipe(link, sizeof link);
    incident_free(s.incident);
    free(s.places);
    contact_release(&s.contact);
    return rc;
}

int prepare_minimal(const struct templates *templates, const char *link, struct prepared *p,
                    struct err *err)
{
    const struct render_minimal in = {.reference = p->message.reference,
                                      .link = link,
                                      .wording = p->wording,
                                      .language = p->message.language};
    struct rendered rendered;

    if (render_minimal(templates, &in, &rendered, err) < 0)
        return -1;
    personal_release(&p->message.text);
    personal_release(&p->message.html);
    personal_release(&p->message.json);
    free(p->subject);
    p->subject = rendered.subject;
    p->message.subject = p->subject;
    p->message.text = rendered.text;
    p->message.html = rendered.html;
    p->message.json = rendered.json;
    memcpy(p->message.language, rendered.language, sizeof p->message.language);
    p->message.nameless = true;
    return 0;
}

void prepared_release(struct prepared *p)
{
    message_release(&p->message);
    free(p->subject);
    p->subject = NULL;
}
