#include "intake/accept.h"

#include <string.h>

#include "base/log.h"
#include "intake/incident_same.h"
#include "intake/receipt.h"
#include "store/audit.h"
#include "store/incidents.h"
#include "store/outbox.h"
#include "store/review.h"
#include "store/standing.h"

enum { CORRELATION_MAX = 256, RECEIPT_MAX = 64 * 1024, TOPIC_MAX = 1024 };

static const char root[] = "encompass/v1/";

/* The force of encompass/v1/<force>/incident; false when the topic is not of that form or the force
 * is none. */
static bool force_of(const char *topic, char force[FORCE_SIZE])
{
    const char *from = topic + strlen(root);
    size_t length;

    if (strncmp(topic, root, strlen(root)) != 0)
        return false;
    length = strcspn(from, "/");
    if (length >= FORCE_SIZE || strcmp(from + length, "/incident") != 0)
        return false;
    memcpy(force, from, length);
    force[length] = '\0';
    return incident_force_is_valid(force);
}

/* Where the sender wants its answer, if it may: a topic of its own force that can be published to
 * and that we do not read or receipt to already. */
static bool may_answer_to(const char *topic, const char *force)
{
    struct buf below, taken;
    bool may;

    if (!topic || strlen(topic) > TOPIC_MAX || strpbrk(topic, "+#"))
        return false;
    buf_init(&below, TOPIC_MAX);
    buf_addf(&below, "%s%s/", root, force);
    may = below.failed == ERR_NONE && strncmp(topic, buf_text(&below), below.length) == 0 &&
          topic[below.length] != '\0';
    buf_release(&below);
    buf_init(&taken, TOPIC_MAX);
    buf_addf(&taken, "%s%s/incident", root, force);
    may = may && taken.failed == ERR_NONE && strcmp(topic, buf_text(&taken)) != 0;
    buf_clear(&taken);
    receipt_topic(force, &taken);
    may = may && taken.failed == ERR_NONE && strcmp(topic, buf_text(&taken)) != 0;
    buf_release(&taken);
    return may;
}

static int queue_receipt(struct db *db, const struct inbound *in, const char *force,
                         const struct buf *json, time_t now, struct err *err)
{
    size_t correlation_length =
        in->correlation_length <= CORRELATION_MAX && in->correlation ? in->correlation_length : 0;
    struct buf topic;
    int rc;

    buf_init(&topic, TOPIC_MAX);
    receipt_topic(force, &topic);
    rc = buf_check(json, err);
    if (rc == 0)
        rc = buf_check(&topic, err);
    if (rc == 0)
        rc = outbox_add_receipt(db, buf_text(&topic), buf_text(json), NULL, 0, now, err);
    if (rc == 0 && may_answer_to(in->response_topic, force))
        rc = outbox_add_receipt(db, in->response_topic, buf_text(json), in->correlation,
                                correlation_length, now, err);
    buf_release(&topic);
    return rc;
}

/* Kept for a person. Whom to tell is the topic's force, for it is the one that may publish there;
 * parsing has named it in ident. NULL: it names none, and nobody can be told. */
static int refuse(struct db *db, const struct inbound *in, const char *force,
                  const struct incident_ident *ident, const struct problems *problems, time_t now,
                  struct err *err)
{
    const struct audit_about about = AUDIT_ABOUT_NOTHING;
    struct buf json;
    int64_t message_id;
    int rc;

    if (incidents_keep_message(db, in->topic, in->payload, in->length, "refused", problems, now,
                               &message_id, err) < 0 ||
        audit_add(db, now, "police", "message.refused", &about, err, "message=%lld problems=%zu",
                  (long long)message_id, problems->count) < 0)
        return -1;
    if (!force)
        return 0;
    buf_init(&json, RECEIPT_MAX);
    receipt_json(ident, "refused", now, problems, NULL, 0, &json);
    rc = queue_receipt(db, in, force, &json, now, err);
    buf_release(&json);
    return rc;
}

/* Whether the stored revision says the same: 1, 0, -1. One that this program would no longer accept
 * does not. */
static int is_stored(struct db *db, int64_t incident_id, const struct incident *incident,
                     struct err *err)
{
    struct incident *stored = NULL;
    struct err why;
    int rc;

    if (incidents_load(db, incident_id, &stored, &why) < 0)
        return why.code == ERR_INVALID ? 0 : err_set(err, why.code, "%s", why.text);
    rc = incident_same(stored, incident);
    incident_free(stored);
    return rc;
}

/* A revision that says something else than the stored one of its number is left, and problems says
 * so: a sender that forgot to raise it must hear that what it has added is not taken. */
static int keep(struct db *db, const struct inbound *in, const struct incident *incident,
                time_t now, enum accepted *out, struct problems *problems, struct err *err)
{
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    int64_t incident_id = -1, revision = -1, message_id;
    int found =
        incidents_revision(db, incident->force, incident->police_ref, &incident_id, &revision, err);
    bool is_repeat = found == 1 && incident->revision <= revision;
    const char *outcome = is_repeat ? "repeat" : "accepted";
    struct buf json;
    int rc;

    if (found < 0)
        return -1;
    if (found == 1 && incident->revision == revision) {
        int same = is_stored(db, incident_id, incident, err);

        if (same <= 0)
            return same < 0 ? -1
                            : problems_add(problems, "/revision",
                                           "is stored already with other content", err);
    }
    if (incidents_keep_message(db, in->topic, in->payload, in->length, outcome, NULL, now,
                               &message_id, err) < 0)
        return -1;
    about.incident_id = incident_id;
    if (is_repeat)
        rc = audit_add(db, now, "police", "message.repeat", &about, err,
                       "message=%lld revision=%lld stored=%lld", (long long)message_id,
                       (long long)incident->revision, (long long)revision);
    else
        rc = incidents_put(db, incident, message_id, now, &incident_id, err);
    if (rc < 0 || (!is_repeat && review_messages_put_right(db, in->topic, incident->police_ref,
                                                           incident->revision, now, err) < 0))
        return -1;
    buf_init(&json, RECEIPT_MAX);
    rc = standing_json(db, incident_id, incident->revision, outcome, now, &json, err);
    if (rc == 0)
        rc = queue_receipt(db, in, incident->force, &json, now, err);
    buf_release(&json);
    /* Withdrawn or withheld at once: nothing more will come of it. */
    if (rc == 0 && !is_repeat)
        rc = standing_changed(db, incident_id, false, now, err);
    *out = is_repeat ? ACCEPTED_REPEAT : ACCEPTED;
    return rc;
}

/* As keep; but where a fault of ours bars it (the store's rules, a ceiling), nothing of it stays and
 * problems says so. It would come back for ever otherwise, and nothing behind it would be kept. */
static int keep_if_it_can_be(struct db *db, const struct inbound *in,
                             const struct incident *incident, time_t now, enum accepted *out,
                             struct problems *problems, struct err *err)
{
    struct err why = {.code = ERR_NONE};
    int rc;

    if (db_part_begin(db, err) < 0)
        return -1;
    rc = keep(db, in, incident, now, out, problems, &why);
    if (rc == 0)
        return db_part_end(db, true, err);
    if (err)
        *err = why;
    if (err_may_pass(&why) || !db_in_transaction(db))
        return -1;
    if (db_part_end(db, false, err) < 0)
        return -1;
    log_failure("intake.unkept", &why);
    return problems_add(problems, "",
                        "could not be stored, which is the gateway's fault; a person "
                        "must look at it",
                        err);
}

int accept_message(struct db *db, const struct inbound *in, time_t now, enum accepted *out,
                   struct err *err)
{
    struct incident *incident = NULL;
    struct incident_ident ident;
    struct problems problems;
    char force[FORCE_SIZE];
    bool has_force = force_of(in->topic, force);
    int rc = -1;

    memset(&ident, 0, sizeof ident);
    ident.revision = -1;
    problems_init(&problems);
    if (incident_parse(in->payload, in->length, has_force ? force : NULL, now, &incident, &ident,
                       &problems, err) < 0)
        goto out;
    if (!has_force && problems_add(&problems, "", "came on a topic that names no force", err) < 0)
        goto out;
    rc = problems.count > 0 ? 0 : keep_if_it_can_be(db, in, incident, now, out, &problems, err);
    if (rc == 0 && problems.count > 0) {
        *out = ACCEPTED_REFUSED;
        rc = refuse(db, in, has_force ? force : NULL, &ident, &problems, now, err);
    }
out:
    incident_free(incident);
    problems_release(&problems);
    return rc;
}
