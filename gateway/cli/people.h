/* gateway/cli/people.h - names, for the commands that are asked to show them: read here, and each
 * showing audited. */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include "base/personal.h"
#include "cli/command.h"
#include "intake/incident.h"
#include "store/incidents.h"

/* An incident's children as the police named them. */
struct people {
    struct incident *incident;
    struct child_row *rows;
    size_t count;
};
int people_load(struct db *db, int64_t incident_id, struct people *out, struct err *err) MUST_CHECK;
void people_release(struct people *people);

/* The police's particulars of a row's child; NULL when the revision in force no longer names it. */
const struct incident_child *people_child(const struct people *people, const struct child_row *row);
const struct child_row *people_row(const struct people *people, int64_t child_id);

/* "Forename Surname", as far as they are known. */
int people_name(const struct incident_child *child, struct personal *out,
                struct err *err) MUST_CHECK;
int people_contact_name(struct db *db, int64_t contact_id, struct personal *out,
                        struct err *err) MUST_CHECK;

/* Names have been asked for: before any is shown, the audit says by whom and of which incidents, one
 * row each. child_id -1: of all its children. In a transaction of its own. */
int people_shown(struct cli *cli, const int64_t *incident_ids, size_t count, int64_t child_id,
                 const char *command, struct err *err) MUST_CHECK;

#endif
