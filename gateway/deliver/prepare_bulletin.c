/* A warning or an exercise becomes a message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deliver/invented.h"
#include "deliver/prepare.h"
#include "store/bulletins.h"
#include "store/registers.h"
#include "store/warnings.h"

static int render_the_exercise(struct db *db, const struct templates *templates,
                               const struct bulletin *b, const struct contact *contact, time_t now,
                               struct rendered *out, struct err *err)
{
    struct invented invented;
    struct render_input in;
    int rc = invented_make(db, b->force, &contact->door, invented_kind(&contact->door),
                           contact->language, now, &invented, err);

    if (rc == 0)
        return err_set(err, ERR_STORE, "%s %s is not in the register", contact->door.namespace,
                       contact->door.urn);
    if (rc < 0)
        return -1;
    memcpy(invented.notice.reference, b->reference, sizeof invented.notice.reference);
    in = invented_input(&invented, contact->language);
    rc = render_exercise(templates, &in, out, err);
    invented_release(&invented);
    return rc;
}

static int render_the_warning(struct db *db, const struct templates *templates,
                              const struct bulletin *b, const struct contact *contact,
                              struct rendered *out, struct err *err)
{
    struct warning w;
    struct establishment subject, to;
    struct policy_row *rows = NULL;
    struct policy policy;
    size_t count = 0;
    int rc = warnings_get(db, b->warning_id, &w, err);

    if (rc == 0)
        return err_set(err, ERR_STORE, "%s is of no warning", b->reference);
    if (rc < 0 || registers_establishment(db, &contact->door, &to, err) < 0)
        return -1;
    memset(&subject, 0, sizeof subject);
    if (strcmp(w.door.namespace, "gateway") != 0 &&
        registers_establishment(db, &w.door, &subject, err) < 0)
        return -1;
    if (registers_policies(db,
                           strcmp(contact->door.namespace, "force") == 0 ? contact->door.urn : "",
                           to.la_code, &contact->door, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, contact->door.urn, to.la_code, &contact->door, &policy);
    free(rows);
    {
        const struct render_warning in = {.reference = b->reference,
                                          .kind = warning_kind_word(w.kind),
                                          .door = &w.door,
                                          .name = subject.name,
                                          .since = w.since,
                                          .wording = policy.wording,
                                          .language = contact->language};

        return render_warning(templates, &in, out, err);
    }
}

/* The rendered words are taken over. */
static int address(struct db *db, const struct outbox_item *item, const struct bulletin *b,
                   const struct contact *contact, struct rendered *r, time_t now,
                   struct prepared *out, struct err *err)
{
    struct prepared p = {.subject = NULL};

    if (personal_copy(&p.message.to_name, &contact->name, err) < 0 ||
        personal_copy(&p.message.to_address, &contact->address, err) < 0 ||
        prepare_reply_to(db, b->force, &p.message.reply_to, err) < 0) {
        prepared_release(&p);
        rendered_release(r);
        return -1;
    }
    snprintf(p.message.key, sizeof p.message.key, "%s", item->key);
    snprintf(p.message.reference, sizeof p.message.reference, "%s", b->reference);
    memcpy(p.message.language, r->language, sizeof p.message.language);
    p.message.at = now;
    p.message.nameless = true;
    p.subject = r->subject;
    p.message.subject = p.subject;
    p.message.text = r->text;
    p.message.html = r->html;
    p.message.json = r->json;
    *out = p;
    return 1;
}

int prepare_bulletin(struct db *db, const struct templates *templates,
                     const struct outbox_item *item, time_t now, struct prepared *out,
                     struct err *err)
{
    struct bulletin b;
    struct contact contact;
    struct rendered rendered;
    int rc = bulletins_get(db, item->item_id, &b, err);

    if (rc == 0)
        return err_set(err, ERR_STORE, "bulletin %lld is not in the store",
                       (long long)item->item_id);
    if (rc < 0)
        return -1;
    rc = registers_contact(db, item->contact_id, &contact, err);
    if (rc <= 0)
        return rc;
    if (!contact.verified)
        rc = 0;
    else if (b.drill_id >= 0)
        rc = render_the_exercise(db, templates, &b, &contact, now, &rendered, err) < 0 ? -1 : 1;
    else
        rc = render_the_warning(db, templates, &b, &contact, &rendered, err) < 0 ? -1 : 1;
    if (rc == 1)
        rc = address(db, item, &b, &contact, &rendered, now, out, err);
    contact_release(&contact);
    return rc;
}
