/* gateway/store/registers_write.h - what imports write into the registers.
 *
 * A register is a table with key columns and value columns, and a row of it is an array of texts in
 * that order (NULL: absent; numbers in decimal, days as yyyy-mm-dd). Putting a row compares it with
 * what stands there, so that what did not change is not written. Every function works in the
 * caller's transaction.
 *
 * Rows of a file that is whole (`--complete`) are marked as seen; what was not seen is ended.
 */
#ifndef STORE_REGISTERS_WRITE_H
#define STORE_REGISTERS_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "store/db.h"

/* Each with its columns, keys before the semicolon. */
enum register_kind {
    /* namespace, urn; la_code, name, type_code, type_name, status_code, phase_code, low_age,
     * high_age, street, locality, town, postcode, outward, opened, closed, website, telephone */
    REGISTER_ESTABLISHMENT,
    REGISTER_AUTHORITY,    /* la_code; name */
    REGISTER_LINK,         /* namespace, urn, link_urn, type; name, established */
    REGISTER_CONTACT,      /* namespace, urn, role, adapter, address; name, language, verified_at,
                              ended_at, ended_why */
    REGISTER_REACH,        /* postcode_prefix, namespace, urn; */
    REGISTER_TERM,         /* la_code, namespace, urn, kind, from_day, to_day; title, days */
    REGISTER_BANK_HOLIDAY, /* division, day; title */
    REGISTER_POLICY,       /* scope, id, key; value */
    /* la_code, pupil_id; upn, forename, middle_names, surname, preferred_forename, former_surname,
     * gender, dob, house, street, town, postcode, nc_year: by roll_put_pupil */
    REGISTER_PUPIL,
    /* pupil_key, namespace, urn; school, enrolment, from_day, to_day, days, ended_at */
    REGISTER_ENROLMENT,
    REGISTERS,
};

enum { REGISTER_COLUMNS_MAX = 24 };

enum change { CHANGE_NONE, CHANGE_ADDED, CHANGE_CHANGED };

/* Told of each value that differs; texts are borrowed for the call. */
struct register_watch {
    void (*differs)(void *self, const char *column, const char *before, const char *after);
    void *self;
};

/* Adds or changes one row. values has as many texts as the register has columns. *id (may be NULL)
 * is the row's number, of contact, term, pupil and enrolment. watch may be NULL. */
int registers_put(struct db *db, enum register_kind kind, const char *const *values,
                  int64_t import_id, const struct register_watch *watch, enum change *out,
                  int64_t *id, struct err *err) MUST_CHECK;

/* The import's own row: made at its start, filled in at its end. */
int registers_import_begin(struct db *db, const char *kind, const char *who, time_t now,
                           int64_t *import_id, struct err *err) MUST_CHECK;
int registers_import_end(struct db *db, int64_t import_id, int64_t read_rows, int64_t added,
                         int64_t changed, int64_t ended, struct err *err) MUST_CHECK;

/* Whether a school or centre is in the register: 1, 0, -1. */
int registers_has_establishment(struct db *db, const char *namespace, const char *urn,
                                struct err *err) MUST_CHECK;

/* A contact as it stands, ended or not: 1, 0, -1. Moments are -1 when absent. */
struct register_contact {
    int64_t contact_id, verified_at, ended_at;
    bool ended_by_import; /* else it refused mail, or a person ended it */
    char telephone[32];   /* "" none */
};
int registers_contact_standing(struct db *db, const char *namespace, const char *urn,
                               const char *role, const char *adapter, const char *address,
                               struct register_contact *out, struct err *err) MUST_CHECK;

/* Other terms of that door that share days with this one, of kind `term`: how many, or -1. */
int64_t registers_terms_overlapping(struct db *db, const char *la_code, const char *namespace,
                                    const char *urn, const char *from_day, const char *to_day,
                                    struct err *err) MUST_CHECK;

/* Marks a row as seen in this file: 1 for the first time, 0 again, -1. seen_reset forgets all; it
 * comes before the first mark. A reach row has no number: its text is prefix/namespace/urn; a bank
 * holiday's is division/day. */
int registers_seen_reset(struct db *db, struct err *err) MUST_CHECK;
int registers_seen(struct db *db, int64_t id, struct err *err) MUST_CHECK;
int registers_seen_text(struct db *db, const char *text, struct err *err) MUST_CHECK;
int registers_is_seen(struct db *db, const char *text, struct err *err) MUST_CHECK; /* 1, 0, -1 */

/* Rows that run, are within some bounds and were not seen. */
enum register_absence {
    ABSENT_ENROLMENTS,        /* la_code of the pupil */
    ABSENT_CONTACTS,          /* la_code of the establishment or desk */
    ABSENT_REPLACED_CONTACTS, /* of the door, role, adapter and name of one seen at another address */
    ABSENT_REACH,             /* la_code of the centre */
    ABSENT_TERMS,             /* la_code, namespace, urn, first day, last day */
    ABSENT_BANK_HOLIDAYS,     /* division, first day, last day */
};
enum { ABSENCE_ARGS_MAX = 5 };

/* What would end, and how many of such rows run at all. label (may be NULL) is told of each: keys,
 * nothing personal. */
struct register_absent {
    int64_t absent, running;
};
int registers_absent(struct db *db, enum register_absence which, const char *const *args,
                     void (*label)(void *self, const char *text), void *self,
                     struct register_absent *out, struct err *err) MUST_CHECK;
/* Ends them, or deletes those that no decision points at. */
int registers_end_absent(struct db *db, enum register_absence which, const char *const *args,
                         time_t now, struct err *err) MUST_CHECK;

#endif
