#include "cli/people.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/audit.h"
#include "store/registers.h"

enum { NAME_MAX_BYTES = 512 };

int people_load(struct db *db, int64_t incident_id, struct people *out, struct err *err)
{
    *out = (struct people){.incident = NULL};
    if (incidents_load(db, incident_id, &out->incident, err) < 0)
        return -1;
    if (incidents_children(db, incident_id, &out->rows, &out->count, err) < 0) {
        people_release(out);
        return -1;
    }
    return 0;
}

void people_release(struct people *people)
{
    incident_free(people->incident);
    free(people->rows);
    *people = (struct people){.incident = NULL};
}

const struct incident_child *people_child(const struct people *people, const struct child_row *row)
{
    for (size_t i = 0; i < people->incident->children_count; i++) {
        if (strcmp(people->incident->children[i].child_ref, row->child_ref) == 0)
            return &people->incident->children[i];
    }
    return NULL;
}

const struct child_row *people_row(const struct people *people, int64_t child_id)
{
    for (size_t i = 0; i < people->count; i++) {
        if (people->rows[i].child_id == child_id)
            return &people->rows[i];
    }
    return NULL;
}

int people_name(const struct incident_child *child, struct personal *out, struct err *err)
{
    struct buf name; /* wipes what it held */
    int rc;

    buf_init(&name, NAME_MAX_BYTES);
    buf_add_text(&name, personal_reveal(&child->forename));
    if (personal_is_set(&child->forename) && personal_is_set(&child->surname))
        buf_add_char(&name, ' ');
    buf_add_text(&name, personal_reveal(&child->surname));
    rc = buf_check(&name, err);
    if (rc == 0)
        rc = personal_set(out, buf_text(&name), name.length, err);
    buf_release(&name);
    return rc;
}

int people_contact_name(struct db *db, int64_t contact_id, struct personal *out, struct err *err)
{
    struct contact contact = {.contact_id = -1};
    int rc = registers_contact(db, contact_id, &contact, err);

    if (rc == 1) {
        rc = personal_copy(out, &contact.name, err);
        contact_release(&contact);
    }
    return rc < 0 ? -1 : 0;
}

int people_shown(struct cli *cli, const int64_t *incident_ids, size_t count, int64_t child_id,
                 const char *command, struct err *err)
{
    struct audit_about about = AUDIT_ABOUT_NOTHING;
    struct db *db;

    about.child_id = child_id;
    if (cli_store(cli, &db, err) < 0 || db_begin(db, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        about.incident_id = incident_ids[i];
        if (audit_add(db, clock_now(&cli->clock), cli_who(), "names.shown", &about, err,
                      "command=%s", command) < 0) {
            db_rollback(db);
            return -1;
        }
    }
    return db_commit(db, err);
}
