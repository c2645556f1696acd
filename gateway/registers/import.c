#include "registers/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "registers/reading.h"
#include "store/audit.h"
#include "store/incidents.h"

const struct import_kind import_kinds[] = {
    {.name = "establishments",
     .columns = "GIAS edubasealldata or edubaseallchildrencentre, as published",
     .replan = true,
     .read = read_establishments},
    {.name = "links",
     .columns = "GIAS links_edubasealldata, as published",
     .namespace = true,
     .replan = true,
     .read = read_links},
    {.name = "roll",
     .columns = "pupil_id, upn, forename, middle_names, surname, preferred_forename,"
                " former_surname, gender, dob, house, street, town, postcode, urn, school, la_code,"
                " nc_year; where known namespace, enrolment, from, to, days",
     .la = true,
     .namespace = true,
     .complete = true,
     .rematch = true,
     .replan = true,
     .read = read_roll},
    {.name = "contacts",
     .columns = "namespace, urn, role, name, adapter, address, language, verified_at",
     .la = true,
     .complete = true,
     .replan = true,
     .read = read_contacts},
    {.name = "reach",
     .columns = "namespace, urn, postcode_prefix",
     .la = true,
     .complete = true,
     .replan = true,
     .read = read_reach},
    {.name = "terms",
     .columns = "la, namespace, urn, kind, from, to, title; where known days (of a term, such as"
                " mon tue sat); or iCalendar with --la or --urn",
     .la = true,
     .urn = true,
     .namespace = true,
     .complete = true,
     .replan = true,
     .read = read_terms},
    {.name = "bank-holidays",
     .columns = "gov.uk bank-holidays.json",
     .replan = true,
     .read = read_bank_holidays},
    {.name = "policies",
     .columns = "scope, id, key, value (an empty value goes back to the default)",
     .replan = true,
     .read = read_policies},
    {.name = NULL},
};

const struct import_kind *import_kind_find(const char *name)
{
    for (const struct import_kind *kind = import_kinds; kind->name; kind++) {
        if (strcmp(kind->name, name) == 0)
            return kind;
    }
    return NULL;
}

static int refuse(const struct reading *r, struct err *err)
{
    size_t n = r->result->mistakes.count;

    return err_set(err, ERR_INVALID, "%s: %zu mistake%s%s: nothing was imported", r->file, n,
                   n == 1 ? "" : "s", n >= IMPORT_MISTAKES ? ", and perhaps more" : "");
}

static int record(struct reading *r, struct err *err)
{
    struct import_result *result = r->result;
    const struct import_options *o = r->options;
    bool changes = result->added > 0 || result->changed > 0 || result->ended > 0;
    int n;

    if (registers_import_end(r->db, r->import_id, result->read, result->added, result->changed,
                             result->ended, err) < 0)
        return -1;
    if (changes && r->kind->rematch) {
        n = incidents_rematch_undecided(r->db, o->now, err);
        if (n < 0)
            return -1;
        result->rematched = n;
    }
    if (changes && r->kind->replan) {
        n = incidents_replan_unsent(r->db, o->now, err);
        if (n < 0)
            return -1;
        result->replanned = n;
    }
    return audit_add(r->db, o->now, o->who, "register.imported", &AUDIT_ABOUT_NOTHING, err,
                     "import=%" PRId64 " kind=%s rows=%" PRId64 " added=%" PRId64
                     " changed=%" PRId64 " ended=%" PRId64 "%s%s",
                     r->import_id, r->kind->name, result->read, result->added, result->changed,
                     result->ended, o->complete ? " complete=yes" : "",
                     o->complete && o->force ? " forced=yes" : "");
}

static int read_whole(struct reading *r, struct err *err)
{
    if (registers_import_begin(r->db, r->kind->name, r->options->who, r->options->now,
                               &r->import_id, err) < 0 ||
        registers_seen_reset(r->db, err) < 0)
        return -1;
    if (r->kind->read(r, err) < 0)
        return -1;
    if (r->result->mistakes.count > 0)
        return refuse(r, err);
    return record(r, err);
}

static int by_code(const void *a, const void *b)
{
    const struct import_tally *x = a, *y = b;
    int order = strcmp(x->what, y->what);

    if (order == 0)
        order = (x->code > y->code) - (x->code < y->code);
    return order != 0 ? order : strcmp(x->name, y->name);
}

int import_run(struct db *db, const struct import_kind *kind, const char *file,
               const struct import_options *options, struct import_result *out, struct err *err)
{
    struct reading r = {.db = db, .kind = kind, .file = file, .options = options, .result = out};
    int rc;

    memset(out, 0, sizeof *out);
    out->encoding = "UTF-8";
    out->mistakes.most = IMPORT_MISTAKES;
    out->warnings.most = IMPORT_WARNINGS;
    out->changes.most = IMPORT_CHANGES;
    out->ignored.most = CSV_COLUMNS_MAX;
    if (db_begin(db, err) < 0)
        return -1;
    rc = read_whole(&r, err);
    csv_file_free(r.csv);
    if (out->tallies_count > 1)
        qsort(out->tallies, out->tallies_count, sizeof *out->tallies, by_code);
    explicit_bzero(r.scratch, sizeof r.scratch);
    if (rc == 0 && !options->dry_run)
        return db_commit(db, err);
    db_rollback(db);
    return rc;
}

static void lines_release(struct import_lines *lines)
{
    for (size_t i = 0; i < lines->kept; i++)
        free(lines->line[i]);
    free(lines->line);
    *lines = (struct import_lines){.most = lines->most};
}

void import_result_release(struct import_result *result)
{
    lines_release(&result->mistakes);
    lines_release(&result->warnings);
    lines_release(&result->changes);
    lines_release(&result->ignored);
    free(result->tallies);
    result->tallies = NULL;
    result->tallies_count = 0;
}
