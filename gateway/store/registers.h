/* gateway/store/registers.h - what planning and rendering read of the registers. The imports' own
 * writing stands in registers_write.h. */
#ifndef STORE_REGISTERS_H
#define STORE_REGISTERS_H

#include "plan/calendar.h"
#include "plan/establishment.h"
#include "plan/policy.h"
#include "store/db.h"

/* 1, 0 not in the register, -1. A desk (la, force) is made up: open, the authority's name. */
int registers_establishment(struct db *db, const struct door *door, struct establishment *out,
                            struct err *err) MUST_CHECK;

/* The switchboard's number as the register has it: 1, 0 none, -1. */
int registers_telephone(struct db *db, const struct door *door, char *out, size_t size,
                        struct err *err) MUST_CHECK;

/* Contacts of a door that have not ended, dsl before deputy, verified before not; *out for
 * contacts_free. failed is left false. */
int registers_contacts(struct db *db, const struct door *door, struct contact **out, size_t *count,
                       struct err *err) MUST_CHECK;
void contacts_free(struct contact *contacts, size_t count);
int registers_contact(struct db *db, int64_t contact_id, struct contact *out,
                      struct err *err) MUST_CHECK; /* 1, 0, -1; release name and address */
void contact_release(struct contact *contact);

/* The mail address of a desk's first verified person. 1; 0 none, *out is absent; -1. */
int registers_desk_mail(struct db *db, const struct door *desk, struct personal *out,
                        struct err *err) MUST_CHECK;

/* Ends a contact (410 Gone, or a person): nothing more goes there. */
int registers_end_contact(struct db *db, int64_t contact_id, const char *why, time_t now,
                          struct err *err) MUST_CHECK;

/* The ranges that concern a door of an LA, bank holidays of England and Wales among them;
 * out->ranges is for free(). */
int registers_calendar(struct db *db, const struct door *door, const char *la_code,
                       struct calendar *out, struct err *err) MUST_CHECK;

/* Whom a closed establishment is followed by, as the register's links say: up to limit doors; how
 * many, -1. */
int registers_successors(struct db *db, const struct door *door, struct door *out, int limit,
                         struct err *err) MUST_CHECK;

/* Policy rows of a force, an LA and a door, and those for all; *out for free(). */
int registers_policies(struct db *db, const char *force, const char *la_code,
                       const struct door *door, struct policy_row **out, size_t *count,
                       struct err *err) MUST_CHECK;

/* Children's centres whose reach holds the postcode, longest prefix first; returns how many. A
 * prefix ends where a postcode's parts do, and keeps its space, or L1 1 would be L11: "PL" (area),
 * "PL4", "PL4 8", "PL4 8A", "PL4 8AA". */
int registers_centres(struct db *db, const char *postcode, struct door *out, int limit,
                      struct err *err) MUST_CHECK;

/* The authority that a home postcode lies in, as the register's postcodes tell: that of every
 * open establishment of its sector, else of its outward code, when they agree. 1; 0 unknown or not
 * unanimous; -1. */
int registers_home_la(struct db *db, const char *postcode, char la_code[LA_CODE_SIZE],
                      struct err *err) MUST_CHECK;

int registers_authority_name(struct db *db, const char *la_code, char *out, size_t size,
                             struct err *err) MUST_CHECK; /* 1, 0, -1 */

#endif
